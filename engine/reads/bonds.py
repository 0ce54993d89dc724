"""Bonds (关系) as people see them: who may act for me, for whom I may act, what was done for me; the desk's list; who
stands behind whom in a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import load_only

from engine.errors import NotFound, NotYours
from engine.forms import written
from engine.matters.nouns.bonds import GUARDIAN, HALL, POWERS
from engine.matters.nouns.bonds import Bond as Kind
from engine.people import Actor, masks, may
from engine.people.access import side_of
from engine.people.bonds import Grant
from engine.reads.knowing import Person, age_on, born_on, of_user
from engine.records import files, library
from engine.store import Work, keys
from engine.store.models import Bond, BondCode, Case, Event, File, User
from engine.workdays import local_date

#: A bond that somebody is asked to confirm on their phone waits so long.
CONFIRM_DAYS = 7


#: What counts as something done for somebody; what follows from it by itself is not told again.
ACTS = ("case.submitted", "case.withdrawn", "task.completed", "message.delivered", "bond.checked")
#: And whatever is done with these: bookings, places on waiting lists, standing orders, what looks for another, loans.
ACTED_ON = ("appointment", "waiting", "standing", "match", "loan")


@dataclass(frozen=True, slots=True)
class Line:
    """One bond, for one reader."""

    id: int
    kind: str
    title: str
    title_en: str
    side: str  # of the reader: subject, holder, guardian; "" at the desk
    state: str  # held, asked, ended
    subject: str
    holder: str
    holder_phone: str
    lets: tuple[str, ...]
    matters: tuple[str, ...] | None
    from_on: date
    until_on: date
    how: str
    revocable: bool
    ended_at: datetime | None
    ended_how: str
    photo: int | None  # the file with the holder's picture
    subject_ref: str
    team: str = ""  # of a leader and a member


@dataclass(frozen=True, slots=True)
class Own:
    """The page 家人."""

    for_me: tuple[Line, ...]  # who may act for me, and for the children I guard
    for_others: tuple[Line, ...]  # for whom I may act
    asked: tuple[Line, ...]  # waits for my yes, or for theirs


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody did for me."""

    at: datetime
    kind: str  # of the record
    who: str
    number: str  # of the case


def kinds(work: Work) -> Mapping[str, Kind]:
    """Every kind there is now: the hall's, and those of the published matters, by key."""
    found = dict(HALL)
    for key, (one, _package) in library.declared(work, "bonds").items():
        if isinstance(one.what, Kind):
            found[key] = one.what
    return found


def kind(work: Work, key: str) -> Kind:
    found = kinds(work).get(key)
    if found is None:
        raise NotFound("没有这种关系，请刷新页面重选。", f"There is no kind of bond {key!r}.")
    return found


def one(work: Work, bond_id: int) -> Bond:
    row = work.session.get(Bond, bond_id)
    if row is None:
        raise NotFound("没有这个关系。", "There is no such bond.")
    return row


def live(today: date) -> ColumnElement[bool]:
    return and_(Bond.ended_at.is_(None), Bond.until_on >= today)


def mine(work: Work, actor: Actor, *, now: datetime) -> Own:
    """The reader's own bonds; a guardian sees those of the child too."""
    today = local_date(now)
    guarded = [g.subject_ref for g in actor.grants if g.kind == GUARDIAN]
    rows = work.session.scalars(
        select(Bond)
        .where(
            or_(Bond.subject_id == actor.id, Bond.holder_id == actor.id, Bond.subject_ref.in_(guarded)),
            live(today),
        )
        .order_by(Bond.id)
    ).all()
    words = kinds(work)
    lines = [line(row, words, actor, now=now) for row in rows if not _stale(row, now)]
    held = [one for one in lines if one.state == "held"]
    return Own(
        tuple(one for one in held if one.side in ("subject", "guardian")),
        tuple(one for one in held if one.side == "holder"),
        tuple(one for one in lines if one.state == "asked"),
    )


def names_of(work: Work, actor: Actor, case_ids: list[int]) -> dict[int, str]:
    """Of these cases on the reader's list, those of somebody who lets them: case -> whose it is."""
    if not actor.grants or not case_ids:
        return {}
    rows = work.session.scalars(
        select(Case)
        .where(Case.id.in_(case_ids))
        .options(
            load_only(
                Case.id,
                Case.matter,
                Case.applicant_id,
                Case.applicant_name,
                Case.id_index,
                Case.name_index,
                Case.restricted,
            )
        )
    )
    return {case.id: case.applicant_name for case in rows if any(grant.over("see", case) for grant in actor.grants)}


def seen(work: Work, bond_id: int, *, actor: Actor, now: datetime) -> Line:
    """One bond, for who may see it."""
    row = one(work, bond_id)
    if not may(actor, "see", row):
        raise NotFound("没有这个关系。", "There is no such bond.")
    return line(row, kinds(work), actor, now=now)


def photo(work: Work, bond_id: int, *, actor: Actor) -> tuple[bytes, str]:
    """(the picture kept with a bond, its type), for its sides, the guardian and the door."""
    row = one(work, bond_id)
    number = (row.proof or {}).get("photo")
    found = work.session.get(File, int(number)) if number and may(actor, "see", row) else None
    if found is None:
        raise NotFound("没有这张照片。", "There is no such picture.")
    return files.read(work, found), found.type


def door(work: Work, bond_id: int, *, actor: Actor, now: datetime) -> tuple[str, list[Line]]:
    """(the child's name, who may fetch them today): for the staff of the place. The names are whole here: the door
    calls
    people by them."""
    about = one(work, bond_id)
    if "fetch" not in about.lets or not may(actor, "serve", about):
        raise NotFound("没有这个孩子的接送名单。", "There is no such list.")
    rows = work.session.scalars(
        select(Bond)
        .where(Bond.subject_ref == about.subject_ref, Bond.state == "held", live(local_date(now)))
        .order_by(Bond.id)
    )
    words = kinds(work)
    shown = [
        replace(line(row, words, actor, now=now), holder=row.holder_name, subject=row.subject_name)
        for row in rows
        if "fetch" in row.lets and may(actor, "serve", row)
    ]
    return about.subject_name, shown


def _stale(row: Bond, now: datetime) -> bool:
    return row.state == "asked" and row.made_at < now - timedelta(days=CONFIRM_DAYS)


def line(row: Bond, words: Mapping[str, Kind], actor: Actor, *, now: datetime) -> Line:
    """A bond for a reader: their own side whole, the other's telephone masked; at the desk both masked."""
    title = words.get(row.kind)
    state = "ended" if row.ended_at is not None or row.until_on < local_date(now) else row.state
    staff = actor.kind == "staff"
    photo = (row.proof or {}).get("photo")
    return Line(
        id=row.id,
        kind=row.kind,
        title=title.title if title else row.kind,
        title_en=title.title_en if title else row.kind,
        side=side_of(actor, row),
        state=state,
        subject=masks.name(row.subject_name) if staff else row.subject_name,
        holder=masks.name(row.holder_name) if staff else row.holder_name,
        holder_phone=masks.phone(row.holder_phone),
        lets=tuple(power for power in POWERS if power in row.lets),
        matters=tuple(row.matters) if row.matters is not None else None,
        from_on=row.from_on,
        until_on=row.until_on,
        how=row.how,
        revocable=row.revocable,
        ended_at=row.ended_at,
        ended_how=row.ended_how or ("expired" if state == "ended" else ""),
        photo=int(photo) if photo else None,
        subject_ref=row.subject_ref,
        team=row.team,
    )


def acts(work: Work, actor: Actor, *, limit: int = 50) -> list[Act]:
    """What others did for the reader, newest first."""
    rows = work.session.execute(
        select(Event.at, Event.kind, User.name, Case.number)
        .join(User, User.id == Event.by_id)
        .outerjoin(Case, Case.id == Event.case_id)
        .where(
            Event.for_id == actor.id,
            Event.by_id != actor.id,
            or_(Event.kind.in_(ACTS), *(Event.kind.like(f"{what}.%") for what in ACTED_ON)),
        )
        .order_by(Event.id.desc())
        .limit(limit)
    )
    return [Act(at, kind, masks.name(name), number or "") for at, kind, name, number in rows]


def of_case(work: Work, case_id: int, *, actor: Actor, now: datetime) -> list[Line]:
    """Who stands behind the applicant of a case today: at the desk, by the case."""
    case = work.session.get_one(Case, case_id)
    about = [Bond.subject_id == case.applicant_id] if case.applicant_id is not None else []
    if case.applicant_id is None and case.id_index:
        about.append(and_(Bond.subject_id_index == case.id_index, Bond.subject_name_index == case.name_index))
    if not about and case.bond_id is None:
        return []
    rows = work.session.scalars(
        select(Bond)
        .where(or_(*about, Bond.id == case.bond_id), Bond.state == "held", live(local_date(now)))
        .order_by(Bond.id)
    )
    words = kinds(work)
    shown = [line(row, words, actor, now=now) for row in rows if {"see", "apply", "sign"} & set(row.lets)]
    return [one for one in shown if one.matters is None or case.matter in one.matters]


def at_desk(work: Work, actor: Actor, *, text: str = "", now: datetime, limit: int = 50) -> list[Line]:
    """The bonds of the reader's units, newest first; by name, telephone or identity number of either side."""
    asked = written.close(text.strip())
    conditions: list[ColumnElement[bool]] = [or_(Bond.unit_id.in_(actor.realm), Bond.place_id.in_(actor.realm))]
    if asked:
        found = [
            column.in_(keys.blinds(what, asked))
            for what, columns in (
                ("name", (Bond.subject_name_index, Bond.holder_name_index)),
                ("phone", (Bond.subject_phone_index, Bond.holder_phone_index)),
                ("id", (Bond.subject_id_index, Bond.holder_id_index)),
            )
            for column in columns
        ]
        conditions.append(or_(*found))
    rows = work.session.scalars(select(Bond).where(*conditions).order_by(Bond.id.desc()).limit(limit))
    words = kinds(work)
    return [line(row, words, actor, now=now) for row in rows if may(actor, "see", row)]


def children(work: Work, actor: Actor, *, now: datetime) -> list[tuple[int, str, int | None]]:
    """(bond, name, age) of those the reader is guardian of."""
    ids = [g.id for g in actor.grants if g.kind == GUARDIAN]
    rows = work.session.scalars(select(Bond).where(Bond.id.in_(ids)).order_by(Bond.id)) if ids else ()
    today = local_date(now)
    return [(row.id, row.subject_name, age_on(born_on(row.subject_id_number), today)) for row in rows]


def subject(row: Bond) -> Person:
    """Whom a bond is about."""
    return Person(row.subject_name, row.subject_phone, row.subject_id_number, row.subject_id, row.place_id)


def holder(row: Bond) -> Person:
    return Person(row.holder_name, row.holder_phone, row.holder_id_number, row.holder_id)


def who_for(work: Work, actor: Actor, power: str, matter: str) -> list[tuple[int, str]]:
    """(bond, name) of those for whom the reader may do this in a matter; one line a person."""
    found: dict[str, tuple[int, str]] = {}
    for grant in actor.grants:
        if grant.covers(power, matter):
            found.setdefault(grant.subject_ref, (grant.id, grant.subject_name))
    return list(found.values())


def who_for_offer(actor: Actor, power: str, offer: str) -> list[tuple[int, str]]:
    """The same for what is offered without a case."""
    found: dict[str, tuple[int, str]] = {}
    for grant in actor.grants:
        if grant.over_offer(power, offer):
            found.setdefault(grant.subject_ref, (grant.id, grant.subject_name))
    return list(found.values())


def lets_book(row: Bond, offer: str) -> bool:
    """Whether it lets its holder book what is offered, or borrow what is lent (as Grant.over_offer does), whoever asks:
    at a desk the holder is not the one who acts."""
    if row.scope or "book" not in row.lets:
        return False
    return offer in row.offers if row.offers is not None else row.matters is None


def for_offer(work: Work, actor: Actor, bond_id: int, offer: str) -> Person:
    """Whom the actor books what is offered for, by this bond. NotYours: it does not let them, or is over."""
    grant = next((g for g in actor.grants if g.id == bond_id), None)
    if grant is None or not grant.over_offer("book", offer):
        raise NotYours(
            "您不能替这个人订：没有这项委托，或者已经解除、到期。请重新选给谁订。",
            "You may not book this for them: no bond lets you, or it is over. Choose again for whom.",
        )
    return comes(work, one(work, grant.id))


def to_reach(work: Work, actor: Actor, bond_id: int, offer: str) -> Person:
    """The same, with the actor's own telephone where they have none, to be reached."""
    whom = for_offer(work, actor, bond_id, offer)
    if whom.phone or not whom.id_number:
        return whom
    return replace(whom, phone=of_user(work.session.get_one(User, actor.id)).phone)


def theirs(grant: Grant, kind: Any) -> ColumnElement[bool]:
    """Rows of this kind (with `user_id` and `person_index`) of whom the bond is about. A little wide: `may` judges
    each, name and all."""
    whose = [kind.person_index == grant.person_index] if grant.person_index else []
    if grant.subject_id is not None:
        whose.append(kind.user_id == grant.subject_id)
    return or_(false(), *whose)


def comes(work: Work, row: Bond) -> Person:
    """Whom a bond is about, as their account says it where they have one."""
    return of_user(work.session.get_one(User, row.subject_id)) if row.subject_id is not None else subject(row)


def codes_open(work: Work, actor: Actor, *, now: datetime) -> list[BondCode]:
    """Codes of the reader's that can still be used."""
    return list(
        work.session.scalars(
            select(BondCode)
            .where(BondCode.issuer_id == actor.id, BondCode.used_at.is_(None), BondCode.expires_at > now)
            .order_by(BondCode.id)
        )
    )
