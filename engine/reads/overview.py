"""What a supervisor sees of their realm: numbers first, the list behind each, then the case.

Plain columns only. Names of residents never appear here; a unit is compared with others only by counts it can open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select

from engine.people import Actor, units
from engine.reads import sight
from engine.reads.case_list import COLUMNS, Brief, brief
from engine.store import Work
from engine.store.models import Case

#: How far back "lately" looks.
LATELY = timedelta(days=30)


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
    """The counts of a Load, by a column of Case."""
    since = now - LATELY
    shade = _shade(now)
    found = work.session.execute(
        select(
            key,
            shade,
            func.count(),
            func.sum(case((Case.received_at >= since, 1), else_=0)),
            func.sum(case(((Case.finished_at >= since) & _CARRIED_THROUGH, 1), else_=0)),
            func.sum(
                case(
                    (
                        (Case.finished_at >= since)
                        & _CARRIED_THROUGH
                        & (
                            (Case.promised_due.is_(None))
                            | (func.coalesce(Case.stopped_at, Case.finished_at) <= Case.promised_due)
                        ),
                        1,
                    ),
                    else_=0,
                )
            ),
        )
        .where(sight.of_cases(work, actor))
        .group_by(key, shade)
    ).all()
    out: dict[Any, dict[str, int]] = {}
    for name, colour, count, received, done, in_time in found:
        one = out.setdefault(name, dict.fromkeys(("open", "yellow", "red", "black", "received", "done", "in_time"), 0))
        if colour != "done":
            one["open"] += count
        if colour in ("yellow", "red", "black"):
            one[colour] += count
        one["received"] += int(received or 0)
        one["done"] += int(done or 0)
        one["in_time"] += int(in_time or 0)
    return out


def numbers(work: Work, actor: Actor, *, now: datetime) -> Numbers:
    """The first screen, in three statements."""
    tree = units.tree(work)
    per_unit = by(work, actor, now, Case.office_id)
    per_matter = by(work, actor, now, Case.matter)
    titles = {
        row[0]: row[1]
        for row in work.session.execute(
            select(Case.matter, func.max(Case.matter_name)).where(sight.of_cases(work, actor)).group_by(Case.matter)
        ).all()
    }
    total = dict.fromkeys(("open", "yellow", "red", "black", "received", "done", "in_time"), 0)
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
    place: int | None = None,
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
    if place is not None:  # with all that is under it
        tree = units.tree(work)
        there = tree.by_id.get(place)
        conditions.append(Case.place_id.in_([p.id for p in tree.below(there)] if there is not None else []))
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
