"""Limits that count backward: at the latest so long before a day somebody named (活动举办日的 20 日前). Pure.

The day itself does not count, as the first day of a period does not (民法典 201): 20 days before 20 December is 30
November. The last day is never moved on over a holiday: that would take from the time the limit is there to give.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from engine.deadlines.regimes import Limit
from engine.errors import Invalid
from engine.workdays import ZONE, Calendar, OpeningHours, at_end_of_day

_PATH = r"(?P<path>[^\W\d]\w*(?:\.[^\W\d]\w*)*)"
_FORMS = (
    re.compile(rf"(?P<limit>\d+ ?(?:wd|cd|h)) before {_PATH}"),
    re.compile(rf"{_PATH} ?(?:之)?前 ?(?P<limit>\d+ ?(?:个工作日|工作日|日|天|小时))"),
)


@dataclass(frozen=True, slots=True)
class Before:
    """So long before the day or moment that stands under a path of the answers."""

    limit: Limit
    path: str

    @classmethod
    def parse(cls, text: str) -> Before | None:
        """
        >>> Before.parse("20cd before event.held_on")
        Before(limit=Limit(n=20, unit='cd'), path='event.held_on')
        >>> Before.parse("event.held_on 前3个工作日") == Before.parse("3wd before event.held_on")
        True
        """
        for form in _FORMS:
            match = form.fullmatch(" ".join(text.split()))
            if match is not None:
                try:
                    return cls(Limit.parse(match["limit"].replace(" ", "")), match["path"])
                except Invalid:
                    return None
        return None

    def last(self, named: Any, calendar: Calendar) -> date | None:
        """The last day that is in time; None when nobody named a day. UnknownYear when it cannot be counted."""
        at = _moment(named)
        if at is None:
            return None
        if self.limit.unit == "h":
            return (at - timedelta(hours=self.limit.n)).date()
        if self.limit.unit == "wd":
            return calendar.subtract(at.date(), self.limit.n)
        return at.date() - timedelta(days=self.limit.n)

    def until(self, named: Any, calendar: Calendar, hours: OpeningHours | None = None) -> datetime | None:
        """The moment it ends, in UTC-aware local time: with `hours`, when the office closes on that day."""
        at = _moment(named)
        day = self.last(named, calendar)
        if at is None or day is None:
            return None
        if self.limit.unit == "h":
            return at - timedelta(hours=self.limit.n)
        return (hours.closing(day) if hours is not None else None) or at_end_of_day(day)

    def zh(self, label: str) -> str:
        return f"{label}前 {self.limit.zh()}"

    def en(self, label: str) -> str:
        return f"{self.limit.en()} before {label}"


def _moment(named: Any) -> datetime | None:
    """A day, or a day and time, as an answer holds it: aware, local."""
    if named in (None, ""):
        return None
    if isinstance(named, datetime):
        found = named
    elif isinstance(named, date):
        found = datetime.combine(named, time())
    else:
        try:
            found = datetime.fromisoformat(str(named))
        except ValueError:
            return None
    return found.replace(tzinfo=ZONE) if found.tzinfo is None else found.astimezone(ZONE)
