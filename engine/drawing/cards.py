"""The steps of a drawing, read from its shape alone.

A step that decides is a user task with a gateway of two ways after it, of which one refuses: it ends, past steps that
nobody works at, or goes back to an earlier step. What is no list of steps is one locked piece (画布片段): it is kept
and shown, and changed on the canvas.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from engine.drawing.graph import ALONE, Graph, condition, kind
from engine.drawing.text import BPMN, ZEEBE, Drawing, Element, Unreadable

Kind = Literal["start", "decide", "handle", "auto", "wait", "branch", "piece", "back", "end"]

_WAITS = ("intermediateCatchEvent", "receiveTask", "callActivity", "intermediateThrowEvent")
#: More nodes than a list is good for, and more forks inside each other.
MOST_NODES, DEEPEST = 1_000, 40
_FORKS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Where a step that decides leads when the answer is no."""

    flow: str
    words: str  # on the flow
    back_to: str  # an earlier step; "" when it ends
    end: str  # the end event; "" when it goes back
    name: str  # of where it leads
    nodes: tuple[str, ...]  # passed on the way, the end with them; others may lead there, too


@dataclass(frozen=True, slots=True)
class Branch:
    """One way of a fork."""

    flow: str
    words: str
    asks: str  # FEEL; "" for the one that is left, and for what goes on beside the others
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One step of the list."""

    kind: Kind
    id: str  # of its main element
    name: str
    does: str = ""  # effect of an automatic step; kind of a wait or of a fork
    exit: str = ""  # the flow that leads on; "" at an end
    gateway: str = ""  # of a step that decides
    yes: str = ""  # words on the way on
    refusal: Refusal | None = None
    groups: tuple[str, ...] = ()  # who works at it, as matter.yaml calls them
    others: str = ""  # who, when it is not said by groups alone
    each: tuple[str, ...] = ()  # 会签: one of each of these decides
    form: str = ""
    branches: tuple[Branch, ...] = ()
    watched: tuple[str, ...] = ()  # names of what watches it (boundary events)
    nodes: tuple[str, ...] = ()  # of a locked piece


@dataclass(frozen=True, slots=True)
class Listing:
    """A drawing as a list."""

    cards: tuple[Card, ...]
    beside: tuple[str, ...]  # names of what no list can say: what is not on any way from the start
    plain: bool  # nothing is locked, and nothing stands beside

    def steps(self) -> Iterator[Card]:
        """Every card, those of branches with them."""
        yield from every(self.cards)

    def places(self) -> Iterator[Place]:
        """Where a step may be put."""
        yield from _places(self.cards)

    def find(self, id_: str) -> Card | None:
        return next((card for card in self.steps() if card.id == id_), None)


@dataclass(frozen=True, slots=True)
class Place:
    """A flow that a step may be put on."""

    flow: str
    after: str  # name of the step before
    branch: str = ""  # words of the way, at the beginning of one


def _places(cards: tuple[Card, ...]) -> Iterator[Place]:
    for card in cards:
        for branch in card.branches:
            yield Place(branch.flow, card.name, branch.words or branch.asks or branch.flow)
            yield from _places(branch.cards)
        if card.exit and card.kind in ("start", "decide", "handle", "auto"):
            yield Place(card.exit, card.name)


def every(cards: tuple[Card, ...]) -> Iterator[Card]:
    """These cards, and those of their branches."""
    for card in cards:
        yield card
        for branch in card.branches:
            yield from every(branch.cards)


def read(drawing: Drawing) -> Listing:
    graph = Graph(drawing)
    if len(graph.nodes) > MOST_NODES:
        zh = f"这张图有 {len(graph.nodes)} 个图形，排不成清单，请在画布上改。"
        raise Unreadable(zh, f"The drawing has {len(graph.nodes)} nodes: it is no list, use the canvas.")
    starts = graph.starts()
    first = next((s for s in starts if not _defined(graph.nodes[s])), starts[0] if starts else "")
    reader = _Reader(graph)
    cards = reader.walk(first, "") if first else ()
    listed = reader.seen | {n for card in every(cards) for n in card.nodes}
    listed |= {n for card in every(cards) if card.refusal for n in card.refusal.nodes}
    others = [one for id_, one in graph.nodes.items() if id_ not in listed and kind(one) != "boundaryEvent"]
    beside = tuple(_name(one) for one in others)
    locked = any(card.kind == "piece" or card.watched for card in every(cards))
    return Listing(cards, beside, not beside and not locked)


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.seen: set[str] = set()
        self.deep = 0

    def walk(self, node: str, stop: str) -> tuple[Card, ...]:
        """The cards from this node up to (without) `stop`."""
        cards: list[Card] = []
        while node and node != stop:
            if node in self.seen:
                cards.append(Card("back", node, _name(self.graph.nodes[node])))
                break
            card = self._card(node, stop)
            self.seen |= {node, *card.nodes} | ({card.gateway} if card.gateway else set())
            joins = kind(self.graph.nodes[node]) in _FORKS and not card.branches and card.kind != "piece"
            if not joins:  # a gateway where ways come together is no step
                cards.append(card)
            if not card.exit:
                break
            node = self.graph.goes_to(card.exit)
        return tuple(cards)

    def _card(self, node: str, stop: str) -> Card:
        one, graph = self.graph.nodes[node], self.graph
        what, out, name = kind(one), graph.out.get(node, []), _name(one)
        watched = tuple(_name(event) for event in graph.watches.get(node, ()))
        only = out[0] if len(out) == 1 else ""
        if what == "endEvent":
            return Card("end", node, name, does=_event(one))
        if what == "startEvent" and only:
            return Card("start", node, name, exit=only, does=_event(one))
        if what == "userTask" and only:
            return self._worked_at(node, only, watched)
        if what in ALONE and only:
            return Card("auto", node, name, does=_effect(one), exit=only, watched=watched)
        if what in _WAITS and only:
            return Card("wait", node, name, does=_event(one) or what, exit=only, watched=watched)
        if what in _FORKS and only:
            return Card("auto", node, name, exit=only)
        if what in _FORKS and len(out) > 1:
            return self._fork(node, stop)
        return self._piece(node)

    def _worked_at(self, node: str, only: str, watched: tuple[str, ...]) -> Card:
        graph, one = self.graph, self.graph.nodes[node]
        assigned = one.find(f".//{{{ZEEBE}}}assignmentDefinition")
        form = one.find(f".//{{{ZEEBE}}}formDefinition")
        groups, others, each = "", "", _each(one)
        if assigned is not None:
            groups = assigned.get("candidateGroups", "")
            others = assigned.get("assignee", "") or assigned.get("candidateUsers", "")
        if groups.startswith("="):
            groups, others = "", "" if each else groups
        card = Card(
            "handle",
            node,
            _name(one),
            exit=only,
            groups=tuple(g.strip() for g in groups.split(",") if g.strip()),
            others=others,
            each=each,
            form=form.get("formId", "") if form is not None else "",
            watched=watched,
        )
        gateway = graph.goes_to(only)
        ways = graph.out.get(gateway, [])
        if kind(graph.nodes.get(gateway)) != "exclusiveGateway" or len(ways) != 2 or len(graph.into[gateway]) != 1:
            return card
        self.seen.add(node)
        last = graph.nodes[gateway].get("default", "")
        for no in sorted(ways, key=lambda flow: flow != last):  # the way that is left refuses, when both may
            refusal = self._refusal(no)
            yes = ways[1 - ways.index(no)]
            if refusal is not None:
                words = graph.flows[yes].get("name", "")
                return replace(card, kind="decide", gateway=gateway, exit=yes, yes=words, refusal=refusal)
        return card

    def _refusal(self, flow: str) -> Refusal | None:
        """When this way leads to an end past what nobody works at, or back."""
        graph, words = self.graph, self.graph.flows[flow].get("name", "")
        passed: list[str] = []
        node = graph.goes_to(flow)
        while node not in passed:
            if node in self.seen and kind(graph.nodes[node]) == "userTask":
                return Refusal(flow, words, node, "", _name(graph.nodes[node]), tuple(passed))
            passed.append(node)
            what, out = kind(graph.nodes[node]), graph.out.get(node, [])
            if what == "endEvent":
                return Refusal(flow, words, "", node, _name(graph.nodes[node]), tuple(passed))
            if (what not in ALONE and what not in _FORKS) or len(out) != 1:
                return None
            node = graph.goes_to(out[0])
        return None

    def _fork(self, node: str, stop: str) -> Card:
        if self.deep == DEEPEST:
            return self._piece(node)
        graph = self.graph
        join = graph.meets(node) or stop
        before = set(self.seen)
        self.seen.add(node)
        self.deep += 1
        branches = tuple(
            Branch(
                flow,
                graph.flows[flow].get("name", ""),
                condition(graph.flows[flow]),
                self.walk(graph.goes_to(flow), join),
            )
            for flow in graph.out[node]
        )
        self.deep -= 1
        inner = [card for branch in branches for card in every(branch.cards)]
        if any(card.kind == "piece" for card in inner):
            self.seen = before
            return self._piece(node)
        ways_on = graph.out.get(join, []) if join and join != stop and kind(graph.nodes[join]) in _FORKS else []
        on = ways_on[0] if len(ways_on) == 1 else ""
        if join and not on:  # they meet at a step, not at a gateway: whoever leads there leads on
            on = next((flow for flow in graph.into[join] if self._within(flow, node, branches)), "")
        elif join:
            self.seen.add(join)
        name, what = _name(graph.nodes[node]), kind(graph.nodes[node])
        return Card("branch", node, name, does=what, exit=on, branches=branches)

    def _within(self, flow: str, fork: str, branches: tuple[Branch, ...]) -> bool:
        source = self.graph.comes_from(flow)
        cards = [card for branch in branches for card in every(branch.cards)]
        return source == fork or any(source in (card.id, card.gateway) for card in cards)

    def _piece(self, node: str) -> Card:
        """What is no list, as one: from here to where all its ways meet again."""
        graph = self.graph
        join = graph.meets(node)
        nodes = graph.reached([node], never=join) - self.seen
        exit_ = next((f for f in graph.into.get(join, []) if graph.comes_from(f) in nodes), "") if join else ""
        return Card("piece", node, _name(graph.nodes[node]), exit=exit_, nodes=tuple(sorted(nodes)))


def _name(one: Element) -> str:
    return str(one.get("name", "").strip() or one.get("id", ""))


def _defined(one: Element) -> bool:
    return any(kind(child).endswith("EventDefinition") for child in one)


def _event(one: Element) -> str:
    """timer, message, error …; "" for a plain event."""
    found = (kind(child) for child in one)
    return next((what.removesuffix("EventDefinition") for what in found if what.endswith("EventDefinition")), "")


def _effect(one: Element) -> str:
    found = one.find(f".//{{{ZEEBE}}}taskDefinition")
    return found.get("type", "") if found is not None else kind(one)


def _each(one: Element) -> tuple[str, ...]:
    """Of a step that one of each of these groups does (会签): the groups, when they are written out."""
    loop = one.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics//{{{ZEEBE}}}loopCharacteristics")
    said = loop.get("inputCollection", "").removeprefix("=").strip() if loop is not None else ""
    if not (said.startswith('["') and said.endswith('"]')):
        return ()
    return tuple(part.strip().strip('"') for part in said[1:-1].split(","))
