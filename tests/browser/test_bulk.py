"""批量 in the inbox: picked by mouse or `x`, done together, a result for each row."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.store.models import Task
from tests.between.small import publish, submit
from tests.browser.conftest import Site, axe, english_left
from tests.browser.pictures import taken
from tests.commands.test_bulk import MANY

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_rows_are_picked_by_key_signed_for_together_and_done_with_one_form(site: Site, tmp_path):
    publish(site.database, site.clock(), MANY)
    for _ in range(4):
        submit(site.database, "small_many", site.cast.zhang, site.clock())
    page = site.staff("wang")
    page.goto("/desk/list/open")
    claim = page.get_by_role("button", name="批量签收")
    assert claim.is_disabled()
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("x")
    assert page.locator("[data-picked]").inner_text() == "选了 2 行"
    page.keyboard.press("x")
    assert page.locator("[data-picked]").inner_text() == "选了 1 行"
    page.get_by_label("全选").check()
    assert page.locator("[data-picked]").inner_text() == "选了 4 行"
    assert axe(page) == [] and english_left(page) == []
    taken(page, "bulk-inbox")
    # Meanwhile a colleague takes one: that row says so, the others are done.
    with site.database.unit_of_work() as work:
        first = work.session.scalars(select(Task).order_by(Task.id)).first()
        cases.claim(work, first.id, version=first.version, by=site.cast.li, now=site.clock())
    claim.click()
    page.locator("[data-bulk-result]").wait_for()
    assert page.locator("[data-bulk-result]").inner_text() == "办成 3 行，没办成 1 行"
    assert "李*" in page.locator("tbody").inner_text()
    assert axe(page) == [] and english_left(page) == []
    taken(page, "bulk-claimed")

    page.get_by_role("link", name="回待办").click()
    page.get_by_label("全选").check()
    page.get_by_role("button", name="批量办理").click()
    page.wait_for_selector("[data-form][data-drawn]")
    assert page.locator("aside li").count() == 3
    taken(page, "bulk-ask")
    assert axe(page) == [] and english_left(page) == []
    page.get_by_label("意见").fill("行")
    page.get_by_role("button", name="确认批量办理").click()
    page.locator("[data-bulk-result]").wait_for()
    assert page.locator("[data-bulk-result]").inner_text() == "办成 3 行，没办成 0 行"
    assert not site.troubles


def test_rows_are_handed_to_a_colleague_with_a_reason_on_a_narrow_screen_too(site: Site):
    publish(site.database, site.clock(), MANY)
    for _ in range(2):
        submit(site.database, "small_many", site.cast.zhang, site.clock())
    with site.database.unit_of_work() as work:
        for task in work.session.scalars(select(Task)).all():
            cases.claim(work, task.id, version=task.version, by=site.cast.wang, now=site.clock())
    page = site.staff("wang", width=390)
    page.goto("/desk")
    page.get_by_label("全选").check()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    taken(page, "bulk-narrow")
    page.get_by_role("button", name="批量转办").click()
    page.get_by_role("button", name="确认批量转办").click()
    assert "请选一个" in page.locator("[data-errors-summary]").inner_text()
    page.get_by_label("交给谁").select_option(label="李明（德化县医疗保障局·审核）")
    page.get_by_label("转办理由").fill("我明天请假")
    page.get_by_role("button", name="确认批量转办").click()
    assert page.locator("[data-bulk-result]").inner_text() == "办成 2 行，没办成 0 行"
    with site.database.reading() as work:
        assert set(work.session.scalars(select(Task.assignee_id))) == {site.cast.li.id}
    assert [t for t in site.troubles if "422" not in t] == []  # the browser notes the refusal above
