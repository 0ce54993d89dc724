"""A ride at the width of a small phone: the rider says where to, asks a driver, and has the slip once he said yes."""

import os
import re
from datetime import time, timedelta

import pytest

from engine import matters, people
from engine.commands import booking, matching
from engine.commands.registers import editing
from engine.records import library
from engine.store.models import User
from engine.workdays import local_date
from tests.browser.conftest import Site, axe, english_left
from tests.cast import ROOT
from tests.matches.conftest import KEY, SEATS, work_off

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DRIVER = {
    "licence_until": "2030-01-01",
    "plate": "闽C12345",
    "seats": 5,
    "inspection_until": "2029-01-01",
    "policy": "PDZA20263505000018",
    "insurance_until": "2029-01-01",
}


@pytest.fixture
def supply(site: Site):
    """张三丰 drives from 霞碧村 to 浔中镇 tomorrow morning."""
    now = site.clock()
    with site.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "shunfeng"), by=people.SYSTEM, now=now)
    with site.database.unit_of_work() as work:
        driver = work.session.get(User, site.cast.users["zhang"])
        who = {"name": driver.name, "phone": driver.phone, "id_number": driver.id_number}
        zhou = people.load(work, site.cast.users["zhou"], now=now)
        editing.add(work, "driver", DRIVER, person=who, state="active", by=zhou, now=now)
    day = local_date(now) + timedelta(days=1)
    with site.database.unit_of_work() as work:
        stops = ("350526106202", "350526106", "350526100")
        starts, until = booking.local(day, time(8)), booking.local(day, time(9))
        return matching.say(
            work,
            KEY,
            "supply",
            stops=stops,
            starts_at=starts,
            until_at=until,
            answers=SEATS,
            by=site.cast.zhang,
            now=now,
        ).id


def test_a_rider_finds_a_driver_who_says_yes_and_both_have_the_slip(site: Site, supply):
    page = site.resident("13800000002", width=360)
    page.goto("/around")
    page.get_by_role("link", name="互相帮").click()
    assert "霞碧村" in page.inner_text("main") and "张*丰" in page.inner_text("main")
    assert axe(page) == [] and english_left(page) == []
    page.get_by_role("link", name="找顺风车").click()
    page.get_by_label("几个人坐").fill("1")
    page.get_by_label("没有", exact=True).first.check()
    page.get_by_label("没有", exact=True).last.check()
    page.get_by_label("万一联系不上").fill("许大姐 13900000000")
    page.get_by_label("不用绕，在路边等").check()
    page.get_by_label("同意把我的起点").check()
    page.get_by_label("从哪里").select_option("350526106202")
    page.get_by_label("到哪里").select_option("350526100")
    assert axe(page) == [] and english_left(page) == []
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name="登记", exact=True).click()
    page.wait_for_url(re.compile(r"/my/matches/\d+"))
    assert "闽C12345" not in page.content()
    page.get_by_role("button", name="我想坐这辆").click()
    page.get_by_text("等对方答复").first.wait_for()
    assert axe(page) == [] and english_left(page) == []

    driver = site.resident("13800000001", width=360)
    driver.goto(f"/my/matches/{supply}")
    driver.get_by_role("button", name="同意").click()
    driver.get_by_role("heading", name="同乘确认单").wait_for()
    assert "13800000002" in driver.inner_text("main")
    assert axe(driver) == [] and english_left(driver) == []
    work_off(site.database, site.clock())  # the paper is drawn
    page.reload()
    page.get_by_role("link", name="打开同乘确认单（PDF）").wait_for()
    assert axe(page) == [] and english_left(page) == []
    assert "闽C12345" in page.inner_text("main") and "13800000001" in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if to := os.environ.get("LOOK"):
        page.screenshot(path=f"{to}/ride.png", full_page=True)
        slip = os.path.join(to, "slip.pdf")
        with open(slip, "wb") as file:
            file.write(
                page.request.get(
                    site.address + page.get_by_role("link", name="打开同乘确认单（PDF）").get_attribute("href")
                ).body()
            )

    desk = site.staff("zhou")
    desk.goto(f"/desk/matches?day={(local_date(site.clock()) + timedelta(days=1)).isoformat()}")
    assert "张*丰" in desk.inner_text("main") and "配上了" in desk.inner_text("main")
    assert axe(desk) == [] and english_left(desk) == []
    if to := os.environ.get("LOOK"):
        desk.screenshot(path=f"{to}/ride_desk.png", full_page=True)

    page.get_by_text("对方要收钱？").click()
    page.get_by_text("以后不想再和对方一起？").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if to := os.environ.get("LOOK"):
        page.screenshot(path=f"{to}/ride_asks.png", full_page=True)
    page.get_by_role("button", name="对方要收钱").click()
    page.get_by_text("钱不用付，协调员会来核实").first.wait_for()
    page.get_by_text("以后不想再和对方一起？").click()
    page.get_by_role("button", name="以后不再一起").click()
    page.get_by_text("您说过以后不再和对方一起。").wait_for()
    assert axe(page) == [] and english_left(page) == []
    assert not page.get_by_role("button", name="我想坐这辆").count()
    if to := os.environ.get("LOOK"):
        page.screenshot(path=f"{to}/ride_apart.png", full_page=True)
    assert site.troubles == []
