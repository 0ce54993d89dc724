"""Opening rules -> slots. (RULES A1: weekly, every n weeks, or week of month; public and staff capacity apart.)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from engine.errors import Refused
from engine.workdays import lunar as lunar_days

ZONE = ZoneInfo("Asia/Shanghai")
#: What the time is to the resident: in hours, after hours (八小时外), or on a day off (非工作日).
KINDS = ("normal", "after_hours", "non_working_day")
#: Which days a rule applies to: by the working-day calendar, so that 调休 Saturdays count as working days.
DAYS = ("any", "working", "non_working")


class WorkdayCalendar(Protocol):
    """What this room asks of a calendar."""

    def is_workday(self, day: date) -> bool:
        """True when the hall's officials work that day."""


@dataclass(frozen=True, slots=True)
class Opening:
    """When a resource can be booked, and by how many at once."""

    opens: time  # local wall time
    closes: time
    minutes: int  # length of one slot
    public: int  # places that residents may book themselves
    staff: int = 0  # further places that only staff may give
    kind: str = "normal"
    days: str = "any"
    weekdays: frozenset[int] = frozenset(range(1, 8))  # ISO: 1 Monday .. 7 Sunday
    every_weeks: int = 1
    anchor: date | None = None  # a day in a week that counts, when every_weeks > 1
    lunar: str = ""  # on which days of the lunar month (墟日): 逢三逢八; empty: every one
    weeks_of_month: frozenset[int] = frozenset()  # 1..5: the n-th such weekday of the month; empty: every one
    valid_from: date | None = None
    valid_until: date | None = None  # inclusive

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.days not in DAYS:
            raise Refused(f"开放规则的类型“{self.kind}/{self.days}”不认识。", f"Unknown kind {self.kind}/{self.days}.")
        if not self.opens < self.closes:
            raise Refused("开放规则：结束时间必须晚于开始时间。", "An opening must close after it opens.")
        if not 5 <= self.minutes <= 24 * 60:
            raise Refused("开放规则：每个时段应为 5 分钟到 24 小时。", "A slot lasts 5 minutes to 24 hours.")
        if self.public < 0 or self.staff < 0 or self.public + self.staff == 0:
            raise Refused("开放规则：至少要有一个名额。", "An opening needs at least one place.")
        if self.every_weeks < 1 or (self.every_weeks > 1 and self.anchor is None):
            raise Refused("开放规则：隔周开放需要写明从哪一周算起。", "Every n weeks needs an anchor date.")

    def on(self, day: date, calendar: WorkdayCalendar) -> bool:
        """True when this rule opens on `day`."""
        if (self.valid_from and day < self.valid_from) or (self.valid_until and day > self.valid_until):
            return False
        if day.isoweekday() not in self.weekdays:
            return False
        if self.weeks_of_month and (day.day - 1) // 7 + 1 not in self.weeks_of_month:
            return False
        if self.every_weeks > 1 and self.anchor is not None:
            monday = day - timedelta(days=day.weekday())
            first = self.anchor - timedelta(days=self.anchor.weekday())
            if (monday - first).days // 7 % self.every_weeks:
                return False
        if self.lunar and not lunar_days.days(self.lunar).on(day):
            return False
        return self.days == "any" or calendar.is_workday(day) == (self.days == "working")


@dataclass(frozen=True, slots=True)
class Closure:
    """A time in which nothing can be booked, whatever the rules say. Aware UTC, half open."""

    starts_at: datetime
    ends_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One bookable time. Aware UTC, half open."""

    starts_at: datetime
    ends_at: datetime
    kind: str
    public: int
    staff: int


def slots(
    openings: Iterable[Opening],
    first: date,
    last: date,
    calendar: WorkdayCalendar,
    closures: Iterable[Closure] = (),
) -> list[Slot]:
    """Every slot from `first` to `last` (both included), in order of time. Two openings that begin a slot at the
    same moment are one slot with the places of the first named. A slot that a closure touches is left out; the
    last piece of an opening that is shorter than a slot is not a slot."""
    shut = list(closures)
    found: dict[datetime, Slot] = {}
    rules = list(openings)
    day = first
    while day <= last:
        for rule in rules:
            if rule.on(day, calendar):
                for slot in _pieces(rule, day):
                    if not any(c.starts_at < slot.ends_at and slot.starts_at < c.ends_at for c in shut):
                        found.setdefault(slot.starts_at, slot)
        day += timedelta(days=1)
    return sorted(found.values())


def _pieces(rule: Opening, day: date) -> Iterator[Slot]:
    start = datetime.combine(day, rule.opens, ZONE).astimezone(UTC)
    end = datetime.combine(day, rule.closes, ZONE).astimezone(UTC)
    length = timedelta(minutes=rule.minutes)
    while start + length <= end:
        yield Slot(start, start + length, rule.kind, rule.public, rule.staff)
        start += length
