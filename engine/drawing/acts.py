"""Steps added, taken out, exchanged and changed in a drawing. What they do not touch is kept, in file and picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.drawing.cards import Card, Listing, read
from engine.drawing.graph import Graph, extensions, kind
from engine.drawing.place import GAP, SIZES, STEP, Box, Picture
from engine.drawing.text import BPMN, XSI, ZEEBE, Drawing, Element
from engine.errors import NotNow

#: Words of the two ways of a step that decides, until somebody says others.
YES, NO = "同意", "不同意"


class CannotDo(NotNow):
    """Expected a list in which this can be done, but the drawing is not that simple there."""

    slug = "drawing-not-simple"


@dataclass(frozen=True, slots=True)
class Step:
    """A step that somebody works at, as it is added."""

    id: str
    name: str
    does: Literal["decide", "handle", "each"]
    groups: tuple[str, ...]  # of matter.yaml; of `each` one of every group decides
    form: str  # formId
    asks: str = ""  # FEEL: only then it is done; else it is passed by
    question: str = ""  # of the gateway that asks


def decision(step: str) -> str:
    """The variable that a step's decision is kept in."""
    return f"{step}_decision"


def add(drawing: Drawing, flow: str, step: Step, *, refuses: str = "") -> None:
    """Put it on this flow. refuses: where its no leads, the first node of an end that is there already, or an earlier
    step; "": an end of its own."""
    graph, picture = Graph(drawing), Picture(drawing)
    if flow not in graph.flows:
        raise CannotDo("这个位置已经变了，请刷新再加。", "This place has changed: load the page anew.")
    before, after = graph.comes_from(flow), graph.goes_to(flow)
    ids = {one.get("id") for one in drawing.root.iter() if isinstance(one.tag, str)}
    if step.id in ids:
        raise CannotDo(f"图里已经有“{step.id}”了，请换一个代号。", f"There is {step.id} in the drawing already.")
    left, row = picture.box(before), _row(picture, graph, flow)
    parts: list[tuple[str, str]] = []  # id, kind
    if step.asks:
        parts.append((f"{step.id}_if", "exclusiveGateway"))
    parts.append((step.id, "userTask"))
    if step.does != "handle":
        parts.append((f"{step.id}_ok", "exclusiveGateway"))
    sizes = [SIZES.get(what, STEP) for _id, what in parts]
    picture.make_room(left.right + 1, sum(size[0] + GAP for size in sizes))
    x, anchor = left.right + GAP, graph.nodes[before]
    for (id_, what), size in zip(parts, sizes, strict=True):
        node = drawing.make(what, id=id_)
        if what == "userTask":
            _describe(drawing, node, step)
        anchor = drawing.add(drawing.process, node, after=anchor)
        picture.put(id_, Box(x, row - size[1] / 2, *size))
        x += size[0] + GAP
        _into_lane(drawing, before, id_)
    last = parts[-1][0]
    _lead(drawing, flow, parts[0][0])
    picture.draw(flow, before, parts[0][0])
    if step.asks:
        asking = parts[0][0]
        drawing.node(asking).set("name", step.question or "要不要这一步？")
        _join(drawing, picture, f"{step.id}_needed", asking, step.id, name="要", asks=step.asks)
        _join(drawing, picture, f"{step.id}_passed", asking, after, name="不要", default=True)
    if step.does != "handle":
        _join(drawing, picture, f"{step.id}_done", step.id, last)
        gateway = drawing.node(last)
        gateway.set("name", f"{step.name}：{YES}吗？"[:60])
        _join(drawing, picture, f"{step.id}_yes", last, after, name=YES, asks=_agreed(step))
        no = refuses or _an_end(drawing, picture, last, step)
        _join(drawing, picture, f"{step.id}_no", last, no, name=NO, default=True)
    else:
        _join(drawing, picture, f"{step.id}_done", last, after)


def remove(drawing: Drawing, card: Card) -> None:
    """Take a step out; what only it led to goes with it."""
    graph, picture = Graph(drawing), Picture(drawing)
    _must_be_movable(card)
    target = graph.goes_to(card.exit)
    own = [card.id, *([card.gateway] if card.gateway else [])]
    begin, end = picture.box(own[0]).x, picture.box(own[-1]).right
    gone = set(own)
    inner = {f for node in own for f in graph.out.get(node, []) if f != card.exit}
    coming = [flow for flow in graph.into.get(card.id, []) if flow not in inner]
    known = graph.reached(graph.starts())
    for flow in coming:
        _lead(drawing, flow, target)
    for flow in [card.exit, *inner]:
        _cut(drawing, picture, flow)
    now = Graph(drawing)
    for id_, ways in now.out.items():  # a gateway that asks whether the step is needed asks nothing now
        asks = kind(now.nodes.get(id_)) == "exclusiveGateway" and len(ways) > 1 and bool(set(ways) & set(coming))
        if asks and {now.goes_to(way) for way in ways} == {target}:
            gone.add(id_)
            coming = [flow for flow in coming if flow not in ways] + now.into.get(id_, [])
            for flow in now.into.get(id_, []):
                _lead(drawing, flow, target)
            begin = min(begin, picture.box(id_).x)
    now = Graph(drawing)
    gone = _prune(drawing, picture, now, known, gone)
    coming = [flow for flow in coming if now.comes_from(flow) not in gone]
    there = picture.box(target)
    straight = all(abs(picture.box(now.comes_from(f)).middle[1] - there.middle[1]) < 1 for f in coming)
    if straight and there.x >= end and picture.is_empty(begin, there.x):
        picture.make_room(there.x, begin - there.x)
    for flow in coming:
        picture.draw(flow, now.comes_from(flow), target)


def exchange(drawing: Drawing, leads: str, first: Card, second: Card) -> None:
    """Two steps that follow each other change places. leads: the flow that leads to the first."""
    graph, picture = Graph(drawing), Picture(drawing)
    _must_be_movable(first)
    _must_be_movable(second)
    if graph.goes_to(leads) != first.id or graph.goes_to(first.exit) != second.id:
        raise CannotDo("这两步不是前后相接的，请在画布上移。", "They do not follow each other: use the canvas.")
    boxes = [picture.box(one) for one in (first.id, first.gateway or first.id, second.id, second.gateway or second.id)]
    if boxes[2].x < boxes[1].right:
        raise CannotDo("这两步在图上不在一行，请在画布上移。", "They do not stand in one row: use the canvas.")
    target = graph.goes_to(second.exit)
    _lead(drawing, leads, second.id)
    _lead(drawing, second.exit, first.id)
    _lead(drawing, first.exit, target)
    room = boxes[2].x - boxes[1].right
    back = boxes[0].x - boxes[2].x
    on = boxes[3].right - boxes[2].x + room
    for card, dx in ((first, on), (second, back)):
        for node in (card.id, card.gateway):
            if node:
                picture.move(node, dx)
        for event in graph.watches.get(card.id, []):
            picture.move(event.get("id"), dx)
    now = Graph(drawing)
    touched = {first.id, first.gateway, second.id, second.gateway} - {""}
    touched |= {e.get("id") for card in (first, second) for e in graph.watches.get(card.id, [])}
    for flow in now.flows:
        if {now.comes_from(flow), now.goes_to(flow)} & touched:
            picture.draw(flow, now.comes_from(flow), now.goes_to(flow))


def rename(drawing: Drawing, node: str, name: str) -> None:
    Graph(drawing).nodes[node].set("name", name)


def give(drawing: Drawing, card: Card, groups: tuple[str, ...]) -> None:
    """Others work at it."""
    one = Graph(drawing).nodes[card.id]
    if card.each:
        loop = one.find(f".//{{{ZEEBE}}}loopCharacteristics")
        loop.set("inputCollection", _listed(groups))
        return
    found = one.find(f".//{{{ZEEBE}}}assignmentDefinition")
    if found is None:
        found = drawing.add(extensions(one), drawing.make("assignmentDefinition", ZEEBE))
    for key in ("assignee", "candidateUsers"):
        found.attrib.pop(key, None)
    found.set("candidateGroups", ",".join(groups))


def say(drawing: Drawing, card: Card, yes: str, no: str) -> None:
    """The words of its two ways."""
    assert card.refusal is not None
    flows = Graph(drawing).flows
    flows[card.exit].set("name", yes)
    flows[card.refusal.flow].set("name", no)


def refuse(drawing: Drawing, card: Card, to: str) -> None:
    """Its no leads elsewhere: to an earlier step, or to the first node of an end that is there."""
    assert card.refusal is not None
    graph, picture = Graph(drawing), Picture(drawing)
    if graph.goes_to(card.refusal.flow) == to:
        return
    if to not in refusals(read(drawing), card):
        raise CannotDo("不同意的不能去那里。", "A refusal cannot lead there.")
    known = graph.reached(graph.starts())
    _lead(drawing, card.refusal.flow, to)
    picture.draw(card.refusal.flow, card.gateway, to)
    _prune(drawing, picture, Graph(drawing), known, set())


def refusals(listing: Listing, card: Card | None = None) -> dict[str, str]:
    """Where a no may lead -> what it is called: ends that others lead to, and steps before this one (all, when it is
    not there yet)."""
    found: dict[str, str] = {}
    earlier = True
    for one in listing.steps():
        if one.refusal is not None and one.refusal.end and one.refusal.nodes:
            found.setdefault(one.refusal.nodes[0], one.refusal.name)
        if card is not None and one.id == card.id:
            earlier = False
        if earlier and one.kind in ("decide", "handle"):
            found.setdefault(one.id, one.name)
    return found


# ------------------------------------------------------------ the file


def _describe(drawing: Drawing, node: Element, step: Step) -> None:
    node.set("name", step.name)
    inside = extensions(node)
    form = drawing.make("formDefinition", ZEEBE, formId=step.form)
    who = "=[signer]" if step.does == "each" else ",".join(step.groups)
    inside.extend([form, drawing.make("assignmentDefinition", ZEEBE, candidateGroups=who)])
    if step.does == "each":
        votes, said = f"{step.id}_votes", decision(step.id)
        loop = drawing.make("multiInstanceLoopCharacteristics")
        of = drawing.make("loopCharacteristics", ZEEBE, inputCollection=_listed(step.groups), inputElement="signer")
        of.set("outputCollection", votes)
        of.set("outputElement", f"={{who: signer, answer: {said}}}")
        extensions(loop).append(of)
        ends = drawing.make("completionCondition")
        ends.set(f"{{{XSI}}}type", "bpmn:tFormalExpression") if XSI in drawing.root.nsmap.values() else None
        ends.text = f'=some v in {votes} satisfies v != null and v.answer = "no"'
        loop.append(ends)
        node.append(loop)


def _listed(groups: tuple[str, ...]) -> str:
    return "=[" + ", ".join(f'"{group}"' for group in groups) + "]"


def _agreed(step: Step) -> str:
    if step.does == "each":
        return f'every v in {step.id}_votes satisfies v != null and v.answer = "yes"'
    return f'{decision(step.id)} = "yes"'


def _join(
    drawing: Drawing,
    picture: Picture,
    id_: str,
    source: str,
    target: str,
    *,
    name: str = "",
    asks: str = "",
    default: bool = False,
) -> None:
    flow = drawing.make("sequenceFlow", id=id_)
    if name:
        flow.set("name", name)
    flow.set("sourceRef", source)
    flow.set("targetRef", target)
    if asks:
        condition = drawing.make("conditionExpression")
        condition.text = f"={asks}"
        flow.append(condition)
    flows = [one for one in drawing.process if kind(one) == "sequenceFlow"]
    drawing.add(drawing.process, flow, after=flows[-1] if flows else None)
    if default:
        drawing.node(source).set("default", id_)
    _referred(drawing, source, "outgoing", id_)
    _referred(drawing, target, "incoming", id_)
    picture.draw(id_, source, target)


def _lead(drawing: Drawing, flow: str, target: str) -> None:
    """This flow leads there now."""
    one = drawing.node(flow)
    _unreferred(drawing, one.get("targetRef"), "incoming", flow)
    one.set("targetRef", target)
    _referred(drawing, target, "incoming", flow)


def _cut(drawing: Drawing, picture: Picture, flow: str) -> None:
    one = drawing.node(flow)
    source = drawing.node(one.get("sourceRef"))
    if source is not None and source.get("default") == flow:
        del source.attrib["default"]
    _unreferred(drawing, one.get("sourceRef"), "outgoing", flow)
    _unreferred(drawing, one.get("targetRef"), "incoming", flow)
    drawing.drop(one)
    picture.take(flow)


def _prune(drawing: Drawing, picture: Picture, now: Graph, known: set[str], gone: set[str]) -> set[str]:
    """Take out these nodes, and those that were come to before (`known`) and are not now: what nothing led to before is
    somebody's own. Which went."""
    gone = gone | ((set(now.nodes) - now.reached(now.starts())) & known)
    for flow in [flow for node in gone for flow in now.out.get(node, [])]:
        _cut(drawing, picture, flow)
    for node in gone:
        _erase(drawing, picture, now.nodes[node])
    return gone


def _erase(drawing: Drawing, picture: Picture, node: Element) -> None:
    """A node, its place in a lane and in the picture, and those of what stands inside it."""
    for one in node.iter():
        if isinstance(one.tag, str) and one.get("id"):
            picture.take(one.get("id"))
    for reference in list(drawing.process.iter(f"{{{BPMN}}}flowNodeRef")):
        if (reference.text or "").strip() == node.get("id"):
            drawing.drop(reference)
    drawing.drop(node)


def _writes_references(drawing: Drawing) -> bool:
    """Whether this file says in each node, too, what comes in and goes out."""
    return drawing.process.find(f"*/{{{BPMN}}}outgoing") is not None


def _referred(drawing: Drawing, node: str, what: str, flow: str) -> None:
    if not _writes_references(drawing):
        return
    one = drawing.node(node)
    reference = drawing.make(what)
    reference.text = flow
    heads = [
        child
        for child in one
        if kind(child) in ("documentation", "extensionElements", "incoming")
        or (what == "outgoing" and kind(child) == "outgoing")
    ]
    if heads:
        drawing.add(one, reference, after=heads[-1])
    else:
        reference.tail = one.text
        one.insert(0, reference)


def _unreferred(drawing: Drawing, node: str, what: str, flow: str) -> None:
    one = drawing.node(node)
    for reference in [] if one is None else list(one.iterfind(f"{{{BPMN}}}{what}")):
        if (reference.text or "").strip() == flow:
            drawing.drop(reference)


def _into_lane(drawing: Drawing, neighbour: str, node: str) -> None:
    for reference in drawing.process.iter(f"{{{BPMN}}}flowNodeRef"):
        if (reference.text or "").strip() == neighbour:
            mine = drawing.make("flowNodeRef")
            mine.text = node
            drawing.add(reference.getparent(), mine, after=reference)
            return


def _an_end(drawing: Drawing, picture: Picture, gateway: str, step: Step) -> str:
    """An end of its own for its no, below it: the case is closed as refused, with the reason."""
    close, end = f"{step.id}_close", f"{step.id}_refused"
    x, y = picture.box(gateway).middle
    one = drawing.make("serviceTask", id=close, name=f"办结：{NO}")
    does = drawing.make("taskDefinition", ZEEBE, type="close-case")
    headers, takes = drawing.make("taskHeaders", ZEEBE), drawing.make("ioMapping", ZEEBE)
    headers.append(drawing.make("header", ZEEBE, key="outcome", value="refused"))
    takes.append(drawing.make("input", ZEEBE, source="=reason", target="reason"))
    extensions(one).extend([does, headers, takes])
    drawing.add(drawing.process, one)
    drawing.add(drawing.process, drawing.make("endEvent", id=end, name=f"{step.name}：{NO}"[:60]))
    picture.put(close, Box(x + GAP, y + 90, *STEP))
    picture.put(end, Box(x + 2 * GAP + STEP[0], y + 112, *SIZES["endEvent"]))
    for node in (close, end):
        _into_lane(drawing, gateway, node)
    _join(drawing, picture, f"{close}_done", close, end)
    return close


def _row(picture: Picture, graph: Graph, flow: str) -> float:
    """At which height what is put on this flow stands: where the flow leaves its own node's height, there."""
    here = picture.box(graph.comes_from(flow)).middle[1]
    edge = picture.edges.get(flow)
    heights = [float(point.get("y", "0")) for point in edge] if edge is not None else []
    if kind(graph.nodes[graph.comes_from(flow)]) not in SIZES or not heights:
        return here
    return max(heights, key=lambda y: abs(y - here))


def _must_be_movable(card: Card) -> None:
    if card.kind not in ("decide", "handle", "auto") or not card.exit:
        raise CannotDo("这一步只能在画布上改。", "This step can be changed on the canvas only.")
