"""A number that was given to somebody else, and its owner of before who comes to a counter: on a telephone 360 pixels
wide and at a desk."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.store.models import AccountMerge
from tests.browser.conftest import Site, axe
from tests.browser.pictures import taken

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.xdist_group("browser")]

PHONE, DESK = 360, 1440
ID = "350526195003071239"


def code(page: Any, phone: str) -> None:
    """Sign in as far as the code goes."""
    page.goto("/enter")
    page.fill("#phone", phone)
    page.click("main button[type=submit]")
    page.fill("#code", page.locator("[data-shown-code]").inner_text())
    page.click("main button[type=submit]")


def test_a_number_changes_hands_and_its_owner_gets_everything_back_at_a_counter(site: Site) -> None:
    number = site.submit()
    site.clock.on(days=100)
    # somebody else has the number now
    stranger = site.page(PHONE)
    code(stranger, "13800000001")
    stranger.wait_for_url(re.compile("/enter/proof"))
    assert "张" not in stranger.locator("main").inner_text()
    taken(stranger, "proof")
    assert not axe(stranger)
    stranger.get_by_role("button", name="这是我新换的号码").click()
    stranger.wait_for_url(re.compile("/$"))
    stranger.goto("/mine")
    assert number not in stranger.content()
    # he has a new number, and an account by it in which there is nothing
    own = site.page(PHONE)
    code(own, "13900000009")
    own.wait_for_url(re.compile("/$"))
    own.goto("/mine")
    assert number not in own.content()
    taken(own, "mine")
    own.goto("/mine/number")
    taken(own, "number")
    own.get_by_label("新手机号").fill("13900000008")
    own.get_by_role("button", name="获取两个验证码").click()
    own.locator("[data-new-code]").wait_for()
    taken(own, "number-codes")
    assert not axe(own)
    # the counter
    site.clock.on(minutes=5)
    clerk = site.staff("zhou", DESK)
    clerk.goto("/desk/residents")
    clerk.get_by_label("身份证号、手机号或办件编号").fill("13900000009")
    clerk.get_by_role("button", name="查找").click()
    clerk.get_by_role("link", name="打开").click()
    taken(clerk, "account")
    clerk.get_by_label("另一个账号的身份证号").fill(ID)
    clerk.get_by_role("button", name="查找").click()
    taken(clerk, "found")
    clerk.get_by_role("link", name="看看合并以后").click()
    clerk.locator("[data-merge]").wait_for()
    taken(clerk, "merge")
    clerk.get_by_role("button", name="发验证码").click()
    clerk.get_by_label("他念给您的验证码").fill(clerk.locator("[data-shown-code]").inner_text())
    clerk.get_by_label("身份证号").fill(ID)
    clerk.get_by_label("事由").fill("旧号码停机，看了身份证原件")
    taken(clerk, "merge-filled")
    assert not axe(clerk)
    clerk.get_by_role("button", name="合并成一个账号").click()
    clerk.get_by_text("已合并成一个账号").wait_for()
    taken(clerk, "merged")
    clerk.goto("/desk/residents")
    taken(clerk, "merges")
    assert not axe(clerk)
    own.goto("/mine")
    own.get_by_text(number).wait_for()
    taken(own, "mine-again")
    stranger.goto("/mine")
    assert number not in stranger.content()
    with site.database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(AccountMerge)) == 1
    assert not site.troubles
