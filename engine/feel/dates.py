"""Dates, times and durations of FEEL.

The values are Python's own `date`, `time` and `datetime` wherever these can hold them. FEEL also has years from
-999999999 to 999999999 and nanoseconds; only such values are a `WideDate`, `WideTime` or `WideDateTime`.
Source: DMN 1.5, 10.3.2.3 and 10.3.4.1; XML Schema Part 2 for the lexical forms; proleptic Gregorian calendar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

NANOS: Final = 1_000_000_000
DAY_NANOS: Final = 86_400 * NANOS
MAX_YEAR: Final = 999_999_999
#: Nothing in FEEL lasts longer than the calendar is wide.
MAX_NANOS: Final = 2 * MAX_YEAR * 366 * DAY_NANOS
MAX_MONTHS: Final = 24 * MAX_YEAR
#: Offsets go as far as ISO 8601 clocks do in practice (18 hours).
MAX_OFFSET: Final = 18 * 3600


@dataclass(frozen=True, slots=True)
class DaysTimeDuration:
    """A days and time duration, kept in whole nanoseconds."""

    nanos: int

    def __str__(self) -> str:
        left = abs(self.nanos)
        days, left = divmod(left, DAY_NANOS)
        hours, left = divmod(left, 3600 * NANOS)
        minutes, left = divmod(left, 60 * NANOS)
        seconds, nanos = divmod(left, NANOS)
        out = "-P" if self.nanos < 0 else "P"
        if days:
            out += f"{days}D"
        if hours or minutes or seconds or nanos or not days:
            out += "T"
            if hours:
                out += f"{hours}H"
            if minutes:
                out += f"{minutes}M"
            if seconds or nanos or not (days or hours or minutes):
                out += f"{seconds}{fraction(nanos)}S"
        return out

    @property
    def seconds(self) -> Decimal:
        """The whole duration in seconds."""
        return Decimal(self.nanos) / NANOS

    def timedelta(self) -> timedelta:
        """The duration for Python's own clock arithmetic, to the microsecond; OverflowError beyond its range."""
        return timedelta(microseconds=self.nanos // 1000)


@dataclass(frozen=True, slots=True)
class YearsMonthsDuration:
    """A years and months duration, kept in whole months."""

    months: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        out = "-P" if self.months < 0 else "P"
        if years:
            out += f"{years}Y"
        if months or not years:
            out += f"{months}M"
        return out


@dataclass(frozen=True, slots=True)
class WideDate:
    """A date whose year Python's `date` cannot hold."""

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class WideTime:
    """A time of day with a fraction finer than microseconds."""

    hour: int
    minute: int
    second: int
    nano: int
    tzinfo: tzinfo | None


@dataclass(frozen=True, slots=True)
class WideDateTime:
    """A date and time that Python's `datetime` cannot hold (year or nanoseconds)."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    nano: int
    tzinfo: tzinfo | None


AnyDate: TypeAlias = date | WideDate
AnyTime: TypeAlias = time | WideTime
AnyDateTime: TypeAlias = datetime | WideDateTime
Duration: TypeAlias = DaysTimeDuration | YearsMonthsDuration

DATES: Final = (date, WideDate)
TIMES: Final = (time, WideTime)
DATETIMES: Final = (datetime, WideDateTime)


def is_date(value: object) -> bool:
    """A date without a time (a Python datetime is a date too, but not here)."""
    return isinstance(value, DATES) and not isinstance(value, datetime)


def is_datetime(value: object) -> bool:
    return isinstance(value, DATETIMES)


def is_time(value: object) -> bool:
    return isinstance(value, TIMES)


# --- the calendar over all years --------------------------------------------------------------------------------


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the proleptic Gregorian calendar, for any year."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Year, month, day of a count of days since 1970-01-01."""
    era, of_era = divmod(days + 719468, 146097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + (3 if shifted < 10 else -9)
    return year_of_era + era * 400 + (month <= 2), month, day


def month_length(year: int, month: int) -> int:
    """Days in the month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def make_date(year: int, month: int, day: int) -> AnyDate | None:
    """The date, or None where the calendar has none."""
    if not (-MAX_YEAR <= year <= MAX_YEAR and 1 <= month <= 12 and 1 <= day <= month_length(year, month)):
        return None
    return date(year, month, day) if 1 <= year <= 9999 else WideDate(year, month, day)


def make_time(hour: int, minute: int, second: int, nano: int, zone: tzinfo | None) -> AnyTime | None:
    """The time of day, or None where the clock has none. 24:00:00 is midnight (XML Schema)."""
    if hour == 24 and minute == 0 and second == 0 and nano == 0:
        hour = 0
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59 and 0 <= nano < NANOS):
        return None
    if nano % 1000:
        return WideTime(hour, minute, second, nano, zone)
    return time(hour, minute, second, nano // 1000, zone)


def make_datetime(
    year: int, month: int, day: int, hour: int, minute: int, second: int, nano: int, zone: tzinfo | None
) -> AnyDateTime | None:
    """The date and time, or None where there is none. Hour 24 is midnight of the next day (XML Schema)."""
    if hour == 24 and minute == 0 and second == 0 and nano == 0:
        if make_date(year, month, day) is None:
            return None
        hour = 0
        year, month, day = civil_from_days(days_from_civil(year, month, day) + 1)
    if make_date(year, month, day) is None or not (
        0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59 and 0 <= nano < NANOS
    ):
        return None
    if nano % 1000 or not 1 <= year <= 9999:
        return WideDateTime(year, month, day, hour, minute, second, nano, zone)
    return datetime(year, month, day, hour, minute, second, nano // 1000, zone)


def nano_of(value: AnyTime | AnyDateTime) -> int:
    """The fraction of the second in nanoseconds."""
    if isinstance(value, WideTime | WideDateTime):
        return value.nano
    return value.microsecond * 1000


def of_day(value: AnyTime | AnyDateTime) -> int:
    """Nanoseconds since midnight on the wall clock."""
    return (value.hour * 3600 + value.minute * 60 + value.second) * NANOS + nano_of(value)


def day_number(value: AnyDate | AnyDateTime) -> int:
    """Days since 1970-01-01 on the wall calendar."""
    if isinstance(value, date):
        return value.toordinal() - 719163
    return days_from_civil(value.year, value.month, value.day)


def offset_seconds(value: AnyTime | AnyDateTime) -> int | None:
    """Seconds east of UTC, or None for local values. A time with a zone name has an offset only where it is fixed."""
    zone = value.tzinfo
    if zone is None:
        return None
    if isinstance(value, datetime):
        delta = value.utcoffset()
    elif isinstance(value, WideDateTime):
        year = value.year if 1 <= value.year <= 9999 else 1 if value.year < 1 else 9200 + value.year % 400
        day = min(value.day, month_length(year, value.month))
        delta = datetime(year, value.month, day, value.hour, value.minute, value.second, 0, zone).utcoffset()
    elif isinstance(zone, timezone):
        delta = zone.utcoffset(None)
    else:
        # A time of day knows no date: the zone's offset outside summer time stands for it.
        delta = zone.utcoffset(datetime(2000, 1, 1, 12, 0)) if _fixed(zone) else None
    return None if delta is None else delta.days * 86400 + delta.seconds


@lru_cache(maxsize=256)
def _fixed(zone: tzinfo) -> bool:
    return zone.utcoffset(datetime(2000, 1, 1, 12)) == zone.utcoffset(datetime(2000, 7, 1, 12))


def instant(value: AnyDateTime) -> int:
    """Nanoseconds since 1970-01-01T00:00Z; local values count as UTC."""
    return day_number(value) * DAY_NANOS + of_day(value) - (offset_seconds(value) or 0) * NANOS


def from_instant(nanos: int, zone: tzinfo | None) -> AnyDateTime | None:
    """The date and time at an instant in a zone (None: a local value)."""
    shift = 0
    if zone is not None:
        guess = _wall(nanos, zone)
        if guess is None:
            return None
        shift = (offset_seconds(guess) or 0) * NANOS
        if isinstance(zone, ZoneInfo):
            utc = _wall(nanos, UTC)
            if isinstance(utc, datetime) and 2 <= utc.year <= 9998:
                moved = utc.astimezone(zone)
                return make_datetime(
                    moved.year, moved.month, moved.day, moved.hour, moved.minute, moved.second, nanos % NANOS, zone
                )
    return _wall(nanos + shift, zone)


def _wall(nanos: int, zone: tzinfo | None) -> AnyDateTime | None:
    days, left = divmod(nanos, DAY_NANOS)
    year, month, day = civil_from_days(days)
    seconds, nano = divmod(left, NANOS)
    return make_datetime(year, month, day, seconds // 3600, seconds // 60 % 60, seconds % 60, nano, zone)


# --- texts ------------------------------------------------------------------------------------------------------

_YEAR = r"(-?(?:[1-9]\d{4,8}|\d{4}))"
_DATE = re.compile(_YEAR + r"-(\d\d)-(\d\d)", re.ASCII)
_TIME_TEXT = r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:(Z|z)|([+-])(\d\d):(\d\d)(?::(\d\d))?|@([A-Za-z][A-Za-z0-9_+\-/]*))?"
_TIME = re.compile(_TIME_TEXT, re.ASCII)
_DATETIME = re.compile(_YEAR + r"-(\d\d)-(\d\d)T" + _TIME_TEXT, re.ASCII)
_DAYS_TIME = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d*))?S)?)?", re.ASCII)
_YEARS_MONTHS = re.compile(r"(-?)P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?", re.ASCII)


def parse_date(text: str) -> AnyDate | None:
    """`2017-12-31`; None when the text is no date."""
    found = _DATE.fullmatch(text)
    return make_date(int(found[1]), int(found[2]), int(found[3])) if found else None


@lru_cache(maxsize=512)
def zone_named(name: str) -> tzinfo | None:
    """The time zone of the IANA name, or None."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


def _zone(z: str | None, sign: str | None, hh: str, mm: str, ss: str | None, name: str | None) -> tzinfo | None | bool:
    """The zone of the matched groups; None for none; False when there is no such zone."""
    if z:
        return UTC
    if sign:
        if int(mm) > 59 or int(ss or 0) > 59:
            return False
        seconds = int(hh) * 3600 + int(mm) * 60 + int(ss or 0)
        if seconds > MAX_OFFSET:
            return False
        return offset(-seconds if sign == "-" else seconds)
    if name:
        return zone_named(name) or False
    return None


def offset(seconds: int) -> tzinfo:
    """The fixed zone so many seconds east of UTC."""
    return UTC if seconds == 0 else timezone(timedelta(seconds=seconds))


def _nanos(digits: str | None) -> int:
    return int((digits or "0")[:9].ljust(9, "0"))


def parse_time(text: str) -> AnyTime | None:
    """`23:59:00`, `…Z`, `…+08:00`, `…@Asia/Shanghai`; None when the text is no time."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    zone = _zone(found[5], found[6], found[7], found[8], found[9], found[10])
    if zone is False:
        return None
    return make_time(int(found[1]), int(found[2]), int(found[3]), _nanos(found[4]), zone)  # type: ignore[arg-type]


def parse_datetime(text: str) -> AnyDateTime | None:
    """`2017-12-31T11:00:00` with the zones of a time, or a date alone (midnight); None when it is neither."""
    found = _DATETIME.fullmatch(text)
    if not found:
        day = parse_date(text)
        return None if day is None else make_datetime(day.year, day.month, day.day, 0, 0, 0, 0, None)
    zone = _zone(found[8], found[9], found[10], found[11], found[12], found[13])
    if zone is False:
        return None
    return make_datetime(
        int(found[1]),
        int(found[2]),
        int(found[3]),
        int(found[4]),
        int(found[5]),
        int(found[6]),
        _nanos(found[7]),
        zone,  # type: ignore[arg-type]
    )


def parse_duration(text: str) -> Duration | None:
    """`P1Y2M` or `-P1DT2H3M4.5S`; None when it is neither."""
    if len(text) > 200:
        return None
    found = _YEARS_MONTHS.fullmatch(text)
    if found:
        months = int(found[2] or 0) * 12 + int(found[3] or 0)
        return months_duration(-months if found[1] else months)
    found = _DAYS_TIME.fullmatch(text)
    if found and text[-1] not in "PT":
        seconds = int(found[2] or 0) * 86400 + int(found[3] or 0) * 3600 + int(found[4] or 0) * 60 + int(found[5] or 0)
        nanos = seconds * NANOS + _nanos(found[6] or None)
        return nanos_duration(-nanos if found[1] else nanos)
    return None


def nanos_duration(nanos: int) -> DaysTimeDuration | None:
    """The duration, or None beyond what the calendar can hold."""
    return DaysTimeDuration(nanos) if -MAX_NANOS <= nanos <= MAX_NANOS else None


def months_duration(months: int) -> YearsMonthsDuration | None:
    """The duration, or None beyond what the calendar can hold."""
    return YearsMonthsDuration(months) if -MAX_MONTHS <= months <= MAX_MONTHS else None


def parse_any(text: str) -> AnyDate | AnyTime | AnyDateTime | Duration | None:
    """What `@"..."` means: a date, time, date and time or duration."""
    if "T" in text and text[:1] not in "P-" or (text[:1] == "-" and text[1:2].isdigit() and "T" in text):
        return parse_datetime(text)
    return parse_date(text) or parse_time(text) or parse_duration(text) or parse_datetime(text)


def fraction(nanos: int) -> str:
    """`.5` for half a second, nothing for a whole one."""
    return f".{nanos:09d}".rstrip("0") if nanos else ""


def zone_text(zone: tzinfo | None) -> str:
    """`Z`, `+08:00`, `@Asia/Shanghai` or nothing."""
    if zone is None:
        return ""
    if isinstance(zone, ZoneInfo):
        return f"@{zone.key}"
    delta = zone.utcoffset(None)
    seconds = 0 if delta is None else delta.days * 86400 + delta.seconds
    if seconds == 0:
        return "Z"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    text = f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return f"{text}:{seconds % 60:02d}" if seconds % 60 else text


def date_text(value: AnyDate | AnyDateTime) -> str:
    """The date in ISO form; years before 0 carry a minus."""
    year = f"-{-value.year:04d}" if value.year < 0 else f"{value.year:04d}"
    return f"{year}-{value.month:02d}-{value.day:02d}"


def time_text(value: AnyTime | AnyDateTime) -> str:
    """The time in ISO form with its zone."""
    clock = f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}{fraction(nano_of(value))}"
    return clock + zone_text(value.tzinfo)


def datetime_text(value: AnyDateTime) -> str:
    """The date and time in ISO form with its zone."""
    return f"{date_text(value)}T{time_text(value)}"


# --- arithmetic -------------------------------------------------------------------------------------------------


def _shift_months(year: int, month: int, day: int, months: int) -> tuple[int, int, int]:
    total = year * 12 + month - 1 + months
    year, month = divmod(total, 12)
    return year, month + 1, min(day, month_length(year, month + 1))


def add(value: AnyDate | AnyTime | AnyDateTime, duration: Duration, sign: int = 1) -> object:
    """A point in time moved by a duration; None where FEEL has no answer.

    Months keep the day or take the last of the month. Seconds move the instant, so a zone's summer time counts.
    A date plus hours stays a date (DMN 1.5 table 58, through the midnight the date stands for).
    """
    if isinstance(duration, YearsMonthsDuration):
        if is_time(value):
            return None
        year, month, day = _shift_months(value.year, value.month, value.day, sign * duration.months)  # type: ignore[union-attr]
        if is_datetime(value):
            v: AnyDateTime = value  # type: ignore[assignment]
            return make_datetime(year, month, day, v.hour, v.minute, v.second, nano_of(v), v.tzinfo)
        return make_date(year, month, day)
    nanos = sign * duration.nanos
    if is_time(value):
        t: AnyTime = value  # type: ignore[assignment]
        left = (of_day(t) + nanos) % DAY_NANOS
        seconds, nano = divmod(left, NANOS)
        return make_time(seconds // 3600, seconds // 60 % 60, seconds % 60, nano, t.tzinfo)
    if is_datetime(value):
        dt: AnyDateTime = value  # type: ignore[assignment]
        return from_instant(instant(dt) + nanos, dt.tzinfo)
    days = (day_number(value) * DAY_NANOS + nanos) // DAY_NANOS  # type: ignore[arg-type]
    return make_date(*civil_from_days(days))


def subtract(a: AnyDate | AnyTime | AnyDateTime, b: AnyDate | AnyTime | AnyDateTime) -> DaysTimeDuration | None:
    """The days and time between two points; None between a local one and one with a zone."""
    if is_time(a) != is_time(b):
        return None
    if is_time(a):
        x: AnyTime = a  # type: ignore[assignment]
        y: AnyTime = b  # type: ignore[assignment]
        if (x.tzinfo is None) != (y.tzinfo is None):
            return None
        shift = ((offset_seconds(x) or 0) - (offset_seconds(y) or 0)) * NANOS
        return DaysTimeDuration(of_day(x) - of_day(y) - shift)
    # A date stands for midnight UTC when it meets a date and time (DMN 1.5, 10.3.2.3.7 and table 58).
    p = a if is_datetime(a) else _midnight(a, b)  # type: ignore[arg-type]
    q = b if is_datetime(b) else _midnight(b, a)  # type: ignore[arg-type]
    if (p.tzinfo is None) != (q.tzinfo is None):  # type: ignore[union-attr]
        return None
    return nanos_duration(instant(p) - instant(q))  # type: ignore[arg-type]


def _midnight(day: AnyDate, beside: AnyDate | AnyDateTime) -> AnyDateTime:
    zone = UTC if is_datetime(beside) else None
    made = make_datetime(day.year, day.month, day.day, 0, 0, 0, 0, zone)
    assert made is not None
    return made


def months_between(a: AnyDate | AnyDateTime, b: AnyDate | AnyDateTime) -> YearsMonthsDuration:
    """Whole months from a to b, towards zero; the times of day do not count (DMN 1.5, table 74)."""
    months = (b.year - a.year) * 12 + b.month - a.month
    if months > 0 and b.day < a.day:
        months -= 1
    elif months < 0 and b.day > a.day:
        months += 1
    return YearsMonthsDuration(months)


def weekday(value: AnyDate | AnyDateTime) -> int:
    """1 is Monday, 7 is Sunday."""
    return (day_number(value) + 3) % 7 + 1


def day_of_year(value: AnyDate | AnyDateTime) -> int:
    """1 is the first of January."""
    return days_from_civil(value.year, value.month, value.day) - days_from_civil(value.year, 1, 1) + 1


def week_of_year(value: AnyDate | AnyDateTime) -> int:
    """The ISO 8601 week."""
    days = days_from_civil(value.year, value.month, value.day)
    thursday = days - (days + 3) % 7 + 3
    year, _, _ = civil_from_days(thursday)
    return (thursday - days_from_civil(year, 1, 1)) // 7 + 1
