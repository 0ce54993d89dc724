"""A unit's own opening hours: deadlines of its cases end when its doors close."""

import pytest

from engine.errors import Invalid
from engine.people import units
from engine.store.models import Case
from tests.enforcement import hall as halls
from tests.enforcement.hall import at


@pytest.fixture
def database(sqlite):
    """The kind of database does not matter here."""
    return sqlite


LONG_DAY = {"weekly": {day: ["09:00-12:00", "13:00-20:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}


def make(database, hours):
    with database.unit_of_work() as work:
        hall = halls.build(work)
    with database.unit_of_work() as work:
        units.set_hours(work, units.place(work, hall.office), hours)
    with database.unit_of_work() as work:
        return halls.case(work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00")


def test_the_promise_ends_when_the_office_closes_and_reminders_come_when_it_opens(database):
    one = make(database, LONG_DAY)
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert case.promised_due == at("2026-10-09 20:00")
        assert case.statutory_due == at("2026-10-23 00:00")  # the law's day ends at midnight


def test_a_day_on_which_the_office_is_shut_ends_at_midnight(database):
    one = make(database, LONG_DAY | {"dates": {"2026-10-09": []}})
    with database.reading() as work:
        assert work.session.get(Case, one).promised_due == at("2026-10-10 00:00")


def test_wrong_hours_are_refused(database):
    with pytest.raises(Invalid):
        make(database, {"weekly": {"mon": ["20:00-09:00"]}})
