"""Days on which a kitchen is shut: one day called off leaves the others; a week of them is told once to each; a
standing order has its days again when it opens again; one day is moved alone; more places go to who waits."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine.commands import booking
from engine.commands.booking import standing
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.reads import offers
from engine.store.models import Appointment, Job, Notice, Resource, Slot, StandingDay, Waiting
from tests.offers.conftest import NOW
from tests.offers.test_standing import FISH, MONDAY, days_of, kitchen, order, slot_of

__all__ = ["kitchen"]


def lunch(hall):
    with hall.database.reading() as work:
        return work.session.scalars(select(Resource.id).where(Resource.offer == "zhiyuan.lunch")).one()


def take(hall, who, at=MONDAY):
    return hall.do(booking.take_place, slot_of(hall, at), answers=FISH, by=hall.residents[who], now=NOW)


def states(hall):
    with hall.database.reading() as work:
        return [row.state for row in work.session.scalars(select(Appointment).order_by(Appointment.starts_at))]


def texts(hall, kind):
    with hall.database.reading() as work:
        query = select(Notice.text).where(Notice.kind == kind, Notice.channel == "sms").order_by(Notice.id)
        return list(work.session.scalars(query))


def test_one_day_called_off_leaves_the_others(kitchen):
    take(kitchen, 0)
    take(kitchen, 0, MONDAY + timedelta(days=1))
    resource = lunch(kitchen)
    with pytest.raises(NotNow, match="which"):
        kitchen.do(booking.close_offer, resource, reason="停电", by=kitchen.clerk, now=NOW)
    slot = slot_of(kitchen)
    told = kitchen.do(booking.close_offer, resource, reason="停电", slot_id=slot, by=kitchen.clerk, now=NOW)
    assert told == 1 and states(kitchen) == ["cancelled", "confirmed"]
    kitchen.do(booking.publish_ahead, now=NOW + timedelta(days=1))
    with kitchen.database.reading() as work:
        assert work.session.get(Slot, slot).closed and work.session.get(Resource, resource).active


def test_days_that_are_shut_are_told_once_to_each_and_their_standing_orders_come_again(kitchen):
    row = order(kitchen, kitchen.residents[0])
    take(kitchen, 1)
    window = {"starts_at": MONDAY - timedelta(hours=1), "ends_at": MONDAY + timedelta(days=3)}
    kitchen.do(booking.close, lunch(kitchen), reason="厨房检修", by=kitchen.clerk, now=NOW, **window)
    assert len(texts(kitchen, "days-closed")) == 1 and "9月21日、9月22日、9月23日" in texts(kitchen, "days-closed")[0]
    assert len(texts(kitchen, "offer-closed")) == 1  # who had one day
    lost = [date(2026, 9, day) for day in (21, 22, 23)]
    assert days_of(kitchen, row.id, "full") == lost
    kitchen.do(standing.go_on, row.id, now=NOW)
    assert days_of(kitchen, row.id, "full") == lost  # still shut
    with kitchen.database.unit_of_work() as work:
        work.session.get(Slot, slot_of(kitchen)).closed = False
    kitchen.do(standing.go_on, row.id, now=NOW)
    assert lost[0] in days_of(kitchen, row.id)
    with kitchen.database.reading() as work:
        assert work.session.get(StandingDay, (row.id, lost[1])).reason == "停开：厨房检修"


def test_one_day_is_moved_alone_and_its_old_time_is_not_made_again(kitchen):
    take(kitchen, 0)
    take(kitchen, 0, MONDAY + timedelta(days=1))
    resource, slot = lunch(kitchen), slot_of(kitchen)
    later = MONDAY + timedelta(hours=3)
    given = {"reason": "迟开", "slot_id": slot, "by": kitchen.clerk, "now": NOW}
    with pytest.raises(NotNow, match="another time"):
        kitchen.do(booking.move_offer, resource, MONDAY + timedelta(days=1), **given)
    assert kitchen.do(booking.move_offer, resource, later, **given) == 1
    with kitchen.database.reading() as work:
        times = list(work.session.scalars(select(Appointment.starts_at).order_by(Appointment.starts_at)))
    assert times == [later, MONDAY + timedelta(days=1)]
    kitchen.do(booking.publish_ahead, now=NOW + timedelta(days=1))
    with kitchen.database.reading() as work:
        day = select(Slot.starts_at).where(Slot.starts_at >= MONDAY, Slot.starts_at < MONDAY + timedelta(hours=12))
        assert list(work.session.scalars(day.join(Resource).where(Resource.offer == "zhiyuan.lunch"))) == [later]


def test_more_places_are_offered_to_who_waits_one_each(kitchen):
    for who in (0, 1):
        take(kitchen, who)
    for who in (2, 3, 4):
        day = {"resource_id": lunch(kitchen), "day": date(2026, 9, 21)}
        kitchen.do(booking.wait, by=kitchen.residents[who], now=NOW, **day)
    slot = slot_of(kitchen)
    with pytest.raises((NotFound, NotYours)):
        kitchen.do(booking.add_places, slot, 2, by=kitchen.stranger, now=NOW)
    with pytest.raises(Invalid):
        kitchen.do(booking.add_places, slot, 0, by=kitchen.clerk, now=NOW)
    kitchen.do(booking.add_places, slot, 2, by=kitchen.clerk, now=NOW)
    with kitchen.database.reading() as work:
        found = [row.state for row in work.session.scalars(select(Waiting).order_by(Waiting.id))]
        row = work.session.get(Slot, slot)
        assert found == ["offered", "offered", "waiting"] and (row.public_taken, row.public_capacity) == (4, 4)


def test_places_of_a_role_are_added_to_that_role(kitchen):
    need = kitchen.asked()
    with pytest.raises(Invalid):
        kitchen.do(booking.add_places, need.slot, 1, by=kitchen.villager, now=NOW)
    kitchen.do(booking.add_places, need.slot, 1, role="cut", by=kitchen.villager, now=NOW)
    with kitchen.database.reading() as work:
        rows = {row.role: row.capacity for row in offers.roles_of(work, [need.slot])[need.slot]}
        assert rows == {"cut": 3, "help": 3} and work.session.get(Slot, need.slot).public_capacity == 6


def test_one_resource_whose_rule_reads_wrong_keeps_back_no_other(kitchen):
    """The worker makes the others' times that night, and the job of the one that failed says which."""
    with kitchen.database.unit_of_work() as work:
        first = work.session.scalars(select(Resource).order_by(Resource.id)).first()
        broken = Resource(
            code="B0",
            unit_id=first.unit_id,
            kind="window",
            name="坏的窗口",
            matter="yuyue",
            policy={"book_until_days": "many"},
        )
        work.session.add(broken)
        work.session.flush()
        number = broken.id
    later = NOW + timedelta(days=9)
    with kitchen.database.unit_of_work() as work:
        assert booking.publish_ahead(work, now=later) > 0
    kitchen.work_off(later)
    with kitchen.database.reading() as work:
        (job,) = work.session.scalars(select(Job).where(Job.key.contains(f"publish-slots:resource:{number}:"))).all()
        assert job.error and job.state != "done"
