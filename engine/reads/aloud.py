"""要念给他听: what somebody took in or booked for people whom no text message reaches, and has not read out yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine.people import Actor, may
from engine.reads.sight import marked
from engine.store import Work
from engine.store.models import Appointment, Case

#: The mark of a case whose applicant reads no text message: somebody still has to tell them.
ALOUD = "要念给他听"
#: What is older than this is not asked for any more (P).
KEPT = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Unread:
    """One person to tell: of a case, or of a booking."""

    name: str
    what: str
    number: str
    at: datetime | None  # of a booking
    booking_id: int | None


def waiting(work: Work, actor: Actor, *, now: datetime, most: int = 100) -> list[Unread]:
    """The cases first, then the bookings; two statements. Whoever went elsewhere reads no more what they took in."""
    if actor.kind != "staff" or actor.id is None:
        return []
    cases = work.session.scalars(
        select(Case)
        .where(Case.submitted_by_id == actor.id, Case.received_at > now - KEPT, marked(ALOUD))
        .order_by(Case.id)
        .limit(most)
    ).all()
    booked = work.session.scalars(
        select(Appointment)
        .where(Appointment.booked_by_id == actor.id, Appointment.by_voice == "wanted", Appointment.starts_at > now)
        .options(joinedload(Appointment.resource))
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(most)
    ).all()
    return [
        *(
            Unread(one.applicant_name, one.matter_name, one.number, None, None)
            for one in cases
            if may(actor, "see", one)
        ),
        *(
            Unread(one.name, one.resource.name, one.number, one.starts_at, one.id)
            for one in booked
            if may(actor, "see", one)
        ),
    ]
