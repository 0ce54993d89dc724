"""我的信息 on a telephone: what the hall has, a copy of it behind a code, a consent taken back, a correction asked for
and answered at the desk."""

from __future__ import annotations

import re
import zipfile

import pytest

from engine.commands import cases
from tests.browser.conftest import Site, axe
from tests.cast import DAIBAN

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.wide]


def _fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_is_mine_is_shown_taken_away_corrected_and_no_longer_agreed_to(site: Site, tmp_path):
    with site.database.unit_of_work() as work:
        zhang = site.cast.zhang
        number = cases.apply_online(work, "daiban", DAIBAN, consent=True, by=zhang, now=site.clock()).case.number
        cases.reveal(work, 1, "phone", "contact", "打电话核对参保身份", by=site.cast.chen, now=site.clock())
    page = site.resident("13800000001", width=360)
    page.goto("/mine")
    page.get_by_role("link", name=re.compile("我的信息")).click()
    page.get_by_role("heading", name="我的信息", exact=True).wait_for()
    assert page.get_by_text("打电话核对参保身份").count() == 1 and page.get_by_text("13800000001").count() == 0
    assert axe(page) == [] and _fits(page)

    site.clock.on(minutes=2)  # they came in by a code: one a minute
    page.get_by_role("link", name="下载我的全部信息").click()
    page.get_by_role("button", name="发验证码到我的手机").click()
    page.get_by_label("6 位验证码").fill(page.locator("[data-shown-code]").inner_text())
    assert axe(page) == [] and _fits(page)
    with page.expect_download() as taken:
        page.get_by_role("button", name="下载", exact=True).click()
    taken.value.save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip") as packed:
        assert number in packed.read("data.json").decode() and "我的信息.html" in packed.namelist()

    page.goto("/mine/data/ask/correct")
    page.get_by_label("哪一件").select_option(number)
    page.get_by_label("哪里不对，应当是什么").fill("住址应当是苏洋村 9 号")
    page.get_by_role("button", name="提出").click()
    page.get_by_text("等办事单位答复").wait_for()
    page.get_by_role("link", name="撤回同意").click()
    page.get_by_role("heading", name="撤回以后会怎样").wait_for()
    assert axe(page) == [] and _fits(page)
    page.get_by_role("button", name="撤回同意").click()
    page.get_by_text("已撤回同意。").wait_for()

    desk = site.staff("zhao")
    desk.goto("/desk/data-requests")
    desk.get_by_text("苏洋村 9 号").click()
    desk.get_by_label("照办", exact=True).check()
    desk.get_by_label("答复").fill("核对户口簿，已更正住址")
    assert axe(desk) == []
    desk.get_by_role("button", name="答复").click()
    desk.get_by_text("已答复，并告诉了本人。").wait_for()
    page.reload()
    page.get_by_text("核对户口簿，已更正住址").wait_for()
    assert axe(page) == [] and _fits(page)
    assert [t for t in site.troubles if "422" not in t] == []
