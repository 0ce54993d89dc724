"""我要反映 on a phone, from the home page to the receipt and its QR; then the dispatcher's page and the
supervisor's."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import Site, whole
from tests.browser.pictures import looked_at
from tests.services.test_fanying import centre

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_resident_reports_a_broken_lamp_by_phone_and_follows_it_by_the_receipts_code(site: Site):
    centre(site.database, site.cast, site.clock)
    page = site.resident("13800000001")
    page.goto("/")
    page.get_by_role("link", name="我要反映").click()
    page.get_by_role("link", name=re.compile("打电话")).wait_for()  # the telephone stays beside it
    looked_at(page)
    page.get_by_role("link", name="写下来，在网上反映").click()
    whole(page)
    page.get_by_label("没有", exact=True).check()
    page.get_by_label("有事要解决").check()
    page.get_by_label("请说说是什么事").fill("村口路灯坏了半个月，晚上看不见路")
    page.get_by_label("在哪里").fill("苏洋村村口")
    page.get_by_label("办完以后，可以打电话问我满不满意").check()
    looked_at(page)
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_text("苏洋村村口").first.wait_for()
    page.get_by_role("button", name=re.compile("提交|确认")).click()
    page.wait_for_url(re.compile("/receipt/"))
    assert "您反映的事收到了" in page.locator("[data-told]").inner_text()
    looked_at(page)
    number = page.locator("[data-number]").inner_text()

    from engine.reads.tracking import word_of

    stranger = site.page()
    stranger.goto(f"/track/{number}/{word_of(number)}")
    shown = stranger.locator("main").inner_text()
    assert "登记分流" in shown and "进城党群城市家园" in shown and "张三丰" not in shown and "13800000001" not in shown
    looked_at(stranger)
    stranger.get_by_role("button", name="催一催").click()
    stranger.get_by_text("已经催了").wait_for()
    stranger.get_by_role("button", name="大字版").click()
    stranger.goto(f"/track/{number}/{word_of(number)}")
    looked_at(stranger)

    clerk = site.staff("he")
    clerk.goto(f"/desk/cases/{number}")
    clerk.get_by_role("button", name=re.compile("签收")).click()
    clerk.wait_for_selector("[data-form][data-drawn]")
    looked_at(clerk)
    head = site.staff("wu")
    for path in ("/desk/overview", "/desk/overview/ratings?which=unrated", "/desk/overview/orders?which=solved"):
        head.goto(path)
        looked_at(head)
    assert not site.troubles
