"""Working days and opening hours. Holidays are data; a year without data is an error, never a guess (RULES T1).

Dates are local dates of the county (Asia/Shanghai); datetimes that go in or out are aware, in UTC on the way out.
"""

from engine.workdays.calendar import (
    Calendar,
    Day,
    UnknownYear,
    china,
    load,
    say,
    say_day,
    say_month,
    say_whole,
    sentence,
)
from engine.workdays.hours import ZONE, OpeningHours, at_end_of_day, at_start_of_day, local_date, say_at

__all__ = [
    "ZONE",
    "Calendar",
    "Day",
    "OpeningHours",
    "UnknownYear",
    "at_end_of_day",
    "at_start_of_day",
    "china",
    "load",
    "local_date",
    "say",
    "say_at",
    "say_day",
    "say_month",
    "say_whole",
    "sentence",
]
