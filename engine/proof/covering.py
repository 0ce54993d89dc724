"""Which elements and ways of a matter's diagrams its stories pass, and which exits none of them takes (覆盖).

An exit is where a case may go another way: an end, a way out of a gateway that has several, an event at the edge of a
step, an event sub-process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine import matters
from engine.proof.playing import Played

#: Gateways at which a case goes one way or another. (Out of a parallel one it goes every way.)
_CHOOSES = ("exclusiveGateway", "inclusiveGateway", "complexGateway", "eventBasedGateway")


@dataclass(frozen=True, slots=True)
class Exit:
    """A way a case may take."""

    element: str  # of the drawing: a flow, an event
    kind: str  # end, flow, boundary
    name: str  # as people read it
    stories: int


@dataclass(frozen=True)
class Covered:
    """What the stories pass."""

    passed: Mapping[str, int]  # element or flow -> how many stories pass it
    exits: tuple[Exit, ...]
    stories: int

    @property
    def missing(self) -> tuple[Exit, ...]:
        """Exits without a story."""
        return tuple(one for one in self.exits if not one.stories)


def covered(package: matters.Package, played: Iterable[Played]) -> Covered:
    """What these stories of the matter passed."""
    passed: dict[str, int] = {}
    n = 0
    for story in played:
        n += 1
        for element in {*story.trace, *story.flows}:
            passed[element] = passed.get(element, 0) + 1
    exits: list[Exit] = []
    names = package.element_names
    for made in package.definition.processes.values():
        for spec in made.task_specs.values():
            node = getattr(spec, "node", None)
            if node is None:
                continue
            called = node.name or node.id
            if node.kind == "endEvent":
                exits.append(Exit(node.id, "end", called, passed.get(node.id, 0)))
            elif node.kind == "boundaryEvent":
                at = names.get(node.attached_to or "", node.attached_to or "")
                exits.append(Exit(node.id, "boundary", f"{at}：{called}", passed.get(node.id, 0)))
            chooses = node.kind in _CHOOSES or any(flow.condition is not None for flow in spec.outs)
            if len(spec.outs) > 1 and chooses:
                for flow in spec.outs:
                    to = names.get(flow.target.name, flow.target.name)
                    exits.append(Exit(flow.id, "flow", f"{called} → {to}", passed.get(flow.id, 0)))
    return Covered(passed, tuple(exits), n)
