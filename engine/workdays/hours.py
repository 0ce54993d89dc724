"""Opening hours of a unit: by weekday, with a lunch break, and exceptions by date. Times are local (Asia/Shanghai)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.errors import FieldError, Invalid
from engine.workdays.calendar import Calendar, say_day

ZONE = ZoneInfo("Asia/Shanghai")
Span = tuple[time, time]  # [from, to)
Spans = tuple[Span, ...]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ORDINARY: Spans = ((time(8, 0), time(12, 0)), (time(14, 30), time(17, 30)))
_WEEKLY: tuple[Spans, ...] = (_ORDINARY,) * 5 + ((), ())
#: How far `next_open` looks before it says "never": longer than any holiday, short of a year.
_HORIZON = 60


def local_date(at: datetime) -> date:
    """The county's date at an aware moment.

    >>> local_date(datetime(2026, 9, 18, 16, 30, tzinfo=UTC))
    datetime.date(2026, 9, 19)
    """
    if at.tzinfo is None:
        raise ValueError("Expected an aware datetime, but it names no zone")
    return at.astimezone(ZONE).date()


def say_at(at: datetime) -> str:
    """`9月15日 18:30`: a moment, on the county's clock.

    >>> say_at(datetime(2026, 9, 15, 10, 30, tzinfo=UTC))
    '9月15日 18:30'
    """
    local = at.astimezone(ZONE)
    return f"{say_day(local)} {local:%H:%M}"


def at_start_of_day(day: date) -> datetime:
    """00:00 local, in UTC."""
    return datetime.combine(day, time(0), ZONE).astimezone(UTC)


def at_end_of_day(day: date) -> datetime:
    """24:00 local, in UTC: where a day of the law ends (民法典 203)."""
    return at_start_of_day(day + timedelta(days=1))


@dataclass(frozen=True)
class OpeningHours:
    """When a unit's counters are open.

    A public holiday is closed and a make-up working day (调休上班) has `makeup` hours whatever the weekday, unless
    `dates` says otherwise. A weekday that is empty in `weekly` is closed; a unit that serves on Saturdays lists
    Saturday.
    """

    calendar: Calendar
    weekly: tuple[Spans, ...] = _WEEKLY  # Monday first
    makeup: Spans = _ORDINARY
    dates: Mapping[date, Spans] = field(default_factory=dict)  # a date's own hours; () closes it

    def on(self, day: date) -> Spans:
        """The open spans of a day, in order; () when closed."""
        if day in self.dates:
            return self.dates[day]
        kind, _ = self.calendar.kind(day)
        if kind == "节假日":
            return ()
        return self.makeup if kind == "调休上班" else self.weekly[day.weekday()]

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(ZONE)
        return any(start <= local.time() < end for start, end in self.on(local.date()))

    def closing(self, day: date) -> datetime | None:
        """When the day's business ends (UTC), or None when the unit is closed that day."""
        spans = self.on(day)
        return datetime.combine(day, spans[-1][1], ZONE).astimezone(UTC) if spans else None

    def opening(self, day: date) -> datetime | None:
        """When the day's business begins (UTC), or None when the unit is closed that day."""
        spans = self.on(day)
        return datetime.combine(day, spans[0][0], ZONE).astimezone(UTC) if spans else None

    def next_open(self, at: datetime) -> datetime | None:
        """The moment itself when open, else the next opening (UTC); None when there is none within 60 days."""
        local = at.astimezone(ZONE)
        for i in range(_HORIZON):
            day = local.date() + timedelta(days=i)
            for start, end in self.on(day):
                if i or local.time() < end:
                    opens = datetime.combine(day, start, ZONE)
                    return max(opens, local).astimezone(UTC)
        return None

    def minutes(self, start: datetime, end: datetime) -> int:
        """Whole open minutes on working days in [start, end); negative when `end` lies before `start`.

        A Saturday service is open but no working day: it shortens nobody's deadline.
        """
        if end < start:
            return -self.minutes(end, start)
        first, last = start.astimezone(ZONE), end.astimezone(ZONE)
        total, day = timedelta(), first.date()
        while day <= last.date():
            if self.calendar.is_workday(day):
                for a, b in self.on(day):
                    lower = max(first, datetime.combine(day, a, ZONE))
                    upper = min(last, datetime.combine(day, b, ZONE))
                    total += max(upper - lower, timedelta())
            day += timedelta(days=1)
        return int(total.total_seconds() // 60)

    @classmethod
    def read(cls, data: Mapping[str, Any], calendar: Calendar) -> OpeningHours:
        """From a unit's settings: `{weekly: {mon: ["08:00-12:00", "14:30-17:30"], …}, makeup: [...], dates:
        {2026-11-25: []}}`.

        Dates may be text (2026-11-25). A weekday left out of `weekly` is closed; `weekly` left out means Monday to
        Friday 08:00-12:00, 14:30-17:30.
        """
        faults: list[FieldError] = []
        known = {"weekly", "makeup", "dates"}
        for key in sorted(map(str, data.keys() - known)):
            faults.append(FieldError(key, key, "不认识的字段。", f"unknown key; known: {', '.join(sorted(known))}."))

        def spans(where: str, rows: Any) -> Spans:
            found: list[Span] = []
            try:
                for row in rows or ():
                    a, b = (time.fromisoformat(part.strip().zfill(5)) for part in row.split("-"))
                    found.append((a, b))
            except (ValueError, AttributeError, TypeError):
                faults.append(
                    FieldError(where, where, "应写作 08:00-12:00 的列表。", "expected a list of 08:00-12:00.")
                )
                return ()
            edges = [edge for span in found for edge in span]
            if any(a >= b for a, b in found) or edges != sorted(edges):
                faults.append(
                    FieldError(where, where, "时段须先后有序、互不重叠。", "expected spans in order, not overlapping.")
                )
            return tuple(found)

        def table(key: str) -> Mapping[Any, Any]:
            rows = data.get(key)
            if isinstance(rows, Mapping):
                return rows
            if rows is not None:
                faults.append(FieldError(key, key, "应为键值表。", "expected a mapping."))
            return {}

        weekly = _WEEKLY
        if data.get("weekly") is not None:
            rows = table("weekly")
            for key in sorted(map(str, rows.keys() - set(_DAYS))):
                faults.append(FieldError(f"weekly.{key}", key, "应为 mon 到 sun。", "expected mon to sun."))
            weekly = tuple(spans(f"weekly.{name}", rows.get(name)) for name in _DAYS)
        makeup = spans("makeup", data["makeup"]) if "makeup" in data else (weekly[0] or _ORDINARY)
        dates: dict[date, Spans] = {}
        for key, rows in table("dates").items():
            day = _date(key)
            if day is None:
                faults.append(
                    FieldError(f"dates.{key}", str(key), "不是日期（YYYY-MM-DD）。", "not a date (YYYY-MM-DD).")
                )
            else:
                dates[day] = spans(f"dates.{day}", rows)
        if faults:
            raise Invalid(faults)
        return cls(calendar, weekly, makeup, dates)


def _date(key: Any) -> date | None:
    if type(key) is date:
        return key
    try:
        return date.fromisoformat(str(key))
    except ValueError:
        return None
