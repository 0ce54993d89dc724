"""The date in force (生效日期): a release that was proved and approved is published by the worker at its moment.

It is checked once more: the program and the county's lists may be others by then. What is broken never replaces what
works; why it did not come into force stands with the release, and an incident tells the operator.
"""

from __future__ import annotations

from datetime import datetime

from engine import matters
from engine.commands import gate
from engine.commands.equipment import Equipment
from engine.commands.hall import releasing
from engine.errors import NotFound, Refused
from engine.findings import errors
from engine.reads import county as counties
from engine.records import jobs
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import StudioRelease


class NotInForce(NotFound):
    """Expected a release that can be published at its moment, but it cannot, and will not by trying again."""

    slug = "not-in-force"


def come_into_force(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """Publish it, or say why not."""
    try:
        with database.unit_of_work() as work:
            row = _scheduled(work, job)
            if row is not None:
                _must_be_right(work, row)
                releasing.put_in_force(work, row, now=now)
            jobs.done(work, job, now=now)
    except jobs.Fenced:
        raise
    except Refused as refused:
        with database.unit_of_work() as work:
            row = _scheduled(work, job)
            if row is not None:
                row.state, row.ended_at, row.told, row.told_en = "failed", now, refused.zh, refused.en
        raise NotInForce(refused.zh, refused.en) from refused


def _scheduled(work: Work, job: Leased) -> StudioRelease | None:
    row = work.session.get(StudioRelease, int(job.payload["release"]), with_for_update=True, populate_existing=True)
    return row if row is not None and row.state == "scheduled" else None


def _must_be_right(work: Work, row: StudioRelease) -> None:
    package = matters.from_zip(row.matter, row.content)
    found = errors(gate.check(package, counties.county(work)))
    if found:
        raise matters.BadMatter(row.matter, found)
