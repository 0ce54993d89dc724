"""好差评 and 三率 in numbers, and the cases behind each number (RULES E2, W5).

The real rate counts what people said themselves: who did not rate and what was found mistaken is told beside it. Who
rated is never shown; and no list by level shows a supervisor the cases they have worked on themselves (RULES E4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select

from engine.matters.nouns.bonds import MANDATE
from engine.people import Actor
from engine.reads import sight
from engine.reads.case_list import COLUMNS, Brief, brief
from engine.reads.overview import LATELY
from engine.records import library, registers
from engine.store import Work
from engine.store.models import Bond, Case, Rating, RegisterEntry, Task

#: A rate of fewer than these says nothing.
ENOUGH = 5
#: What registers whose lines count for the three rates say of themselves (`feeds`).
FEEDS = "three-rates"
#: The three rates (三率) -> which answers of the 回访 count as yes.
THREE: Mapping[str, tuple[str, frozenset[str]]] = {
    "answered": ("answered", frozenset({"yes"})),
    "solved": ("solved", frozenset({"yes"})),
    "satisfied": ("satisfied", frozenset({"非常满意", "满意", "基本满意"})),
}


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


@dataclass(frozen=True, slots=True)
class Rate:
    """One of the three rates: how many of those reached said yes."""

    name: str
    yes: int
    asked: int

    @property
    def share(self) -> int | None:
        return round(100 * self.yes / self.asked) if self.asked >= ENOUGH else None


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


def visits(work: Work, actor: Actor, now: datetime) -> list[tuple[int, Mapping[str, Any]]]:
    """(case, what they said) of everybody reached lately. Facts are sealed: they are counted here, not in SQL."""
    feeding = [
        name
        for one, _ in library.declared(work, "registers").values()
        if registers.register_of(one).feeds == FEEDS
        for name in registers.names(one)
    ]
    rows = work.session.execute(
        select(RegisterEntry.case_id, RegisterEntry.facts)
        .join(Case, Case.id == RegisterEntry.case_id)
        .where(sight.of_cases(work, actor), RegisterEntry.register.in_(feeding), RegisterEntry.at >= now - LATELY)
        .order_by(RegisterEntry.id)
    ).all()
    last = {case: facts for case, facts in rows if isinstance(facts, dict)}  # after a redo the last word counts
    return [(case, facts) for case, facts in last.items() if facts.get("satisfied")]


def three(work: Work, actor: Actor, *, now: datetime) -> tuple[Rate, ...]:
    """响应率, 解决率, 满意率: from 回访 only (RULES W5)."""
    return rates([facts for _, facts in visits(work, actor, now)])


def rates(said: Sequence[Mapping[str, Any]]) -> tuple[Rate, ...]:
    """The three of what so many said."""
    return tuple(
        Rate(name, sum(facts.get(field) in yes for facts in said), len(said)) for name, (field, yes) in THREE.items()
    )


def behind_three(work: Work, actor: Actor, *, now: datetime, which: str, yes: bool) -> list[Brief]:
    """The cases that count as yes, or as no, in one of the three rates."""
    field, good = THREE[which]
    ids = [case for case, facts in visits(work, actor, now) if (facts.get(field) in good) == yes]
    rows = work.session.scalars(select(Case).where(Case.id.in_(ids)).order_by(Case.id.desc()).options(COLUMNS))
    return [brief(work, c, now, False) for c in rows]
