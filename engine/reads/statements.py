"""Statements of bookings (结算): how many came, missed, gave back; what it cost and who pays which part. By month, by
person, by unit. Plain columns and three statements, however many bookings; amounts are whole cents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, func, select

from engine.errors import NotYours
from engine.matters.nouns.offers import DELIVERY, SELF
from engine.people import Actor, masks, units
from engine.people.bonds import Grant
from engine.reads import offering, prices
from engine.store import Work
from engine.store.models import Appointment, Bond, BookingPart, Resource, User
from engine.workdays import at_end_of_day, at_start_of_day, local_date

#: What became of a booking -> in words.
OUTCOMES = {
    "booked": ("已订", "booked"),
    "came": ("来了", "came"),
    "missed": ("没有来", "missed"),
    "cancelled": ("本人退了", "given back"),
    "by_hall": ("大厅取消", "called off"),
}
#: What is charged unless a statement says otherwise: what was not given back.
CHARGED = ("booked", "came", "missed")
By = Literal["", "offer", "unit", "town", "village", "person", "month", "day", "state", "chosen", "round"]
BYS = ("offer", "unit", "town", "village", "person", "month", "day", "state", "chosen", "round")


@dataclass(slots=True)
class Line:
    """What was counted of one group. Places of a team count each."""

    key: str
    name: str = ""
    name_en: str = ""
    cents: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    states: tuple[str, ...] = CHARGED
    delivered: int = 0  # of those that came: how many were handed over at the door

    @property
    def count(self) -> int:
        """How many there were of the outcomes that are summed."""
        return sum(self.outcomes.get(one, 0) for one in self.states)


@dataclass(frozen=True, slots=True)
class Whom:
    """A group's person: who it is."""

    number: str  # of their newest booking
    name: str
    phone: str | None
    id_number: str | None
    user_id: int | None
    place_id: int | None


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted: in all, and by group; of groups by person, who each is."""

    total: Line
    lines: tuple[Line, ...]
    people: dict[str, Whom]


def outcome(state: str, by_hall: bool) -> str | None:
    """What became of a booking; None: it never was one.

    >>> outcome("no_show", False), outcome("cancelled", True), outcome("expired", False)
    ('missed', 'by_hall', None)
    """
    if state == "cancelled":
        return "by_hall" if by_hall else "cancelled"
    known = {"confirmed": "booked", "checked_in": "came", "called": "came", "served": "came", "no_show": "missed"}
    return known.get(state)


def in_days(column: Any, first: date | None, last: date | None) -> list[ColumnElement[bool]]:
    """Conditions for moments within these days, both included; None: no end there."""
    found = [column >= at_start_of_day(first)] if first is not None else []
    return [*found, column < at_end_of_day(last)] if last is not None else found


def tally(
    work: Work,
    offers: Sequence[offering.Declared],
    *,
    first: date | None = None,
    last: date | None = None,
    by: By = "",
    states: Sequence[str] = CHARGED,
    unit_ids: Collection[int] | None = None,
    person_index: str | None = None,
    user_id: int | None = None,
    chosen: Collection[str] = (),
) -> Tally:
    """Bookings of these offers in these days (both included), counted and added up."""
    where = [Resource.offer.in_([one.key for one in offers]), *in_days(Appointment.starts_at, first, last)]
    if unit_ids is not None:
        where.append(Resource.unit_id.in_(unit_ids))
    if person_index is not None:
        where.append(Appointment.person_index == person_index)
    if user_id is not None:
        where.append(Appointment.user_id == user_id)
    if chosen:
        where.append(Appointment.chosen.in_(chosen))
    place = func.coalesce(Resource.place_id, Resource.unit_id)
    columns: dict[str, Any] = {
        "offer": Resource.offer,
        "unit": Resource.unit_id,
        "town": place,
        "village": place,
        "person": Appointment.person_index,
        "month": Appointment.starts_at,
        "day": Appointment.starts_at,
        "chosen": Appointment.chosen,
        "round": Appointment.round,
    }
    column = columns.get(by, Appointment.state)
    grouped = (column, Appointment.state, Appointment.by_hall)
    total, lines = Line("", states=tuple(states)), dict[str, Line]()
    counted = (
        select(
            *grouped,
            func.sum(Appointment.places),
            func.sum(func.coalesce(Appointment.cents, 0)),
            func.sum(case((Appointment.round != "", Appointment.places), else_=0)),
        )
        .join(Resource, Resource.id == Appointment.resource_id)
        .where(*where)
        .group_by(*grouped)
    )
    for value, state, by_hall, places, cents, brought in work.session.execute(counted):
        became = outcome(state, by_hall)
        if became is None:
            continue
        for line in (total, *_line(work, lines, by, value, became, offers, total.states)):
            line.outcomes[became] = line.outcomes.get(became, 0) + int(places)
            line.delivered += int(brought) if became == "came" else 0
            if became in total.states:
                line.cents += int(cents)
    paid = (
        select(*grouped, BookingPart.part, func.sum(BookingPart.cents))
        .join(Appointment, Appointment.id == BookingPart.appointment_id)
        .join(Resource, Resource.id == Appointment.resource_id)
        .where(*where)
        .group_by(*grouped, BookingPart.part)
    )
    for value, state, by_hall, part, cents in work.session.execute(paid):
        became = outcome(state, by_hall)
        if became is None or became not in total.states:
            continue
        for line in (total, *_line(work, lines, by, value, became, offers, total.states)):
            line.parts[part] = line.parts.get(part, 0) + int(cents)
    people = _people(work, where) if by == "person" else {}
    for key, whom in people.items():
        if key in lines:
            lines[key].name = whom.name
    order = {"month": True, "day": True}.get(by, False)
    found = sorted(lines.values(), key=lambda one: (one.key,) if order else (-one.count, one.name, one.key))
    return Tally(total, tuple(found), people)


def _line(
    work: Work,
    lines: dict[str, Line],
    by: By,
    value: Any,
    became: str,
    offers: Sequence[offering.Declared],
    states: tuple[str, ...],
) -> list[Line]:
    if not by:
        return []
    key, name, name_en = str(value), "", ""
    if by == "offer":
        known = next((one for one in offers if one.key == value), None)
        name, name_en = (known.offer.title, known.offer.title_en) if known is not None else (key, key)
    elif by == "round":
        known_rounds = (role for one in offers for role in offering.rounds(one))
        role = next((role for role in known_rounds if role.role == value), None)
        name, name_en = (role.title, role.title_en) if role is not None else (key, key)
    elif by in ("unit", "town", "village"):
        place = units.place(work, value)
        found = place if by == "unit" else units.tree(work).level(place, by)
        key, name = (found.code, found.name) if found is not None else ("", "")
    elif by == "month":
        key = f"{local_date(value):%Y-%m}"
    elif by == "day":
        key = local_date(value).isoformat()
    elif by == "state":
        key, (name, name_en) = became, OUTCOMES[became]
    if key not in lines:
        lines[key] = Line(key, name or key, name_en or name or key, states=states)
    return [lines[key]]


def _people(work: Work, where: Sequence[ColumnElement[bool]]) -> dict[str, Whom]:
    """Who they are: as their newest booking says, with what their account adds."""
    newest = (
        select(func.max(Appointment.id))
        .join(Resource, Resource.id == Appointment.resource_id)
        .where(*where)
        .group_by(Appointment.person_index)
    )
    rows = work.session.execute(
        select(Appointment, User).outerjoin(User, User.id == Appointment.user_id).where(Appointment.id.in_(newest))
    )
    found = [(made, user) for made, user in rows]
    wards = _wards(work, [made.person_index for made, user in found if user is None])
    return {
        made.person_index: Whom(
            made.number,
            made.name,
            made.phone,
            user.id_number if user is not None else wards.get(made.person_index),
            made.user_id,
            user.place_id if user is not None else None,
        )
        for made, user in found
    }


def _wards(work: Work, indexes: Sequence[str]) -> dict[str, str]:
    """Identity numbers of those without an account for whom somebody else books by a bond, as the bond says: by them
    what is made out to a child is found by the guardian."""
    rows = work.session.execute(
        select(Bond.subject_id_index, Bond.subject_id_number).where(
            Bond.subject_id_index.in_(indexes), Bond.subject_id.is_(None)
        )
    )
    return {index: number for index, number in rows if index is not None and number is not None}


# ---------------------------------------------------------------- pages


@dataclass(frozen=True, slots=True)
class Statement:
    """A month of a unit's bookings, a line a person: for the desk, as a table and as a sheet."""

    offer: str
    title: str
    title_en: str
    parts: tuple[tuple[str, str, str], ...]  # (part, title, title_en)
    lines: tuple[Line, ...]
    total: Line
    newest: tuple[str, ...] = ()  # the number of each person's newest booking, line by line


def kinds(work: Work) -> list[tuple[str, str]]:
    """What has a price: (key, title), in the order of titles."""
    found = [one for one in offering.declared(work).values() if one.offer.price is not None]
    return [(one.key, one.offer.title) for one in sorted(found, key=lambda one: one.offer.title)]


def of_unit(work: Work, actor: Actor, key: str, first: date, last: date, *, whole: bool = False) -> Statement:
    """One offer of the actor's units, a line a person. `whole`: names are not masked (the sheet that is paid by)."""
    known = offering.of(work, key)
    found = tally(work, [known], first=first, last=last, by="person", unit_ids=actor.realm)
    for line in found.lines:
        line.name = line.name if whole else masks.name(line.name)
    return Statement(
        key,
        known.offer.title,
        known.offer.title_en,
        _titles(known, found.total),
        found.lines,
        found.total,
        tuple(found.people[line.key].number for line in found.lines),
    )


@dataclass(frozen=True, slots=True)
class Own:
    """A month of one's own bookings that have a price."""

    statements: tuple[Statement, ...]  # one an offer, a line a day
    months: tuple[str, ...]  # in which there are any, the newest first


def others(work: Work, actor: Actor) -> list[tuple[int, str]]:
    """(bond, name) of those whose months the actor may see: they book for them, or look after what they have. Each is
    known by an account or an identity number: a telephone may be a family's."""
    found: dict[str, tuple[int, str]] = {}
    for grant in actor.grants:
        if _seen(work, grant) and (grant.subject_id is not None or grant.id_index is not None):
            found.setdefault(grant.subject_ref, (grant.id, grant.subject_name))
    return list(found.values())


def _seen(work: Work, grant: Grant | None) -> list[offering.Declared]:
    """What has a price, of what the bond lets one see or book; without a bond everything."""
    priced = [one for one in offering.declared(work).values() if one.offer.price is not None]
    if grant is None:
        return priced
    return [one for one in priced if grant.over_offer("book", one.key) or grant.over_offer("see", one.key)]


def own(work: Work, actor: Actor, first: date, last: date, *, bond_id: int | None = None) -> Own:
    """The actor's own, or of whom a bond lets them see it, offer by offer and day by day."""
    if actor.id is None:
        return Own((), ())
    whose: dict[str, Any] = {"user_id": actor.id}
    grant = None
    if bond_id is not None:
        if bond_id not in {id_ for id_, _name in others(work, actor)}:
            raise NotYours(
                "这个关系看不到他的月结单，或者已经解除、到期。", "This bond does not show you their months."
            )
        grant = next(one for one in actor.grants if one.id == bond_id)
        whose = {"user_id": grant.subject_id} if grant.subject_id is not None else {"person_index": grant.id_index}
    priced = _seen(work, grant)
    found = []
    for one in priced:
        days = tally(work, [one], first=first, last=last, by="day", **whose)
        if days.lines:
            titles = _titles(one, days.total)
            found.append(Statement(one.key, one.offer.title, one.offer.title_en, titles, days.lines, days.total))
    months = tally(work, priced, by="month", **whose).lines if priced else ()
    return Own(tuple(found), tuple(sorted((line.key for line in months), reverse=True)))


def _titles(known: offering.Declared, total: Line) -> tuple[tuple[str, str, str], ...]:
    own = [SELF, *([DELIVERY] if DELIVERY in total.parts else [])]
    names = [*own, *(name for name in known.offer.subsidy if name in total.parts)]
    names += sorted(set(total.parts) - set(names))
    return tuple((name, *prices.title_of(known, name)) for name in names)


def yuan(cents: int) -> Decimal:
    """Cents as yuan, exact: 4.5 yuan is 450 cents.

    >>> yuan(450), yuan(1200)
    (Decimal('4.50'), Decimal('12.00'))
    """
    return (Decimal(cents) / 100).quantize(Decimal("0.01"))
