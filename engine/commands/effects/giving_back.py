"""退掉某人的预订: a step gives back what somebody has booked of one kind of offer, whichever matter opened it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from engine.commands import appointments, handover_rows
from engine.commands.effects.offers import whom
from engine.process import Effect
from engine.reads import knowing, offers
from engine.reads.knowing import Person
from engine.records import audit
from engine.workdays import ZONE, at_end_of_day, at_start_of_day

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def give_back(a: Applying, effect: Effect) -> None:
    """As if by themselves, but it counts against nobody: who waits is offered the place, the case that opened the offer
    and a team's leader hear of it. What has begun stays; of a team's booking their own place is free alone."""
    given = effect.arguments
    person = _with_account(a, whom(a, given.get("person")))
    kinds = [key for key, one in offers.declared(a.work).items() if one.offer.kind == effect.headers["kind"]]
    first, last = (_day(given.get(name)) for name in ("from", "until"))
    begins = max(at_start_of_day(first), a.now) if first is not None else a.now
    rows = appointments.places_of(a.work, person, kinds, begins, at_end_of_day(last) if last is not None else None)
    reason = str(given.get("reason") or "")
    for place, made in rows:
        if made.team:
            left = f"{place.name}来不了"  # as when they say it themselves: why is theirs
            appointments.leave_place(a.work, made, place, left, by=a.by, now=a.now)
        else:
            appointments.give_back(a.work, made, "cancelled", reason, by=a.by, now=a.now, by_hall=True)
            appointments.tell(a.work, made, "appointment-closed", a.now, a.now)
    freed = [
        {"number": made.number, "name": made.resource.name, "starts_at": made.starts_at.astimezone(ZONE).isoformat()}
        for _place, made in rows
    ]
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "appointments": [one["number"] for one in freed]})
    a.answer(effect, {"given_back": freed})


def _with_account(a: Applying, person: Person) -> Person:
    """The same with their account, where somebody of this telephone and name has one: what they book is under it."""
    if person.user_id is not None or not person.phone:
        return person
    user = handover_rows.account_of(a.work, person.name, person.phone)
    return knowing.of_user(user) if user is not None else person


def _day(said: Any) -> date | None:
    return date.fromisoformat(str(said)[:10]) if said else None
