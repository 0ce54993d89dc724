"""邻里帮帮团 with several households at once: what no story of one of them can show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import booking, cases, register_rows
from engine.errors import NotNow
from engine.people import SYSTEM, units
from engine.reads.knowing import Person
from engine.records import library
from engine.store.models import BookingPlace, Document, Holding, Notice, Post, Resource, Slot, Task
from engine.workdays import local_date
from tests.cast import ROOT
from tests.offers.conftest import NOW, open_hall
from tests.offers.test_teams import joins

NEED = {
    "title": "换灯泡",
    "kind": "bulb",
    "gas": "no",
    "high": "no",
    "what": "厨房的灯不亮了，灯泡买好了",
    "risk": "门口有只狗，拴着",
    "alone": "no",
    "people": 1,
    "day": "2026-09-22",
    "from": "16:00",
    "until": "17:00",
    "where": "霞碧村三组",
}


@pytest.fixture
def hall(sqlite):
    here = open_hall(sqlite)
    with sqlite.unit_of_work() as work:
        town = units.by_code(work, "350526104")
        post = work.session.scalars(select(Post).where(Post.code == "window")).one()
        work.session.add(Holding(user_id=here.clerk.id, unit_id=town.id, post_id=post.id))
        for name in ("bangbang", "fanying"):
            library.publish(work, matters.load(ROOT, name), by=SYSTEM, now=NOW)
    here.clerk = here.actor(here.clerk.id)
    return here


def wanted(hall, asker=0, **need):
    """What somebody wants help with, looked at and open: its time."""
    who = hall.residents[asker]
    with hall.database.unit_of_work() as work:
        raw = {"need": NEED | need, "applicant": {"name": who.name, "phone": f"138{asker + 1:08d}"}}
        place = units.by_code(work, "350526104002")
        case_id = cases.submit(work, "bangbang", raw, by=who, now=NOW, place=place).case.id
    with hall.database.unit_of_work() as work:
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        cases.claim(work, task.id, version=task.version, by=hall.clerk, now=NOW)
        cases.complete(work, task.id, {"check": {"result": "pass"}}, version=task.version, by=hall.clerk, now=NOW)
        slot = work.session.scalars(select(Slot.id).join(Resource).where(Resource.case_id == case_id)).one()
    hall.work_off(NOW)
    return slot


def take(hall, slot, n):
    return hall.do(booking.take_place, slot, role="hand", by=hall.residents[n], now=NOW)


def test_whoever_helps_one_household_takes_no_other_at_that_time(hall):
    first, same = wanted(hall), wanted(hall, 1, **{"from": "16:30", "until": "17:30"})
    take(hall, first, 5)
    with pytest.raises(NotNow) as refused:
        take(hall, same, 5)
    assert "同一时间已经报了“换灯泡”" in refused.value.zh
    with hall.database.reading() as work:
        assert work.session.scalars(select(BookingPlace.slot_id).where(BookingPlace.live)).all() == [first]
    take(hall, same, 6)
    after = wanted(hall, 2, **{"from": "17:00", "until": "18:00"})
    take(hall, after, 5)  # it begins when the first ends


def paused(hall, n, until):
    """The station asks this volunteer to take no jobs until a day; the worker does what follows."""
    who = hall.residents[n]
    with hall.database.unit_of_work() as work:
        package = matters.load(ROOT, "zanting")
        library.publish(work, package, by=SYSTEM, now=NOW)
        volunteers = package.declared("registers")["volunteer"]
        of = Person(who.name, f"138{n + 1:08d}", None, who.id)
        register_rows.put(work, volunteers, {}, by=SYSTEM, now=NOW, state="active", whom=of, unit_id=hall.centre.id)
    with hall.database.unit_of_work() as work:
        said = {
            "volunteer": {"name": who.name, "phone": f"138{n + 1:08d}"},
            "pause": {"why": "money", "words": "帮邻居修灯收了二十元", "until": until},
        }
        cases.submit(work, "zanting", said, by=hall.clerk, now=NOW, channel="counter")
    hall.work_off(NOW)


def messages(hall, n):
    with hall.database.reading() as work:
        wanted = select(Notice.text).where(Notice.user_id == hall.residents[n].id).order_by(Notice.id)
        return list(work.session.scalars(wanted))


def test_who_is_paused_gives_back_what_they_had_taken_of_those_days(hall):
    first, waited = wanted(hall), wanted(hall, 1, day="2026-09-23")
    later = wanted(hall, 2, day="2026-10-08")
    for slot in (first, waited, later):
        take(hall, slot, 5)
    hall.work_off(NOW)
    with hall.database.unit_of_work() as work:
        here = work.session.get_one(Slot, waited)
        day, by = local_date(here.starts_at), hall.residents[7]
        booking.wait(work, resource_id=here.resource_id, day=day, role="hand", by=by, now=NOW)
    paused(hall, 5, "2026-09-30")
    with hall.database.reading() as work:
        live = select(BookingPlace.slot_id).where(BookingPlace.live, BookingPlace.user_id == hall.residents[5].id)
        assert work.session.scalars(live).all() == [later], "what comes after the pause stays"
    gone = list(dict.fromkeys(one for one in messages(hall, 5) if "因志愿服务站请您暂停接单" in one))
    assert ["9月22日" in one for one in gone] == [True, False] and "9月23日" in gone[1]
    assert any("9月23日" in one and "候补" in one for one in messages(hall, 7)), messages(hall, 7)
    found = [one for one in messages(hall, 0) if "请在家" in one]
    take(hall, first, 6)
    hall.work_off(NOW)
    assert [one for one in messages(hall, 0) if "请在家" in one] == found * 2, "the case waited for a neighbour again"


def test_of_a_team_the_one_who_is_paused_comes_not_and_the_others_do(hall):
    need, leader, one, two = hall.asked(), *hall.residents[1:4]
    led = [(joins(hall, member, leader), "help") for member in (one, two)]
    made = hall.do(booking.take_place, need.slot, led=led, by=hall.actor(leader.id), now=NOW)
    paused(hall, 2, "2026-09-30")
    with hall.database.reading() as work:
        live = select(BookingPlace.user_id).where(BookingPlace.live, BookingPlace.appointment_id == made.id)
        assert work.session.scalars(live).all() == [two.id]
    assert any(f"少了一位：{one.name}来不了" in text for text in messages(hall, 1)), "and the leader hears no reason"


def test_the_slip_names_who_comes_and_the_receipt_when_they_came_and_went(hall):
    slot = wanted(hall)
    made = take(hall, slot, 5)
    hall.work_off(NOW)
    came = datetime(2026, 9, 22, 8, tzinfo=UTC)
    hall.do(booking.check_in, made.code, by=SYSTEM, now=came)
    with hall.database.reading() as work:
        place = work.session.scalars(select(BookingPlace.id).where(BookingPlace.live)).one()
    gone = came + timedelta(minutes=25)
    hall.do(booking.check_out, place, fetched_by="本人", how="name", by=SYSTEM, now=gone)
    hall.work_off(came + timedelta(hours=2))
    hall.work_off(came + timedelta(days=8))  # nobody confirmed: it is done by what was signed at the door
    with hall.database.reading() as work:
        papers = {one.kind: one.facts for one in work.session.scalars(select(Document))}
    name = hall.residents[5].name
    assert papers["help_slip"]["helpers"] == [{"name": name}] and papers["help_slip"]["where"] == "霞碧村三组"
    [helper] = papers["help_receipt"]["helpers"]
    assert (helper["name"], helper["came_at"][11:16], helper["left_at"][11:16]) == (name, "16:00", "16:25")
