"""A ballot opens and ends by time. It ends earlier only when everybody has voted."""

from __future__ import annotations

from datetime import datetime

from engine.commands import ballot_rows, cases
from engine.commands.equipment import Equipment
from engine.people import SYSTEM
from engine.reads import ballots as reads
from engine.records import jobs
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import Ballot


def fall_due(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """Open or count what is due, in one transaction with what the case then does."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        counted = due(work, int(job.payload["ballot"]), now=now)
    if counted:
        ballot_rows.scrub(database)


def due(work: Work, ballot_id: int, *, now: datetime) -> bool:
    """What is due of it now; whether it was counted."""
    row = ballot_rows.alone(work, ballot_id)
    if row.state == "announced" and now >= row.opens_at:
        ballot_rows.open_now(work, row, by=SYSTEM, now=now)
    if row.state != "open" or not (now >= row.closes_at or _everybody(work, row)):
        return False
    ballot_rows.count(work, row, by=SYSTEM, now=now)
    if row.case_id is not None and row.effect:
        cases.answer(work, row.case_id, row.effect, {"ballot": reads.told(work, row)}, by=SYSTEM, now=now)
    return True


def _everybody(work: Work, row: Ballot) -> bool:
    return all(body.voted >= body.heads for body in ballot_rows.bodies_of(work, row.id))
