"""When a timer is due: ISO 8601 dates, durations and cycles, and what FEEL gives. `now` comes from the caller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

_DURATION = re.compile(
    r"(?P<sign>-)?P(?:(?P<y>\d+)Y)?(?:(?P<mo>\d+)M)?(?:(?P<w>\d+)W)?(?:(?P<d>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<h>\d+(?:\.\d+)?)H)?(?:(?P<mi>\d+(?:\.\d+)?)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?$"
)
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Duration:
    """A calendar duration: months are counted on the calendar, the rest in seconds."""

    months: int = 0
    seconds: Decimal = Decimal(0)

    def after(self, moment: datetime, times: int, zone: ZoneInfo) -> datetime:
        """The moment so many durations later. Days are 24 hours; months keep the day where they can."""
        if self.months:
            local = moment.astimezone(zone)
            index = local.year * 12 + local.month - 1 + self.months * times
            year, month = divmod(index, 12)
            day = min(local.day, _month_days(year, month + 1))
            moment = local.replace(year=year, month=month + 1, day=day).astimezone(UTC)
        micros = int(self.seconds * times * 1_000_000)
        return moment + timedelta(microseconds=micros)


def _month_days(year: int, month: int) -> int:
    following = date(year + (month == 12), month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def parse_duration(text: str) -> Duration | None:
    """P1DT2H and the like; None when it is not one."""
    match = _DURATION.match(text)
    if match is None or text in ("P", "PT", "-P") or text.endswith("T"):
        return None
    part = {k: Decimal(v) if v and k != "sign" else Decimal(0) for k, v in match.groupdict().items()}
    sign = -1 if match["sign"] else 1
    months = int(part["y"] * 12 + part["mo"]) * sign
    seconds = ((part["w"] * 7 + part["d"]) * 86400 + part["h"] * 3600 + part["mi"] * 60 + part["s"]) * sign
    return Duration(months, seconds)


def parse_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """An ISO date or date and time as aware UTC; without an offset it is local time in `zone`."""
    zone_name = None
    if text.endswith("]") and "[" in text:
        text, zone_name = text[:-1].split("[", 1)
    elif "@" in text:
        text, zone_name = text.split("@", 1)
    try:
        if zone_name:
            zone = ZoneInfo(zone_name)
        moment = datetime.fromisoformat(text)
    except (ValueError, KeyError, OSError):  # OSError: the zone names a folder of the zone files
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first hours of the year 1 lie before the calendar in UTC
        return None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a timer fires: once at `at`, or every `every` from `at`, `times` times (-1: for ever)."""

    kind: str
    at: datetime
    every: str | None = None
    times: int = 1
    base: datetime | None = None  # what the turns of a cycle are counted from: then 31 January, 28 February, 31 March
    turn: int = 0  # how many turns after it `at` is

    def first(self, now: datetime) -> datetime | None:
        return None if self.times == 0 else self.at

    def facts(self) -> dict[str, Any]:
        if self.every is None:
            return {"form": self.kind}
        base = self.base or self.at
        return {"form": self.kind, "base": base.isoformat(), "every": self.every, "left": self.times, "turn": self.turn}

    @staticmethod
    def next(facts: dict[str, Any]) -> dict[str, Any] | None:
        """The facts of the next occurrence; None when there is none, or the calendar ends (year 9999) before it."""
        if "every" not in facts or facts["left"] == 1:
            return None
        duration = parse_duration(facts["every"])
        assert duration is not None
        turn = facts["turn"] + 1
        left = facts["left"] - 1 if facts["left"] > 0 else -1
        try:
            due = duration.after(datetime.fromisoformat(facts["base"]), turn, ZONE)
        except (OverflowError, ValueError):
            return None
        return {**facts, "turn": turn, "left": left, "due": due.isoformat()}


def plan_of(kind: str, value: Any, now: datetime, zone: ZoneInfo = ZONE) -> Schedule | None:
    """A schedule from a FEEL value or ISO text; None when it makes no sense, or leads out of the calendar (years
    1-9999).

    A duration may be given as the moment it ends: that is what workdays(3) says.
    """
    try:
        return _plan(kind, value, now, zone)
    except (OverflowError, ValueError):
        return None


def moment_of(value: Any, zone: ZoneInfo = ZONE) -> datetime | None:
    """A date, a date and time or an ISO text as aware UTC; None when it is none, or lies outside the calendar."""
    try:
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
        if isinstance(value, date):
            return datetime.combine(value, time(), zone).astimezone(UTC)
        return parse_moment(str(value), zone)
    except (OverflowError, ValueError):
        return None


def end_of(value: Any, zone: ZoneInfo = ZONE) -> datetime | None:
    """The same, where a day without a time means its end (民法典 203): its last second, so that whoever asks on which
    day it is due hears that day. A day of which any part lies outside the calendar is none."""
    day = value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        try:
            day = date.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(day, date) or isinstance(day, datetime):
        return moment_of(value, zone)
    if moment_of(day, zone) is None:
        return None
    try:
        return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
    except OverflowError:
        return None


def _plan(kind: str, value: Any, now: datetime, zone: ZoneInfo) -> Schedule | None:
    if isinstance(value, date):
        moment = moment_of(value, zone)
        return Schedule(kind, moment) if moment is not None and kind in ("date", "duration") else None
    text = str(value).strip()
    if kind == "date":
        at = parse_moment(text, zone)
        return Schedule(kind, at) if at else None
    if kind == "duration":
        duration = parse_duration(text)
        return Schedule(kind, duration.after(now, 1, zone)) if duration else None
    return _cycle(text, now, zone)


def _cycle(text: str, now: datetime, zone: ZoneInfo) -> Schedule | None:
    """R3/PT10S, R/start/PT1H, R5/PT1H/end; without R it is taken as once."""
    parts = text.split("/")
    times = 1
    if parts[0].startswith("R"):
        count = parts.pop(0)[1:]
        if count and not count.removeprefix("-").isdecimal():
            return None
        times = int(count) if count else -1
        if times < -1:
            return None
    if len(parts) == 1:
        duration = parse_duration(parts[0])
        if duration is None:
            return None
        return _turns(duration, now, parts[0], times, zone)
    if len(parts) != 2:
        return None
    if (start := parse_moment(parts[0], zone)) is not None and (duration := parse_duration(parts[1])) is not None:
        return (
            Schedule("cycle", start, parts[1], times) if times in (0, 1) or _takes_time(duration, start, zone) else None
        )
    duration, end = parse_duration(parts[0]), parse_moment(parts[1], zone)
    if duration is None or end is None or not _takes_time(duration, now, zone):
        return None
    turns = 0
    while duration.after(now, turns + 1, zone) <= end and turns < 100_000 and (times < 0 or turns < times):
        turns += 1
    return _turns(duration, now, parts[0], turns, zone) if turns else Schedule("cycle", end, None, 0)


def _turns(duration: Duration, now: datetime, every: str, times: int, zone: ZoneInfo) -> Schedule | None:
    """A cycle counted from now; None when it repeats and takes no time."""
    if times not in (0, 1) and not _takes_time(duration, now, zone):
        return None
    return Schedule("cycle", duration.after(now, 1, zone), every, times, now, 1)


def _takes_time(duration: Duration, start: datetime, zone: ZoneInfo) -> bool:
    """A turn shorter than a second fires faster than anybody can act: it is as good as no time."""
    return duration.after(start, 1, zone) - start >= timedelta(seconds=1)
