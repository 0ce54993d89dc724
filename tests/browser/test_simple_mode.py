"""Somebody who never drew BPMN makes a matter from questions and a list of steps, and a resident uses it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from engine.store.models import Case, Task
from tests.browser.conftest import Site, axe, whole

MATTER = "jiaxin"


def fits(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def open_step(site: Site, number: str) -> Task:
    with site.database.reading() as work:
        found = select(Task).join(Case, Case.id == Task.case_id).where(Case.number == number, Task.state != "ended")
        return work.session.scalars(found).one()


@pytest.mark.browser
def test_a_matter_is_made_without_drawing_and_used(site: Site) -> None:
    page = site.staff("designer")
    clicks = 0

    def click(role: str, name: str, exact: bool = True) -> None:
        nonlocal clicks
        clicks += 1
        page.get_by_role(role, name=name, exact=exact).click()

    page.goto("/desk/matters")
    click("link", "新建事项")
    page.get_by_label("名称", exact=True).fill("家庭办事假")
    page.get_by_label("英文名称").fill("Family leave")
    page.get_by_label("代号").fill(MATTER)
    page.get_by_label("几个工作日办好").fill("3")
    assert axe(page) == []
    click("button", "建好草稿")
    page.get_by_role("heading", name="家庭办事假的步骤").wait_for()

    # a step more: the head of the town decides, and a no ends as the first one does
    page.get_by_label("加在哪里").select_option(label="“看材料”之后")
    page.locator("#new-name").fill("镇里审批")
    page.locator("#new-en").fill("The town decides")
    clicks += 1
    page.get_by_text("新加一个岗位").click()
    page.get_by_label("岗位", exact=True).select_option("head")
    page.get_by_label("哪里的").select_option("town")
    page.get_by_label("怎么称呼").fill("镇负责人")
    page.get_by_label("几个工作日", exact=False).fill("2")
    page.get_by_label("不同意的去哪里").select_option(label="没有办")
    click("button", "加上")
    page.get_by_text("已加上“镇里审批”").wait_for()
    assert page.get_by_text("没有发现问题，可以运行。").is_visible()
    assert axe(page) == []
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        fits(page)

    # changed by its words, and moved before the other and back
    click("link", "改“镇里审批”")
    page.get_by_label("名称", exact=True).fill("镇长审批")
    page.locator("#name_en").fill("The mayor decides")
    click("button", "改好")
    page.get_by_text("“镇长审批”已经改好。").wait_for()
    click("button", "上移“镇长审批”")
    click("button", "上移“看材料”")
    assert page.locator(".yz-step-head strong").all_inner_texts()[2:4] == ["看材料", "镇长审批"]

    # the canvas shows the same drawing, and the list says the same when one comes back
    click("link", "在画布上打开")
    page.wait_for_selector("[data-draft][data-ready]")
    assert page.locator("[data-element-id='step_1']").first.is_visible()
    click("link", "草稿")

    click("link", "看发布说明")
    page.get_by_label("改了什么，为什么").fill("新事项")
    click("button", "发布")
    page.get_by_text("已发布：新的办件按这一版走").wait_for()
    assert clicks < 20

    # a resident uses it, and it goes through both hands
    resident = site.resident("13800000001")
    resident.goto(f"/apply/{MATTER}")
    whole(resident)
    resident.get_by_label("要办什么").fill("孩子开学，请两天假")
    resident.get_by_role("button", name="下一步：核对").click()
    resident.get_by_role("button", name=re.compile("提交")).click()
    resident.wait_for_url(re.compile("/mine/|/receipt"))
    with site.database.reading() as work:
        number = work.session.scalars(select(Case.number).where(Case.matter == MATTER)).one()
    for who, step, says in (("zhou", "看材料", "办"), ("qian", "镇长审批", "同意")):
        task = open_step(site, number)
        assert task.name == step
        desk = site.staff(who)
        desk.goto(f"/desk/cases/{number}?step={task.id}")
        desk.get_by_role("button", name=re.compile("^签收")).click()
        whole(desk)
        desk.get_by_label(says, exact=True).check()
        desk.get_by_role("button", name="办好，往下走").click()
        desk.get_by_text("已办好。").wait_for()
    site.make_papers()
    with site.database.reading() as work:
        assert work.session.scalars(select(Case.finished_at).where(Case.number == number)).one() is not None
