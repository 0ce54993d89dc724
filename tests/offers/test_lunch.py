"""A lunch that opens by itself: its times, its form, its price, its cut-off; no case is opened."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import booking
from engine.errors import Invalid, NotNow
from engine.people import SYSTEM
from engine.reads import bookings, offers
from engine.records import library
from engine.store.models import Appointment, Resource, Slot
from tests.offers.conftest import NOW, files_of

SATURDAY = datetime(2026, 9, 19, 3, 0, tzinfo=UTC)  # 11:00 in the hall


def slot_of(hall, at=SATURDAY):
    with hall.database.reading() as work:
        return work.session.scalars(
            select(Slot.id).join(Resource).where(Resource.offer == "zhiyuan.lunch", Slot.starts_at == at)
        ).one()


def order(hall, who, dish="fish", at=SATURDAY, now=NOW):
    return hall.do(booking.take_place, slot_of(hall, at), answers={"dish": dish}, by=who, now=now)


def test_every_unit_that_has_it_opens_it_as_declared(hall):
    with hall.database.reading() as work:
        rows = work.session.scalars(select(Resource).where(Resource.offer == "zhiyuan.lunch")).all()
        assert [(r.code, r.unit_id) for r in rows] == [("zhiyuan.lunch@350526-FW", hall.centre.id)]
        days = [s.astimezone().date() for s in work.session.scalars(select(Slot.starts_at).order_by(Slot.starts_at))]
    assert date(2026, 9, 20) not in days and len(days) == 9  # today's to the tenth day after, no Sunday


def test_what_is_declared_otherwise_opens_otherwise_and_what_is_gone_opens_no_more(hall):
    with hall.database.unit_of_work() as work:
        files = files_of()
        text = files["bpmn/zhiyuan/matter.yaml"].decode().replace("places: 2", "places: 30")
        files["bpmn/zhiyuan/matter.yaml"] = text.encode()
        library.publish(work, matters.package.read("zhiyuan", files), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW + timedelta(days=2))
        new = work.session.scalars(select(Slot).order_by(Slot.starts_at.desc())).first()
        assert new.public_capacity == 30
        library.publish(work, matters.package.read("zhiyuan", files_of(lunch=False)), by=SYSTEM, now=NOW)
        assert booking.establish(work) == 0
        assert work.session.scalars(select(Resource.active).where(Resource.offer == "zhiyuan.lunch")).all() == [False]


def test_the_price_is_shown_before_and_kept_with_the_booking(hall):
    who = hall.residents[0]
    with hall.database.reading() as work:
        seen = offers.chance(work, who, slot_of(hall), now=NOW)
        cost = offers.cost_for(work, who, seen, {"dish": "fish"}, now=NOW)
        assert [(one.part, one.cents) for one in cost.parts] == [("self", 500), ("county", 300)]
        assert seen.reasons == ()
    made = order(hall, who)
    with hall.database.reading() as work:
        row = work.session.get(Appointment, made.id)
        assert row.price == {"pays": 5, "county": 3} and row.answers == {"dish": "fish"}
        assert row.case_id is None
        own = offers.own(work, who, made.id, now=NOW)
        assert [(line.label, line.text) for line in own.answers] == [("吃什么", "鱼")]


def test_the_form_is_checked(hall):
    with pytest.raises(Invalid) as refused:
        order(hall, hall.residents[0], dish="stone")
    assert [e.field for e in refused.value.fields] == ["dish"]


def test_who_may_not_have_it_is_told_what_is_asked(hall):
    with hall.database.reading() as work:
        seen = offers.chance(work, hall.middle, slot_of(hall), now=NOW)
    assert [one.en for one in seen.reasons] == ["Required: 60 years of age"]
    with pytest.raises(NotNow, match="60 years of age"):
        order(hall, hall.middle)


def test_the_cut_off_holds_online_and_not_at_the_desk(hall):
    last = datetime(2026, 9, 18, 8, 0, tzinfo=UTC)  # 16:00 the day before
    order(hall, hall.residents[0], now=last)
    late = last + timedelta(minutes=1)
    with pytest.raises(NotNow) as refused:
        order(hall, hall.residents[1], now=late)
    assert "截止" in refused.value.zh
    person = booking.Person("居民3", "13800000003")
    made = hall.do(
        booking.take_place,
        slot_of(hall),
        answers={"dish": "plain"},
        person=person,
        channel="counter",
        by=hall.clerk,
        now=late,
    )
    assert made.user_id == hall.residents[2].id  # the hall knows them by telephone and name: age and village are known


def test_one_a_day_of_each_offer_not_of_all_together(hall):
    need = hall.asked(day="2026-09-19")
    order(hall, hall.residents[2])
    hall.do(booking.take_place, need.slot, role="help", by=hall.residents[2], now=NOW)
    with pytest.raises(NotNow, match="already have a booking that day"):
        order(hall, hall.residents[2])


def test_full_is_said_and_who_waits_gets_the_place(hall):
    made = [order(hall, hall.residents[n]) for n in range(2)]
    with pytest.raises(NotNow) as refused:
        order(hall, hall.residents[2])
    assert refused.value.facts["full"] is True
    with hall.database.reading() as work:
        resource = work.session.scalars(select(Resource.id).where(Resource.offer == "zhiyuan.lunch")).one()
    hall.do(booking.wait, resource_id=resource, day=SATURDAY.date(), by=hall.residents[2], now=NOW)
    hall.do(booking.cancel, made[0].id, version=made[0].version, by=hall.residents[0], now=NOW)
    with hall.database.reading() as work:
        offered = bookings.mine(work, hall.residents[2], now=NOW)
        own = offers.own(work, hall.residents[2], offered[0].id, now=NOW)
    assert [one.state for one in offered] == ["held"] and own.form.id == "zhiyuan-lunch"
    given = {"version": offered[0].version, "by": hall.residents[2], "now": NOW}
    with pytest.raises(Invalid):
        hall.do(booking.confirm, offered[0].id, **given)
    kept = hall.do(booking.confirm, offered[0].id, answers={"dish": "plain"}, **given)
    assert (kept.state, kept.price, kept.case_id) == ("confirmed", {"pays": 3, "county": 3}, None)


def test_a_post_opens_a_further_time(hall):
    at = SATURDAY + timedelta(days=1)
    row = hall.do(
        booking.open_offer,
        "zhiyuan.lunch",
        hall.centre.id,
        name="重阳加餐",
        starts_at=at,
        ends_at=at + timedelta(hours=1),
        by=hall.clerk,
        now=NOW,
    )
    with hall.database.reading() as work:
        slot = work.session.scalars(select(Slot).where(Slot.resource_id == row.id)).one()
        assert (slot.starts_at, slot.public_capacity, row.case_id) == (at, 2, None)
        assert "重阳加餐" in [one.name for one in offers.list_open(work, offer="zhiyuan.lunch", now=NOW)]
    with pytest.raises(NotNow, match="opened by a case"):
        hall.do(
            booking.open_offer,
            "zhiyuan.job",
            hall.centre.id,
            starts_at=at,
            ends_at=at + timedelta(hours=1),
            by=hall.clerk,
            now=NOW,
        )


def test_lists_cost_two_statements_whatever_there_is(hall):
    from sqlalchemy import event

    hall.asked()
    seen = []
    with hall.database.reading() as work:
        offers.list_open(work, now=NOW)  # places are read once
    event.listen(hall.database.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    with hall.database.reading() as work:
        assert len(offers.list_open(work, now=NOW)) == 10
    of_slots = [text for text in seen if " slot" in text]
    assert len(of_slots) == 2 and len(seen) <= 4  # (a reader begins, and looks whether the units have changed)


def test_a_matter_that_is_published_is_open_when_the_worker_comes_by_not_in_the_coming_night(hall):
    from engine.commands.booking import due

    files = files_of()
    text = files["bpmn/zhiyuan/matter.yaml"].decode().replace("at: centre", "at: [centre, village]")
    files["bpmn/zhiyuan/matter.yaml"] = text.encode()
    with hall.database.unit_of_work() as work:
        package = matters.package.read("zhiyuan", files)
        library.publish(work, package, by=SYSTEM, now=NOW)
        due.open_offers(work, package, now=NOW)
    hall.work_off(NOW)
    with hall.database.reading() as work:
        codes = work.session.scalars(select(Resource.code).where(Resource.offer == "zhiyuan.lunch", Resource.active))
        assert sorted(code.partition("@")[2] for code in codes) == ["350526-FW", "350526104001", "350526104002"]
