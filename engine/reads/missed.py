"""What people looked for and did not find, for whoever keeps the matters' words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from engine.people import Actor, require
from engine.store import Work
from engine.store.models import Missed

MOST = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words that at least three people typed, how often, and when last."""

    words: str
    times: int
    last_on: date


def wanted(work: Work, actor: Actor) -> list[Wanted]:
    """The most wanted first."""
    require(actor, "design")
    rows = select(Missed).where(Missed.words.is_not(None)).order_by(Missed.times.desc(), Missed.id).limit(MOST)
    return [Wanted(row.words or "", row.times, row.last_on) for row in work.session.scalars(rows)]
