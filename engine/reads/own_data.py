"""All that the hall has of one person, for that person: to read, and as a copy to take away (个人信息保护法 44, 45)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, literal, or_, select
from sqlalchemy.orm import undefer

from engine import forms
from engine.people import Actor, masks, units
from engine.reads.reveals import MATCH, field_words
from engine.records import library
from engine.store import Work
from engine.store.models import (
    Appointment,
    Bond,
    Case,
    Consent,
    DataRequest,
    Document,
    File,
    Loan,
    MatchSide,
    Notice,
    Rating,
    RegisterEntry,
    Reveal,
    Standing,
    User,
)

#: What a page lists of each kind at most; the copy has all.
MOST = 50


@dataclass(frozen=True, slots=True)
class Agreed:
    """One consent of theirs."""

    id: int
    what: str  # title of the matter; 电子送达
    text: str
    at: datetime
    until: datetime | None  # when they took it back
    number: str  # of the case
    running: bool  # its case goes on
    stops: str  # what taking it back stops, as the matter says
    guardian: bool  # given by who cares for them, or for a child


@dataclass(frozen=True, slots=True)
class Asked:
    """One request about their own data."""

    id: int
    kind: str
    number: str  # of the case; "" for all
    title: str
    words: str
    at: datetime
    due_on: date
    state: str
    answer: str
    answered_at: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody of the hall looked at whole data of theirs."""

    at: datetime
    who: str  # masked
    field: str
    purpose: str
    number: str


@dataclass(frozen=True, slots=True)
class Mine:
    """The page 我的信息."""

    name: str
    phone: str
    id_number: str
    place: str
    since: datetime
    counts: tuple[tuple[str, int], ...]
    consents: tuple[Agreed, ...]
    electronic: bool
    requests: tuple[Asked, ...]
    looks: tuple[Look, ...]
    cases: tuple[tuple[str, str, bool], ...]  # number, title, ended: what may be corrected or erased


def mine(work: Work, actor: Actor, *, today: date) -> Mine:
    """What the hall has of this person, in short."""
    user = work.session.get_one(User, actor.id)
    consents = _consents(work, user.id)
    listed = [(number, title, ended is not None) for number, title, ended in _cases(work, user.id)]
    return Mine(
        name=user.name,
        phone=masks.phone(user.phone),
        id_number=masks.id_number(user.id_number),
        place=units.tree(work).full_name(units.place(work, user.place_id)) if user.place_id is not None else "",
        since=user.created_at,
        counts=tuple((what, len(rows)) for what, rows in _rows(work, user).items()),
        consents=consents,
        electronic=any(one.what == "" and one.until is None for one in consents),
        requests=requests_of(work, user.id, today=today),
        looks=_looks(work, user.id),
        cases=tuple(listed[:MOST]),
    )


def telephone(work: Work, actor: Actor) -> str:
    """Their own number, whole: a code is sent to it."""
    return work.session.get_one(User, actor.id).phone or ""


def case_ids(work: Work, user_id: int) -> list[int]:
    return list(work.session.scalars(select(Case.id).where(Case.applicant_id == user_id).order_by(Case.id)))


def _cases(work: Work, user_id: int) -> list[Any]:
    return list(
        work.session.execute(
            select(Case.number, Case.matter_name, Case.finished_at)
            .where(Case.applicant_id == user_id)
            .order_by(Case.id.desc())
        )
    )


def _consents(work: Work, user_id: int) -> tuple[Agreed, ...]:
    rows = work.session.execute(
        select(Consent, Case.number, Case.matter_name, Case.finished_at, Case.version_hash)
        .outerjoin(Case, Case.id == Consent.case_id)
        .where(Consent.user_id == user_id)
        .order_by(Consent.id.desc())
    ).all()
    return tuple(
        Agreed(
            row.id,
            title or "",
            row.text,
            row.given_at,
            row.withdrawn_at,
            number or "",
            number is not None and finished is None,
            _stops(work, version) if version and finished is None else "",
            (row.facts or {}).get("by") == "guardian",
        )
        for row, number, title, finished, version in rows
    )


def _stops(work: Work, version: str) -> str:
    return library.version(work, version).info.apply.withdrawal


def requests_of(work: Work, user_id: int, *, today: date) -> tuple[Asked, ...]:
    """What they asked about their own data, the newest first."""
    return _asked(work, DataRequest.user_id == user_id, today=today, latest=True)


def waiting(work: Work, actor: Actor, *, today: date) -> tuple[tuple[Asked, str], ...]:
    """What the actor's units have to answer, the most urgent first, each with its person, masked."""
    found = _asked(
        work,
        and_(DataRequest.unit_id.in_(actor.realm), DataRequest.state == "open", DataRequest.user_id != actor.id),
        today=today,
    )
    names: dict[int, str] = {
        id: name
        for id, name in work.session.execute(
            select(DataRequest.id, User.name)
            .join(User, User.id == DataRequest.user_id)
            .where(DataRequest.id.in_([one.id for one in found]))
        )
    }
    return tuple((one, masks.name(names[one.id])) for one in found)


def waiting_count(work: Work, actor: Actor) -> int:
    return len(
        work.session.scalars(
            select(DataRequest.id)
            .where(DataRequest.unit_id.in_(actor.realm), DataRequest.state == "open", DataRequest.user_id != actor.id)
            .limit(100)
        ).all()
    )


def of_case(work: Work, case_id: int, *, today: date) -> tuple[Asked, ...]:
    """What is open of a case."""
    return _asked(work, and_(DataRequest.case_id == case_id, DataRequest.state == "open"), today=today)


def _asked(work: Work, which: Any, *, today: date, latest: bool = False) -> tuple[Asked, ...]:
    order = (DataRequest.id.desc(),) if latest else (DataRequest.due_on, DataRequest.id)
    rows = work.session.execute(
        select(DataRequest, Case.number, Case.matter_name)
        .outerjoin(Case, Case.id == DataRequest.case_id)
        .where(which)
        .order_by(*order)
        .limit(MOST)
    ).all()
    return tuple(
        Asked(
            row.id,
            row.kind,
            number or "",
            title or "",
            row.words,
            row.asked_at,
            row.due_on,
            row.state,
            row.answer,
            row.answered_at,
            row.state == "open" and row.due_on < today,
        )
        for row, number, title in rows
    )


def _looks(work: Work, user_id: int) -> tuple[Look, ...]:
    rows = work.session.execute(
        select(Reveal, User.name, Case.number)
        .join(User, User.id == Reveal.by_id)
        .outerjoin(Case, Case.id == Reveal.case_id)
        .outerjoin(RegisterEntry, RegisterEntry.id == Reveal.entry_id)
        .where(
            or_(
                Case.applicant_id == user_id,
                RegisterEntry.user_id == user_id,
                Reveal.field.in_(select(literal(MATCH) + MatchSide.number).where(MatchSide.user_id == user_id)),
            )
        )
        .order_by(Reveal.id.desc())
        .limit(MOST)
    ).all()
    return tuple(
        Look(row.at, masks.name(name), field_words(row.field), row.purpose, number or "") for row, name, number in rows
    )


# ---------------------------------------------------------------- the copy


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of theirs, and where it lies in the copy."""

    id: int
    path: str


def files_of(work: Work, actor: Actor) -> list[Kept]:
    """The public papers of their cases, and what they handed in."""
    papers = work.session.execute(
        select(File.id, Case.number, Document.title)
        .join(Document, Document.file_id == File.id)
        .join(Case, Case.id == Document.case_id)
        .where(Case.applicant_id == actor.id, Document.public, Document.state == "ready")
        .order_by(File.id)
    ).all()
    sent = work.session.execute(
        select(File)
        .outerjoin(Case, Case.id == File.case_id)
        .where(
            or_(File.owner_id == actor.id, and_(Case.applicant_id == actor.id, File.owner_id.is_(None))),
            ~File.field.startswith("paper:"),
        )
        .order_by(File.id)
    ).scalars()
    return [
        *(Kept(id, f"文书/{number}/{id}-{_file_name(title)}.pdf") for id, number, title in papers),
        *(Kept(row.id, f"材料/{row.id}-{_file_name(row.name)}") for row in sent),
    ]


def _file_name(name: str) -> str:
    """A name that is one part of a path, whatever somebody called their file."""
    kept = "".join(sign if sign.isalnum() or sign in " ._-（）" else "_" for sign in name).strip(" .")
    return kept[-80:] or "file"


def everything(work: Work, actor: Actor, *, now: datetime) -> dict[str, Any]:
    """All of it as plain data, whole: it is their own."""
    user = work.session.get_one(User, actor.id)
    rows = _rows(work, user)
    return {
        "taken_at": now.isoformat(),
        "person": {
            "name": user.name,
            "phone": user.phone,
            "id_number": user.id_number,
            "place": units.tree(work).full_name(units.place(work, user.place_id)) if user.place_id else "",
            "since": user.created_at.isoformat(),
        },
        **{what: [dict(row) for row in found] for what, found in rows.items()},
        "consents": [
            {"matter": c.what or "electronic service", "text": c.text, "given_at": c.at, "withdrawn_at": c.until}
            for c in _consents(work, user.id)
        ],
        "looks": [
            {"at": one.at, "who": one.who, "field": one.field, "purpose": one.purpose, "case": one.number}
            for one in _looks(work, user.id)
        ],
    }


def _rows(work: Work, user: User) -> Mapping[str, list[Mapping[str, Any]]]:
    """Kind -> rows, in the words of the copy."""
    cases = work.session.scalars(
        select(Case).where(Case.applicant_id == user.id).order_by(Case.id).options(undefer(Case.answers))
    ).all()
    return {
        "cases": [_case(work, case) for case in cases],
        "bookings": [
            {"number": a.number, "what": a.item or a.matter, "from": a.starts_at, "until": a.ends_at, "state": a.state}
            | {"name": a.name, "phone": a.phone, "answers": a.answers}
            for a in work.session.scalars(
                select(Appointment).where(Appointment.user_id == user.id).order_by(Appointment.id)
            )
        ],
        "standing_orders": [
            {"weekdays": s.weekdays, "from": s.from_on, "until": s.until_on, "state": s.state, "answers": s.answers}
            for s in work.session.scalars(select(Standing).where(Standing.user_id == user.id).order_by(Standing.id))
        ],
        "registers": [
            {"register": e.register, "state": e.state, "person": e.person, "facts": e.facts, "since": e.at}
            for e in work.session.scalars(
                select(RegisterEntry).where(RegisterEntry.user_id == user.id).order_by(RegisterEntry.id)
            )
        ],
        "loans": [
            {"what": one.title, "name": one.name, "phone": one.phone, "ended_at": one.ended_at}
            for one in work.session.scalars(select(Loan).where(Loan.user_id == user.id).order_by(Loan.id))
        ],
        "matches": [
            {"number": m.number, "what": m.match, "side": m.side, "day": m.day, "state": m.state, "answers": m.answers}
            for m in work.session.scalars(select(MatchSide).where(MatchSide.user_id == user.id).order_by(MatchSide.id))
        ],
        "bonds": [
            {"kind": b.kind, "state": b.state, "of": b.subject_name, "holder": b.holder_name, "until": b.until_on}
            for b in work.session.scalars(
                select(Bond).where(or_(Bond.subject_id == user.id, Bond.holder_id == user.id)).order_by(Bond.id)
            )
        ],
        "notices": [
            {"at": n.created_at, "by": n.channel, "text": n.text}
            for n in work.session.scalars(
                select(Notice).where(Notice.user_id == user.id, Notice.kind != "code").order_by(Notice.id)
            )
        ],
        "ratings": [
            {"level": r.level, "tags": r.tags, "comment": r.comment, "at": r.at}
            for r in work.session.scalars(select(Rating).where(Rating.by_id == user.id).order_by(Rating.id))
        ],
    }


def _case(work: Work, case: Case) -> dict[str, Any]:
    package = library.version(work, case.version_hash)
    answers = dict(case.answers or {})
    lines = forms.describe(package.form(package.info.apply.form), answers)
    return {
        "number": case.number,
        "matter": case.matter_name,
        "status": case.status,
        "outcome": case.outcome,
        "received_at": case.received_at,
        "finished_at": case.finished_at,
        "kept_until": case.keep_until,
        "applicant": {"name": case.applicant_name, "phone": case.applicant_phone, "id": case.applicant_id_number},
        "answers": {line.label: line.text for line in lines},
    }
