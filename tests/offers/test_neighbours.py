"""邻里帮帮团 with several households at once: what no story of one of them can show."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import booking, cases
from engine.errors import NotNow
from engine.people import SYSTEM, units
from engine.records import library
from engine.store.models import BookingPlace, Holding, Post, Resource, Slot, Task
from tests.cast import ROOT
from tests.offers.conftest import NOW, open_hall

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
    """What somebody wants help with, looked at and open: its case and its slot."""
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
    return case_id, slot


def take(hall, slot, n):
    return hall.do(booking.take_place, slot, role="hand", by=hall.residents[n], now=NOW)


def test_whoever_helps_one_household_takes_no_other_at_that_time(hall):
    (_one, first), (_two, same) = wanted(hall), wanted(hall, 1, **{"from": "16:30", "until": "17:30"})
    take(hall, first, 5)
    with pytest.raises(NotNow) as refused:
        take(hall, same, 5)
    assert "同一时间已经报了“换灯泡”" in refused.value.zh
    with hall.database.reading() as work:
        assert work.session.scalars(select(BookingPlace.slot_id).where(BookingPlace.live)).all() == [first]
    take(hall, same, 6)
    _three, after = wanted(hall, 2, **{"from": "17:00", "until": "18:00"})
    take(hall, after, 5)  # it begins when the first ends
