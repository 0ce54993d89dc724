"""A real case with a real timer, and cheap copies of it: for the tests and figures of the sweep."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, select, update

from engine.commands import cases
from engine.people import SYSTEM
from engine.store.models import Case, Event, Task, Timer
from tests.enforcement import hall as halls

SUBMITTED = halls.at("2026-09-18 09:00")
DUE = SUBMITTED + timedelta(hours=24)  # of the boundary timer in the hall's diagram


def case(work, hall) -> int:
    """A case submitted through the front door: one task, one timer."""
    unit = halls.units.place(work, hall.office)
    done = cases.submit(
        work, "trial", {"applicant": {"name": "申请人甲"}}, by=SYSTEM, now=SUBMITTED, channel="system", unit=unit
    )
    work.session.flush()
    return done.case.id


def copies(work, case_id: int, n: int, *, due=DUE) -> list[int]:
    """`n` copies of the case with its task and timer; its audit begins anew, so chains stay whole. Their ids."""
    ids = halls.many(work, case_id, n, events_count=0, events_head="", request_key=None, next_alert_at=None)
    for model in (Task, Timer):
        table = model.__table__
        row = dict(work.session.execute(select(table).where(table.c.case_id == case_id)).mappings().one())
        del row["id"]
        if model is Timer:
            row.update(due_at=due, wake_at=due)
        for start in range(0, n, 1000):
            work.session.execute(insert(table), [dict(row, case_id=i) for i in ids[start : start + 1000]])
    return ids


def rest(work, case_id: int) -> None:
    """The original itself waits for nothing: only the copies are measured."""
    work.session.execute(update(Timer).where(Timer.case_id == case_id).values(wake_at=halls.at("2099-01-01 00:00")))
    work.session.execute(update(Case).where(Case.id == case_id).values(next_alert_at=None))


def fired(work) -> dict[int, int]:
    """How often each case's timer was fired, by the audit."""
    found: dict[int, int] = {}
    for case_id in work.session.scalars(select(Event.case_id).where(Event.kind == "timer.fired")):
        found[case_id] = found.get(case_id, 0) + 1
    return found


def helped(work) -> dict[int, int]:
    """How many tasks the timer's path opened in each case."""
    found: dict[int, int] = {}
    for case_id in work.session.scalars(select(Task.case_id).where(Task.element == "help")):
        found[case_id] = found.get(case_id, 0) + 1
    return found


__all__ = ["DUE", "SUBMITTED", "Case", "case", "copies", "fired", "helped", "rest"]
