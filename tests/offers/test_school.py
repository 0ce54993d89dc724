"""四点半学校: who is still there at 18:40 is a case of those who look after children."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from engine import matters
from engine.commands import booking, register_rows
from engine.people import SYSTEM
from engine.reads import knowing
from engine.records import library
from engine.store.models import BookingPlace, Case, Listed, Resource, Slot, Task, User
from tests.cast import ROOT

NOW = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)
AT = datetime(2026, 9, 21, 8, 0, tzinfo=UTC)  # Monday 16:00


def test_a_child_nobody_fetched_by_twenty_to_seven_opens_one_case_that_a_person_goes_on_with(hall):
    with hall.database.unit_of_work() as work:
        for name in ("kanhai", "sidianban"):
            library.publish(work, matters.load(ROOT, name), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        one = library.declared(work, "registers")["school_child"][0]
        user = work.session.get_one(User, hall.residents[0].id)
        user.id_number = "350526202202016120"  # four years old
        child = knowing.of_user(user)
        register_rows.put(work, one, {"small": "no"}, whom=child, unit_id=hall.centre.id, by=SYSTEM, now=NOW)
        query = select(Slot.id).join(Resource).where(Resource.offer == "sidianban.afternoon", Slot.starts_at == AT)
        slot = work.session.scalars(query).one()
    taken = hall.do(booking.take_place, slot, answers={"snack": "yes"}, by=hall.residents[0], now=NOW)
    assert taken.price == {"pays": 3}
    with hall.database.reading() as work:
        place = work.session.scalars(select(BookingPlace.id)).one()
    seen = {"warm": "36.5", "mood": "good"}
    hall.do(booking.arrive, slot, place_id=place, by=hall.clerk, now=AT, brought_by="妈妈", noted=seen)
    hall.work_off(AT + timedelta(minutes=159))
    with hall.database.reading() as work:
        assert work.session.scalars(select(Case).where(Case.matter == "kanhai")).all() == []
    for minutes in (160, 161):
        hall.work_off(AT + timedelta(minutes=minutes))
    with hall.database.reading() as work:
        [case] = work.session.scalars(select(Case).where(Case.matter == "kanhai")).all()
        assert case.answers["what"] == "late"
        query = select(Listed.key).join(Task).where(Task.case_id == case.id, Task.state == "open")
        assert set(work.session.scalars(query)) & set(hall.clerk.keys)  # of the centre, which has no village
