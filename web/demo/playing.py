"""What the demo's people act with: each thing in a transaction of its own, by the command that people would use."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from engine import workdays
from engine.commands import cases
from engine.people import Actor
from engine.people.units import Place
from engine.records import library, papers
from engine.store import Database
from engine.store.models import Task


class Resident(Protocol):
    """An invented person."""

    @property
    def actor(self) -> Actor: ...
    @property
    def phone(self) -> str: ...
    @property
    def id_number(self) -> str: ...
    @property
    def place(self) -> Place: ...


def person(one: Resident) -> dict[str, str]:
    """As a register's entry writes them."""
    return {"name": one.actor.name, "phone": one.phone, "id_number": one.id_number}


def born(one: Resident) -> int:
    """The year, from their identity number."""
    return int(one.id_number[6:10])


class Idle:
    """A press for jobs that make no paper."""

    def render(self, job: papers.Job) -> papers.Made:
        raise AssertionError(f"Expected no paper, but {job} was asked for")


class Player:
    """Does what the demo's people do."""

    def __init__(self, database: Database, staff: Mapping[str, Actor]) -> None:
        self.database, self.staff = database, staff

    def do(self, act: Callable[..., Any], *args: Any, **more: Any) -> Any:
        with self.database.unit_of_work() as work:
            return act(work, *args, **more)

    def has(self, matter: str) -> bool:
        with self.database.reading() as work:
            return any(one.name == matter for one in library.published(work))

    def send(
        self,
        matter: str,
        raw: Mapping[str, Any],
        who: Resident,
        at: datetime,
        *,
        by: Actor | None = None,
        channel: str = "online",
    ) -> int:
        """An application; `by` somebody else through a channel of theirs."""
        with self.database.unit_of_work() as work:
            made = cases.submit(
                work,
                matter,
                raw,
                by=by or who.actor,
                now=at,
                place=who.place,
                channel=channel,
                applicant_id=who.actor.id,
            )
            return made.case.id

    def step(self, case_id: int, answers: dict[str, Any], at: datetime, *, apart: Actor | None = None) -> Actor:
        """Whoever may, does the step that is open; somebody else than `apart`. Says who it was."""
        with self.database.unit_of_work() as work:
            task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
            able = [one for one in self.staff.values() if set(one.keys) & set(task.candidates)]
            by = next(one for one in able if apart is None or one.id != apart.id)
            cases.claim(work, task.id, version=task.version, by=by, now=at)
            cases.complete(work, task.id, answers, version=task.version, by=by, now=at)
            return by


def office_hour(at: datetime, days: workdays.Calendar, dice: random.Random) -> datetime:
    """The moment itself when the office is open, else the next opening and a little more."""
    local = at.astimezone(workdays.ZONE)
    if days.is_workday(local.date()) and 8 * 60 + 30 <= local.hour * 60 + local.minute <= 17 * 60:
        return at
    day = local.date() if local.hour < 8 else local.date() + timedelta(days=1)
    while not days.is_workday(day):
        day += timedelta(days=1)
    opens = datetime.combine(day, datetime.min.time(), workdays.ZONE) + timedelta(hours=8, minutes=30)
    return (opens + timedelta(minutes=dice.uniform(0, 200))).astimezone(UTC)
