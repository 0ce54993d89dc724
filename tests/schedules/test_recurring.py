"""When something begins by itself: the words, ISO intervals, and the county's working days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.matters import recurring
from engine.workdays import ZONE, Calendar, UnknownYear, china

CALENDAR = china()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def turns(rule: str, after: str, n: int = 3, **options: object) -> list[str]:
    """The next turns as local moments."""
    every = recurring.read(rule)
    assert every is not None, rule
    turn = every.due_after(local(after), CALENDAR, **options)
    found = []
    while turn is not None and len(found) < n:
        found.append(f"{turn.due.astimezone(ZONE):%m-%d %H:%M}")
        turn = every.after(turn.turn, CALENDAR, **options)
    return found


@pytest.mark.parametrize(
    ("zh", "en", "found"),
    [
        ("每月5日 08:00", "month on day 5 at 08:00", ["07-05 08:00", "08-05 08:00", "09-05 08:00"]),
        ("每月31日 08:00", "month on day 31 at 08:00", ["06-30 08:00", "07-31 08:00", "08-31 08:00"]),
        ("每月最后一天 18:00", "month on last day at 18:00", ["06-30 18:00", "07-31 18:00", "08-31 18:00"]),
        ("每月第一个工作日 8:00", "month on first working day at 8:00", ["07-01 08:00", "08-03 08:00", "09-01 08:00"]),
        ("每月第三个工作日 08:00", "month on working day 3 at 08:00", ["07-03 08:00", "08-05 08:00", "09-03 08:00"]),
        (
            "每月最后一个工作日 17:30",
            "month on last working day at 17:30",
            ["06-30 17:30", "07-31 17:30", "08-31 17:30"],
        ),
        ("每季度5日 08:00", "quarter on day 5 at 08:00", ["07-05 08:00", "10-05 08:00"]),
        ("每年9月30日 09:00", "year on 9-30 at 09:00", ["09-30 09:00"]),
        ("每周一 08:00", "week on monday at 08:00", ["06-29 08:00", "07-06 08:00", "07-13 08:00"]),
        ("每个工作日 08:00", "working day at 08:00", ["06-26 08:00", "06-29 08:00", "06-30 08:00"]),
        ("每天 08:00", "every day at 08:00".removeprefix("every "), ["06-26 08:00", "06-27 08:00", "06-28 08:00"]),
    ],
)
def test_the_words_people_use_in_both_languages(zh: str, en: str, found: list[str]) -> None:
    # Friday 26 June 2026: 端午 was on the 19th
    assert turns(zh, "2026-06-25 12:00", len(found)) == found
    assert turns(en, "2026-06-25 12:00", len(found)) == found


def test_iso_intervals_keep_the_day_of_the_month_where_they_can() -> None:
    assert turns("R/2026-01-31T08:00/P1M", "2026-01-01") == ["01-31 08:00", "02-28 08:00", "03-31 08:00"]
    assert turns("R2/2026-01-31T08:00/P1M", "2026-01-01") == ["01-31 08:00", "02-28 08:00"]
    assert turns("R/2026-01-05T08:00/PT6H", "2026-09-18 09:00", 2) == ["09-18 14:00", "09-18 20:00"]


@pytest.mark.parametrize(
    ("closed", "found"),
    [("same", ["10-05 08:00", "11-05 08:00"]), ("next", ["10-08 08:00", "11-05 08:00"]), ("previous", ["09-30 08:00"])],
)
def test_a_day_that_is_no_working_day_is_kept_or_moved(closed: str, found: list[str]) -> None:
    assert turns("每月5日 08:00", "2026-09-18", 2, closed=closed)[: len(found)] == found


def test_from_and_until_bound_it() -> None:
    days = {"since": date(2026, 8, 1), "until": date(2026, 9, 5)}
    assert turns("每月5日 08:00", "2026-05-01", 9, **days) == ["08-05 08:00", "09-05 08:00"]


@pytest.mark.parametrize(
    ("rule", "first", "last"),
    [
        ("每月5日 08:00", "2026-09-01", "2026-09-30"),
        ("R/2026-01-05T08:00/P1M", "2026-09-01", "2026-09-30"),
        ("每月最后一天 18:00", "2026-09-01", "2026-09-30"),
        ("每月最后一个工作日 18:00", "2026-09-01", "2026-09-30"),
        ("每季度5日 08:00", "2026-07-01", "2026-09-30"),
        ("每周一 08:00", "2026-09-14", "2026-09-20"),
        ("每年9月30日 09:00", "2025-01-01", "2025-12-31"),
        ("每个工作日 08:00", "2026-09-18", "2026-09-19"),
        ("每天 08:00", "2026-09-18", "2026-09-18"),
    ],
)
def test_a_run_is_about_the_last_whole_span_before_it(rule: str, first: str, last: str) -> None:
    every = recurring.read(rule)
    assert every is not None
    turn = every.due_after(local("2026-09-18 09:00"), CALENDAR)
    assert turn is not None and (turn.first.isoformat(), turn.last.isoformat()) == (first, last)


def test_a_year_without_holidays_is_not_guessed() -> None:
    every = recurring.read("每年1月10日 09:00")
    assert every is not None
    with pytest.raises(UnknownYear):
        every.due_after(local("2026-09-18"), CALENDAR, closed="next")
    assert every.due_after(local("2026-09-18"), CALENDAR) is not None  # the day as it is needs no calendar


NO_RULES = (
    "",
    "每月",
    "每月32日 08:00",
    "每月5日",
    "month on day 0 at 08:00",
    "R/PT1H",
    "R/2026-01-05T08:00/PT1M",
    "0 8 * * *",
    "R0/2026-01-05T08:00/P1M",
    "每周八 08:00",
    "week on mondey at 08:00",
    "每天 25:00",
    "每季度最后一天 08:00",
)


@pytest.mark.parametrize("text", NO_RULES)
def test_what_is_no_rule_is_none(text: str) -> None:
    assert recurring.read(text) is None


RULES = [
    "每月5日 08:00",
    "每月31日 08:00",
    "每月第一个工作日 08:00",
    "每月最后一个工作日 08:00",
    "每周三 08:00",
    "每个工作日 08:00",
    "每季度5日 08:00",
    "R/2025-11-30T08:00/P1M",
    "R/2025-11-30T08:00/P10D",
]


@settings(max_examples=60, deadline=None)
@given(
    rule=st.sampled_from(RULES),
    start=st.integers(0, 300),
    closed=st.sampled_from(["same", "next", "previous"]),
    worked=st.sets(st.integers(0, 360), max_size=12),
    off=st.sets(st.integers(0, 360), max_size=12),
)
def test_turns_go_up_and_no_correction_of_the_calendar_brings_one_back(
    rule: str, start: int, closed: recurring.Closed, worked: set[int], off: set[int]
) -> None:
    """However the calendar is corrected between two turns, each has a name of its own, later than the one before."""
    every = recurring.read(rule)
    assert every is not None
    first = date(2026, 1, 1)
    days = {first + timedelta(days=n): "更正" for n in off - worked}
    other = Calendar(
        CALENDAR.years,
        {d: n for d, n in CALENDAR.holidays.items() if d not in {first + timedelta(days=k) for k in worked}} | days,
        {**CALENDAR.workdays, **{first + timedelta(days=k): "更正" for k in worked}},
    )
    now = local("2025-12-15 08:00") + timedelta(days=start)
    calendars = [CALENDAR, other]
    try:
        turn = every.due_after(now, CALENDAR, closed=closed)
        for n in range(8):
            assert turn is not None
            following = every.after(turn.turn, calendars[n % 2], closed=closed)
            assert following is not None and following.turn > turn.turn
            assert abs(following.due - following.turn) <= timedelta(days=40)
            assert following.first <= following.last
            turn = following
    except UnknownYear:
        return  # at the end of what is published


@settings(max_examples=60, deadline=None)
@given(rule=st.sampled_from(RULES), start=st.integers(0, 300), on=st.integers(1, 200))
def test_looking_from_any_moment_finds_what_comes_one_by_one(rule: str, start: int, on: int) -> None:
    """due_after(t) is the first of the sequence after t: nothing is skipped, nothing said twice."""
    every = recurring.read(rule)
    assert every is not None
    now = local("2025-12-15 08:00") + timedelta(days=start)
    later = now + timedelta(hours=on)
    try:
        turn = every.due_after(now, CALENDAR)
        while turn is not None and turn.due <= later:
            turn = every.after(turn.turn, CALENDAR)
        assert every.due_after(later, CALENDAR) == turn
    except UnknownYear:
        return
