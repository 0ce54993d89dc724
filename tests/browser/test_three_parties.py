"""A mediation of three parties from two towns, one of them without a telephone: two sign at home on telephones of 360
pixels, she signs in person before the mediator; both committees seal; each has a copy and thirty days."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands.worker import sweep
from engine.records import papers
from engine.records.papers.pages import text_of
from engine.store.models import Case, Document
from tests.browser import desk
from tests.browser.conftest import Site, sign, whole
from tests.browser.filling import JPEG, PHONE, fill_in, fits
from tests.browser.pictures import taken
from tests.cast import ROOT
from tests.services.test_pages import mediator

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.flaky(reruns=0), pytest.mark.xdist_group("browser")]

#: Who they are: two have an account, 王阿婆 has neither account nor telephone.
PARTIES = [
    {"side": "甲方", "name": "张三丰", "phone": "13800000001"},
    {"side": "乙方", "name": "许小妹", "phone": "13800000002"},
    {"side": "乙方", "name": "王阿婆"},
]
DISPUTE = {"type": "邻里纠纷", "facts": "两个镇交界的水渠改道，三家的田没有水。", "requests": "恢复原来的水渠"}


def asks(site: Site) -> str:
    """The application on a telephone; its number."""
    page = site.resident("13800000001", PHONE)
    page.clock.set_fixed_time(site.clock())
    page.goto("/apply/tiaojie")
    whole(page)
    me = {"name": "张三丰", "phone": "13800000001"}
    answers = {"applicant": me, "dispute": DISPUTE, "parties": PARTIES, "voluntary": True}
    fill_in(page, matters.load(ROOT, "tiaojie"), "tiaojie-apply", answers)
    taken(page, "three-form")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name="同意并提交").click()
    return str(page.locator("[data-number]").inner_text())


def signs_at_home(site: Site, number: str, phone: str) -> None:
    page = site.resident(phone, PHONE)
    page.clock.set_fixed_time(site.clock())
    page.goto(f"/mine/{number}")
    page.get_by_role("link", name=re.compile("各方签名")).first.click()
    page.wait_for_selector("[data-form][data-drawn]")
    assert "十月十日前恢复水渠" in page.locator(".yz-agreement").inner_text()
    page.get_by_label("已读协议，愿意签名").check()
    page.wait_for_selector(".yz-signature-pad")
    sign(page)
    taken(page, "three-signs")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("已经提交").wait_for()


def test_three_parties_two_committees_and_one_who_signs_in_person(site: Site) -> None:
    mediator(site)
    number = asks(site)
    with site.database.reading() as work:
        case_id = work.session.scalars(select(Case.id).where(Case.number == number)).one()
    at_desk = _desk(site)

    def does(element: str, said: dict[str, Any]) -> None:
        desk.does(at_desk, site, case_id, element, said)

    # Taken in by two committees: the other's is chosen of those there are.
    page = at_desk
    task = desk.opens(page, site, case_id, "register")
    package = matters.load(ROOT, "tiaojie")
    fill_in(page, package, task.form or "", {"register_result": "accept"})
    page.get_by_label(re.compile("^和哪个人民调解委员会")).select_option(label="浔中镇人民调解委员会")
    desk.seen(page, "tiaojie-register")
    desk.done(page)
    desk.opens(page, site, case_id, "choose")
    page.get_by_label("当事人共同选定").check()
    roster = page.locator("[data-form]").get_by_label("姓名")
    roster.select_option(index=next(n for n, one in enumerate(roster.inner_text().splitlines()) if "赖炳根（" in one))
    desk.seen(page, "tiaojie-choose")
    desk.done(page)
    replies = [{"name": one["name"], "accepts": True} for one in PARTIES]
    does("consult", {"replies": replies})
    does("schedule", {"session": {"when": "2026-09-22T15:00", "place": "说事评理室"}})
    site.clock.at("2026-09-22 16:30")
    at_desk = _desk(site)
    minutes = {"text": "三方到现场看过水渠。", "result": "written", "result_text": "恢复水渠"}
    does("mediate", {"minutes": minutes})
    agreement = {
        "facts": "水渠改道致三家无水。",
        "issues": "水渠恢复",
        "responsibility": "乙方恢复，甲方出沙石",
        "terms": [{"text": "乙方于十月十日前恢复水渠"}],
        "way": "完工后三方一起查看",
        "due_on": "2026-10-10",
    }
    does("draft", {"agreement": agreement})

    # Two sign where they are; she sets her finger to it before the mediator, and somebody sees it.
    signs_at_home(site, number, "13800000002")
    signs_at_home(site, number, "13800000001")
    page = at_desk
    desk.opens(page, site, case_id, "sign")
    assert page.locator("[data-form]").get_by_label("当事人", exact=True).input_value() == "王阿婆"
    page.get_by_label("已读协议，愿意签名").check()
    page.get_by_label(re.compile("按指印")).first.check()
    page.locator("input[type=file]:visible, input[type=file]").last.set_input_files(JPEG)
    page.get_by_label("见证人姓名").fill("王淑贞")
    desk.seen(page, "tiaojie-in-person")
    page.get_by_role("button", name="办好，往下走").click()
    page.get_by_text("已办好。").wait_for()
    does("seal", {"seal": {"name": "赖炳根", "wants_confirmation": True}, "stamped": True})

    # One paper with three names, two seals, four copies; thirty days for the court, a day of rest not counted.
    site.make_papers()
    with site.database.reading() as work:
        paper = work.session.scalars(select(Document).where(Document.kind == "mediation_agreement")).one()
        kind = next(one for one in papers.catalogue() if one.key == paper.kind)
        told = "".join(text_of(papers.compose(kind, paper.facts).html).split())
    signers = [one["organ"] for one in paper.facts["signers"]]
    assert len(set(signers)) == 2 and "浔中镇人民调解委员会" in signers
    assert paper.facts["copies"] == 4 and "当面按指印，见证人：王淑贞" in told
    assert [one["name"] for one in paper.facts["parties"]] == ["张三丰", "许小妹", "王阿婆"]
    for phone in ("13800000001", "13800000002"):
        page = site.resident(phone, PHONE)
        page.goto(f"/mine/{number}")
        fits(page)
        assert "最后一天 2026年10月22日（周四）" in page.inner_text("main")
        copy = page.get_by_role("link", name=re.compile("调解协议书")).first
        answer = page.request.get(str(copy.get_attribute("href")))
        assert answer.ok
        taken(page, "three-agreed")

    # Nobody comes to sign for the court: on the day after the last one it is over, and they are visited.
    site.clock.at("2026-10-22 17:00")
    assert desk.waits(site, case_id, "confirm").state == "open"
    site.clock.at("2026-10-23 00:01")
    sweep.sweep(site.database, now=site.clock())
    with site.database.reading() as work:
        assert work.session.get_one(Case, case_id).stage != "协助申请司法确认"
    assert [t for t in site.troubles if "422" not in t] == []


def _desk(site: Site) -> Any:
    page = site.staff("lai", desk.WIDE)
    page.clock.set_fixed_time(site.clock())
    return page
