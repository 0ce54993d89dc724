"""A designer moves the cases that run onto the version just published: two go, the third says why, all come back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from engine.people import SYSTEM
from engine.store.models import Case
from tests import versions
from tests.browser.conftest import Site, axe, english_left
from tests.browser.pictures import taken
from tests.commands import acting


def drawing(text: str) -> str:
    """医保参保登记 is another step now, 办理登记."""
    return versions.replaced(("医保参保登记", "办理登记"))(versions.renamed("register", "enrol")(text))


def words(page: Any) -> list[str]:
    """Latin words on the page, but for what a version's hash says by chance."""
    return [word for word in english_left(page) if not re.fullmatch("[a-f]+", word)]


def running(site: Site) -> dict[str, str]:
    """Number of a case -> the version it goes by."""
    with site.database.reading() as work:
        return {number: version for number, version in work.session.execute(select(Case.number, Case.version_hash))}


@pytest.mark.browser
def test_two_of_three_cases_are_moved_the_third_says_why_and_all_are_put_back(site: Site) -> None:
    for _ in range(2):
        acting.taken_in(site.database, site.cast, site.clock)
    acting.accepted(site.database, site.cast, site.clock)
    to = versions.publish(site.database, "daiban", drawing, by=SYSTEM, now=site.clock())
    before = running(site)

    page = site.staff("designer")
    page.goto("/desk/matters/daiban")
    page.get_by_role("link", name="在办件迁移").click()
    page.get_by_role("heading", name="步骤对应").wait_for()
    assert page.get_by_text("看了 3 件：3 件可以迁，0 件不能。").is_visible()
    assert page.get_by_text("按位置猜的，请核对").first.is_visible()

    # the guess is wrong: nothing came in that step's place
    page.get_by_label("“医保参保登记”在新版本里是").select_option("")
    page.get_by_role("button", name="按选的再看一遍").click()
    page.get_by_text("看了 3 件：2 件可以迁，1 件不能。").wait_for()
    assert page.get_by_text("新版本里没有这一步").is_visible()
    assert page.locator("input[name=case]:checked").count() == 2
    assert axe(page) == [] and words(page) == []
    taken(page, "moving-looked")

    page.get_by_label("这一版的全部 3 件，迁不了的说明原因").check()
    page.get_by_label("为什么迁移").fill("登记一步换了表单")
    page.get_by_role("button", name="迁移", exact=True).click()
    page.get_by_text("正在迁移").wait_for()
    site.make_papers()  # the worker comes by
    page.get_by_role("link", name="刷新").click()
    page.locator("[data-plan=done]").wait_for()
    assert page.locator("[data-state=moved] li").count() == 2 and page.locator("[data-state=refused] li").count() == 1
    assert page.locator("[data-state=refused]").get_by_text("停在“医保参保登记”").is_visible()
    assert axe(page) == [] and words(page) == []
    taken(page, "moving-done")
    after = running(site)
    assert sorted(after.values()) == sorted([to, to, before[next(iter(before))]])

    # the case says so to its office
    number = next(number for number, version in after.items() if version == to)
    head = site.staff("zhao", 1280)
    head.goto(f"/desk/cases/{number}")
    assert "登记一步换了表单" in head.locator("[data-moved]").inner_text()
    assert axe(head) == []
    taken(head, "moving-case")

    page.get_by_role("button", name="撤销：没有人办过的回到原来的版本").click()
    site.make_papers()
    page.get_by_role("link", name="刷新").click()
    page.locator("[data-state=undone]").wait_for()
    assert running(site) == before
    assert site.troubles == []
