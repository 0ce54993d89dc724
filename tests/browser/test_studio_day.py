"""A designer's hour: open a matter, rename a step on the canvas, see a finding and mend it, publish; who applies from
then on takes the new way, and the case that ran keeps its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from engine.store.models import Case, Task
from tests.browser.conftest import Site

MATTER = "daiban"


def step_of(site: Site, number: str) -> Task:
    """The step of a case that is open now."""
    with site.database.reading() as work:
        found = select(Task).join(Case, Case.id == Task.case_id).where(Case.number == number, Task.state != "ended")
        return work.session.scalars(found).one()


def kept(page: Any) -> None:
    page.locator("[data-kept]", has_text="已存").wait_for()


@pytest.mark.browser
def test_a_designer_changes_a_matter_on_the_canvas_and_publishes_it(site: Site) -> None:
    before = site.submit()
    step = step_of(site, before)
    page = site.staff("designer")
    page.goto(f"/desk/matters/{MATTER}")
    page.get_by_role("button", name="改这个事项").click()
    page.get_by_role("link", name="画流程图").click()
    page.wait_for_selector("[data-draft][data-ready]")
    assert page.get_by_text("没有发现问题，可以运行。").is_visible()

    page.get_by_role("button", name="看全图").click()

    # the name of a step, on the canvas
    shape = page.locator(f".djs-element[data-element-id='{step.element}'] .djs-hit").first
    shape.dblclick()
    page.keyboard.press("Control+a")
    page.keyboard.type("看材料收件")
    page.locator(".djs-container svg").first.click(position={"x": 330, "y": 20})
    kept(page)

    # a slip in the text of a file, with what is wrong and where; mended, it is gone
    page.get_by_role("link", name="草稿", exact=True).click()
    page.get_by_role("link", name="matter.yaml").click()
    page.get_by_role("link", name="文字", exact=True).click()
    page.wait_for_selector("[data-draft][data-ready] [data-text]")
    field = page.locator("[data-text]")
    text = field.input_value()
    field.fill(text.replace("form: apply", "form: nosuch"))
    page.wait_for_selector("[data-findings] li")
    assert "nosuch" in page.locator("[data-findings]").inner_text()
    field.fill(text)
    page.wait_for_selector("[data-findings] li", state="detached")
    kept(page)

    page.get_by_role("link", name="草稿", exact=True).click()
    assert "第 " in page.locator(".yz-head").inner_text()
    page.get_by_role("link", name="看发布说明").click()
    page.get_by_label("改了什么，为什么").fill("步骤的名称改成群众听得懂的")
    page.get_by_role("button", name="发布", exact=True).click()
    page.get_by_text("已发布：新的办件按这一版走").wait_for()

    after = site.submit()
    assert step_of(site, after).name == "看材料收件"
    assert step_of(site, before).name == step.name

    # and back again
    page.get_by_role("button", name=re.compile("改回 .* 这一版")).click()
    page.get_by_text("新的办件按这一版走了").wait_for()
    assert step_of(site, site.submit()).name == step.name
