"""An agent's day, and a mediation from the talk to the agreement that both sides signed with the pen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.forms import signing
from engine.matters import stories
from engine.store.models import Case, Document, Task
from tests.browser.conftest import Site, axe, sign, whole
from tests.cast import DAIBAN
from tests.services.telling import ROOT
from tests.services.test_pages import mediator

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
    clerk.get_by_label("已核对委托人身份和委托意愿").check()
    sign(clerk)
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
    resident.get_by_label("我确定").check()
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
        _before(page)
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


def _before(page: Any) -> None:
    """当面办理: how the party did it, and who saw it."""
    page.get_by_label("在签名板上签名").check()
    page.get_by_label("见证人姓名").fill("王淑贞")
    page.wait_for_timeout(500)  # a form takes what was typed a moment later


def _held(page: Any, number: str) -> None:
    """The case's open step, claimed, with its form drawn."""
    page.goto(f"/desk/cases/{number}")
    page.get_by_role("button", name=re.compile("签收")).click()
    page.wait_for_selector("[data-form][data-drawn]")


def _on(page: Any) -> None:
    page.wait_for_timeout(500)  # a form takes what was typed a moment later
    page.get_by_role("button", name="办好，往下走").click()
    page.get_by_text("已办好。").wait_for()


def _when(page: Any, day: str, clock: str) -> None:
    """Fill a date and a time of a form."""
    page.locator("[data-form]").get_by_label("哪一天").fill(day)
    page.locator("[data-form]").get_by_label("哪一天").press("Enter")
    _clock(page, clock)


def _clock(page: Any, clock: str) -> None:
    field = page.locator("[data-form]").get_by_label("几点开始")
    field.click()
    field.press("Control+a")
    field.press_sequentially(clock)
    field.press("Enter")
    field.press("Tab")


@pytest.mark.wide
def test_a_mediation_from_the_application_to_the_agreement_that_each_side_signed_where_they_were(site: Site):
    mediator(site)
    one = site.resident("13800000001")
    one.goto("/apply/tiaojie")
    whole(one)
    one.get_by_label("您的姓名").fill("张三丰")
    one.get_by_label("联系电话").first.fill("13800000001")
    one.get_by_label("纠纷类型").select_option(label="邻里纠纷")
    one.get_by_label("什么事、什么时候开始的").fill("排水沟改道后院子积水，今年三月开始。")
    one.get_by_label("希望怎样解决").fill("恢复原来的排水沟")
    for n, (side, name, phone) in enumerate((("甲方", "张三丰", "13800000001"), ("乙方", "许小妹", "13800000002"))):
        one.get_by_label(side, exact=True).nth(n).check()
        one.get_by_label("姓名", exact=False).nth(n + 1).fill(name)
        one.get_by_label("联系电话").nth(n + 1).fill(phone)
    one.get_by_label(re.compile("我自愿申请调解")).check()
    one.get_by_role("button", name="下一步：核对").click()
    one.get_by_role("button", name="同意并提交").click()
    number = one.locator("[data-number]").inner_text()

    lai = site.staff("lai")
    lai.clock.set_fixed_time(site.clock())  # no day before the hall's today can be picked
    _held(lai, number)
    lai.get_by_label("可以调解，受理").check()
    _on(lai)
    _held(lai, number)
    assert "没有发现须回避的情形" in lai.locator("[data-candidates]").inner_text()
    roster = lai.locator("[data-form]").get_by_label("姓名")
    assert "路人甲" not in roster.inner_text()
    lai.get_by_label("当事人共同选定").check()
    lai.get_by_role("button", name="办好，往下走").click()
    lai.get_by_text("这一项必须填").first.wait_for()
    roster.select_option(index=next(n for n, text in enumerate(roster.inner_text().splitlines()) if "赖炳根（" in text))
    _on(lai)
    _held(lai, number)
    for n, name in enumerate(("张三丰", "许小妹")):
        assert lai.locator("[data-form]").get_by_label("当事人").nth(n).input_value() == name
        lai.get_by_label("接受上面的调解员").nth(n).check()
    _on(lai)
    _held(lai, number)
    assert "说事评理室" in lai.locator("[data-free]").inner_text()
    _when(lai, "2026-09-22", "23:00")
    lai.locator("[data-form]").get_by_label("地点").select_option(label="说事评理室")
    lai.get_by_role("button", name="办好，往下走").click()
    lai.get_by_text("说事评理室这段时间不开放").first.wait_for()
    _clock(lai, "15:00")
    _on(lai)
    assert axe(lai) == []
    lai.get_by_text("改期…").click()
    lai.get_by_label("新的时间").fill("2026-09-23T09:00")
    lai.get_by_role("button", name="改到这个时间").click()
    lai.get_by_text("已改期").first.wait_for()
    lai.goto("/desk/bookings?day=2026-09-23")
    week = lai.locator(".yz-week").inner_text()
    assert "09:00–11:00" in week and "调解会" in week and "张" not in week and "许" not in week

    other = site.resident("13800000002")
    other.goto("/mine")
    other.locator(".yz-rows a").first.click()
    assert "9月23日（周三）09:00" in other.locator("[data-meeting]").inner_text()
    assert "张三丰" not in other.locator("main").inner_text()
    assert axe(other) == []

    site.clock.at("2026-09-23 10:30")
    lai = site.staff("lai")
    _held(lai, number)
    lai.get_by_label("经过").fill("双方到现场看过排水沟。")
    lai.get_by_label("达成协议，签书面协议").check()
    lai.get_by_label("一句话说明").fill("乙方恢复排水沟")
    _on(lai)
    _held(lai, number)
    lai.get_by_label("纠纷的主要事实").fill("改道致院内积水。")
    lai.get_by_label("争议事项").fill("排水沟")
    lai.get_by_label("各方的责任").fill("乙方恢复")
    lai.get_by_role("textbox", name=re.compile("^内容")).first.fill("乙方于十月十日前恢复排水沟")
    lai.get_by_label("履行方式").fill("完工后一起查看")
    lai.get_by_label("履行期限").fill("2026-10-10")
    lai.get_by_label("履行期限").press("Enter")
    _on(lai)

    # 许小妹 reads and signs on her own phone; 张三丰 on the mediator's tablet.
    other = site.resident("13800000002")
    other.goto("/mine")
    other.get_by_role("link", name=re.compile("各方签名")).first.click()
    other.wait_for_selector("[data-form][data-drawn]")
    assert "乙方于十月十日前恢复排水沟" in other.locator(".yz-agreement").inner_text()
    other.get_by_label("已读协议，愿意签名").check()
    other.wait_for_selector(".yz-signature-pad")
    assert axe(other) == []
    sign(other)
    other.get_by_role("button", name="提交").click()
    other.get_by_text("已经提交").wait_for()
    _held(lai, number)
    assert not lai.get_by_label("已读协议，愿意签名").is_checked()
    assert lai.locator("[data-form]").get_by_label("当事人", exact=True).input_value() == "张三丰"
    lai.get_by_label("已读协议，愿意签名").check()
    lai.wait_for_selector(".yz-signature-pad")
    sign(lai)
    _before(lai)
    lai.get_by_label("本人在场，由我代为操作").check()  # he has an account and could sign on his own telephone
    _on(lai)
    _held(lai, number)
    lai.get_by_label("调解员姓名").fill("赖炳根")
    sign(lai)
    lai.get_by_label("已核对，加盖调委会印章").check()
    _on(lai)
    assert "调解协议书" in lai.locator(".yz-said").inner_text()
    lai.click("#tab-time")
    assert "调解协议司法确认申请" in lai.locator("#time").inner_text()
    other.goto(f"/mine/{number}")
    assert "最后一天 2026年10月23日（周五）" in other.locator("[data-side]").inner_text()
    with site.database.reading() as work:
        paper = work.session.scalars(select(Document).where(Document.kind == "mediation_agreement")).one()
        answers = work.session.scalars(select(Case).where(Case.number == number)).one().answers
        assert all(signing.fits(p["signature"], answers) for p in paper.facts["parties"])
    assert [t for t in site.troubles if "422" not in t] == []
