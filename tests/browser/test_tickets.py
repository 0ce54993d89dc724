"""Walk in: a number at the machine, called at a window, taken in as a case; and a telephone that waits."""

import re

import pytest

from engine import matters, people
from engine.commands import queues
from engine.records import library
from engine.store.models import Case, Hall, Ticket
from tests.browser.conftest import Site, axe
from tests.cast import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def hall(site: Site):
    """A hall with a window of 龙门滩镇, where 周敏 sits, and one of the 医保局."""
    with site.database.unit_of_work() as work:
        listed = {
            "code": "jiayuan",
            "name": "进城党群城市家园办事大厅",
            "unit": "350526106",
            "address": "进城大道1号",
            "windows": [
                {"code": "1", "name": "龙门滩镇窗口", "unit": "350526106"},
                {"code": "3", "name": "医保窗口", "unit": "350526-YB"},
            ],
        }
        made = queues.put_halls(work, [listed])
        library.publish(work, matters.load(ROOT, "daoban"), by=people.SYSTEM, now=site.clock())
        return made[0].id


def test_from_the_machine_to_the_window_to_a_case(site: Site, hall):
    kiosk = site.staff("zhou", 360)
    kiosk.goto("/desk/halls/jiayuan")
    kiosk.get_by_role("button", name="把这台机器设为取号机").click()
    kiosk.get_by_role("link", name="导办").click()
    assert axe(kiosk) == []
    kiosk.get_by_role("button", name="80 岁以上").click()
    kiosk.locator(".yz-slip-number").wait_for()
    assert kiosk.locator(".yz-slip-number").inner_text() == "A001"
    assert axe(kiosk) == []
    kiosk.goto("/desk")
    assert "/desk/enter" in kiosk.url, "who was signed in at the machine is signed out"

    wall = site.page(1440, 900)
    wall.goto("/halls/jiayuan/wall")
    clerk = site.staff("zhou")
    clerk.goto("/desk/halls/jiayuan")
    clerk.get_by_role("button", name="1 号 龙门滩镇窗口").click()
    assert axe(clerk) == []
    clerk.keyboard.press("n")
    clerk.locator(".yz-callbar").get_by_text("已叫号").wait_for()
    wall.locator(".yz-wall-number", has_text="A001").wait_for()
    assert axe(wall) == []
    clerk.keyboard.press("s")
    clerk.locator(".yz-callbar").get_by_text("正在办理").wait_for()
    clerk.keyboard.press("o")
    clerk.wait_for_selector("[data-form][data-drawn]")
    assert "号 A001" in clerk.locator("main").inner_text()
    clerk.get_by_label("怎么称呼").fill("苏阿婆")
    clerk.get_by_label("要办什么").fill("孙子的医保")
    clerk.get_by_role("button", name="收件").click()
    clerk.get_by_text("已收件").wait_for()
    with site.database.reading() as work:
        ticket = work.session.query(Ticket).one()
        assert work.session.get(Case, ticket.case_id).applicant_name == "苏阿婆"
        number = work.session.get(Case, ticket.case_id).number
    clerk.goto("/desk/halls/jiayuan")
    clerk.keyboard.press("t")  # the receipt, at the size of a slip
    clerk.get_by_text("收了 1 件").wait_for()
    assert number in clerk.locator("main").inner_text() and axe(clerk) == []
    clerk.set_viewport_size({"width": 360, "height": 740})
    assert clerk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    clerk.set_viewport_size({"width": 1440, "height": 900})
    clerk.get_by_role("link", name="回到窗口").click()
    clerk.locator(".yz-callbar").get_by_text("正在办理").wait_for()
    clerk.keyboard.press("d")
    clerk.get_by_text("现在没有人在等").wait_for()
    assert [t for t in site.troubles if "403" not in t] == []


def test_a_telephone_in_the_hall_waits_and_is_told_its_window(site: Site, hall):
    from engine.reads import tickets as reads

    with site.database.reading() as work:
        code = reads.place_code(work.session.get(Hall, hall), site.clock())
    phone = site.page(360)
    phone.goto(f"/halls/jiayuan/here?c={code}")
    assert axe(phone) == []
    phone.get_by_label("60 到 79 岁").check()
    phone.get_by_role("button", name="取号").click()
    phone.get_by_text("下一位就是您").wait_for()
    assert axe(phone) == []
    clerk = site.staff("zhou")
    clerk.goto("/desk/halls/jiayuan")
    clerk.get_by_role("button", name="1 号 龙门滩镇窗口").click()
    clerk.get_by_role("button", name="叫下一位").wait_for()
    clerk.keyboard.press("n")
    phone.get_by_text(re.compile("请到 1 号窗口")).wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
