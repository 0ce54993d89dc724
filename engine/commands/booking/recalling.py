"""A thing that was chosen is called back (召回): everybody who has it on that day, or had it, is told in one step."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine.booking.slots import ZONE
from engine.commands import appointments
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.forms.written import takes_texts
from engine.people import Actor, require
from engine.reads import choosing
from engine.reads import offers as reads
from engine.records import audit
from engine.store import Work
from engine.store.models import Appointment, BookingPlace, Resource, Slot
from engine.workdays import say_at

#: Who was given back or never came to it is not told.
TOLD = ("held", "confirmed", "checked_in", "called", "served")


def recall(work: Work, slot_id: int, chosen: str, words: str, *, by: Actor, now: datetime) -> list[Appointment]:
    """Tell everybody of this time who chose it, and whoever booked it for them. Who gets no text message is marked to
    be told by voice. Whose bookings these are.

    NotFound, NotYours; Invalid (no word of what to do); NotNow (nobody chose that)."""
    slot = work.session.scalar(
        select(Slot).where(Slot.id == slot_id).options(joinedload(Slot.resource).joinedload(Resource.unit))
    )
    if slot is None or not slot.resource.offer or slot.resource.matter:
        raise NotFound("没有这个时间。", "There is no such time.")
    require(by, "serve", slot.resource)
    words = words.strip()[:200]
    if not words:
        zh, en = "请写要他们怎么做，会原样告诉每一位。", "Say what they should do: everybody reads it as it is."
        raise Invalid([FieldError("words", "怎么办", zh, en)])
    rows = work.session.scalars(
        select(Appointment)
        .join(BookingPlace, BookingPlace.appointment_id == Appointment.id)
        .where(BookingPlace.slot_id == slot.id, Appointment.chosen == chosen, Appointment.state.in_(TOLD))
        .order_by(Appointment.id)
    ).all()
    if not chosen or not rows:
        raise NotNow("这一餐没有人订这一样。请在名单里选一样。", "Nobody has that here: choose one of the list.")
    what = reads.of(work, slot.resource.offer)
    label = next(
        (one.label for one in choosing.day_of(work, what, slot.resource, slot, now=now) if one.key == chosen), chosen
    )
    facts = {
        "place": (slot.resource.name, slot.resource.name_en or slot.resource.name),
        "when": (say_at(slot.starts_at), f"{slot.starts_at.astimezone(ZONE):%Y-%m-%d %H:%M}"),
        "what": label,
        "words": words,
    }
    for made in rows:
        key = f"appointment:{made.id}:recalled:{now.isoformat()}"
        for user_id in dict.fromkeys((made.user_id, made.booked_by_id if made.channel == "online" else None)):
            if user_id is not None:
                appointments.say(work, f"{key}:{user_id}", "offer-recalled", facts, user_id=user_id, now=now)
        if made.phone and takes_texts(made.phone):
            appointments.say(work, f"{key}:phone", "offer-recalled", facts, phone=made.phone, now=now)
        else:
            made.by_voice = "wanted"
    audit.record(
        work,
        audit.Kind.OFFER_RECALLED,
        by=by,
        now=now,
        facts={"offer": slot.resource.offer, "slot": slot.id, "chosen": chosen, "count": len(rows)},
    )
    return list(rows)
