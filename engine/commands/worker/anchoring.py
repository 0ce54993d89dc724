"""The newest seal leaves the hall once a day: written and posted outside, tried again until it is there."""

from __future__ import annotations

from datetime import date, datetime

from engine.commands.equipment import Equipment
from engine.people import SYSTEM
from engine.records import anchors, audit, jobs
from engine.records.jobs import Leased
from engine.store import Database


def send(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The signed line of the day. What an earlier day failed to send is covered: a seal binds all before it."""
    with database.reading() as work:
        found = anchors.daily(work, date.fromisoformat(job.payload["day"]))
    done: dict[str, str] = {}
    if found is not None and equipment.outside:
        done = equipment.outside.publish(found[0], job.key)  # no transaction waits for the network
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        if found is not None and done:
            audit.record(work, audit.Kind.ANCHORED, by=SYSTEM, now=now, facts={"seal": found[1], **done})
