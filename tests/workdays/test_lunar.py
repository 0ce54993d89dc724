"""The lunar calendar: market days and fairs fall on its days, leap months too."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.workdays import lunar
from engine.workdays.lunar import LunarDay

D = date.fromisoformat
KNOWN = st.dates(lunar.FIRST, lunar.LAST)

#: The first day of the lunar year, as the Hong Kong Observatory publishes it.
NEW_YEARS = """
    1900-01-31 1912-02-18 1917-01-23 1922-01-28 1949-01-29 1954-02-03 1966-01-21 1976-01-31 1984-02-02 1987-01-29
    1999-02-16 2000-02-05 2008-02-07 2012-01-23 2018-02-16 2020-01-25 2023-01-22 2024-02-10 2025-01-29 2026-02-17
    2027-02-06 2028-01-26 2029-02-13 2030-02-03 2033-01-31 2034-02-19
"""
#: Lunar years with a leap month and which, as published; all from 1984 to 2033.
LEAP = {
    **{1984: 10, 1987: 6, 1990: 5, 1993: 3, 1995: 8, 1998: 5, 2001: 4, 2004: 2, 2006: 7, 2009: 5, 2012: 4, 2014: 9},
    **{2017: 6, 2020: 4, 2023: 2, 2025: 6, 2028: 5, 2031: 3, 2033: 11},
}


@pytest.mark.parametrize("day", NEW_YEARS.split())
def test_the_year_begins_where_the_tables_say(day):
    found = lunar.of(D(day))
    assert (found.year, found.name) == (int(day[:4]), "正月初一")
    assert lunar.of(D(day) - timedelta(days=1)).month == 12 if day != "1900-01-31" else True


def test_leap_months_are_those_of_the_tables():
    assert {y: m for y in range(1984, 2034) if (m := lunar.leap_month(y)) is not None} == LEAP


def test_the_feasts_lie_in_the_holidays_of_the_state_council():
    named = {(1, 1): "Spring Festival", (5, 5): "Dragon Boat Festival", (8, 15): "Mid-autumn Festival"}
    holidays = chinese_calendar.constants.holidays
    right = 0
    for year in range(2008, 2026):
        for (month, day), name in named.items():
            feast = lunar.solar(LunarDay(year, month, False, day))
            # On a weekend, or when two feasts fall together, the table has no name or the other's.
            assert holidays.get(feast, name) in (*named.values(), "National Day"), feast
            right += holidays.get(feast) == name
    assert right >= 45


@pytest.mark.parametrize(
    ("day", "name", "year"),
    [
        ("2026-09-13", "八月初三", "丙午年"),
        ("2025-07-25", "闰六月初一", "乙巳年"),
        ("2025-08-08", "闰六月十五", "乙巳年"),
        ("2033-12-22", "闰冬月初一", "癸丑年"),
        ("2026-02-16", "腊月廿九", "乙巳年"),
        ("2024-02-09", "腊月三十", "癸卯年"),
        ("2026-11-28", "十月二十", "丙午年"),
    ],
)
def test_a_day_has_its_name(day, name, year):
    found = lunar.of(D(day))
    assert (found.name, found.year_name) == (name, year)


@settings(max_examples=300, deadline=None)
@given(KNOWN)
def test_there_and_back(day):
    found = lunar.of(day)
    assert lunar.solar(found) == day
    following = day + timedelta(days=1)
    if following <= lunar.LAST:
        after = lunar.of(following)
        assert after > found and (after.day == found.day + 1 or (after.day == 1 and found.day in (29, 30)))


@settings(max_examples=50, deadline=None)
@given(st.dates(D("1901-01-01"), D("2099-01-01")), st.integers(1, 400), st.sets(st.integers(1, 30), min_size=1))
def test_between_is_each_day_that_fits_and_no_other(first, length, wanted):
    last = first + timedelta(days=length)
    rule = lunar.Days("", frozenset(wanted))
    every = [first + timedelta(days=n) for n in range(length + 1)]
    assert rule.between(first, last) == [day for day in every if lunar.of(day).day in wanted]


def test_market_days_of_a_month():
    days = lunar.days("逢三逢八").between(D("2026-12-01"), D("2026-12-31"))
    assert [day.day for day in days] == [1, 6, 11, 16, 21, 26, 31]
    names = [lunar.of(day).name for day in days]
    assert names == ["十月廿三", "十月廿八", "冬月初三", "冬月初八", "冬月十三", "冬月十八", "冬月廿三"]


def test_market_days_go_on_in_a_leap_month_but_a_fair_is_once_a_year():
    year = (D("2025-01-29"), D("2026-02-16"))
    months = {(lunar.of(day).month, lunar.of(day).leap) for day in lunar.days("初一十五").between(*year)}
    assert (6, True) in months and len(months) == 13
    assert lunar.days("六月十五").between(*year) == [D("2025-07-09")]


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("逢三逢八", {3, 8, 13, 18, 23, 28}),
        ("逢三、八", {3, 8, 13, 18, 23, 28}),
        ("农历逢5逢10", {5, 10, 15, 20, 25, 30}),
        ("逢十", {10, 20, 30}),
        ("初一十五", {1, 15}),
        ("每月初二、十六", {2, 16}),
        ("二十二和廿九", {22, 29}),
        ("初十、二十、三十", {10, 20, 30}),
    ],
)
def test_rules_are_written_as_people_say_them(words, days):
    assert lunar.days(words).days == days


@pytest.mark.parametrize("words", ["", "每天", "逢", "逢十一", "逢0", "八月", "周三", "初三逢", "3,8"])
def test_what_is_no_rule_is_refused_with_examples(words):
    with pytest.raises(lunar.BadRule) as refused:
        lunar.days(words)
    assert "逢三逢八" in refused.value.zh


@pytest.mark.parametrize("day", [lunar.FIRST - timedelta(days=1), lunar.LAST + timedelta(days=1)])
def test_outside_of_what_is_known_nothing_is_guessed(day):
    with pytest.raises(lunar.UnknownDay):
        lunar.of(day)


def test_a_day_that_the_month_does_not_have_is_refused():
    with pytest.raises(lunar.UnknownDay, match="29 days"):
        lunar.solar(LunarDay(2025, 12, False, 30))
    with pytest.raises(lunar.UnknownDay, match="no day 1 of leap lunar month 8"):
        lunar.solar(LunarDay(2026, 8, True, 1))
