"""All that the hall has of one person, for that person: to read, and as a copy to take away (个人信息保护法 44, 45)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.orm import joinedload, undefer

from engine import feel, forms
from engine.errors import NotFound
from engine.matters import BadMatter, Package, mandates
from engine.matters.info import Apply
from engine.matters.nouns.bonds import Bond as BondKind
from engine.matters.nouns.matches import Match
from engine.matters.nouns.offers import DELIVERED, Offer
from engine.people import Actor, masks, may, units
from engine.reads import knowing
from engine.reads import matches as match_reads
from engine.reads.registers import state_title, text_of
from engine.reads.reveals import MATCH, field_words, number_in
from engine.records import library, registers
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
from engine.store.models.base import Base
from engine.store.models.records import BOOKING
from engine.workdays import local_date

#: What a page lists of each kind at most; the copy has all.
MOST = 50

#: Kind, in the words of the copy -> table, and whose columns say whom a row is about.
OWN: Mapping[str, tuple[type[Base], tuple[Any, ...]]] = MappingProxyType(
    {
        "cases": (Case, (Case.applicant_id,)),
        "bookings": (Appointment, (Appointment.user_id,)),
        "standing_orders": (Standing, (Standing.user_id,)),
        "registers": (RegisterEntry, (RegisterEntry.user_id,)),
        "loans": (Loan, (Loan.user_id,)),
        "matches": (MatchSide, (MatchSide.user_id,)),
        "bonds": (Bond, (Bond.subject_id, Bond.holder_id)),
        "notices": (Notice, (Notice.user_id,)),
        "ratings": (Rating, (Rating.by_id,)),
    }
)


def _of(kind: str, user_id: int) -> ColumnElement[bool]:
    """Their rows of this kind. A code is nobody's data: it opened a door once."""
    theirs = or_(*(column == user_id for column in OWN[kind][1]))
    return and_(theirs, Notice.kind != "code") if kind == "notices" else theirs


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
    erases: bool  # … and what the case says of people goes in the coming night
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
        counts=_counts(work, user.id),
        consents=consents,
        electronic=any(one.what == "" and one.until is None for one in consents),
        requests=requests_of(work, user.id, today=today),
        looks=_looks(work, user.id, most=MOST),
        cases=tuple(listed),
    )


def _counts(work: Work, user_id: int) -> tuple[tuple[str, int], ...]:
    """How many rows of each kind, in one statement that opens none of them."""
    counted = [
        select(func.count()).select_from(table).where(_of(kind, user_id)).scalar_subquery().label(kind)
        for kind, (table, _columns) in OWN.items()
    ]
    return tuple(zip(OWN, work.session.execute(select(*counted)).one(), strict=True))


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
            .limit(MOST)
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
            stops.withdrawal if stops is not None and (finished is None or stops.consent_over.erases) else "",
            stops is not None and stops.consent_over.erases,
            (row.facts or {}).get("by") == "guardian",
        )
        for row, number, title, finished, version in rows
        for stops in (_stops(work, version) if version else None,)
    )


def _stops(work: Work, version: str) -> Apply | None:
    """What the matter says; None where that version cannot be read any more: the page has a sentence for all."""
    try:
        return library.version(work, version).info.apply
    except (NotFound, BadMatter):
        return None


def requests_of(work: Work, user_id: int, *, today: date) -> tuple[Asked, ...]:
    """What they asked about their own data, the newest first."""
    return _asked(work, DataRequest.user_id == user_id, today=today, latest=True)


def own(work: Work, actor: Actor, request_id: int, *, today: date) -> Asked:
    """One that the actor asked. NotFound: there is none of theirs."""
    found = _asked(work, and_(DataRequest.id == request_id, DataRequest.user_id == actor.id), today=today)
    if not found:
        raise NotFound("没有这项要求，或不是您提出的。", f"There is no request {request_id} of yours.")
    return found[0]


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


def one(work: Work, actor: Actor, request_id: int, *, today: date) -> tuple[Asked, str]:
    """An open one that the actor's units have to answer, with its person, masked. NotFound: there is none."""
    row = work.session.get(DataRequest, request_id)
    if row is None or row.state != "open" or actor.kind != "staff" or not may(actor, "see", row):
        raise NotFound(
            "没有这项要求，或已经答复、不归您答复。", f"There is no open request {request_id} you may answer."
        )
    return _asked(work, DataRequest.id == row.id, today=today)[0], masks.name(
        work.session.get_one(User, row.user_id).name
    )


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


def _asked(work: Work, which: Any, *, today: date, latest: bool = False, most: int | None = MOST) -> tuple[Asked, ...]:
    order = (DataRequest.id.desc(),) if latest else (DataRequest.due_on, DataRequest.id)
    rows = work.session.execute(
        select(DataRequest, Case.number, Case.matter_name)
        .outerjoin(Case, Case.id == DataRequest.case_id)
        .where(which)
        .order_by(*order)
        .limit(most)
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


def _looks(work: Work, user_id: int, *, most: int | None = None) -> tuple[Look, ...]:
    matches = select(literal(MATCH) + MatchSide.number).where(MatchSide.user_id == user_id)
    bookings = select(literal(BOOKING) + Appointment.number).where(Appointment.user_id == user_id)
    # Each by an index of its own; of what is of no case those rows are looked through.
    theirs = or_(
        Reveal.case_id.in_(select(Case.id).where(Case.applicant_id == user_id)),
        Reveal.entry_id.in_(select(RegisterEntry.id).where(RegisterEntry.user_id == user_id)),
        and_(Reveal.case_id.is_(None), or_(Reveal.field.in_(matches), Reveal.field.in_(bookings))),
    )
    rows = work.session.execute(
        select(Reveal, User.name, Case.number)
        .join(User, User.id == Reveal.by_id)
        .outerjoin(Case, Case.id == Reveal.case_id)
        .where(theirs)
        .order_by(Reveal.id.desc())
        .limit(most)
    ).all()
    return tuple(
        Look(row.at, masks.name(who), field_words(row.field), row.purpose, number or number_in(row.field))
        for row, who, number in rows
    )


# ---------------------------------------------------------------- the copy


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of theirs, and where it lies in the copy."""

    row: File
    path: str


def files_of(work: Work, actor: Actor) -> list[Kept]:
    """The public papers of their cases, and what they handed in."""
    papers = work.session.execute(
        select(File, Case.number, Document.title)
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
        *(Kept(row, f"文书/{number}/{row.id}-{_file_name(title)}.pdf") for row, number, title in papers),
        *(Kept(row, f"材料/{row.id}-{_file_name(row.name)}") for row in sent),
    ]


def _file_name(name: str) -> str:
    """A name that is one part of a path, whatever somebody called their file."""
    kept = "".join(sign if sign.isalnum() or sign in " ._-（）" else "_" for sign in name).strip(" .")
    return kept[-80:] or "file"


def everything(work: Work, actor: Actor, *, now: datetime) -> dict[str, Any]:
    """All of it as plain data, whole: it is their own."""
    user = work.session.get_one(User, actor.id)
    said = _Said(work, feel.Env(now=now, calendar=work.calendar))
    rows = {
        "cases": said.cases(user.id),
        "bookings": said.bookings(user.id),
        "standing_orders": said.standing_orders(user.id),
        "registers": said.registers(user.id),
        "loans": said.loans(user.id),
        "matches": said.matches(user.id),
        "bonds": said.bonds(user.id),
        "notices": said.notices(user.id),
        "ratings": said.ratings(user.id),
    }
    assert rows.keys() == OWN.keys()
    return {
        "taken_at": now,
        "person": {
            "name": user.name,
            "phone": user.phone,
            "id_number": user.id_number,
            "place": units.tree(work).full_name(units.place(work, user.place_id)) if user.place_id else "",
            "since": user.created_at,
        },
        **rows,
        "not_again": said.not_again(user),
        "consents": [
            {"matter": c.what or "电子送达", "text": c.text, "given_at": c.at, "withdrawn_at": c.until}
            for c in _consents(work, user.id)
        ],
        "looks": [
            {"at": one.at, "who": one.who, "field": one.field, "purpose": one.purpose, "case": one.number}
            for one in _looks(work, user.id)
        ],
        "requests": [
            {"kind": one.kind, "case": one.number, "words": one.words, "at": one.at, "state": one.state}
            | {"answer": one.answer, "answered_at": one.answered_at}
            for one in _asked(work, DataRequest.user_id == user.id, today=local_date(now), latest=True, most=None)
        ],
    }


class _Said:
    """Rows in the words of the copy: what was asked and answered as the form says it, while its declaration stands."""

    def __init__(self, work: Work, env: feel.Env) -> None:
        self.work, self.env = work, env
        self.offers = library.of_kind(work, "offers", Offer)
        self.sides = library.of_kind(work, "matches", Match)
        self.kinds = library.of_kind(work, "bonds", BondKind)

    def _rows(self, kind: str, user_id: int, *options: Any) -> Any:
        table: Any = OWN[kind][0]
        return self.work.session.scalars(
            select(table).where(_of(kind, user_id)).order_by(table.id).options(*options)
        ).all()

    def _answers(self, package: Package | None, form: str, given: Any) -> Any:
        if package is None or not form or not given:
            return dict(given or {})
        return self._described(package.form(form), given)

    def _described(self, form: forms.Form, given: Any) -> dict[str, str]:
        return {line.label: line.text for line in forms.describe(form, given, env=self.env)}

    def _booked(self, package: Package | None, offer: Offer | None, given: Any) -> Any:
        """What was answered when booking; what was chosen goes by the words it was asked with."""
        choice = offer.choice if offer is not None else None
        beside = {DELIVERED, choice.register_ if choice is not None else DELIVERED}
        said = {name: one for name, one in dict(given or {}).items() if name not in beside}
        answers = self._answers(package, offer.ask if offer is not None else "", said)
        chosen = dict(given or {}).get(choice.register_) if choice is not None else None
        if offer is not None and offer.delivered is not None and dict(given or {}).get(DELIVERED):
            answers |= {offer.delivered.title: "是"}
        return answers | ({choice.title: chosen} if choice is not None and chosen else {})

    def cases(self, user_id: int) -> list[dict[str, Any]]:
        return [self._case(one) for one in self._rows("cases", user_id, undefer(Case.answers))]

    def _case(self, case: Case) -> dict[str, Any]:
        try:
            package = library.version(self.work, case.version_hash)
        except (NotFound, BadMatter):  # their answers are theirs, whatever became of the form
            answers = dict(case.answers or {})
        else:
            answers = self._described(mandates.application(package, case.channel), case.answers or {})
        return {
            "number": case.number,
            "matter": case.matter_name,
            "status": case.status,
            "outcome": case.outcome,
            "received_at": case.received_at,
            "finished_at": case.finished_at,
            "kept_until": case.keep_until,
            "applicant": {"name": case.applicant_name, "phone": case.applicant_phone, "id": case.applicant_id_number},
            "answers": answers,
        }

    def bookings(self, user_id: int) -> list[dict[str, Any]]:
        found = []
        for one in self._rows("bookings", user_id, joinedload(Appointment.resource)):
            offer, package = self.offers.get(one.resource.offer or "", (None, None))
            what = offer.title if offer is not None else one.item or one.matter
            answers = self._booked(package, offer, one.answers)
            found.append(
                {"number": one.number, "what": what, "from": one.starts_at, "until": one.ends_at, "state": one.state}
                | {"name": one.name, "phone": one.phone, "answers": answers}
            )
        return found

    def standing_orders(self, user_id: int) -> list[dict[str, Any]]:
        found = []
        for one in self._rows("standing_orders", user_id, joinedload(Standing.resource)):
            offer, package = self.offers.get(one.resource.offer or "", (None, None))
            answers = self._booked(package, offer, one.answers)
            found.append(
                {
                    "what": offer.title if offer is not None else "",
                    "weekdays": one.weekdays,
                    "working": one.working,
                    "from": one.from_on,
                }
                | {"until": one.until_on, "state": one.state, "answers": answers}
            )
        return found

    def registers(self, user_id: int) -> list[dict[str, Any]]:
        declared = {
            name: (registers.register_of(one), registers.options(one, package))
            for one, package in library.declared(self.work, "registers").values()
            for name in registers.names(one)
        }
        found = []
        for one in self._rows("registers", user_id):
            facts: dict[str, Any] = dict(one.facts or {})
            said = {"register": one.register, "state": one.state}
            if one.register in declared:
                register, options = declared[one.register]
                said = {"register": register.title, "state": state_title(register, one.state).zh}
                facts = {
                    field.title: text_of(field, facts[name], options.get(name))
                    for name, field in register.fields.items()
                    if facts.get(name) not in (None, "")
                }
            found.append({**said, "person": dict(one.person or {}), "facts": facts, "since": one.at})
        return found

    def loans(self, user_id: int) -> list[dict[str, Any]]:
        return [
            {"what": one.title, "name": one.name, "phone": one.phone, "ended_at": one.ended_at}
            for one in self._rows("loans", user_id)
        ]

    def matches(self, user_id: int) -> list[dict[str, Any]]:
        found = []
        for one in self._rows("matches", user_id):
            match, package = self.sides.get(one.match, (None, None))
            side = match.of(one.side) if match is not None else None
            found.append(
                {"number": one.number, "what": match.title if match is not None else one.match}
                | {"side": side.title if side is not None else one.side, "day": one.day, "state": one.state}
                | {"answers": self._answers(package, side.ask if side is not None else "", one.answers)}
            )
        return found

    def not_again(self, user: User) -> list[dict[str, Any]]:
        """Whom they said they do not want to meet again. Who said so of them is nobody's to know."""
        return [
            {"what": self.sides[one.match][0].title if one.match in self.sides else one.match}
            | {"name": one.name, "day": one.day, "at": one.at}
            for one in match_reads.said_by(self.work, knowing.of_user(user).every_index)
        ]

    def bonds(self, user_id: int) -> list[dict[str, Any]]:
        return [
            {"kind": self.kinds[one.kind][0].title if one.kind in self.kinds else one.kind, "state": one.state}
            | {"of": one.subject_name, "holder": one.holder_name, "until": one.until_on}
            for one in self._rows("bonds", user_id)
        ]

    def notices(self, user_id: int) -> list[dict[str, Any]]:
        return [{"at": one.created_at, "by": one.channel, "text": one.text} for one in self._rows("notices", user_id)]

    def ratings(self, user_id: int) -> list[dict[str, Any]]:
        return [
            {"level": one.level, "tags": one.tags, "comment": one.comment, "at": one.at}
            for one in self._rows("ratings", user_id)
        ]
