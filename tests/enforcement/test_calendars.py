"""A correction of the calendar is shown first, then moves open deadlines and logs each move (RULES T1)."""

from datetime import date

import pytest
from sqlalchemy import select

from engine.commands.hall import calendars
from engine.errors import AlreadyDone, Invalid, NotYours
from engine.people import Actor
from engine.people.actor import Position
from engine.records import audit
from engine.store.models import CalendarFile, Case, Event
from tests.enforcement import hall as halls
from tests.enforcement.hall import at

TYPHOON = "source: 县政府关于台风停工的通知\npublished_on: 2026-09-19\nholidays: {2026-09-20: 台风停工}\n"
NEXT_YEAR = "source: 测试安排\npublished_on: 2026-12-22\nyears: [2027]\nholidays: {2027-01-01: 元旦}\n"
NOW = at("2026-09-19 10:00")


@pytest.fixture
def hall(database):
    with database.unit_of_work() as work:
        return halls.build(work)


def operator(hall):
    return Actor(
        hall.mayor, "staff", "县领导", (Position(hall.county, f"/{hall.county}/", "county", "it", "operator"),)
    )


def make(database, hall, **kw):
    with database.unit_of_work() as work:
        return halls.case(work, hall, **kw)


def test_a_preview_shows_which_deadlines_move_and_changes_nothing(database, hall):
    one = make(database, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00")
    make(database, hall, received="2026-09-21 09:00", accepted="2026-09-21 10:00")
    with database.unit_of_work() as work:
        found = calendars.preview(work, TYPHOON, by=operator(hall), now=NOW)
    assert found.days == (date(2026, 9, 20),)
    assert [(m.case_id, m.limit, m.before, m.after) for m in found.moves] == [
        (one, "promised", date(2026, 10, 9), date(2026, 10, 10)),
        (one, "statutory", date(2026, 10, 22), date(2026, 10, 23)),
    ]
    with database.reading() as work:
        assert work.session.get(Case, one).promised_due == at("2026-10-09 17:30")
        assert work.session.scalar(select(CalendarFile.id)) is None


def test_publishing_moves_them_and_logs_each(database, hall):
    one = make(database, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00")
    with database.unit_of_work() as work:
        calendars.publish(work, TYPHOON, by=operator(hall), now=NOW)
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert case.promised_due == at("2026-10-10 17:30")
        assert case.next_alert_at == at("2026-10-09 00:00")
        event = list(audit.history(work, one))[-1]
        assert event.kind == "case.redated" and event.by_id == hall.mayor
        assert event.facts["moves"][0] == ["promised", "2026-10-09", "2026-10-10"]
        published = work.session.scalar(select(Event).where(Event.kind == "calendar.published"))
        assert published.facts["moved"] == 1
        assert work.calendar.is_workday(date(2026, 9, 20)) is False


def test_the_same_file_is_published_once(database, hall):
    with database.unit_of_work() as work:
        calendars.publish(work, TYPHOON, by=operator(hall), now=NOW)
    with database.unit_of_work() as work, pytest.raises(AlreadyDone):
        calendars.publish(work, TYPHOON, by=operator(hall), now=NOW)


def test_a_year_that_becomes_known_gives_pending_cases_their_due_day(database, hall):
    one = make(database, hall, received="2026-12-21 09:00", accepted="2026-12-21 10:00")
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert (case.promised_due, case.statutory_due) == (None, None)
    with database.unit_of_work() as work:
        found = calendars.publish(work, NEXT_YEAR, by=operator(hall), now=at("2026-12-22 10:00"))
        assert {m.before for m in found.moves} == {None}
    with database.reading() as work:
        assert work.session.get(Case, one).promised_due == at("2027-01-05 17:30")


def test_a_finished_case_keeps_its_dates(database, hall):
    one = make(database, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00")
    with database.unit_of_work() as work:
        case = work.session.get(Case, one)
        case.status, case.finished_at = "finished", NOW
    with database.unit_of_work() as work:
        assert calendars.publish(work, TYPHOON, by=operator(hall), now=NOW).moves == ()
    with database.reading() as work:
        assert work.session.get(Case, one).promised_due == at("2026-10-09 17:30")


def test_a_step_s_due_time_follows_the_calendar_too(database):
    with database.unit_of_work() as work:
        hall = halls.build(work, regime="{regime: permit, promised: 10wd, steps: {review: 3wd}}")
        one = halls.case(
            work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00", due=at("2026-09-22 17:30")
        )
    with database.unit_of_work() as work:
        calendars.publish(work, TYPHOON, by=operator(hall), now=NOW)
    with database.reading() as work:
        assert work.session.get(Case, one).step_due == at("2026-09-23 17:30")


def test_only_an_operator_publishes_and_a_wrong_file_is_refused(database, hall):
    with database.unit_of_work() as work:
        clerk = halls.actor(work, hall.chen, NOW)
        with pytest.raises(NotYours):
            calendars.publish(work, TYPHOON, by=clerk, now=NOW)
        with pytest.raises(NotYours):
            calendars.preview(work, TYPHOON, by=clerk, now=NOW)
        with pytest.raises(Invalid):
            calendars.preview(work, "holidays: {2027-05-01: 劳动节}", by=operator(hall), now=NOW)


def test_a_program_that_comes_with_a_new_year_dates_open_cases_again_once(database, hall):
    from engine.people import SYSTEM
    from engine.records import heartbeats
    from engine.store.models import Beat

    one = make(database, hall, received="2026-12-21 09:00", accepted="2026-12-21 10:00")
    with database.unit_of_work() as work:
        heartbeats.beat(work, heartbeats.read("hall-1"))
    assert calendars.catch_up(database, "hall-1", now=at("2026-12-22 09:00")) == 0
    with database.unit_of_work() as work:  # as another program would: the calendar is there, the cases are not dated
        facts = {"source": "测试安排", "published_on": date(2026, 12, 22), "added_at": NOW}
        work.session.add(CalendarFile(text=NEXT_YEAR, **facts))
        work.database.forget_calendar()
    assert calendars.catch_up(database, "hall-1", now=at("2026-12-23 09:00")) == 1
    assert calendars.catch_up(database, "hall-1", now=at("2026-12-23 09:00")) == 0
    with database.reading() as work:
        assert work.session.get(Case, one).promised_due == at("2027-01-05 17:30")
        event = list(audit.history(work, one))[-1]
        assert event.by_id == SYSTEM.id and event.facts["moves"][0] == ["promised", None, "2027-01-05"]
        assert work.session.get(Beat, "hall-1").calendar == work.calendar.version
