"""Leases on due rows: any number of workers share one table, each row is taken by one of them at a time.

A row is claimed in one short transaction: its wake time moves to the end of the lease, its attempts and its fence grow
by one. The work is done in a second transaction that first asks `still_mine`: a worker that slept longer than its lease
finds the fence grown and leaves the row alone. A worker that dies leaves a row that wakes again by itself, and since
the claim counted the attempt, a row that kills its worker backs off like any other failure.

PostgreSQL: FOR UPDATE SKIP LOCKED. SQLite: the claim's transaction began with BEGIN IMMEDIATE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, bindparam, select, update
from sqlalchemy.orm import undefer

from engine.store import Database, Work
from engine.store.models import Case, Timer

#: How long a worker may take for one batch before others may take its rows.
LEASE = timedelta(minutes=2)
#: After the n-th failure wait so long; after the last one the row is parked until a person retries it.
RETRIES: Sequence[timedelta] = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
#: A parked row wakes never.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """A row that is ours for a while."""

    id: int
    case_id: int
    fence: int
    attempts: int  # this one counted


def due(now: ColumnElement[datetime]) -> Select[int]:
    """Whether any row is due: one look at the index, so that an idle worker takes no lock."""
    return select(Timer.id).where(Timer.wake_at <= now).limit(1)


def claim(work: Work, now: datetime, limit: int = 50, lease: timedelta = LEASE) -> list[Lease]:
    """Take up to `limit` due rows, the longest due first. Commit at once: the lease counts from there."""
    ready = (
        select(Timer.id)
        .where(Timer.wake_at <= now)
        .order_by(Timer.wake_at, Timer.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(work.session.scalars(ready))  # apart from the update, which PostgreSQL could plan to look twice
    if not ids:
        return []
    rows = work.session.execute(
        update(Timer)
        .where(Timer.id.in_(ids))
        .values(wake_at=now + lease, attempts=Timer.attempts + 1, fence=Timer.fence + 1)
        .returning(Timer.id, Timer.case_id, Timer.fence, Timer.attempts)
        .execution_options(synchronize_session=False)
    ).all()
    return sorted((Lease(*row) for row in rows), key=lambda each: ids.index(each.id))


def still_mine(work: Work, lease: Lease) -> tuple[Case, Timer] | None:
    """The case and the row, locked, when the lease is still ours; None when it was fired, cleared, or taken by another.

    The case comes first, as in every command: a clerk who completes a task and clears this timer must not meet us with
    the locks in the other order. One statement for both: this is done for every firing.
    """
    found = work.session.execute(_IN_HAND, {"id": lease.id, "case_id": lease.case_id}).one_or_none()
    return (found[0], found[1]) if found is not None and found[1].fence == lease.fence else None


#: The columns of a case that a step of its diagram needs; lists of cases leave them unread.
_WHOLE = (undefer(Case.state), undefer(Case.answers), undefer(Case.ledger))
_IN_HAND = (
    select(Case, Timer)
    .join(Timer, Timer.case_id == Case.id)
    .where(Case.id == bindparam("case_id"), Timer.id == bindparam("id"))
    .options(*_WHOLE)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def put_back(database: Database, lease: Lease, now: datetime, retries: Sequence[timedelta] = RETRIES) -> datetime:
    """After a failure: wake again later, or never when the list of delays is used up. When it wakes."""
    wake = now + retries[lease.attempts - 1] if lease.attempts <= len(retries) else NEVER
    with database.unit_of_work() as work:
        mine = still_mine(work, lease)
        if mine is not None:
            mine[1].wake_at = wake
    return wake


def look_again(work: Work, case: Case, key: str, *, now: datetime) -> None:
    """A person mended what an incident was about (`timer:<key>` or `deadlines`): the worker takes it up at once."""
    if key.startswith("timer:"):
        # One attempt is remembered: with it the sweep knows that there is an incident to close when it goes well.
        work.session.execute(
            update(Timer)
            .where(Timer.case_id == case.id, Timer.key == key.removeprefix("timer:"))
            .values(wake_at=now, attempts=1)
        )
    else:
        case.next_alert_at = now
