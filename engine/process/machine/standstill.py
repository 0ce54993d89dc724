"""A case may never stand still without somebody being told.

When nothing moves any more, every token must be able to move again by something that can still happen: a person's task,
an answer, a due time, a message or signal, the retry of an incident, or another token that can move and so bring what
it waits for. One that cannot gets an incident: a join whose branch has ended, two tokens on one flow, a task that wants
two tokens and gets one, inclusive joins that wait for each other, a condition that nothing can make true, one who
undoes and whose handler is gone. The incident goes when the token can move again, or ends.

One fault, one incident: of tokens that wait for each other the one that waits for nobody else is told; the others wait
for it, and it can be retried. In a circle the first is told.
"""

from __future__ import annotations

from engine.process.machine.case import Case, Token
from engine.process.machine.net import IN_VAIN
from engine.process.machine.spiff import READY, STARTED

_FROM_OUTSIDE = ("timer", "message", "signal")


def tell_standstill(case: Case) -> None:
    """Incidents for the tokens that nothing can move; those of before that something can move again are closed."""
    if case.completed:
        return
    told = {t.id for t in case.tasks.values() if (i := case.incident_at(t)) is not None and i.code == IN_VAIN}
    if not told and all(_moved_from_outside(case, _waits(case), t) for t in case.tasks.values()):
        return
    stuck = _stuck(case, frozenset())
    for id in told - {t.id for t in stuck}:
        case.clear_incident(case.tasks[id])
    told &= {t.id for t in stuck}
    while stuck := _stuck(case, frozenset(told)):
        for token in _causes(case, stuck):
            case.tell(token, token.task_spec.in_vain(token))
            told.add(token.id)


def _stuck(case: Case, told: frozenset[str]) -> list[Token]:
    """The tokens that nothing can move, in order. Those told count as movable: a person may retry them."""
    waits = _waits(case)
    alive = {t.id for t in case.tasks.values() if t.id in told or _moved_from_outside(case, waits, t)}
    left = [t for t in case.tasks.values() if t.id not in alive]
    while moved := {t.id for t in left if _moved_by_others(case, waits, t, alive)}:
        alive |= moved
        left = [t for t in left if t.id not in moved]
    return left


def _waits(case: Case) -> dict[str, set[str]]:
    """Token -> the kinds of events it waits for."""
    found: dict[str, set[str]] = {}
    for wait in case.waits.values():
        if wait.token is not None:
            found.setdefault(wait.token, set()).add(wait.kind)
    return found


def _moved_from_outside(case: Case, waits: dict[str, set[str]], token: Token) -> bool:
    """A person, an answer, a time, a message or a retry can move it."""
    if token.state == READY:
        return True  # this step had to stop; the next goes on
    incident = case.incident_at(token)
    if incident is not None and incident.code != IN_VAIN:
        return True
    if token.state == STARTED and ("task" in token.internal_data or "effect" in token.internal_data):
        return True
    return not waits.get(token.id, set()).isdisjoint(_FROM_OUTSIDE)


def _moved_by_others(case: Case, waits: dict[str, set[str]], token: Token, movers: set[str]) -> bool:
    """One of the movers (ids of tokens) can bring what it waits for."""
    if any(other.id in movers for other in _within(case, token)):
        return True
    if "arrived" in token.internal_data:
        names = {t.task_spec.name for t in token.scope.tokens.values() if t is not token and t.id in movers}
        return token.task_spec.hopes(token, lambda places: not places.isdisjoint(names))
    # A condition is looked at when a variable changes: whoever moves may change one, and so may an event sub-process.
    return "conditional" in waits.get(token.id, ()) and (
        not movers.issubset({token.id})
        or any(wait.scope is not None and wait.kind in _FROM_OUTSIDE for wait in case.waits.values())
    )


def _within(case: Case, token: Token) -> list[Token]:
    """The tokens it waits for to end: inside the scope it holds, instances of its loop, handlers that undo for it."""
    found = [child for child in token.children if child is not None]
    scope = case.scopes.get(token.internal_data.get("scope", "-"))
    if scope is not None:
        found += scope.tokens.values()
    if "undoing" in token.internal_data:
        found += case.handlers_of(token)
    return found


def _causes(case: Case, stuck: list[Token]) -> list[Token]:
    """Those that wait for no other that is stuck; in a circle the first."""
    waits = _waits(case)
    ids = {t.id for t in stuck}
    free = [t for t in stuck if not _moved_by_others(case, waits, t, ids - {t.id})]
    if free:
        return free
    inner = [t for t in stuck if not any(other.id in ids for other in _within(case, t))]
    return [next((t for t in inner if "arrived" in t.internal_data), (inner or stuck)[0])]
