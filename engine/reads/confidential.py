"""What a county's head is told of confidential matters: how many came in the whole year before, from five up, and no
more. A number that stands for a year and not under five says of nobody that they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from engine.people import Actor
from engine.records import library
from engine.store import Work
from engine.store.models import Case
from engine.workdays import at_end_of_day, at_start_of_day, local_date

#: Fewer are not counted for anybody.
LEAST = 5


@dataclass(frozen=True, slots=True)
class Count:
    """How many people came with one matter in a year that is over."""

    matter_name: str
    year: int
    n: int | None  # None: fewer than LEAST


def last_year(work: Work, actor: Actor, *, now: datetime) -> tuple[Count, ...]:
    """For who heads the county; nobody else is told even that."""
    if not actor.supervises(None):
        return ()
    year = local_date(now).year - 1
    found = []
    for package in library.published(work):
        if package.info.readers != "confidential":
            continue
        counted = select(func.count()).where(
            Case.matter == package.name,
            Case.confidential,
            Case.received_at >= at_start_of_day(date(year, 1, 1)),
            Case.received_at < at_end_of_day(date(year, 12, 31)),
        )
        n = work.session.scalar(counted) or 0
        found.append(Count(package.info.name, year, n if n >= LEAST else None))
    return tuple(found)
