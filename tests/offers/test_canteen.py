"""长者食堂: the price by age and category on the day of the meal; a lunch not fetched opens one welfare call."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import feel, matters
from engine.commands import booking, register_rows
from engine.errors import NotNow
from engine.people import SYSTEM
from engine.reads import knowing
from engine.records import library
from engine.store.models import Appointment, BookingTrouble, Case, Resource, Slot, User
from tests.cast import ROOT
from tests.offers.conftest import NOW

AT = datetime(2026, 9, 19, 3, 0, tzinfo=UTC)  # Saturday 11:00 in the hall

PRICES = [  # care.md 36: category, age on the day of the meal, what they pay, what the county adds
    ("destitute", 61, 2, 10),
    ("low", 85, 4, 8),
    ("low", 59, 12, 0),
    ("none", 90, 4, 8),
    ("disabled", 65, 6, 6),
    ("none", 80, 6, 6),
    ("none", 79, 8, 4),
    ("none", 60, 10, 2),
    ("none", 59, 12, 0),
    ("low", 81, 4, 8),
]


@pytest.mark.parametrize("category, age, pays, county", PRICES)
def test_the_lowest_price_wins(category, age, pays, county):
    model = matters.load(ROOT, "shitang").decisions["meal-fee"]
    found = model.evaluate("meal-fee", {"category": category, "age": age}, feel.Env(now=NOW))
    assert feel.to_json(found.value) == {"pays": pays, "county": county}


@pytest.fixture
def canteen(hall):
    with hall.database.unit_of_work() as work:
        for name in ("shitang", "wenhou"):
            library.publish(work, matters.load(ROOT, name), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        one = library.declared(work, "registers")["shitang.diner"][0]
        for resident in hall.residents[:2]:
            person = knowing.of_user(work.session.get_one(User, resident.id))
            values = {"category": "none", "diet": "花生过敏"}
            register_rows.put(work, one, values, whom=person, unit_id=hall.centre.id, by=SYSTEM, now=NOW)
        query = select(Slot.id).join(Resource).where(Resource.offer == "shitang.lunch", Slot.starts_at == AT)
        hall.slot = work.session.scalars(query).one()
    return hall


def test_one_day_in_time_and_a_whole_autumn_on_weekdays(canteen):
    who = canteen.residents[0]
    made = canteen.do(booking.take_place, canteen.slot, by=who, now=NOW)
    assert made.price == {"pays": 8, "county": 4}  # born 1950
    with pytest.raises(NotNow, match="register"):
        canteen.do(booking.take_place, canteen.slot, by=canteen.residents[2], now=NOW)
    late = datetime(2026, 9, 18, 8, 1, tzinfo=UTC)  # 16:01
    with pytest.raises(NotNow, match="closed"):
        canteen.do(booking.take_place, canteen.slot, by=canteen.residents[1], now=late)
    days = {"weekdays": (1, 2, 3, 4, 5), "until_on": date(2026, 12, 31)}
    canteen.do(booking.order, canteen.slot, by=who, now=NOW, **days)
    with canteen.database.reading() as work:
        booked = work.session.scalars(select(Appointment).where(Appointment.state == "confirmed")).all()
        assert len(booked) == 11 and {one.price["pays"] for one in booked} == {8}


def test_a_lunch_that_nobody_fetched_opens_one_call(canteen):
    came, missed = (canteen.do(booking.take_place, canteen.slot, by=canteen.residents[n], now=NOW) for n in (0, 1))
    canteen.do(booking.arrive, canteen.slot, came.code, by=canteen.clerk, now=AT)
    canteen.work_off(AT + timedelta(hours=1, minutes=59))
    with canteen.database.reading() as work:
        assert work.session.scalars(select(BookingTrouble)).all() == []
    for minutes in (120, 121, 600):
        canteen.work_off(AT + timedelta(minutes=minutes))
    with canteen.database.reading() as work:
        [case] = work.session.scalars(select(Case).where(Case.matter == "wenhou")).all()
        assert case.applicant_name == "居民2"
        [trouble] = work.session.scalars(select(BookingTrouble)).all()
        assert trouble.case_id == case.id
        assert work.session.get(Appointment, missed.id).state == "no_show"
