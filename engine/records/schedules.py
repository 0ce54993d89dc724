"""The rows of schedules 定期: they follow what is published, and the calendar. Each names its next turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from engine import matters
from engine.matters import plans
from engine.matters.plans import Plan
from engine.matters.recurring import Turn
from engine.store import Work
from engine.store.models import Schedule
from engine.workdays import Calendar, UnknownYear


def follow(work: Work, package: matters.Package, *, now: datetime) -> None:
    """A matter was published: its schedules are the newest version's. One that is as it was goes on, with what it still
    owes; a new or another rule begins after this moment; what is not declared any more stops."""
    rows = {one.name: one for one in work.session.scalars(select(Schedule).where(Schedule.matter == package.name))}
    for plan in plans.of(package) if package.info.published else ():
        row = rows.pop(plan.name, None)
        rule = said(plan)
        if row is None:
            row = Schedule(key=f"{package.name}.{plan.name}", matter=package.name, name=plan.name, counts_from=now)
            row.rule, row.active, row.pause_reason = {}, False, ""
            work.session.add(row)
        row.title = plan.title[:120]
        if row.rule == rule and row.active:
            continue
        owes = row.active and row.next_at is not None and row.next_at <= now
        row.rule, row.active = rule, True
        if not owes:  # what is owed is opened first; the turn after it goes by the new rule
            begin_anew(work, row, plan, now=now)
    for row in rows.values():
        _stop(row)
    work.session.flush()


def stop(work: Work, matter: str) -> None:
    """The matter was taken off: nothing of it begins by itself any more."""
    for row in work.session.scalars(select(Schedule).where(Schedule.matter == matter, Schedule.active)):
        _stop(row)
    work.session.flush()


def _stop(row: Schedule) -> None:
    row.active = False
    row.turn_at = row.next_at = row.next_first = row.next_last = row.lacks_year = None


def said(plan: Plan) -> dict[str, Any]:
    """What decides when it begins, and for whom: another one begins anew."""
    return {
        "every": plan.rule.text,
        "closed": plan.closed,
        "from": plan.since.isoformat() if plan.since else None,
        "until": plan.until.isoformat() if plan.until else None,
        "for": list(plan.kinds),
        "missed": plan.missed,
    }


def begin_anew(work: Work, row: Schedule, plan: Plan, *, now: datetime) -> None:
    """Turns count from this moment on: what was due before is not made up for."""
    row.counts_from = now
    set_next(work, row, plan)


def set_next(work: Work, row: Schedule, plan: Plan, calendar: Calendar | None = None) -> None:
    """Its next turn, be it long due; after the last one that was opened."""
    turn, lacks = None, None
    try:
        turn = _next(row, plan, calendar or work.calendar)
    except UnknownYear as unknown:
        lacks = unknown.year
    row.lacks_year = lacks
    row.turn_at = turn.turn if turn is not None else None
    row.next_at = turn.due if turn is not None else None
    row.next_first = turn.first if turn is not None else None
    row.next_last = turn.last if turn is not None else None


def _next(row: Schedule, plan: Plan, calendar: Calendar) -> Turn | None:
    if row.last_turn_at is None:
        return plan.rule.due_after(row.counts_from, calendar, closed=plan.closed, since=plan.since, until=plan.until)
    turn = _after(plan, row.last_turn_at, calendar)
    while turn is not None and turn.due <= row.counts_from:  # it rested then
        turn = _after(plan, turn.turn, calendar)
    return turn


def _after(plan: Plan, named: datetime, calendar: Calendar) -> Turn | None:
    return plan.rule.after(named, calendar, closed=plan.closed, since=plan.since, until=plan.until)


def follow_calendar(
    work: Work, package_of: Callable[[Work, str], matters.Package], *, now: datetime, calendar: Calendar | None = None
) -> list[str]:
    """Another calendar: turns that are not due yet are dated again. The keys of those that moved."""
    waits = or_(Schedule.next_at > now, Schedule.lacks_year.is_not(None))
    moved = []
    for row in work.session.scalars(select(Schedule).where(Schedule.active, waits).order_by(Schedule.id)):
        plan = plans.find(package_of(work, row.matter), row.name)
        if plan is None:
            continue
        before = row.next_at
        set_next(work, row, plan, calendar)
        if row.next_at != before:
            moved.append(row.key)
    work.session.flush()
    return moved


def due(now: ColumnElement[datetime]) -> Select[int]:
    """Whether any turn is due: one look at the index."""
    return select(Schedule.id).where(Schedule.active, Schedule.paused_at.is_(None), Schedule.next_at <= now).limit(1)
