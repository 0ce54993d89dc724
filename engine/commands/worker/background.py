"""The worker's loop over jobs, and the seal over the audit. Who does which kind of job is wiring.py.

Each job is leased in one short transaction, done, and finished in another that holds what it made and the proof that
the lease is still ours: so a worker killed anywhere leaves either everything or a job that runs again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from engine.commands import schedules, troubles
from engine.commands.equipment import Equipment, Handler
from engine.commands.hall import missed
from engine.commands.worker.wiring import JOBS
from engine.errors import NotFound, NotNow, Refused
from engine.people import tries
from engine.records import anchors, audit, documents, jobs, notices
from engine.records.jobs import Fenced, Kind, Leased
from engine.store import Database, again
from engine.store.models import Case

log = logging.getLogger("yizhan.worker")

#: After this long without a seal the events get one.
SEAL_EVERY = timedelta(minutes=10)


def run(
    database: Database,
    equipment: Equipment,
    *,
    now: datetime,
    most: int = 5,
    handlers: Mapping[Kind, Handler] = JOBS,
    but: Collection[Kind] = (),
) -> int:
    """Do up to `most` due jobs, one after the other; how many were taken. `but`: kinds that others do (lanes.py)."""
    with database.reading() as work:
        if not jobs.kinds_due(work, now=now) - set(but):
            return 0
    with database.unit_of_work() as work:
        taken = jobs.lease(work, equipment.worker, now=now, most=most, but=but)
    for job in taken:
        do(database, job, equipment, now, handlers)
    return len(taken)


def do(database: Database, job: Leased, equipment: Equipment, now: datetime, handlers: Mapping[Kind, Handler]) -> None:
    """One leased job. What fails is tried later, or becomes an incident. It raises only when even
    that cannot be written down (the database is away): then the lease ends by itself."""
    try:
        if not jobs.known(job.kind):  # a row of another version of the program
            raise NotFound(f"没有作业“{job.kind}”的处理程序。", f"Nothing does jobs of kind {job.kind}.")
        handler = handlers[Kind(job.kind)]
        # A job may be done again at any point: so is one that clashed.
        again(lambda: handler(database, job, equipment, now))
    except Fenced:
        log.warning("job %s: the lease was lost, another worker has it", job.id)
    except Exception as error:  # whatever it is, it must not stop the other jobs
        log.exception("job %s (%s) failed, try %s", job.id, job.kind, job.attempts)
        why = error.zh if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        with database.unit_of_work() as work:
            gone = jobs.failed(work, job, why, now=now, final=_never(job, error))
            case = work.session.get(Case, job.case_id) if gone and job.case_id is not None else None
            if case is not None:
                troubles.tell(work, case, jobs.named(job.kind)[0], "job", now=now)
            if gone and job.kind == Kind.RENDER_PAPER:
                documents.give_up(work, str(job.payload["key"]))
            if gone and job.kind in (Kind.SEND_NOTICE, Kind.SEND_CODE):
                notices.give_up(work, str(job.payload["key"]))
            if gone and job.kind == Kind.BEGIN_SCHEDULED:
                schedules.give_up(work, job.payload, why, now=now)


def _never(job: Leased, error: Exception) -> bool:
    """Whether trying again can only fail again: a person must look at once, not in two hours."""
    if isinstance(error, NotFound):
        return True
    # A paper that lacks a fact or a character lacks it the next time too; a press that died does not.
    # So does a run whose answers the form refuses.
    fixed = (Kind.RENDER_PAPER, Kind.BEGIN_SCHEDULED)
    return job.kind in fixed and isinstance(error, Refused) and not isinstance(error, NotNow)


def seal(database: Database, *, now: datetime, outside: bool = False) -> bool:
    """Lay a seal over the newest events, and anchor it outside the database; whether there were any. PostgreSQL: one
    sealer at a time. `outside`: once a day the newest leaves the hall."""
    with database.unit_of_work() as work:
        made = audit.seal_all(work, now=now) > 0
        if outside:
            anchors.ask_daily(work, now=now)
    with database.reading() as work:
        anchors.keep(work)
    return made


def tidy(database: Database, *, now: datetime) -> int:
    """Drop counts of tries, codes that are over, and words that nobody looks for any more; how many."""
    with database.unit_of_work() as work:
        return tries.forget_old(work, now=now) + missed.forget_old(work, now=now)
