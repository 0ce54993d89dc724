"""The versions of the matters that were published, and how many cases run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from engine.store import Work
from engine.store.models import Case, MatterVersion


@dataclass(frozen=True, slots=True)
class Version:
    """One published version of a matter."""

    hash: str  # the first twelve signs, as people compare them
    whole: str
    at: datetime
    note: str
    current: bool


def running(work: Work) -> dict[str, int]:
    """matter -> how many of its cases are open."""
    counted = (
        select(Case.matter, func.count()).where(Case.finished_at.is_(None), ~Case.confidential).group_by(Case.matter)
    )
    return {matter: n for matter, n in work.session.execute(counted)}


def published(work: Work) -> dict[str, tuple[int, datetime]]:
    """matter -> how many versions of it there are, and when the newest was published."""
    counted = select(MatterVersion.matter, func.count(), func.max(MatterVersion.published_at))
    return {matter: (n, at) for matter, n, at in work.session.execute(counted.group_by(MatterVersion.matter))}


def of(work: Work, matter: str) -> tuple[Version, ...]:
    """The versions of one matter, newest first."""
    rows = work.session.execute(
        select(MatterVersion.hash, MatterVersion.published_at, MatterVersion.note, MatterVersion.current)
        .where(MatterVersion.matter == matter)
        .order_by(MatterVersion.published_at.desc())
    )
    return tuple(Version(hash[:12], hash, at, note, current) for hash, at, note, current in rows)
