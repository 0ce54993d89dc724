"""A calendar for the demo county's years that the State Council has not published: a demonstration, and says so.

A real hall never guesses: there such a year stays unknown until somebody publishes it. A demo county has to open in any
year, so it publishes a county file of its own with the holidays that stand in the law itself
(全国年节及纪念日放假办法), without bridges and make-up days, under a source that calls it an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import yaml

from engine.store import Database
from engine.store.models import CalendarFile
from engine.workdays import local_date

#: How far back the demo's cases begin and how far its limits may reach, in days.
BACK, AHEAD = 90, 400


def fill(database: Database, data: Mapping[str, Any], *, now: datetime) -> list[int]:
    """Make known the years the demo needs and the calendar does not know; which."""
    today = local_date(now)
    first, last = (today - timedelta(days=BACK)).year, (today + timedelta(days=AHEAD)).year
    years = sorted(set(range(first, last + 1)) - set(database.calendar.years))
    if years:
        text = yaml.safe_dump(_file(data, years, today), allow_unicode=True, sort_keys=True)
        with database.unit_of_work() as work:
            work.session.add(
                CalendarFile(text=text, source=data["source"], published_on=today, added_at=now, by_id=None)
            )
        database.forget_calendar()
    return years


def _file(data: Mapping[str, Any], years: list[int], today: date) -> dict[str, Any]:
    holidays: dict[date, str] = {}
    for year in years:
        for day, name in data["every_year"].items():
            holidays[date.fromisoformat(f"{year}-{day}")] = name
        holidays |= {day: name for day, name in data["lunar"].items() if day.year == year}
    return {"source": data["source"], "published_on": today, "years": years, "holidays": holidays, "workdays": {}}
