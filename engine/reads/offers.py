"""Offers (供给): what is open and left, and one time for whoever looks at it. What is declared: offering.py.

Lists are served by plain columns and one statement; an expression is evaluated only for the person who looks at one
offer, never for a list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from engine import booking, feel, forms
from engine.booking import written
from engine.booking.slots import ZONE
from engine.errors import NotFound, NotNow
from engine.matters.nouns.offers import DELIVERED
from engine.people import Actor, masks, may, units
from engine.people.units import Place
from engine.reads import bonds, choosing, knowing, prices
from engine.reads.offering import Declared as Declared
from engine.reads.offering import Not as Not
from engine.reads.offering import bringing as bringing
from engine.reads.offering import declared as declared
from engine.reads.offering import elsewhere as elsewhere
from engine.reads.offering import keeping_hours as keeping_hours
from engine.reads.offering import of as of
from engine.reads.offering import price as price
from engine.reads.offering import round_of as round_of
from engine.reads.offering import too_late as too_late
from engine.reads.offering import value as value
from engine.reads.offering import why_not as why_not
from engine.reads.ordering import by_sound
from engine.store import Work
from engine.store.models import Appointment, AppointmentSlot, BookingPlace, Resource, Slot, SlotPlace, User, Waiting
from engine.workdays import local_date

# ---------------------------------------------------------------- what is open


@dataclass(frozen=True, slots=True)
class Left:
    """The places of one role, or of all (role "")."""

    role: str
    title: str
    title_en: str
    capacity: int
    free: int


@dataclass(frozen=True, slots=True)
class Open:
    """One time of an opened offer."""

    slot_id: int
    resource_id: int
    offer: str
    number: str
    name: str
    name_en: str
    about: str
    unit: str
    place: str  # the village or town
    place_id: int
    starts_at: datetime
    ends_at: datetime
    left: tuple[Left, ...]
    free: int


def open_query(now: datetime, first: datetime | None = None, last: datetime | None = None) -> Select[Slot]:
    """The times of offers that are open, in order of time."""
    query = (
        select(Slot)
        .join(Resource, Resource.id == Slot.resource_id)
        .where(
            Resource.active,
            Resource.offer != "",
            Resource.matter == "",
            Slot.public_capacity > 0,
            Slot.closed.is_(False),
            Slot.starts_at > (first or now),
        )
        .options(joinedload(Slot.resource).joinedload(Resource.unit))
        .order_by(Slot.starts_at, Slot.id)
    )
    return query.where(Slot.starts_at < last) if last is not None else query


def list_open(
    work: Work,
    *,
    offer: str | None = None,
    place_ids: Sequence[int] = (),
    day: Any = None,
    most: int = 100,
    now: datetime,
) -> list[Open]:
    """What can be booked, by time: two statements, whatever there is."""
    query = open_query(now)
    if offer is not None:
        query = query.where(Resource.offer == offer)
    if place_ids:
        query = query.where(func.coalesce(Resource.place_id, Resource.unit_id).in_(place_ids))
    if day is not None:
        start = datetime.combine(day, time.min, ZONE)
        query = query.where(Slot.starts_at >= start, Slot.starts_at < start + timedelta(days=1))
    return shown(work, work.session.scalars(query.limit(most)).all())


def shown(work: Work, slots: Sequence[Slot]) -> list[Open]:
    roles = roles_of(work, [slot.id for slot in slots])
    out = []
    for slot in slots:
        resource = slot.resource
        place = units.place(work, resource.place_id or resource.unit_id)
        free = 0 if slot.closed else slot.public_capacity - slot.public_taken
        left = tuple(
            Left(r.role, r.title, r.title_en, r.capacity, min(free, r.capacity - r.taken))
            for r in roles.get(slot.id, [])
        )
        out.append(
            Open(
                slot.id,
                resource.id,
                resource.offer,
                resource.code,
                resource.name,
                resource.name_en,
                resource.about,
                resource.unit.name,
                place.name,
                place.id,
                slot.starts_at,
                slot.ends_at,
                left or (Left("", "", "", slot.public_capacity, free),),
                free,
            )
        )
    return out


def roles_of(work: Work, slot_ids: Sequence[int]) -> dict[int, list[SlotPlace]]:
    """The places by role of these slots, in their order."""
    found: dict[int, list[SlotPlace]] = {}
    if slot_ids:
        rows = work.session.scalars(
            select(SlotPlace)
            .where(SlotPlace.slot_id.in_(slot_ids))
            .order_by(SlotPlace.slot_id, SlotPlace.number)
            .execution_options(populate_existing=True)
        )
        for row in rows:
            found.setdefault(row.slot_id, []).append(row)
    return found


def policy_of(resource: Resource) -> booking.Policy:
    return booking.load_policy(resource.policy)


# ---------------------------------------------------------------- for one person, and for the unit


@dataclass(frozen=True, slots=True)
class Kind:
    """A published offer, and how many times of it are open."""

    key: str
    title: str
    title_en: str
    kind: str
    summary: str
    summary_en: str
    open: int


def kinds(work: Work, *, now: datetime) -> list[Kind]:
    """What residents may book here, each with the times that are open: one statement for the numbers."""
    counts: dict[str, int] = {
        key: n
        for key, n in work.session.execute(
            select(Resource.offer, func.count())
            .join(Slot, Slot.resource_id == Resource.id)
            .where(
                Resource.active,
                Resource.offer != "",
                Resource.matter == "",
                Slot.public_capacity > 0,
                Slot.closed.is_(False),
                Slot.starts_at > now,
            )
            .group_by(Resource.offer)
        ).all()
    }
    return [
        Kind(
            what.key,
            what.offer.title,
            what.offer.title_en,
            what.offer.kind,
            what.offer.summary,
            what.offer.summary_en,
            counts.get(what.key, 0),
        )
        for what in sorted(declared(work).values(), key=lambda one: by_sound(one.offer.title))
        if not what.offer.each and what.offer.places != 0  # what only staff book is no list for people
    ]


def places(work: Work, *, offer: str | None = None, now: datetime) -> list[Place]:
    """Where something is open."""
    where = func.coalesce(Resource.place_id, Resource.unit_id)
    query = (
        select(where)
        .join(Slot, Slot.resource_id == Resource.id)
        .where(
            Resource.active,
            Resource.offer != "",
            Resource.matter == "",
            Slot.public_capacity > 0,
            Slot.closed.is_(False),
            Slot.starts_at > now,
        )
        .distinct()
    )
    if offer is not None:
        query = query.where(Resource.offer == offer)
    found = [units.place(work, id_) for id_ in work.session.scalars(query)]
    return sorted(found, key=lambda one: one.path)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whether what is booked is brought to somebody's door: what that costs beside the price, or why it is not."""

    cents: int
    reasons: tuple[Not, ...]


@dataclass(frozen=True, slots=True)
class Chance:
    """One time, for whoever looks at it: what is left, what it costs them, and why they may not have it."""

    one: Open
    what: Declared
    slot: Slot
    reasons: tuple[Not, ...]  # for any role
    by_role: dict[str, tuple[Not, ...]]  # role -> why not that one
    cost: prices.Cost | None  # None: it has no price, or it depends on what the form asks
    booked: int | None  # their own booking of it
    waits: bool  # they are on its waiting list
    choices: tuple[choosing.Thing, ...] = ()  # what may be chosen that day, and whether it fits them
    form: forms.Form | None = None  # what is asked, with the choice in it
    delivery: Delivery | None = None  # whether it is brought to them; None: it is brought to nobody


def chance(work: Work, actor: Actor, slot_id: int, *, bond_id: int | None = None, now: datetime) -> Chance:
    """One open time for this actor, or for whom a bond lets them book. NotFound: there is none any more."""
    slot = work.session.scalar(open_query(now).where(Slot.id == slot_id))
    if slot is None:
        raise NotFound("没有这个时间，或者已经结束、取消了。", "There is no such time, or it is over or called off.")
    what, resource = of(work, slot.resource.offer), slot.resource
    roles = roles_of(work, [slot.id]).get(slot.id, [])
    reasons: tuple[Not, ...] = ()
    by_role: dict[str, tuple[Not, ...]] = {}
    cost: prices.Cost | None = None
    booked, waits = None, False
    delivery: Delivery | None = None
    choices = choosing.day_of(work, what, resource, slot, now=now)
    if actor.id is not None and actor.kind == "resident":
        person = whom(work, actor, bond_id, resource.offer)
        reasons = tuple(why_not(work, what, resource, slot, person, now=now))
        choices = choosing.day_of(work, what, resource, slot, person, now=now)
        for role in roles:
            if role.who:
                every = why_not(work, what, resource, slot, person, roles=[role], now=now)
                by_role[role.role] = tuple(one for one in every if one not in reasons)
        if not what.offer.ask:
            try:
                cost = prices.cost(work, what, resource, slot, [person], {}, now=now)
            except NotNow as refused:
                reasons = (*reasons, Not(refused.zh, refused.en))
        delivery = _delivery(work, what, resource, slot, person, reasons, now)
        booked = work.session.scalar(
            select(BookingPlace.appointment_id).where(
                BookingPlace.slot_id == slot.id, BookingPlace.person_index.in_(person.indexes), BookingPlace.live
            )
        )
        waits = bool(
            work.session.scalar(
                select(Waiting.id).where(
                    Waiting.resource_id == resource.id,
                    Waiting.day == local_date(slot.starts_at),
                    Waiting.person_index.in_(person.indexes),
                    Waiting.state.in_(("waiting", "offered")),
                )
            )
        )
    elif slot.starts_at > now:
        late = too_late(what.offer, slot, now)
        reasons = (late,) if late is not None else ()
    form = choosing.form(work, what, slot=slot, now=now)
    one = shown(work, [slot])[0]
    return Chance(one, what, slot, reasons, by_role, cost, booked, waits, tuple(choices), form, delivery)


def _delivery(
    work: Work,
    what: Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person,
    known: Sequence[Not],
    now: datetime,
) -> Delivery | None:
    """Whether it can be brought to this person. `known`: why they may not have it at all."""
    if what.offer.delivered is None:
        return None
    answers = {DELIVERED: True}
    reasons = [one for one in why_not(work, what, resource, slot, person, answers=answers, now=now) if one not in known]
    if reasons or known:
        return Delivery(0, tuple(reasons))
    fees = prices.brought(work, what, resource, slot, person, answers, now)
    return Delivery(sum(one.cents for one in fees), ())


def whom(work: Work, actor: Actor, bond_id: int | None, offer: str) -> knowing.Person:
    """Who comes: the actor, or whom the bond is about."""
    if bond_id is not None:
        return bonds.for_offer(work, actor, bond_id, offer)
    return knowing.of_user(work.session.get_one(User, actor.id))


def cost_for(
    work: Work, actor: Actor, it: Chance, answers: Mapping[str, Any], *, bond_id: int | None = None, now: datetime
) -> prices.Cost | None:
    """What it costs this actor, or whom they book for, with these answers."""
    if actor.id is None:
        return None
    person = whom(work, actor, bond_id, it.what.key)
    return prices.cost(work, it.what, it.slot.resource, it.slot, [person], answers, now=now)


def openable(work: Work) -> list[tuple[str, str]]:
    """What a post may open a further time of: (key, title)."""
    return [
        (what.key, what.offer.title)
        for what in sorted(declared(work).values(), key=lambda one: by_sound(one.offer.title))
        if not what.offer.each and not what.offer.opened_by
    ]


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody who has a place, for the unit: masked."""

    appointment_id: int
    version: int
    name: str
    phone: str
    role: str
    team: str
    state: str
    number: str


@dataclass(frozen=True, slots=True)
class Held:
    """One time of the unit's, with who has a place in it."""

    one: Open
    closed: bool
    active: bool
    parent: bool  # it has sessions, or is one
    taken: tuple[Taken, ...]
    waiting: int


def with_teams(work: Work) -> frozenset[str]:
    """What teams may book."""
    return frozenset(key for key, one in declared(work).items() if "team" in one.offer.taker)


def board(work: Work, actor: Actor, first: date, last: date, *, now: datetime) -> list[Held]:
    """The week of the actor's units: every time of their offers, in order; four statements."""
    slots = work.session.scalars(
        select(Slot)
        .join(Resource, Resource.id == Slot.resource_id)
        .where(
            Resource.unit_id.in_(actor.realm),
            Resource.offer != "",
            Resource.matter == "",
            Slot.starts_at >= written.start_of(first),
            Slot.starts_at < written.start_of(last + timedelta(days=1)),
            (Slot.public_capacity > 0) | (Slot.staff_taken > 0),  # an empty room for staff is no offer to look after
        )
        .options(joinedload(Slot.resource).joinedload(Resource.unit))
        .order_by(Slot.starts_at, Slot.id)
    ).all()
    titles = {
        (slot_id, row.role): row.title
        for slot_id, rows in roles_of(work, [s.id for s in slots]).items()
        for row in rows
    }
    people: dict[int, list[Taken]] = {}
    for place, made in work.session.execute(
        select(BookingPlace, Appointment)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .where(BookingPlace.slot_id.in_([s.id for s in slots]), BookingPlace.live)
        .order_by(BookingPlace.slot_id, BookingPlace.id)
    ).all():
        people.setdefault(place.slot_id, []).append(
            Taken(
                made.id,
                made.version,
                masks.name(place.name),
                masks.phone(place.phone),
                titles.get((place.slot_id, place.role), place.role),
                made.team,
                made.state,
                made.number,
            )
        )
    waiting: dict[tuple[int, date], int] = {
        (resource_id, day): n
        for resource_id, day, n in work.session.execute(
            select(Waiting.resource_id, Waiting.day, func.count())
            .where(Waiting.resource_id.in_({s.resource_id for s in slots}), Waiting.state == "waiting")
            .group_by(Waiting.resource_id, Waiting.day)
        ).all()
    }
    return [
        Held(
            one,
            slot.closed,
            slot.resource.active,
            slot.resource.parent_id is not None,
            tuple(people.get(slot.id, ())),
            waiting.get((slot.resource_id, local_date(slot.starts_at)), 0),
        )
        for one, slot in zip(shown(work, slots), slots, strict=True)
    ]


def asked(work: Work, key: str, *, slot_id: int | None = None, now: datetime) -> Any:
    """The form that a booking of this offer is asked, with what may be chosen on the day of this time; None: it asks
    nothing of its own."""
    known = declared(work).get(key)
    slot = (
        work.session.scalar(select(Slot).where(Slot.id == slot_id).options(joinedload(Slot.resource)))
        if slot_id is not None and known is not None and known.offer.choice is not None
        else None
    )
    return choosing.form(work, known, slot=slot, now=now) if known is not None else None


def cost_of(
    work: Work, actor: Actor, appointment_id: int, *, now: datetime
) -> tuple[int, tuple[prices.Part, ...]] | None:
    """What a booking that opens a case costs: as it keeps it, or while it is held, as it would be. None: it has no
    price, or it depends on what is filled in yet."""
    made = work.session.scalar(
        select(Appointment)
        .where(Appointment.id == appointment_id)
        .options(joinedload(Appointment.resource).joinedload(Resource.unit))
    )
    if made is None or not may(actor, "see", made):
        return None
    known = declared(work).get(made.resource.offer)
    if made.cents is not None:
        return made.cents, tuple(prices.of_bookings(work, [made.id], known).get(made.id, ()))
    if known is None or known.offer.price is None or known.offer.ask or made.state != "held":
        return None
    person = knowing.Person(made.name, made.phone)
    if made.user_id is not None:
        person = knowing.of_user(work.session.get_one(User, made.user_id))
    slots = work.session.scalars(
        select(Slot).join(AppointmentSlot).where(AppointmentSlot.appointment_id == made.id).order_by(Slot.starts_at)
    ).all()
    try:
        cost = prices.added([prices.cost(work, known, made.resource, slot, [person], {}, now=now) for slot in slots])
    except NotNow:
        return None
    return (cost.cents, cost.parts) if cost is not None else None


def has_price(work: Work, key: str) -> bool:
    """Whether what is booked costs something."""
    known = declared(work).get(key)
    return known is not None and known.offer.price is not None


def next_open(work: Work, offer: str | None, *, now: datetime) -> Open | None:
    """The next time that still has a place: of this offer, or of any."""
    query = open_query(now).where(Slot.public_taken < Slot.public_capacity)
    if offer is not None:
        query = query.where(Resource.offer == offer)
    found = shown(work, work.session.scalars(query.limit(1)).all())
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Own:
    """What somebody's own booking of an offer holds beside its time."""

    about: str
    address: str  # where exactly: they have a place
    team: str
    members: tuple[tuple[str, str], ...]  # (name, title of the role)
    cents: int | None  # what it costs in all
    parts: tuple[prices.Part, ...]  # who pays which part of it
    place: str
    check_in: bool
    answers: list[Any]
    slot_id: int | None
    form: Any = None  # what a place kept for who waited still asks, or may be answered otherwise
    given: Any = None  # the answers themselves
    day: date | None = None
    comes: str = ""  # who comes, when somebody else booked it or looks at it
    by_whom: str = ""  # who booked it for them
    places: tuple[BookingPlace, ...] = ()  # who takes part, a row each
    brings: bool = False  # by it something is brought to others' doors


def own(work: Work, actor: Actor, appointment_id: int, *, now: datetime) -> Own | None:
    """Of a booking the actor may see; None: it is of what opens a case."""
    made = work.session.scalar(
        select(Appointment)
        .where(Appointment.id == appointment_id)
        .options(joinedload(Appointment.resource).joinedload(Resource.unit))
    )
    if made is None or not may(actor, "see", made) or made.resource.matter or not made.resource.offer:
        return None
    places = work.session.scalars(
        select(BookingPlace).where(BookingPlace.appointment_id == made.id).order_by(BookingPlace.id)
    ).all()
    roles = roles_of(work, sorted({p.slot_id for p in places}))
    titles = {(slot_id, row.role): row for slot_id, rows in roles.items() for row in rows}
    known = declared(work).get(made.resource.offer)
    answers: list[Any] = []
    slot_id = next((p.slot_id for p in places), None)
    form = asked(work, made.resource.offer, slot_id=slot_id, now=now)
    if form is not None and made.answers:
        env = feel.Env(now=now, calendar=work.calendar)
        answers = list(forms.describe(form, made.answers, env=env))
    live = made.state not in ("cancelled", "expired", "no_show")
    mine = made.user_id == actor.id
    return Own(
        about=made.resource.about,
        address=(made.resource.address or "") if live and _read_still(made, known, now) else "",
        team=made.team,
        members=tuple(
            (
                p.name if mine else masks.name(p.name),
                titles[(p.slot_id, p.role)].title if (p.slot_id, p.role) in titles else "",
            )
            for p in places
            if p.live or not live
        ),
        cents=made.cents,
        parts=tuple(prices.of_bookings(work, [made.id], known).get(made.id, ())),
        place=units.place(work, made.resource.place_id or made.resource.unit_id).name,
        check_in=known is not None and bool(known.offer.check_in),
        answers=answers,
        slot_id=slot_id,
        given=made.answers or {},
        day=local_date(made.starts_at),
        comes=made.name if not mine or made.booked_by_id is not None else "",
        by_whom=_booker(work, made, actor),
        places=tuple(places),
        brings=any(
            (by := bringing(what)) is not None and by.key == made.resource.offer for what in declared(work).values()
        ),
        form=form if made.state in ("held", "confirmed") else None,
    )


def _read_still(made: Appointment, known: Declared | None, now: datetime) -> bool:
    """Whether it is not too long over to read where exactly it was."""
    after = known.offer.address_for if known is not None else ""
    return not after or now <= made.ends_at + written.span(after)


def _booker(work: Work, made: Appointment, actor: Actor) -> str:
    """Who booked it for somebody else; their own name whole, another's masked."""
    if made.booked_by_id is None:
        return ""
    name = work.session.get_one(User, made.booked_by_id).name
    return name if made.booked_by_id == actor.id else masks.name(name)


def of_unit(work: Work, actor: Actor, *, resource_id: int | None = None, slot_id: int | None = None) -> Resource:
    """The opened offer (of this time) that the actor's units have. NotFound."""
    query = select(Resource).where(Resource.offer != "", Resource.matter == "")
    if slot_id is not None:
        query = query.join(Slot, Slot.resource_id == Resource.id).where(Slot.id == slot_id)
    else:
        query = query.where(Resource.id == resource_id)
    row = work.session.scalar(query)
    if row is None or not may(actor, "serve", row):
        raise NotFound("没有这项供给。", "There is no such offer.")
    return row


def at_work(work: Work, actor: Actor) -> bool:
    """Whether the actor has to do with offers whose bookings are rows: one stands at a unit of theirs, or they may
    open one. One statement, and none where nothing of the kind is published."""
    known = [what for what in declared(work).values() if not what.offer.each]
    if not known or not actor.realm:
        return False
    if any(not what.offer.opened_by for what in known):
        return True
    return bool(
        work.session.scalar(
            select(Resource.id)
            .where(Resource.unit_id.in_(actor.realm), Resource.offer.in_([what.key for what in known]))
            .limit(1)
        )
    )
