"""A drawing read as a list of steps, and changed as one: nothing else in the file moves."""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from engine.drawing import Drawing, Listing, Unreadable, acts, read
from engine.drawing.graph import Graph

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.parent.name for path in (ROOT / "bpmn").glob("*/process.bpmn"))
#: A list with an asking gateway, one with a fork, one with lanes and what watches.
SAMPLE = ("yaoqian", "jieshuzheng", "weiqian")


def source(matter):
    return (ROOT / "bpmn" / matter / "process.bpmn").read_bytes()


def listing(content, matter):
    return read(Drawing(content, matter))


def whole(content):
    """What a file must be: every way joined at both ends, every shape of something, every default its own node's way.
    Gives the ids that are there more than once."""
    tree = etree.fromstring(content)
    ids = [one.get("id") for one in tree.iter() if isinstance(one.tag, str) and one.get("id")]
    flows = {flow.get("id"): flow for flow in tree.iter("{*}sequenceFlow")}
    for flow in flows.values():
        assert {flow.get("sourceRef"), flow.get("targetRef")} <= set(ids)
    for shown in tree.iter("{*}BPMNShape", "{*}BPMNEdge"):
        assert shown.get("bpmnElement") in ids
    for tag, end in (("incoming", "targetRef"), ("outgoing", "sourceRef")):
        for said in tree.iter(f"{{*}}{tag}"):
            assert flows[said.text.strip()].get(end) == said.getparent().get("id")
    for one in tree.iter("{*}exclusiveGateway"):
        assert one.get("default") is None or flows[one.get("default")].get("sourceRef") == one.get("id")
    for reference in tree.iter("{*}flowNodeRef"):
        assert reference.text.strip() in ids
    return {one for one, count in Counter(ids).items() if count > 1}


def touched(before, after):
    """The lines that are others: (taken out, put in)."""
    lines = difflib.ndiff(before.decode().splitlines(), after.decode().splitlines())
    both = [line[:2] for line in lines]
    return both.count("- "), both.count("+ ")


@pytest.mark.parametrize("matter", SHIPPED)
def test_a_drawing_that_nobody_changed_is_written_byte_for_byte(matter):
    drawing = Drawing(source(matter), matter)
    read(drawing)
    assert drawing.write() == source(matter)


def test_most_shipped_drawings_are_lists_and_the_others_lose_nothing():
    kinds = Counter()
    for matter in SHIPPED:
        shown = listing(source(matter), matter)
        nodes = Graph(Drawing(source(matter), matter)).nodes
        pieces = [card for card in shown.steps() if card.kind == "piece"]
        kinds["whole" if shown.plain else "with pieces" if pieces else "with something beside"] += 1
        assert len(shown.cards) >= 1 and nodes
    assert kinds["whole"] >= 35 and kinds["with pieces"] <= 27, kinds


def test_a_step_that_decides_says_where_its_no_leads():
    ask = listing(source("yaoqian"), "yaoqian").find("yq_ask")
    assert (ask.kind, ask.refusal.end, ask.refusal.back_to, ask.groups) == ("decide", "yq_not", "", ("协调员",))
    ways = next(card for card in listing(source("yaoqian"), "yaoqian").steps() if card.kind == "branch")
    assert [branch.words for branch in ways.branches] == ["第二次", "第一次", "已经不在台账里"]
    assert ways.branches[2].cards == ()


def changes(matter, content, shown: Listing):
    """Every change that a list offers: (its name, the file after it, what must be so)."""
    for card in shown.steps():
        if card.exit and card.kind in ("start", "decide", "handle", "auto"):
            for does in ("decide", "handle", "each"):
                drawing = Drawing(content, matter)
                asks = "x = 1" if does != "each" else ""
                acts.add(drawing, card.exit, acts.Step("new", "新", does, ("甲", "乙"), "new-form", asks, "要？"))
                yield f"add {does} after {card.id}", drawing.write(), {"new"}, set()
        if card.kind in ("decide", "handle", "auto") and card.exit:
            drawing = Drawing(content, matter)
            acts.remove(drawing, card)
            yield f"remove {card.id}", drawing.write(), set(), {card.id}


def holds(matter):
    content = source(matter)
    before = whole(content)
    for name, after, there, gone in changes(matter, content, listing(content, matter)):
        assert whole(after) <= before, name
        ids = {one.get("id") for one in etree.fromstring(after).iter() if isinstance(one.tag, str)}
        assert there <= ids and not gone & ids, name
        if there:
            card = listing(after, matter).find("new")
            assert card is not None, name
            drawing = Drawing(after, matter)
            acts.remove(drawing, card)
            assert said(drawing.write()) == said(content), f"{name}, and taken out again"


def said(content):
    """What the file says, whatever the picture, blanks and the order of what comes in."""
    tree = etree.fromstring(content)
    etree.strip_elements(tree, "{*}BPMNDiagram", "{*}incoming", with_tail=False)
    things = [one for one in tree.iter() if isinstance(one.tag, str)]
    return [(one.tag, sorted(one.attrib.items()), (one.text or "").strip()) for one in things]


@pytest.mark.parametrize("matter", SAMPLE)
def test_every_change_leaves_a_drawing_that_is_whole(matter):
    holds(matter)


@pytest.mark.wide
@pytest.mark.parametrize("matter", [one for one in SHIPPED if one not in SAMPLE])
def test_every_change_leaves_every_shipped_drawing_whole(matter):
    holds(matter)


def test_two_steps_change_places_and_the_stories_of_their_ways_with_them():
    content = source("weiqian")
    drawing, shown = Drawing(content, "weiqian"), listing(content, "weiqian")
    pairs = [
        (before, first, second)
        for before, first, second in zip(shown.cards, shown.cards[1:], shown.cards[2:], strict=False)
        if first.kind == second.kind == "auto"
    ]
    before, first, second = pairs[0]
    acts.exchange(drawing, before.exit, first, second)
    after = drawing.write()
    assert whole(after) <= whole(content)
    ids = [card.id for card in listing(after, "weiqian").cards]
    assert ids.index(second.id) + 1 == ids.index(first.id)


def test_a_change_of_a_name_changes_one_line():
    content = source("yaoqian")
    drawing = Drawing(content, "yaoqian")
    acts.rename(drawing, "yq_ask", "问双方")
    assert touched(content, drawing.write()) == (1, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"<a",
        b'<!DOCTYPE x [<!ENTITY e "y">]><x/>',
        "<定义>".encode("gb18030"),
        b'<d xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
    ],
)
def test_what_is_no_drawing_is_refused_in_plain_words(content):
    with pytest.raises(Unreadable):
        Drawing(content)


def forks(count, inside=False):
    """So many forks, one after the other or inside each other."""
    nodes, flows, last = ['<startEvent id="s"/><endEvent id="e"/>'], [], "s"
    for n in range(count):
        nodes.append(f'<exclusiveGateway id="g{n}"/><userTask id="t{n}"/><exclusiveGateway id="j{n}"/>')
        after = (f"j{n - 1}" if n else "e") if inside else (f"g{n + 1}" if n + 1 < count else "e")
        flows += [(last, f"g{n}"), (f"g{n}", f"t{n}"), (f"t{n}", f"j{n}"), (f"j{n}", after)]
        last = f"g{n}" if inside else f"j{n}"
        if not inside:
            flows.append((f"g{n}", f"j{n}"))
            flows.remove((f"j{n}", after))
    flows.append((last, f"j{count - 1}" if inside else "e"))
    ways = "".join(f'<sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>' for n, (a, b) in enumerate(flows))
    model = "http://www.omg.org/spec/BPMN/20100524/MODEL"
    return f'<definitions xmlns="{model}"><process id="m">{"".join(nodes)}{ways}</process></definitions>'.encode()


def test_forks_one_after_the_other_are_read_and_what_is_too_large_is_refused_in_words():
    assert sum(card.kind == "branch" for card in listing(forks(100), "m").steps()) == 100
    with pytest.raises(Unreadable) as refused:
        listing(forks(500), "m")
    assert "排不成清单" in refused.value.zh


def test_forks_that_are_deep_inside_each_other_are_a_locked_piece_in_the_end():
    assert all(card.kind == "branch" for card in listing(forks(20, True), "m").steps() if card.branches)
    assert "piece" in {card.kind for card in listing(forks(200, True), "m").steps()}
