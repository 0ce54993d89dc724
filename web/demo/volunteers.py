"""Volunteers of the demo county: villages that asked, and who came forward: one need full, one open, one that waits
to be checked."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from engine import people
from engine.commands import bonds, booking, cases
from engine.errors import Refused
from engine.matters.nouns.bonds import LEADER
from engine.people import Actor
from engine.reads import knowing
from engine.store import Database
from engine.store.models import BookingPlace, Resource, Slot, SlotPlace, Task, User
from engine.workdays import local_date

MATTER = "zhiyuan"
#: What was asked: (title, what, where, in how many days, hours, how many cut hair, how many help, how many come).
NEEDS = (
    ("给老人理发", "祠堂里摆好了椅子，请自带推子和围布。", "祠堂", 6, ("09:00", "11:00"), 2, 3, 5),
    ("陪老人过重阳", "一起包粽子、拍照片，会唱南音的更好。", "老年活动室", 12, ("14:00", "16:30"), 0, 6, 1),
    ("打扫村道", "从村口到学校，带上手套。", "村口公交站", 9, ("08:00", "10:00"), 0, 8, 0),
)


#: To which of them the team goes, what it is called, and how many it is beside its leader.
WITH_A_TEAM, TEAM, MEMBERS = "陪老人过重阳", "霞碧青年志愿队", 3


class Person(Protocol):
    @property
    def actor(self) -> Actor: ...

    @property
    def phone(self) -> str: ...


def fill(
    database: Database,
    staff: Mapping[str, Actor],
    residents: Sequence[Person],
    first: Person,
    dice: random.Random,
    now: datetime,
) -> int:
    """The needs, all but the last checked and open, and the team that `first` leads, which goes to one of them; how
    many cases."""
    for n, need in enumerate(NEEDS):
        case_id = _ask(database, dice.choice(list(residents)), need, now - timedelta(hours=20 - n))
        if n < len(NEEDS) - 1:
            _check(database, staff, case_id, now - timedelta(hours=15 - n))
            _come(database, residents, case_id, need[-1], dice, now - timedelta(hours=3))
        if need[0] == WITH_A_TEAM:
            _team(database, residents, first, case_id, now - timedelta(hours=2))
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


def _team(database: Database, residents: Sequence[Person], first: Person, case_id: int, at: datetime) -> None:
    """Grown neighbours show their six digits and join the team of `first`, who books for all of them."""
    with database.reading() as work:
        slot_id = work.session.scalars(
            select(Slot.id).join(Resource, Resource.id == Slot.resource_id).where(Resource.case_id == case_id)
        ).one()
        there = select(BookingPlace.user_id).where(BookingPlace.slot_id == slot_id)
        taken = set(work.session.scalars(there)) | {first.actor.id}
        known = work.session.execute(select(User.id, User.id_number).where(User.kind == "resident"))
        numbers = {id: number for id, number in known}
    grown = []
    for one in residents:
        age = knowing.age_on(knowing.born_on(numbers.get(one.actor.id or 0)), local_date(at))
        if one.actor.id not in taken and age is not None and age >= 18:
            grown.append(one)
    led = []
    for one in grown[:MEMBERS]:
        with database.unit_of_work() as work:
            code = bonds.show_code(work, LEADER, by=one.actor, now=at - timedelta(days=1))
        led.append(bonds.type_code(database, one.phone, code, team=TEAM, by=first.actor, now=at - timedelta(days=1)))
    assert first.actor.id is not None
    with database.unit_of_work() as work:
        leader = people.load(work, first.actor.id, now=at)
        booking.take_place(work, slot_id, led=[(bond_id, "help") for bond_id in led], by=leader, now=at)
