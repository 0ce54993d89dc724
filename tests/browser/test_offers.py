"""A village's need at the width of a small phone: found, taken in three taps, seen, given back; and the desk's week."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import people
from engine.commands import booking, cases
from engine.people import units
from engine.store.models import Task
from tests import centre as city_home
from tests.browser.conftest import Site, axe, english_left

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

NEED = {
    "kind": "care",
    "title": "给老人理发",
    "what": "祠堂里摆好椅子，请自带推子",
    "from": "09:00",
    "until": "11:00",
    "cut": 1,
    "help": 3,
    "where": "霞碧村祠堂东厢",
}


@pytest.fixture
def need(site: Site):
    """霞碧村 asked, the station checked: one place to cut hair, which 许小妹 has, and three to help."""
    now = site.clock()
    with site.database.unit_of_work() as work:
        city_home.opened(work, site.cast.users["zhou"], "zhiyuan", now=now)
    with site.database.reading() as work:
        clerk = people.load(work, site.cast.users["zhou"], now=now)
        xu = people.load(work, site.cast.users["xu"], now=now)
    with site.database.unit_of_work() as work:
        raw = {
            "need": NEED | {"day": (now + timedelta(days=8)).date().isoformat()},
            "applicant": {"name": "张三丰", "phone": "13800000001"},
        }
        place = units.by_code(work, "350526106202")
        case_id = cases.submit(work, "zhiyuan", raw, by=site.cast.zhang, now=now, place=place).case.id
    with site.database.unit_of_work() as work:
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        cases.claim(work, task.id, version=task.version, by=clerk, now=now)
        cases.complete(work, task.id, {"check": {"result": "pass"}}, version=task.version, by=clerk, now=now)
    with site.database.unit_of_work() as work:
        from engine.reads import offers

        slot = offers.list_open(work, now=now)[0].slot_id
        booking.take_place(work, slot, role="cut", by=xu, now=now)
    return slot


def test_a_resident_takes_a_place_sees_where_it_is_and_gives_it_back(site: Site, need):
    page = site.resident("13800000001", width=360)
    page.goto("/around")
    page.get_by_role("link", name="报名和预订").click()
    assert axe(page) == [] and english_left(page) == []
    assert "东厢" not in page.content()
    page.get_by_role("link", name="给老人理发").click()  # first tap
    page.get_by_label("帮手").check()  # second: 理发 is full and cannot be chosen
    assert page.get_by_label("理发").is_disabled()
    assert axe(page) == [] and english_left(page) == []
    page.get_by_role("button", name="我报名").click()  # third
    page.wait_for_url(re.compile(r"/bookings/\d+"))
    assert "霞碧村祠堂东厢" in page.inner_text("main") and "帮手" in page.inner_text("main")
    assert axe(page) == [] and english_left(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    desk = site.staff("zhou")
    desk.goto("/desk/offers?day=2026-09-26")
    assert "帮手 1/3" in desk.inner_text("main") and "张*丰" in desk.inner_text("main")
    assert axe(desk) == [] and english_left(desk) == []

    page.get_by_text("来不了？").click()
    page.get_by_role("button", name="取消").click()
    page.get_by_text("已取消").first.wait_for()
    desk.reload()
    assert "帮手 0/3" in desk.inner_text("main")
    assert site.troubles == []
