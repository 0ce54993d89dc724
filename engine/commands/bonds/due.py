"""Bonds whose last day is over are ended when the day changes: nobody sees or does anything by them from that moment
anyway, and what waits by them (a place, a book, a ride, a standing order) ends with them or is told."""

from __future__ import annotations

from datetime import datetime, time
from functools import partial

from sqlalchemy import select

from engine.commands import one_by_one
from engine.commands.bonds.ending import expire
from engine.commands.equipment import Equipment
from engine.records import jobs
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import Bond
from engine.workdays import local_date

#: Bonds of one look; when there were as many another follows at once.
BATCH = 100


def bonds_due(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The job: each bond in a transaction of its own; then the next midnight again. One that cannot be ended keeps back
    no other: it has a job of its own, which fails where who runs the hall sees it. A mandate is not ended by its day:
    its case says what comes then."""
    if "bond" in job.payload:
        with database.unit_of_work() as work:
            jobs.done(work, job, now=now)
            _end_if_over(work, int(job.payload["bond"]), now)
        return
    with database.reading() as work:
        over = work.session.scalars(
            select(Bond.id)
            .where(Bond.state == "held", Bond.until_on < local_date(now), Bond.scope == "")
            .order_by(Bond.until_on, Bond.id)
            .limit(BATCH)
        ).all()

    def instead(work: Work, bond_id: int) -> None:
        jobs.put_once(work, jobs.Kind.BONDS_DUE, f"bonds-due:{bond_id}:{local_date(now)}", {"bond": bond_id}, now=now)

    do = partial(_end_if_over, now=now)
    done = one_by_one.each(database, over, do, said="a bond whose last day is over", instead=instead)
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        if len(over) == BATCH and done:  # where all of them failed, another look would find the same
            jobs.put_once(work, jobs.Kind.BONDS_DUE, f"bonds-due:after:{job.id}", now=now)
        else:
            ask_at_midnight(work, now=now)


def _end_if_over(work: Work, bond_id: int, now: datetime) -> None:
    """Ended meanwhile: nothing."""
    row = work.session.get(Bond, bond_id, with_for_update=True)
    if row is not None and row.state == "held" and row.until_on < local_date(now):
        expire(work, row, now=now)


def ask_at_midnight(work: Work, *, now: datetime) -> None:
    """Have it done when the day changes: a bond holds through its last day."""
    jobs.put_daily(work, jobs.Kind.BONDS_DUE, time(0, 0, 20), now=now)
