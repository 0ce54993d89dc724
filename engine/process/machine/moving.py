"""迁移: a running instance goes on under another version of its drawing, where it stands.

Tokens, scopes, votes, what waits and what a join has gathered keep their ids and their state; only the names of the
elements they stand on are others. Nothing moves: no task opens or closes, no effect is asked, no timer is set anew but
those of events that are new. What could not go on as one that came here on the new version is told, element by element,
and nothing is moved then.

| where it stands | what is asked of the new version |
|---|---|
| a step, an event, a sub-process | it is there, of the same kind, in the same (sub-)process |
| inside 会签 or a loop | the same marker, over the same list, giving the same; the new condition does not hold yet |
| at a join, or in a branch | every branch that the join waits for is on its way, or has come |
| waits for an answer | the step asks for the same effect |
| done already, and could be undone | what undoes it is there |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.process.machine import state as store
from engine.process.machine.activities import Activity, CallActivity, EventSubProcess, ServiceTask, SubProcess, UserTask
from engine.process.machine.case import Case, ScopeRun, Token
from engine.process.machine.definition import Definition
from engine.process.machine.events import Catching, EventGateway
from engine.process.machine.gateways import Complex, Joining, Parallel
from engine.process.machine.loops import LoopPlan
from engine.process.machine.matching import Matched
from engine.process.machine.needing import ANYTHING, ahead, brings, nodes, reads
from engine.process.machine.net import IN_VAIN, Failure, FlowSpec, NodeSpec, ScopeSpec
from engine.process.machine.path import FORK, JOIN, USER
from engine.process.machine.spiff import ERROR, STARTED
from engine.process.machine.standstill import tell_standstill
from engine.process.step import Hindrance, Note

#: Stands for an element of the path that is no more: no drawing has such an id.
GONE = "-"


@dataclass
class Moving:
    """One move, as it is tried."""

    old: Case
    new: Definition
    matched: Matched
    hindrances: list[Hindrance] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    moved: Case | None = None  # under the new version, when nothing hinders
    lacks: frozenset[str] = frozenset()  # names that are new, read ahead, and set by nothing but perhaps a form
    forms: frozenset[str] = frozenset()  # the forms that lie ahead

    def hinder(self, code: str, spec: NodeSpec, zh: str, en: str) -> None:
        one = Hindrance(code, spec.name, spec.title, zh, en)
        if one not in self.hindrances:
            self.hindrances.append(one)

    def note(self, code: str, spec: NodeSpec, zh: str, en: str) -> None:
        one = Note(code, spec.name, spec.title, zh, en)
        if one not in self.notes:
            self.notes.append(one)


def move(old: Definition, new: Definition, matched: Matched, state: bytes, prepare: Callable[[Case], None]) -> Moving:
    """Try to move an instance. `prepare` gives a case its clock and environment. The new one is `Moving.moved`, when
    nothing hinders."""
    case = store.loads(old, state)
    moving = Moving(case, new, matched)
    prepare(case)
    if case.spec.name not in matched.processes:
        first = next(iter(case.tasks.values())).task_spec
        zh, en = "新版本里没有本件所走的流程。", "The new version has no such process."
        moving.hinder("gone", first, zh, en)
        return moving
    for token in case.tasks.values():
        _stands(moving, token)
    for scope in case.scopes.values():
        _could_be_undone(moving, scope)
    if moving.hindrances:
        return moving
    _joins(moving)
    if moving.hindrances:
        return moving
    carried = store.built(new, _Renaming(moving).whole(store.parsed(state)))
    prepare(carried)
    _settle(moving, carried)
    if not moving.hindrances:
        moving.moved = carried
    return moving


# ---------------------------------------------------------------- where it stands


def image(moving: Moving, spec: NodeSpec) -> NodeSpec | None:
    """What an element of the old drawing is in the new one, when it is of the same kind."""
    name = moving.matched.node(spec.process.name, spec.name)
    process = moving.new.processes.get(moving.matched.processes.get(spec.process.name, ""))
    return process.task_specs[name] if process is not None and name is not None else None


def _stands(moving: Moving, token: Token) -> None:
    """Whether this token can stand where its element is now."""
    spec = token.task_spec
    new = image(moving, spec)
    if new is None:
        pair = next(p for p in moving.matched.pairs if (p.process, p.old) == (spec.process.name, spec.name))
        if pair.new is None:
            moving.hinder(
                "gone",
                spec,
                f"本件停在“{spec.title}”，新版本里没有这一步，也没有说它变成了哪一步。请在对应表里选，或者让它按旧版本办完。",
                f'It stands at "{spec.title}", which the new version has no more, and nothing is named in its place. '
                "Choose one in the table, or let the case end on its own version.",
            )
        else:
            moving.hinder(
                "kind",
                spec,
                f"本件停在“{spec.title}”，新版本里对应的一步换了种类，停着的事接不上。请等它过了这一步再迁移。",
                f'It stands at "{spec.title}", and the step in its place is of another kind: what waits there cannot '
                "go on. Move it once it has passed.",
            )
        return
    if new.scope.id != moving.matched.scope(spec.process.name, spec.scope.id):
        moving.hinder(
            "scope",
            spec,
            f"本件停在“{spec.title}”，新版本把它移进或移出了子流程。请等它过了这一步再迁移。",
            f'It stands at "{spec.title}", which the new version has put into a sub-process or out of one. Move it '
            "once it has passed.",
        )
    if isinstance(spec, Activity) and isinstance(new, Activity) and token.state & (STARTED | ERROR):
        _in_loop(moving, token, spec, new)
    if isinstance(spec, ServiceTask) and isinstance(new, ServiceTask) and "effect" in token.internal_data:
        kinds = [one.kind.text if one.kind is not None else one.node.kind for one in (spec, new)]
        if kinds[0] != kinds[1]:
            moving.hinder(
                "effect",
                spec,
                f"本件在等“{spec.title}”的结果，新版本里这一步改做别的事了。请等结果到了再迁移。",
                f'It waits for what "{spec.title}" brings, and the new version has that step do something else. Move '
                "it once the answer is there.",
            )
    if isinstance(new, Joining) and "arrived" in token.internal_data:
        known = {flow.id for flow in new.ins}
        for flow in token.internal_data["arrived"]:
            if moving.matched.flow(spec.process.name, flow) not in known:
                moving.hinder(
                    "join",
                    spec,
                    f"有的分支已经到了汇合“{spec.title}”，新版本里认不出它是从哪条线来的。请等分支汇合后再迁移。",
                    f'A branch has come to the join "{spec.title}", and the new version does not tell by which flow. '
                    "Move it once the branches have met.",
                )


def _in_loop(moving: Moving, token: Token, spec: Activity, new: Activity) -> None:
    """Votes and turns are kept only where the marker is the same; the condition may be another."""
    if token.state == ERROR and not token.is_inner and "body" not in token.internal_data:
        return  # it failed before it began: it is entered anew
    changed = (spec.loop is None) != (new.loop is None)
    if spec.loop is not None and new.loop is not None:
        changed = _shape(spec.loop) != _shape(new.loop)
    if changed:
        moving.hinder(
            "loop",
            spec,
            f"本件停在“{spec.title}”，新版本改了它由多人办理（会签、逐条）的方式，已经办的没法接着算。"
            "请等它过了这一步再迁移。",
            f'It stands at "{spec.title}", and the new version has changed how several do it: what was done so far '
            "would not count. Move it once it has passed.",
        )
    elif spec.loop is not None and new.loop is not None and _text(spec.loop.done_when) != _text(new.loop.done_when):
        zh = f"“{spec.title}”什么时候算办完，新版本改了，从下一个人办完起按新的算。"
        en = f'When "{spec.title}" is enough is said anew: it counts from the next who does it.'
        moving.note("condition", new, zh, en)


def _text(text: Any) -> str:
    return text.text.strip() if text is not None else ""


def _shape(plan: LoopPlan) -> tuple[Any, ...]:
    loop = plan.loop
    texts = tuple(_text(one) for one in (plan.items, plan.cardinality, plan.each))
    return (loop.kind, loop.sequential, loop.behavior, plan.item, plan.into, *texts)


def _could_be_undone(moving: Moving, scope: ScopeRun) -> None:
    """What was done and could be undone needs what undoes it."""
    for record in _records(scope.done):
        spec = scope.process.task_specs.get(record["node"])
        if spec is None or getattr(spec, "undo", None) is None:
            continue
        new = image(moving, spec)
        if new is None or getattr(new, "undo", None) is None:
            moving.hinder(
                "undo",
                spec,
                f"“{spec.title}”已经办过，出错时旧版本会撤回它做的事，新版本没有这样的撤回。请让本件按旧版本办完。",
                f'"{spec.title}" was done, and the old version undoes it when something goes wrong; the new one does '
                "not. Let the case end on its own version.",
            )


def _records(done: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    todo = list(done)
    while todo:
        record = todo.pop()
        yield record
        todo += record.get("inside", ())


# ---------------------------------------------------------------- joins


def _joins(moving: Moving) -> None:
    """Every join ahead must be met by what it waits for: a token in a branch counts for the branches it counted for,
    one before the fork for all of them."""
    for scope in moving.old.scopes.values():
        process = moving.new.processes[moving.matched.processes[scope.process.name]]
        name = moving.matched.scope(scope.process.name, scope.spec.id)
        inside = process.scope if name == process.name else getattr(process.task_specs.get(name or ""), "inside", None)
        if inside is None:
            continue  # whoever holds it was told
        specs = [t.task_spec for t in scope.tokens.values() if not t.is_inner and "arrived" not in t.internal_data]
        before, after = _Ahead(scope.spec), _Ahead(inside)
        olds = [(spec, before.of(spec)) for spec in specs]
        news = {spec.name: after.of(new) for spec in specs if (new := image(moving, spec)) is not None}
        arrived = {
            t.task_spec.name: set(t.internal_data["arrived"])
            for t in scope.tokens.values()
            if "arrived" in t.internal_data
        }
        back = {
            n: o
            for o, n in moving.matched.nodes[scope.process.name].items()
            if scope.process.task_specs[o].scope is scope.spec
        }
        for join in inside.nodes:
            if isinstance(join, (Parallel, Complex)) and len(join.ins) > 1:
                one = scope.process.task_specs.get(back.get(join.name, ""))
                _join(moving, scope, join, one, olds, news, arrived)


def _join(
    moving: Moving,
    scope: ScopeRun,
    join: NodeSpec,
    before: NodeSpec | None,
    olds: list[tuple[NodeSpec, frozenset[str]]],
    news: dict[str, frozenset[str]],
    arrived: dict[str, set[str]],
) -> None:
    every = {flow.id for flow in join.ins}
    every_before = {flow.id for flow in before.ins} if before is not None else set()
    come = arrived.get(before.name, set()) if before is not None else set()

    def said(flows: set[str]) -> set[str | None]:
        return {moving.matched.flow(scope.process.name, flow) for flow in flows}

    met, met_before, told = said(come), set(come), False
    for spec, flows in olds:
        now, was = every & news[spec.name], every_before & flows
        met |= now
        met_before |= was
        as_before = before is not None and said(was) == now
        before_the_fork = now == every and (before is None or was == every_before)
        if not (as_before or before_the_fork) and (now or was):
            told = True
            moving.hinder(
                "join",
                spec,
                f"本件停在“{spec.title}”，新版本里它后面的汇合“{join.title}”要等的分支不一样了，等不齐。请等汇合以后再迁移。",
                f'It stands at "{spec.title}"; the join "{join.title}" behind it waits for other branches in the new '
                "version, which would not all come. Move it once the branches have met.",
            )
    if not told and met and met != every and (before is None or met_before == every_before):
        named = before if before is not None else join
        moving.hinder(
            "join",
            named,
            f"汇合“{join.title}”在新版本里多等一条分支，本件没有走那条分支，会一直等下去。请等汇合以后再迁移。",
            f'The join "{join.title}" waits for one branch more in the new version, and this case is on no such '
            "branch: it would wait for ever. Move it once the branches have met.",
        )


class _Ahead:
    """Which flows lie ahead of a node, turning back nowhere: a way back (不同意, 退回) does not count as a way on."""

    def __init__(self, scope: ScopeSpec) -> None:
        self.nexts: dict[str, list[tuple[str | None, NodeSpec]]] = {
            spec.name: list(_nexts(spec, scope)) for spec in scope.nodes
        }
        self.ranks = self._ranks(scope)
        self.known: dict[str, frozenset[str]] = {}

    def _ranks(self, scope: ScopeSpec) -> dict[str, int]:
        """Depth first from where the scope begins: an edge to a node still being walked leads back."""
        self.back: set[tuple[str, str]] = set()
        state: dict[str, int] = {}
        firsts = [*scope.begins, *(spec for spec in scope.nodes if not spec.ins), *scope.nodes]
        for first in firsts:
            if state.get(first.name):
                continue
            state[first.name] = 1
            stack = [(first.name, iter(self.nexts[first.name]))]
            while stack:
                name, nexts = stack[-1]
                for _, target in nexts:
                    seen = state.get(target.name, 0)
                    if seen == 1:
                        self.back.add((name, target.name))
                    elif seen == 0:
                        state[target.name] = 1
                        stack.append((target.name, iter(self.nexts[target.name])))
                        break
                else:
                    state[name] = 2
                    stack.pop()
        return state

    def of(self, spec: NodeSpec) -> frozenset[str]:
        found = self.known.get(spec.name)
        if found is None:
            flows: set[str] = set()
            seen: set[str] = set()
            todo = [spec.name]
            while todo:
                name = todo.pop()
                if name in seen or name not in self.nexts:
                    continue
                seen.add(name)
                for flow, target in self.nexts[name]:
                    if (name, target.name) in self.back:
                        continue
                    if flow is not None:
                        flows.add(flow)
                    todo.append(target.name)
            found = self.known[spec.name] = frozenset(flows)
        return found


def _nexts(spec: NodeSpec, scope: ScopeSpec) -> Iterator[tuple[str | None, NodeSpec]]:
    for flow in spec.outs:
        yield flow.id, flow.target
    for boundary in getattr(spec, "boundaries", ()):
        yield None, boundary
    for trigger in getattr(spec, "throws", ()):
        target = scope.links.get(trigger.definition.link) if trigger.kind == "link" else None
        if target is not None:
            yield None, target


# ---------------------------------------------------------------- the same state under other names


class _Renaming:
    """The state as plain values (machine/state.py), with the names of the new drawing."""

    def __init__(self, moving: Moving) -> None:
        self.case, self.matched = moving.old, moving.matched
        self.skipped: dict[str, str] = {}  # a record that is no more -> the one before it

    def whole(self, whole: dict[str, Any]) -> dict[str, Any]:
        matched = self.matched
        records = whole.get("h", {})
        self._skip(records)
        where = {s[0]: s[2] for s in whole["s"]}  # scope -> its process in the old drawing
        made = {
            **whole,
            "p": matched.processes[whole["p"]],
            "s": [self._scope(*row) for row in whole["s"]],
            "t": [self._token(where[row[2]], *row) for row in whole["t"]],
        }
        if "w" in whole:
            made["w"] = [row for one in whole["w"] if (row := self._wait(where, *one)) is not None]
        if "h" in whole:
            made["h"] = {id: self._record(where, *row) for id, row in records.items() if id not in self.skipped}
        if "r" in whole:
            named = ((matched.node(None, name), n) for name, n in whole["r"].items())
            made["r"] = {name: n for name, n in named if name is not None}
        if "i" in whole:
            made["i"] = [[row[0], matched.node(None, row[1]) or row[1], *row[2:]] for row in whole["i"]]
        return made

    def _skip(self, records: dict[str, Any]) -> None:
        """A step that is no more is none that one goes back to: the way leads past it."""
        for id, (kind, element, scope, before, _extra) in records.items():
            run = self.case.scopes.get(scope)
            if kind == USER and self.matched.node(run.process.name if run else None, element) is None:
                self.skipped[id] = before[0] if before else ""

    def _at(self, at: str) -> str:
        while at in self.skipped:
            at = self.skipped[at]
        return at

    def _scope(
        self, id: str, spec: str, process: str, owner: str | None, root: int, variables: Any, done: Any, memory: Any
    ) -> list[Any]:
        node = self.matched.node
        new = dict(memory)
        for name in ("left", "asked"):
            if name in new:
                new[name] = [one for old in new[name] if (one := node(process, old)) is not None]
        if "at" in new:
            new["at"] = self._at(new["at"])
        if "got" in new:
            new["got"] = {one: got for old, got in new["got"].items() if (one := node(process, old)) is not None}
        kept = [self._done(process, record) for record in done]
        named = self.matched.scope(process, spec)
        return [id, named, self.matched.processes[process], owner, root, variables, [k for k in kept if k], new]

    def _done(self, process: str, record: dict[str, Any]) -> dict[str, Any] | None:
        name = self.matched.node(process, record["node"])
        if name is None:
            return None
        made = {**record, "node": name}
        if "at" in made:
            made["at"] = self._at(made["at"])
        if "inside" in made:
            inside = [self._done(process, one) for one in made["inside"]]
            made["inside"] = [one for one in inside if one]
        return made

    def _token(
        self,
        process: str,
        id: str,
        node: str,
        scope: str,
        state: int,
        parent: str | None,
        at: str,
        data: Any,
        internal: Any,
    ) -> list[Any]:
        named = self.matched.node
        if internal:
            internal = dict(internal)
            if "arrived" in internal:
                internal["arrived"] = {
                    (self.matched.flow(process, flow) or flow): [self._at(one) for one in ats]
                    for flow, ats in internal["arrived"].items()
                }
            if "resetting" in internal:
                internal["resetting"] = [self.matched.flow(process, flow) or flow for flow in internal["resetting"]]
            for name in ("undoing", "restored"):
                if name in internal:
                    kept = [self._done(process, record) for record in internal[name]]
                    internal[name] = [one for one in kept if one]
            if "got" in internal:
                got = ((named(process, old), value) for old, value in internal["got"].items())
                internal["got"] = {name: value for name, value in got if name is not None}
        return [id, named(process, node), scope, state, parent, self._at(at), data, internal]

    def _wait(
        self,
        where: dict[str, str],
        id: str,
        node: str,
        index: int,
        kind: str,
        token: str | None,
        scope: str | None,
        facts: Any,
    ) -> list[Any] | None:
        process = where[scope] if scope is not None else self.case.tasks[token or ""].scope.process.name
        name = self.matched.node(process, node)
        return None if name is None else [id, name, index, kind, token, scope, dict(facts)]

    def _record(self, where: dict[str, str], kind: str, element: str, scope: str, before: Any, extra: Any) -> list[Any]:
        process = where.get(scope)
        name = self.matched.node(process, element)
        if name is None and element in self.matched.processes:
            name = self.matched.processes[element]
        name = name if name is not None else GONE
        if kind == FORK:
            flows = [self.matched.flow(process, flow) for flow in extra]
            # a block whose branches are others is not gone back into, only before it
            extra = [] if name == GONE or None in flows or not self._all(process, element, flows) else flows
        if kind == JOIN:
            known = [self.matched.flow(process, flow) if flow else "" for flow, _ in before]
            # what met there cannot be parted again (撤回) where the flows are others
            name = GONE if None in known else name
            return [
                kind,
                name,
                scope,
                [[flow or "", self._at(at)] for flow, (_, at) in zip(known, before, strict=True)],
                extra,
            ]
        return [kind, name, scope, [at for one in before if (at := self._at(one))], extra]

    def _all(self, process: str | None, element: str, flows: list[str | None]) -> bool:
        """Whether a parallel fork goes out by these flows and no other in the new drawing too."""
        if process is None:
            return True
        spec = self.case.definition.processes[process].task_specs.get(element)
        return not isinstance(spec, Parallel) or len(spec.outs) == len(flows)


# ---------------------------------------------------------------- what waits


def _settle(moving: Moving, case: Case) -> None:
    """What is new begins to wait, what is no more does not; what is awaited is awaited as the new version says it."""
    _named_anew(moving, case)
    _deaf(moving, case)
    first = case.counter
    try:
        for scope in list(case.scopes.values()):
            _data(case, scope)
            _listen_around(moving, case, scope)
        for token in list(case.tasks.values()):
            _listen(moving, case, token)
    except Failure as failure:
        spec = failure.at or next(iter(case.tasks.values())).task_spec
        _unreckoned(moving, spec)
        return
    _not_yet(moving, case, first)
    for token in case.tasks.values():
        _dates(moving, case, token)
        _enough(moving, case, token)
        _called(moving, case, token)
    _passed(moving, case)
    moving.lacks, moving.forms = _lacks(moving, case)
    before = {i.id for i in case.incidents.values()}
    tell_standstill(case)
    for token in case.tasks.values():
        incident = case.incident_at(token)
        if incident is not None and incident.code == IN_VAIN and incident.id not in before:
            moving.hinder("join", token.task_spec, incident.zh, incident.en)


def _unreckoned(moving: Moving, spec: NodeSpec) -> None:
    """In words of ours: the expression's own would quote what somebody answered."""
    zh = f"“{spec.title}”在新版本里要算的，用本件现有的内容算不出来。"
    en = f'What the new version reckons at "{spec.title}" has no value with what this case holds.'
    moving.hinder("expression", spec, zh, en)


def _source(moving: Moving, spec: NodeSpec) -> NodeSpec | None:
    """The element of the old drawing that this one of the new was."""
    for before, after in moving.matched.processes.items():
        if after == spec.process.name:
            old = next((o for o, n in moving.matched.nodes[before].items() if n == spec.name), None)
            if old is not None:
                return moving.old.definition.processes[before].task_specs[old]
    return None


def _named_anew(moving: Moving, case: Case) -> None:
    """A message is awaited under the name and key that the new version gives it: else it would be waited for in
    vain. A timer keeps its moment; what it was reckoned from only where it is reckoned so still."""
    for wait in case.waits.values():
        spec, on = case.spec_of(wait), case.waiter(wait)
        assert isinstance(spec, Catching) and on is not None
        trigger = spec.catches[wait.index]
        if wait.kind in ("message", "signal"):
            try:
                wait.facts["name"] = str(spec.read(case, on, trigger.name))
                key = spec.read(case, on, trigger.key)
            except Failure:
                _unreckoned(moving, spec)
                continue
            before = wait.facts.pop("key", None)
            if trigger.key is not None:
                wait.facts["key"] = key if key is None or isinstance(key, str) else str(key)
                if key is None and before is None:
                    continue
                if key is None:
                    zh = f"本件在“{spec.title}”等消息，新版本要按另一个编号对上是哪一件，本件没有这个编号，等不到。"
                    en = f'It waits for a message at "{spec.title}"; the new version tells cases apart by another '
                    moving.hinder("key", spec, zh, en + "key, which this one has not: it would wait in vain.")
        elif wait.kind == "timer":
            old = _source(moving, spec)
            assert isinstance(old, Catching)
            if _text(old.catches[wait.index].timer) != _text(trigger.timer):
                wait.facts.pop("asked", None)
                zh = f"“{spec.title}”的时间在新版本里改了；本件已经开始计的，仍在原来的时刻到。"
                en = f'The time of "{spec.title}" is another in the new version; what runs already ends as it was said.'
                moving.note("date", spec, zh, en)


def _deaf(moving: Moving, case: Case) -> None:
    for id, wait in moving.old.waits.items():
        if id not in case.waits:
            spec = moving.old.spec_of(wait)
            zh = f"“{spec.title}”在新版本里没有了，本件不再等它。"
            en = f'"{spec.title}" is no more in the new version: it is not waited for any longer.'
            moving.note("deaf", spec, zh, en)


def _data(case: Case, scope: ScopeRun) -> None:
    if not scope.root:
        for name in scope.spec.data:
            scope.variables.setdefault(name, None)


def _new(moving: Moving, spec: NodeSpec) -> bool:
    return _source(moving, spec) is None


def _listen_around(moving: Moving, case: Case, scope: ScopeRun) -> None:
    """Event sub-processes that are new wait, unless one that interrupts has begun: then none waits any more."""
    running = [t.task_spec for t in scope.tokens.values() if isinstance(t.task_spec, EventSubProcess)]
    if any(one.start is not None and one.start.node.interrupting for one in running):
        return
    for sub in scope.spec.event_subs:
        if isinstance(sub, EventSubProcess) and _new(moving, sub):
            sub.listen(case, scope)
            _told(moving, sub)


def _listen(moving: Moving, case: Case, token: Token) -> None:
    spec = token.task_spec
    if isinstance(spec, EventGateway) and token.state == STARTED:
        for flow in spec.outs:
            if isinstance(flow.target, Catching) and _new(moving, flow.target):
                flow.target.listen_on(case, token)
                _told(moving, flow.target)
    if not isinstance(spec, Activity) or token.is_inner or "undo" in token.internal_data:
        return
    if token.state != STARTED:
        return  # one that failed, or waits, begins to watch when it is entered
    for boundary in spec.boundaries:
        if _new(moving, boundary):
            boundary.listen_on(case, token)
            _told(moving, boundary)


def _told(moving: Moving, spec: NodeSpec) -> None:
    zh = f"“{spec.title}”是新版本加的，从迁移的时刻起等它；要计时的从那时起计。"
    en = f'"{spec.title}" is new: it is waited for from the move on, and what runs begins then.'
    moving.note("listens", spec, zh, en)


def _not_yet(moving: Moving, case: Case, first: int) -> None:
    """What begins to wait must not happen at once: nobody would have seen it come."""
    for wait in case.waits.values():
        if int(wait.id[1:]) <= first:
            continue
        spec, on = case.spec_of(wait), case.waiter(wait)
        assert isinstance(spec, Catching)
        at_once = False
        if wait.kind == "timer":
            at_once = datetime.fromisoformat(wait.facts["due"]) <= case.now
        elif wait.kind == "conditional":
            condition = spec.catches[wait.index].condition
            try:
                assert condition is not None and on is not None
                at_once = case.holds(spec, condition, on)
            except Failure:
                at_once = False  # a variable it reads is not there yet
        if at_once:
            moving.hinder(
                "past",
                spec,
                f"新版本加的“{spec.title}”，它的时间已经过了或条件现在就成立，迁移过去会马上触发。请等本件过了这一步再迁移。",
                f'"{spec.title}" is new, and its time is over or its condition holds now: it would happen at once. '
                "Move the case once it has passed this step.",
            )
    case.touched = False


def _dates(moving: Moving, case: Case, token: Token) -> None:
    """A step keeps its day; what that was reckoned from only where it is reckoned so still."""
    spec = token.task_spec
    facts = token.internal_data.get("task")
    if not isinstance(spec, UserTask) or facts is None:
        return
    old = _source(moving, spec)
    assert isinstance(old, UserTask)
    hands = [(one.assignee, one.groups, one.users) for one in (old, spec)]
    if [_text(one) for one in hands[0]] != [_text(one) for one in hands[1]]:
        _hands(moving, token, spec, facts)
    for short, before, after in (("d", old.due, spec.due), ("f", old.follow_up, spec.follow_up)):
        if _text(before) != _text(after):
            facts.pop(f"{short}-asked", None)
            zh = f"“{spec.title}”的期限在新版本里改了；本件这一步的期限不变。"
            en = f'When "{spec.title}" is due is said anew in the new version; this one keeps its day.'
            moving.note("date", spec, zh, en)


def _hands(moving: Moving, token: Token, spec: UserTask, facts: dict[str, Any]) -> None:
    """Whom the new version means; whoever has claimed the step keeps it (that is the caller's to see to)."""
    try:
        spec.name_hands(token, facts)
    except Failure:
        _unreckoned(moving, spec)
        return
    zh = f"“{spec.title}”由谁办，新版本改了：没有人签收的，等新的人签收；已经签收的还归他办。"
    en = f'Who does "{spec.title}" is another in the new version: unclaimed it waits for those; claimed it stays.'
    moving.note("who", spec, zh, en)


def _enough(moving: Moving, case: Case, token: Token) -> None:
    """Under the new condition the votes must not be enough already: a case on the new version would not stand here."""
    spec = token.task_spec
    if not isinstance(spec, Activity) or spec.loop is None or "body" not in token.internal_data:
        return
    old = _source(moving, spec)
    assert isinstance(old, Activity) and old.loop is not None
    if spec.loop.done_when is None or _text(old.loop.done_when) == _text(spec.loop.done_when):
        return
    if not token.data.get("numberOfCompletedInstances"):
        return
    try:
        enough = token.holds(spec.loop.done_when)
    except Failure:
        _unreckoned(moving, spec)
        return
    if enough:
        moving.hinder(
            "enough",
            spec,
            f"“{spec.title}”已经办的，按新版本的条件现在就算够了。请等它过了这一步再迁移。",
            f'What was done of "{spec.title}" is enough already by the condition of the new version. Move the case '
            "once it has passed.",
        )


def _called(moving: Moving, case: Case, token: Token) -> None:
    """A process that was called runs on: the step that called it must call the same."""
    spec = token.task_spec
    run = case.scopes.get(token.internal_data.get("scope", "-"))
    if not isinstance(spec, CallActivity) or run is None:
        return
    try:
        called = str(token.evaluate(spec.called)) if spec.called is not None else ""
    except Failure:
        _unreckoned(moving, spec)
        return
    if called != run.process.name:
        moving.hinder(
            "call",
            spec,
            f"本件正在“{spec.title}”调用的流程里，新版本的这一步调用的是另一个流程。请等它回来再迁移。",
            f'It is in the process that "{spec.title}" called, and the new version calls another. Move it once that '
            "has ended.",
        )


def _passed(moving: Moving, case: Case) -> None:
    """Steps that are new and lie behind it: it will never see them, and somebody should know."""
    for scope in case.scopes.values():
        ahead = _Ahead(scope.spec)
        specs = [t.task_spec for t in scope.tokens.values()]
        reached: set[str] = set()
        for spec in specs:
            reached |= ahead.of(spec) | {spec.name}
        flows = {flow.id: flow for node in scope.spec.nodes for flow in node.outs}
        coming = {flows[one].target.name for one in reached if one in flows}
        behind = _behind(specs)
        for node in scope.spec.nodes:
            if not isinstance(node, Activity) or not _new(moving, node) or node.name in coming:
                continue
            if node.name in behind and not isinstance(node, (EventSubProcess, SubProcess)):
                zh = f"“{node.title}”是新版本加在前面的，本件已经走过那里，不会再办它。"
                en = f'"{node.title}" is new and lies behind: this case will not come to it.'
                moving.note("passed", node, zh, en)


def _lacks(moving: Moving, case: Case) -> tuple[frozenset[str], frozenset[str]]:
    """What the new version reads ahead and the old one never did, and this case does not hold."""
    coming = ahead(case)
    named, forms = brings(coming)
    if ANYTHING in named:
        return frozenset(), frozenset(forms)
    known = reads(node for process in moving.old.definition.processes.values() for node in nodes(process))
    held = {name for scope in case.scopes.values() for name in scope.variables}
    held |= {name for token in case.tasks.values() for name in token.data}
    return frozenset(reads(coming) - known - held - named), frozenset(forms)


def _behind(specs: Iterable[NodeSpec]) -> frozenset[str]:
    seen: set[str] = set()
    todo: list[NodeSpec] = [flow.source for spec in specs for flow in _ins(spec)]
    while todo:
        spec = todo.pop()
        if spec.name not in seen:
            seen.add(spec.name)
            todo += [flow.source for flow in _ins(spec)]
    return frozenset(seen)


def _ins(spec: NodeSpec) -> Iterator[FlowSpec]:
    yield from spec.ins
    if spec.node.attached_to:
        yield from spec.process.task_specs[spec.node.attached_to].ins
