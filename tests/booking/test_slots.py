"""Opening rules become slots: weekly, every n weeks, week of month, by working days."""

from datetime import UTC, date, datetime, time

import pytest

from engine.booking import Closure, Opening, slots
from engine.errors import Refused


class Weekdays:
    """Monday to Friday work, but Saturday 2026-02-14 works (调休) and Monday 2026-02-16 does not."""

    def is_workday(self, day):
        return day == date(2026, 2, 14) or (day.weekday() < 5 and day != date(2026, 2, 16))


def days(opening, first, last):
    return [s.starts_at.astimezone(UTC).date() for s in slots([opening], first, last, Weekdays())]


EVENING = {"opens": time(18), "closes": time(18, 30), "minutes": 30, "public": 1}


def test_a_slot_is_local_time_in_utc_and_a_short_rest_is_no_slot():
    got = slots([Opening(time(8), time(9, 10), 30, public=2, staff=1)], date(2026, 2, 9), date(2026, 2, 9), Weekdays())
    assert [(s.starts_at, s.public, s.staff) for s in got] == [
        (datetime(2026, 2, 9, 0, 0, tzinfo=UTC), 2, 1),
        (datetime(2026, 2, 9, 0, 30, tzinfo=UTC), 2, 1),
    ]


def test_days_off_follow_the_calendar_with_its_exchanged_days():
    off = Opening(**EVENING, days="non_working", kind="non_working_day")
    assert days(off, date(2026, 2, 13), date(2026, 2, 17)) == [date(2026, 2, 15), date(2026, 2, 16)]
    on = Opening(**EVENING, days="working", kind="after_hours")
    assert days(on, date(2026, 2, 13), date(2026, 2, 17)) == [date(2026, 2, 13), date(2026, 2, 14), date(2026, 2, 17)]


def test_every_second_week_counts_from_the_anchor_also_backwards():
    rule = Opening(**EVENING, weekdays=frozenset({3}), every_weeks=2, anchor=date(2026, 2, 12))
    assert days(rule, date(2026, 1, 20), date(2026, 3, 1)) == [date(2026, 1, 28), date(2026, 2, 11), date(2026, 2, 25)]


def test_the_second_saturday_of_the_month():
    rule = Opening(**EVENING, weekdays=frozenset({6}), weeks_of_month=frozenset({2}))
    assert days(rule, date(2026, 1, 1), date(2026, 3, 31)) == [date(2026, 1, 10), date(2026, 2, 14), date(2026, 3, 14)]


def test_a_closure_takes_out_every_slot_that_it_touches():
    shut = Closure(datetime(2026, 2, 9, 0, 45, tzinfo=UTC), datetime(2026, 2, 9, 1, 0, tzinfo=UTC))
    rule = Opening(time(8), time(10), 30, public=1)
    got = slots([rule], date(2026, 2, 9), date(2026, 2, 9), Weekdays(), [shut])
    assert [s.starts_at.minute + 60 * s.starts_at.hour for s in got] == [0, 60, 90]


def test_validity_bounds_are_inclusive():
    rule = Opening(**EVENING, valid_from=date(2026, 2, 10), valid_until=date(2026, 2, 11))
    assert days(rule, date(2026, 2, 1), date(2026, 2, 28)) == [date(2026, 2, 10), date(2026, 2, 11)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"closes": time(17)},
        {"minutes": 1},
        {"public": 0},
        {"every_weeks": 2},
        {"kind": "midnight"},
        {"days": "sunny"},
        {"public": -1, "staff": 2},
    ],
)
def test_a_rule_that_cannot_be_is_refused(wrong):
    with pytest.raises(Refused):
        Opening(**(EVENING | wrong))
