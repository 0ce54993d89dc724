"""A daughter at 360 px does for her mother, who has no telephone, what a bond lets her: a full lunch is waited for,
lunches are ordered for weeks, a ride is asked for, a book is renewed; teams, and the month's statements of both sides.
"""

import re
from datetime import timedelta

import pytest

from engine.workdays import local_date
from tests.browser.conftest import Site, axe, english_left
from tests.matches.conftest import KEY as RIDES
from tests.web.acting_for import furnish

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.xdist_group("browser")]


@pytest.fixture
def two(site: Site):
    made = furnish(site.database, site.cast, site.clock())
    site.bond, site.full, site.next = made.bond, made.full, made.next
    return site


def look(page, name):
    """Nothing of it is clipped, in English, or hard to use."""
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], name
    assert axe(page) == [] and english_left(page) == [], name


def test_a_daughter_does_for_her_mother_what_the_bond_lets_her(two):
    page = two.resident("13800000002", width=360)
    page.goto(f"/offers/{two.full}?for={two.bond}")
    look(page, "full")
    page.get_by_role("button", name="给王阿婆候补").click()
    page.wait_for_url(re.compile(r"/bookings$"))
    page.get_by_text("王阿婆").first.wait_for()
    look(page, "waiting")

    page.goto(f"/offers/{two.next}?for={two.bond}")
    page.get_by_role("link", name="按星期长期预订").click()
    page.get_by_label("到哪天为止").fill((two.clock() + timedelta(days=30)).date().isoformat())
    look(page, "order")
    page.get_by_role("button", name="就这样订").click()
    page.get_by_role("heading", name="我的长期预订").wait_for()
    assert "王阿婆" in page.inner_text("main")
    look(page, "orders")

    page.goto(f"/matches/{RIDES}/need?for={two.bond}")
    page.get_by_label("几个人坐").fill("1")
    page.get_by_label("没有", exact=True).first.check()
    page.get_by_label("没有", exact=True).last.check()
    page.get_by_label("万一联系不上").fill("许小妹 13800000002")
    page.get_by_label("不用绕，在路边等").check()
    page.get_by_label("同意把我的起点").check()
    page.get_by_label("从哪里").select_option("350526106202")
    page.get_by_label("到哪里").select_option("350526100")
    look(page, "ride")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name="登记", exact=True).wait_for()
    look(page, "ride_review")
    page.get_by_role("button", name="登记", exact=True).click()
    page.wait_for_url(re.compile(r"/my/matches/\d+"))
    assert "王阿婆" in page.inner_text("main")
    look(page, "ride_said")

    page.goto("/my-loans")
    page.get_by_role("button", name="续借《红楼梦》").click()
    page.get_by_text("续借好了").wait_for()
    look(page, "loans")
    page.goto("/loans/books")
    look(page, "catalogue")

    page.goto("/teams")
    page.get_by_text("请一位队员也来带队").click()
    page.get_by_role("button", name="请张三丰做第二位队长").click()
    page.get_by_text("第二位队长：张三丰").wait_for()
    look(page, "teams")
    page.goto(f"/offers/statement?month={local_date(two.clock()):%Y-%m}")
    page.get_by_role("link", name="王阿婆").click()
    page.get_by_text("本人付").first.wait_for()
    look(page, "statement")

    desk = two.staff("zhou")
    for address in (
        f"/desk/offers/statement?offer=shitang.lunch&month={local_date(two.clock()):%Y-%m}",
        f"/desk/loans/books?who=b:{two.bond}",
        "/desk/bonds",
        "/desk/offers",
    ):
        desk.goto(address)
        look(desk, address)
    assert two.troubles == []
