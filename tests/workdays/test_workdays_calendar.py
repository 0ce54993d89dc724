"""RULES T1 and T2: working days follow the State Council's calendar; the start day does not count."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import workdays
from engine.errors import Invalid, Refused
from engine.workdays import UnknownYear, china

D = date.fromisoformat
DAYS = st.dates(date(2010, 1, 1), date(2025, 6, 30))

# Not the State Council's: the year is invented to show the form of the file.
INVENTED = """
source: 测试用安排（非国务院文件）
published_on: 2026-11-20
years: [2027]
holidays: {2027-01-01: 元旦, 2027-01-02: 元旦, 2027-01-03: 元旦}
workdays: {2027-01-09: 元旦}
"""


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-02-09", 5, "2026-02-14"),
        ("2026-02-09", 20, "2026-03-13"),
        ("2026-02-09", 30, "2026-03-27"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2026-09-18", 5, "2026-09-24"),
        ("2026-09-18", 10, "2026-10-09"),
        ("2026-09-18", 45, "2026-11-26"),
        ("2026-09-18", 20, "2026-10-22"),
    ],
)
def test_the_vectors_of_rules_t2(start, n, due):
    assert china().add(D(start), n) == D(due)
    assert china().count(D(start), D(due)) == n


def test_a_saturday_worked_for_spring_festival_is_a_working_day():
    assert china().kind(D("2026-02-14")) == ("调休上班", "春节")
    assert D("2026-02-14").weekday() == 5


def test_a_year_without_data_is_an_error_that_names_it_and_never_a_guess():
    with pytest.raises(UnknownYear) as caught:
        china().add(D("2026-12-28"), 5)
    assert caught.value.year == 2027
    assert "2027" in caught.value.zh and "2027" in caught.value.en
    with pytest.raises(UnknownYear, match="2003"):
        china().add(D("2004-01-02"), -5)
    with pytest.raises(UnknownYear, match="10000"):
        china(["source: x\npublished_on: 2026-01-01"]).add(date.max, 1)


def test_the_last_known_day_is_still_counted():
    assert china().add(D("2026-12-28"), 3) == D("2026-12-31")


def test_the_account_of_a_period_names_every_day_in_chinese():
    days = china().explain(D("2026-09-18"), 5)
    assert workdays.sentence(days) == (
        "9月18日 周五 起算日不计; 9月19日 周六 休; 9月20日 周日 调休上班 第1日; 9月21日 周一 第2日; "
        "9月22日 周二 第3日; 9月23日 周三 第4日; 9月24日 周四 第5日"
    )
    assert workdays.sentence(days[:3], "en") == (
        "2026-09-18 Fri start day, not counted; 2026-09-19 Sat weekend; 2026-09-20 Sun make-up working day: day 1"
    )
    assert china().explain(D("2026-09-24"), 2)[1].zh() == "9月25日 周五 节假日（中秋）"


def test_zero_days_is_the_start_day_itself():
    assert china().add(D("2026-09-19"), 0) == D("2026-09-19")


def test_a_number_no_law_knows_is_refused():
    with pytest.raises(Refused, match="5000"):
        china().add(D("2026-09-18"), 10**9)


@settings(max_examples=150, deadline=None)
@given(DAYS, st.integers(1, 90))
def test_a_due_date_is_a_working_day_and_every_day_on_the_way_is_accounted_for(start, n):
    calendar = china()
    due = calendar.add(start, n)
    days = calendar.explain(start, n)
    assert calendar.is_workday(due)
    assert [d.date for d in days] == [start + timedelta(days=i) for i in range((due - start).days + 1)]
    assert [d.counts for d in days if d.counts is not None] == list(range(1, n + 1))
    assert days[-1].date == due and days[-1].counts == n


@settings(max_examples=150, deadline=None)
@given(DAYS, st.integers(1, 90))
def test_adding_then_subtracting_returns(start, n):
    calendar = china()
    start = calendar.on_or_after(start)
    assert calendar.subtract(calendar.add(start, n), n) == start
    assert calendar.add(calendar.subtract(start, n), n) == start


@settings(max_examples=100, deadline=None)
@given(DAYS, DAYS)
def test_counting_back_is_counting_forth_with_the_sign_turned(a, b):
    assert china().count(a, b) == -china().count(b, a)


def test_a_county_file_makes_a_new_year_known():
    calendar = china([INVENTED])
    assert calendar.add(D("2026-12-31"), 1) == D("2027-01-04")
    assert calendar.kind(D("2027-01-09")) == ("调休上班", "元旦")
    assert calendar.sources[-1] == "测试用安排（非国务院文件）"
    assert calendar.version != china().version


def test_a_correction_changes_only_its_days_and_says_which():
    text = "source: 更正\npublished_on: 2026-09-01\nholidays: {2026-09-20: 台风停工}\nworkdays: {2026-10-05: 国庆节}"
    calendar = china([text])
    assert calendar.add(D("2026-09-18"), 5) == D("2026-09-28")
    assert calendar.is_workday(D("2026-10-05"))
    assert china().differences(calendar) == [D("2026-09-20"), D("2026-10-05")]
    assert china().differences(china()) == []
    assert len(china().differences(china([INVENTED]))) == 365


def test_files_of_a_folder_are_laid_over_in_the_order_of_their_names(tmp_path):
    (tmp_path / "1.yaml").write_text("source: 甲\npublished_on: 2026-09-01\nholidays: {2026-09-21: 甲}")
    (tmp_path / "2.yaml").write_text("source: 乙\npublished_on: 2026-09-02\nworkdays: {2026-09-21: 乙}")
    assert workdays.load(tmp_path).is_workday(D("2026-09-21"))
    assert workdays.load(tmp_path / "none") == china()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("published_on: 2026-01-01", "source"),
        ("source: x", "published_on"),
        ("source: x\npublished_on: 2026-01-01\nholidays: {2027-05-01: 劳动节}", "holidays.2027-05-01"),
        ("source: x\npublished_on: 2026-01-01\nyears: [2027]", "years"),
        ("source: x\npublished_on: 2026-01-01\nyears: 2027", "years"),
        ("source: x\npublished_on: 2026-01-01\nholidays: {soon: 劳动节}", "holidays.soon"),
        ("source: x\npublished_on: 2026-01-01\nholidays: {2026-05-05: }", "holidays.2026-05-05"),
        (
            "source: x\npublished_on: 2026-01-01\nholidays: {2026-05-05: a}\nworkdays: {2026-05-05: a}",
            "workdays.2026-05-05",
        ),
        ("source: x\npublished_on: 2026-01-01\nweekends: {}", "weekends"),
        ("source: x\npublished_on: 2026-01-01\nholidays: [2026-05-05]", "holidays"),
        ("- 2026-05-05", ""),
        ("holidays: {2026-02-30: x}", ""),
        ("a: [", ""),
    ],
)
def test_a_wrong_file_is_refused_naming_the_field(text, field):
    with pytest.raises(Invalid) as caught:
        china([text])
    assert field in caught.value.by_field()


def test_the_last_known_day_is_the_last_of_a_year_with_data():
    calendar = china()
    end = max(calendar.years)
    assert calendar.last_known(date(end, 12, 1), date(end + 1, 2, 1)) == date(end, 12, 31)
    assert calendar.last_known(date(end, 12, 1), date(end, 12, 20)) == date(end, 12, 20)
    assert calendar.last_known(date(end + 1, 1, 1), date(end + 1, 2, 1)) == date(end + 1, 1, 1)
