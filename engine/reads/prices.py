"""What a booking costs, and who pays which part of it: whole cents that add up to the price.

The decision of `price` says what it costs: `pays`, what the person pays, and what others pay, each an output of its
name. `subsidy` says who the others are, and takes further parts off the person's own, in its order. So whatever is
taken off one is on another, and the parts are always the price.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import select

from engine.errors import NotNow
from engine.matters.nouns.offers import DELIVERY, SELF, OfferSubsidy
from engine.people import units
from engine.reads import offering as reads
from engine.reads.knowing import Person
from engine.records import registers
from engine.store import Work
from engine.store.models import BookingPart, Resource, Slot
from engine.workdays import local_date

#: What the person's own part is called.
OWN = ("本人付", "You pay")
#: … and what they pay beside it to have it brought.
BROUGHT = ("送到家另付", "To your door")


@dataclass(frozen=True, slots=True)
class Part:
    """What one of them pays."""

    part: str
    title: str
    title_en: str
    cents: int
    payer_id: int | None = None  # the unit that pays; None: the person, or nobody in particular


@dataclass(frozen=True, slots=True)
class Cost:
    """What it costs. `said`: what the decision said, as it said it."""

    cents: int
    parts: tuple[Part, ...]
    said: Mapping[str, Any]

    @property
    def own(self) -> int:
        """What the person pays."""
        return sum(one.cents for one in self.parts if one.part in (SELF, DELIVERY))


def in_cents(value: Any) -> int | None:
    """An amount in yuan as whole cents; None: it is none, or less than nothing.

    >>> in_cents(8), in_cents(2.675), in_cents("3.50"), in_cents(-1), in_cents(None), in_cents(True)
    (800, 268, 350, None, None, None)
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        return None
    if not amount.is_finite() or amount < 0:
        return None
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def cost(
    work: Work,
    what: reads.Declared,
    resource: Resource,
    slot: Slot,
    people: Iterable[Person],
    answers: Mapping[str, Any],
    *,
    now: datetime,
) -> Cost | None:
    """What it costs all of these people, with these answers; None: it has no price. NotNow: the decision says none."""
    if what.offer.price is None:
        return None
    return added([_of_one(work, what, resource, slot, person, answers, now) for person in people])


def added(costs: Iterable[Cost | None]) -> Cost | None:
    """Several together: of each one of a team, of each piece of a longer time. What was said is the first one's."""
    known = [one for one in costs if one is not None]
    if not known:
        return None
    together: dict[tuple[str, int | None], Part] = {}
    for part in (part for one in known for part in one.parts):
        key = part.part, part.payer_id
        before = together.get(key)
        together[key] = dataclasses.replace(part, cents=part.cents + (before.cents if before is not None else 0))
    found = tuple(together.values())
    return Cost(sum(one.cents for one in found), found, known[0].said)


def _of_one(
    work: Work,
    what: reads.Declared,
    resource: Resource,
    slot: Slot,
    person: Person,
    answers: Mapping[str, Any],
    now: datetime,
) -> Cost:
    said = reads.price(work, what, resource, slot, person, answers, now=now)
    own = in_cents(said.get("pays"))
    if own is None:
        raise NotNow("价钱算不出来，请打电话问。", "The price cannot be told: please telephone.")
    parts: list[Part] = []
    declared = what.offer.subsidy
    # What the decision gives another: theirs, or where they do not pay for this person, the person's own.
    for name, value in said.items():
        cents = in_cents(value) if name != "pays" else None
        if not cents:
            continue
        one = declared.get(name)
        if one is None:
            parts.append(Part(name, name, name, cents))
        elif _entitled(work, one, what, resource, slot, person, answers, now):
            parts.append(_part(work, name, one, cents, resource, person))
        else:
            own += cents
    total = own + sum(one.cents for one in parts)
    for name, one in declared.items():
        if not (one.pays or one.share) or not _entitled(work, one, what, resource, slot, person, answers, now):
            continue
        if one.share:
            cents = own * one.share // 100
        else:
            given = {"price": Decimal(total) / 100}
            pays = reads.value(work, one.pays, what, resource, slot, person, answers, now, **given)
            cents = min(own, in_cents(pays) or 0)
        if cents:
            own -= cents
            parts.append(_part(work, name, one, cents, resource, person))
    parts = [Part(SELF, *OWN, own), *brought(work, what, resource, slot, person, answers, now), *parts]
    return Cost(sum(one.cents for one in parts), tuple(parts), said)


def brought(
    work: Work,
    what: reads.Declared,
    resource: Resource,
    slot: Slot,
    person: Person,
    answers: Mapping[str, Any],
    now: datetime,
) -> list[Part]:
    """What it costs beside the price to have it brought: nobody else pays a part of that."""
    to = what.offer.delivered
    if to is None or to.fee is None or not reads.wants_delivery(what.offer, answers):
        return []
    cents = in_cents(reads.decided(work, to.fee, what, resource, slot, person, answers, now=now).get("pays"))
    if cents is None:
        raise NotNow("送上门的钱算不出来，请打电话问。", "What it costs to bring it cannot be told: please telephone.")
    return [Part(DELIVERY, *BROUGHT, cents)] if cents else []


def _entitled(
    work: Work,
    one: OfferSubsidy,
    what: reads.Declared,
    resource: Resource,
    slot: Slot,
    person: Person,
    answers: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Whether it pays for this person on that day: an entry of its register holds, and its condition."""
    if one.register_:
        listed = what.package.declared("registers")[one.register_]
        register, on = registers.register_of(listed), local_date(slot.starts_at)
        entries = registers.of_people(work, [listed], person)
        states = {registers.state_on(entry, on) for entry in entries}
        if not any(state in register.states and not register.ends(state) for state in states):
            return False
    return not one.if_ or reads.value(work, one.if_, what, resource, slot, person, answers, now) is True


def _part(work: Work, name: str, one: OfferSubsidy, cents: int, resource: Resource, person: Person) -> Part:
    payer: int | None = resource.unit_id
    if one.payer != "unit":
        at = units.place(work, person.place_id or resource.place_id or resource.unit_id)
        found = units.tree(work).level(at, one.payer) if one.payer != "county" else units.tree(work).county
        payer = found.id if found is not None else None
    return Part(name, one.title, one.title_en, cents, payer)


def of_bookings(work: Work, ids: Iterable[int], known: reads.Declared | None) -> dict[int, list[Part]]:
    """The parts that bookings keep, the person's own first; one statement."""
    rows = work.session.scalars(
        select(BookingPart).where(BookingPart.appointment_id.in_(list(ids))).order_by(BookingPart.id)
    ).all()
    found: dict[int, list[Part]] = {}
    for row in sorted(rows, key=lambda r: (r.appointment_id, r.part != SELF, r.part != DELIVERY, r.id)):
        title, title_en = title_of(known, row.part)
        found.setdefault(row.appointment_id, []).append(Part(row.part, title, title_en, row.cents, row.payer_id))
    return found


def title_of(known: reads.Declared | None, part: str) -> tuple[str, str]:
    """What a part is called."""
    if part == SELF:
        return OWN
    if part == DELIVERY:
        return BROUGHT
    one = known.offer.subsidy.get(part) if known is not None else None
    return (one.title, one.title_en) if one is not None else (part, part)
