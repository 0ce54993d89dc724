"""要您做的事: what waits for a resident beside the steps of their cases (engine.reads.inbox): a booking that is near, a
place that is kept for an answer, a case that is done and not rated yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import exists, select

from engine.deadlines.rating import rating_rules
from engine.people import Actor
from engine.store import Work
from engine.store.models import Appointment, Case, Rating, Resource
from engine.workdays import local_date

#: A booking is near when it begins within this.
NEAR = timedelta(hours=48)
#: Of each kind at most so many: the rest stands on its own page.
MOST = 5


@dataclass(frozen=True, slots=True)
class Pressing:
    """One thing."""

    kind: Literal["soon", "kept", "rate"]
    id: int  # of the booking; of a case 0
    number: str  # of the booking or the case
    title: str  # what is booked; the matter
    at: datetime  # when it begins; until when it is kept, or may be rated


def pressing(work: Work, actor: Actor, *, now: datetime) -> list[Pressing]:
    """What is to be done first, first: what is kept only so long, then what begins, then ratings. Two statements."""
    if actor.id is None or actor.kind == "staff":
        return []
    rows = work.session.execute(
        select(Appointment.id, Appointment.number, Appointment.state, Appointment.starts_at, Appointment.hold_until)
        .add_columns(Resource.name)
        .join(Resource, Resource.id == Appointment.resource_id)
        .where(
            Appointment.user_id == actor.id,
            Appointment.state.in_(("held", "confirmed")),
            Appointment.checked_in_at.is_(None),
            Appointment.starts_at > now,
            (Appointment.state == "held") | (Appointment.starts_at <= now + NEAR),
        )
        .order_by(Appointment.starts_at)
        .limit(2 * MOST)
    )
    found = [
        Pressing("kept", id, number, name, until)
        if state == "held" and until is not None
        else Pressing("soon", id, number, name, at)
        for id, number, state, at, until, name in rows
    ]
    found.sort(key=lambda one: (one.kind != "kept", one.at))
    return [*found[:MOST], *_to_rate(work, actor, now)]


def _to_rate(work: Work, actor: Actor, now: datetime) -> list[Pressing]:
    rules = rating_rules(local_date(now))
    rows = work.session.execute(
        select(Case.number, Case.matter_name, Case.finished_at)
        .where(
            Case.applicant_id == actor.id,
            Case.status == "finished",
            Case.finished_at > now - timedelta(days=rules.unrated_after_days),
            ~exists().where(Rating.case_id == Case.id, Rating.step == ""),
        )
        .order_by(Case.finished_at.desc())
        .limit(MOST)
    )
    return [
        Pressing("rate", 0, number, name, rules.until(at))
        for number, name, at in rows
        if at is not None and now <= rules.until(at)
    ]
