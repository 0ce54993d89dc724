"""A designer plays 全程代办 as three people, with two outcomes: step back, the clock, and kept as a story that the
proof plays and the coverage shows."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from engine.store.models import StudioChange
from tests.browser.conftest import Site
from tests.browser.pictures import taken

MATTER = "daiban"


def drawn(page: Any, n: int) -> None:
    """What came of so many acts is shown, and its forms are drawn."""
    page.wait_for_selector(f"[data-play][data-ready='{n}']")
    page.wait_for_selector("[data-play-state] [data-form]:not([data-drawn])", state="detached")


def changes(site: Site) -> int:
    with site.database.reading() as work:
        return work.session.scalar(select(func.count()).select_from(StudioChange)) or 0


@pytest.mark.browser
def test_a_draft_is_played_by_three_people_to_two_ends_and_kept_as_a_story(site: Site) -> None:
    page = site.staff("designer")
    page.goto(f"/desk/matters/{MATTER}")
    page.get_by_role("button", name="改这个事项").click()
    page.get_by_role("link", name="试走").click()
    drawn(page, 1)
    taken(page, "play-door")

    page.get_by_role("button", name="提交申请，开始走").click()
    drawn(page, 2)
    step = page.locator("[data-play-step='take_in']")
    assert "代办员" in step.inner_text()
    assert page.locator(".yz-current").count() >= 1
    taken(page, "play-agent")

    # the agent takes it in, the office looks at it
    step.get_by_role("button", name="办好，往下走").click()
    drawn(page, 3)
    step = page.locator("[data-play-step='accept']")
    assert "医保审核" in step.inner_text()
    sheet = page.locator("[data-play-paper]:has(> summary:has-text('授权委托书'))")
    sheet.locator("summary").first.click()
    sheet.frame_locator("iframe").get_by_text("授权委托书").first.wait_for()
    taken(page, "play-office")

    # it refuses: one outcome; then a step back, and the other
    for button in step.locator(".yz-play-fill button").all():
        if "不属于本机关" in button.inner_text():
            button.click()
            break
    drawn(page, 4)
    page.locator("[data-play-step='accept']").get_by_role("button", name="办好，往下走").click()
    drawn(page, 5)
    page.locator("[data-play-step='hand_over']").get_by_role("button", name="办好，往下走").click()
    drawn(page, 6)
    page.get_by_text("走到头了").wait_for()
    taken(page, "play-refused")
    page.get_by_role("button", name="退一步").click()
    drawn(page, 7)
    page.get_by_role("button", name="退一步").click()
    drawn(page, 8)
    page.locator(".yz-play-fill button").first.click()
    drawn(page, 9)
    n = 9
    for element in ("accept", "register", "hand_over"):
        page.locator(f"[data-play-step='{element}']").get_by_role("button", name="办好，往下走").click()
        n += 1
        drawn(page, n)
    clock = page.locator("[data-play-clock]").inner_text()
    while not page.locator("[data-play-step='visit']").count():
        page.get_by_role("button", name="到下一个期限").click()
        n += 1
        drawn(page, n)
    assert page.locator("[data-play-clock]").inner_text() != clock
    page.locator("[data-play-step='visit']").get_by_role("button", name="办好，往下走").click()
    n += 1
    drawn(page, n)
    page.get_by_text("走到头了").wait_for()
    taken(page, "play-done")

    # the page goes on where it was, and the play is kept as a story
    page.reload()
    drawn(page, 1)
    page.get_by_text("走到头了").wait_for()
    called = f"一步一步走出来的，第 {changes(site)} 次改动之后"  # the draft of a run before may be there still
    page.get_by_label("存成故事：给它起个名称").fill(called)
    asked: list[str] = []
    page.on("request", lambda one: one.url.endswith("/story") and asked.append(one.url))
    page.get_by_role("button", name="存成故事").click()
    page.wait_for_selector("[data-play-kept]:not(:empty)")
    assert f"已存成故事“{called}”" in page.locator("[data-play-kept]").inner_text()

    page.get_by_role("link", name="返回").click()
    page.get_by_role("button", name="检查并走一遍故事").click()
    assert len(asked) == 1
    page.get_by_text(called).wait_for()
    assert page.get_by_text("检查没有错误，故事都照着走，可以发布。").is_visible()
    page.wait_for_selector("[data-diagram][data-ready]")
    assert "个出口" in page.locator("[data-coverage]").inner_text()
    assert page.locator("[data-coverage] .yz-count").count() > 10
    taken(page, "play-proof")
