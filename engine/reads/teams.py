"""Teams (团队): whom one leads, whose team one is in, and what one was put down for by a leader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import joinedload

from engine import booking
from engine.booking import attended
from engine.errors import NotFound
from engine.matters.nouns.bonds import LEADER
from engine.people import Actor, masks, may, units
from engine.reads import offers
from engine.reads.ordering import by_sound
from engine.store import Work
from engine.store.models import Appointment, Bond, BookingPlace, Resource, User
from engine.store.models import Team as Rows
from engine.workdays import local_date


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whom the reader leads, or who leads the reader."""

    bond_id: int
    own: bool  # the bond is the reader's: of a second leader's members some are the other's
    name: str
    phone: str  # masked
    until_on: date


@dataclass(frozen=True, slots=True)
class Team:
    """One team: its members for its leaders, its leader for a member."""

    name: str
    people: tuple[Member, ...]
    id: int = 0
    first: bool = False  # the reader leads it, and names the second
    leader: str = ""  # who leads it, where that is not the reader
    second: str = ""  # who leads it too, where that is not the reader
    unit: str = ""


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
    """The teams that the reader leads, alone or with another, with those whose bond holds on this day."""
    return _teams(work, or_(Bond.holder_id == actor.id, Bond.team_id.in_(led_ids(actor.id))), actor, day, now, True)


def of(work: Work, actor: Actor, *, now: datetime) -> list[Team]:
    """The teams that the reader is in, each with its leader."""
    return _teams(work, Bond.subject_id == actor.id, actor, None, now, False)


def led_ids(user_id: int | None) -> Select[int]:
    """The teams that this account leads, as the first or the second."""
    leads = or_(Rows.leader_id == user_id, Rows.second_id == user_id)
    return select(Rows.id).where(leads, Rows.ended_at.is_(None))


def at_desk(work: Work, actor: Actor) -> list[tuple[int, str, str]]:
    """(id, name, unit) of the teams that somebody at a desk may put down, by unit."""
    rows = work.session.execute(
        select(Rows.id, Rows.name, Rows.unit_id)
        .where(Rows.unit_id.in_(_around(work, actor)), Rows.ended_at.is_(None))
        .order_by(Rows.unit_id, Rows.id)
        .limit(200)
    )
    return [(id_, name, units.place(work, unit_id).name) for id_, name, unit_id in rows]


def for_desk(work: Work, team_id: int, actor: Actor) -> Rows:
    """A team, for who serves around where it belongs. NotFound."""
    row = work.session.get(Rows, team_id)
    if row is None or row.ended_at is not None or row.unit_id not in _around(work, actor):
        raise NotFound("没有这个团队。", "There is no such team.")
    return row


def _around(work: Work, actor: Actor) -> set[int]:
    """The units of a desk, what is below them, and their neighbours: a town's teams come to any of its villages."""
    tree = units.tree(work)
    own = [tree.by_id[id_] for id_ in actor.own_units if id_ in tree.by_id] if actor.kind == "staff" else []
    tops = [tree.by_id.get(one.parent_id or 0, one) for one in own]
    return {*actor.realm, *(one.id for top in tops for one in tree.below(top))}


def of_desk(work: Work, team_id: int, actor: Actor, *, now: datetime) -> Team:
    """Its members and leaders, masked, to be written down for something it does."""
    row = for_desk(work, team_id, actor)
    bonds = _bonds(work, Bond.team_id == row.id, None, now)
    names = {id_: masks.name(name) for id_, name in _names(work, [row]).items()}
    leader = names.get(row.leader_id or 0) or (masks.name(bonds[0].holder_name) if bonds else "")
    people = [Member(one.id, False, masks.name(one.subject_name), "", one.until_on) for one in bonds]
    unit = units.place(work, row.unit_id).name
    return Team(row.name, tuple(people), row.id, False, leader, names.get(row.second_id or 0, ""), unit)


def _names(work: Work, rows: Sequence[Rows]) -> dict[int, str]:
    ids = {id_ for row in rows for id_ in (row.leader_id, row.second_id) if id_ is not None}
    return {id_: name for id_, name in work.session.execute(select(User.id, User.name).where(User.id.in_(ids)))}


def _bonds(work: Work, whose: ColumnElement[bool], day: date | None, now: datetime) -> Sequence[Bond]:
    today = local_date(now)
    return work.session.scalars(
        select(Bond)
        .where(
            whose,
            Bond.kind == LEADER,
            Bond.state == "held",
            Bond.from_on <= today,
            Bond.until_on >= max(today, day or today),
        )
        .order_by(Bond.id)
    ).all()


def _teams(
    work: Work, whose: ColumnElement[bool], actor: Actor, day: date | None, now: datetime, leads: bool
) -> list[Team]:
    bonds = _bonds(work, whose, day, now)
    ids = {one.team_id for one in bonds if one.team_id is not None}
    rows = {row.id: row for row in work.session.scalars(select(Rows).where(Rows.id.in_(ids)))} if ids else {}
    names = _names(work, list(rows.values())) if rows else {}
    found: dict[tuple[str, int], list[Member]] = {}
    for one in bonds:
        of = found.setdefault((one.team, one.team_id or 0), [])
        if leads and one.subject_id == actor.id:  # the second leader is a member too
            continue
        name, phone = (one.subject_name, one.subject_phone) if leads else (one.holder_name, one.holder_phone)
        mine = one.holder_id == actor.id if leads else True
        of.append(Member(one.id, mine, name, masks.phone(phone), one.until_on))
    made = []
    for (title, team_id), people in found.items():
        row = rows.get(team_id)
        at = (row.leader_id, row.second_id) if row is not None else (None, None)
        leader, second = (names.get(id_ or 0, "") if id_ != actor.id else "" for id_ in at)
        first = row is not None and row.leader_id == actor.id
        unit = units.place(work, row.unit_id).name if row is not None else ""
        by_name = tuple(sorted(people, key=lambda one: by_sound(one.name)))
        made.append(Team(title, by_name, team_id, first, leader, second, unit))
    return sorted(made, key=lambda one: (by_sound(one.name), one.id))


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a team of the reader's is put down for."""

    booking_id: int
    name: str
    name_en: str
    starts_at: datetime
    place: str
    people: int


@dataclass(frozen=True, slots=True)
class Doing:
    """What a team has before it, and the hours it has given in the year of the reader's day."""

    ahead: tuple[Ahead, ...] = ()
    hours: Decimal = Decimal(0)


def doing(work: Work, actor: Actor, *, now: datetime) -> dict[str, Doing]:
    """By the name of the team: what the reader has booked for it. One statement."""
    year = local_date(now).year
    rows = work.session.execute(
        select(Appointment, BookingPlace.checked_in_at, BookingPlace.minutes)
        .join(BookingPlace, BookingPlace.appointment_id == Appointment.id)
        .where(
            Appointment.user_id == actor.id,
            Appointment.team != "",
            BookingPlace.live,
            Appointment.state.in_((*booking.LIVE, "served")),
            Appointment.ends_at > now - timedelta(days=366),
        )
        .options(joinedload(Appointment.resource).joinedload(Resource.unit))
        .order_by(Appointment.starts_at, BookingPlace.id)
    ).all()
    people: dict[int, int] = {}
    minutes: dict[str, int] = {}
    before: dict[str, dict[int, Appointment]] = {}
    for made, came, counted in rows:
        if made.ends_at > now and made.state in booking.LIVE:
            people[made.id] = people.get(made.id, 0) + 1
            before.setdefault(made.team, {})[made.id] = made
        if came is not None and counted is not None and local_date(came).year == year:
            minutes[made.team] = minutes.get(made.team, 0) + counted
    return {
        name: Doing(
            tuple(
                Ahead(
                    one.id,
                    one.resource.name,
                    one.resource.name_en,
                    one.starts_at,
                    units.place(work, one.resource.place_id or one.resource.unit_id).name,
                    people[one.id],
                )
                for one in before.get(name, {}).values()
            ),
            attended.hours(minutes.get(name, 0)),
        )
        for name in {*before, *minutes}
    }


def announcing(work: Work) -> list[tuple[str, str, str]]:
    """(matter, its name, the same in English) of what a team may announce itself: an application opens the places."""
    found = {
        what.package.name: (what.package.info.name, what.package.info.name_en)
        for what in offers.declared(work).values()
        if what.offer.opened_by == "case"
        and "team" in what.offer.taker
        and "online" in what.package.info.apply.channels
    }
    return [(name, zh, en) for name, (zh, en) in sorted(found.items())]


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
