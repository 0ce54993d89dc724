"""Turns that are due: each is opened once, with a run and a job for each unit."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from engine.commands.schedules.runs import of_unit
from engine.errors import NotFound, Refused
from engine.matters import plans
from engine.people import SYSTEM, Actor
from engine.people.units import Place
from engine.records import audit, jobs, library, schedules
from engine.store import Database, Work
from engine.store.models import Incident, Schedule, ScheduleRun

log = logging.getLogger("yizhan.schedules")


def open_due(database: Database, *, now: datetime, most: int = 20) -> int:
    """Open up to `most` turns that are due, the longest due first; how many. One transaction each: a schedule that
    cannot be followed is put to rest with an incident, and the others go on."""
    opened = 0
    for _ in range(most):
        with database.unit_of_work() as work:
            row = _take(work, now)
            if row is None:
                break
            id = row.id
        try:
            with database.unit_of_work() as work:
                row = _take(work, now, id)
                if row is not None:
                    opened += 1
                    _open(work, row, now)
        except Exception as error:  # whatever it is, it must not stop the others
            log.exception("schedule %s could not be followed", id)
            with database.unit_of_work() as work:
                _rest(work, id, error, now)
    return opened


def _take(work: Work, now: datetime, id: int | None = None) -> Schedule | None:
    """The one that is longest due, locked: another worker takes the next."""
    due = select(Schedule).where(Schedule.active, Schedule.paused_at.is_(None), Schedule.next_at <= now)
    if id is not None:
        due = due.where(Schedule.id == id)
    due = due.order_by(Schedule.next_at, Schedule.id).limit(1).with_for_update(skip_locked=True)
    return work.session.scalar(due.execution_options(populate_existing=True))


def _open(work: Work, row: Schedule, now: datetime) -> None:
    package = library.current(work, row.matter)
    plan = plans.find(package, row.name)
    if plan is None:
        raise NotFound(f"事项没有定期“{row.name}”。", f"{row.matter} has no schedule {row.name!r}.")
    turn = _turn(row)
    while plan.missed == "last":  # of those that were missed only the last is made up for
        row.last_turn_at = row.turn_at
        schedules.set_next(work, row, plan)
        if row.next_at is None or row.next_at > now:
            break
        turn = _turn(row)
    places = of_unit(work, plan)
    made = add_runs(work, row, places, turn, now=now)
    row.last_turn_at, row.last_at = turn["turn_at"], turn["due_at"]
    schedules.set_next(work, row, plan)
    facts = {"schedule": row.key, "turn": turn["turn_at"].isoformat(), "runs": made}
    audit.record(work, audit.Kind.SCHEDULE_TURN, by=SYSTEM, now=now, facts=facts)


def _turn(row: Schedule) -> dict[str, Any]:
    return {"turn_at": row.turn_at, "due_at": row.next_at, "first": row.next_first, "last": row.next_last}


def add_runs(
    work: Work,
    row: Schedule,
    places: list[Place],
    turn: dict[str, Any],
    *,
    now: datetime,
    by: Actor | None = None,
    reason: str | None = None,
) -> int:
    """A run and its job for each unit that has none of this turn; how many."""
    made = 0
    insert = sqlite.insert(ScheduleRun) if work.dialect == "sqlite" else postgresql.insert(ScheduleRun)
    for place in places:
        values = {
            "schedule_id": row.id,
            "unit_id": place.id,
            **turn,
            "state": "waiting",
            "opened_at": now,
            "error": "",
            "asked_by_id": by.id if by is not None else None,
            "reason": reason,
        }
        id = work.session.scalar(
            insert.values(**values)
            .on_conflict_do_nothing(index_elements=["schedule_id", "unit_id", "turn_at"])
            .returning(ScheduleRun.id)
        )
        if id is not None:
            jobs.put(work, jobs.Kind.BEGIN_SCHEDULED, f"schedule:{id}", {"run": id}, now=now)
            made += 1
    return made


def _rest(work: Work, id: int, error: Exception, now: datetime) -> None:
    """It could not be followed: it rests until an operator lets it go on, then makes up for what it missed."""
    row = work.session.get_one(Schedule, id, with_for_update=True)
    row.paused_at, row.pause_reason = now, "出错，系统暂停"
    zh = error.zh if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    en = error.en if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    work.session.add(
        Incident(
            key=f"schedule:{row.key}",
            name=row.title,
            code="schedule",
            zh=f"定期没有做成：{zh[:1500]} 改好后请到“定期”恢复。",
            en=f"It failed: {en[:1500]} Mend it, then resume it under Schedules.",
            at=now,
        )
    )
