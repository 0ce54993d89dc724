"""The rooms of the villages: an hour at a time, a quarter of an hour between two, each booking a case."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import booking
from engine.errors import NotFound, Refused
from engine.people import SYSTEM
from engine.reads import bookings
from engine.records import library
from engine.store.models import Case, Resource
from engine.workdays import ZONE
from tests.offers.conftest import NOW, ROOT

TUESDAY = date(2026, 9, 22)
USE = {
    "use": {
        "kind": "culture",
        "text": "合唱队排练",
        "group": "夕阳红合唱队",
        "people": 20,
        "leader": "陈阿公",
        "leader_age": 66,
        "equipment": [],
        "safe": True,
    }
}


@pytest.fixture
def room(hall):
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "huodongshi"), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        mine = select(Resource.id).where(Resource.offer == "huodongshi.room").order_by(Resource.id)
        return work.session.scalars(mine).first()


def free(hall, room):
    with hall.database.reading() as work:
        return bookings.times(work, room, TUESDAY, now=NOW)


def test_after_an_hour_that_is_taken_the_next_begins_a_quarter_of_an_hour_later(hall, room):
    by_clock = {f"{one.starts_at.astimezone(ZONE):%H:%M}": one.starts_at for one in free(hall, room)}
    assert list(by_clock)[3:5] == ["14:00", "15:15"]
    first, second = hall.residents[:2]
    two = by_clock["14:00"]
    kept = hall.do(booking.hold, resource_id=room, starts_at=[two], by=first, now=NOW)
    done = hall.do(booking.confirm, kept.id, version=kept.version, answers=USE, by=first, now=NOW)
    with hall.database.reading() as work:
        assert work.session.get_one(Case, done.case_id).matter == "huodongshi"
    assert two not in [one.starts_at for one in free(hall, room) if one.free]
    with pytest.raises(NotFound):
        hall.do(booking.hold, resource_id=room, starts_at=[two + timedelta(hours=1)], by=second, now=NOW)
    hall.do(booking.hold, resource_id=room, starts_at=[two + timedelta(minutes=75)], by=second, now=NOW)


def test_a_room_that_is_taken_is_taken(hall, room):
    first, second = hall.residents[:2]
    two = free(hall, room)[3].starts_at
    hall.do(booking.hold, resource_id=room, starts_at=[two], by=first, now=NOW)
    with pytest.raises(Refused):
        hall.do(booking.hold, resource_id=room, starts_at=[two], by=second, now=NOW)
