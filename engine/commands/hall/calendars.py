"""Publishing a correction of the county's calendar: first it shows which open deadlines move, then it moves them.

A due day is always recomputed, never shifted: a limit of the law from the ledger's events, a timer or due date of the
diagram from the moment and the variables its expression had. So publishing the same file twice moves nothing.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import yaml
from sqlalchemy import select

from engine import process, workdays
from engine.commands import order_rows
from engine.commands.applying import env_of
from engine.commands.booking import closing
from engine.commands.booking.due import make_times
from engine.commands.cases.finding import find_case
from engine.commands.equipment import Equipment
from engine.deadlines import Ledger
from engine.errors import AlreadyDone
from engine.matters import Package
from engine.people import SYSTEM, Actor, may, require
from engine.records import audit, clocks, jobs, library, notices, schedules, timers
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.db import CALENDAR_FRESH_S
from engine.store.models import Beat, CalendarFile, Case, Event, Timer
from engine.workdays import Calendar, local_date, say

log = logging.getLogger("yizhan.calendars")

#: Cases are read in portions of this size.
PORTION = 500
#: … and computed again, at a start, in transactions of this size: others must write between them.
CATCH_UP = 50


#: After this long every process has read a published calendar; what was dated by the old one until then is dated again.
SEEN_BY_ALL = timedelta(seconds=2 * CALENDAR_FRESH_S)


@dataclass(frozen=True, slots=True)
class Move:
    """One limit of one case that ends on another day."""

    case_id: int
    number: str
    matter: str
    limit: str  # accept, promised, statutory, deliver …; of the diagram: timer:late, due:review, follow-up:review
    before: date | None  # None: the year was not known
    after: date | None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a calendar file changes."""

    source: str
    days: tuple[date, ...]  # that are worked or not, otherwise than before
    moves: tuple[Move, ...]
    unread: tuple[str, ...] = ()  # numbers of cases whose state could not be read: their diagram's times stay
    bookings: int = 0  # that are moved or called off, because their day is another now


@dataclass(frozen=True, slots=True)
class _Moving:
    """One case under another calendar."""

    case: Case
    package: Package
    ledger: Ledger  # under the calendar before
    moves: tuple[Move, ...]
    step: process.Step | None  # the diagram's own times, computed again; None: none of them moved
    unread: bool


def preview(work: Work, text: str, *, by: Actor, now: datetime) -> Correction:
    """What publishing this file would change; nothing is written. Invalid names every fault of the file."""
    _must_answer_for_it(by)
    before, after = work.calendar, _laid_over(work, text)
    found = [(m.moves, m.case.number if m.unread else None) for m in _moving(work, after, now)]
    days = tuple(before.differences(after))
    return Correction(
        after.sources[-1],
        days,
        tuple(move for moves, _ in found for move in moves),
        tuple(number for _, number in found if number),
        closing.count_hit(work, closing.following(work, days, after, now=now), now=now),
    )


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
    unread: list[str] = []
    for found in _moving(work, after, now):
        # Somebody may have been at work on it since it was read: once more, with nobody else at it.
        again = _of(work, find_case(work, found.case.id), after, now)
        if again.unread:
            unread.append(again.case.number)
        if not again.moves or again.case.finished_at is not None:
            continue
        moves += again.moves
        known = next((m.after for m in again.moves if m.limit == "promised" and m.before is None), None)
        if known is not None:
            _tell_day(work, again.case, known, now)
        ledger, case = again.ledger, again.case
        tasks, backward = clocks.open_tasks(work, case), again.package.info.limits.backward
        clocks.redate_tasks(tasks, ledger, now, ledger.under(after), now, backward)
        _redate_rows(work, case, again.step)
        order_rows.redate(
            work, case, clocks.settle(work, case, ledger.under(after), again.package.info.policy(), now=now)
        )
        audit.record(
            work,
            audit.Kind.CASE_REDATED,
            by=by,
            now=now,
            case=case,
            facts={"calendar": row.id, "moves": _facts(again.moves)},
        )
    schedules.follow_calendar(work, library.current, now=now, calendar=after)
    days = tuple(before.differences(after))
    bookings = closing.follow(work, closing.following(work, days, after, now=now), closing.CALENDAR, by=by, now=now)
    audit.record(
        work,
        audit.Kind.CALENDAR,
        by=by,
        now=now,
        facts={
            "calendar": row.id,
            "days": len(days),
            "moved": len({m.case_id for m in moves}),
            "unread": unread,
            "bookings": bookings,
        },
    )
    jobs.put(
        work,
        jobs.Kind.FOLLOW_CALENDAR,
        f"follow-calendar:{row.id}",
        {"calendar": row.id, "since": now.isoformat()},
        now=now,
        after=now + SEEN_BY_ALL,
    )
    work.session.flush()
    work.after_commit(work.database.forget_calendar)
    return Correction(row.source, days, tuple(moves), tuple(unread), bookings)


def may_publish(by: Actor) -> bool:
    """Operators, and those who head the county: its calendar is theirs."""
    return may(by, "operate") or by.supervises(None)


def _must_answer_for_it(by: Actor) -> None:
    if not may_publish(by):
        require(by, "operate")


def _tell_day(work: Work, case: Case, day: date, now: datetime) -> None:
    """The applicant's papers promised to tell the day as soon as its year is published: now it is."""
    text = f"您的办件 {case.number}（{case.matter_name}）的承诺办结日期已经确定：{say(day)}前办结。"
    text_en = f"The day your case {case.number} is promised by is known now: {day.isoformat()}."
    key = f"{case.number}:day-known:{day.isoformat()}"
    for channel, user_id, phone in (("screen", case.applicant_id, None), ("sms", None, case.applicant_phone)):
        if user_id is not None or phone:
            notices.put(
                work,
                f"{key}:{channel}",
                text,
                text_en=text_en,
                kind="day-known",
                now=now,
                channel=channel,
                user_id=user_id,
                address=phone,
                case_id=case.id,
            )


def _laid_over(work: Work, text: str) -> Calendar:
    files = list(work.session.scalars(select(CalendarFile.text).order_by(CalendarFile.id)))
    return workdays.china([*files, text])


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _facts(moves: Iterable[Move]) -> list[list[str | None]]:
    return [[m.limit, _text(m.before), _text(m.after)] for m in moves]


def _moving(work: Work, after: Calendar, now: datetime) -> Iterator[_Moving]:
    """The open cases in which something moves. Read in portions, so any number may be open."""
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
            found = _of(work, case, after, now)
            if found.moves or found.unread:
                yield found
        last = cases[-1].id


def _of(work: Work, case: Case, after: Calendar, now: datetime) -> _Moving:
    """What moves in one case; nothing is written."""
    package = library.version(work, case.version_hash)
    ledger = clocks.ledger(work, case, package.info.limits.rules(local_date(case.received_at)))
    old, new = ledger.account(now).limits, ledger.under(after).account(now).limits
    moves = [
        Move(case.id, case.number, case.matter_name, name, old[name].due_on, new[name].due_on)
        for name in new
        if name in old and old[name].state not in ("met", "missed") and old[name].due_on != new[name].due_on
    ]
    try:
        step = _redated(work, case, package, after, now)
    except Exception:  # a broken case must not keep the county's calendar from everybody else; the operator is told
        log.exception("case %s: the times of its diagram could not be computed again", case.id)
        return _Moving(case, package, ledger, tuple(moves), None, True)
    for one in step.redated if step is not None else ():
        before = local_date(one.before) if one.before is not None else None
        name = f"{one.what}:{one.element}"
        moves.append(Move(case.id, case.number, case.matter_name, name, before, local_date(one.after)))
    moves += _backward(work, case, package, ledger, ledger.under(after))
    return _Moving(case, package, ledger, tuple(moves), step, False)


def _backward(work: Work, case: Case, package: Package, ledger: Ledger, under: Ledger) -> list[Move]:
    """Open steps that count backward from a date and are due on another day."""
    backward = package.info.limits.backward
    found = []
    for task in clocks.open_tasks(work, case) if backward else ():
        if (limit := backward.get(task.element)) is None:
            continue
        before = clocks.backward_due(limit, task.variables, ledger)
        after = clocks.backward_due(limit, task.variables, under)
        if before == task.due_at and before != after:
            days = [local_date(at) if at is not None else None for at in (before, after)]
            found.append(Move(case.id, case.number, case.matter_name, f"step:{task.element}", *days))
    return found


def _redated(work: Work, case: Case, package: Package, after: Calendar, now: datetime) -> process.Step | None:
    """The step that moves the timers and due dates of the diagram; None when none moves."""
    if not package.definition.asks_calendar or not case.state:
        return None
    env = dataclasses.replace(env_of(work, now), calendar=after)
    step = process.advance(package.definition, case.state, process.Redate(), now=now, env=env)
    return step if step.redated else None


def _redate_rows(work: Work, case: Case, step: process.Step | None) -> None:
    """The case's state and its rows follow the step: never one without the other."""
    if step is None:
        return
    case.state = step.state
    tasks = {task.key: task for task in clocks.open_tasks(work, case)}
    moved = {one.id: one.after for one in step.redated if one.what == "timer"}
    for one in step.redated:
        task = tasks.get(one.id)
        if one.what == "due" and task is not None and task.due_at == one.before:  # else a person set another
            task.due_at = one.after
        elif one.what == "follow-up" and task is not None and task.follow_up_at == one.before:
            task.follow_up_at = one.after
    rows = select(Timer).where(Timer.case_id == case.id, Timer.key.in_(moved)).with_for_update()
    for timer in work.session.scalars(rows.execution_options(populate_existing=True)) if moved else ():
        timer.due_at = moved[timer.key]
        if timer.wake_at != timers.NEVER:
            timer.wake_at = timer.due_at
        timer.fence += 1  # a worker that holds it for the old day finds its lease lost


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
        schedules.follow_calendar(work, library.current, now=now)
        beat = work.session.get(Beat, machine, with_for_update=True)
        if beat is not None:
            beat.calendar = calendar.version
    return moved


def follow_late(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """Cases that were touched by a process that had not yet read the published calendar: they are dated again."""
    since = datetime.fromisoformat(job.payload["since"])
    with database.reading() as work:
        texts = work.session.scalars(
            select(CalendarFile.text).where(CalendarFile.id < job.payload["calendar"]).order_by(CalendarFile.id)
        )
        before = workdays.china(list(texts))
        touched = select(Event.case_id).join(Case, Case.id == Event.case_id).distinct().order_by(Event.case_id)
        touched = touched.where(Event.at >= since, Event.kind != audit.Kind.CASE_REDATED, Case.finished_at.is_(None))
        ids = list(work.session.scalars(touched))
    for start in range(0, len(ids), CATCH_UP):
        with database.unit_of_work() as work:
            portion = select(Case).where(Case.id.in_(ids[start : start + CATCH_UP]), Case.finished_at.is_(None))
            for case in work.session.scalars(portion.order_by(Case.id).with_for_update()).all():
                _follow(work, case, now, before)
    with database.unit_of_work() as work:
        schedules.follow_calendar(work, library.current, now=now)
        make_times(work, f"publish-slots:calendar:{job.payload['calendar']}", now=now)  # of days that are open now
        jobs.done(work, job, now=now)


def _follow(work: Work, case: Case, now: datetime, old: Calendar | None = None) -> bool:
    """Compute one case again under the calendar of today; whether a day moved. `old`: the one before, when it is
    known."""
    before = {"promised": case.promised_due, "statutory": case.statutory_due}
    package = library.version(work, case.version_hash)
    try:
        step = _redated(work, case, package, work.calendar, now)
    except Exception:  # a broken case must not keep the worker from starting: its diagram's times stay as they are
        log.exception("case %s: the times of its diagram could not be computed again", case.id)
        step = None
    _redate_rows(work, case, step)
    ledger = clocks.ledger(work, case, package.info.limits.rules(local_date(case.received_at)))
    if old is not None:
        backward = package.info.limits.backward
        clocks.redate_tasks(clocks.open_tasks(work, case), ledger.under(old), now, ledger, now, backward)
    order_rows.redate(work, case, clocks.settle(work, case, ledger, package.info.policy(), now=now))
    after = {"promised": case.promised_due, "statutory": case.statutory_due}
    moves = [[name, _day(before[name]), _day(after[name])] for name in after if before[name] != after[name]]
    for one in step.redated if step is not None else ():
        before_on = local_date(one.before) if one.before is not None else None
        moves.append([f"{one.what}:{one.element}", _text(before_on), _text(local_date(one.after))])
    if not moves:
        return False
    if before["promised"] is None and case.promised_due is not None:
        _tell_day(work, case, local_date(case.promised_due - timedelta(microseconds=1)), now)
    facts = {"calendar": work.calendar.version, "moves": moves}
    audit.record(work, audit.Kind.CASE_REDATED, by=SYSTEM, now=now, case=case, facts=facts)
    return True


def _day(at: datetime | None) -> str | None:
    """The local day a limit ends on; midnight belongs to the day it ends."""
    return _text(local_date(at - timedelta(microseconds=1)) if at else None)
