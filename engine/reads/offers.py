"""Offers (供给): what is declared, whether a person may book it and why not, what it costs, what is open and left.

Lists are served by plain columns and one statement; an expression is evaluated only for the person who looks at one
offer, never for a list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from engine import booking, feel
from engine.booking import written
from engine.booking.slots import ZONE
from engine.errors import NotFound
from engine.matters import Package
from engine.matters.nouns.offers import Offer, OfferNeed
from engine.people import units
from engine.reads import knowing
from engine.records import library
from engine.store import Work
from engine.store.models import Resource, Slot, SlotPlace
from engine.workdays import local_date, say_at


@dataclass(frozen=True, slots=True)
class Declared:
    """An offer as it is published now."""

    key: str
    offer: Offer
    package: Package


@dataclass(frozen=True, slots=True)
class Not:
    """Why somebody may not book it."""

    zh: str
    en: str


def declared(work: Work) -> dict[str, Declared]:
    """Every published offer, by its key."""
    found = {}
    for key, (one, package) in library.declared(work, "offers").items():
        assert isinstance(one.what, Offer)
        found[key] = Declared(key, one.what, package)
    return found


def of(work: Work, key: str) -> Declared:
    """The published offer with this key. NotFound: it is offered no more."""
    found = declared(work).get(key)
    if found is None:
        raise NotFound("这项预订现在不开放了。", "This is not offered any more.")
    return found


# ---------------------------------------------------------------- may they, and what does it cost


def _facts(work: Work, resource: Resource, slot: Slot) -> dict[str, Any]:
    """What an expression knows of what is booked."""
    place = units.place(work, resource.place_id or resource.unit_id)
    return {
        "name": resource.name,
        "place": place.code,
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "day": local_date(slot.starts_at).isoformat(),
    }


def _value(
    work: Work,
    text: str,
    what: Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person,
    answers: Mapping[str, Any],
    now: datetime,
) -> Any:
    expression = feel.compile(text.removeprefix("="))
    context = knowing.context(
        work,
        expression,
        package=what.package,
        person=person,
        now=now,
        on=local_date(slot.starts_at),
        offer=_facts(work, resource, slot),
        ask=dict(answers),
    )
    return expression.evaluate(context, feel.Env(now=now, calendar=work.calendar))


def why_not(
    work: Work,
    what: Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person,
    *,
    roles: Sequence[SlotPlace] = (),
    answers: Mapping[str, Any] | None = None,
    online: bool = True,
    now: datetime,
) -> list[Not]:
    """Every reason why this person may not take it (in these roles); empty: they may."""
    found = []
    if online:
        late = too_late(what.offer, slot, now)
        if late is not None:
            found.append(late)
    asked = [need for need in (what.offer.who, *what.offer.needs.values()) if need is not None]
    asked += [
        OfferNeed.model_validate({"if": role.who, "says": role.who_says or role.title, "says_en": role.who_says_en})
        for role in roles
        if role.who
    ]
    for need in asked:
        # Null is not yes: what cannot be told (no identity number, no such entry) is not fulfilled.
        if _value(work, need.if_, what, resource, slot, person, answers or {}, now) is not True:
            found.append(Not(f"要求：{need.says}", f"Required: {need.says_en or need.says}"))
    return found


def too_late(offer: Offer, slot: Slot, now: datetime) -> Not | None:
    """Whether the cut-off has passed."""
    if slot.starts_at <= now:
        return Not("已经开始了。", "It has begun.")
    if not offer.cut_off:
        return None
    until = written.CutOff.read(offer.cut_off).before(slot.starts_at)
    if now <= until:
        return None
    shown = until.astimezone(ZONE)
    return Not(f"{say_at(until)}截止预订，已经过了。", f"Booking closed at {shown:%Y-%m-%d %H:%M}.")


def price(
    work: Work,
    what: Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person,
    answers: Mapping[str, Any],
    *,
    now: datetime,
) -> dict[str, Any]:
    """What its decision says: {"pays": 3, "county": 5}; {} for what has no price."""
    asked = what.offer.price
    if asked is None:
        return {}
    model = what.package.decisions[asked.decision]
    inputs: dict[str, Any] = {}
    for wanted in model.wants(asked.decision):
        given = asked.inputs.get(wanted.name)
        if given is not None:
            inputs[wanted.name] = _value(work, given, what, resource, slot, person, answers, now)
        else:
            inputs[wanted.name] = answers.get(wanted.name)
    found = feel.to_json(model.evaluate(asked.decision, inputs, feel.Env(now=now, calendar=work.calendar)).value)
    return found if isinstance(found, dict) else {"pays": found}


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
