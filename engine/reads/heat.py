"""Where the cases of a matter spend their working time (热力图): by element of one version's drawing, over any days.

A step counts in a period when some of it lies in it, and by the working minutes of it that do: so the periods of a year
add up to the year. The minutes are those of the office's own hours and of the county's calendar, as its limits count.
Nobody is named. A unit is named beside a long wait where at least LEAST people work, and of a restricted matter nothing
is said of fewer than LEAST cases: a single case is somebody's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from sqlalchemy import func, or_, select

from engine.errors import NotFound
from engine.people import units
from engine.records import library
from engine.store import Work
from engine.store.models import Case, Task
from engine.workdays import OpeningHours, at_end_of_day, at_start_of_day

#: Fewer people, or cases, are somebody.
LEAST = 5
#: How many of the longest waits are listed; how strong the strongest colour is; the most steps that are counted.
WAITS, LEVELS, MOST = 10, 4, 100_000


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the drawing."""

    element: str
    name: str
    cases: int | None  # None: fewer than may be told
    minutes: int  # working minutes in these days, of all of them
    middle: int  # half of its steps took less
    longest: int
    waiting: int  # open still at the end of these days
    level: int  # 1 to LEVELS, by its minutes; 0: none


@dataclass(frozen=True, slots=True)
class Wait:
    """One of the longest waits."""

    element: str
    name: str
    unit: str  # "": too few people work there to say
    since: datetime
    minutes: int
    open: bool


@dataclass(frozen=True, slots=True)
class Heat:
    """A matter over some days."""

    elements: tuple[Element, ...]  # the most minutes first
    waits: tuple[Wait, ...]
    cases: int | None
    more: bool  # not everything was counted: there is more than MOST


@dataclass(frozen=True, slots=True)
class _Step:
    case_id: int
    element: str
    name: str
    unit_id: int | None
    opened_at: datetime
    minutes: int
    open: bool


def of(work: Work, name: str, first: date, last: date, *, version: str = "", now: datetime) -> Heat:
    """The steps of a matter's cases (of this version; of every one without it) in these days, both included.

    NotFound: no such matter, or one of which nothing may be counted."""
    info = library.current(work, name).info
    if info.readers == "confidential":
        raise NotFound("保密的事项不统计。", "Nothing is counted of a confidential matter.")
    begin, end = at_start_of_day(first), min(at_end_of_day(last), now)
    query = (
        select(
            Task.case_id,
            Task.element,
            Task.name,
            func.coalesce(Task.unit_id, Case.office_id),
            Task.opened_at,
            Task.ended_at,
            Task.ended_by_id,
            Case.office_id,
        )
        .join(Case, Case.id == Task.case_id)
        .where(
            Case.matter == name,
            ~Case.confidential,
            Task.opened_at < end,
            or_(Task.ended_at.is_(None), Task.ended_at >= begin),
        )
        .order_by(Task.id.desc())
        .limit(MOST + 1)
    )
    if version:
        query = query.where(Case.version_hash == version)
    rows = work.session.execute(query).all()
    hours: dict[int, OpeningHours] = {}
    people: dict[int | None, set[int]] = {}
    steps = []
    for case_id, element, title, unit_id, opened_at, ended_at, ended_by, office in rows[:MOST]:
        if office not in hours:
            hours[office] = units.opening_hours(work, office) or OpeningHours(work.calendar)
        over = ended_at is not None and ended_at < end
        until = ended_at if ended_at is not None and over else end
        minutes = hours[office].minutes(max(opened_at, begin), until)
        steps.append(_Step(case_id, element, title, unit_id, opened_at, minutes, not over))
        if ended_by is not None:
            people.setdefault(unit_id, set()).add(ended_by)
    few = info.readers == "restricted"
    cases = len({step.case_id for step in steps})
    return Heat(
        _elements(steps, few=few),
        () if few else _waits(work, steps, {unit for unit, who in people.items() if len(who) >= LEAST}),
        None if few and cases < LEAST else cases,
        len(rows) > MOST,
    )


def _elements(steps: Sequence[_Step], *, few: bool) -> tuple[Element, ...]:
    listed: dict[str, list[_Step]] = {}
    for step in steps:
        listed.setdefault(step.element, []).append(step)
    found = []
    for element, those in listed.items():
        cases, minutes = len({one.case_id for one in those}), [one.minutes for one in those]
        name = those[0].name or element  # the newest
        if few and cases < LEAST:
            found.append(Element(element, name, None, 0, 0, 0, 0, 0))
            continue
        waiting = sum(one.open for one in those)
        found.append(Element(element, name, cases, sum(minutes), int(median(minutes)), max(minutes), waiting, 0))
    most = max((one.minutes for one in found), default=0)
    shaded = [
        Element(
            one.element,
            one.name,
            one.cases,
            one.minutes,
            one.middle,
            one.longest,
            one.waiting,
            math.ceil(LEVELS * one.minutes / most) if most else 0,
        )
        for one in found
    ]
    return tuple(sorted(shaded, key=lambda one: (-one.minutes, one.element)))


def _waits(work: Work, steps: Sequence[_Step], named: set[int | None]) -> tuple[Wait, ...]:
    longest = sorted(steps, key=lambda one: (-one.minutes, one.opened_at))[:WAITS]
    return tuple(
        Wait(
            one.element,
            one.name or one.element,
            units.place(work, one.unit_id).name if one.unit_id is not None and one.unit_id in named else "",
            one.opened_at,
            one.minutes,
            one.open,
        )
        for one in longest
        if one.minutes
    )
