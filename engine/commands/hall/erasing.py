"""Erasing what is kept no longer (个人信息保护法 19, 47): of cases that ended long ago, of what was begun and never
sent, of codes nobody can use any more.

Each night: cases that ended get their day; those whose day has come are erased, some at a time, found by an index. Each
case and each of the steps is a transaction of its own: what was done stays when another fails. Numbers, times and units
stay, for the statistics; so do the audit and its hashes, which are over no personal data. A hold (保全) keeps a case
back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, func, literal, or_, select, update

from engine.commands import one_by_one
from engine.commands.equipment import Equipment
from engine.commands.hall import erased_rows, outside
from engine.commands.registers import keeping as registers
from engine.errors import NotFound
from engine.matters import BadMatter, keeping
from engine.matters.keeping import Retention
from engine.people import SYSTEM, Actor
from engine.records import audit, documents, files, jobs, kept, library
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import (
    Appointment,
    BoardTold,
    Bond,
    BondCode,
    Case,
    Document,
    Draft,
    File,
    MatchSide,
    RegisterEntry,
    Standing,
    StandingDay,
)
from engine.workdays import local_date

#: When it is done, local time: no hall is open, and the registers were looked at.
AT = time(4, 20)
#: Cases of one look; when there were as many another follows at once.
BATCH = 25
#: A case whose matter, as it is published today, cannot be read is looked at again after so long: nothing is erased on
#: a guess.
AGAIN = timedelta(days=7)
#: How the field of a file begins that a row without a case names; what it was before follows.
NAMED = "named:"
#: The day of the week in whose night such files are looked at anew: what named them may be blank by then.
ANEW = 6

log = logging.getLogger(__name__)


def erase_due(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """One batch of each; while one was full another follows at once, else the next night. A case that cannot be erased
    keeps back no other: it has a job of its own, which fails where who runs the hall sees it."""
    if "case" in job.payload:
        with database.unit_of_work() as work:
            jobs.done(work, job, now=now)
            _erase_case(work, int(job.payload["case"]), now=now, again=True)
        return
    steps: tuple[Callable[[Work], bool], ...] = (
        lambda work: outside.erase_some(work, now=now),
        lambda work: forget_leftovers(work, now=now),
    )
    with database.unit_of_work() as work:
        full = date_ended(work) >= BATCH * 10
    full |= erase_some(database, now=now) >= BATCH
    for step in steps:
        with database.unit_of_work() as work:
            full |= step(work)
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        if full:
            jobs.put_once(work, jobs.Kind.ERASE, f"erase:after:{job.id}", now=now)
            return
        if local_date(now).weekday() == ANEW:  # when all is done: a batch that follows would only look at them again
            look_again_at_files(work)
        ask_to_erase(work, now=now)


def ask_to_erase(work: Work, *, now: datetime) -> None:
    """Have it done in the coming night."""
    jobs.put_daily(work, jobs.Kind.ERASE, AT, now=now)


# ---------------------------------------------------------------- until when


def date_ended(work: Work) -> int:
    """Give cases that ended the day until which they are kept, as the matter said when they began; how many."""
    unread = set[str]()
    while True:
        rows = work.session.execute(
            select(Case.id, Case.finished_at, Case.version_hash)
            .where(Case.finished_at.is_not(None), Case.keep_until.is_(None), Case.version_hash.not_in(unread))
            .order_by(Case.finished_at, Case.id)
            .limit(BATCH * 10)
            .with_for_update(skip_locked=True)
        ).all()
        said = {version: _retention(work, version) for version in sorted({row.version_hash for row in rows})}
        at_once = kept.taken_back(work, [id for id, _at, version in rows if (one := said[version]) and one.erases])
        days = [
            {
                "id": id,
                "keep_until": local_date(finished_at)
                if id in at_once
                else one.retention.until(local_date(finished_at)) or kept.NEVER,
            }
            for id, finished_at, version in rows
            if finished_at is not None and (one := said[version]) is not None
        ]
        if days:
            work.session.execute(update(Case), days)
        if days or not rows:
            return len(rows)
        unread |= said.keys()  # a batch of these alone would stand before all others, every night


@dataclass(frozen=True, slots=True)
class _Said:
    """What a matter said of keeping when its cases began."""

    retention: Retention
    erases: bool  # what it says of people goes when their consent does


def _retention(work: Work, version: str) -> _Said | None:
    """None: that version cannot be read any more."""
    try:
        info = library.version(work, version).info
        return _Said(info.retention, info.apply.consent_over.erases)
    except (NotFound, BadMatter) as bad:
        log.error("cases of the version %s get no day to be erased: %s", version[:12], bad.en)
        return None


# ---------------------------------------------------------------- erasing


def erase_some(database: Database, *, now: datetime) -> int:
    """Erase some of what is due, those that wait longest first, each in a transaction of its own; how many were looked
    at."""
    today = local_date(now)
    with database.reading() as work:
        due = select(Case.id).where(*kept.cases_due(today, today=today)).order_by(Case.keep_until, Case.id)
        ids = work.session.scalars(due.limit(BATCH)).all()

    def instead(work: Work, case_id: int) -> None:
        work.session.execute(  # or it would stand before all others, every night
            update(Case)
            .where(Case.id == case_id)
            .values(keep_until=today + AGAIN)
            .execution_options(synchronize_session=False)
        )
        jobs.put_once(work, jobs.Kind.ERASE, f"erase:case:{case_id}:{today}", {"case": case_id}, now=now)

    do = partial(_erase_case, now=now)
    one_by_one.each(database, ids, do, said="a case that is kept no longer", instead=instead)
    return len(ids)


def _erase_case(work: Work, case_id: int, *, now: datetime, again: bool = False) -> None:
    """Erased, unless somebody was before it, or the matter keeps it longer today than it did when it began: then it
    gets its new day. `again`: it was due and failed, whatever day it has since."""
    today = local_date(now)
    case = work.session.scalar(
        select(Case)
        .where(Case.id == case_id, *kept.cases_due(kept.NEVER if again else today, today=today))
        .with_for_update(of=Case, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    # Whoever laid a hold while the row was waited for: it is looked at again now that it is locked.
    if case is None or work.session.scalar(select(Case.id).where(Case.id == case_id, kept.held(today))) is not None:
        return
    said = _retention(work, case.version_hash)
    if said is not None and said.erases and kept.taken_back(work, [case.id]):
        erase(work, [case], why="taken-back", by=SYSTEM, now=now)
        return
    later = _later(work, case, today=today)
    if later is not None and later > today:
        case.keep_until = later
    else:
        erase(work, [case], why="retention", by=SYSTEM, now=now)


def _later(work: Work, case: Case, *, today: date) -> date | None:
    """Until when the matter as it is published today keeps it; None: it is published no more."""
    assert case.finished_at is not None
    try:
        retention = library.current(work, case.matter).info.retention
    except NotFound:
        return None
    except BadMatter as bad:
        log.error("case %s is kept: its matter %s cannot be read: %s", case.id, case.matter, bad.en)
        return today + AGAIN
    return retention.until(local_date(case.finished_at)) or kept.NEVER


def erase(work: Work, cases: Sequence[Case], *, why: str, by: Actor, now: datetime) -> None:
    """What these cases say of people goes: facts, papers, files, notices, words, state, indexes, drafts. They are
    locked, ended, and nobody keeps them back."""
    if not cases:
        return
    ids = [case.id for case in cases]
    for document in work.session.scalars(select(Document).where(Document.case_id.in_(ids)).order_by(Document.id)).all():
        documents.forget(work, document.key, by=by, now=now)
    for file_id in work.session.scalars(select(File.id).where(File.case_id.in_(ids)).order_by(File.id)).all():
        files.remove(work, file_id)
    for case in cases:
        facts = {"matter": case.matter, "why": why}
        audit.record(work, audit.Kind.CASE_ERASED, by=by, now=now, case=case, facts=facts)
    work.session.flush()
    registers.blank_of_cases(work, ids, now=now)
    erased_rows.blank(work, ids, now=now)
    for case in cases:
        for name, value in erased_rows.CASE.items():
            setattr(case, name, value.copy() if isinstance(value, (dict, list)) else value)
        case.erased_at, case.keep_until = now, case.keep_until or local_date(now)
        case.version += 1
    work.session.flush()


# ---------------------------------------------------------------- leftovers


def forget_leftovers(work: Work, *, now: datetime) -> bool:
    """Drafts that nobody went on with, files that belong to nothing, codes that ran out; whether there may be more."""
    house = keeping.house()
    old_codes = now - timedelta(days=house.codes)
    left = Draft.saved_at < now - timedelta(days=house.drafts)
    drafts = list(work.session.scalars(select(Draft.id).where(left).order_by(Draft.saved_at).limit(BATCH * 10)))
    # Whoever goes on with one at this moment keeps it: what is deleted is asked again.
    work.session.execute(delete(Draft).where(Draft.id.in_(drafts), left).execution_options(synchronize_session=False))
    looked, loose = _loose_files(work, before=now - timedelta(days=house.drafts + house.files))
    for file_id in loose:
        files.remove(work, file_id)
    work.session.execute(
        delete(BoardTold)
        .where(BoardTold.day < local_date(now) - timedelta(days=house.told))
        .execution_options(synchronize_session=False)
    )
    # Codes to sign in with, and counts of tries, are tidied away every round (engine.people.tries.forget_old).
    done = work.session.execute(
        delete(BondCode).where(BondCode.expires_at < old_codes).execution_options(synchronize_session=False)
    )
    gone = int(getattr(done, "rowcount", 0) or 0)
    counts = {"drafts": len(drafts), "files": len(loose), "codes": gone}
    if any(counts.values()):
        audit.record(work, audit.Kind.LEFTOVERS_FORGOTTEN, by=SYSTEM, now=now, facts=counts)
    return len(drafts) >= BATCH * 10 or looked >= BATCH


def look_again_at_files(work: Work) -> None:
    """Files that some row named are looked at anew in the next night: it may say nothing any more."""
    work.session.execute(
        update(File)
        .where(File.case_id.is_(None), or_(File.field == NAMED.removesuffix(":"), File.field.startswith(NAMED)))
        .values(field=func.substr(File.field, len(NAMED) + 1))
        .execution_options(synchronize_session=False)
    )


def _loose_files(work: Work, *, before: datetime) -> tuple[int, list[int]]:
    """How many files were looked at, and those of forms that were never sent: of no case, and named by nothing else. A
    draft that names one is gone before it."""
    rows = work.session.execute(
        select(File.id, File.owner_id)
        .outerjoin(Document, Document.file_id == File.id)
        .where(
            File.case_id.is_(None),
            File.uploaded_at < before,
            Document.id.is_(None),
            File.field.in_(("", "file", "photo")),
        )
        .order_by(File.id)
        .limit(BATCH)
    ).all()
    named = _named_by(work, {id for id, _owner in rows}, {owner for _id, owner in rows if owner is not None})
    if named:  # not looked at again before the week is over
        work.session.execute(
            update(File)
            .where(File.id.in_(named))
            .values(field=literal(NAMED) + File.field)
            .execution_options(synchronize_session=False)
        )
    return len(rows), [id for id, _owner in rows if id not in named]


def _named_by(work: Work, ids: set[int], owners: set[int]) -> set[int]:
    """Which of these files rows without a case name that these people made: bookings, bonds, matches, entries,
    drafts."""
    orders = select(Standing.id).where(or_(Standing.user_id.in_(owners), Standing.made_by_id.in_(owners)))
    said = (
        select(Draft.values).where(Draft.user_id.in_(owners)),
        select(Bond.proof).where(
            or_(Bond.made_by_id.in_(owners), Bond.subject_id.in_(owners), Bond.holder_id.in_(owners))
        ),
        select(Standing.answers).where(Standing.id.in_(orders)),
        select(StandingDay.answers).where(StandingDay.standing_id.in_(orders)),
        select(Appointment.answers).where(or_(Appointment.user_id.in_(owners), Appointment.booked_by_id.in_(owners))),
        select(MatchSide.answers).where(or_(MatchSide.user_id.in_(owners), MatchSide.entered_by_id.in_(owners))),
        select(RegisterEntry.facts).where(or_(RegisterEntry.user_id.in_(owners), RegisterEntry.by_id.in_(owners))),
    )
    found = set[int]()
    for asked in said:
        if found == ids:
            break
        # A clerk made many of these rows: they are opened some at a time, and none when all files are found.
        rows = work.session.scalars(asked.execution_options(yield_per=500))
        for one in rows:
            found |= ids.intersection(_numbers(one))
            if found == ids:
                break
        rows.close()
    return found


def _numbers(value: Any) -> Iterator[int]:
    """Every whole number in a JSON value, written as one or as a text.

    >>> sorted(_numbers({"photo": 7, "more": [{"file": "12"}, "a 3", None, True]}))
    [7, 12]
    """
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _numbers(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _numbers(one)
    elif type(value) is int:
        yield value
    elif isinstance(value, str) and value.isascii() and value.isdigit():
        yield int(value)
