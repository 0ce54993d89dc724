"""A picture for a diagram that has none: ranks from left to right, each way in a row of its own."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from lxml import etree

from engine.drawing.graph import kind
from engine.drawing.place import EVENT, GATEWAY, STEP
from engine.drawing.text import BPMN, BPMNDI, DC, DI, Element

#: x, y, width, height.
_Box = tuple[float, float, float, float]
_COLUMN, _ROW, _EDGE = 160.0, 130.0, 80.0
#: What a flow joins, besides events and gateways.
_SIZE = {"event": EVENT, "gateway": GATEWAY}


def lay(root: Element) -> None:
    """Draw what has no shape, in a diagram that has none at all; what is drawn stays where it is."""
    if root.find(f".//{{{BPMNDI}}}BPMNShape") is not None:
        return
    for old in root.findall(f"{{{BPMNDI}}}BPMNDiagram"):
        root.remove(old)
    processes = root.findall(f"{{{BPMN}}}process")
    if not processes:
        return
    diagram = etree.SubElement(root, f"{{{BPMNDI}}}BPMNDiagram", id="picture")
    drawn = root.find(f"{{{BPMN}}}collaboration")
    plane = etree.SubElement(diagram, f"{{{BPMNDI}}}BPMNPlane", id="plane")
    plane.set("bpmnElement", (drawn if drawn is not None else processes[0]).get("id"))
    top = _EDGE
    for process in processes:
        inside = _Scope(process)
        inside.draw(plane, _EDGE + 60, top + 20)
        _boxes, width, height = inside.laid
        for pool in drawn.findall(f"{{{BPMN}}}participant") if drawn is not None else []:
            if pool.get("processRef") == process.get("id"):
                _shape(plane, pool.get("id"), _EDGE, top, width + 140, height + 60, isHorizontal="true")
        top += height + 120


class _Scope:
    """A process or an open sub-process: what stands in it."""

    def __init__(self, scope: Element) -> None:
        inside = [one for one in scope if isinstance(one.tag, str) and one.get("id")]
        self.flows = [one for one in inside if kind(one) == "sequenceFlow"]
        ends = {one.get(key) for one in self.flows for key in ("sourceRef", "targetRef")}
        self.watching = [one for one in inside if kind(one) == "boundaryEvent"]
        self.nodes = {
            one.get("id"): one
            for one in inside
            if one not in self.watching
            and (
                one.get("id") in ends or kind(one).lower().endswith(("task", "event", "gateway", "process", "activity"))
            )
        }
        self.inner = {id_: _Scope(one) for id_, one in self.nodes.items() if kind(one) in _OPEN and len(one)}
        self.out: dict[str, list[str]] = {}
        for flow in self.flows:
            self.out.setdefault(flow.get("sourceRef"), []).append(flow.get("targetRef"))
        for event in self.watching:
            self.out.setdefault(event.get("attachedToRef"), []).extend(self.out.get(event.get("id"), []))

    @cached_property
    def laid(self) -> tuple[dict[str, _Box], float, float]:
        """Where each node stands, from the scope's own corner; its width, its height. Once: what is inside each other
        is as deep as somebody likes."""
        column, row = self._places()
        sizes = {id_: self._size(id_, one) for id_, one in self.nodes.items()}
        widths: dict[int, float] = {}
        heights: dict[int, float] = {}
        for id_ in self.nodes:
            widths[column[id_]] = max(widths.get(column[id_], _COLUMN), sizes[id_][0] + 60)
            heights[row[id_]] = max(heights.get(row[id_], _ROW), sizes[id_][1] + 50)
        xs, ys, x, y = {}, {}, 0.0, 0.0
        for n in sorted(widths):
            xs[n], x = x, x + widths[n]
        for n in sorted(heights):
            ys[n], y = y, y + heights[n]
        boxes: dict[str, _Box] = {}
        for id_ in self.nodes:
            width, height = sizes[id_]
            at_x = xs[column[id_]] + (widths[column[id_]] - width) / 2
            at_y = ys[row[id_]] + (heights[row[id_]] - height) / 2
            boxes[id_] = (at_x, at_y, width, height)
        taken: Counter[str] = Counter()
        for event in self.watching:
            host = boxes.get(event.get("attachedToRef"))
            if host is not None:
                n = taken[event.get("attachedToRef")]
                taken[event.get("attachedToRef")] += 1
                boxes[event.get("id")] = (host[0] + host[2] - 18 - 40 * n, host[1] + host[3] - 18, *EVENT)
        return boxes, x, y

    def draw(self, plane: Element, left: float, top: float) -> None:
        """Draw what stands in it, its corner there."""
        boxes = {id_: (x + left, y + top, w, h) for id_, (x, y, w, h) in self.laid[0].items()}
        for id_, box in boxes.items():
            inner = self.inner.get(id_)
            if inner is None:
                _shape(plane, id_, *box)
            else:
                _shape(plane, id_, *box, isExpanded="true")
                inner.draw(plane, box[0] + 20, box[1] + 30)
        for flow in self.flows:
            if flow.get("sourceRef") in boxes and flow.get("targetRef") in boxes:
                _edge(plane, flow.get("id"), boxes[flow.get("sourceRef")], boxes[flow.get("targetRef")])

    def _places(self) -> tuple[dict[str, int], dict[str, int]]:
        """Column by the longest way that does not go back; row by the order in which ways are come to."""
        column: dict[str, int] = {}
        row: dict[str, int] = {}
        coming = {target for targets in self.out.values() for target in targets}
        begins = [id_ for id_ in self.nodes if id_ not in coming] or list(self.nodes)[:1]
        rows = -1
        for begin in [*begins, *self.nodes]:
            if begin in column:
                continue
            rows += 1
            column[begin], row[begin] = 0, rows
            left = [begin]
            while left:
                here = left.pop()
                first = True
                for there in self.out.get(here, []):
                    if there not in self.nodes or there in column:
                        continue
                    column[there] = column[here] + 1
                    rows += not first
                    row[there] = row[here] if first else rows
                    first = False
                    left.insert(0, there)
        used: set[tuple[int, int]] = set()
        for id_ in sorted(column, key=lambda one: (column[one], row[one])):
            while (column[id_], row[id_]) in used:
                row[id_] += 1
            used.add((column[id_], row[id_]))
        return column, row

    def _size(self, id_: str, one: Element) -> tuple[float, float]:
        if id_ in self.inner:
            _boxes, width, height = self.inner[id_].laid
            return width + 40, height + 60
        return next((size for ending, size in _SIZE.items() if kind(one).lower().endswith(ending)), STEP)


_OPEN = ("subProcess", "adHocSubProcess", "transaction")


def _shape(plane: Element, id_: str, x: float, y: float, width: float, height: float, **more: str) -> None:
    shape = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNShape", id=f"{id_}_di", bpmnElement=id_)
    for key, value in more.items():
        shape.set(key, value)
    bounds = etree.SubElement(shape, f"{{{DC}}}Bounds")
    for key, number in (("x", x), ("y", y), ("width", width), ("height", height)):
        bounds.set(key, f"{number:g}")


def _edge(plane: Element, id_: str, one: _Box, other: _Box) -> None:
    edge = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNEdge", id=f"{id_}_di", bpmnElement=id_)
    x1, y1, x2, y2 = one[0] + one[2], one[1] + one[3] / 2, other[0], other[1] + other[3] / 2
    if x2 >= x1:
        middle = (x1 + x2) / 2
        points = [(x1, y1), (x2, y2)] if abs(y1 - y2) < 1 else [(x1, y1), (middle, y1), (middle, y2), (x2, y2)]
    else:
        below = max(one[1] + one[3], other[1] + other[3]) + 20
        a, b = one[0] + one[2] / 2, other[0] + other[2] / 2
        points = [(a, one[1] + one[3]), (a, below), (b, below), (b, other[1] + other[3])]
    for x, y in points:
        etree.SubElement(edge, f"{{{DI}}}waypoint", x=f"{x:g}", y=f"{y:g}")
