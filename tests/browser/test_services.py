"""An agent's day, and a mediation from the talk to the agreement that both sides signed with the pen."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.forms import signing
from engine.matters import stories
from engine.store.models import Case, Document, Task
from tests.browser.conftest import Site, sign
from tests.cast import DAIBAN
from tests.services.test_pages import mediator
from tests.services.test_stories_for_real import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_an_agents_day_from_the_doorstep_signature_to_the_list_of_those_they_carry(site: Site):
    unsigned = {k: v for k, v in DAIBAN.items() if k != "mandate_signature"}
    with site.database.unit_of_work() as work:
        number = cases.submit(work, "daiban", unsigned, by=site.cast.zhang, now=site.clock()).case.number
    clerk = site.staff("chen", width=390)
    clerk.goto(f"/desk/cases/{number}")
    clerk.get_by_role("button", name=re.compile("签收")).click()
    clerk.wait_for_selector("[data-form][data-drawn]")
    clerk.get_by_label("委托人愿意委托").check()
    clerk.wait_for_selector(".yz-signature-pad")
    sign(clerk)
    clerk.get_by_role("button", name="办好，往下走").click()
    clerk.get_by_text("已办好。").wait_for()
    clerk.get_by_role("button", name=re.compile("签收")).click()
    clerk.wait_for_selector("[data-form][data-drawn]")
    clerk.get_by_label("受理", exact=True).check()
    clerk.get_by_label("已核对委托人身份和委托意愿").check()
    clerk.get_by_role("button", name="办好，往下走").click()
    clerk.get_by_text("已办好。").wait_for()
    assert "授权委托书" in clerk.locator(".yz-said").inner_text()
    clerk.goto("/desk/carried")
    row = clerk.locator("[data-carried] tbody tr").first.inner_text()
    assert "张三丰" in row and "医保参保登记" in row and "有效" in row
    clerk.set_viewport_size({"width": 1440, "height": 900})
    assert clerk.locator("[data-carried]").is_visible()

    # The principal changes their mind.
    resident = site.resident("13800000001")
    resident.goto(f"/mine/{number}")
    resident.get_by_text("不想托人办了？").click()
    resident.get_by_role("button", name="撤销委托").click()
    resident.get_by_text("委托已经撤销").wait_for()
    clerk.goto("/desk/carried")
    assert clerk.locator("[data-carried]").count() == 0
    assert not site.troubles


def test_both_sides_and_the_mediator_sign_with_the_pen_and_the_agreement_is_issued(site: Site):
    mediator(site)
    story = stories.read(matters.load(ROOT, "tiaojie"))[0]
    with site.database.unit_of_work() as work:
        lai = people.load(work, site.cast.users["lai"], now=site.clock())
        case = cases.submit(work, "tiaojie", story.answers, by=site.cast.zhang, now=site.clock()).case
        case_id, number = case.id, case.number
    for step in story.steps[:7]:
        if "task" not in step:
            continue
        with site.database.unit_of_work() as work:
            task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
            assert task.element == step["task"]
            cases.complete(work, task.id, step["answers"], version=task.version, by=lai, now=site.clock())
    page = site.staff("lai")
    for _ in ("苏玉兰", "赖春生"):
        page.goto(f"/desk/cases/{number}")
        page.get_by_role("button", name=re.compile("签收")).click()
        page.wait_for_selector("[data-form][data-drawn]")
        page.get_by_label("已读协议，愿意签名").check()
        page.wait_for_selector(".yz-signature-pad")
        sign(page)
        page.get_by_role("button", name="办好，往下走").click()
        page.get_by_text("已办好。").wait_for()
    with site.database.unit_of_work() as work:
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        answers = next(s for s in story.steps if s.get("task") == "seal")["answers"]
        cases.complete(work, task.id, answers, version=task.version, by=lai, now=site.clock())
    with site.database.reading() as work:
        paper = work.session.scalars(select(Document).where(Document.kind == "mediation_agreement")).one()
        signed = [p["signature"] for p in paper.facts["parties"]]
        answers = work.session.get(Case, case_id).answers
    assert len(signed) == 2 and all(signing.readable(s["path"]) for s in signed)
    assert all(signing.fits(s, answers) for s in signed)
    changed = {**answers, "agreement": {**answers["agreement"], "facts": answers["agreement"]["facts"] + "。"}}
    assert not any(signing.fits(s, changed) for s in signed)
    assert not site.troubles
