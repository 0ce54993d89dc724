"""What tests ask of the lists of steps (engine.store.listing)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.store import Database, Work, listing
from engine.store.models import Listed


def candidates(work: Work, *task_ids: int) -> list[tuple[int, str]]:
    """Who may claim what, as the lists say it: (id of the task, key)."""
    query = select(Listed.task_id, Listed.key).order_by(Listed.task_id, Listed.key)
    rows = work.session.execute(query.where(Listed.task_id.in_(task_ids)) if task_ids else query)
    return [(task, key) for task, key in rows if key[:2] in ("p:", "u:", "b:")]


def must_be_right(database: Database, now: datetime) -> None:
    """Every live step stands in the lists it belongs to, and nothing else does."""
    with database.reading() as work:
        assert listing.wrong(work.session, database, at=now) == []
