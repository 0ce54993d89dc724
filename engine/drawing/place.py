"""Where things stand in the picture: room is made and taken back by moving what is to the right, ways are drawn anew
only where they were joined anew."""

from __future__ import annotations

from dataclasses import dataclass

from engine.drawing.graph import kind
from engine.drawing.text import BPMNDI, DC, DI, Drawing, Element, Unreadable

#: Sizes of a step, a gateway, an event, and the room between two.
STEP, GATEWAY, EVENT, GAP = (100.0, 80.0), (50.0, 50.0), (36.0, 36.0), 50.0
SIZES = {"exclusiveGateway": GATEWAY, "endEvent": EVENT, "startEvent": EVENT}


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


class Picture:
    """The picture of a drawing: shapes and ways by what they show."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        plane = drawing.root.find(f".//{{{BPMNDI}}}BPMNPlane")
        if plane is None:
            raise Unreadable(
                "流程图没有图面，请先在画布上打开一次。", "There is no picture: open it on the canvas first."
            )
        self.plane: Element = plane
        self.shapes: dict[str, Element] = {}
        self.edges: dict[str, Element] = {}
        for one in plane:
            if kind(one) in ("BPMNShape", "BPMNEdge"):
                (self.shapes if kind(one) == "BPMNShape" else self.edges)[one.get("bpmnElement", "")] = one

    def box(self, id_: str) -> Box:
        shape = self.shapes.get(id_)
        bounds = shape.find(f"{{{DC}}}Bounds") if shape is not None else None
        if bounds is None:
            zh, en = f"图面上没有“{id_}”，请在画布上改。", f"{id_} is not in the picture: use the canvas."
            raise Unreadable(zh, en)
        return _box(bounds)

    # ------------------------------------------------------------ room

    def make_room(self, x: float, width: float) -> None:
        """Everything that begins at or after x moves right by so much (left, when it is negative); what reaches across
        grows."""
        for bounds in self.plane.iter(f"{{{DC}}}Bounds"):
            box = _box(bounds)
            if box.x >= x:
                bounds.set("x", _number(box.x + width))
            elif box.right > x and kind(bounds.getparent()) == "BPMNShape" and box.width > STEP[0] * 1.5:
                bounds.set("width", _number(box.width + width))
        for point in self.plane.iter(f"{{{DI}}}waypoint"):
            if float(point.get("x", "0")) >= x:
                point.set("x", _number(float(point.get("x", "0")) + width))

    def is_empty(self, x: float, until: float) -> bool:
        """Whether nothing stands between."""
        boxes = [
            _box(bounds) for shape in self.shapes.values() if (bounds := shape.find(f"{{{DC}}}Bounds")) is not None
        ]
        return not any(box.x < until and box.right > x and box.width <= STEP[0] * 1.5 for box in boxes)

    # ------------------------------------------------------------ shapes and ways

    def put(self, id_: str, box: Box) -> None:
        shape = self.drawing.make("BPMNShape", BPMNDI, id=f"{id_}_di", bpmnElement=id_)
        bounds = self.drawing.make("Bounds", DC, x=_number(box.x), y=_number(box.y))
        bounds.set("width", _number(box.width))
        bounds.set("height", _number(box.height))
        shape.append(bounds)
        last = next((one for one in reversed(self.plane) if kind(one) == "BPMNShape"), None)
        self.drawing.add(self.plane, shape, after=last)
        self.shapes[id_] = shape

    def move(self, id_: str, dx: float) -> None:
        for bounds in self.shapes[id_].iter(f"{{{DC}}}Bounds"):
            bounds.set("x", _number(float(bounds.get("x")) + dx))

    def take(self, id_: str) -> None:
        for known in (self.shapes, self.edges):
            if id_ in known:
                self.drawing.drop(known.pop(id_))

    def draw(self, flow: str, source: str, target: str) -> None:
        """The way of a flow, anew: straight, or round one corner; back along below."""
        edge = self.edges.get(flow)
        if edge is None:
            edge = self.drawing.make("BPMNEdge", BPMNDI, id=f"{flow}_di", bpmnElement=flow)
            self.drawing.add(self.plane, edge)
            self.edges[flow] = edge
        for old in list(edge):
            if kind(old) in ("waypoint", "BPMNLabel"):
                edge.remove(old)
        for n, (x, y) in enumerate(_way(self.box(source), self.box(target))):
            edge.insert(n, self.drawing.make("waypoint", DI, x=_number(x), y=_number(y)))


def _way(one: Box, other: Box) -> list[tuple[float, float]]:
    (x1, y1), (x2, y2) = one.middle, other.middle
    if other.x >= one.right and abs(y1 - y2) < 1:
        return [(one.right, y1), (other.x, y2)]
    if other.x >= one.right:  # round one corner
        edge = one.bottom if y2 > y1 else one.y
        return [(x1, edge), (x1, y2), (other.x, y2)]
    below = max(one.bottom, other.bottom) + 40
    return [(x1, one.bottom), (x1, below), (x2, below), (x2, other.bottom)]


def _box(bounds: Element) -> Box:
    x, y, width, height = (float(bounds.get(key, "0")) for key in ("x", "y", "width", "height"))
    return Box(x, y, width, height)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
