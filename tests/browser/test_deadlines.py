"""Deadlines in a real browser: a clerk asks for more time, the head gives it, the resident sees the new day."""

import re
from datetime import timedelta

import pytest

from engine.records import heartbeats
from tests import permit
from tests.browser.conftest import Site, axe, english_left

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def _sound(site: Site, page, *, words: bool = True) -> None:
    assert axe(page) == [], page.url
    if words:
        assert english_left(page) == [], page.url
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


def test_a_clerk_asks_the_head_approves_and_the_resident_sees_the_new_day(site: Site):
    number = permit.open_case(site)
    clerk = site.staff("wang")
    clerk.goto(f"/desk/cases/{number}#time")
    clerk.get_by_role("link", name="申请延期…").click()
    _sound(site, clerk)
    clerk.get_by_role("button", name="提出申请").click()
    clerk.get_by_role("link", name=re.compile("请填写延期理由")).wait_for()
    clerk.get_by_label("延期理由（会告诉申请人）").fill("须到现场核实")
    clerk.keyboard.press("Control+Enter")
    clerk.get_by_text("已提出延期申请").wait_for()
    assert clerk.get_by_role("tab", name="时限").get_attribute("aria-selected") == "true"
    assert clerk.get_by_text("等待批准延期：").is_visible()

    head = site.staff("zhao", width=390)
    head.get_by_role("link", name=re.compile("待批延期 ?1")).click()
    _sound(site, head)
    head.get_by_role("link", name=re.compile("食品小作坊许可")).click()
    _sound(site, head)
    head.get_by_role("button", name="批准：先看结果").click()
    assert "10月22日（周四）17:30 前" in head.locator("[data-plan]").inner_text()
    _sound(site, head)
    head.get_by_role("button", name="确认批准").click()
    head.get_by_text("已批准延期，申请人和承办人收到通知。").wait_for()

    resident = site.resident("13800000001")
    resident.goto(f"/mine/{number}")
    assert "10月22日（周四）17:30 前" in resident.locator("main").inner_text()
    assert [one for one in site.troubles if "422" not in one] == []  # what was refused on purpose


def test_suspending_is_shown_before_it_is_done(site: Site):
    number = permit.open_case(site)
    page = site.staff("zhao")
    page.goto(f"/desk/cases/{number}#time")
    page.get_by_role("link", name="挂起（特别程序）…").click()
    page.get_by_role("button", name="先看结果").click()
    page.get_by_role("link", name=re.compile("请选一个法定事由")).click()
    assert page.evaluate("document.activeElement.id") == "cause"
    _sound(site, page)
    page.get_by_label("检测").check()
    page.get_by_label("多少").fill("5")
    page.get_by_label(re.compile("申请人要准备什么")).fill("样品三份")
    page.get_by_role("button", name="先看结果").click()
    plan = page.locator("[data-plan]").inner_text()
    assert "10月15日（周四）" in plan and "申请人和代办员" in plan
    _sound(site, page)
    page.get_by_role("button", name="确认挂起").click()
    page.get_by_text("已挂起，时限停住").wait_for()
    assert page.get_by_role("link", name="激活（恢复计时）…").is_visible()
    _sound(site, page)
    page.goto("/desk/absences/handover")
    page.get_by_label("谁的件").select_option(label="王丽（德化县医疗保障局·审核）")
    page.get_by_label("交给谁").select_option(label="李明（德化县医疗保障局·审核）")
    page.get_by_role("button", name="先看有哪些").click()
    page.get_by_role("heading", name="会移交 1 项").wait_for()
    _sound(site, page)
    assert [one for one in site.troubles if "422" not in one] == []  # what was refused on purpose


@pytest.mark.wide
@pytest.mark.parametrize("width", [390, 1440])
def test_the_pages_of_time_and_operations_are_sound(site: Site, width):
    permit.open_case(site)
    page = site.staff("wu", width)
    page.goto("/desk/calendar")
    _sound(site, page)
    page.fill("#text", "文件：台风停工通知\n公布日期：2026-09-18\n放假：\n  2026-09-22：台风停工\n")
    page.get_by_role("button", name="先看哪些时限会变").click()
    page.get_by_role("heading", name="发布以后会这样").wait_for()
    _sound(site, page)
    page.get_by_role("button", name="确认发布").click()
    page.get_by_text("1 个办件的时限跟着变").wait_for()
    page.goto("/desk/extensions")
    _sound(site, page)
    page.goto("/desk/absences")
    page.get_by_role("button", name="安排代理").click()
    page.get_by_role("link", name=re.compile("请选一个人")).click()
    assert page.evaluate("document.activeElement.id") == "agent"
    _sound(site, page)
    page = site.staff("operator", width)
    page.goto("/desk/operations")
    _sound(site, page)
    with site.database.unit_of_work() as work:
        heartbeats.beat(work, heartbeats.Reading("hall-1", "b1", 1000.0, site.clock()))
        heartbeats.beat(work, heartbeats.Reading("hall-1", "b1", 1010.0, site.clock() + timedelta(days=1)))
    page.reload()
    _sound(site, page, words=False)  # a machine's name is what it is
    page.get_by_role("button", name=re.compile("确认时钟")).click()
    page.get_by_text("已确认 hall-1 的时间").wait_for()
    assert [one for one in site.troubles if "422" not in one] == []  # what was refused on purpose
