"""A member of a team gives back their own place; the leader's booking and the others' places stay."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine import booking
from engine.commands.appointments import leave_place, policy_of
from engine.errors import NotFound, NotNow
from engine.people import Actor, may
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, Resource


def leave(work: Work, place_id: int, *, by: Actor, now: datetime) -> Appointment:
    """退出名额: as late as a booking may be cancelled. NotFound: it is not theirs. NotNow: too late, or given back."""
    place = work.session.get(BookingPlace, place_id)
    if place is None or not may(by, "work", place):
        raise NotFound("没有这个名额。", "There is no such place of yours.")
    made = work.session.scalars(
        select(Appointment)
        .where(Appointment.id == place.appointment_id)
        .options(joinedload(Appointment.resource).joinedload(Resource.unit), joinedload(Appointment.case))
        .with_for_update(of=Appointment)
        .execution_options(populate_existing=True)
    ).one()
    work.session.refresh(place)
    if not made.team or not place.live or place.checked_in_at is not None or made.state not in ("held", "confirmed"):
        raise NotNow("这个名额已经退了，或者已经开始。", "That place was given back before, or it has begun.")
    booking.check_cancel(policy_of(made.resource), made.starts_at, now)
    leave_place(work, made, place, f"{place.name}来不了", by=by, now=now)
    return made
