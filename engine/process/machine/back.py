"""退回 and 撤回: going back along the way a token came, without breaking what waits at joins.

The rules, by where the target lies on the way of the task that is returned:

| where | what happens |
|---|---|
| same branch | this branch is rewound; what waits at the join stays |
| at or before the fork | the live branches are cancelled, all run again |
| another live branch | refused: it would break the join's count |
| after the join, into a branch | rewound to the fork; the branches taken then run again |
| inside 会签 | the whole multi-instance is cancelled |
| outside the sub-process | the sub-process is cancelled |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import NotNow
from engine.process.language.texts import exact
from engine.process.machine import state as store
from engine.process.machine.case import Case, Token
from engine.process.machine.definition import Definition
from engine.process.machine.net import FlowSpec, NodeSpec
from engine.process.machine.path import FORK, JOIN, USER
from engine.process.step import ClosedTask, Reopen, Return


@dataclass(frozen=True, slots=True)
class Place:
    """A user task on the way, and what must be rewound to come to it."""

    element: str
    record: str  # of the user task, or of the fork when it lies inside a block that was joined since
    scope: str
    forks: tuple[str, ...]  # forks still open that are crossed, the nearest first
    block: bool


def places(case: Case, token: Token) -> Iterator[Place]:
    """Every user task the token's way led through, the nearest first."""
    path = case.path
    step, from_join = token.at, False
    forks: list[str] = []
    seen = {(token.task_spec.name, token.scope.id)}  # back to oneself is no way back
    while step and step in path.records:
        kind, element, scope, _, extra = path.records[step]
        if kind == USER and (element, scope) not in seen:
            seen.add((element, scope))
            yield Place(element, step, scope, tuple(forks), False)
        elif kind == FORK and not from_join:
            forks.append(step)
        elif kind == JOIN and extra and path.records[extra][0] == FORK and path.records[extra][4]:
            inside = path.ancestors(step) - path.ancestors(extra)
            for id in sorted(inside, key=_number, reverse=True):
                record = path.records[id]
                if record[0] == USER and record[2] == scope and (record[1], scope) not in seen:
                    seen.add((record[1], scope))
                    yield Place(record[1], extra, scope, tuple(forks), True)
        from_join = kind == JOIN
        step = path.before(step)


def open_forks(case: Case, at: str) -> list[str]:
    """The forks on a way that were not joined since, the nearest first."""
    found, step, from_join = [], at, False
    while step and step in case.path.records:
        kind = case.path.records[step][0]
        if kind == FORK and not from_join:
            found.append(step)
        from_join = kind == JOIN
        step = case.path.before(step)
    return found


def _number(id: str) -> int:
    return int(id[1:])


def returnable(definition: Definition, state: bytes, task_id: str) -> list[tuple[str, str]]:
    """(element id, name) of the user tasks an open task can be sent back to, in the order they were done."""
    case = store.loads(definition, state)
    token = case.open_task(task_id)
    found: dict[str, str] = {}
    for place in places(case, token.parent or token):
        if place.scope in case.scopes and place.element not in found:
            spec = case.scopes[place.scope].process.task_specs[place.element]
            found[place.element] = spec.node.name
    return list(reversed(found.items()))


def send_back(case: Case, input: Return) -> None:
    """退回. Raises NotNow when the target is not on the way, or lies in another branch."""
    token = case.open_task(input.task_id)
    body = token.parent or token
    place = next((p for p in places(case, body) if p.element == input.to_element and p.scope in case.scopes), None)
    if place is None:
        raise _not_there(case, body, input.to_element)
    for name, value in input.variables.items():
        body.assign(name, exact(value))
    scope = case.scopes[place.scope]
    here = body
    while here.scope is not scope:
        holder = here.scope.holder()
        assert holder is not None
        here = holder.parent or holder
    path = case.path
    mine = [f for f in place.forks if path.records[f][2] == scope.id]
    why = body.task_spec.name
    redone = path.ancestors(here.at)
    if place.block:
        redone -= path.ancestors(place.record)
    else:
        redone -= set().union(*(path.ancestors(b) for b in path.parents(place.record)))
    if token is not body or here is not body:
        case.closed.append(ClosedTask(token.id, token.task_spec.name, "returned", input.to_element))
        token.internal_data.pop("task")
        _cancel(case, here, why)
    else:
        case.cancel_token(token, "returned", input.to_element)
    if mine:
        redone |= cancel_after(case, mine[-1], why)
    if place.block:
        redone |= cancel_after(case, place.record, why)
    _superseded(case, redone, why)
    scope.done = [d for d in scope.done if d["at"] not in redone]
    if place.block:
        record = path.records[place.record]
        spec = scope.process.task_specs[record[1]]
        for id in record[4]:
            _flow(spec, id).target.arrive(case, scope, _flow(spec, id), place.record)
    else:
        before = path.parents(place.record)
        case.ready_token(scope.process.task_specs[place.element], scope, before[0] if before else "")


def _flow(spec: NodeSpec, id: str) -> FlowSpec:
    return next(f for f in spec.outs if f.id == id)


def _cancel(case: Case, token: Token, why: str) -> None:
    case.cancel_token(token, "cancelled", why)


def cancel_after(case: Case, record: str, why: str) -> set[str]:
    """Cancel every token that came by this record; what of it waits at a join is taken away. The records undone."""
    undone: set[str] = set()
    for token in list(case.tasks.values()):
        if token.id not in case.tasks:
            continue
        arrived = token.internal_data.get("arrived")
        if arrived is not None:
            for flow, ats in list(arrived.items()):
                gone = [a for a in ats if record in case.path.ancestors(a)]
                for at in gone:
                    undone |= case.path.ancestors(at)
                    ats.remove(at)
                if not ats:
                    del arrived[flow]
            if not arrived and not token.internal_data.get("resetting"):
                case.forget(token)
        elif record in (ways := case.path.ancestors(token.at)):
            undone |= ways
            case.cancel_token(token.parent or token, "cancelled", why)
    return undone - case.path.ancestors(record)


def _superseded(case: Case, redone: set[str], why: str) -> None:
    """Finished tasks that will be done again."""
    for id in sorted(redone, key=_number):
        record = case.path.records[id]
        if record[0] == USER:
            for task in record[4]:
                case.closed.append(ClosedTask(task, record[1], "superseded", why))


def _not_there(case: Case, token: Token, element: str) -> NotNow:
    spec = token.scope.process.task_specs.get(element)
    name = spec.title if spec is not None else element
    here = token.task_spec.title
    if any(r[0] == USER and r[1] == element for r in case.path.records.values()):
        return NotNow(
            f"不能从「{here}」退回到「{name}」：它在另一条并行分支上，退回会使汇合处少一份。请退回到分支之前的环节。",
            f'"{here}" cannot be sent back to "{name}": it is in another parallel branch, and the join would come up '
            "short. Send it back to a task before the fork.",
            element=element,
        )
    return NotNow(
        f"不能从「{here}」退回到「{name}」：本轮还没有办过这个环节。",
        f'"{here}" cannot be sent back to "{name}": that task has not been done on this round\'s path.',
        element=element,
    )


# ---------------------------------------------------------------- 撤回


def reopen(case: Case, input: Reopen) -> None:
    """撤回. Raises NotNow when a later task was done, the branch has ended, or the 会签 is settled."""
    id = input.task_id
    for body in list(case.tasks.values()):
        for number, task in body.internal_data.get("done", ()):
            if task == id:
                case.closed.append(ClosedTask(id, body.task_spec.name, "superseded", body.task_spec.name))
                body.task_spec.loop.reopen(body, number)
                return
    record = case.path.records.get(id)
    if record is None or record[0] != USER or record[2] not in case.scopes or record[4] != [id]:
        raise NotNow(
            f"任务 {id} 不能撤回：它不在当前的办理路径上，或已汇总、已结束。",
            f"Task {id} cannot be reopened: it is not on a live path, or its round is settled.",
            task=id,
        )
    path = case.path
    scope = case.scopes[record[2]]
    spec = scope.process.task_specs[record[1]]
    after = [r for r in path.records if r != id and id in path.ancestors(r)]
    for later in after:
        if path.records[later][0] == USER:
            name = scope.process.task_specs[path.records[later][1]].title
            raise NotNow(
                f"「{spec.title}」不能撤回：后面的「{name}」已经办理。",
                f'"{spec.title}" cannot be reopened: "{name}" after it has been done.',
                element=path.records[later][1],
            )
    if any(path.records[j][0] == JOIN and path.records[j][1] not in scope.process.task_specs for j in after):
        raise NotNow(
            f"“{spec.title}”不能撤回：分支已经汇合，后来换了流程的版本，分不开了。",
            f'"{spec.title}" cannot be reopened: the branches have met, and the case was moved to '
            "another version since.",
            element=spec.name,
        )
    restored = [
        (path.records[j][1], flow, at)
        for j in after
        if path.records[j][0] == JOIN
        for flow, at in path.records[j][3]
        if id not in path.ancestors(at)
    ]
    for token in list(case.tasks.values()):
        if token.id not in case.tasks:
            continue
        arrived = token.internal_data.get("arrived")
        if arrived is not None:
            for flow, ats in list(arrived.items()):
                ats[:] = [a for a in ats if id not in path.ancestors(a)]
                if not ats:
                    del arrived[flow]
            if not arrived and not token.internal_data.get("resetting"):
                case.forget(token)
        elif id in path.ancestors(token.at):
            case.cancel_token(token.parent or token, "superseded", spec.name)
    case.closed.append(ClosedTask(id, spec.name, "superseded", spec.name))
    case.rounds[spec.name] = max(0, case.rounds.get(spec.name, 1) - 1)  # the same round goes on
    for element, flow_id, at in restored:
        join = scope.process.task_specs[element]
        flow = next((f for f in join.ins if f.id == flow_id), None)
        join.arrive(case, scope, flow, at)
    case.ready_token(spec, scope, record[3][0] if record[3] else "")
