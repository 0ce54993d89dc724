"""What happens at the counter: check in, call, serve, miss, walk in (RULES A2, A6, A7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.booking.slots import ZONE
from engine.commands import appointments, seats, ticket_rows
from engine.commands.appointments import GRACE_MINUTES
from engine.commands.booking import book
from engine.errors import NotFound, NotNow
from engine.people import SYSTEM, Actor, require
from engine.reads import offers
from engine.reads.knowing import Person
from engine.records import audit
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, Resource, Slot
from engine.workdays import say_at

#: How long before its time a booking can be checked in.
EARLY_MINUTES = 60


def check_in(
    work: Work,
    code: str,
    *,
    place_id: int | None = None,
    how: str = "",
    brought_by: str = "",
    noted: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
) -> Appointment:
    """The person is here: `code` is what their QR holds, or the booking's number. Staff of the unit scan it; the
    person may do it themselves from their own page. Too early or another day: NotNow with the right time. Of a team's
    booking everybody is here, or the one who has the place `place_id`."""
    row = work.session.scalar(
        select(Appointment.id).where((Appointment.code == code) | (Appointment.number == code.strip().upper()))
    )
    if row is None:
        raise NotFound("没有找到这个预约码，请核对，或按姓名电话查找。", "No booking has this code.")
    made = book.find(work, row, "work", by=by)
    if made.resource.offer and not made.resource.matter:
        require(by, "serve", made.resource)  # at a door somebody sees them: nobody signs their own hours from home
    return come(work, made, place_id=place_id, how=how, brought_by=brought_by, noted=noted, by=by, now=now)


def come(
    work: Work,
    made: Appointment,
    *,
    place_id: int | None = None,
    how: str = "",
    brought_by: str = "",
    noted: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
) -> Appointment:
    """They are here, or what they booked is with them. NotNow: not at this time, or nobody is let in."""
    held = next((slot.held for slot in seats.taken_slots(work, made) if slot.held), "")
    if held:
        raise NotNow(f"现在先不收新到的：{held}", f"Nobody else is let in just now: {held}")
    if made.state == "checked_in":
        _here(work, made, place_id, how, brought_by, noted, by, now)
        return made
    book.expect(made, made.version, {"confirmed"}, "签到", "check in")
    early = made.starts_at - timedelta(minutes=EARLY_MINUTES)
    if now < early:
        raise NotNow(
            f"还没到签到时间。您预约的是{say_at(made.starts_at)}，{say_at(early)} 起可以签到。",
            f"It is too early: your time is {made.starts_at.astimezone(ZONE):%Y-%m-%d %H:%M}.",
        )
    if now > made.ends_at + timedelta(minutes=GRACE_MINUTES):
        raise NotNow("已经过了预约的时间，请到窗口取号。", "The time has passed: please take a ticket.")
    made.state, made.checked_in_at = "checked_in", now
    made.version += 1
    book.tell_process(work, made, "checked_in", by=by, now=now)
    appointments.record(work, audit.Kind.APPOINTMENT_CHECKED_IN, made, by, now)
    _here(work, made, place_id, how, brought_by, noted, by, now)
    work.session.flush()
    ticket_rows.join(work, made, by=by, now=now)  # where the hall has a line, they wait in it at their time
    return made


def _here(
    work: Work,
    made: Appointment,
    place_id: int | None,
    how: str,
    brought_by: str,
    noted: Mapping[str, Any] | None,
    by: Actor,
    now: datetime,
) -> None:
    """Who of it is here: each place once."""
    query = select(BookingPlace).where(
        BookingPlace.appointment_id == made.id, BookingPlace.live, BookingPlace.checked_in_at.is_(None)
    )
    if place_id is not None:
        query = query.where(BookingPlace.id == place_id)
    for place in work.session.scalars(query.with_for_update().execution_options(populate_existing=True)):
        place.checked_in_at, place.came_how, place.came_by_id = now, how, by.id
        place.brought_by = brought_by.strip()[:40] or None
        place.noted = dict(noted or {}) or None
        facts = {"appointment": made.number, "place": place.id, "how": how}
        audit.record(work, audit.Kind.PLACE_CHECKED_IN, by=by, now=now, case=made.case, facts=facts)


def call(work: Work, appointment_id: int, *, version: int, by: Actor, now: datetime) -> Appointment:
    """Call the person. Someone who did not check in and does not answer the last call has missed the booking."""
    made = book.find(work, appointment_id, "serve", by=by)
    book.expect(made, version, {"confirmed", "checked_in", "called"}, "叫号", "call")
    policy = appointments.policy_of(made.resource)
    if made.calls >= policy.calls:
        raise NotNow(
            f"已经叫了 {policy.calls} 次。请登记“未到场”，或在人到后办理。", f"Called {policy.calls} times already."
        )
    made.calls += 1
    made.state = "called"
    made.version += 1
    appointments.record(work, audit.Kind.APPOINTMENT_CALLED, made, by, now)
    return made


def serve(work: Work, appointment_id: int, *, version: int, by: Actor, now: datetime) -> Appointment:
    """The business is done: the booking ends well."""
    made = book.find(work, appointment_id, "serve", by=by)
    book.expect(made, version, {"checked_in", "called"}, "办结", "finish")
    made.state, made.ended_at, made.day_key = "served", now, None
    made.version += 1
    book.tell_process(work, made, "served", by=by, now=now)
    appointments.record(work, audit.Kind.APPOINTMENT_SERVED, made, by, now)
    ticket_rows.booking_over(work, made, "done", by=by, now=now)
    return made


def miss(work: Work, appointment_id: int, *, version: int, by: Actor, now: datetime) -> Appointment:
    """Nobody came: after the last call, or when the time and its grace have passed. The seat is free for who walks
    in; a first no-show is a warning, further ones may shut online booking (never the counter)."""
    made = book.find(work, appointment_id, "serve", by=by)
    book.expect(made, version, {"confirmed", "called"}, "登记未到场", "mark as missed")
    policy = appointments.policy_of(made.resource)
    over = now >= made.ends_at + timedelta(minutes=GRACE_MINUTES)
    if made.starts_at > now or (made.calls < policy.calls and not over):
        left = policy.calls - made.calls
        raise NotNow(
            f"还要再叫 {left} 次，或等到时段结束 {GRACE_MINUTES} 分钟后，才能登记未到场。",
            f"Call {left} more times, or wait until {GRACE_MINUTES} minutes after the end.",
        )
    book.let_go(work, made, "no_show", "", by=by, now=now)
    ticket_rows.booking_over(work, made, "gone", by=by, now=now)
    if made.channel == "online":
        book.review_record(work, made, now=now)
    return made


def miss_if_over(work: Work, appointment_id: int, *, now: datetime) -> bool:
    """A booking that nobody came for, long after its time: missed. Called by the worker; whether it was."""
    made = book.find(work, appointment_id, "see", by=SYSTEM)
    if now < made.ends_at + timedelta(minutes=GRACE_MINUTES):
        return False
    row = not made.resource.matter and bool(made.resource.offer)
    known = offers.declared(work).get(made.resource.offer) if row else None
    came = row and made.state == "checked_in" and not (known is not None and known.offer.check_out)
    if not came and made.state not in ("confirmed", "called"):
        return False
    if came or (row and not (known is not None and known.offer.check_in)):
        # They came; or nobody signs in there: who booked and did not cancel was there.
        made.state, made.ended_at, made.day_key = "served", now, None
        made.version += 1
        appointments.record(work, audit.Kind.APPOINTMENT_SERVED, made, SYSTEM, now)
        return True
    miss(work, appointment_id, version=made.version, by=SYSTEM, now=now)
    return True


def walk_in(
    work: Work,
    *,
    resource_id: int,
    person: Person,
    item: str = "",
    consent: bool = False,
    by: Actor,
    now: datetime,
) -> Appointment:
    """Someone stands at the counter: they get a free place of the time that runs now (a missed booking's seat is one),
    else of the next time today. Held, confirmed and checked in at once."""
    resource = work.session.get(Resource, resource_id)
    if resource is None:
        raise NotFound("没有这个窗口。", "There is no such counter.")
    require(by, "serve", resource)
    day_end = (now.astimezone(ZONE) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    slots = work.session.scalars(
        select(Slot)
        .where(
            Slot.resource_id == resource.id,
            Slot.ends_at > now,
            Slot.starts_at < day_end,
            Slot.closed.is_(False),
            (Slot.public_taken < Slot.public_capacity) | (Slot.staff_taken < Slot.staff_capacity),
        )
        .order_by(Slot.starts_at)
        .limit(3)
    ).all()
    for slot in slots:
        if all(seats.is_full(work, slot.id, pool) for pool in ("staff", "public")):
            continue
        made = book.hold(
            work,
            resource_id=resource.id,
            starts_at=[slot.starts_at],
            item=item,
            person=person,
            channel="walk_in",
            by=by,
            now=now,
        )
        book.confirm(work, made.id, version=made.version, consent=consent, by=by, now=now)
        # (a matter that declines what this person comes for has given the place back already, with its reason)
        if made.state == "confirmed" and slot.starts_at <= now + timedelta(minutes=EARLY_MINUTES):
            check_in(work, made.code, by=by, now=now)
        return made
    raise NotNow("今天的号都满了。可以预约改天，或留下电话排候补。", "Everything is taken today: book another day.")
