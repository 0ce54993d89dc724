"""What went otherwise than booked: nobody came, or somebody is still there. A case is opened for the exception only.

The worker looks at the moments that the declaration names (engine.commands.appointments.moments). What follows of one
place is one row (BookingTrouble) in the transaction of its case and its messages: it follows once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from engine.booking.slots import ZONE
from engine.commands import appointments, cases
from engine.commands.booking import book
from engine.matters.nouns.offers import Offer, OfferOpened
from engine.people import SYSTEM, holders, units
from engine.plain import plain
from engine.reads import knowing, rounds
from engine.reads import offers as reads
from engine.reads.knowing import Person
from engine.records import audit, notices
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, BookingTrouble, Resource, Slot, User
from engine.workdays import say_at

#: A booking in which somebody may still come, or did not.
NOT_THERE = ("confirmed", "called", "no_show")


def look(work: Work, appointment_id: int, what: str, at: datetime, *, now: datetime) -> int:
    """Look at one booking at one of its moments; of how many places something followed. A booking that was moved has
    other moments: this one is nothing any more."""
    made = book.find(work, appointment_id, "see", by=SYSTEM)
    known = reads.declared(work).get(made.resource.offer)
    if known is None or (what, at) not in appointments.moments(known.offer, made):
        return 0
    places = work.session.scalars(
        select(BookingPlace)
        .where(
            BookingPlace.appointment_id == made.id,
            ~exists().where(BookingTrouble.place_id == BookingPlace.id, BookingTrouble.what == what),
        )
        .order_by(BookingPlace.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if what == "no_show":
        return int(_release(work, made, places, now))
    if what == "missed":
        looked_after = _nobody_opened(work, places)  # a case looks after them since then
        found = [p for p in places if p.checked_in_at is None and made.state in NOT_THERE and p.id not in looked_after]
        opened: OfferOpened | None = known.offer.missed
    else:
        found = [p for p in places if p.live and p.checked_in_at is not None and p.checked_out_at is None]
        opened = known.offer.left_at.get(what.removeprefix("left "))
    for place in found:
        row = BookingTrouble(place_id=place.id, what=what, at=now)
        work.session.add(row)
        work.session.flush()
        if opened is not None and opened.opens:
            row.case_id = open_case(work, known, made, place, opened, what, now)
        if what != "missed" and _calls(known.offer, what):
            _still_there(work, made, place, what, now)
        facts = {"appointment": made.number, "place": place.id, "what": what, "case": row.case_id}
        audit.record(work, audit.Kind.PLACE_TROUBLE, by=SYSTEM, now=now, case=made.case, facts=facts)
    return len(found)


def _nobody_opened(work: Work, places: Sequence[BookingPlace]) -> set[int]:
    """At whose door nobody opened."""
    wanted = [one.id for one in places]
    return set(
        work.session.scalars(
            select(BookingTrouble.place_id).where(
                BookingTrouble.place_id.in_(wanted), BookingTrouble.what == rounds.NOBODY
            )
        )
    )


def _calls(offer: Offer, what: str) -> bool:
    """Whether somebody is told at that time. What nobody signed at the end is always said."""
    return what == "unsigned" or offer.left_at[what.removeprefix("left ")].call


def _release(work: Work, made: Appointment, places: Sequence[BookingPlace], now: datetime) -> bool:
    """Nobody came in time: the place is given back, and those who wait for it hear that it is free."""
    if made.state not in ("confirmed", "called") or any(p.checked_in_at is not None for p in places):
        return False
    slots = [p.slot_id for p in places if p.live]
    book.let_go(work, made, "no_show", "", by=SYSTEM, now=now)
    if made.channel == "online":
        book.review_record(work, made, now=now)
    if slots and made.ends_at > now:
        _free_now(work, made, slots[0], len(slots), now)
    return True


def _free_now(work: Work, made: Appointment, slot_id: int, most: int, now: datetime) -> None:
    """Its time runs already: nobody is held a place, but the first who wait are told to come."""
    slot = work.session.get_one(Slot, slot_id, populate_existing=True)
    if slot.closed or slot.starts_at > now:
        return
    queue = appointments.in_order(work, made.resource, slot, now)[:most]
    facts = {
        "place": (made.resource.name, made.resource.name_en or made.resource.name),
        "when": (say_at(slot.starts_at), f"{slot.starts_at.astimezone(ZONE):%Y-%m-%d %H:%M}"),
    }
    for row in queue:
        appointments.tell_waiting(work, row, f"waiting:{row.id}:free:{made.id}", "place-free", facts, now=now)


def open_case(
    work: Work,
    known: reads.Declared,
    made: Appointment,
    place: BookingPlace,
    opened: OfferOpened,
    what: str,
    now: datetime,
    *,
    words: str = "",
) -> int:
    """The case of the exception, as if the unit had applied for it."""
    slot = work.session.get_one(Slot, place.slot_id)
    resource = work.session.get_one(Resource, made.resource_id)
    person = person_of(work, place)
    booking = {
        "number": made.number,
        "role": place.role,
        "price": made.price,
        "phone": place.phone,
        "at": now.astimezone(ZONE).isoformat(timespec="minutes"),
        "words": words,
    }
    answers: dict[str, Any] = {}
    for path, text in opened.answers.items():
        value: Any = text
        if text.startswith("="):
            given = made.answers or {}
            value = reads.value(work, text, known, resource, slot, person, given, now, booking=booking)
        if value is not None:
            _put(answers, path, plain(value))
    unit = units.place(work, resource.unit_id)
    place_id = person.place_id or resource.place_id or resource.unit_id
    done = cases.submit(
        work,
        opened.opens,
        answers,
        by=SYSTEM,
        now=now,
        channel="system",
        unit=unit,
        place=units.place(work, place_id),
        key=f"booking:{place.id}:{what}",
        person=cases.Person(person.name, person.phone, person.id_number),
    )
    return done.case.id


def _put(answers: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for part in above:
        answers = answers.setdefault(part, {})
    answers[last] = value


def _still_there(work: Work, made: Appointment, place: BookingPlace, what: str, now: datetime) -> None:
    """Whoever comes, whoever booked it for them, and the people of the unit, who have to telephone, are told."""
    facts = {"name": place.name, "place": (made.resource.name, made.resource.name_en or made.resource.name)}
    key = f"booking:{place.id}:{what}"
    appointments.say(work, key, "still-there", facts, user_id=made.user_id, phone=made.phone, now=now)
    by = work.session.get(User, made.booked_by_id) if made.booked_by_id is not None else None
    if by is not None and by.kind == "resident" and by.id != made.user_id:
        appointments.say(work, f"{key}:by", "still-there", facts, user_id=by.id, phone=by.phone, now=now)
    for user_id in holders.of(work, made.resource.unit_id):
        text = f"{place.name}还没有签退（{made.resource.name}，{made.number}）。请打电话给接的人。"
        text_en = f"{place.name} has not been signed out of {made.resource.name} ({made.number}): please telephone."
        notices.put(
            work,
            f"{key}:unit:{user_id}",
            text,
            text_en=text_en,
            kind="still-there",
            now=now,
            channel="screen",
            user_id=user_id,
        )


def person_of(work: Work, place: BookingPlace) -> Person:
    """Who has the place, with what their account says of them."""
    return knowing.of_place(work, place)
