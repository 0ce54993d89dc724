"""When something begins by itself: an ISO 8601 interval, or words people use, over the county's working days. Pure.

    R/2026-01-05T08:00/P1M                     every month from then on
    每月5日 08:00                               month on day 5 at 08:00
    每月最后一天 18:00                           month on last day at 18:00
    每月第一个工作日 08:00                        month on first working day at 08:00
    每季度5日 08:00, 每年1月10日 09:00            quarter on day 5 at 08:00, year on 01-10 at 09:00
    每周一 08:00, 每个工作日 08:00, 每天 08:00     week on monday at 08:00, working day at 08:00, day at 08:00

A turn has a moment it is named by (`turn`: the day as it is written) and one it is due at (`due`: moved when that day
is none for work, or the n-th working day of its month). A corrected calendar moves the second and never the first, so
that no correction makes a turn come twice.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from engine.process.language.schedules import Duration, parse_duration, parse_moment
from engine.workdays import ZONE, Calendar

#: What is done when the day is no working day.
Closed = Literal["same", "next", "previous"]

_ONE = timedelta(days=1)
#: Nothing begins more often: what must be quicker is no matter for the hall.
LEAST = timedelta(minutes=15)
#: A day is moved by this many days at most: no holiday is longer.
_REACH = timedelta(days=40)

_DAYS_ZH = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_DAYS_EN = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_FIRST = {"first": 1, "second": 2, "third": 3, "last": -1}
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "月": 1, "季度": 3, "季": 3, "年": 12}
_AT = r"(?P<at>\d{1,2}[:：]\d{2})"

_FORMS = tuple(
    re.compile(text)
    for text in (
        rf"(?:day|每天|每日) ?(?:at )?{_AT}",
        rf"(?:(?:each |every )?(?P<workdays>working day)|(?P<workdays_zh>每个?工作日)) ?(?:at )?{_AT}",
        rf"week on (?P<weekday>[a-z]+) at {_AT}",
        rf"每(?:周|星期)(?P<weekday_zh>[一二三四五六日天]) ?{_AT}",
        rf"(?P<span>month|quarter|year) on (?:day (?P<day>\d{{1,2}})|(?P<last>last day)) at {_AT}",
        rf"(?P<span>month|quarter|year) on (?:(?P<nth>first|second|third|last) working day|"
        rf"working day (?P<n>\d{{1,2}})) at {_AT}",
        rf"每(?P<span>月|季度|季|年)(?:第?(?P<day>\d{{1,2}})[日号]|(?P<last>最后一天)) ?{_AT}",
        rf"每(?P<span>月|季度|季|年)(?:第 ?(?P<n>\d{{1,2}}|[一二三四五六七八九十]) ?个|(?P<nth>最后一个?))"
        rf"工作日 ?{_AT}",
        rf"(?P<span>year) on (?P<month>\d{{1,2}})-(?P<day>\d{{1,2}}) at {_AT}",
        rf"每(?P<span>年)(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})[日号] ?{_AT}",
    )
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One time it begins."""

    turn: datetime  # what it is named by, aware UTC
    due: datetime  # when it begins, aware UTC
    first: date  # the days it is about
    last: date


@dataclass(frozen=True, slots=True)
class Every:
    """A rule, read. `kind` says which fields count."""

    text: str
    kind: str  # day, working-day, week, months (word rules), interval (ISO)
    at: time = time(0)
    months: int = 0  # of `months`: 1, 3, 12
    month: int = 1  # of a year: which month
    day: int = 0  # of the month; -1: the last
    nth: int = 0  # the n-th working day instead; -1: the last
    weekday: int = 0
    start: datetime | None = None  # of `interval`, aware UTC
    step: Duration = field(default_factory=Duration)
    times: int = -1  # of `interval`: how often; -1: for ever

    def after(
        self,
        named: datetime,
        calendar: Calendar,
        *,
        closed: Closed = "same",
        since: date | None = None,
        until: date | None = None,
    ) -> Turn | None:
        """The next turn named by a moment after this one; None: there is none. UnknownYear when its day cannot be
        told."""
        for turn in self._named(named, calendar):
            if turn <= named:
                continue
            due = self._due(turn, calendar, closed)
            on = due.astimezone(ZONE).date()
            if until is not None and on > until and turn.astimezone(ZONE).date() > until:
                return None
            if (since is not None and on < since) or (until is not None and on > until):
                continue
            return Turn(turn, due, *self.about(turn, calendar))
        return None

    def due_after(
        self,
        now: datetime,
        calendar: Calendar,
        *,
        closed: Closed = "same",
        since: date | None = None,
        until: date | None = None,
    ) -> Turn | None:
        """The first turn that is due after this moment."""
        if since is not None:
            now = max(now, datetime.combine(since, time(), ZONE).astimezone(UTC) - timedelta(microseconds=1))
        named = now - _REACH if self.kind != "interval" or self.step.after(now, 1, ZONE) - now >= _ONE else now - _ONE
        while (turn := self.after(named, calendar, closed=closed, since=since, until=until)) is not None:
            if turn.due > now:
                return turn
            named = turn.turn
        return None

    # ------------------------------------------------------------ which turns there are

    def _named(self, after: datetime, calendar: Calendar) -> Iterator[datetime]:
        """Moments that name turns, in order, from about this one on."""
        if self.kind == "interval":
            yield from self._interval(after)
            return
        day = after.astimezone(ZONE).date()
        try:
            if self.kind == "week":
                day += timedelta(days=self.weekday - day.weekday())
                while True:
                    yield self._moment(day)
                    day += 7 * _ONE
            elif self.kind in ("day", "working-day"):
                while True:
                    if self.kind == "day" or calendar.is_workday(day):
                        yield self._moment(day)
                    day += _ONE
            else:
                months = (day.year * 12 + day.month - 1) // self.months * self.months
                while True:
                    year, month = divmod(months + (self.month - 1 if self.months == 12 else 0), 12)
                    yield self._moment(date(year, month + 1, self._day(year, month + 1)))
                    months += self.months
        except (OverflowError, ValueError):  # the calendar ends with the year 9999
            return

    def _interval(self, after: datetime) -> Iterator[datetime]:
        assert self.start is not None
        turn = 0
        if after > self.start:  # not one by one from years ago
            length = self.step.after(self.start, 1, ZONE) - self.start
            turn = max(0, int((after - self.start) / (length + 2 * _ONE if self.step.months else length)) - 1)
        try:
            while self.times < 0 or turn < self.times:
                yield self.step.after(self.start, turn, ZONE)
                turn += 1
        except (OverflowError, ValueError):
            return

    def _day(self, year: int, month: int) -> int:
        if self.nth:
            return 1  # its month names it
        most = monthrange(year, month)[1]
        return most if self.day < 0 else min(self.day, most)

    def _moment(self, day: date) -> datetime:
        return datetime.combine(day, self.at, ZONE).astimezone(UTC)

    # ------------------------------------------------------------ when it is due

    def _due(self, turn: datetime, calendar: Calendar, closed: Closed) -> datetime:
        local = turn.astimezone(ZONE)
        day = local.date()
        if self.nth:
            day = calendar.add(day - _ONE, self.nth) if self.nth > 0 else calendar.add(self._following(day), -1)
        elif closed == "next":
            day = calendar.on_or_after(day)
        elif closed == "previous":
            day = day if calendar.is_workday(day) else calendar.add(day, -1)
        return datetime.combine(day, local.time(), ZONE).astimezone(UTC)

    def _following(self, first: date) -> date:
        """The first day of the next span of months."""
        year, month = divmod(first.year * 12 + first.month - 1 + self.months, 12)
        return date(year, month + 1, 1)

    # ------------------------------------------------------------ what it is about

    def about(self, turn: datetime, calendar: Calendar) -> tuple[date, date]:
        """The last whole month, quarter, year, week or day before it (at the end of a month, that one); else the days
        since the turn before."""
        day = turn.astimezone(ZONE).date()
        months = self.months if self.kind == "months" else self.step.months if self.kind == "interval" else 0
        if months:
            whole = months if months in (1, 3, 12) else 1
            last = (day.year * 12 + day.month - 1) // whole * whole
            if self.day < 0 or self.nth < 0:  # at the end of a month it is about that month
                last += months
            year, month = divmod(last - months, 12)
            return date(year, month + 1, 1), date(*_split(last)) - _ONE
        if self.kind == "week":
            monday = day - timedelta(days=day.weekday())
            return monday - 7 * _ONE, monday - _ONE
        if self.kind == "working-day":
            return calendar.add(day, -1), day - _ONE
        if self.kind == "interval":
            before = self.step.after(turn, -1, ZONE).astimezone(ZONE).date()
            return before, max(before, day - _ONE)
        return day - _ONE, day - _ONE


def _split(months: int) -> tuple[int, int, int]:
    year, month = divmod(months, 12)
    return year, month + 1, 1


def read(text: str) -> Every | None:
    """The rule, or None when it is none.

    >>> read("每月5日 08:00").day, read("month on last working day at 17:30").nth
    (5, -1)
    """
    text = " ".join(text.split())
    if text.startswith("R"):
        return _iso(text)
    for form in _FORMS:
        match = form.fullmatch(text.lower())
        if match is not None:
            return _words(text, match.groupdict())
    return None


def _iso(text: str) -> Every | None:
    parts = text.split("/")
    count = parts[0][1:]
    if len(parts) != 3 or (count and not count.isdecimal()) or count == "0":
        return None
    start, step = parse_moment(parts[1], ZONE), parse_duration(parts[2])
    if start is None or step is None:
        return None
    try:
        if step.after(start, 1, ZONE) - start < LEAST:
            return None
    except (OverflowError, ValueError):
        return None
    return Every(text, "interval", start=start, step=step, times=int(count) if count else -1)


def _words(text: str, said: dict[str, str | None]) -> Every | None:
    hour, _, minute = str(said["at"]).replace("：", ":").partition(":")
    if int(hour) > 23 or int(minute) > 59:
        return None
    at = time(int(hour), int(minute))
    if said.get("workdays") or said.get("workdays_zh"):
        return Every(text, "working-day", at)
    if said.get("weekday_zh"):
        return Every(text, "week", at, weekday=_DAYS_ZH[str(said["weekday_zh"])])
    if "weekday" in said:
        weekday = str(said["weekday"])
        return Every(text, "week", at, weekday=_DAYS_EN.index(weekday)) if weekday in _DAYS_EN else None
    if "span" not in said:
        return Every(text, "day", at)
    months = _MONTHS[str(said["span"])]
    month = int(said.get("month") or 1)
    if said.get("nth") or said.get("n"):
        n = said.get("n")
        nth = (_NUMBERS.get(n) or int(n)) if n else _FIRST.get(str(said["nth"]), -1)
        return Every(text, "months", at, months=months, nth=nth) if nth == -1 or 1 <= nth <= 15 else None
    day = -1 if said.get("last") else int(said["day"] or 0)
    if months == 12 and day == -1:
        month = 12
    elif months == 3 and day == -1:
        return None  # the last day of which of its three months? 每季度第一个工作日 says what is meant
    if day != -1 and not (1 <= day <= 31 and 1 <= month <= 12 and day <= monthrange(2024, month)[1]):
        return None
    return Every(text, "months", at, months=months, month=month, day=day)
