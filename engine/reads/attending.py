"""Who is expected at a time, who has come and left; and the hours somebody gave: from check-in to check-out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine.booking import attended
from engine.errors import NotFound
from engine.matters.nouns.offers import Offer, OfferHours
from engine.people import Actor, masks, may
from engine.reads import attachments, choosing, knowing, offering, offers
from engine.records import documents, library
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, Resource, Slot, User
from engine.workdays import local_date

#: Most lines of a person's own hours on one page.
MOST = 200


@dataclass(frozen=True, slots=True)
class Expected:
    """One place of a time, for whoever stands at the door."""

    place_id: int
    appointment_id: int
    number: str
    name: str  # whole: the door has to know who it is
    phone: str  # masked
    role: str
    team: str
    state: str
    came_at: datetime | None
    left_at: datetime | None
    fetched_by: str
    by_voice: bool  # still to be read out to them
    brought_by: str
    signed: str  # who signed them in
    chosen: str = ""  # what they chose: a dish
    unfit: bool = False  # which they may not have any more, or which is not there that day
    round: str = ""  # by which round it is brought to them
    handed_to: str = ""  # who took it at the door
    noted: tuple[tuple[str, str, str], ...] = ()  # (what, in English, the answer): as the offer's door asks


@dataclass(frozen=True, slots=True)
class Chosen:
    """How many have chosen one thing, and how many of them came."""

    key: str
    label: str
    count: int
    came: int
    unfit: int  # of whom it is not fit any more


@dataclass(frozen=True, slots=True)
class Door:
    """One time, with everybody who has a place."""

    one: offers.Open
    offer: Offer
    places: tuple[Expected, ...]
    came: int
    gone: int
    held: str = ""  # why nobody else is let in just now
    chosen: tuple[Chosen, ...] = ()  # how many of each thing: what the kitchen makes


def door(work: Work, actor: Actor, slot_id: int, *, now: datetime) -> Door:
    """A time of the actor's units. NotFound."""
    slot = work.session.scalar(
        select(Slot).where(Slot.id == slot_id).options(joinedload(Slot.resource).joinedload(Resource.unit))
    )
    if slot is None or not slot.resource.offer or slot.resource.matter or not may(actor, "serve", slot.resource):
        raise NotFound("没有这个时间。", "There is no such time.")
    titles = {row.role: row.title for row in offers.roles_of(work, [slot.id]).get(slot.id, [])}
    rows = work.session.execute(
        select(BookingPlace, Appointment)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .where(BookingPlace.slot_id == slot.id, BookingPlace.live)
        .order_by(BookingPlace.id)
    ).all()
    signers = {place.came_by_id for place, _made in rows if place.came_by_id is not None}
    names = {id_: name for id_, name in work.session.execute(select(User.id, User.name).where(User.id.in_(signers)))}
    known = offers.of(work, slot.resource.offer)
    fits = _fitting(work, known, slot, rows, now)
    routes = {one.role: one.title for one in offering.rounds(known)}
    places = tuple(
        Expected(
            place.id,
            made.id,
            made.number,
            place.name,
            masks.phone(place.phone),
            titles.get(place.role, place.role),
            made.team,
            made.state,
            place.checked_in_at,
            place.checked_out_at,
            place.fetched_by or "",
            made.by_voice == "wanted",
            place.brought_by or "",
            names.get(place.came_by_id, "") if place.came_by_id is not None else "",
            made.chosen,
            made.id in fits.unfit,
            routes.get(made.round, made.round),
            place.handed_to or "",
            _noted(known.offer, place),
        )
        for place, made in rows
    )
    came = sum(one.came_at is not None for one in places)
    gone = sum(one.left_at is not None for one in places)
    counted = _counted(places, fits.labels) if known.offer.choice is not None else ()
    return Door(offers.shown(work, [slot])[0], known.offer, places, came, gone, slot.held or "", counted)


def _noted(offer: Offer, place: BookingPlace) -> tuple[tuple[str, str, str], ...]:
    if offer.door is None or not place.noted:
        return ()
    asked = {**offer.door.came, **offer.door.left}
    return tuple((one.title, one.title_en, one.said(place.noted[k])) for k, one in asked.items() if k in place.noted)


def slip_key(place_id: int) -> str:
    """What asks for the slip of somebody who has left."""
    return f"booking-slip:{place_id}"


def slips(work: Work, places: Sequence[BookingPlace]) -> list[tuple[int, str]]:
    """(place, title) of the slips that were made of these."""
    made = documents.of_keys(work, [slip_key(one.id) for one in places if one.checked_out_at is not None])
    return [(one.id, made[slip_key(one.id)].title) for one in places if slip_key(one.id) in made]


def slip(work: Work, place_id: int, *, actor: Actor) -> attachments.Opened:
    """The slip of a time that is over: for whose booking it is, and whoever books for them or sees what they have. The
    unit has its list. NotFound for everybody else; NotNow while it is made."""
    place = work.session.get(BookingPlace, place_id)
    made = work.session.get(Appointment, place.appointment_id) if place is not None else None
    paper = documents.of_key(work, slip_key(place_id)) if made is not None else None
    if made is not None:
        made.resource = work.session.get_one(Resource, made.resource_id)
    if made is None or paper is None or actor.kind != "resident" or not may(actor, "see", made):
        raise NotFound("没有这张单子。", "There is no such slip.")
    return attachments.opened(work, paper)


@dataclass(frozen=True, slots=True)
class _Fitting:
    """What the things of the day are called, and of which bookings the chosen one is not fit."""

    labels: dict[str, str]
    unfit: frozenset[int]


def _fitting(work: Work, known: offers.Declared, slot: Slot, rows: Sequence[Any], now: datetime) -> _Fitting:
    """Looked at anew for everybody: what one may not have may have become known after they ordered."""
    if known.offer.choice is None:
        return _Fitting({}, frozenset())
    labels: dict[str, str] = {}
    unfit: set[int] = set()
    people = knowing.of_places(work, [place for place, _made in rows])
    each = choosing.of_each(work, known, slot.resource, slot, people, now=now)
    for (_place, made), things in zip(rows, each, strict=True):
        labels |= {one.key: one.label for one in things}
        if made.chosen and not any(one.key == made.chosen and one.fits for one in things):
            unfit.add(made.id)
    return _Fitting(labels, frozenset(unfit))


def _counted(places: Sequence[Expected], labels: Mapping[str, str]) -> tuple[Chosen, ...]:
    """A line for each thing, the most wanted first; last who has chosen nothing."""
    listed: dict[str, list[Expected]] = {}
    for one in places:
        listed.setdefault(one.chosen, []).append(one)
    found = [
        Chosen(
            key,
            labels.get(key, key),
            len(those),
            sum(one.came_at is not None for one in those),
            sum(one.unfit for one in those),
        )
        for key, those in listed.items()
    ]
    return tuple(sorted(found, key=lambda one: (not one.key, -one.count, one.label)))


@dataclass(frozen=True, slots=True)
class Given:
    """One time somebody was there."""

    name: str
    came_at: datetime
    left_at: datetime
    hours: Decimal  # that count
    cut: bool  # the day had as many as count already


@dataclass(frozen=True, slots=True)
class Hours:
    """A person's hours: each time, and the sums by year, made of minutes and cut once."""

    years: tuple[tuple[int, Decimal], ...]
    lines: tuple[Given, ...]


def proofs(work: Work) -> list[tuple[str, str, str]]:
    """(matter, its name, the same in English) of what issues a paper of hours that are kept here."""
    kept = [what.offer.hours for what in offers.declared(work).values()]
    named = {hours.proof for hours in kept if isinstance(hours, OfferHours)}
    # one that is not offered (yet, or any more) has no button; the hours are shown all the same
    return [(one.name, one.info.name, one.info.name_en) for one in library.published(work) if one.name in named]


def hours(work: Work, actor: Actor) -> Hours:
    """The actor's own, of offers that keep hours: one statement."""
    kept = [what.key for what in offers.declared(work).values() if what.offer.hours]
    if actor.id is None or not kept:
        return Hours((), ())
    rows = work.session.execute(
        select(BookingPlace.checked_in_at, BookingPlace.checked_out_at, BookingPlace.minutes, Resource.name)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .join(Resource, Resource.id == Appointment.resource_id)
        .where(
            BookingPlace.user_id == actor.id,
            BookingPlace.checked_in_at.is_not(None),
            BookingPlace.checked_out_at.is_not(None),
            Resource.offer.in_(kept),
        )
        .order_by(BookingPlace.checked_in_at.desc())
    ).all()
    sums: dict[int, int] = {}
    lines = []
    for came, left, minutes, name in rows:
        assert came is not None and left is not None and minutes is not None  # as asked; they go together
        year = local_date(came).year
        sums[year] = sums.get(year, 0) + minutes
        lines.append(Given(name, came, left, attended.hours(minutes), minutes < attended.minutes(came, left)))
    years = tuple((year, attended.hours(total)) for year, total in sorted(sums.items(), reverse=True))
    return Hours(years, tuple(lines[:MOST]))
