"""The working-day calendar of the State Council (国务院办公厅放假安排) with 调休, and a county's corrections.

The national data come from the library `chinesecalendar`. A county adds a YAML file when a new year is announced before
the library knows it, or when the announcement is corrected; `engine/workdays/data/README.md` describes the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from engine import crypto
from engine.errors import FieldError, Invalid, Refused

WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
KINDS_EN = {
    "工作日": "working day",
    "周末": "weekend",
    "节假日": "holiday",
    "调休上班": "make-up working day",
    "起算日不计": "start day, not counted",
    "暂停": "clock stopped",
    "补正": "waiting for the applicant",
    "顺延": "rolled over",
}
_ONE = timedelta(days=1)
#: No period of law is this long; a larger number is a slip of the finger, not a wait of twenty years.
LONGEST = 5000


class UnknownYear(Refused):
    """Expected the holidays of that year to be known, but nobody has published them to us."""

    status = 422
    slug = "unknown-year"

    def __init__(self, year: int) -> None:
        super().__init__(
            f"没有 {year} 年的节假日安排，不能推算工作日。请在国务院办公厅公布后，把 {year} 年的安排写进日历文件。",
            f"Expected the holidays of {year} to be known, but they are not, and working days are never guessed. "
            f"Add the year {year} to the calendar file once the State Council has published it.",
            year=year,
        )
        self.year = year


@dataclass(frozen=True, slots=True)
class Day:
    """One day of an account: what it is and whether it counts."""

    date: date
    counts: int | None  # 1, 2, 3 … when it is the n-th day of the period; None when it does not count
    kind: str  # 工作日, 周末, 节假日, 调休上班, 起算日不计; in a ledger also 暂停 and 补正
    name: str = ""  # the holiday, or why the clock stood still

    def zh(self) -> str:
        """`9月20日 周日 调休上班 第1日`."""
        what = {"周末": "休", "工作日": ""}.get(self.kind, self.kind)
        if self.name and self.kind != "调休上班":
            what = f"{what}（{self.name}）" if what else self.name
        words = [say_day(self.date), WEEKDAYS_ZH[self.date.weekday()], what]
        if self.counts is not None:
            words.append(f"第{self.counts}日")
        return " ".join(w for w in words if w)

    def en(self) -> str:
        """`2026-09-20 Sun make-up working day: day 1`."""
        text = f"{self.date.isoformat()} {WEEKDAYS_EN[self.date.weekday()]} {KINDS_EN.get(self.kind, self.kind)}"
        return text if self.counts is None else f"{text}: day {self.counts}"


def say_day(day: date) -> str:
    """`11月25日`.

    >>> say_day(date(2026, 11, 5))
    '11月5日'
    """
    return f"{day.month}月{day.day}日"


def say(day: date) -> str:
    """`11月25日（周三）`.

    >>> say(date(2026, 11, 25))
    '11月25日（周三）'
    """
    return f"{say_day(day)}（{WEEKDAYS_ZH[day.weekday()]}）"


def say_whole(day: date) -> str:
    """`2026年11月25日`: as official papers write a day.

    >>> say_whole(date(2026, 11, 5))
    '2026年11月5日'
    """
    return f"{day.year}年{say_day(day)}"


def say_month(day: date) -> str:
    """`2026年11月`: the month of a day, where the day says nothing.

    >>> say_month(date(2026, 11, 5))
    '2026年11月'
    """
    return f"{day.year}年{day.month}月"


def sentence(days: Iterable[Day], lang: str = "zh") -> str:
    """The account of a period as one line, in Chinese or English."""
    return "; ".join(day.zh() if lang == "zh" else day.en() for day in days)


@dataclass(frozen=True)
class Calendar:
    """Working days over the years it has data for. Immutable: a correction makes another calendar."""

    years: frozenset[int]  # years with full data
    holidays: Mapping[date, str]  # days off by announcement -> name
    workdays: Mapping[date, str]  # weekend days worked by announcement -> name of the holiday they pay for
    sources: tuple[str, ...] = ()  # where the data come from, the weakest first
    version: str = ""  # hash of the data: a deadline row remembers under which calendar it was computed

    def __post_init__(self) -> None:
        text = repr((sorted(self.years), sorted(self.holidays.items()), sorted(self.workdays.items())))
        object.__setattr__(self, "version", crypto.fingerprint(text.encode())[:12])

    def is_workday(self, day: date) -> bool:
        """Whether offices work on that day. UnknownYear when the year has no data."""
        if day.year not in self.years:
            raise UnknownYear(day.year)
        if day in self.holidays:
            return False
        return day.weekday() < 5 or day in self.workdays

    def kind(self, day: date) -> tuple[str, str]:
        """(kind, name): 工作日, 周末, 节假日 or 调休上班, with the holiday's name where there is one."""
        if self.is_workday(day):
            return ("工作日", "") if day.weekday() < 5 else ("调休上班", self.workdays[day])
        return ("节假日", self.holidays[day]) if day in self.holidays else ("周末", "")

    def add(self, day: date, n: int) -> date:
        """The n-th working day after `day`; the start day does not count (民法典 201). Negative n goes back.

        >>> china().add(date(2026, 9, 18), 5)
        datetime.date(2026, 9, 24)
        >>> china().add(date(2026, 9, 24), -5)
        datetime.date(2026, 9, 18)
        """
        for each in self._walk(day, n):
            day = each.date
        return day

    def subtract(self, day: date, n: int) -> date:
        """The n-th working day before `day`."""
        return self.add(day, -n)

    def count(self, after: date, until: date) -> int:
        """Working days in (after, until]; negative when `until` lies before `after`."""
        if until < after:
            return -self.count(until, after)
        return sum(self.is_workday(after + i * _ONE) for i in range(1, (until - after).days + 1))

    def on_or_after(self, day: date) -> date:
        """The day itself, or the next working day: where a period of calendar days ends (民法典 203)."""
        while not self.is_workday(day):
            day += _ONE
        return day

    def last_known(self, first: date, last: date) -> date:
        """The last day from `first` to `last` whose year has data; `first` when none has."""
        while last > first and last.year not in self.years:
            last -= _ONE
        return last

    def explain(self, day: date, n: int) -> list[Day]:
        """The account of `add(day, n)`, day by day, the start day first."""
        return [Day(day, None, "起算日不计"), *self._walk(day, n)]

    def _walk(self, day: date, n: int) -> Iterator[Day]:
        if abs(n) > LONGEST:
            raise Refused(
                f"天数 {n} 太大：最多 {LONGEST} 个工作日。", f"Expected at most {LONGEST} working days, but got {n}."
            )
        step, counted = (_ONE if n > 0 else -_ONE), 0
        while counted < abs(n):
            try:
                day += step
            except OverflowError:
                raise UnknownYear(day.year + step.days) from None
            kind, name = self.kind(day)
            works = kind in ("工作日", "调休上班")
            counted += works
            yield Day(day, counted if works else None, kind, name)

    def with_file(self, data: bytes | str) -> Calendar:
        """This calendar with a county's file laid over it. Invalid (with every fault) when the file is not right."""
        return _lay_over(self, data)

    def differences(self, other: Calendar) -> list[date]:
        """Days on which the two calendars disagree, a year only one of them knows counted whole; in order."""
        days = set()
        for year in self.years & other.years:
            for source in (self.holidays, self.workdays, other.holidays, other.workdays):
                days |= {d for d in source if d.year == year and self.is_workday(d) != other.is_workday(d)}
        for year in self.years ^ other.years:
            first = date(year, 1, 1)
            days |= {first + i * _ONE for i in range((date(year, 12, 31) - first).days + 1)}
        return sorted(days)


@lru_cache(maxsize=1)
def _national() -> Calendar:
    from chinese_calendar import constants  # here: nothing else of the house needs it at import

    names = {holiday.value: str(holiday.chinese) for holiday in constants.Holiday}
    holidays = {day: names.get(name, name) for day, name in constants.holidays.items()}
    workdays = {day: names.get(name, name) for day, name in constants.workdays.items()}
    years = frozenset(day.year for day in holidays)
    return Calendar(years, holidays, workdays, ("国务院办公厅节假日安排 (chinesecalendar)",))


def china(overrides: Iterable[bytes | str | Path] = ()) -> Calendar:
    """The national calendar, with the files of a county over it (bytes or text of YAML, or paths), in order.

    >>> china().is_workday(date(2026, 9, 20))  # a Sunday, worked for the National Day holiday
    True
    """
    calendar = _national()
    for item in overrides:
        calendar = calendar.with_file(item.read_bytes() if isinstance(item, Path) else item)
    return calendar


def load(folder: Path) -> Calendar:
    """The national calendar with every `*.yaml` of a folder over it, in the order of their names."""
    return china(sorted(folder.glob("*.yaml"))) if folder.is_dir() else china()


# ---------------------------------------------------------------- the county's file

_KEYS = {"source", "published_on", "years", "holidays", "workdays"}


def _lay_over(base: Calendar, data: bytes | str) -> Calendar:
    faults: list[FieldError] = []

    def fault(field: str, zh: str, en: str) -> None:
        faults.append(FieldError(field, field, zh, en))

    try:
        found: Any = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: YAML's own reader meets 2027-02-30 and gives up. RecursionError: brackets without end.
        place = str(error).replace("\n", " ")
        raise Invalid(
            [FieldError("", "日历文件", f"不是能读的 YAML：{place}", f"not readable YAML: {place}")]
        ) from None
    if not isinstance(found, dict):
        raise Invalid([FieldError("", "日历文件", "应为键值表。", "expected a mapping.")])
    for key in sorted(map(str, found.keys() - _KEYS)):
        fault(
            key, f"不认识的字段，可用：{', '.join(sorted(_KEYS))}。", f"unknown key; known: {', '.join(sorted(_KEYS))}."
        )
    source = found.get("source")
    if not isinstance(source, str) or not source.strip():
        fault("source", "必须写明文件名称和文号。", "expected the name and number of the announcement.")
    if type(found.get("published_on")) is not date:
        fault("published_on", "必须写明公布日期（YYYY-MM-DD）。", "expected the date of the announcement.")
    years = found.get("years") or []
    if not isinstance(years, list) or not all(isinstance(y, int) and 1949 <= y <= 2200 for y in years):
        fault("years", "应为年份的列表，如 [2027]。", "expected a list of years such as [2027].")
        years = []
    known = base.years | set(years)
    tables: dict[str, dict[date, str]] = {}
    for key in ("holidays", "workdays"):
        tables[key] = {}
        rows = found.get(key) or {}
        if not isinstance(rows, dict):
            fault(key, "应为“日期: 名称”的表。", "expected a table of date: name.")
            continue
        for day, name in rows.items():
            if type(day) is not date:
                fault(f"{key}.{day}", "不是日期（YYYY-MM-DD）。", "not a date (YYYY-MM-DD).")
            elif not isinstance(name, str) or not name.strip():
                fault(f"{key}.{day}", "缺节日名称。", "expected the name of the holiday.")
            elif day.year not in known:
                fault(
                    f"{key}.{day}",
                    f"{day.year} 年没有整年的数据；若本文件给出全年安排，请写 years: [{day.year}]。",
                    f"{day.year} has no data; when this file states the whole year, say years: [{day.year}].",
                )
            else:
                tables[key][day] = name.strip()
    for day in sorted(tables["holidays"].keys() & tables["workdays"].keys()):
        fault(f"workdays.{day}", "同一天既放假又上班。", "the same day is both off and worked.")
    for year in years:
        if year not in base.years and not any(d.year == year for d in tables["holidays"]):
            fault("years", f"{year} 年没有列出任何节假日。", f"no holiday is listed for {year}.")
    if faults:
        raise Invalid(faults)
    # A year stated whole replaces what was known of it; a day of another year corrects that day only.
    fresh = set(years)
    holidays = {d: n for d, n in base.holidays.items() if d.year not in fresh and d not in tables["workdays"]}
    workdays = {d: n for d, n in base.workdays.items() if d.year not in fresh and d not in tables["holidays"]}
    holidays.update(tables["holidays"])
    workdays.update(tables["workdays"])
    return Calendar(frozenset(known), holidays, workdays, (*base.sources, str(source).strip()))
