"""The county's calendar for people: which years are known and from where, the days of a year, what was published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import yaml
from sqlalchemy import select

from engine.store import Work
from engine.store.models import CalendarFile, User

_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holiday:
    """One holiday: days off in a row, and the weekend days worked for it."""

    name: str
    first: date
    last: date
    days: int
    worked: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One file that was published."""

    id: int
    source: str
    published_on: date
    added_at: datetime
    who: str
    years: tuple[int, ...]  # stated whole
    days: int  # corrected or stated
    text: str


@dataclass(frozen=True, slots=True)
class Year:
    """One year that is known."""

    year: int
    source: str
    off: int  # days off by announcement
    worked: int  # make-up days


def files(work: Work) -> tuple[File, ...]:
    """What was published here, the newest first."""
    rows = work.session.execute(
        select(CalendarFile, User.name)
        .outerjoin(User, User.id == CalendarFile.by_id)
        .order_by(CalendarFile.id.desc())
        .limit(100)
    )
    found = []
    for row, who in rows:
        facts = yaml.safe_load(row.text)
        days = len(facts.get("holidays") or {}) + len(facts.get("workdays") or {})
        found.append(
            File(
                row.id,
                row.source,
                row.published_on,
                row.added_at,
                who or "",
                tuple(facts.get("years") or ()),
                days,
                row.text,
            )
        )
    return tuple(found)


def years(work: Work, published: Iterable[File]) -> tuple[Year, ...]:
    """The years the calendar knows, the latest first."""
    calendar = work.calendar
    stated: dict[int, str] = {}
    for one in sorted(published, key=lambda f: f.id):
        stated.update(dict.fromkeys(one.years, one.source))
    national = calendar.sources[0].partition(" (")[0] if calendar.sources else ""
    return tuple(
        Year(year, stated.get(year, national), _count(calendar.holidays, year), _count(calendar.workdays, year))
        for year in sorted(calendar.years, reverse=True)
    )


def _count(days: Mapping[date, str], year: int) -> int:
    return sum(1 for day in days if day.year == year)


def holidays(work: Work, year: int) -> tuple[Holiday, ...]:
    """The holidays of a year with their make-up days, in order. Empty for a year nobody knows."""
    calendar = work.calendar
    off = sorted(d for d in calendar.holidays if d.year == year)
    spans: list[list[date]] = []
    for day in off:
        if spans and day - spans[-1][-1] == _ONE and calendar.holidays[day] == calendar.holidays[spans[-1][0]]:
            spans[-1].append(day)
        else:
            spans.append([day])
    worked = sorted(d for d in calendar.workdays if d.year == year)
    left = dict.fromkeys(worked)
    found = []
    for span in spans:
        name = calendar.holidays[span[0]]
        own = [d for d in left if calendar.workdays[d] == name and abs((d - span[0]).days) <= 31]
        for day in own:
            del left[day]
        found.append(Holiday(name, span[0], span[-1], len(span), tuple(own)))
    found += [Holiday(calendar.workdays[d], d, d, 0, (d,)) for d in left]
    return tuple(sorted(found, key=lambda h: h.first))
