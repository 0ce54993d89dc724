"""A market day on a phone: found on the board, followed, moved for rain, objected to; the town's head reviews it."""

from __future__ import annotations

import re

import pytest

from engine import matters, people
from engine.commands.worker import background
from engine.records import library
from tests.browser.conftest import Site, axe
from tests.browser.pictures import taken
from tests.cast import ROOT
from tests.commands import test_boards as acting
from tests.commands.test_boards import NOW

#: Where to keep what was seen, for who wants to look at it.

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def market(site: Site) -> Site:
    site.clock.now = NOW  # type: ignore[attr-defined]
    with site.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "ganxu"), by=people.SYSTEM, now=NOW)
    site.now, site.zhang, site.zhou = NOW, site.cast.zhang, site.cast.zhou  # type: ignore[attr-defined]
    return site


def test_a_market_day_is_found_followed_moved_and_objected_to_on_a_phone(market: Site) -> None:
    case_id = acting.asked(market)
    number = acting.entry_of(market, case_id).number
    head = market.staff("qian")
    head.get_by_role("link", name=re.compile("公开栏")).click()
    head.get_by_role("link", name=re.compile("苏洋墟")).first.click()
    taken(head)
    head.get_by_role("button", name="通过，公开").click()
    head.get_by_text("已公开，关注的人会收到通知。").wait_for()

    reader = market.resident("13800000002", width=360)
    reader.get_by_role("link", name="身边的服务").click()
    reader.get_by_role("link", name=re.compile("公开栏")).click()
    assert axe(reader) == []
    taken(reader)
    reader.get_by_role("link", name=re.compile("苏洋墟")).click()
    assert (
        "12月21日" in reader.locator(".yz-facts").inner_text()
        and "冬月十三" in reader.locator(".yz-facts").inner_text()
    )
    assert axe(reader) == []
    taken(reader)
    reader.get_by_role("button", name=re.compile("有变动告诉我")).click()
    reader.get_by_text("好的，改期、取消都会告诉您。").wait_for()

    organiser = market.resident("13800000001", width=360)
    organiser.goto("/mine")
    organiser.get_by_role("link", name=re.compile("赶墟")).first.click()
    organiser.get_by_text("下雨，改期").first.click()
    organiser.get_by_label("改到哪天").fill("2026-12-26T09:00")
    organiser.get_by_label("为什么改").fill("明天有大雨")
    organiser.get_by_label("我确定").first.check()
    organiser.get_by_role("button", name="下雨，改期").click()
    organiser.get_by_text("已经改期，关注的人会收到通知。").wait_for()
    while background.run(market.database, market.equipment, now=NOW):
        pass
    told = acting.texts(market, market.cast.users["xu"], "sms")  # type: ignore[arg-type]
    assert len(told) == 1 and "12月26日" in told[0] and f"{market.address}/board/{number}" in told[0]

    reader.goto(f"/board/{number}")
    assert "12月26日" in reader.locator(".yz-facts").inner_text()
    reader.get_by_text("我有意见").click()
    reader.get_by_label("您的意见").fill("摊位不要摆到敬老院门口")
    reader.get_by_role("button", name="发出去").click()
    reader.get_by_text(f"编号 {number}-1").wait_for()
    reader.get_by_role("link", name="不想再收").click()
    assert axe(reader) == []
    taken(reader)
    reader.get_by_role("button", name="不再提醒").first.click()
    reader.get_by_text("现在什么都不提醒您").wait_for()
    assert not market.troubles
