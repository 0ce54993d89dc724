"""Erasing what is kept no longer (个人信息保护法 19, 47): of cases that ended long ago, of what was begun and never
sent, of codes nobody can use any more.

Each night: cases that ended get their day; those whose day has come are erased, some at a time, each batch a
transaction of its own, found by an index. Numbers, times and units stay, for the statistics; so do the audit and its
hashes, which are over no personal data. A hold (保全) keeps a case back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import aliased

from engine.commands.equipment import Equipment
from engine.commands.hall import erased_rows, outside
from engine.commands.registers import keeping as registers
from engine.errors import NotFound
from engine.matters import keeping
from engine.people import SYSTEM, Actor
from engine.records import audit, documents, files, jobs, library
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
    LegalHold,
    MatchSide,
    RegisterEntry,
    Standing,
)
from engine.workdays import local_date

#: When it is done, local time: no hall is open, and the registers were looked at.
AT = time(4, 20)
#: Cases of one transaction.
BATCH = 25
#: Never: a day that does not come. It keeps such a case out of the search for those without one.
NEVER = date.max


def erase_due(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """One batch of each; while one was full another follows at once, else the next night."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        full = [
            date_ended(work) >= BATCH * 10,
            erase_some(work, now=now) >= BATCH,
            outside.erase_some(work, now=now),
            forget_leftovers(work, now=now),
        ]
        if any(full):
            jobs.put_once(work, jobs.Kind.ERASE, f"erase:after:{job.id}", now=now)
        else:
            ask_to_erase(work, now=now)


def ask_to_erase(work: Work, *, now: datetime) -> None:
    """Have it done in the coming night."""
    jobs.put_daily(work, jobs.Kind.ERASE, AT, now=now)


# ---------------------------------------------------------------- until when


def date_ended(work: Work) -> int:
    """Give cases that ended the day until which they are kept, as the matter said when they began; how many."""
    rows = work.session.execute(
        select(Case.id, Case.finished_at, Case.version_hash)
        .where(Case.finished_at.is_not(None), Case.keep_until.is_(None))
        .order_by(Case.finished_at, Case.id)
        .limit(BATCH * 10)
        .with_for_update(skip_locked=True)
    ).all()
    for id, finished_at, version_hash in rows:
        assert finished_at is not None
        until = library.version(work, version_hash).info.retention.until(local_date(finished_at))
        work.session.execute(
            update(Case)
            .where(Case.id == id)
            .values(keep_until=until or NEVER)
            .execution_options(synchronize_session=False)
        )
    return len(rows)


def held(today: date) -> ColumnElement[bool]:
    """A condition: somebody keeps this case back."""
    return exists().where(LegalHold.case_id == Case.id, LegalHold.ended_at.is_(None), LegalHold.until_on >= today)


def ready(today: date) -> list[ColumnElement[bool]]:
    """The conditions of what is to be erased: its day has come, nobody keeps it back, and no case that asked for it
    goes on."""
    asked = aliased(Case)
    return [
        Case.erased_at.is_(None),
        Case.keep_until.is_not(None),
        Case.keep_until <= today,
        ~held(today),
        ~exists().where(asked.id == Case.parent_id, asked.finished_at.is_(None)),
    ]


# ---------------------------------------------------------------- erasing


def erase_some(work: Work, *, now: datetime) -> int:
    """Erase some of what is due, those that wait longest first; how many were looked at. What the matter keeps longer
    today than it did when they began gets its new day."""
    today = local_date(now)
    rows = list(
        work.session.scalars(
            select(Case)
            .where(*ready(today))
            .order_by(Case.keep_until, Case.id)
            .limit(BATCH)
            .with_for_update(of=Case, skip_locked=True)
            .execution_options(populate_existing=True)
        )
    )
    # Whoever laid a hold while these rows were waited for: it is looked at again now that they are locked.
    kept_back = set(work.session.scalars(select(Case.id).where(Case.id.in_([case.id for case in rows]), held(today))))
    going = []
    for case in rows:
        if case.id in kept_back:
            continue
        later = _later(work, case)
        if later is not None and later > today:
            case.keep_until = later
        else:
            going.append(case)
    erase(work, going, why="retention", by=SYSTEM, now=now)
    return len(rows)


def _later(work: Work, case: Case) -> date | None:
    """Until when the matter as it is published today keeps it; None: it is published no more."""
    assert case.finished_at is not None
    try:
        kept = library.current(work, case.matter).info.retention
    except NotFound:
        return None
    return kept.until(local_date(case.finished_at)) or NEVER


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
    erased_rows.blank(work, ids)
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
    drafts = list(
        work.session.scalars(
            select(Draft.id)
            .where(Draft.saved_at < now - timedelta(days=house.drafts))
            .order_by(Draft.saved_at)
            .limit(BATCH * 10)
        )
    )
    work.session.execute(delete(Draft).where(Draft.id.in_(drafts)).execution_options(synchronize_session=False))
    loose = _loose_files(work, before=now - timedelta(days=house.drafts + house.files))
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
    return len(drafts) >= BATCH * 10 or len(loose) >= BATCH


def _loose_files(work: Work, *, before: datetime) -> list[int]:
    """Files of forms that were never sent: of no case, and named by nothing else. A draft that names one is gone before
    it."""
    rows = work.session.execute(
        select(File.id, File.owner_id)
        .outerjoin(Document, Document.file_id == File.id)
        .where(
            File.case_id.is_(None),
            File.uploaded_at < before,
            Document.id.is_(None),
            File.field.in_(("", "file")),
        )
        .order_by(File.id)
        .limit(BATCH)
    ).all()
    named = _named_by(work, {owner for _id, owner in rows if owner is not None})
    kept = [id for id, _owner in rows if id in named]
    if kept:  # not looked at again until a row that may name it is blanked
        work.session.execute(
            update(File)
            .where(File.id.in_(kept))
            .values(field=outside.NAMED)
            .execution_options(synchronize_session=False)
        )
    return [id for id, _owner in rows if id not in named]


def _named_by(work: Work, owners: set[int]) -> set[int]:
    """Every number that rows without a case hold which these people made: bookings, bonds, matches, entries, drafts."""
    said = (
        select(Draft.values).where(Draft.user_id.in_(owners)),
        select(Appointment.answers).where(or_(Appointment.user_id.in_(owners), Appointment.booked_by_id.in_(owners))),
        select(Standing.answers).where(or_(Standing.user_id.in_(owners), Standing.made_by_id.in_(owners))),
        select(MatchSide.answers).where(or_(MatchSide.user_id.in_(owners), MatchSide.entered_by_id.in_(owners))),
        select(Bond.proof).where(
            or_(Bond.made_by_id.in_(owners), Bond.subject_id.in_(owners), Bond.holder_id.in_(owners))
        ),
        select(RegisterEntry.facts).where(or_(RegisterEntry.user_id.in_(owners), RegisterEntry.by_id.in_(owners))),
    )
    return {number for asked in said for one in work.session.scalars(asked) for number in _numbers(one)}


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
