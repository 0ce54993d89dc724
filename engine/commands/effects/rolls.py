"""点名册: who booked what a case opened, told to its diagram, a line each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.commands.effects.offers import of_case
from engine.errors import NotNow
from engine.process import Effect
from engine.store.models import Appointment, BookingPlace, Resource, Slot

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def call(a: Applying, effect: Effect) -> None:
    """Each person by the number of their booking; where one booking is of several, by their place in it too. Whoever
    gave their place back is not there; the offer may be over."""
    row = _offer(a, str(effect.arguments.get("offer") or ""))
    places = a.work.session.execute(
        select(BookingPlace, Appointment.number)
        .join(Appointment, Appointment.id == BookingPlace.appointment_id)
        .join(Slot, Slot.id == BookingPlace.slot_id)
        .where(Slot.resource_id == row.id, BookingPlace.live)
        .order_by(BookingPlace.id)
    ).all()
    of, seen = Counter(number for _, number in places), Counter[str]()
    roll = []
    for place, number in places:
        seen[number] += 1
        roll.append(
            {
                "number": number if of[number] == 1 else f"{number}-{seen[number]}",
                "name": place.name,
                "role": place.role,
                "came": place.checked_in_at is not None,
            }
        )
    a.answer(effect, {"roll": roll})


def _offer(a: Applying, number: str) -> Resource:
    """Of this number, else what the case opened last."""
    if number:
        return of_case(a, number)
    opened = select(Resource).where(Resource.case_id == a.case.id).order_by(Resource.id.desc()).limit(1)
    found = a.work.session.scalar(opened)
    if found is not None:
        return found
    raise NotNow("本办件还没有开放供给，没有名册。请先开放。", "This case has opened nothing yet: there is no roll.")
