"""Services of government and oversight played through pages from the application to the paper, on a telephone of 360
pixels. With YIZHAN_PICTURES=folder every page is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters
from engine.matters import stories
from engine.matters.stories import Story
from engine.store.models import Case, Document, Task
from tests.browser import doors, filling, pictures
from tests.browser.conftest import Site, english_left, whole
from tests.cast import ROOT
from web import demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.wide,
    pytest.mark.flaky(reruns=0),  # the hall is the module's: what was sent at first, is sent
    pytest.mark.xdist_group("browser"),
]

#: What of the county's matters these journeys need.
MATTERS = ("pipei", "gaoling", "fanying", "daoban")
DESK = 1440


class Desk:
    """Somebody at a desk of the county, on a wide screen."""

    def __init__(self, county: Site, login: str) -> None:
        county.troubles.clear()
        self.county, self.login, self.page = county, login, county.page(DESK, 900)
        self.page.clock.set_fixed_time(county.clock())
        doors.as_staff(self.page, login, demo.PASSWORD)

    def seen(self, name: str) -> str:
        """Whole, and in Chinese."""
        pictures.taken(self.page, f"{self.login}-{name}")
        assert english_left(self.page) == [], name
        return str(self.page.locator("main").inner_text())

    def takes_in(self, matter: str, answers: Mapping[str, Any], *, channel: str = "counter", village: str = "") -> str:
        """What somebody says before them, or on the telephone, becomes a case: its number."""
        page, package = self.page, matters.load(ROOT, matter)
        page.goto(f"/desk/window/{matter}")
        page.wait_for_selector("[data-form][data-drawn]")
        page.locator("#channel").select_option(channel)
        filling.fill_in(page, package, package.info.apply.form, answers)
        if village:  # one of two hundred: it is looked for by a word of its name
            page.get_by_placeholder("输入文字查找").fill(village)
            page.locator(".fjs-dropdownlist-item", has_text=village).first.click()
        if package.info.apply.consent:
            page.locator("#consent").select_option("yes")
        self.seen(f"{matter}-taken-in")
        page.get_by_role("button", name="收件", exact=True).click()
        page.wait_for_url(re.compile("/desk/cases/"))
        return str(page.url.split("/desk/cases/")[1].split("?")[0])

    def does(self, matter: str, number: str, step: str, answers: Mapping[str, Any]) -> str:
        """The open step of this case is signed for, answered and done: what the page says then."""
        page, package = self.page, matters.load(ROOT, matter)
        page.goto(f"/desk/cases/{number}")
        page.get_by_role("button", name=re.compile("^签收")).click()
        page.get_by_text("已签收，归您办了。").wait_for()
        page.goto(f"/desk/cases/{number}")
        page.wait_for_selector("[data-form][data-drawn]")
        filling.fill_in(page, package, _form_of(number, step, self.county), answers)
        self.seen(f"{matter}-{step}")
        page.get_by_role("button", name="办好，往下走").click()
        page.get_by_text("已办好。").wait_for()
        return self.seen(f"{matter}-{step}-done")


def _form_of(number: str, step: str, county: Site) -> str:
    with county.database.reading() as work:
        wanted = select(Task.form).join(Case, Case.id == Task.case_id)
        return str(work.session.scalars(wanted.where(Case.number == number, Task.element == step)).one())


def _story(matter: str, words: str) -> Story:
    return next(one for one in stories.read(matters.load(ROOT, matter)) if words in one.name)


def _answers(story: Story, step: str) -> Mapping[str, Any]:
    told = (one for one in story.steps if one.get("task") == step and "refused" not in one)
    return dict(next(told)["answers"])


def _followed(county: Site, number: str, phone: str, name: str) -> str:
    """What whoever has the number and the telephone reads on it, without signing in."""
    page = county.page(filling.PHONE, 780)
    page.goto("/track")
    page.fill("[name=number]", number)
    page.fill("[name=phone]", phone)
    page.get_by_role("button", name="查进度").click()
    page.locator("[data-where]").wait_for()
    pictures.taken(page, name)
    assert english_left(page) == [], name
    return str(page.locator("main").inner_text())


def test_a_graduate_reads_which_policies_fit_and_has_the_form_filled_in(county: Site) -> None:
    package = matters.load(ROOT, "pipei")
    page = filling.phone(county, demo.RESIDENT)

    def seen(name: str) -> None:
        pictures.taken(page, f"pipei-{name}")
        assert english_left(page) == [], name

    # Found in two taps, filled in as the matter's first story says, looked over, sent.
    page.goto("/")
    page.get_by_role("link", name="我要办事").click()
    page.get_by_role("link", name=re.compile(package.info.name)).first.click()
    seen("guide")
    page.get_by_role("link", name="开始申请").click()
    whole(page)
    filling.fill_in(page, package, package.info.apply.form, stories.read(package)[0].answers)
    seen("form")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("heading", name="请核对您填的内容").wait_for()
    seen("check")
    page.get_by_role("button", name=re.compile("提交")).click()
    page.wait_for_url(re.compile("/mine/|/receipt"))
    seen("sent")

    # The slip of what fits, and the form with everything that was said in it.
    county.make_papers()
    with county.database.reading() as work:
        newest = select(Case.id, Case.number).where(Case.matter == "pipei").order_by(Case.id.desc())
        case_id, number = work.session.execute(newest).first() or (0, "")
        papers = select(Document.kind, Document.state).where(Document.case_id == case_id).order_by(Document.id)
        made = [tuple(one) for one in work.session.execute(papers)]
    assert made == [("match_slip", "ready"), ("talent_form", "ready")]
    page.goto(f"/mine/{number}")
    seen("given")
    addresses = [one.get_attribute("href") for one in page.locator("a[href*='/papers/']").all()]
    assert addresses
    for address in addresses:
        answer = page.request.get(address)
        assert answer.ok and answer.body()[:5] == b"%PDF-", address
    assert not county.troubles, county.troubles


def test_another_towns_counter_takes_in_what_the_bureau_decides_and_the_elder_follows_it(county: Site) -> None:
    story = _story("gaoling", "窗口收")
    number = Desk(county, "zhengyl").takes_in("gaoling", story.answers)
    asked = story.answers["applicant"]
    assert "民政" in _followed(county, number, asked["phone"], "gaoling-waits")
    decided = Desk(county, "zengsf").does("gaoling", number, "gl_weigh", _answers(story, "gl_weigh"))
    assert asked["name"] in decided or number in decided
    county.make_papers()
    assert "县民政局" in _followed(county, number, asked["phone"], "gaoling-decided")
    page = Desk(county, "zhengyl").page
    page.goto(f"/desk/cases/{number}")
    assert page.locator("main").get_by_text("待遇确认通知书").count()
    assert not county.troubles, county.troubles


def test_a_call_is_written_down_sent_to_the_town_and_followed_by_number_and_telephone(county: Site) -> None:
    story = _story("fanying", "派单、签收、办好")
    centre = Desk(county, "chenxl")
    number = centre.takes_in("fanying", story.answers, channel="phone", village="苏洋村")
    phone = story.answers["applicant"]["phone"]
    assert "登记分流" in _followed(county, number, phone, "fanying-waits")
    centre.does("fanying", number, "register", _answers(story, "register"))
    town = Desk(county, "huangcl")
    town.page.goto(f"/desk/cases/{number}")
    shown = town.seen("fanying-to-sign")
    assert "苏洋村" in shown and "350526103204" not in shown  # people read names of villages
    town.does("fanying", number, "sign", _answers(story, "sign"))
    town.does("fanying", number, "handle", _answers(story, "handle"))
    assert "答应的已经办好" in _followed(county, number, phone, "fanying-answered")
    assert not county.troubles, county.troubles


def test_whoever_does_not_know_where_to_go_leaves_the_guides_desk_with_a_number_and_a_slip(county: Site) -> None:
    story = _story("daoban", "优先号")
    guide = Desk(county, "chenxl")
    number = guide.takes_in("daoban", story.answers)
    guide.does("daoban", number, "g_talk", _answers(story, "g_talk"))
    county.make_papers()
    guide.page.goto(f"/desk/cases/{number}")
    guide.page.click("#tab-papers")
    assert "导办条" in guide.seen("daoban-slip")
    told = _followed(county, number, story.answers["applicant"]["phone"], "daoban-over")
    assert number in told
    assert not county.troubles, county.troubles


def test_a_town_asks_to_end_an_order_and_the_centres_head_ends_it_with_a_reason(county: Site) -> None:
    story = _story("fanying", "反映人不配合")
    centre, town = Desk(county, "chenxl"), Desk(county, "huangcl")
    number = centre.takes_in("fanying", story.answers, channel="phone", village="苏洋村")
    centre.does("fanying", number, "register", _answers(story, "register"))
    town.does("fanying", number, "sign", _answers(story, "sign"))
    town.does("fanying", number, "handle", _answers(story, "handle"))
    head = Desk(county, "zhengmz")
    head.does("fanying", number, "stop_review", _answers(story, "stop_review"))
    county.make_papers()
    head.page.goto(f"/desk/cases/{number}")
    head.page.click("#tab-papers")
    assert "工单终止告知书" in head.seen("fanying-stopped")
    assert number in _followed(county, number, story.answers["applicant"]["phone"], "fanying-stopped")
    papers = [one.get_attribute("href") for one in head.page.locator("a[href$='.pdf']").all()]
    for address in papers:
        answer = head.page.request.get(address)
        assert answer.ok and answer.body()[:5] == b"%PDF-", address
    assert papers and not county.troubles, county.troubles
