"""Volunteers of the demo county: villages that asked, and who came forward: one need full, one open, one that waits
to be checked."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from engine.commands import booking, cases
from engine.errors import Refused
from engine.people import Actor
from engine.store import Database
from engine.store.models import Resource, Slot, SlotPlace, Task
from engine.workdays import local_date

MATTER = "zhiyuan"
#: What was asked: (title, what, where, in how many days, hours, how many cut hair, how many help, how many come).
NEEDS = (
    ("给老人理发", "祠堂里摆好了椅子，请自带推子和围布。", "祠堂", 6, ("09:00", "11:00"), 2, 3, 5),
    ("陪老人过重阳", "一起包粽子、拍照片，会唱南音的更好。", "老年活动室", 12, ("14:00", "16:30"), 0, 6, 1),
    ("打扫村道", "从村口到学校，带上手套。", "村口公交站", 9, ("08:00", "10:00"), 0, 8, 0),
)


class Person(Protocol):
    @property
    def actor(self) -> Actor: ...

    @property
    def phone(self) -> str: ...


def fill(
    database: Database, staff: Mapping[str, Actor], residents: Sequence[Person], dice: random.Random, now: datetime
) -> int:
    """The needs, all but the last checked and open; how many cases."""
    for n, need in enumerate(NEEDS):
        case_id = _ask(database, dice.choice(list(residents)), need, now - timedelta(hours=20 - n))
        if n < len(NEEDS) - 1:
            _check(database, staff, case_id, now - timedelta(hours=15 - n))
            _come(database, residents, case_id, need[-1], dice, now - timedelta(hours=3))
    return len(NEEDS)


def _ask(database: Database, who: Person, need: tuple[Any, ...], at: datetime) -> int:
    title, what, where, days, (begins, ends), cut, help_, _come = need
    raw = {
        "need": {
            "kind": "care",
            "title": title,
            "what": what,
            "day": (local_date(at) + timedelta(days=days)).isoformat(),
            "from": begins,
            "until": ends,
            "cut": cut,
            "help": help_,
            "where": where,
        },
        "applicant": {"name": who.actor.name, "phone": who.phone},
    }
    with database.unit_of_work() as work:
        return cases.submit(work, MATTER, raw, by=who.actor, now=at).case.id


def _check(database: Database, staff: Mapping[str, Actor], case_id: int, at: datetime) -> None:
    with database.unit_of_work() as work:
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        by = next(one for one in staff.values() if set(one.keys) & set(task.candidates))
        cases.claim(work, task.id, version=task.version, by=by, now=at)
        cases.complete(work, task.id, {"check": {"result": "pass"}}, version=task.version, by=by, now=at)


def _come(
    database: Database, residents: Sequence[Person], case_id: int, wanted: int, dice: random.Random, at: datetime
) -> None:
    """So many of the residents take a place, as what is left."""
    came = 0
    for one in dice.sample(list(residents), len(residents)):
        if came == wanted:
            return
        with database.reading() as work:
            slot_id, role = work.session.execute(
                select(SlotPlace.slot_id, SlotPlace.role)
                .join(Slot, Slot.id == SlotPlace.slot_id)
                .join(Resource, Resource.id == Slot.resource_id)
                .where(Resource.case_id == case_id, SlotPlace.taken < SlotPlace.capacity)
                .order_by(SlotPlace.number)
                .limit(1)
            ).one()
        try:
            with database.unit_of_work() as work:
                booking.take_place(work, slot_id, role=role, by=one.actor, now=at)
            came += 1
        except Refused:  # under sixteen, or one who asked for online booking to be paused: as in life
            continue
