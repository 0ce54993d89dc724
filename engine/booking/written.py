"""How a designer writes times of an offer: `mon-sat 11:00-12:30`, `16:00 the day before`, `48h`. Pure.

Each reader refuses what it cannot read, saying how it is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from engine.booking.slots import ZONE
from engine.errors import Refused
from engine.workdays import lunar as lunar_days

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = r"(\d{1,2}:\d{2})-(\d{1,2}:\d{2})"
_WEEKLY = re.compile(rf"^([a-z]{{3}}(?:[-,][a-z]{{3}})*)\s+{_HOURS}$")
_DATED = re.compile(rf"^(\d{{4}}-\d{{2}}-\d{{2}})\s+{_HOURS}$")
_LUNAR = re.compile(rf"^(\S+)\s+{_HOURS}$")
_SPAN = re.compile(r"^(\d{1,4})(min|h|cd)$")
_BEFORE = re.compile(r"^(\d{1,2}:\d{2}) (?:the same day|the day before|(\d{1,2}) days before)$")
_UNITS = {"min": "minutes", "h": "hours", "cd": "days"}


def _hours(opens: str, closes: str, text: str) -> tuple[time, time]:
    try:
        found = time.fromisoformat(opens.zfill(5)), time.fromisoformat(closes.zfill(5))
    except ValueError:
        raise Refused(f"“{text}”里的钟点不存在。", f"A time in {text!r} does not exist.") from None
    if not found[0] < found[1]:
        raise Refused(f"“{text}”：结束要晚于开始。", f"{text!r} must end after it begins.")
    return found


def weekly(text: str) -> tuple[frozenset[int], time, time]:
    """Weekdays (ISO) and hours.

    >>> weekly("mon-wed,sat 8:00-11:30")
    (frozenset({1, 2, 3, 6}), datetime.time(8, 0), datetime.time(11, 30))
    """
    found = _WEEKLY.match(text.strip().lower())
    days: set[int] = set()
    for part in found[1].split(",") if found is not None else ():
        ends = part.split("-")
        if len(ends) > 2 or any(end not in DAYS for end in ends):
            found = None
            break
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        days |= {(first + n) % 7 + 1 for n in range((last - first) % 7 + 1)}
    if found is None:
        raise Refused(
            f"“{text}”读不懂，请写成 mon-sat 11:00-12:30（mon、tue、wed、thu、fri、sat、sun）。",
            f"Expected days and hours as mon-sat 11:00-12:30, but it is {text!r}.",
        )
    return (frozenset(days), *_hours(found[2], found[3], text))


def dated(text: str) -> tuple[date, time, time]:
    """One listed day and its hours.

    >>> dated("2026-10-17 09:00-11:00")[0]
    datetime.date(2026, 10, 17)
    """
    found = _DATED.match(text.strip())
    try:
        day = date.fromisoformat(found[1]) if found is not None else None
    except ValueError:
        day = None
    if found is None or day is None:
        raise Refused(
            f"“{text}”读不懂，请写成 2026-10-17 09:00-11:00。",
            f"Expected a day and hours as 2026-10-17 09:00-11:00, but it is {text!r}.",
        )
    return (day, *_hours(found[2], found[3], text))


def lunar(text: str) -> tuple[str, time, time]:
    """Days of the lunar month, in words, and hours.

    >>> lunar("逢三逢八 06:00-12:00")[0]
    '逢三逢八'
    """
    found = _LUNAR.match(text.strip())
    if found is None:
        raise Refused(
            f"“{text}”读不懂，请写农历的日子和钟点，如 逢三逢八 06:00-12:00。",
            f"Expected days of the lunar month and hours as 逢三逢八 06:00-12:00, but it is {text!r}.",
        )
    lunar_days.days(found[1])  # refused here when nobody can read the words
    return (found[1], *_hours(found[2], found[3], text))


def span(text: str) -> timedelta:
    """A length of time.

    >>> span("48h"), span("30min")
    (datetime.timedelta(days=2), datetime.timedelta(seconds=1800))
    """
    found = _SPAN.match(text.strip())
    if found is None:
        raise Refused(
            f"“{text}”读不懂，请写 30min（分钟）、48h（小时）或 3cd（日）。",
            f"Expected 30min, 48h or 3cd (calendar days), but it is {text!r}.",
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def clock(text: str) -> str:
    """A time of the day, as it is kept.

    >>> clock("9:30")
    '09:30'
    """
    try:
        return f"{time.fromisoformat(text.strip().zfill(5)):%H:%M}"
    except ValueError:
        raise Refused(f"“{text}”读不懂，请写钟点：13:00。", f"Expected a time as 13:00, but it is {text!r}.") from None


def clock_on(day: date, text: str) -> datetime:
    """That time on that day of the hall, aware UTC."""
    return datetime.combine(day, time.fromisoformat(text), ZONE).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class CutOff:
    """Until when one may book: a clock time some days before, or a length of time before the start.

    >>> at = datetime(2026, 9, 18, 3, tzinfo=UTC)  # 11:00 in the hall
    >>> CutOff.read("16:00 the day before").before(at).astimezone(ZONE).isoformat()
    '2026-09-17T16:00:00+08:00'
    >>> CutOff.read("2h").before(at).isoformat()
    '2026-09-18T01:00:00+00:00'
    """

    days: int = 0
    at: time | None = None
    span: timedelta = timedelta(0)

    @classmethod
    def read(cls, text: str) -> CutOff:
        found = _BEFORE.match(text.strip())
        if found is not None:
            try:
                at = time.fromisoformat(found[1].zfill(5))
            except ValueError:
                raise Refused(f"“{text}”里的钟点不存在。", f"The time in {text!r} does not exist.") from None
            return cls(int(found[2]) if found[2] else int("the day before" in text), at)
        if _SPAN.match(text.strip()):
            return cls(span=span(text))
        raise Refused(
            f"“{text}”读不懂，请写 16:00 the day before、16:00 3 days before、09:00 the same day 或 2h。",
            f"Expected 16:00 the day before, 16:00 3 days before, 09:00 the same day or 2h, but it is {text!r}.",
        )

    def before(self, starts_at: datetime) -> datetime:
        """The last moment for a time that begins then; aware UTC."""
        if self.at is None:
            return starts_at - self.span
        day = starts_at.astimezone(ZONE).date() - timedelta(days=self.days)
        return datetime.combine(day, self.at, ZONE).astimezone(UTC)

    def first(self, now: datetime) -> datetime:
        """The earliest beginning that may still be booked; aware UTC.

        >>> now = datetime(2026, 9, 17, 9, tzinfo=UTC)  # 17:00 in the hall
        >>> CutOff.read("16:00 the day before").first(now).astimezone(ZONE).isoformat()
        '2026-09-19T00:00:00+08:00'
        >>> CutOff.read("2h").first(now).isoformat()
        '2026-09-17T11:00:00+00:00'
        """
        if self.at is None:
            return now + self.span
        here = now.astimezone(ZONE)
        over = here > datetime.combine(here.date(), self.at, ZONE)
        return max(now, start_of(here.date() + timedelta(days=self.days + over)))


def start_of(day: date) -> datetime:
    """Midnight of the hall before that day, aware UTC."""
    return datetime.combine(day, time.min, ZONE).astimezone(UTC)


def rules(
    *,
    weekly_: Sequence[str] = (),
    dates: Sequence[str] = (),
    lunar_: Sequence[str] = (),
    terms: Sequence[tuple[date, date]] = (),
    days: str = "any",
    minutes: int | None = None,
    public: int,
    staff: int = 0,
) -> list[dict[str, Any]]:
    """The opening rules of these words, as rows keep them: a slot as long as the hours, or pieces of `minutes`. With
    `terms`, what is weekly or lunar holds within each of them."""
    found: list[dict[str, Any]] = []

    def add(hours: tuple[time, time], **more: Any) -> None:
        whole = (hours[1].hour * 60 + hours[1].minute) - (hours[0].hour * 60 + hours[0].minute)
        row = {"opens": f"{hours[0]:%H:%M}", "closes": f"{hours[1]:%H:%M}", "minutes": minutes or whole}
        found.append({**row, "public": public, "staff": staff, **more})

    within: list[Mapping[str, str]] = [
        {"valid_from": a.isoformat(), "valid_until": b.isoformat()} for a, b in terms
    ] or [{}]
    for text in weekly_:
        on, opens, closes = weekly(text)
        for term in within:
            add((opens, closes), weekdays=sorted(on), days=days, **term)
    for text in lunar_:
        words, opens, closes = lunar(text)
        for term in within:
            add((opens, closes), lunar=words, days=days, **term)
    for text in dates:
        day, opens, closes = dated(text)
        add((opens, closes), valid_from=day.isoformat(), valid_until=day.isoformat())
    return found
