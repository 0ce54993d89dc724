"""A resident registers as a volunteer on the telephone; the station checks; the register knows them."""

from __future__ import annotations

import re

import pytest

from engine import matters, people
from engine.records import library
from tests.browser.conftest import Site, axe, whole
from tests.cast import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_volunteer_registers_is_checked_and_reads_what_is_kept_of_them(site: Site):
    with site.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "dengji_zhiyuanzhe"), by=people.SYSTEM, now=site.clock())
    resident = site.resident("13800000001", width=360)
    resident.goto("/apply/dengji_zhiyuanzhe")
    whole(resident)
    resident.get_by_label("姓名").first.fill("张三丰")
    resident.get_by_label("身份证号").first.fill("350526195003071239")
    resident.get_by_label("手机号").first.fill("13800000001")
    resident.get_by_label("理发").check()
    resident.get_by_label("周末").check()
    resident.get_by_label("没有", exact=True).first.check()
    resident.get_by_label("满了").check()
    resident.get_by_role("button", name="下一步：核对").click()
    resident.get_by_role("button", name="同意并提交").click()
    number = resident.locator("[data-number]").inner_text()

    clerk = site.staff("zhou")
    clerk.goto(f"/desk/cases/{number}")
    clerk.get_by_role("button", name=re.compile("签收")).click()
    clerk.wait_for_selector("[data-form][data-drawn]")
    clerk.get_by_label("属实，登记").check()
    clerk.get_by_role("button", name="办好，往下走").click()
    clerk.get_by_text("已办好。").wait_for()
    clerk.get_by_role("link", name="台账", exact=True).click()
    clerk.get_by_role("link", name="志愿者", exact=True).click()
    clerk.locator("tbody tr").first.wait_for()
    assert axe(clerk) == []
    clerk.get_by_role("link", name="张*丰").click()
    clerk.get_by_role("heading", name="内容").wait_for()
    assert axe(clerk) == []
    assert "3505**********1239" in clerk.locator("main").inner_text()

    resident.goto("/mine")
    resident.get_by_role("link", name=re.compile("我的台账")).click()
    shown = resident.locator("main").inner_text()
    assert "志愿者" in shown and "在册" in shown and "350526195003071239" in shown
    assert axe(resident) == []
    assert resident.evaluate("document.documentElement.scrollWidth") <= 360
    assert not site.troubles
