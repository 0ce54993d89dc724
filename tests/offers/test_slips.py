"""接送单: what is noted of a child at the door of the half past four school, and the slip that stands when it has left:
one a child a day, made by nobody, read by its guardian alone."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import booking, register_rows
from engine.commands.hall import outside
from engine.errors import Invalid, NotFound
from engine.people import SYSTEM
from engine.reads import attending, knowing, offers
from engine.records import library
from engine.store.models import Appointment, BookingPlace, Document, Resource, Slot
from tests.cast import ROOT
from tests.offers.conftest import NOW
from tests.offers.test_for_others import bound

AT = datetime(2026, 9, 21, 8, 0, tzinfo=UTC)  # Monday 16:00
SEEN = {"warm": "36.6", "mood": "good"}
LET = {"check": "list"}


@pytest.fixture
def school(hall):
    """Two children without an account, each booked for by its guardian."""
    with hall.database.unit_of_work() as work:
        for name in ("kanhai", "sidianban"):
            library.publish(work, matters.load(ROOT, name), by=SYSTEM, now=NOW)
        booking.publish_ahead(work, now=NOW)
        one = library.declared(work, "registers")["school_child"][0]
        hall.children = []
        for n, name in enumerate(("张小宝", "陈小妹")):
            child = knowing.Person(name, None, f"35052620220201612{n}")
            register_rows.put(work, one, {"small": "no"}, whom=child, unit_id=hall.centre.id, by=SYSTEM, now=NOW)
            hall.children.append(child)
        query = select(Slot.id).join(Resource).where(Resource.offer == "sidianban.afternoon", Slot.starts_at == AT)
        hall.slot = work.session.scalars(query).one()
    hall.guardians, hall.places = [], []
    for n, child in enumerate(hall.children):
        bond = bound(hall, child, hall.residents[n], kind="guardian")
        by = hall.actor(hall.residents[n].id)
        taken = hall.do(booking.take_place, hall.slot, answers={"snack": "yes"}, bond_id=bond, by=by, now=NOW)
        hall.guardians.append(hall.actor(hall.residents[n].id))
        with hall.database.reading() as work:
            hall.places.append(
                work.session.scalars(select(BookingPlace.id).where(BookingPlace.appointment_id == taken.id)).one()
            )
    return hall


def come(hall, n=0, noted=SEEN, now=AT):
    given = {"brought_by": "妈妈", "noted": noted, "by": hall.clerk, "now": now}
    return hall.do(booking.arrive, hall.slot, place_id=hall.places[n], **given)


def go(hall, n=0, noted=LET, now=AT + timedelta(hours=2)):
    given = {"fetched_by": "外婆李阿婆", "noted": noted, "by": hall.clerk, "now": now}
    return hall.do(booking.depart, hall.slot, place_id=hall.places[n], **given)


def test_a_child_who_came_and_left_has_one_slip_of_that_day(school):
    come(school)
    with school.database.reading() as work:
        assert work.session.scalars(select(Document)).all() == []
    go(school)
    with school.database.reading() as work:
        [paper] = work.session.scalars(select(Document)).all()
        assert (paper.kind, paper.case_id, paper.unit_id) == ("child_slip", None, school.centre.id)
        slip = paper.facts["slip"]
        assert (slip["name"], slip["day"]) == ("张小宝", "2026年9月21日")
        assert (slip["came_clock"], slip["brought_by"], slip["came_by"]) == ("16:00", "妈妈", "工作人员900")
        assert (slip["left_clock"], slip["fetched_by"], slip["left_by"]) == ("18:00", "外婆李阿婆", "工作人员900")
        assert slip["came"] == [{"title": "体温（度）", "text": "36.6"}, {"title": "精神", "text": "好"}]
        assert slip["left"] == [{"title": "凭什么放的", "text": "名单上的人，照片对得上"}]


def test_its_guardian_has_it_on_the_booking_and_nobody_else_has(school):
    come(school)
    go(school)
    with school.database.reading() as work:
        made = work.session.get_one(BookingPlace, school.places[0]).appointment_id
        own = offers.own(work, school.guardians[0], made, now=AT)
        assert attending.slips(work, own.places) == [(school.places[0], "接送单")]
        for other in (school.guardians[1], school.residents[5], school.clerk, school.villager):
            with pytest.raises(NotFound):
                attending.slip(work, school.places[0], actor=other)
    school.work_off(AT + timedelta(hours=3))
    with school.database.reading() as work:
        found = attending.slip(work, school.places[0], actor=school.guardians[0])
    assert found.name == "接送单.pdf"


def test_at_the_door_the_proof_the_temperature_and_the_mood_have_to_be_noted(school):
    with pytest.raises(Invalid) as refused:
        come(school, noted={"warm": "三十六"})
    assert [(e.label, e.zh) for e in refused.value.fields] == [
        ("体温（度）", "“三十六”不是数字。"),
        ("精神", "请填写。"),
    ]
    come(school)
    with pytest.raises(Invalid) as refused:
        go(school, noted={"check": "wechat"})
    assert "名单上的人，照片对得上" in refused.value.fields[0].zh
    with school.database.reading() as work:
        assert work.session.get_one(BookingPlace, school.places[0]).checked_out_at is None


def test_a_child_with_a_fever_is_not_signed_in_and_it_is_said_what_to_do(school):
    with pytest.raises(Invalid) as refused:
        come(school, noted={**SEEN, "warm": "37.5"})
    assert "先隔开，请监护人来" in refused.value.fields[0].zh
    assert come(school, noted={**SEEN, "warm": "37.4"}).state == "checked_in"


def test_the_door_shows_what_was_noted(school):
    come(school)
    go(school)
    with school.database.reading() as work:
        [one, other] = attending.door(work, school.clerk, school.slot, now=AT).places
        assert [text for _zh, _en, text in one.noted] == ["36.6", "好", "名单上的人，照片对得上"]
        assert other.noted == ()


def test_when_the_booking_is_kept_no_longer_the_slip_says_nothing_of_anybody(school):
    come(school)
    go(school)
    school.work_off(AT + timedelta(hours=3))
    with school.database.unit_of_work() as work:
        ids = work.session.scalars(select(Appointment.id)).all()
        outside.blank(work, Appointment, ids, now=AT + timedelta(days=1200))
    with school.database.reading() as work:
        [paper] = work.session.scalars(select(Document)).all()
        assert (paper.state, paper.file_id, paper.facts) == ("void", None, {"organ": {"name": "进城党群城市家园"}})
        assert work.session.get_one(BookingPlace, school.places[0]).noted is None
