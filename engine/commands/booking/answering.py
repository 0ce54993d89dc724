"""Other answers to the form of a booking that was made: fish instead of pork, two instead of one. What it costs, and
whether they may still have it, is told anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine.commands import appointments
from engine.commands.booking import book, claim
from engine.commands.booking.trouble import person_of
from engine.errors import NotNow
from engine.people import Actor, may
from engine.reads import choosing, prices
from engine.reads import offers as reads
from engine.records import audit
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, Resource, Slot


def answer(
    work: Work, appointment_id: int, answers: Mapping[str, Any], *, version: int, by: Actor, now: datetime
) -> Appointment:
    """Other answers. The person until the cut-off, staff of the unit until it begins.

    NotFound, NotYours; AlreadyDone (not as they saw it); NotNow (asks nothing, too late, not fit); Invalid."""
    made = book.find(work, appointment_id, "work", by=by)
    book.expect(made, version, {"confirmed"}, "改", "change the answers")
    what = reads.of(work, made.resource.offer)
    if made.resource.matter or not what.offer.answered:
        raise NotNow("这一项没有要填的。", "Nothing is asked here.")
    given = claim.check(work, what, answers, now=now)
    places = work.session.scalars(
        select(BookingPlace).where(BookingPlace.appointment_id == made.id, BookingPlace.live).order_by(BookingPlace.id)
    ).all()
    slot = work.session.scalars(
        select(Slot).where(Slot.id == places[0].slot_id).options(joinedload(Slot.resource).joinedload(Resource.unit))
    ).one()
    online = not may(by, "serve", made.resource)
    late = reads.too_late(what.offer, slot, now) if online or slot.starts_at <= now else None
    if late is not None:
        raise NotNow(late.zh, late.en)
    people = [person_of(work, place) for place in places]
    roles = {row.role: row for row in reads.roles_of(work, [slot.id]).get(slot.id, [])}
    for place, person in zip(places, people, strict=True):
        if made.team and person.user_id is None:
            continue  # on the word of who booked for the team
        wanted = [roles[place.role]] if place.role in roles else []
        reasons = reads.why_not(
            work, what, made.resource, slot, person, roles=wanted, answers=given, online=False, now=now
        )
        if reasons:
            raise NotNow("；".join(one.zh for one in reasons), "; ".join(one.en for one in reasons), unfit=True)
    if people:
        given = choosing.settled(work, what, made.resource, slot, people[0], given, now=now)
    cost = prices.cost(work, what, made.resource, slot, people, given, now=now)
    made.answers, made.chosen = given or None, choosing.chosen(what, given)
    if people:
        made.round = reads.round_of(work, what, made.resource, slot, people[0], given, now)
    made.price, made.cents = (dict(cost.said), cost.cents) if cost is not None else ({}, None)
    made.version += 1
    appointments.keep_parts(work, made, cost)
    appointments.record(work, audit.Kind.APPOINTMENT_CHANGED, made, by, now)
    return made
