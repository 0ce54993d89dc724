"""Replaying recorded cases on a draft (发布回放): one turn after the other, in a lane of its own. What replays them
stands above the commands and is handed in with the equipment."""

from __future__ import annotations

from datetime import datetime

from engine.commands.equipment import Equipment
from engine.errors import NotNow
from engine.records import jobs
from engine.records.jobs import Leased
from engine.store import Database


def go_on(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The next cases; the job stays while there are more."""
    if equipment.replay is None:
        raise NotNow("这个后台程序不会回放，另一个会。", "This worker replays nothing; another one does.")
    more = equipment.replay(database, int(job.payload["replay"]), now)
    with database.unit_of_work() as work:
        if more:
            jobs.keep(work, job, after=now)
        else:
            jobs.done(work, job, now=now)
