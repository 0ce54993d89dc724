"""好差评 in numbers, and the cases behind each number (RULES E2); 三率 are engine.reads.order_rates.

The real rate counts what people said themselves: who did not rate and what was found mistaken is told beside it. Who
rated is never shown; and no list by level shows a supervisor the cases they have worked on themselves (RULES E4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select

from engine.matters.nouns.bonds import MANDATE
from engine.people import Actor
from engine.reads import sight
from engine.reads.case_list import COLUMNS, Brief, brief
from engine.reads.overview import LATELY
from engine.store import Work
from engine.store.models import Bond, Case, Rating, Task

#: A rate of fewer than these says nothing.
ENOUGH = 5


@dataclass(frozen=True, slots=True)
class Ratings:
    """The last thirty days."""

    levels: Mapping[int, int]  # level -> how many, said by people
    unrated: int  # the time to rate is over, and nobody did
    mistaken: int  # set aside by an appeal

    @property
    def real(self) -> int:
        return sum(self.levels.values())

    @property
    def good(self) -> int:
        return sum(n for level, n in self.levels.items() if level >= 3)

    @property
    def share_good(self) -> int | None:
        """满意率: per cent of the real ratings; None when there are too few."""
        return round(100 * self.good / self.real) if self.real >= ENOUGH else None

    @property
    def share_real(self) -> int | None:
        """实评率: per cent of those asked who rated."""
        asked = self.real + self.unrated
        return round(100 * self.real / asked) if asked >= ENOUGH else None


def numbers(work: Work, actor: Actor, *, now: datetime) -> Ratings:
    """What people said of the cases this actor may see, lately."""
    rows = work.session.execute(
        select(Rating.level, Rating.default_unrated, Rating.mistaken, func.count())
        .join(Case, Case.id == Rating.case_id)
        .where(sight.of_cases(work, actor), Rating.at >= now - LATELY)
        .group_by(Rating.level, Rating.default_unrated, Rating.mistaken)
    ).all()
    levels: dict[int, int] = {}
    for level, _unrated, wrong, count in rows:
        if level is not None and not wrong:
            levels[level] = levels.get(level, 0) + count
    return Ratings(levels, sum(n for _, unrated, _, n in rows if unrated), sum(n for _, _, wrong, n in rows if wrong))


def behind(
    work: Work, actor: Actor, *, now: datetime, which: str, offset: int = 0, limit: int = 100
) -> tuple[list[Brief], int, int]:
    """The cases behind a number: which = 1 … 5, good, real, unrated, mistaken. (rows, how many, how many held back)."""
    condition: ColumnElement[bool]
    if which in ("unrated", "mistaken"):
        condition = (Rating.default_unrated if which == "unrated" else Rating.mistaken).is_(True)
    else:
        said = (
            Rating.level == int(which)
            if which in ("1", "2", "3", "4", "5")
            else Rating.level >= (3 if which == "good" else 1)
        )
        condition = said & ~Rating.mistaken
    inside = [sight.of_cases(work, actor), Rating.at >= now - LATELY, condition]
    own = or_(
        exists().where(Bond.case_id == Case.id, Bond.kind == MANDATE, Bond.holder_id == actor.id),
        exists().where(Task.case_id == Case.id, or_(Task.ended_by_id == actor.id, Task.assignee_id == actor.id)),
    )
    every = select(func.count()).select_from(Case).join(Rating, Rating.case_id == Case.id).where(*inside)
    total = work.session.scalar(every) or 0
    held_back = work.session.scalar(every.where(own)) or 0 if which != "unrated" else 0
    query = select(Case).join(Rating, Rating.case_id == Case.id).where(*inside)
    if which != "unrated":
        query = query.where(~own)
    rows = work.session.scalars(query.order_by(Rating.at.desc(), Case.id).offset(offset).limit(limit).options(COLUMNS))
    return [brief(work, c, now, False) for c in rows], total, held_back
