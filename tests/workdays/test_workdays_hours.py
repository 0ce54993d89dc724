"""Opening hours of a unit. 2026-09-18 is a Friday, 2026-09-20 a Sunday that is worked, 2026-09-25 a holiday."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from engine.errors import Invalid
from engine.workdays import OpeningHours, at_end_of_day, china, local_date
from tests.cast import ROOT

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = OpeningHours(china())


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def test_an_ordinary_day_closes_at_half_past_five():
    assert HOURS.closing(date(2026, 9, 18)) == at("2026-09-18 17:30")
    assert HOURS.opening(date(2026, 9, 18)) == at("2026-09-18 08:00")


def test_a_weekend_and_a_holiday_are_closed():
    assert HOURS.closing(date(2026, 9, 19)) is None
    assert HOURS.closing(date(2026, 9, 25)) is None


def test_a_make_up_sunday_is_open():
    assert HOURS.closing(date(2026, 9, 20)) == at("2026-09-20 17:30")


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-09-18 09:00", "2026-09-18 09:00"),
        ("2026-09-18 06:00", "2026-09-18 08:00"),
        ("2026-09-18 12:00", "2026-09-18 14:30"),
        ("2026-09-18 17:30", "2026-09-20 08:00"),
        ("2026-09-24 17:29", "2026-09-24 17:29"),
        ("2026-09-24 17:30", "2026-09-28 08:00"),
    ],
)
def test_the_next_moment_the_counter_is_open(moment, opens):
    assert HOURS.next_open(at(moment)) == at(opens)
    assert HOURS.is_open(at(moment)) == (moment == opens)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-09-18 09:00", "2026-09-18 10:30", 90),
        ("2026-09-18 11:30", "2026-09-18 15:00", 60),
        ("2026-09-18 17:00", "2026-09-20 08:30", 60),
        ("2026-09-18 08:00", "2026-09-19 08:00", 420),
        ("2026-09-24 17:30", "2026-09-28 08:00", 0),
        ("2026-09-18 10:30", "2026-09-18 09:00", -90),
    ],
)
def test_working_minutes_between_two_moments(start, end, minutes):
    assert HOURS.minutes(at(start), at(end)) == minutes


def test_a_saturday_service_is_open_but_shortens_no_deadline():
    hours = OpeningHours.read({"weekly": {"fri": ["08:00-12:00"], "sat": ["9:00-11:00"]}}, china())
    assert hours.closing(date(2026, 9, 19)) == at("2026-09-19 11:00")
    assert hours.minutes(at("2026-09-18 08:00"), at("2026-09-19 23:00")) == 240


def test_a_date_may_have_its_own_hours_or_be_closed():
    hours = OpeningHours.read({"dates": {date(2026, 9, 18): [], date(2026, 9, 25): ["09:00-10:00"]}}, china())
    assert hours.closing(date(2026, 9, 18)) is None
    assert hours.on(date(2026, 9, 25)) == ((time(9), time(10)),)
    assert hours.next_open(at("2026-09-18 09:00")) == at("2026-09-20 08:00")


def test_a_unit_that_never_opens_says_so():
    hours = OpeningHours(china(), weekly=((),) * 7, makeup=())
    assert hours.next_open(at("2026-08-01 09:00")) is None


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"weekly": {"mon": ["08:00"]}}, "weekly.mon"),
        ({"weekly": {"mon": ["12:00-08:00"]}}, "weekly.mon"),
        ({"weekly": {"mon": ["08:00-12:00", "11:00-17:00"]}}, "weekly.mon"),
        ({"weekly": {"monday": []}}, "weekly.monday"),
        ({"weekly": ["08:00-12:00"]}, "weekly"),
        ({"dates": {"soon": []}}, "dates.soon"),
        ({"lunch": "12:00"}, "lunch"),
    ],
)
def test_wrong_hours_are_refused_naming_the_field(data, field):
    with pytest.raises(Invalid) as caught:
        OpeningHours.read(data, china())
    assert field in caught.value.by_field()


def test_a_local_day_is_shanghai_s():
    assert local_date(datetime(2026, 9, 18, 16, 0, tzinfo=UTC)) == date(2026, 9, 19)
    assert at_end_of_day(date(2026, 9, 18)) == datetime(2026, 9, 18, 16, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="zone"):
        local_date(datetime(2026, 9, 18, 16, 0))


def test_a_chinese_date_is_written_in_one_place():
    """Whoever writes 月 and 日 by hand writes 09月05日 in one place and 9月5日 in the next."""
    by_hand = re.compile(r"%m月|%-m月|\.month\}月|月\{")
    found = {
        str(path.relative_to(ROOT))
        for room in ("engine", "web")
        for path in (ROOT / room).rglob("*.py")
        if "node_modules" not in path.parts and by_hand.search(path.read_text("utf-8"))
    }
    assert found == {"engine/workdays/calendar.py"}
