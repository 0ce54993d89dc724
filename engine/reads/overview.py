"""What a supervisor sees of their realm: numbers first, the list behind each, then the case.

Plain columns only. Names of residents never appear here; a unit is compared with others only by counts it can open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select

from engine.people import Actor, units
from engine.reads import sight
from engine.reads.case_list import COLUMNS, Brief, brief
from engine.store import Work
from engine.store.models import Case, MatterVersion

#: How far back "lately" looks.
LATELY = timedelta(days=30)
COUNTS = ("open", "yellow", "red", "black", "received", "done", "in_time")


@dataclass(frozen=True, slots=True)
class Load:
    """The load of one unit or matter."""

    key: str  # the unit's id, or the matter's name
    name: str
    open: int
    yellow: int
    red: int
    black: int
    received: int  # in the last 30 days
    done: int  # in the last 30 days
    in_time: int  # of those done, within the promise

    @property
    def overdue(self) -> int:
        return self.red + self.black

    @property
    def share_in_time(self) -> int | None:
        """Per cent of those done lately; None when there are too few to say anything (fewer than 5)."""
        return round(100 * self.in_time / self.done) if self.done >= 5 else None


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everything of the first screen."""

    total: Load
    per_unit: tuple[Load, ...]
    per_matter: tuple[Load, ...]
    unfinished_days: Mapping[int, int]  # age in weeks -> open cases


def _shade(now: datetime) -> Any:
    return case(
        (Case.finished_at.is_not(None), "done"),
        (Case.paused_at.is_not(None), "paused"),
        (Case.statutory_due <= now, "black"),
        (Case.promised_due <= now, "red"),
        (or_(Case.yellow_at <= now, Case.step_due <= now), "yellow"),
        else_="green",
    )


#: What was taken back or ended is over, and nothing that was done in time.
_CARRIED_THROUGH = Case.status == "finished"


def by(work: Work, actor: Actor, now: datetime, key: Any) -> dict[Any, dict[str, int]]:
    """The counts of a Load, by a column of Case. Three statements, each by an index: what they cost is what is in hand
    and what came and ended lately, and not what the hall has ever done."""
    since, mine = now - LATELY, sight.of_cases(work, actor)
    shade = _shade(now)
    out: dict[Any, dict[str, int]] = {}

    def at(name: Any) -> dict[str, int]:
        return out.setdefault(name, dict.fromkeys(COUNTS, 0))

    in_hand = select(key, shade, func.count()).where(Case.finished_at.is_(None), mine).group_by(key, shade)
    for name, colour, count in work.session.execute(in_hand):
        at(name)["open"] += count
        if colour in ("yellow", "red", "black"):
            at(name)[colour] += count
    came = select(key, func.count()).where(Case.received_at >= since, mine).group_by(key)
    for name, count in work.session.execute(came):
        at(name)["received"] += count
    in_time = Case.promised_due.is_(None) | (func.coalesce(Case.stopped_at, Case.finished_at) <= Case.promised_due)
    ended = select(key, func.count(), func.sum(case((in_time, 1), else_=0)))
    ended = ended.where(Case.finished_at >= since, _CARRIED_THROUGH, mine).group_by(key)
    for name, count, timely in work.session.execute(ended):
        at(name)["done"] += count
        at(name)["in_time"] += int(timely or 0)
    return out


def numbers(work: Work, actor: Actor, *, now: datetime) -> Numbers:
    """The first screen."""
    tree = units.tree(work)
    per_unit = by(work, actor, now, Case.office_id)
    per_matter = by(work, actor, now, Case.matter)
    versions = select(MatterVersion.matter, MatterVersion.name).where(MatterVersion.matter.in_(per_matter))
    titles = {matter: name for matter, name in work.session.execute(versions.order_by(MatterVersion.published_at))}
    total = dict.fromkeys(COUNTS, 0)
    for one in per_unit.values():
        for name, count in one.items():
            total[name] += count
    weeks: dict[int, int] = {}
    for (received,) in work.session.execute(
        select(Case.received_at).where(sight.of_cases(work, actor), Case.finished_at.is_(None))
    ):
        age = min(8, (now - received).days // 7)
        weeks[age] = weeks.get(age, 0) + 1

    def order(load: Load) -> tuple[int, int, str]:
        return (-load.overdue, -load.open, load.name)

    return Numbers(
        total=Load("", "", **total),
        per_unit=tuple(
            sorted(
                (Load(str(i), tree.by_id[i].name if i in tree.by_id else str(i), **v) for i, v in per_unit.items()),
                key=order,
            )
        ),
        per_matter=tuple(sorted((Load(m, titles.get(m, m), **v) for m, v in per_matter.items()), key=order)),
        unfinished_days=dict(sorted(weeks.items())),
    )


def behind(
    work: Work,
    actor: Actor,
    *,
    now: datetime,
    which: str = "open",
    unit: int | None = None,
    places: Collection[int] | None = None,
    matter: str = "",
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[Brief], int]:
    """The cases behind a number, the most urgent first: which = open, yellow, red, black, overdue, received, done."""
    shade, since = _shade(now), now - LATELY
    conditions = [sight.of_cases(work, actor)]
    if which in ("yellow", "red", "black"):
        conditions.append(shade == which)
    elif which == "overdue":
        conditions.append(shade.in_(("red", "black")))
    elif which == "received":
        conditions.append(Case.received_at >= since)
    elif which == "done":
        conditions += [Case.finished_at >= since, _CARRIED_THROUGH]
    else:
        conditions.append(Case.finished_at.is_(None))
    if unit is not None:
        conditions.append(Case.office_id == unit)
    if places is not None:
        conditions.append(Case.place_id.in_(places))
    if matter:
        conditions.append(Case.matter == matter)
    total = work.session.scalar(select(func.count()).select_from(Case).where(*conditions)) or 0
    due = func.coalesce(Case.step_due, Case.promised_due)
    rows = work.session.scalars(
        select(Case)
        .where(*conditions)
        .order_by(due.is_(None), due, Case.id)
        .offset(offset)
        .limit(limit)
        .options(COLUMNS)
    )
    return [brief(work, c, now, False) for c in rows], total
