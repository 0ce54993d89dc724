"""What is joined to what in a drawing's process, by ids."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from lxml import etree

from engine.drawing.text import BPMN, Drawing, Element

#: What stands in a process and is no step.
_ASIDE = frozenset(
    (
        *("sequenceFlow", "laneSet", "documentation", "extensionElements", "ioSpecification", "property"),
        *("textAnnotation", "association", "group", "dataObject", "dataObjectReference", "dataStoreReference"),
    )
)

#: What nobody works at.
ALONE = ("serviceTask", "sendTask", "scriptTask", "businessRuleTask", "task")


def kind(one: Element) -> str:
    """Its name without a prefix; "" for a comment, and for none."""
    return etree.QName(one).localname if one is not None and isinstance(one.tag, str) else ""


class Graph:
    """The process's own nodes and flows; what stands inside sub-processes is theirs."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.nodes: dict[str, Element] = {}
        self.flows: dict[str, Element] = {}
        self.watches: dict[str, list[Element]] = {}  # node -> boundary events on it
        self.out: dict[str, list[str]] = {}
        self.into: dict[str, list[str]] = {}
        for one in drawing.process:
            what, id_ = kind(one), one.get("id", "") if isinstance(one.tag, str) else ""
            if what == "sequenceFlow":
                self.flows[id_] = one
            elif what == "boundaryEvent":
                self.watches.setdefault(one.get("attachedToRef", ""), []).append(one)
                self.nodes[id_] = one
            elif what and what not in _ASIDE:
                self.nodes[id_] = one
        for id_, flow in self.flows.items():
            self.out.setdefault(flow.get("sourceRef", ""), []).append(id_)
            self.into.setdefault(flow.get("targetRef", ""), []).append(id_)

    def goes_to(self, flow: str) -> str:
        return str(self.flows[flow].get("targetRef", ""))

    def comes_from(self, flow: str) -> str:
        return str(self.flows[flow].get("sourceRef", ""))

    def next(self, node: str) -> list[str]:
        return [self.goes_to(flow) for flow in self.out.get(node, ())]

    def starts(self) -> list[str]:
        return [id_ for id_, one in self.nodes.items() if kind(one) == "startEvent"]

    def reached(self, begin: Iterable[str], *, never: str = "") -> set[str]:
        """Everything that can be come to from there, what watches a step with it; `never` is not passed."""
        seen: set[str] = set()
        left = [one for one in begin if one != never]
        while left:
            node = left.pop()
            if node in seen:
                continue
            seen.add(node)
            left += [one for one in self.next(node) if one != never]
            left += [str(event.get("id")) for event in self.watches.get(node, ())]
        return seen

    def meets(self, node: str) -> str:
        """Where all ways from here come together; "" when they do not. Ways that end past what nobody works at (a
        refusal) need not."""
        ways = self.next(node)
        if not ways:
            return ""
        far = [self._distances(way) for way in ways]
        near = sorted(set.intersection(*map(set, far)) - {node}, key=lambda one: sum(way[one] for way in far))
        for ends in (frozenset[str](), self._tails):
            for one in near:
                if one not in ends and all(self._leads(way, one, ends) for way in ways):
                    return one
        return ""

    def _leads(self, begin: str, through: str, ends: frozenset[str]) -> bool:
        """Whether the way from `begin` comes to `through`, and ends before it nowhere but in `ends`."""
        before = self.reached([begin], never=through)
        comes = begin == through or any(through in self.next(one) for one in before)
        return comes and all(self.out.get(one) or one in ends for one in before)

    @cached_property
    def _tails(self) -> frozenset[str]:
        """From where there is one way, to an end, and nobody works at anything on it. Of the drawing as it was when
        this was asked first."""
        left = [id_ for id_, one in self.nodes.items() if kind(one) == "endEvent"]
        found = set(left)
        while left:
            for flow in self.into.get(left.pop(), ()):
                before = self.comes_from(flow)
                if before not in found and kind(self.nodes.get(before)) in ALONE and len(self.next(before)) == 1:
                    found.add(before)
                    left.append(before)
        return frozenset(found)

    def _distances(self, begin: str) -> dict[str, int]:
        """How many flows away what can be come to is, the nearest first."""
        found, left = {begin: 0}, [begin]
        for node in left:
            for one in self.next(node):
                if one not in found:
                    found[one] = found[node] + 1
                    left.append(one)
        return found


def extensions(node: Element) -> Element:
    """Where what is ours stands inside an element, made where there is none."""
    found = node.find(f"{{{BPMN}}}extensionElements")
    if found is None:
        found = etree.Element(f"{{{BPMN}}}extensionElements")
        node.insert(len(node.findall(f"{{{BPMN}}}documentation")), found)
    return found


def condition(flow: Element) -> str:
    """What a flow asks, as FEEL; "" when it asks nothing."""
    found = flow.find(f"{{{BPMN}}}conditionExpression")
    return (found.text or "").strip().removeprefix("=").strip() if found is not None else ""
