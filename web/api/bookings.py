"""Bookings: places, free times, hold, confirm, change, cancel, check in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Response
from pydantic import AwareDatetime, Field

from engine.commands import booking
from engine.errors import NotNow
from engine.reads import bookings as reads
from engine.reads import offering
from web import edge
from web.api.declaring import Shape, operation, shaped


class PlaceOut(Shape):
    id: int
    name: str
    unit: str
    address: str
    phone: str
    items: list[tuple[str, str]]
    consent: str = Field("", description="What is agreed to by confirming (`consent`); empty: nothing is asked.")


class DayOut(Shape):
    day: date
    workday: bool | None
    free: int
    kinds: list[str]


class TimeOut(Shape):
    starts_at: datetime
    ends_at: datetime
    kind: str
    free: int


class Between(Shape):
    first: date
    last: date


class On(Shape):
    day: date


class Wish(Shape):
    place_id: int
    starts_at: list[AwareDatetime] = Field(min_length=1, max_length=25)
    item: str = Field("", max_length=80)
    bond: int | None = Field(None, description="The bond by which the caller books for somebody else.")


class Seen(Shape):
    version: int


class Confirming(Seen):
    answers: dict[str, Any] = Field(default_factory=dict, description="Of the form that the place asks, if it does.")
    consent: bool = Field(False, description="The person agreed to what the place asks consent for.")


class Moved(Seen):
    starts_at: list[AwareDatetime] = Field(min_length=1, max_length=25)


class BookingOut(Shape):
    id: int
    number: str
    code: str  # what the QR holds
    state: str
    version: int
    place: str
    address: str
    item: str
    starts_at: datetime
    ends_at: datetime
    hold_until: datetime | None


class WaitIn(Shape):
    day: date
    role: str = Field("", max_length=40, description="Of a time whose places are by role.")
    item: str = Field("", max_length=80)
    bond: int | None = Field(None, description="The bond by which the caller waits for somebody else.")


class WaitsOut(Shape):
    id: int
    place: str
    day: date
    role: str
    state: str  # waiting; offered: a place is kept, to be confirmed as `appointment_id`
    appointment_id: int | None
    who: str  # whose it is, where the caller waits for another


def _one(appointment_id: int) -> BookingOut:
    return shaped(BookingOut, reads.one(edge.work(), edge.actor(), appointment_id))


@operation("get", "/places", who="anyone", tag="bookings", gives=list[PlaceOut])
def places() -> list[PlaceOut]:
    """Where one can book."""
    work = edge.work()
    return [shaped(PlaceOut, place, consent=offering.consent_of(work, place.matter)) for place in reads.places(work)]


@operation("get", "/places/{place_id}/days", who="anyone", tag="bookings", query=Between, gives=list[DayOut])
def days(place_id: int, query: Between) -> list[DayOut]:
    """Days with their free places (62 at most)."""
    if not timedelta(0) <= query.last - query.first <= timedelta(days=62):
        raise NotNow("一次最多查 62 天。", "At most 62 days at once.")
    found = reads.days(edge.work(), place_id, query.first, query.last, now=edge.now())
    return [shaped(DayOut, day) for day in found]


@operation("get", "/places/{place_id}/times", who="anyone", tag="bookings", query=On, gives=list[TimeOut])
def times(place_id: int, query: On) -> list[TimeOut]:
    """The times of one day, full ones too."""
    return [shaped(TimeOut, time) for time in reads.times(edge.work(), place_id, query.day, now=edge.now())]


@operation("get", "/bookings", who="resident", tag="bookings", gives=list[BookingOut])
def my_bookings() -> list[BookingOut]:
    """The caller's bookings to come."""
    return [shaped(BookingOut, one) for one in reads.mine(edge.work(), edge.actor(), now=edge.now())]


@operation("post", "/bookings", who="resident", tag="bookings", takes=Wish, gives=BookingOut, status=201)
def hold(body: Wish) -> BookingOut:
    """Hold a time for a while. 409 with other free times when it is full."""
    made = booking.hold(
        edge.work(),
        resource_id=body.place_id,
        starts_at=body.starts_at,
        item=body.item,
        bond_id=body.bond,
        by=edge.actor(),
        now=edge.now(),
    )
    return _one(made.id)


@operation("post", "/bookings/{booking_id}/confirm", who="resident", tag="bookings", takes=Confirming, gives=BookingOut)
def confirm(booking_id: int, body: Confirming) -> BookingOut:
    """Make the hold a booking."""
    booking.confirm(
        edge.work(),
        booking_id,
        version=body.version,
        answers=body.answers,
        consent=body.consent,
        by=edge.actor(),
        now=edge.now(),
    )
    return _one(booking_id)


@operation("post", "/bookings/{booking_id}/change", who="resident", tag="bookings", takes=Moved, gives=BookingOut)
def change(booking_id: int, body: Moved) -> BookingOut:
    """Another time: the new one is taken before the old one is let go."""
    booking.change(
        edge.work(), booking_id, version=body.version, starts_at=body.starts_at, by=edge.actor(), now=edge.now()
    )
    return _one(booking_id)


@operation("post", "/bookings/{booking_id}/cancel", who="resident", tag="bookings", takes=Seen, gives=BookingOut)
def cancel(booking_id: int, body: Seen) -> BookingOut:
    """Give the seat back."""
    booking.cancel(edge.work(), booking_id, version=body.version, by=edge.actor(), now=edge.now())
    return _one(booking_id)


@operation("get", "/bookings/{booking_id}/calendar", who="resident", tag="bookings", gives=bytes, media="text/calendar")
def calendar(booking_id: int) -> Response:
    """The booking as an .ics file."""
    found = reads.one(edge.work(), edge.actor(), booking_id)
    return Response(reads.calendar_file(found, now=edge.now()), mimetype="text/calendar")


# ---------------------------------------------------------------- the waiting list


@operation("get", "/waiting", who="resident", tag="bookings", gives=list[WaitsOut])
def waiting() -> list[WaitsOut]:
    """Where the caller waits for a place, and where those wait who let the caller book for them."""
    return [shaped(WaitsOut, one) for one in reads.waiting(edge.work(), edge.actor())]


@operation("post", "/places/{place_id}/wait", who="resident", tag="bookings", takes=WaitIn, gives=WaitsOut, status=201)
def wait(place_id: int, body: WaitIn) -> WaitsOut:
    """Wait for a place on a full day. 409 when there is one, or when they wait already."""
    given: dict[str, Any] = {"day": body.day, "role": body.role, "item": body.item, "bond_id": body.bond}
    row = booking.wait(edge.work(), resource_id=place_id, **given, by=edge.actor(), now=edge.now())
    return next(shaped(WaitsOut, one) for one in reads.waiting(edge.work(), edge.actor()) if one.id == row.id)


@operation("post", "/waiting/{waiting_id}/leave", who="resident", tag="bookings", gives=list[WaitsOut])
def leave_waiting(waiting_id: int) -> list[WaitsOut]:
    """Wait no more; a place that was kept goes to the next. What is left of the list."""
    booking.stop_waiting(edge.work(), waiting_id, by=edge.actor(), now=edge.now())
    return [shaped(WaitsOut, one) for one in reads.waiting(edge.work(), edge.actor())]


class CheckIn(Shape):
    code: str = Field(min_length=4, max_length=40)


@operation("post", "/check-in", who="signed-in", tag="bookings", takes=CheckIn, gives=BookingOut)
def check_in(body: CheckIn) -> BookingOut:
    """Check in by the code of the QR: staff scan it, or the person does it."""
    made = booking.check_in(edge.work(), body.code, by=edge.actor(), now=edge.now())
    return _one(made.id)
