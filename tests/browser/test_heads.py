"""处置, in a browser: a head opens an overdue case, has its clerk urged, gives the step to another and ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.store.models import Case
from tests.browser.pictures import looked_at
from tests.commands import acting


@pytest.mark.parametrize("width", [390, 1440])
def test_a_head_acts_on_an_overdue_case(site, clock, width):
    case_id = acting.accepted(site.database, site.cast, clock)
    acting.claim(site.database, case_id, site.cast.wang, clock())
    clock.now += timedelta(days=20)
    with site.database.reading() as work:
        number = work.session.get_one(Case, case_id).number
    page = site.staff("zhao", width)
    page.goto(f"/desk/cases/{number}")
    looked_at(page, "head-case")
    page.get_by_role("link", name="催办").click()
    page.get_by_label("留言").fill("群众等着用")
    looked_at(page, "head-urge")
    page.get_by_role("button", name="先看结果").click()
    page.get_by_role("heading", name="确认以后会这样").wait_for()
    looked_at(page, "head-urge-shown")
    page.get_by_role("button", name="确认催办").click()
    page.get_by_text("已催办。").wait_for()
    page.get_by_role("link", name="跳转").click()
    page.get_by_label("跳到哪一步").select_option(label="受理审查") if page.get_by_text("受理审查").count() else None
    page.get_by_role("button", name="先看结果").click()
    page.get_by_role("alert").first.wait_for()  # the reason is wanted
    looked_at(page, "head-jump-wrong")
    page.goto(f"/desk/cases/{number}/head/give")
    page.get_by_label("交给谁").select_option(index=1)
    page.get_by_label("改派理由").fill("出差去了")
    page.get_by_role("button", name="先看结果").click()
    page.get_by_role("button", name="确认改派").click()
    page.get_by_text("已改派。").wait_for()
    page.get_by_role("link", name="终止").click()
    page.get_by_label("终止理由").fill("申请人去世")
    page.get_by_role("button", name="先看结果").click()
    looked_at(page, "head-end-shown")
    page.get_by_role("button", name="确认终止").click()
    page.get_by_text("已终止。").wait_for()
    assert [one for one in site.troubles if "422" not in one] == []  # what was asked for again
