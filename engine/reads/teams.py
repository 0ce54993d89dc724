"""Teams (团队): whom one leads, whose team one is in, and what one was put down for by a leader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine.matters.nouns.bonds import LEADER
from engine.people import Actor, masks, may, units
from engine.reads import offers
from engine.reads.ordering import by_sound
from engine.store import Work
from engine.store.models import Appointment, Bond, BookingPlace, Resource
from engine.workdays import local_date


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whom the reader leads, or who leads the reader."""

    bond_id: int
    name: str
    phone: str  # masked
    until_on: date


@dataclass(frozen=True, slots=True)
class Team:
    """One team: its members for its leader, its leader for a member."""

    name: str
    people: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What a leader put the reader down for."""

    id: int
    name: str
    name_en: str
    team: str
    leader: str  # masked
    starts_at: datetime
    ends_at: datetime
    place: str
    address: str
    role: str


def led(work: Work, actor: Actor, *, day: date | None = None, now: datetime) -> list[Team]:
    """The teams that the reader leads, with those whose bond holds on this day."""
    return _teams(work, Bond.holder_id == actor.id, actor, day, now, leads=True)


def of(work: Work, actor: Actor, *, now: datetime) -> list[Team]:
    """The teams that the reader is in, each with its leader."""
    return _teams(work, Bond.subject_id == actor.id, actor, None, now, leads=False)


def _teams(work: Work, whose: object, actor: Actor, day: date | None, now: datetime, *, leads: bool) -> list[Team]:
    today = local_date(now)
    rows = work.session.scalars(
        select(Bond)
        .where(
            whose,  # type: ignore[arg-type]
            Bond.kind == LEADER,
            Bond.state == "held",
            Bond.from_on <= today,
            Bond.until_on >= max(today, day or today),
        )
        .order_by(Bond.id)
    ).all()
    found: dict[str, list[Member]] = {}
    for row in rows:
        name, phone = (row.subject_name, row.subject_phone) if leads else (row.holder_name, row.holder_phone)
        found.setdefault(row.team, []).append(Member(row.id, name, masks.phone(phone), row.until_on))
    return [
        Team(name, tuple(sorted(people, key=lambda one: by_sound(one.name))))
        for name, people in sorted(found.items(), key=lambda one: by_sound(one[0]))
    ]


def coming(work: Work, actor: Actor, *, now: datetime) -> list[Place]:
    """Places to come that a leader took for the reader, by time. One statement."""
    rows = work.session.execute(
        select(BookingPlace, Appointment)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .where(
            BookingPlace.user_id == actor.id,
            BookingPlace.live,
            Appointment.team != "",
            Appointment.user_id.is_distinct_from(actor.id),
            Appointment.ends_at > now,
            Appointment.state.in_(("held", "confirmed", "checked_in", "called")),
        )
        .options(joinedload(Appointment.resource).joinedload(Resource.unit))
        .order_by(Appointment.starts_at, BookingPlace.id)
    ).all()
    if not rows:
        return []
    roles = offers.roles_of(work, sorted({place.slot_id for place, _made in rows}))
    titles = {(slot_id, row.role): row.title for slot_id, of_slot in roles.items() for row in of_slot}
    return [
        Place(
            place.id,
            made.resource.name,
            made.resource.name_en,
            made.team,
            masks.name(made.name),
            made.starts_at,
            made.ends_at,
            units.place(work, made.resource.place_id or made.resource.unit_id).name,
            made.resource.address or "",
            titles.get((place.slot_id, place.role), ""),
        )
        for place, made in rows
        if may(actor, "see", place)
    ]
