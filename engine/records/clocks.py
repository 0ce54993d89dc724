"""The time-limit ledger of a case in the database: its events are kept with the case, what follows from them is
columns.

    ledger = clocks.ledger(work, case, rules)
    after = ledger.with_event(event)                  # refused when unlawful
    clocks.keep(work, case, [event], by=actor)
    clocks.settle(work, case, after, policy, now=now) # due dates, colour, and when the worker looks next

`settle` is called by every command that changed the ledger or the open tasks, in the same transaction. No ledger is
opened to list cases, and the worker never looks at a case before its `next_alert_at`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from types import MappingProxyType
from typing import Any

from sqlalchemy import Exists, exists, select

from engine.deadlines import Account, Before, Event, Ledger, Policy, Rules, Running, changes, colour_of
from engine.deadlines import rules as rules_of
from engine.deadlines.escalation import PolicyStep
from engine.people import Actor, units
from engine.plain import dig
from engine.store import Work
from engine.store.models import Case, Escalation, SideClock, Task
from engine.workdays import ZONE, OpeningHours, UnknownYear, local_date


@dataclass(frozen=True, slots=True)
class Planned:
    """One step of a policy, for one round of one task (or for the case, when no task is open)."""

    key: str  # unique for ever: what is written when it is carried out
    at: datetime
    step: PolicyStep
    task: Task | None


def ledger(work: Work, case: Case, rules: Rules) -> Ledger:
    """The case's ledger, from what the case remembers. A case that was moved to another version (迁移) is counted by
    what was promised and allowed when it was handed in; the limits of its steps are the new version's."""
    kept = case.limits_before
    if kept is not None:
        before = rules_of(str(kept["regime"]), promised=kept["promised"], on=local_date(case.received_at))
        rules = replace(before, steps={**before.steps, **rules.steps})
    hours = units.opening_hours(work, case.office_id)
    return Ledger(rules, work.calendar, hours, tuple(Event.from_json(row) for row in case.ledger or ()))


def keep(work: Work, case: Case, events: Iterable[Event], *, by: Actor) -> None:
    """Write events that the ledger has accepted. They live in the case's own row: no statement more."""
    case.ledger = [*(case.ledger or ()), *(each.to_json() for each in events)]


def settle(
    work: Work,
    case: Case,
    after: Ledger,
    policy: Policy,
    *,
    now: datetime,
    tasks: list[Task] | None = None,
    account: Account | None = None,
) -> Account:
    """Write what follows from the ledger and the open tasks into the columns; `tasks` and `account`, when the caller
    has them already."""
    account = after.account(now) if account is None else account
    marks, limits = account.marks, account.limits
    tasks = open_tasks(work, case) if tasks is None else tasks
    step_due = min((at for at in (marks.step_due_at, *(t.due_at for t in tasks)) if at), default=None)
    seen = marks.with_step(step_due)
    promised, statutory = limits.get("promised"), limits.get("statutory")
    # The clocks may stand before the case ends (a 回访 follows): nothing is due any more, and when they stopped is
    # kept.
    case.stopped_at = (case.stopped_at or now) if account.phase == "done" else None
    follows = case.stopped_at is not None and case.status == "running"
    case.promised_due = promised.due_at if promised and not follows else None
    case.statutory_due = statutory.due_at if statutory and not follows else None
    case.step_due = None if account.phase == "done" else step_due
    case.yellow_at, case.deemed_at = marks.yellow_at, marks.deemed_at
    case.paused_at = (case.paused_at or now) if marks.paused else None
    case.colour = colour_of(seen, now)
    moments = [at for at, _ in changes(seen, now)]
    planned = plan(case.id, policy, after, account, tasks)
    moments += [p.at for p in planned if p.at > now]
    if account.deemed_due or missing(work, case, [p for p in planned if p.at <= now]):
        moments.append(now)  # due already, and nobody has done it: the worker does it next
    case.next_alert_at = min(moments, default=None)
    return account


def backward_due(limit: Before, variables: Mapping[str, Any], ledger: Ledger) -> datetime | None:
    """When a step must be done that counts backward from a date; None while there is no date, or its year is not
    known."""
    hours = ledger.hours or OpeningHours(ledger.calendar)
    try:
        return limit.until(dig(variables, limit.path), ledger.calendar, hours)
    except UnknownYear:
        return None


def redate_tasks(
    tasks: Iterable[Task],
    before: Ledger,
    before_at: datetime,
    after: Ledger,
    after_at: datetime,
    backward: Mapping[str, Before] = MappingProxyType({}),
) -> None:
    """Open tasks whose due time came from a step limit of the matter follow the ledger (a calendar was corrected, a
    pause has ended); a due time that the diagram or a person set stays."""
    for task in tasks:
        if (limit := backward.get(task.element)) is not None:
            if task.due_at == backward_due(limit, task.variables, before):
                task.due_at = backward_due(limit, task.variables, after)
            continue
        if task.element not in before.rules.steps:
            continue
        if task.due_at == before.step_due(task.element, task.opened_at, before_at).due_at:
            task.due_at = after.step_due(task.element, task.opened_at, after_at).due_at


def open_tasks(work: Work, case: Case) -> list[Task]:
    """The tasks that wait, the unflushed ones included."""
    work.session.flush()
    return list(
        work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state != "ended").order_by(Task.id))
    )


def plan(case_id: int, policy: Policy, after: Ledger, account: Account, tasks: list[Task]) -> list[Planned]:
    """Every step of the policy with its moment, in order of time, for each open task that was open by then."""
    found: list[Planned] = []
    for task in tasks:
        marks = account.marks.with_step(task.due_at or account.marks.step_due_at)
        for firing in policy.firings(marks, after.calendar, after.hours):
            if firing.at >= task.opened_at:  # what came before this round is not this round's
                key = f"case:{case_id}:task:{task.id}:{task.round}:{firing.step.id}"
                found.append(Planned(key, firing.at, firing.step, task))
    if not tasks and account.received_on:
        # Nobody has a task (the case waits for a timer or another office): the supervisor is told all the same.
        marks = account.marks
        for firing in policy.firings(marks, after.calendar, after.hours):
            if firing.step.do == "tell_supervisor" and firing.at >= after.events[0].at:
                found.append(Planned(f"case:{case_id}:task:0:0:{firing.step.id}", firing.at, firing.step, None))
    return sorted(found, key=lambda p: p.at)


def missing(work: Work, case: Case, planned: list[Planned]) -> list[Planned]:
    """Those of the planned steps that nobody has carried out."""
    if not planned:
        return []
    done = set(work.session.scalars(select(Escalation.key).where(Escalation.case_id == case.id)))
    return [p for p in planned if p.key not in done]


def sides(work: Work, case_id: int) -> list[SideClock]:
    """The limits of other regimes that run in a case, oldest first."""
    return list(work.session.scalars(select(SideClock).where(SideClock.case_id == case_id).order_by(SideClock.id)))


#: Under this a transaction keeps that no such limit runs in a case (Work.found).
_BESIDE = "limit beside"


def any_side() -> Exists:
    """Whether such a limit runs in the case of a query: asked with the case, for in most of them none does."""
    return exists().where(SideClock.case_id == Case.id, SideClock.stopped_at.is_(None)).correlate(Case)


def seen(work: Work, case: Case, beside: bool) -> None:
    """The case was found, and locked, with such a limit running or with none (`any_side`)."""
    work.found(_BESIDE, case.id, beside)


def running(work: Work, case_id: int) -> list[SideClock]:
    """Those of them that run now."""
    if work.has_none(_BESIDE, case_id):
        return []
    return [one for one in sides(work, case_id) if one.stopped_at is None]


def side(work: Work, clock: SideClock, now: datetime) -> Running:
    """What such a limit says now, day by day, by the same ledger as every other."""
    rules = rules_of(clock.regime)
    begun = datetime.combine(clock.starts_on, time(12), ZONE)
    counted = Ledger(rules, work.calendar).with_event(Event("received", begun))
    if clock.stopped_at is not None:
        counted = counted.with_event(Event("stopped", max(clock.stopped_at, begun), reason="已完成"))
    found = counted.account(max(now, begun)).leading
    assert found is not None  # its first event is there
    return replace(found, id=clock.regime, name=rules.regime.name, source=rules.regime.source)
