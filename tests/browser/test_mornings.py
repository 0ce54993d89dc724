"""Four mornings in the demo county: a village's clerk, a bureau's reviewer, a dispatcher and the county's head. Each
signs in, sees what waits, does some of it and sees that it is done, and opens what only they have; on a wide screen,
and each page on a telephone of 360 pixels too. Then four things that only the whole county has: the village roll, the
grids, the county page with its report, the circle. With YIZHAN_PICTURES=folder every page is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.matters import stories
from engine.records import handovers as proofs
from engine.records import library, sheets
from engine.store.models import Case, Handover, HandoverLink, Task
from tests.browser import desk, doors, filling, pictures
from tests.browser.conftest import Site, english_left, serving_it, sign
from tests.browser.filling import PHONE
from tests.cast import ROOT
from tests.conftest import Clock, fresh_database
from tests.hall import Open
from web import demo
from web.app import create_app
from web.settings import Settings

pytestmark = [
    pytest.mark.browser,
    pytest.mark.wide,
    pytest.mark.flaky(reruns=0),  # the hall is the module's: what was done, is done
    pytest.mark.xdist_group("browser"),
]

DESK = 1440
#: The day on which the stories begin: what they answer to a step holds on it.
MORNING = datetime(2026, 9, 18, 0, 30, tzinfo=UTC)
#: Cases of the widest matter: the told places have theirs, and the hall is there in a quarter of the time.
FEW = 24


@pytest.fixture(scope="module")
def alive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, browser: Any, equipment: Any
) -> Iterator[Site]:
    """The demo county with everything under way, at half past eight on a Friday."""
    home, clock = tmp_path_factory.mktemp("alive"), Clock(MORNING)
    with fresh_database(request, home, "sqlite") as database:
        with database.unit_of_work() as work:
            for name in matters.names(ROOT):
                library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=clock())
        demo.fill(database, now=clock(), count=FEW)
        settings = Settings(home=home, database_url="", secret_key="a key of the tests")
        app = create_app(settings, database=database, clock=clock, testing=True)
        app.config["WTF_CSRF_ENABLED"] = True
        with serving_it(Open(app, database, None, clock), browser, equipment) as site:  # type: ignore[arg-type]
            yield site


class Morning:
    """One person's desk on that morning."""

    def __init__(self, alive: Site, login: str) -> None:
        self.site, self.login = alive, login
        alive.troubles.clear()
        self.page = alive.page(DESK, 900)
        self.page.clock.set_fixed_time(alive.clock())
        doors.as_staff(self.page, login, demo.PASSWORD)
        self.finished: list[str] = []

    def seen(self, name: str) -> None:
        """Whole and in Chinese on both screens."""
        assert english_left(self.page) == [], self.page.url
        for width in (DESK, PHONE):
            self.page.set_viewport_size({"width": width, "height": 900})
            pictures.taken(self.page, f"{self.login}-{name}")
        self.page.set_viewport_size({"width": DESK, "height": 900})

    def goes(self, address: str, name: str) -> Any:
        self.page.goto(address)
        self.seen(name)
        return self.page.locator("main")

    def waiting(self, which: str) -> list[str]:
        """Where the rows of this list lead."""
        self.goes(f"/desk/list/{which}", which)
        return [str(one.get_attribute("href")) for one in self.page.locator("a[data-row]").all()]

    def does(self, most: int, *lists: str) -> None:
        """So many of what waits, each another kind of step: taken, answered as a story of its matter does, done."""
        kinds: set[tuple[str, str]] = set()
        for address in [one for which in lists for one in self.waiting(which)]:
            task, case = self._step(address)
            said = _answers(case.matter, task.element)
            if said is None or (case.matter, task.element) in kinds:
                continue
            kinds.add((case.matter, task.element))
            self._do(address, task, case, said)
            if len(kinds) == most:
                return
        raise AssertionError(f"{self.login} found {sorted(kinds)} to do, and no {most} kinds of steps.")

    def _step(self, address: str) -> tuple[Task, Case]:
        step = int(parse_qs(urlsplit(address).query)["step"][0])
        with self.site.database.reading() as work:
            task = work.session.get_one(Task, step)
            case = work.session.get_one(Case, task.case_id)
            work.session.expunge_all()
        return task, case

    def _do(self, address: str, task: Task, case: Case, said: dict[str, Any]) -> None:
        page = self.page
        desk.take(page, address)
        filling.fill_in(page, matters.load(ROOT, case.matter), task.form or "", said)
        for n in range(page.locator(".yz-signature-pad:visible").count()):
            sign(page, n)
        self.seen(f"{case.matter}-{task.element}")
        page.get_by_role("button", name="办好，往下走").click()
        wrong = page.locator("[data-form-summary]:visible, .yz-errors:visible")
        page.get_by_text("已办好。").or_(wrong).first.wait_for()
        assert not wrong.count(), f"{case.matter} {task.element}: {wrong.first.inner_text()}"
        self.finished.append(case.number)

    def over(self) -> None:
        """What was done stands in the list of what was done; no browser complained."""
        shown = self.goes("/desk/list/done", "done").inner_text()
        assert [one for one in self.finished if one not in shown] == []
        assert not self.site.troubles, self.site.troubles


def _answers(matter: str, element: str) -> dict[str, Any] | None:
    """What a story of the matter answers at this step."""
    for story in stories.read(matters.load(ROOT, matter)):
        for step in story.steps:
            if step.get("task") == element and "refused" not in step and not step.get("error") and step.get("answers"):
                return dict(step["answers"])
    return None


def test_a_villages_clerk_does_what_waits_brings_papers_to_town_and_writes_down_what_an_old_man_says(
    alive: Site,
) -> None:
    one = Morning(alive, "sucx")
    one.does(2, "mine", "open")
    # What she has to bring to town.
    one.goes("/desk/handovers", "to-hand-over")
    one.page.get_by_role("link", name=re.compile("户口簿")).first.click()
    one.page.get_by_role("img", name="交接二维码，给对方扫").wait_for()
    one.seen("hand-over")
    # An old man tells her what is broken.
    one.page.goto("/desk/window/fanying")
    one.page.wait_for_selector("[data-form][data-drawn]")
    package = matters.load(ROOT, "fanying")
    filling.fill_in(one.page, package, package.info.apply.form, stories.read(package)[0].answers)
    one.seen("told")
    one.page.get_by_role("button", name="收件", exact=True).click()
    one.page.wait_for_url(re.compile("/desk/cases/"))
    one.seen("written-down")
    one.over()


def test_a_bureaus_reviewer_does_three_kinds_of_steps_reads_the_time_and_receives_originals(alive: Site) -> None:
    one = Morning(alive, "xuhy")
    one.does(2, "mine", "open")
    one.page.goto(one.waiting("open")[0])
    one.page.click("#tab-time")
    one.seen("time")
    # The agent comes with somebody's household register.
    with alive.database.reading() as work:
        waits = select(HandoverLink).join(Handover).join(Case, Case.id == Handover.case_id)
        link = work.session.scalars(waits.where(Case.matter == "daiban", HandoverLink.state == "open")).first()
        assert link is not None, "Expected an agent on the way with originals."
        code = proofs.code(link, "giver")
    one.goes("/desk/handovers", "expects")
    one.page.locator("#proof").fill(code)
    one.page.locator("#proof").press("Enter")
    one.page.wait_for_url(re.compile(r"/desk/handovers/\d+\?proof="))
    one.seen("originals")
    one.page.get_by_role("button", name="确认交接").click()
    one.page.get_by_text("交接完成，双方都已确认。").wait_for()
    one.over()


def test_a_dispatcher_sends_what_came_in_to_who_is_in_charge_and_calls_the_next_number(alive: Site) -> None:
    one = Morning(alive, "chenxl")
    one.does(2, "mine", "open")
    one.goes("/desk/halls/jiayuan", "window")
    done = one.page.get_by_role("button", name=re.compile("^办完"))
    if done.count():
        done.click()
    one.page.get_by_role("button", name=re.compile("^叫下一位")).click()
    one.page.locator(".yz-callbar").get_by_text("已叫号").wait_for()
    one.seen("called")
    one.over()


def test_the_countys_head_sees_where_it_is_late_opens_one_compares_the_towns_and_reads_what_is_pressed(
    alive: Site,
) -> None:
    one = Morning(alive, "liuxz")
    one.goes("/desk/overview", "overview")
    one.page.locator(".yz-tile", has_text="超承诺时限").click()
    one.page.wait_for_url(re.compile("which=red"))
    one.seen("late")
    one.page.locator("a[data-row]").first.click()
    one.page.wait_for_url(re.compile("/desk/cases/"))
    one.page.click("#tab-time")
    one.seen("late-one")
    towns = one.goes("/desk/overview/places", "towns").inner_text()
    assert "龙门滩镇" in towns and "浔中镇" in towns
    one.goes("/desk/overview/ratings?which=bad", "ratings")
    one.goes("/desk/overview/pressed", "pressed")
    one.goes("/desk/schedules", "schedules")
    one.does(1, "mine", "open")
    one.over()


def test_forty_elders_are_ticked_on_one_screen_and_each_is_told_or_read_to(alive: Site) -> None:
    one = Morning(alive, "sucx")
    page, package = one.page, matters.load(ROOT, "daiban")
    one.goes("/desk/together?list=elder&what=matter:daiban", "roll")
    page.wait_for_selector("[data-form][data-drawn]")
    answers = {**stories.read(package)[0].answers, "mandate_until": "2026-12-31"}
    filling.fill_in(page, package, package.info.apply.form, answers)
    ticks = page.locator("input[name=who]")
    for tick in ticks.all():
        tick.check()
    page.locator("#consent").select_option("yes")
    one.seen("roll-ticked")
    page.get_by_role("button", name="给勾的人一起办").click()
    said = page.locator("[data-together]")
    said.wait_for()
    good = re.match(r"办成 (\d+) 个，没办成 0 个", said.inner_text())
    assert good and int(good[1]) == ticks.count() >= 40, said.inner_text()
    one.seen("roll-done")
    # Whom no text message reaches is read to, and that is written down.
    one.goes("/desk/together", "roll-to-read")
    left = page.get_by_role("button", name=re.compile("^念过了"))
    before = left.count()
    assert 0 < before < int(good[1])
    left.first.click()
    page.get_by_text("记下了，已经念给他听。").wait_for()
    assert left.count() == before - 1
    assert not alive.troubles, alive.troubles


def test_an_agent_files_with_a_signature_and_has_the_roll_signed_at_the_visit(alive: Site) -> None:
    one = Morning(alive, "sucx")
    page, package = one.page, matters.load(ROOT, "gaoling")
    told = next(story for story in stories.read(package) if story.channel == "agent" and not story.refused)
    one.goes("/desk/window/gaoling", "agent-form")
    page.wait_for_selector("[data-form][data-drawn]")
    assert page.get_by_text("授权委托书").count() == 0  # a counter asks for none
    page.locator("#channel").select_option("agent")
    page.get_by_text("授权委托书").wait_for()
    filling.fill_in(page, package, package.info.apply.form, told.answers)
    page.locator("#consent").select_option("yes")
    page.locator('[id$="-mandate_until-date"]').fill("2026-12-31")
    page.locator('[id$="-mandate_until-date"]').press("Enter")
    one.seen("agent-unsigned")
    page.get_by_role("button", name="收件", exact=True).click()
    page.locator("[data-form-summary]").get_by_text(re.compile("委托人签名")).wait_for()
    sign(page)
    page.get_by_role("button", name="收件", exact=True).click()
    page.wait_for_url(re.compile("/desk/cases/"))
    assert "委托书还没签" not in page.locator("main").inner_text()
    shown = one.goes("/desk/carried", "agent-carried").inner_text()
    assert str(told.answers["applicant"]["name"]) in shown and "2026-12-31" in shown
    # On the roll nobody signs: it is taken in, and signed when the agent comes by.
    page.goto("/desk/together?list=elder&what=matter:gaoling")
    page.wait_for_selector("[data-form][data-drawn]")
    filling.fill_in(page, package, package.info.apply.form, told.answers)
    tick = page.locator("input[name=who]").first
    who = tick.locator("xpath=ancestor::tr").locator("th .yz-nowrap").first.inner_text()
    tick.check()
    page.locator("#consent").select_option("yes")
    page.get_by_role("button", name="给勾的人一起办").click()
    page.locator("[data-together]").get_by_text("办成 1 个").wait_for()
    one.goes("/desk/carried", "agent-to-sign")
    page.get_by_role("link", name=f"请{who}签委托书").click()
    page.wait_for_selector("[data-form][data-drawn]")
    page.locator('[id$="-mandate_until-date"]').fill("2026-12-31")
    page.locator('[id$="-mandate_until-date"]').press("Enter")
    sign(page)
    one.seen("agent-signing")
    page.get_by_role("button", name="签好了").click()
    page.get_by_text(
        "委托书签好了，从现在起您可以替他办。授权委托书在“文书”里：他没有手机的，打印一份当面给他。"
    ).wait_for()
    assert page.get_by_role("link", name=re.compile("签委托书")).count() == 0
    assert not alive.troubles, alive.troubles


def test_what_a_grid_worker_mends_on_the_spot_is_done_and_their_grid_stands_on_the_board(alive: Site) -> None:
    one = Morning(alive, "wanggm")
    page, package = one.page, matters.load(ROOT, "wangge")
    story = next(told for told in stories.read(package) if "即办" in told.name)
    one.goes("/desk/window/wangge", "patrol")
    page.wait_for_selector("[data-form][data-drawn]")
    filling.fill_in(page, package, package.info.apply.form, story.answers)
    one.seen("patrol-filled")
    page.get_by_role("button", name="收件", exact=True).click()
    page.wait_for_url(re.compile("/desk/cases/"))
    assert "已办结" in page.locator("main").inner_text()
    one.seen("patrol-done")
    one.goes("/desk/registers/grid", "grids")
    reader = alive.page(PHONE, 780)
    doors.as_resident(reader, demo.RESIDENT)
    reader.goto("/board/at/350526100002")
    reader.get_by_role("link", name=re.compile("第一网格")).first.click()
    shown = reader.locator("main").inner_text()
    assert "王格妹" in shown and "0595-23500301" in shown and "富东街北段" in shown
    pictures.taken(reader, "grid-on-the-board")
    assert english_left(reader) == []
    assert not alive.troubles, alive.troubles


def test_the_county_page_says_load_lateness_and_three_rates_by_town_and_by_type_of_centre(alive: Site) -> None:
    one = Morning(alive, "liuxz")
    page = one.page
    shown = one.goes("/desk/overview/places", "county").inner_text()
    assert "18 个乡镇，222 个村和社区" in shown and "按中心类型" in shown and "不排名次" in shown
    assert all(words in shown for words in ("响应率", "解决率", "满意率", "逾期工单", "集中", "分散", "移民"))
    page.locator("#content").get_by_label("中心类型").first.select_option(label="移民")
    page.get_by_role("button", name="查看").click()
    page.wait_for_url(re.compile("centre=resettled"))
    one.seen("county-resettled")
    sheet = page.request.get("/desk/overview/places?as=xlsx")
    rows = next(iter(sheets.read_all(sheet.body(), hidden=[]).values()))
    assert {"浔中镇", "龙门滩镇", "春美乡"} <= {str(row[0].value) for row in rows}
    assert not alive.troubles, alive.troubles


def test_the_circle_says_near_further_beyond_and_not_known_for_each_village(alive: Site) -> None:
    one = Morning(alive, "liuxz")
    shown = one.goes("/desk/registers/way/coverage", "circle").inner_text()
    functions = ("幼有所育", "老有所养", "病有所医", "食有所安", "居有所乐", "事有所办")
    assert all(words in shown for words in (*functions, "15 分钟够得着", "30 分钟够得着", "不清楚"))
    assert "没有人量过的、过期没有重新核对的写“不清楚”" in shown
    one.page.get_by_role("link", name="龙门滩镇", exact=True).first.click()
    one.page.wait_for_url(re.compile("town="))
    assert "苏洋村" in one.page.locator("main").inner_text()
    one.seen("circle-town")
    reader = alive.page(PHONE, 780)
    reader.goto("/around/near?village=350526103204")
    assert "苏洋村卫生室" in reader.locator("main").inner_text()
    pictures.taken(reader, "near")
    assert english_left(reader) == []
    assert not alive.troubles, alive.troubles
