"""Which element of one drawing is which of another: by id, else by name, else by where it stands (its neighbours and
its lane). A proposal; a person may say otherwise.

Two versions of a matter are matched process by process, scope by scope. What a token can stand on must be of the same
kind on both sides (`Pair.fits`): a step that became a gateway is found by its id, and nothing is carried over to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.process.language import model as m
from engine.process.machine.definition import Definition
from engine.process.machine.events import Catching
from engine.process.machine.net import FlowSpec, NodeSpec, ProcessSpec, ScopeSpec

How = Literal["id", "name", "place", "chosen", "none"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One element of the old drawing, and what it is in the new one."""

    process: str  # of the old drawing
    old: str
    new: str | None  # None: it is no more
    how: How
    fits: bool  # both are of one kind, so that what stands on the old one can stand on the new one


@dataclass(frozen=True)
class Matched:
    """All of it."""

    pairs: tuple[Pair, ...]
    processes: Mapping[str, str]  # old -> new
    nodes: Mapping[str, Mapping[str, str]] = field(repr=False)  # old process -> old element -> new one, those that fit
    flows: Mapping[str, Mapping[str, str]] = field(repr=False)  # old process -> old flow -> new one

    def node(self, process: str | None, element: str) -> str | None:
        """What an element is now; of a process that is not known any more, the first that has such an element."""
        if process is not None:
            return self.nodes.get(process, {}).get(element)
        return next((nodes[element] for nodes in self.nodes.values() if element in nodes), None)

    def flow(self, process: str | None, flow: str) -> str | None:
        if process is not None:
            return self.flows.get(process, {}).get(flow)
        return next((flows[flow] for flows in self.flows.values() if flow in flows), None)

    def scope(self, process: str, scope: str) -> str | None:
        """The same of a scope: a process, or the element that holds it."""
        return self.processes.get(process) if scope == process else self.node(process, scope)

    def images(self, process: str) -> frozenset[str]:
        """The elements of the new drawing that something of this old process became."""
        return frozenset(self.nodes.get(process, {}).values())


def key(process: str, element: str) -> str:
    """How a person's choice names an element of the old drawing."""
    return f"{process}/{element}"


def alike(old: NodeSpec, new: NodeSpec) -> bool:
    """Whether they are of one kind: the same work, the same sort of event, on the same sort of edge."""
    if type(old) is not type(new):
        return False
    kinds = [tuple(t.kind for t in getattr(one, "catches", ())) for one in (old, new)]
    thrown = [tuple(t.kind for t in getattr(one, "throws", ())) for one in (old, new)]
    if kinds[0] != kinds[1] or thrown[0] != thrown[1]:
        return False
    starts = [getattr(one, "start", None) for one in (old, new)]
    if isinstance(starts[0], Catching) and isinstance(starts[1], Catching):
        return alike(starts[0], starts[1])
    return starts[0] is None and starts[1] is None and bool(old.node.attached_to) == bool(new.node.attached_to)


def alike_in(spec: NodeSpec, process: ProcessSpec) -> list[NodeSpec]:
    """The elements of a process that this one could have become."""
    return [other for other in _nodes(process).values() if alike(spec, other)]


def behind(spec: NodeSpec) -> str:
    """The name of the nearest named element that leads to it, or on which it stands; "" when there is none."""
    seen: set[str] = set()
    todo = [spec]
    while todo:
        one = todo.pop(0)
        if one.name in seen:
            continue
        seen.add(one.name)
        if one is not spec and one.node.name:
            return str(one.node.name)
        if one.node.attached_to:
            todo.append(one.process.task_specs[one.node.attached_to])
        todo += [flow.source for flow in one.ins]
        if not one.ins and one.scope.element is not None:
            todo.append(one.scope.element)
    return ""


def match(old: Definition, new: Definition, chosen: Mapping[str, str] | None = None) -> Matched:
    """Propose what became of every element of the old drawing. `chosen`: what a person said, by `key`; "" is nothing.
    An element of the new drawing is taken once."""
    pairs: list[Pair] = []
    processes = _processes(old, new)
    nodes: dict[str, dict[str, str]] = {}
    flows: dict[str, dict[str, str]] = {}
    for before, process in old.processes.items():
        after = new.processes.get(processes.get(before, ""))
        if after is None:
            pairs += [Pair(before, name, None, "none", False) for name in _names(process)]
            continue
        found = _Matching(process, after, _lanes(old, before), _lanes(new, after.name), chosen or {})
        pairs += found.pairs()
        nodes[before] = found.fitting()
        flows[before] = _flows(process, after, nodes[before])
    return Matched(tuple(pairs), processes, nodes, flows)


def _names(process: ProcessSpec) -> Iterator[str]:
    """Its elements, in the order of the file; SpiffWorkflow's own beside them are none of the drawing."""
    return (name for name, spec in process.task_specs.items() if isinstance(spec, NodeSpec))


def _nodes(process: ProcessSpec) -> dict[str, NodeSpec]:
    return {name: process.task_specs[name] for name in _names(process)}


def _processes(old: Definition, new: Definition) -> dict[str, str]:
    """By id; then by title; the one that is left with the one that is left."""
    found = {id: id for id in old.processes if id in new.processes}
    for same in (lambda a, b: a.title == b.title, None):
        before = [p for id, p in old.processes.items() if id not in found]
        after = [p for id, p in new.processes.items() if id not in found.values()]
        if same is None:
            if len(before) == len(after) == 1:
                found[before[0].name] = after[0].name
            break
        for one in before:
            fits = [p for p in after if same(one, p)]
            if len(fits) == 1 and fits[0].name not in found.values():
                found[one.name] = fits[0].name
    return found


def _lanes(definition: Definition, process: str) -> dict[str, str]:
    """element -> the innermost lane it lies in, by name."""
    found: dict[str, str] = {}
    for diagram in definition.diagrams:
        drawn = diagram.process_by_id.get(process)
        scopes = list(drawn.all_scopes()) if drawn is not None else []
        todo: list[m.Lane] = [lane for scope in scopes for lane in scope.lanes]
        while todo:
            lane = todo.pop(0)
            found.update(dict.fromkeys(lane.nodes, lane.name))
            todo += lane.lanes
    return found


class _Matching:
    """The matching of one process with another."""

    def __init__(
        self,
        old: ProcessSpec,
        new: ProcessSpec,
        old_lanes: Mapping[str, str],
        new_lanes: Mapping[str, str],
        chosen: Mapping[str, str],
    ) -> None:
        self.old, self.new = old, new
        self.lanes = (old_lanes, new_lanes)
        self.before, self.after = _nodes(old), _nodes(new)
        self.found: dict[str, tuple[str | None, How]] = {}
        self.taken: set[str] = set()
        for name in self.before:
            said = chosen.get(key(old.name, name))
            if said is not None and (said == "" or (said in self.after and said not in self.taken)):
                self._take(name, said or None, "chosen")
        for name in self.before:
            if name in self.after and name not in self.found and name not in self.taken:
                self._take(name, name, "id")
        # A name, then a place: what is found tells where the next lie, until nothing more is found.
        while self._by_name() or self._by_place():
            pass

    def _take(self, old: str, new: str | None, how: How) -> None:
        self.found[old] = (new, how)
        if new is not None:
            self.taken.add(new)

    def pairs(self) -> Iterator[Pair]:
        for name in self.before:
            new, how = self.found.get(name, (None, "none"))
            yield Pair(self.old.name, name, new, how, new is not None and self._fits(name, new))

    def fitting(self) -> dict[str, str]:
        return {pair.old: pair.new for pair in self.pairs() if pair.fits and pair.new is not None}

    def _fits(self, old: str, new: str) -> bool:
        return alike(self.before[old], self.after[new])

    def _scope(self, spec: ScopeSpec) -> str | None:
        """The scope of the new drawing that is this one of the old."""
        if spec.element is None:
            return str(self.new.name)
        return self.found.get(spec.element.name, (None, "none"))[0]

    def _left(self) -> tuple[list[NodeSpec], list[NodeSpec]]:
        before = [spec for name, spec in self.before.items() if name not in self.found]
        after = [spec for name, spec in self.after.items() if name not in self.taken]
        return before, after

    def _candidates(self, one: NodeSpec, after: Iterable[NodeSpec]) -> list[NodeSpec]:
        scope = self._scope(one.scope)
        return [other for other in after if other.scope.id == scope and alike(one, other)]

    def _by_name(self) -> bool:
        before, after = self._left()
        moved = False
        for one in before:
            if not one.node.name:
                continue
            same = [o for o in before if o.node.name == one.node.name and o.scope is one.scope and alike(o, one)]
            there = [o for o in self._candidates(one, after) if o.node.name == one.node.name]
            if len(same) == len(there) == 1 and there[0].name not in self.taken:
                self._take(one.name, there[0].name, "name")
                moved = True
        return moved

    def _by_place(self) -> bool:
        """The one whose neighbours are the same as the other's, as far as these are known; among several, the one in
        the same lane. One at a time, the surest first: each tells more of the next."""
        before, after = self._left()
        best: tuple[int, str, str] | None = None
        for one in before:
            near = self._near(one, mapped=True)
            if not near:
                continue
            scored = [(self._score(one, near, other), other.name) for other in self._candidates(one, after)]
            scored = sorted((pair for pair in scored if pair[0] > 0), reverse=True)
            if not scored or (len(scored) > 1 and scored[0][0] == scored[1][0]):
                continue
            if best is None or scored[0][0] > best[0]:
                best = (scored[0][0], one.name, scored[0][1])
        if best is None:
            return False
        self._take(best[1], best[2], "place")
        return True

    def _score(self, one: NodeSpec, near: set[tuple[str, str]], other: NodeSpec) -> int:
        shared = len(near & self._near(other, mapped=False))
        if shared == 0:
            return 0
        lane = self.lanes[0].get(one.name, ""), self.lanes[1].get(other.name, "")
        return shared * 4 + (2 if lane[0] and lane[0] == lane[1] else 0) + int(len(one.outs) == len(other.outs))

    def _near(self, spec: NodeSpec, *, mapped: bool) -> set[tuple[str, str]]:
        """Its neighbours: who leads to it, whom it leads to, on what it stands, what stands on it."""
        near = [("from", flow.source.name) for flow in spec.ins] + [("to", flow.target.name) for flow in spec.outs]
        if spec.node.attached_to:
            near.append(("on", spec.node.attached_to))
        near += [("under", boundary.name) for boundary in getattr(spec, "boundaries", ())]
        near += [("holds", one.name) for one in getattr(getattr(spec, "inside", None), "nodes", ())]
        if spec.scope.element is not None:
            near.append(("in", spec.scope.element.name))
        if not mapped:
            return set(near)
        found = ((what, self.found.get(name, (None, "none"))[0]) for what, name in near)
        return {(what, name) for what, name in found if name is not None}


def _flows(old: ProcessSpec, new: ProcessSpec, nodes: Mapping[str, str]) -> dict[str, str]:
    """Flows go with their ends: by id, by both ends, and into a join by where they come from."""
    found: dict[str, str] = {}
    after = {flow.id: flow for spec in _nodes(new).values() for flow in spec.outs}
    flows = [flow for spec in _nodes(old).values() for flow in spec.outs]
    for flow in flows:
        same = after.get(flow.id)
        ends = (nodes.get(flow.source.name), nodes.get(flow.target.name))
        if same is not None and ends == (same.source.name, same.target.name):
            found[flow.id] = same.id
    for flow in flows:
        if flow.id in found:
            continue
        ends = (nodes.get(flow.source.name), nodes.get(flow.target.name))
        taken = set(found.values())
        both = [f for f in after.values() if (f.source.name, f.target.name) == ends and f.id not in taken]
        if both:
            found[flow.id] = both[0].id
    for spec in _nodes(old).values():
        join = _nodes(new).get(nodes.get(spec.name, ""))
        if join is not None and len(spec.ins) > 1:
            _into(spec.ins, join.ins, nodes, found)
    return found


def _into(before: list[FlowSpec], after: list[FlowSpec], nodes: Mapping[str, str], found: dict[str, str]) -> None:
    """What leads into a join where a step was put in between, or taken out: by what lies before it; the one that is
    left with the one that is left."""
    left = [flow for flow in before if flow.id not in found]
    free = [flow for flow in after if flow.id not in found.values()]
    for flow in list(left):
        source = nodes.get(flow.source.name)
        from_there = [f for f in free if source is not None and source in _behind(f)]
        if len(from_there) == 1:
            found[flow.id] = from_there[0].id
            free.remove(from_there[0])
            left.remove(flow)
    if len(left) == len(free) == 1:
        found[left[0].id] = free[0].id


def _behind(flow: FlowSpec) -> frozenset[str]:
    """The elements from which a way leads to this flow without a join between."""
    seen: set[str] = set()
    todo = [flow.source]
    while todo:
        spec = todo.pop()
        if spec.name in seen:
            continue
        seen.add(spec.name)
        if len(spec.ins) == 1 and len(spec.ins[0].source.outs) == 1:
            todo += [spec.ins[0].source]
    return frozenset(seen)
