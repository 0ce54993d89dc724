"""Rounds (送上门): what is brought to people's doors, by whom, on one day; for the unit that makes it, and for whoever
brings it.

Whoever brings it reads names, doors and telephones of their own round alone, from the moment the unit signed them in
until they are signed out, on that day; never why somebody may not have something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine import feel
from engine.errors import NotFound
from engine.people import Actor, masks, may
from engine.reads import choosing, knowing, offering
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, BookingTrouble, Resource, Slot, User
from engine.workdays import at_end_of_day, at_start_of_day, local_date

#: What it is called when nobody opened (BookingTrouble.what), and how it was signed that it was handed over.
NOBODY, BROUGHT = "nobody", "brought"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing for one door."""

    place_id: int
    booking_id: int
    number: str
    name: str
    door: str
    phone: str
    what: str  # what was chosen
    at: datetime | None  # handed over, or fetched
    to: str  # who took it; "": it was fetched
    by: str  # who signed that
    nobody_at: datetime | None  # nobody opened


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who brings a round."""

    name: str
    phone: str
    came_at: datetime | None
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a day. `slot_id`: of the offer by which people bring it; None: it does not open that day."""

    role: str
    title: str
    title_en: str
    slot_id: int | None
    carriers: tuple[Carrier, ...]
    parcels: tuple[Parcel, ...]

    @property
    def done(self) -> int:
        """How many have it."""
        return sum(one.at is not None for one in self.parcels)


@dataclass(frozen=True, slots=True)
class Kitchen:
    """All rounds of one time, for the unit."""

    slot_id: int
    name: str
    starts_at: datetime
    ends_at: datetime
    rounds: tuple[Round, ...]

    @property
    def untaken(self) -> tuple[Round, ...]:
        """Rounds with something on them that nobody brings."""
        return tuple(one for one in self.rounds if one.parcels and not one.carriers)


@dataclass(frozen=True, slots=True)
class Mine:
    """One round that somebody brings. `parcels` are there while it is theirs to read."""

    slot_id: int
    role: str
    title: str
    title_en: str
    name: str
    starts_at: datetime
    ends_at: datetime
    count: int
    done: int
    open: bool  # signed in, not signed out, on this day
    gone: bool  # signed out, or over
    parcels: tuple[Parcel, ...] = ()


def kitchen(work: Work, actor: Actor, slot_id: int, *, now: datetime) -> Kitchen:
    """The rounds of a time of the actor's units. NotFound, also of what is not brought to anybody."""
    slot = work.session.scalar(
        select(Slot).where(Slot.id == slot_id).options(joinedload(Slot.resource).joinedload(Resource.unit))
    )
    if slot is None or not slot.resource.offer or slot.resource.matter or not may(actor, "serve", slot.resource):
        raise NotFound("没有这个时间。", "There is no such time.")
    what = offering.of(work, slot.resource.offer)
    by = offering.bringing(what)
    if by is None:
        raise NotFound("这一项不送上门。", "This is not brought to anybody's door.")
    day = local_date(slot.starts_at)
    runs = _runs(work, by.key, slot.resource.unit_id, day)
    carried = _carriers(work, [one.id for one in runs])
    parcels = _parcels(work, what, slot, now)
    listed = [
        Round(
            one.role,
            one.title,
            one.title_en or one.title,
            runs[0].id if runs else None,
            tuple(Carrier(p.name, p.phone or "", p.checked_in_at, p.checked_out_at) for p in carried.get(one.role, ())),
            tuple(parcels.get(one.role, ())),
        )
        for one in offering.rounds(what)
    ]
    return Kitchen(slot.id, slot.resource.name, slot.starts_at, slot.ends_at, tuple(listed))


def mine(work: Work, actor: Actor, *, now: datetime) -> list[Mine]:
    """The rounds that the actor brings today and later, the next first: how many parcels, and no more."""
    return [_mine(work, place, slot, actor, now) for place, slot in _own(work, actor, now)]


def own(work: Work, actor: Actor, slot_id: int, *, now: datetime) -> Mine:
    """One of them, with its doors while it is theirs to read. NotFound."""
    for place, slot in _own(work, actor, now):
        if slot.id == slot_id:
            return _mine(work, place, slot, actor, now, whole=True)
    raise NotFound("您今天没有报这条路线。", "This is no round of yours.")


def brings(work: Work, actor: Actor, made: Appointment, *, now: datetime) -> BookingPlace | None:
    """The place by which the actor brings this booking now: signed in on its round of this day, not signed out yet."""
    what = offering.declared(work).get(made.resource.offer)
    by = offering.bringing(what) if what is not None else None
    day = local_date(made.starts_at)
    if by is None or actor.id is None or not made.round or day != local_date(now):
        return None
    runs = [one.id for one in _runs(work, by.key, made.resource.unit_id, day)]
    return work.session.scalars(
        select(BookingPlace).where(
            BookingPlace.slot_id.in_(runs),
            BookingPlace.role == made.round,
            BookingPlace.user_id == actor.id,
            BookingPlace.live,
            BookingPlace.checked_in_at.is_not(None),
            BookingPlace.checked_out_at.is_(None),
        )
    ).first()


def _own(work: Work, actor: Actor, now: datetime) -> list[tuple[BookingPlace, Slot]]:
    """The actor's places in what brings something, from today on."""
    keys = {by.key for what in offering.declared(work).values() if (by := offering.bringing(what)) is not None}
    if actor.id is None or not keys:
        return []
    rows = work.session.execute(
        select(BookingPlace, Slot)
        .join(Slot, Slot.id == BookingPlace.slot_id)
        .join(Resource, Resource.id == Slot.resource_id)
        .where(
            BookingPlace.user_id == actor.id,
            BookingPlace.live,
            Slot.starts_at >= at_start_of_day(local_date(now)),
            Resource.offer.in_(keys),
        )
        .order_by(Slot.starts_at, Slot.id)
        .options(joinedload(Slot.resource))
    )
    return [(place, slot) for place, slot in rows]


def _mine(work: Work, place: BookingPlace, slot: Slot, actor: Actor, now: datetime, *, whole: bool = False) -> Mine:
    day = local_date(slot.starts_at)
    gone = place.checked_out_at is not None or day < local_date(now)
    readable = place.checked_in_at is not None and not gone and day == local_date(now)
    listed: list[Parcel] = []
    title = title_en = place.role
    for what in offering.declared(work).values():
        by = offering.bringing(what)
        if by is None or by.key != slot.resource.offer:
            continue
        role = next((one for one in offering.rounds(what) if one.role == place.role), None)
        if role is not None:
            title, title_en = role.title, role.title_en or role.title
        for meal in _meals(work, what.key, slot.resource.unit_id, day):
            listed += _parcels(work, what, meal, now, only=place.role).get(place.role, [])
    return Mine(
        slot.id,
        place.role,
        title,
        title_en,
        slot.resource.name,
        slot.starts_at,
        slot.ends_at,
        len(listed),
        sum(one.at is not None for one in listed),
        readable,
        gone,
        tuple(listed) if readable and whole else (),
    )


def _meals(work: Work, offer: str, unit_id: int, day: date) -> Sequence[Slot]:
    """The times of an offer at a unit on a day."""
    return work.session.scalars(
        select(Slot)
        .join(Resource, Resource.id == Slot.resource_id)
        .where(
            Resource.offer == offer,
            Resource.unit_id == unit_id,
            Slot.starts_at >= at_start_of_day(day),
            Slot.starts_at < at_end_of_day(day),
            Slot.closed.is_(False),
        )
        .order_by(Slot.starts_at, Slot.id)
        .options(joinedload(Slot.resource))
    ).all()


_runs = _meals


def _carriers(work: Work, slots: Sequence[int]) -> dict[str, list[BookingPlace]]:
    found: dict[str, list[BookingPlace]] = {}
    rows = work.session.scalars(
        select(BookingPlace).where(BookingPlace.slot_id.in_(slots), BookingPlace.live).order_by(BookingPlace.id)
    )
    for one in rows:
        found.setdefault(one.role, []).append(one)
    return found


def _parcels(
    work: Work, what: offering.Declared, slot: Slot, now: datetime, *, only: str = ""
) -> dict[str, list[Parcel]]:
    """What is brought of this time, by round, in the order of doors: the same few statements for five and for sixty."""
    query = (
        select(BookingPlace, Appointment)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .where(
            BookingPlace.slot_id == slot.id,
            BookingPlace.live,
            Appointment.round == only if only else Appointment.round != "",
        )
        .order_by(BookingPlace.id)
    )
    rows: Sequence[Any] = work.session.execute(query).all()
    places = [place for place, _made in rows]
    doors = _doors(work, what, slot, places, now)
    labels = {one.key: one.label for one in choosing.day_of(work, what, slot.resource, slot, now=now)} if rows else {}
    empty = {
        place_id: at
        for place_id, at in work.session.execute(
            select(BookingTrouble.place_id, BookingTrouble.at).where(
                BookingTrouble.place_id.in_([one.id for one in places]), BookingTrouble.what == NOBODY
            )
        )
    }
    signers = {one.came_by_id for one in places if one.came_by_id is not None}
    names = {id_: name for id_, name in work.session.execute(select(User.id, User.name).where(User.id.in_(signers)))}
    found: dict[str, list[Parcel]] = {}
    for (place, made), door in zip(rows, doors, strict=True):
        one = Parcel(
            place.id,
            made.id,
            made.number,
            place.name,
            door,
            place.phone or "",
            labels.get(made.chosen, made.chosen),
            place.checked_in_at,
            place.handed_to or "",
            names.get(place.came_by_id, "") if place.came_by_id is not None else "",
            empty.get(place.id),
        )
        found.setdefault(made.round, []).append(one)
    return {role: sorted(those, key=lambda one: (one.door, one.place_id)) for role, those in found.items()}


def _doors(work: Work, what: offering.Declared, slot: Slot, places: Sequence[BookingPlace], now: datetime) -> list[str]:
    """Where each lives, as the declaration says it."""
    assert what.offer.delivered is not None
    if not places:
        return []
    expression = feel.compile(what.offer.delivered.door.removeprefix("="))
    contexts = knowing.contexts(
        work,
        expression,
        package=what.package,
        people=knowing.of_places(work, places),
        now=now,
        on=local_date(slot.starts_at),
        offer=offering.facts(work, slot.resource, slot),
        ask={},
    )
    env = feel.Env(now=now, calendar=work.calendar)
    return [str(expression.evaluate(one, env) or "") for one in contexts]


def masked(one: Parcel) -> str:
    """A telephone as a list shows it."""
    return masks.phone(one.phone)
