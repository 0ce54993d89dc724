"""Erasing what lives outside a case and is kept no longer: bookings, orders, places in waiting lists, bonds that ended,
notices, accounts nobody uses (engine.records.kept says which, and until when).

What says of people who they are goes; numbers, states, times, units and amounts stay for the statistics. A batch is a
transaction of its own and says in its rows what was done: the next goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, func, literal, select, update

from engine.commands.hall.erased_rows import OF_BOND, OF_BOOKING, OF_PLACE, own
from engine.people import SYSTEM
from engine.reads import attending
from engine.records import audit, documents, kept
from engine.records.kept import Kept
from engine.store import Work
from engine.store.models import (
    AccountMerge,
    Appointment,
    BoardFollow,
    BoardTold,
    Bond,
    BondCode,
    BookingPlace,
    Consent,
    DataRequest,
    Draft,
    Handover,
    HandoverLink,
    LookGrant,
    Notice,
    OneTimeCode,
    OnlineBlock,
    Reveal,
    Session,
    SignInStep,
    Standing,
    StandingDay,
    Team,
    User,
    Waiting,
)
from engine.store.models.base import Base
from engine.workdays import local_date

#: Rows of one kind in a transaction, and those that are given their day.
BATCH, DATED = 100, 500
#: An account that something still names is looked at again after so long.
AGAIN = timedelta(days=90)

#: What each column says from then on. Consents that were taken back go whole.
SAYS: Mapping[type[Base], Mapping[str, Any]] = MappingProxyType(
    {
        Appointment: OF_BOOKING,
        Standing: {
            "person_index": "",
            "name": "",
            "phone": None,
            "user_id": None,
            "made_by_id": None,
            "bond_id": None,
            "answers": None,
            "reason": "",
        },
        Waiting: {
            "person_index": own("erased:", Waiting.id),
            "name": None,
            "phone": None,
            "user_id": None,
            "made_by_id": None,
            "bond_id": None,
        },
        OnlineBlock: {"person_index": "", "user_id": None, "asked": "", "answer": ""},
        Bond: OF_BOND,
        Team: {
            "name": own("erased:", Team.id),
            "leader_ref": own("erased:", Team.id),
            "leader_id": None,
            "second_id": None,
        },
        Notice: {"address": None, "text": "", "text_en": None, "answer": "", "user_id": None},
        DataRequest: {"words": "", "answer": ""},
        LookGrant: {"words": "", "answer": ""},
        Reveal: {"purpose": ""},
        AccountMerge: {"reason": "", "before": {}, "moved": {}, "undone_why": ""},
        User: {
            "name": "",
            "phone": None,
            "phone_index": None,
            "id_number": None,
            "id_index": None,
            "password_hash": None,
            "sso_subject": None,
            "place_id": None,
            "number_at": None,
            "doubted_at": None,
            "proved_at": None,
            "merged_into_id": None,
        },
    }
)

#: What hangs on such a row and is blanked with it: table, the column that says on which, what its columns say.
HANGS: Mapping[type[Base], tuple[tuple[type[Base], Any, Mapping[str, Any]], ...]] = MappingProxyType(
    {
        Appointment: ((BookingPlace, BookingPlace.appointment_id, OF_PLACE),),
        Standing: ((StandingDay, StandingDay.standing_id, {"reason": "", "answers": None}),),
    }
)

#: What is an account's alone, and goes with it: table, whose.
WITH_ACCOUNT: tuple[tuple[type[Base], Any], ...] = (
    (Session, Session.user_id),
    (SignInStep, SignInStep.user_id),
    (Consent, Consent.user_id),
    (BoardFollow, BoardFollow.user_id),
    (BoardTold, BoardTold.user_id),
    (Draft, Draft.user_id),
    (BondCode, BondCode.issuer_id),
)
#: Blanked rows that keep the number of an account: whom it was, nobody knows once the account is blanked too.
ERASED_TOO: tuple[tuple[type[Base], tuple[str, ...]], ...] = (
    (DataRequest, ("user_id",)),
    (AccountMerge, ("from_id", "into_id")),
)


def erase_some(work: Work, *, now: datetime) -> bool:
    """One batch of each: give the rows that are over their day, blank those whose day has come; whether there may be
    more."""
    today, more = local_date(now), False
    done: dict[str, int] = {}
    for one in kept.ALL:
        if one.dated:
            more |= date_over(work, one) >= DATED
        looked, many = _blank_due(work, one, today=today, now=now)
        more |= looked >= BATCH
        if many:
            done[one.kind] = done.get(one.kind, 0) + many
    if done:
        audit.record(work, audit.Kind.ROWS_ERASED, by=SYSTEM, now=now, facts=done)
    return more


def date_over(work: Work, one: Kept) -> int:
    """Give rows that are over the day until which they are kept; how many."""
    table, said = one.columns, kept.keeps(work, one)
    rows = work.session.execute(
        select(table.id, one.since, one.key if one.key is not None else literal(""))
        .where(table.keep_until.is_(None), one.live)
        .order_by(table.id)
        .limit(DATED)
        .with_for_update(of=one.table, skip_locked=True)
    ).all()
    days = [{"id": id, "keep_until": kept.until(one, since, said.get(key))} for id, since, key in rows]
    if days:
        work.session.execute(update(one.table), days)
    return len(days)


def _blank_due(work: Work, one: Kept, *, today: date, now: datetime) -> tuple[int, int]:
    """Blank some of what is due; how many were looked at, and blanked. What its declaration keeps longer today than it
    did gets its new day."""
    table = one.columns
    asked = [table.id, one.since, one.key if one.key is not None else literal("")]
    first = (table.keep_until, table.id) if one.dated else (one.since, table.id)
    rows = work.session.execute(
        select(*asked)
        .where(one.due(today, today=today))
        .order_by(*first)
        .limit(BATCH)
        .with_for_update(of=one.table, skip_locked=True)
    ).all()
    if not rows:
        return 0, 0
    going = {id for id, _since, _key in rows}
    if one.dated:
        said = kept.keeps(work, one)
        new = {id: kept.until(one, since, said.get(key)) for id, since, key in rows}
        if one.table is User:
            new |= dict.fromkeys(_named(work, going), today + AGAIN)
        later = {id: day for id, day in new.items() if day > today}
        if later:
            work.session.execute(update(one.table), [{"id": id, "keep_until": day} for id, day in later.items()])
        going -= set(later)
    blank(work, one.table, sorted(going), now=now)
    return len(rows), len(going)


def blank(work: Work, table: type[Base], ids: Sequence[int], *, now: datetime) -> None:
    """What these rows say of people goes, with what hangs on them. They are over, and nothing keeps them back."""
    if not ids:
        return
    key: Any = table.__table__.c.id
    if table is Consent:
        work.session.execute(delete(table).where(key.in_(ids)).execution_options(synchronize_session=False))
        return
    for other, of, says in HANGS.get(table, ()):
        work.session.execute(
            update(other).where(of.in_(ids)).values(dict(says)).execution_options(synchronize_session=False)
        )
    if table is Appointment:
        places = work.session.scalars(select(BookingPlace.id).where(BookingPlace.appointment_id.in_(ids))).all()
        for slip in documents.of_keys(work, [attending.slip_key(place_id) for place_id in places]):
            documents.forget(work, slip, by=SYSTEM, now=now)
    more: dict[str, Any] = {"erased_at": now}
    if table is User:
        more["disabled_at"] = func.coalesce(User.disabled_at, now)
        work.session.execute(
            delete(OneTimeCode)
            .where(OneTimeCode.phone_index.in_(select(User.phone_index).where(User.id.in_(ids))))
            .execution_options(synchronize_session=False)
        )
        for other, of in WITH_ACCOUNT:
            work.session.execute(delete(other).where(of.in_(ids)).execution_options(synchronize_session=False))
    if hasattr(table, "version"):
        more["version"] = table.version + 1
    work.session.execute(
        update(table).where(key.in_(ids)).values({**SAYS[table], **more}).execution_options(synchronize_session=False)
    )


def _named(work: Work, ids: set[int]) -> set[int]:
    """Accounts that some row still names: whoever has a case, a bond, a loan, a register's line is no stranger. Those
    of what goes with the account, and of what is blank already, do not count."""
    left, found = set(ids), set[int]()
    goes = {(table.__tablename__, of.key) for table, of in WITH_ACCOUNT}
    blank_too = {(table.__tablename__, name): table for table, names in ERASED_TOO for name in names}
    for table in Base.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda one: str(one.parent.name)):
            column = key.parent
            if key.column.table.name != "user" or (table.name, column.name) in goes or not left:
                continue
            asked = select(column).where(column.in_(left)).distinct()
            if (table.name, column.name) in blank_too:
                asked = asked.where(table.c.erased_at.is_(None))
            if table.name == "consent":
                asked = asked.where(table.c.withdrawn_at.is_(None))
            named = set(work.session.scalars(asked))
            found, left = found | named, left - named
    refs = {f"u:{id}": id for id in left}
    ends = (Handover.holder_key, HandoverLink.giver_key, HandoverLink.receiver_key)
    for end in ends:
        found |= {refs[key] for key in work.session.scalars(select(end).where(end.in_(refs)).distinct())}
    return found
