"""What the worker does for lines in the night: whoever was never served is gone, and nobody is known any more."""

from __future__ import annotations

from datetime import datetime, time

from engine.commands import ticket_rows
from engine.commands.equipment import Equipment
from engine.people import SYSTEM
from engine.records import audit, jobs
from engine.records.jobs import Leased
from engine.store import Database, Work

#: When it is done, local time: no hall is open.
AT = time(2)


def forget_tickets(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """Names, telephones and needs of the days before go; the next night again."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        count = ticket_rows.forget(work, now=now)
        if count:
            audit.record(work, audit.Kind.TICKETS_FORGOTTEN, by=SYSTEM, now=now, facts={"count": count})
        ask_to_forget(work, now=now)


def ask_to_forget(work: Work, *, now: datetime) -> None:
    """Have it done in the coming night."""
    jobs.put_daily(work, jobs.Kind.FORGET_TICKETS, AT, now=now)
