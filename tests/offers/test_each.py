"""An offer that opens by itself and whose bookings each open a case: found, asked, refused as it declares."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import booking
from engine.errors import Invalid, NotNow
from engine.people import SYSTEM
from engine.reads import bookings, offers
from engine.records import library
from engine.store.models import Case, Resource
from tests.offers.conftest import NOW, ROOT

TUESDAY = datetime(2026, 9, 22, 1, 0, tzinfo=UTC)  # nine in the hall
ROOM = """
  room:
    title: 聚会房
    title_en: Party room
    kind: room
    at: village
    opens: {weekly: "mon-sun 09:00-21:00"}
    who: {if: "=person.age >= 18", says: 年满 18 岁}
    ask: yuyue-room
    cut_off: 16:00 the day before
    each: yuyue
"""
FORM = """{"type": "default", "id": "yuyue-room", "schemaVersion": 19, "components": [
  {"type": "textfield", "id": "r1", "key": "note", "label": "做什么用", "validate": {"required": true}}]}"""


@pytest.fixture
def room(hall):
    """The room of a village, opened."""
    files = dict(matters.read_files(ROOT, "yuyue"))
    text = files["bpmn/yuyue/matter.yaml"].decode()
    files["bpmn/yuyue/matter.yaml"] = text.replace("offers:\n", "offers:" + ROOM, 1).encode()
    files["forms/yuyue/room.form"] = FORM.encode()
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.package.read("yuyue", files), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        return work.session.scalars(
            select(Resource.id).where(Resource.offer == "yuyue.room").order_by(Resource.id)
        ).first()


def keep(hall, room, who):
    made = hall.do(booking.hold, resource_id=room, starts_at=[TUESDAY], by=who, now=NOW)
    return made.id, made.version


def test_it_stands_among_what_can_be_booked_and_asks_its_form(hall, room):
    with hall.database.reading() as work:
        place = next(one for one in bookings.places(work) if one.id == room)
        assert (place.offer, place.matter, place.items) == ("yuyue.room", "yuyue", ())
        assert offers.asked(work, place.offer).id == "yuyue-room"
        assert offers.asked(work, "yuyue.window") is None


def test_a_booking_opens_a_case_with_what_was_asked(hall, room):
    who = hall.residents[0]
    made, version = keep(hall, room, who)
    with pytest.raises(Invalid):
        hall.do(booking.confirm, made, version=version, answers={}, by=who, now=NOW)
    done = hall.do(booking.confirm, made, version=version, answers={"note": "过生日"}, by=who, now=NOW)
    with hall.database.reading() as work:
        case = work.session.get_one(Case, done.case_id)
        assert case.matter == "yuyue" and done.answers == {"note": "过生日"}


def test_who_may_not_have_it_and_who_comes_too_late_is_told(hall, room):
    who = hall.residents[0]
    made, version = keep(hall, room, who)
    late = datetime(2026, 9, 21, 8, 1, tzinfo=UTC)  # a minute past four, the day before
    with pytest.raises(NotNow, match="Booking closed"):
        hall.do(booking.confirm, made, version=version, answers={"note": "过生日"}, by=who, now=late)


def test_a_child_is_told_what_is_asked(hall, room):
    made, version = keep(hall, room, hall.young)
    with pytest.raises(NotNow, match="18"):
        hall.do(booking.confirm, made, version=version, answers={"note": "过生日"}, by=hall.young, now=NOW)
