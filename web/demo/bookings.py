"""Bookings of the demo county: counters with their opening times, people on duty, and some weeks of appointments."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from engine import people
from engine.commands import booking, cases
from engine.errors import Refused
from engine.people import Actor
from engine.people.units import Place
from engine.store import Database, Work
from engine.store.models import Appointment, Duty, Resource, ResourceOpening, Slot, Task
from engine.workdays import local_date

#: How far back and ahead the demo's slots reach, in days.
BACK, AHEAD = 6, 40
#: How many people book.
COUNT = 45


class Person(Protocol):
    @property
    def actor(self) -> Actor: ...


def fill(
    database: Database,
    data: Mapping[str, Any],
    places: Mapping[str, Place],
    staff: Mapping[str, Actor],
    residents: Sequence[Person],
    dice: random.Random,
    now: datetime,
) -> int:
    """Resources, slots, rosters and bookings; how many bookings were made."""
    begin = now - timedelta(days=BACK + 4)
    with database.unit_of_work() as work:
        ids = [_resource(work, one, places) for one in data["resources"]]
        first = local_date(now) - timedelta(days=BACK)
        last = work.calendar.last_known(first, local_date(now) + timedelta(days=AHEAD))
        for resource_id in ids:
            booking.publish(work, resource_id, first=first, last=last, by=people.SYSTEM, now=begin)
        _rosters(work, data, places, staff, first, last)
    made = 0
    for resident in dice.sample(list(residents), min(COUNT, len(residents))):
        made += _visit(database, staff, resident.actor, dice, now)
    return made


def _resource(work: Work, one: Mapping[str, Any], places: Mapping[str, Place]) -> int:
    row = Resource(
        code=one["code"],
        unit_id=places[one["unit"]].id,
        kind=one["kind"],
        name=one["name"],
        name_en=one["name_en"],
        matter=one["matter"],
        offer=one.get("offer", ""),
        items=one["items"],
    )
    work.session.add(row)
    work.session.flush()
    work.session.add_all(ResourceOpening(resource_id=row.id, rule=rule) for rule in one["openings"])
    work.session.flush()
    return row.id


def _rosters(
    work: Work,
    data: Mapping[str, Any],
    places: Mapping[str, Place],
    staff: Mapping[str, Actor],
    first: date,
    last: date,
) -> None:
    for unit in {one["unit"] for one in data["resources"]}:
        able = [
            a for a in staff.values() if any(p.post == "duty" and p.unit_id == places[unit].id for p in a.positions)
        ]
        for n in range((last - first).days + 1) if able else ():
            day = first + timedelta(days=n)
            who = able[n % len(able)]
            hours = (time(17), time(21)) if work.calendar.is_workday(day) else (time(8), time(18))
            work.session.add(
                Duty(
                    unit_id=places[unit].id,
                    user_id=who.id,
                    starts_at=booking.local(day, hours[0]),
                    ends_at=booking.local(day, hours[1]),
                )
            )


def _visit(database: Database, staff: Mapping[str, Actor], by: Actor, dice: random.Random, now: datetime) -> int:
    """One person books; when the time is past, they came, or did not."""
    with database.reading() as work:
        rows = work.session.execute(
            select(Slot.starts_at, Slot.resource_id)
            .join(Resource)
            .where(
                Resource.kind == "window",
                Slot.public_taken < Slot.public_capacity,
                Slot.starts_at < now + timedelta(days=9),
            )
        ).all()
    if not rows:
        return 0
    starts_at, resource_id = dice.choice(rows)
    booked_at = min(
        starts_at - timedelta(days=dice.randrange(1, 4), hours=3), now - timedelta(minutes=dice.randrange(5, 900))
    )
    item = dice.choice(["medical", "pension", "assistance", "residence", "ask"])
    try:
        with database.unit_of_work() as work:
            held = booking.hold(work, resource_id=resource_id, starts_at=[starts_at], item=item, by=by, now=booked_at)
            made = booking.confirm(work, held.id, version=held.version, by=by, now=booked_at + timedelta(minutes=2))
            made_id = made.id
    except Refused:  # the person has a booking that day, or the time is too near: as in life
        return 0
    answered = booked_at + timedelta(hours=dice.randrange(1, 20))
    if answered < now and dice.random() < 0.8:
        _answer(database, staff, made_id, {"duty_answer": "yes"}, answered)
    if starts_at < now - timedelta(hours=1):
        _past(database, staff, made_id, dice, starts_at)
    return 1


def _past(database: Database, staff: Mapping[str, Actor], made_id: int, dice: random.Random, at: datetime) -> None:
    with database.unit_of_work() as work:
        made = work.session.get_one(Appointment, made_id)
        came = dice.random() < 0.85
        if came:
            booking.check_in(work, made.code, by=people.SYSTEM, now=at - timedelta(minutes=dice.randrange(1, 20)))
        else:
            booking.miss(work, made_id, version=made.version, by=people.SYSTEM, now=at + timedelta(minutes=55))
    if came:
        done = {"serve_result": "done", "serve_note": "已当场办好。"}
        _answer(database, staff, made_id, done, at + timedelta(minutes=20))
        with database.unit_of_work() as work:
            made = work.session.get_one(Appointment, made_id)
            booking.serve(work, made_id, version=made.version, by=people.SYSTEM, now=at + timedelta(minutes=21))


def _answer(
    database: Database, staff: Mapping[str, Actor], made_id: int, answers: dict[str, Any], now: datetime
) -> None:
    """Whoever may, does the step that is open."""
    with database.unit_of_work() as work:
        case_id = work.session.scalar(select(Appointment.case_id).where(Appointment.id == made_id))
        task = work.session.scalar(select(Task).where(Task.case_id == case_id, Task.state != "ended"))
        if task is None:
            return
        for by in staff.values():
            if set(by.keys) & set(task.candidates):
                cases.claim(work, task.id, version=task.version, by=by, now=now)
                cases.complete(work, task.id, answers, version=task.version, by=by, now=now)
                return
