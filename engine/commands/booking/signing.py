"""The door of a meal, a session, a job: who has come, found by code, number or name; who has left, and with whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.booking import attended
from engine.booking.slots import ZONE
from engine.commands import appointments, register_rows
from engine.commands.booking import book, counter
from engine.commands.booking.trouble import person_of
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow
from engine.matters.nouns.offers import OfferHours
from engine.people import Actor, require
from engine.plain import plain
from engine.reads import offers as reads
from engine.records import audit, registers
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, Resource, Slot
from engine.workdays import local_date


def arrive(
    work: Work, slot_id: int, text: str = "", *, place_id: int | None = None, by: Actor, now: datetime
) -> Appointment:
    """Somebody has come to this time: by the code of their QR, the number of their booking, or their name; or the one
    of this place. NotFound, NotNow (two of one name: choose one), NotYours."""
    slot = _served(work, slot_id, by)
    what = reads.of(work, slot.resource.offer)
    if not what.offer.check_in:
        raise NotNow("这一项不用签到。", "Nobody checks in here.")
    places = _places(work, slot_id)
    wanted = text.strip()
    if place_id is not None:
        found = [one for one in places if one[0].id == place_id]
    else:
        found = [one for one in places if wanted and wanted in (one[1].code, one[1].number)]
        found = found or [one for one in places if wanted.upper() == one[1].number]
        if found:  # a code is of a whole booking: a leader's word is for the team
            alone = len(found) == 1 or "leader" in what.offer.check_in
            holder = next((one for one in found if one[0].person_index == one[1].person_index), found[0])
            return counter.check_in(work, found[0][1].code, place_id=None if alone else holder[0].id, by=by, now=now)
        found = [one for one in places if wanted and one[0].name == wanted]
        if len(found) > 1:
            raise NotNow(
                f"有 {len(found)} 位叫“{wanted}”，请在名单里点本人那一行。",
                f"{len(found)} people are called {wanted}: choose the line of this one.",
            )
    if not found:
        raise NotFound(
            "这一次的名单里没有。请核对是不是别的时间，或当场登记。",
            "Not on the list of this time: look at other times, or enter them now.",
        )
    place, made = found[0]
    return counter.check_in(work, made.code, place_id=place.id, by=by, now=now)


def leave(work: Work, place_id: int, *, fetched_by: str = "", by: Actor, now: datetime) -> BookingPlace:
    """Somebody has left, with whom. Their hours are what is between; a register is told where the declaration says.

    NotFound, NotYours; AlreadyDone; NotNow (not here); Invalid (who fetches is asked for)."""
    place = work.session.get(BookingPlace, place_id)
    if place is None:
        raise NotFound("没有这个名额。", "There is no such place.")
    made = book.find(work, place.appointment_id, "serve", by=by)
    work.session.refresh(place, with_for_update=True)
    what = reads.of(work, made.resource.offer)
    if not what.offer.check_out:
        raise NotNow("这一项不用签退。", "Nobody checks out here.")
    if place.checked_in_at is None:
        raise NotNow("还没有签到，不能签退。", "They have not checked in: they cannot check out.")
    if place.checked_out_at is not None:
        raise AlreadyDone("已经签退了。", "They have checked out already.")
    if what.offer.left_at and not fetched_by.strip():
        raise Invalid(
            [FieldError("fetched_by", "谁来接", "请写明谁接走的，或“本人”。", "Say who fetches them, or: self.")]
        )
    place.checked_out_at, place.fetched_by = now, fetched_by.strip()[:40] or None
    work.session.flush()
    still = work.session.scalar(
        select(BookingPlace.id)
        .where(
            BookingPlace.appointment_id == made.id,
            BookingPlace.live,
            BookingPlace.checked_in_at.is_not(None),
            BookingPlace.checked_out_at.is_(None),
        )
        .limit(1)
    )
    if still is None and made.state in ("checked_in", "called"):
        made.state, made.ended_at, made.day_key = "served", now, None
        made.version += 1
        appointments.record(work, audit.Kind.APPOINTMENT_SERVED, made, by, now)
    facts = {"appointment": made.number, "place": place.id}
    audit.record(work, audit.Kind.PLACE_CHECKED_OUT, by=by, now=now, case=made.case, facts=facts)
    if isinstance(what.offer.hours, OfferHours):
        _enter(work, what, what.offer.hours, made, place, by, now)
    return place


def _enter(
    work: Work,
    what: reads.Declared,
    hours: OfferHours,
    made: Appointment,
    place: BookingPlace,
    by: Actor,
    now: datetime,
) -> None:
    """The hours, in the register the declaration names: once, as one checks out once."""
    assert place.checked_in_at is not None and place.checked_out_at is not None
    one = what.package.declared("registers")[hours.register_]
    register = registers.register_of(one)
    slot = work.session.get_one(Slot, place.slot_id)
    resource = work.session.get_one(Resource, made.resource_id)
    person = person_of(work, place)
    minutes = attended.minutes(place.checked_in_at, place.checked_out_at)
    facts = {
        "minutes": minutes,
        "hours": float(attended.hours(minutes)),
        "day": local_date(place.checked_in_at).isoformat(),
        "from": f"{place.checked_in_at.astimezone(ZONE):%H:%M}",
        "until": f"{place.checked_out_at.astimezone(ZONE):%H:%M}",
    }
    values = {
        name: plain(reads.value(work, text, what, resource, slot, person, made.answers or {}, now, attended=facts))
        for name, text in hours.facts.items()
    }
    register_rows.put(
        work,
        one,
        values,
        by=by,
        now=now,
        whom=person if register.about == "person" else None,
        unit_id=resource.unit_id,
        place_id=resource.place_id,
        case_id=made.case_id or resource.case_id,
        options=registers.options(one, what.package),
        at="hours.",
    )


def _served(work: Work, slot_id: int, by: Actor) -> Slot:
    slot = work.session.get(Slot, slot_id)
    resource = work.session.get(Resource, slot.resource_id) if slot is not None else None
    if slot is None or resource is None or not resource.offer or resource.matter:
        raise NotFound("没有这个时间。", "There is no such time.")
    require(by, "serve", resource)
    slot.resource = resource
    return slot


def _places(work: Work, slot_id: int) -> list[tuple[BookingPlace, Appointment]]:
    rows = work.session.execute(
        select(BookingPlace, Appointment)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .where(BookingPlace.slot_id == slot_id, BookingPlace.live)
        .order_by(BookingPlace.id)
    ).all()
    return [(place, made) for place, made in rows]
