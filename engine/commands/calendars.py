"""Publishing a correction of the county's calendar: first it shows which open deadlines move, then it moves them.

A due day is always recomputed from the ledger's events, never shifted: publishing the same file twice moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import yaml
from sqlalchemy import select

from engine import workdays
from engine.errors import AlreadyDone
from engine.people import SYSTEM, Actor, may, require
from engine.records import audit, clocks, library
from engine.store import Database, Work
from engine.store.models import Beat, CalendarFile, Case
from engine.workdays import Calendar, local_date

#: Cases are read in portions of this size.
PORTION = 500
#: … and computed again, at a start, in transactions of this size: others must write between them.
CATCH_UP = 50


@dataclass(frozen=True, slots=True)
class Move:
    """One limit of one case that ends on another day."""

    case_id: int
    number: str
    matter: str
    limit: str  # accept, promised, statutory, deliver …
    before: date | None  # None: the year was not known
    after: date | None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a calendar file changes."""

    source: str
    days: tuple[date, ...]  # that are worked or not, otherwise than before
    moves: tuple[Move, ...]


def preview(work: Work, text: str, *, by: Actor, now: datetime) -> Correction:
    """What publishing this file would change; nothing is written. Invalid names every fault of the file."""
    _must_answer_for_it(by)
    before, after = work.calendar, _laid_over(work, text)
    moves = tuple(move for _, found in _moved(work, after, now) for move in found)
    return Correction(after.sources[-1], tuple(before.differences(after)), moves)


def publish(work: Work, text: str, *, by: Actor, now: datetime) -> Correction:
    """Publish the file: open deadlines are computed again, each move is in the audit of its case."""
    _must_answer_for_it(by)
    before, after = work.calendar, _laid_over(work, text)
    if work.session.scalar(select(CalendarFile.id).where(CalendarFile.text == text)) is not None:
        raise AlreadyDone("这份日历已经发布过。", "Expected a calendar file not yet published, but this one was.")
    facts = yaml.safe_load(text)
    row = CalendarFile(
        text=text, source=facts["source"].strip()[:200], published_on=facts["published_on"], added_at=now, by_id=by.id
    )
    work.session.add(row)
    work.session.flush()
    moves: list[Move] = []
    for case, found in _moved(work, after, now):
        moves += found
        info = library.version(work, case.version_hash).info
        rules = info.limits.rules(local_date(case.received_at))
        ledger = clocks.ledger(work, case, rules)
        clocks.redate_tasks(clocks.open_tasks(work, case), ledger, now, ledger.under(after), now)
        clocks.settle(work, case, ledger.under(after), info.policy(), now=now)
        audit.record(
            work, audit.Kind.CASE_REDATED, by=by, now=now, case=case,
            facts={
                "calendar": row.id,
                "moves": [[m.limit, _text(m.before), _text(m.after)] for m in found],
            },
        )  # fmt: skip
    days = tuple(before.differences(after))
    audit.record(
        work, audit.Kind.CALENDAR, by=by, now=now,
        facts={"calendar": row.id, "days": len(days), "moved": len({m.case_id for m in moves})},
    )  # fmt: skip
    work.session.flush()
    work.after_commit(work.database.forget_calendar)
    return Correction(row.source, days, tuple(moves))


def may_publish(by: Actor) -> bool:
    """Operators, and those who head the county: its calendar is theirs."""
    return may(by, "operate") or by.supervises(None)


def _must_answer_for_it(by: Actor) -> None:
    if not may_publish(by):
        require(by, "operate")


def _laid_over(work: Work, text: str) -> Calendar:
    files = list(work.session.scalars(select(CalendarFile.text).order_by(CalendarFile.id)))
    return workdays.china([*files, text])


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _moved(work: Work, after: Calendar, now: datetime) -> Iterator[tuple[Case, list[Move]]]:
    """The open cases of which a limit moves, with what moves. Read in portions, so any number may be open."""
    last = 0
    while True:
        cases = list(
            work.session.scalars(
                select(Case).where(Case.finished_at.is_(None), Case.id > last).order_by(Case.id).limit(PORTION)
            )
        )
        if not cases:
            return
        for case in cases:
            info = library.version(work, case.version_hash).info
            ledger = clocks.ledger(work, case, info.limits.rules(local_date(case.received_at)))
            old, new = ledger.account(now).limits, ledger.under(after).account(now).limits
            moves = [
                Move(case.id, case.number, case.matter_name, name, old[name].due_on, new[name].due_on)
                for name in new
                if name in old and old[name].state not in ("met", "missed") and old[name].due_on != new[name].due_on
            ]
            if moves:
                yield case, moves
        last = cases[-1].id


def catch_up(database: Database, machine: str, *, now: datetime) -> int:
    """After a start: when the program came with another calendar (a new year was announced), open deadlines follow.

    How many cases moved. Costs one look when the calendar is the one this machine's worker had before.
    """
    with database.reading() as work:
        calendar = work.calendar
        beat = work.session.get(Beat, machine)
        if beat is not None and beat.calendar == calendar.version:
            return 0
    moved = last = 0
    while True:
        with database.unit_of_work() as work:
            cases = list(
                work.session.scalars(
                    select(Case)
                    .where(Case.finished_at.is_(None), Case.id > last)
                    .order_by(Case.id)
                    .limit(CATCH_UP)
                    .with_for_update()
                )
            )
            for case in cases:
                moved += _follow(work, case, now)
        if not cases:
            break
        last = cases[-1].id
    with database.unit_of_work() as work:
        beat = work.session.get(Beat, machine, with_for_update=True)
        if beat is not None:
            beat.calendar = calendar.version
    return moved


def _follow(work: Work, case: Case, now: datetime) -> bool:
    """Compute one case again under the calendar of today; whether a day moved."""
    before = {"promised": case.promised_due, "statutory": case.statutory_due}
    info = library.version(work, case.version_hash).info
    rules = info.limits.rules(local_date(case.received_at))
    clocks.settle(work, case, clocks.ledger(work, case, rules), info.policy(), now=now)
    after = {"promised": case.promised_due, "statutory": case.statutory_due}
    if before == after:
        return False
    moves = [[name, _day(before[name]), _day(after[name])] for name in after if before[name] != after[name]]
    facts = {"calendar": work.calendar.version, "moves": moves}
    audit.record(work, audit.Kind.CASE_REDATED, by=SYSTEM, now=now, case=case, facts=facts)
    return True


def _day(at: datetime | None) -> str | None:
    """The local day a limit ends on; midnight belongs to the day it ends."""
    return _text(local_date(at - timedelta(microseconds=1)) if at else None)
