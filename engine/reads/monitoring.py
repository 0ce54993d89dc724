"""How the hall stands, in numbers for machines: what waits, what failed, what is late. Nothing about a person.

Every count goes by a partial index over the few rows that wait or failed: asked each quarter of a minute, it must cost
nothing however full the tables are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal_column, select, text

from engine.reads import sight
from engine.records import jobs, notices
from engine.store import Work
from engine.store.models import Beat, Case, Event, Incident, Job, Timer

_GIVEN_UP: ColumnElement[bool] = literal_column("job.state = 'failed'")


@dataclass(frozen=True, slots=True)
class Standing:
    """How many of each, at one moment."""

    due: tuple[tuple[str, int], ...]  # kind, how many are due and not done
    jobs_failed: int  # given up: a person must look
    timers_late: int  # of diagrams
    limits_late: int  # cases whose next warning is due
    incidents_open: int
    notices_held: int  # by a restore

    def waiting(self, *kinds: jobs.Kind) -> int:
        return sum(count for kind, count in self.due if kind in kinds)


def standing(work: Work, *, now: datetime) -> Standing:
    """What waits, failed and is late now."""
    ask = work.session.scalar
    due = work.session.execute(
        select(Job.kind, func.count())
        .where(jobs.PENDING, Job.run_after <= now, sight.open_ones(Job.case_id))
        .group_by(Job.kind)
        .order_by(Job.kind)
    )
    return Standing(
        due=tuple((kind, count) for kind, count in due),
        jobs_failed=ask(select(func.count()).select_from(Job).where(_GIVEN_UP, sight.open_ones(Job.case_id))) or 0,
        timers_late=ask(
            select(func.count()).select_from(Timer).where(Timer.wake_at <= now, sight.open_ones(Timer.case_id))
        )
        or 0,
        limits_late=ask(select(func.count()).select_from(Case).where(Case.next_alert_at <= now, ~Case.confidential))
        or 0,
        incidents_open=ask(
            select(func.count())
            .select_from(Incident)
            .where(Incident.solved_at.is_(None), sight.open_ones(Incident.case_id))
        )
        or 0,
        notices_held=notices.count_held(work),
    )


def last_beat(work: Work) -> datetime | None:
    """When a worker, on whichever machine, was last seen."""
    return work.session.scalar(select(func.max(Beat.trusted_at)))


def database_bytes(work: Work) -> int:
    """How large the database is on the disk."""
    if work.dialect == "postgresql":
        return int(work.session.scalar(text("select pg_database_size(current_database())")) or 0)
    pages, size = (work.session.scalar(text(f"pragma {name}")) for name in ("page_count", "page_size"))
    return int(pages or 0) * int(size or 0)


def last_backup(work: Work) -> datetime | None:
    """When the last backup was made; by the record, newest first, of what the program itself did."""
    made = select(Event.at).where(Event.chain == "user:0", Event.kind == "hall.backed-up")
    return work.session.scalar(made.order_by(Event.seq.desc()).limit(1))
