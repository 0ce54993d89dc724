"""要您做的事 and 消息 on a phone of 360 px and at 1440 px: a correction and a rating wait, messages are read."""

from __future__ import annotations

import pytest

from tests.browser.pictures import looked_at
from tests.commands import acting


@pytest.mark.parametrize("width", [360, 1440])
def test_what_waits_stands_first_and_is_done_from_there(site, clock, width):
    acting.finished(site.database, site.cast, clock)
    case_id = acting.taken_in(site.database, site.cast, clock)
    acting.claim(site.database, case_id, site.cast.wang, clock())
    acting.complete(site.database, case_id, acting.CORRECT, site.cast.wang, clock())
    page = site.resident("13800000001", width)
    page.goto("/")
    page.get_by_role("heading", name="要您做的事").wait_for()
    looked_at(page, "todo-home")
    page.get_by_role("link", name="条新消息").click()
    page.get_by_role("heading", name="消息").wait_for()
    looked_at(page, "todo-messages")
    page.goto("/mine")
    looked_at(page, "todo-mine")
    page.goto("/")
    page.get_by_role("link", name="申请人补正").click()
    page.get_by_role("heading", name="申请人补正").wait_for()
    page.get_by_role("button", name="大字版").click()
    page.goto("/")
    looked_at(page, "todo-home-large")
    assert site.troubles == []
