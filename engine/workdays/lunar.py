"""The lunar calendar (农历), by which market days (墟日, 圩日) and fairs fall: the lunar date of a day, and the days
of a rule such as 逢三逢八.

    of(date(2026, 9, 13)).name             八月初三
    days("逢三逢八")                        the 3rd, 8th, 13th, 18th, 23rd and 28th of every lunar month
    days("初一十五"), days("八月十五")       also single days, and a day of one month
    days("逢三逢八").between(first, last)   the days of the common calendar on which it falls

The months' lengths are the library borax's; outside of the lunar years 1900 to 2099 nothing is guessed. After 2050 a
new moon near midnight can still move a month by a day when the observatory publishes that year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from borax.calendars.lunardate import LCalendars, LunarDate

from engine.errors import Refused

FIRST_YEAR, LAST_YEAR = 1900, 2099
#: The first and the last day whose lunar date is known here.
FIRST, LAST = date(1900, 1, 31), date(2100, 2, 8)

_DIGITS = "一二三四五六七八九十"
MONTHS = ("正月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "冬月", "腊月")
DAYS = (
    *(f"初{n}" for n in _DIGITS),
    *(f"十{n}" for n in _DIGITS[:9]),
    "二十",
    *(f"廿{n}" for n in _DIGITS[:9]),
    "三十",
)
#: Other ways to write the same, as people do.
_MONTHS = {name: n for n, name in enumerate(MONTHS, 1)} | {"一月": 1, "十一月": 11, "十二月": 12}
_DAYS = (
    {name: n for n, name in enumerate(DAYS, 1)}
    | {f"二十{n}": 20 + k for k, n in enumerate(_DIGITS[:9], 1)}
    | {"廿": 20, "初十": 10}
)
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"

_BETWEEN = "、，,和及 "
_ONE_DIGIT = rf"([{_DIGITS[:9]}]|十(?![{_DIGITS}])|\d{{1,2}})"
_ENDING = re.compile(f"逢{_ONE_DIGIT}")
_NEXT = re.compile(_ONE_DIGIT)
_DAY = re.compile("|".join(sorted(map(re.escape, _DAYS), key=len, reverse=True)))
_MONTH = re.compile("|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True)))


class UnknownDay(Refused):
    """Expected a day whose lunar date is known, but it is too early or too late."""

    status = 422
    slug = "unknown-lunar-day"


class BadRule(Refused):
    """Expected lunar days that repeat, in words, but these are not."""

    status = 422
    slug = "lunar-days"


@dataclass(frozen=True, slots=True, order=True)
class LunarDay:
    """A day of the lunar calendar. Days are in the order of time: a leap month follows the month of its number."""

    year: int  # the year of the common calendar in which it begins
    month: int  # 1 to 12
    leap: bool  # 闰月
    day: int  # 1 to 30

    @property
    def name(self) -> str:
        """`八月初三`, `闰六月十五`."""
        return f"{'闰' if self.leap else ''}{MONTHS[self.month - 1]}{DAYS[self.day - 1]}"

    @property
    def name_en(self) -> str:
        """`day 3 of lunar month 8`."""
        return f"day {self.day} of {'leap ' if self.leap else ''}lunar month {self.month}"

    @property
    def year_name(self) -> str:
        """`丙午年`."""
        return f"{_STEMS[(self.year - 4) % 10]}{_BRANCHES[(self.year - 4) % 12]}年"


@lru_cache(maxsize=4096)
def of(day: date) -> LunarDay:
    """The lunar date of a day."""
    if not FIRST <= day <= LAST:
        raise UnknownDay(
            f"只知道 {FIRST.isoformat()} 到 {LAST.isoformat()} 的农历，{day.isoformat()} 不在里面。请换一个日期。",
            f"Expected a day from {FIRST.isoformat()} to {LAST.isoformat()}, whose lunar dates are known, but it is "
            f"{day.isoformat()}. Choose another.",
        )
    found = LunarDate.from_solar_date(day.year, day.month, day.day)
    return LunarDay(found.year, found.month, bool(found.leap), found.day)


def solar(day: LunarDay) -> date:
    """The day of the common calendar. Refused when that month has no such day, or the year no such leap month."""
    months = {(month, bool(leap)): length for month, length, leap in _months(day.year)}
    length = months.get((day.month, day.leap), 0)
    if not 1 <= day.day <= length:
        raise UnknownDay(
            f"农历{day.year}年没有{day.name if 1 <= day.day <= 30 else day.day}"
            f"{f'，那个月只有 {length} 天' if length else ''}。请换一个日期。",
            f"Expected a day of the lunar year {day.year}, but it has no {day.name_en}"
            f"{f': that month has {length} days' if length else ''}. Choose another.",
        )
    found: date = LunarDate(day.year, day.month, day.day, int(day.leap)).to_solar_date()
    return found


@lru_cache(maxsize=256)
def _months(year: int) -> tuple[tuple[int, int, int], ...]:
    """(month, days, leap) of a lunar year, in order."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise UnknownDay(
            f"只知道农历 {FIRST_YEAR} 到 {LAST_YEAR} 年，没有 {year} 年。",
            f"Expected a lunar year from {FIRST_YEAR} to {LAST_YEAR}, but it is {year}.",
        )
    return tuple(LCalendars.iter_year_month(year))


def leap_month(year: int) -> int | None:
    """Which month of that lunar year has a leap month after it; None without one."""
    return next((month for month, _, leap in _months(year) if leap), None)


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the lunar month that repeat. In a leap month they repeat too, save for those of one month: 八月十五 is
    once a year. The 30th is left out where the month has 29 days."""

    words: str  # as they were written
    days: frozenset[int]
    months: frozenset[int] = frozenset()  # empty: every month

    def on(self, day: date) -> bool:
        found = of(day)
        return found.day in self.days and (not self.months or (found.month in self.months and not found.leap))

    def between(self, first: date, last: date) -> list[date]:
        """The days on which it falls, both ends counted."""
        found = []
        day = first
        while day <= last:
            if self.on(day):
                found.append(day)
            day += timedelta(days=1)
        return found

    def after(self, day: date) -> Iterator[date]:
        """Those that follow a day, without end until the calendar is not known any more."""
        while day < LAST:
            day += timedelta(days=1)
            if self.on(day):
                yield day


@lru_cache(maxsize=256)
def days(words: str) -> Days:
    """`逢三逢八`, `逢3、8`, `初一十五`, `每月初二、十六`, `八月十五`. BadRule says how to write it."""
    rest = words.strip().removeprefix("农历").removeprefix("每月")
    months: set[int] = set()
    if month := _MONTH.match(rest):
        months.add(_MONTHS[month.group()])
        rest = rest[month.end() :]
    found: set[int] = set()
    ending = False  # after one 逢, a bare number is another: 逢三、八
    while rest := rest.strip(_BETWEEN):
        if one := _ENDING.match(rest) or (_NEXT.match(rest) if ending else None):
            digit = _number(one.group(1))
            if not 1 <= digit <= 10:
                raise _bad(words)
            found |= {n for n in range(1, 31) if n % 10 == digit % 10}
            ending = True
        elif not ending and (one := _DAY.match(rest)):
            found.add(_DAYS[one.group()])
        else:
            raise _bad(words)
        rest = rest[one.end() :]
    if not found:
        raise _bad(words)
    return Days(words, frozenset(found), frozenset(months))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _DIGITS.index(text) + 1


def _bad(words: str) -> BadRule:
    return BadRule(
        f"看不懂农历日子“{words}”。请写成“逢三逢八”“初一十五”“八月十五”这样。",
        f"Expected lunar days such as 逢三逢八, 初一十五 or 八月十五, but it is {words!r}.",
    )
