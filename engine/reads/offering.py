"""What an offer declares, as it is published now; whether a person may book it and why not; what its decision says.

Below offers.py (what is open) and prices.py (what it costs, and who pays).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from engine import feel
from engine.booking import written
from engine.booking.slots import ZONE
from engine.errors import NotFound
from engine.matters import Package
from engine.matters.nouns.offers import DELIVERED, Offer, OfferNeed, OfferPlace, OfferPrice
from engine.people import units
from engine.reads import knowing
from engine.records import library
from engine.store import Work
from engine.store.models import BookingPlace, Resource, Slot, SlotPlace
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
    return {key: Declared(key, what, of) for key, (what, of) in library.of_kind(work, "offers", Offer).items()}


def of(work: Work, key: str) -> Declared:
    """The published offer with this key. NotFound: it is offered no more."""
    found = declared(work).get(key)
    if found is None:
        raise NotFound("这项预订现在不开放了。", "This is not offered any more.")
    return found


def consent_of(work: Work, matter: str) -> str:
    """What whoever books is asked to agree to, where the booking opens a case of this matter."""
    return library.current(work, matter).info.apply.consent if matter else ""


def booked_first(work: Work, matter: str) -> bool:
    """Whether a case of this matter begins with a booking (`each`): applying for it is choosing a time."""
    return any(what.offer.each == matter for what in declared(work).values())


# ---------------------------------------------------------------- may they, and what does it cost


def facts(work: Work, resource: Resource, slot: Slot) -> dict[str, Any]:
    """What an expression knows of what is booked."""
    place = units.place(work, resource.place_id or resource.unit_id)
    return {
        "name": resource.name,
        "place": place.code,
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "day": local_date(slot.starts_at).isoformat(),
    }


def value(
    work: Work,
    text: str,
    what: Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person,
    answers: Mapping[str, Any],
    now: datetime,
    **given: Any,
) -> Any:
    """What an expression of its declaration says, for this person and this time; `given`: further names it may read."""
    expression = feel.compile(text.removeprefix("="))
    context = knowing.context(
        work,
        expression,
        package=what.package,
        person=person,
        now=now,
        on=local_date(slot.starts_at),
        offer=facts(work, resource, slot),
        ask=dict(answers),
        **given,
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
        if value(work, need.if_, what, resource, slot, person, answers or {}, now) is not True:
            found.append(Not(f"要求：{need.says}", f"Required: {need.says_en or need.says}"))
    if wants_delivery(what.offer, answers or {}):
        found += _not_delivered(work, what, resource, slot, person, answers or {}, now)
    if what.offer.hours:
        found += elsewhere(work, slot, person)
    return found


def wants_delivery(offer: Offer, answers: Mapping[str, Any]) -> bool:
    """Whether it is to be brought to their door."""
    return offer.delivered is not None and answers.get(DELIVERED) is True


def _not_delivered(
    work: Work,
    what: Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person,
    answers: Mapping[str, Any],
    now: datetime,
) -> list[Not]:
    """Why it cannot be brought to this person: not for them, or nobody knows where to or on which round."""
    to = what.offer.delivered
    assert to is not None  # as asked
    if to.who is not None and value(work, to.who.if_, what, resource, slot, person, answers, now) is not True:
        return [Not(f"{to.title}，要求：{to.who.says}", f"{to.title_en}: required is {to.who.says_en or to.who.says}")]
    door = value(work, to.door, what, resource, slot, person, answers, now)
    if not door or not round_of(work, what, resource, slot, person, answers, now):
        phone = what.package.info.contact.phone
        zh = f"{to.title}：还没有登记送到哪里、走哪条路线。请打 {phone} 登记，或者这一次自己来。"
        en = f"{to.title_en}: where to and on which round is not on record yet. Call {phone}, or come yourself."
        return [Not(zh, en)]
    return []


def round_of(
    work: Work,
    what: Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person,
    answers: Mapping[str, Any],
    now: datetime,
) -> str:
    """By which round it is brought to them: a role of the offer of those who bring it; "" when they come for it."""
    if not wants_delivery(what.offer, answers):
        return ""
    assert what.offer.delivered is not None
    found = value(work, what.offer.delivered.round, what, resource, slot, person, answers, now)
    return str(found) if found in {one.role for one in rounds(what)} else ""


def bringing(what: Declared) -> Declared | None:
    """The offer of those who bring it."""
    if what.offer.delivered is None:
        return None
    one = what.package.declared("offers")[what.offer.delivered.by]
    assert isinstance(one.what, Offer)
    return Declared(one.key, one.what, what.package)


def rounds(what: Declared) -> tuple[OfferPlace, ...]:
    """The rounds by which it is brought."""
    by = bringing(what)
    return by.offer.roles() if by is not None else ()


def keeping_hours(work: Work) -> list[str]:
    """The offers whose hours are kept, by their keys."""
    return [key for key, what in declared(work).items() if what.offer.hours]


def elsewhere(work: Work, slot: Slot, person: knowing.Person) -> list[Not]:
    """Where this person gives their hours at that time already: nobody is in two places, and no hour counts twice."""
    there = work.session.execute(
        select(Resource.name, Slot.starts_at, Slot.ends_at)
        .join(Slot, Slot.resource_id == Resource.id)
        .join(BookingPlace, BookingPlace.slot_id == Slot.id)
        .where(
            BookingPlace.person_index.in_(person.indexes),
            BookingPlace.live,
            Slot.id != slot.id,
            Slot.starts_at < slot.ends_at,
            func.coalesce(BookingPlace.checked_out_at, Slot.ends_at) > slot.starts_at,
            Resource.offer.in_(keeping_hours(work)),
        )
        .order_by(Slot.starts_at)
        .limit(1)
    ).all()
    return [
        Not(
            f"同一时间已经报了“{name}”（{say_at(since)}到{until.astimezone(ZONE):%H:%M}）。要来这里，先退那一次。",
            f"At that time there is a place in {name} ({since.astimezone(ZONE):%Y-%m-%d %H:%M} to "
            f"{until.astimezone(ZONE):%H:%M}). Give that one back first.",
        )
        for name, since, until in there
    ]


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


def opens_from(offer: Offer, now: datetime) -> datetime:
    """Before which beginning nobody can book it any more: what begins earlier is too late."""
    return written.CutOff.read(offer.cut_off).first(now) if offer.cut_off else now


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
    if what.offer.price is None:
        return {}
    return decided(work, what.offer.price, what, resource, slot, person, answers, now=now)


def decided(
    work: Work,
    asked: OfferPrice,
    what: Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person,
    answers: Mapping[str, Any],
    *,
    now: datetime,
) -> dict[str, Any]:
    """What a decision says something costs."""
    model = what.package.decisions[asked.decision]
    inputs: dict[str, Any] = {}
    for wanted in model.wants(asked.decision):
        given = asked.inputs.get(wanted.name)
        if given is not None:
            inputs[wanted.name] = value(work, given, what, resource, slot, person, answers, now)
        else:
            inputs[wanted.name] = answers.get(wanted.name)
    found = feel.to_json(model.evaluate(asked.decision, inputs, feel.Env(now=now, calendar=work.calendar)).value)
    return found if isinstance(found, dict) else {"pays": found}
