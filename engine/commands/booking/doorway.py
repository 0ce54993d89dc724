"""What is noted at a door (`door` of an offer), and the slip (接送单) that is made when somebody has left: one a person
a time, from what was signed there; nobody writes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.booking.slots import ZONE
from engine.errors import FieldError, Invalid
from engine.matters.nouns.offers import Offer, OfferNoted
from engine.people import Actor, units
from engine.reads import attending
from engine.reads import offers as reads
from engine.records import documents
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, Resource, User
from engine.workdays import local_date, say_whole


def asked(offer: Offer, side: str) -> Mapping[str, OfferNoted]:
    """What is noted of who comes (`came`) or leaves (`left`)."""
    if offer.door is None:
        return {}
    return offer.door.came if side == "came" else offer.door.left


def noted(offer: Offer, side: str, given: Mapping[str, str]) -> dict[str, Any]:
    """What was typed at the door, as values. Invalid: what is missing, or outside what is taken and what to do then."""
    found, wrong = {}, []
    for name, one in asked(offer, side).items():
        value, zh, en = one.read(str(given.get(name) or ""))
        if zh:
            wrong.append(FieldError(f"noted.{name}", one.title, zh, en))
        elif value is not None:
            found[name] = value
    if wrong:
        raise Invalid(wrong)
    return found


def slip(work: Work, what: reads.Declared, made: Appointment, place: BookingPlace, *, by: Actor, now: datetime) -> None:
    """The paper of one who has left, where the declaration names one."""
    door = what.offer.door
    if door is None or not door.paper:
        return
    assert place.checked_in_at is not None and place.checked_out_at is not None
    resource = work.session.get_one(Resource, made.resource_id)
    organ = units.place(work, resource.unit_id)
    came, left = place.checked_in_at.astimezone(ZONE), place.checked_out_at.astimezone(ZONE)
    facts = {
        "case": {"number": made.number, "title": what.offer.title},
        "organ": {"name": organ.name, "phone": organ.phone},
        "issued_on": local_date(now).isoformat(),
        "slip": {
            "number": made.number,
            "name": place.name,
            "where": units.place(work, resource.place_id or resource.unit_id).name,
            "day": say_whole(local_date(place.checked_in_at)),
            "came_clock": f"{came:%H:%M}",
            "brought_by": place.brought_by or "本人",
            "came_by": _who(work, place.came_by_id),
            "came": _lines(door.came, place.noted or {}),
            "left_clock": f"{left:%H:%M}",
            "fetched_by": place.fetched_by or "本人",
            "left_by": _who(work, place.left_by_id),
            "left": _lines(door.left, place.noted or {}),
        },
    }
    key = attending.slip_key(place.id)
    documents.issue(work, door.paper, facts, key=key, organ=organ, by=by, now=now, package=what.package)


def _who(work: Work, user_id: int | None) -> str:
    """Who of the unit signed it."""
    return work.session.get_one(User, user_id).name if user_id is not None else "系统"


def _lines(asked: Mapping[str, OfferNoted], noted: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"title": one.title, "text": one.said(noted[name])} for name, one in asked.items() if name in noted]
