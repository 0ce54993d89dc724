"""A resident's day on a telephone and on a wide screen: a code, a name asked once, a booking, an application that goes
wrong in every way before it is sent, a correction, a reminder. With YIZHAN_PICTURES=folder the pages are kept."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from engine.reads import tracking
from engine.store.models import Case, Task, User
from tests import made
from tests.browser.conftest import Site, sign, whole
from tests.browser.pictures import looked_at, taken
from tests.commands import acting
from tests.web.test_correcting import ASKED

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.xdist_group("browser")]

PHONE = "13900000021"


def comes_in(site: Site, width: int) -> Any:
    """By a code, on a page that was reloaded, made larger and put into English before it was typed."""
    page = site.page(width, 800)
    page.goto("/enter")
    page.fill("#phone", PHONE)
    page.click("main button[type=submit]")
    code = page.locator("[data-shown-code]").inner_text()
    page.reload()
    page.get_by_role("button", name="大字版").click()
    page.get_by_role("button", name="标准字").wait_for()
    taken(page, "code-large")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="中文").wait_for()
    taken(page, "code-english")
    page.get_by_role("button", name="中文").click()
    page.get_by_role("button", name="标准字").click()
    page.get_by_role("button", name="大字版").wait_for()
    assert page.locator("[data-shown-code]").inner_text() == code, "the code that was sent is the one asked for"
    page.fill("#code", code)
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(r"/$"))
    return page


def books(page: Any, place: int) -> None:
    """Asked for the name once; what one came for goes along; a second booking that day is refused where it is asked."""
    page.goto(f"/book/{place}?item=medical")
    page.get_by_role("heading", name="请问您叫什么名字？").wait_for()
    looked_at(page, "name")
    page.get_by_role("button", name="继续").click()
    page.locator("[data-errors-summary]").get_by_text("身份证上的姓名").wait_for()
    page.get_by_label("姓名").fill("林阿妹")
    page.get_by_role("button", name="继续").click()
    page.locator(".yz-days a", has_text="9月21日").click()
    looked_at(page, "times")
    page.locator(".yz-times button", has_text="18:00").click()
    page.get_by_role("heading", name="确认预约").wait_for()
    assert page.get_by_label("医保参保、报销、备案").is_checked(), "what one came for is remembered"
    looked_at(page, "booking")
    page.get_by_role("button", name="确认预约").click()
    page.get_by_text("预约好了").wait_for()
    taken(page, "booked")
    page.goto(f"/book/{place}?day=2026-09-21")
    page.locator(".yz-times button", has_text="19:00").click()
    page.locator("[data-refused]").get_by_text("您这一天已经有预约（18:00）").wait_for()
    assert page.evaluate("document.activeElement.matches('[data-refused]')"), "read first"
    assert page.locator(".yz-times button", has_text="19:00").count() == 1, "on the calendar"
    looked_at(page, "second-booking")


def applies(site: Site, page: Any, folder: Path) -> str:
    """Wrong digits at the question, a photo, another tab, a network that breaks, a refusal outside the form; sent."""
    page.goto("/apply/daiban")
    page.wait_for_selector("[data-form][data-drawn]")
    assert page.get_by_label("姓名").first.input_value() == "林阿妹", "not asked twice"
    number = page.get_by_label("身份证号").first
    number.fill("350526195003071230")
    page.locator("[data-steps-next]").click()
    page.locator("[data-form-summary]").get_by_text("校验码").wait_for()
    looked_at(page, "digits")
    number.fill("350526195003071239")
    whole(page)
    page.get_by_label("手机号").fill(PHONE)
    page.get_by_label("本人", exact=True).check()
    page.get_by_label("参保人类别").select_option(label="普通居民")
    page.get_by_label("委托期限至").fill("2027-09-17")
    page.get_by_label("委托期限至").press("Enter")
    photo = folder / "身份证正面"
    photo.write_bytes(made.picture("JPEG"))
    page.locator("input[type=file]").first.set_input_files(photo)
    page.get_by_text("已传 1 个文件").wait_for()
    page.get_by_text("已暂存在本机").wait_for()
    page.reload()
    page.wait_for_selector("[data-form][data-drawn]")
    whole(page)
    assert page.get_by_role("link", name="身份证正面").count() == 1
    assert page.get_by_label("委托期限至").input_value() == "2027-09-17"
    page.get_by_label(re.compile("我委托代办员")).check()
    sign(page)
    page.get_by_role("button", name="下一步：核对").click()
    last = page.get_by_role("button", name=re.compile("提交$"))
    last.wait_for()
    looked_at(page, "review")
    said = page.locator(".yz-review [data-form-summary]")
    page.context.set_offline(True)
    last.click()
    said.get_by_text("网络不通").wait_for()
    taken(page, "offline")
    page.context.set_offline(False)
    page.route(
        "**/apply/daiban",
        lambda route: route.fulfill(
            status=429,
            content_type="application/problem+json",
            body='{"detail": "您今天提交的申请太多了，请明天再来，或打大厅电话。"}',
        ),
    )
    last.click()
    said.get_by_text("您今天提交的申请太多了").wait_for()
    looked_at(page, "refused")
    page.unroute_all()
    last.click()
    page.wait_for_url(re.compile("/receipt/"))
    looked_at(page, "receipt")
    return page.url.rsplit("/", 1)[1]


def corrects(site: Site, page: Any, number: str) -> None:
    """Each item on the case and on the step, and a link to where it is answered."""
    with site.database.reading() as work:
        case_id = work.session.scalars(select(Case.id).where(Case.number == number)).one()
    page.goto(f"/mine/{number}")
    looked_at(page, "one-step")
    acting.claim(site.database, case_id, site.cast.chen, site.clock())
    acting.complete(site.database, case_id, acting.TAKE_IN, site.cast.chen, site.clock.on(minutes=5))
    acting.claim(site.database, case_id, site.cast.wang, site.clock())
    acting.complete(site.database, case_id, ASKED, site.cast.wang, site.clock.on(minutes=5))
    page.goto(f"/mine/{number}")
    page.get_by_role("heading", name="要补正 2 项，请在10月9日（周五）前补好").wait_for()
    looked_at(page, "correcting-case")
    page.get_by_role("link", name="申请人补正").click()
    page.wait_for_selector("[data-form][data-drawn]")
    looked_at(page, "correcting-task")
    page.get_by_role("link", name=re.compile("身份证照片")).click()
    assert page.evaluate("document.activeElement.matches('.fjs-filepicker-button')"), "under one's finger"
    taken(page, "correcting-question")
    whole(page)
    page.get_by_label("补正说明").fill("已重新拍摄")
    page.get_by_role("button", name="提交", exact=True).click()
    page.wait_for_url(re.compile(f"/mine/{number}$"))
    assert page.locator("[data-correcting]").count() == 0
    taken(page, "corrected")


def ten_steps(site: Site, page: Any, number: str) -> None:
    """A way of ten steps stands in lines, not in letters."""
    with site.database.unit_of_work() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        unit = case.office_id
        rows = [
            {
                "case_id": case.id,
                "key": f"old-{n}",
                "element": f"old_{n}",
                "name": f"第 {n} 步：核对家庭成员的参保情况",
                "round": 1,
                "state": "ended",
                "ended": "APPROVED",
                "unit_id": unit,
                "variables": {},
                "opened_at": site.clock() - timedelta(hours=20 - n),
                "ended_at": site.clock() - timedelta(hours=19 - n),
            }
            for n in range(1, 9)
        ]
        work.session.execute(insert(Task), rows)
    page.goto(f"/mine/{number}")
    looked_at(page, "ten-steps")
    steps = page.locator(".yz-way li")
    assert steps.count() >= 10
    assert all(step.bounding_box()["width"] > 200 and step.bounding_box()["height"] < 120 for step in steps.all())


def hurries(page: Any, number: str) -> None:
    """催办 twice: the second time it says until when, on the same page."""
    page.goto(f"/track/{number}/{tracking.word_of(number)}")
    page.get_by_role("button", name="催一催").click()
    page.get_by_text("已经催了").wait_for()
    page.get_by_role("button", name="催一催").click()
    page.locator("[data-refused]").wait_for()
    assert page.url.endswith(tracking.word_of(number)), "where it was asked"
    looked_at(page, "hurried-twice")


@pytest.mark.parametrize("width", [360, 1440])
def test_a_residents_day(site: Site, counter: int, tmp_path: Path, width: int) -> None:
    page = comes_in(site, width)
    books(page, counter)
    with site.database.unit_of_work() as work:  # where they live was asked before
        last = work.session.scalars(select(User).order_by(User.id.desc()).limit(1)).one()
        last.place_id = site.cast.suyang.id
    number = applies(site, page, tmp_path)
    corrects(site, page, number)
    ten_steps(site, page, number)
    hurries(page, number)
    allowed = ("429", "422", "ERR_INTERNET_DISCONNECTED")
    assert [trouble for trouble in site.troubles if not any(one in trouble for one in allowed)] == []
