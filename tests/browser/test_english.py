"""English pages: nothing Chinese is left on them but names of people and places, and titles of laws."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.matters import stories
from engine.people import masks, units
from engine.reads.tracking import word_of
from engine.records import heartbeats, library
from engine.store.models import Case, Task, User
from tests import permit
from tests.browser.conftest import Site, sign, whole
from tests.cast import DAIBAN
from tests.commands import acting
from tests.services.telling import ROOT
from tests.services.test_fanying import DONE, GLAD, TO_YB, centre, do, fire
from tests.services.test_pages import mediator
from tests.services.test_ratings import bad

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

APPLICATION = {**DAIBAN, "applicant": {**DAIBAN["applicant"], "address": "12 Suyang"}}

_READ = """() => {
    const seen = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const above = walker.currentNode.parentElement;
        if (!above.closest('script, style, template')) seen.push(walker.currentNode.textContent);
    }
    for (const one of document.querySelectorAll('[placeholder],[aria-label],[title],[alt]'))
        for (const name of ['placeholder', 'aria-label', 'title', 'alt']) seen.push(one.getAttribute(name) || '');
    return [document.title, ...seen];
}"""


def chinese_left(page: Any, site: Site) -> list[str]:
    """What is Chinese on this page (hidden parts too), without names of people and places and titles of laws."""
    with site.database.reading() as work:
        people_ = [name for name in work.session.scalars(select(User.name)) if name] + [
            "苏玉兰",
            "赖春生",
            "林小梅",
            "王淑贞",
        ]
        places = [u.name for u in units.tree(work)]
        places += [units.tree(work).full_name(u) for u in units.tree(work)]
    names = [*people_, *(masks.name(n) for n in people_), *places, "德化县政务服务大厅", "一站", "一", "中文", "大字版"]
    left = []
    for text in page.evaluate(_READ):
        rest = re.sub(
            "《[^》]*》|（[0-9]{4}）[^ ]+第[0-9]+号|[^ ]+〔[0-9]{4}〕[0-9]+号", "", text
        )  # titles of laws, numbers of papers
        for name in sorted(names, key=len, reverse=True):
            rest = rest.replace(name, "")
        if re.search("[\u3400-\u9fff]", rest):
            left.append(text.strip()[:80])
    return sorted(set(left))


class Reader:
    """Somebody who reads English only: notes what they cannot read, and where."""

    def __init__(self, page: Any, site: Site, typed: object = ()) -> None:
        self.page, self.site, self.typed = page, site, str(typed)  # typed: what people wrote themselves, in Chinese
        self.left: dict[str, list[str]] = {}
        page.get_by_role("button", name="English").first.click()
        page.wait_for_selector("html[lang=en]")

    def read(self, where: str) -> None:
        found = [text for text in chinese_left(self.page, self.site) if text not in self.typed]
        if found:
            self.left[where] = found

    def open(self, *addresses: str) -> None:
        for address in addresses:
            self.page.goto(address)
            if self.page.locator("[data-form]").count():
                self.page.wait_for_selector("[data-form][data-drawn]")
            self.read(address)


def publish(site: Site) -> None:
    """Every matter, and the offices and people it needs."""
    mediator(site)
    centre(site.database, site.cast, site.clock, "zhenggai")
    with site.database.unit_of_work() as work:
        for name in matters.names(ROOT):
            library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=site.clock())


def held(page: Any, number: str) -> None:
    """The case's open step in this reader's hands, its form drawn."""
    page.goto(f"/desk/cases/{number}")
    if page.locator("[data-form]").count() == 0:
        page.keyboard.press("c")
    page.wait_for_selector("[data-form][data-drawn]")


def test_a_resident_reads_applies_checks_and_follows_in_english(site: Site):
    publish(site)
    reader = Reader(site.resident("13800000001"), site)
    page = reader.page
    reader.open("/", "/matters", "/agent", "/report", "/mine", "/book", "/track", "/v")
    reader.open("/report?about=1", "/matters?q=zzz", "/nowhere", "/bookings")
    for name in matters.names(ROOT):
        reader.open(f"/matters/{name}")
        if "online" in matters.load(ROOT, name).info.apply.channels:
            reader.open(f"/apply/{name}")
    # What is missing is said in English too, in the list and by the field.
    page.goto("/apply/daiban")
    whole(page)
    page.get_by_role("button", name="Next: check").click()
    page.locator("[data-form-summary] li").first.wait_for()
    reader.read("what is missing")
    page.get_by_label("Where you live now").fill("12 Suyang")
    page.get_by_label("Myself", exact=True).check()
    page.get_by_label("Kind of insured person").select_option(label="Resident")
    page.get_by_label("Authority valid until").fill("2027-09-17")
    page.get_by_label("Authority valid until").press("Enter")
    page.get_by_label(re.compile("Hand in the form")).check()
    page.get_by_label(re.compile("I authorise the agent")).check()
    page.get_by_role("button", name="Next: check").click()
    page.get_by_role("button", name=re.compile("Agree")).wait_for()
    review = page.locator("[data-form-review]").inner_text()
    assert "Hand in the form and the materials" in review and "Resident" in review and "Yes" in review
    reader.read("check your answers")
    page.get_by_role("button", name=re.compile("Agree")).click()
    number = page.locator("[data-number]").inner_text()
    reader.read("receipt")
    reader.open(f"/mine/{number}", "/mine", "/track")
    page.fill("#number", number)
    page.fill("#phone", "13800000001")
    page.click("main button[type=submit]")
    page.locator("[data-where]").wait_for()
    reader.read("tracked")
    # Stored is what was stored before: Chinese keys and values, nothing of the page's language.
    with site.database.reading() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        assert case.matter_name.startswith("全程代办") and case.answers["group_kind"] == "ordinary"
    assert reader.left == {}
    assert [t for t in site.troubles if "/nowhere" not in t] == []


def test_a_correction_reaches_the_resident_in_english(site: Site):
    with site.database.unit_of_work() as work:
        case = cases.submit(work, "daiban", APPLICATION, by=site.cast.zhang, now=site.clock()).case
        number, case_id = case.number, case.id
    with site.database.unit_of_work() as work:
        chen = people.load(work, site.cast.users["chen"], now=site.clock())
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=chen, now=site.clock())
        wang = people.load(work, site.cast.users["wang"], now=site.clock())
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        items = [{"material": "Photo", "problem": "too dark", "fix": "take it again"}]
        answers = {"decision": "correct", "correction": {"items": items, "due_on": "2026-09-25"}}
        cases.complete(work, task.id, answers, version=task.version, by=wang, now=site.clock())
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        task_id = task.id
    reader = Reader(site.resident("13800000001"), site)
    reader.open("/mine", f"/mine/{number}", f"/mine/task/{task_id}")
    assert reader.left == {}


@pytest.mark.wide
def test_a_clerks_pages_are_english_on_every_tab_and_the_drawing_too(site: Site):
    publish(site)
    with site.database.unit_of_work() as work:
        number = cases.submit(work, "daiban", APPLICATION, by=site.cast.zhang, now=site.clock()).case.number
    reader = Reader(site.staff("chen"), site)
    page = reader.page
    reader.open(
        "/desk",
        "/desk/list/open",
        "/desk/list/unit",
        "/desk/list/done",
        "/desk/window",
        "/desk/notices",
        "/desk/carried",
        "/desk/bookings",
        "/desk/nowhere",
    )
    for name in matters.names(ROOT):
        if "counter" in matters.load(ROOT, name).info.apply.channels:
            reader.open(f"/desk/window/{name}")
    reader.open(f"/desk/cases/{number}")
    page.keyboard.press("c")
    page.wait_for_selector("[data-form][data-drawn]")
    reader.read("form of a step")
    page.get_by_label(re.compile("identity and wish have been checked")).check()
    sign(page)
    page.get_by_role("button", name=re.compile("See the result|Preview|first", re.I)).first.click()
    page.locator("[data-form-review]:not([hidden])").wait_for()
    reader.read("preview")
    page.locator("[data-form-review] [data-main]").click()
    page.locator(".yz-said").wait_for()
    reader.read("after a step")
    page.goto(f"/desk/cases/{number}#flow")
    page.locator("[role=tab][href='#flow']").click()
    page.locator(".djs-element").first.wait_for()
    assert "Ask for a rating" in page.locator(".djs-container").first.text_content()
    reader.read("drawing")
    reviewer = Reader(site.staff("wang"), site)
    reviewer.page.goto(f"/desk/cases/{number}")
    reviewer.page.keyboard.press("c")
    reviewer.page.wait_for_selector("[data-form][data-drawn]")
    reviewer.read("reviewer's step")
    with site.database.reading() as work:
        task_id = work.session.scalars(select(Task.id).where(Task.state != "ended")).one()
    reviewer.open("/desk", *(f"/desk/tasks/{task_id}/{what}" for what in ("return", "transfer", "delegate")))
    head = Reader(site.staff("zhao"), site)
    head.open("/desk/overview", "/desk/overview/cases", "/desk/list/unit", f"/desk/cases/{number}")
    designer = Reader(site.staff("designer"), site)
    designer.open("/desk/matters", "/desk/matters/daiban")
    designer.page.locator(".djs-element").first.wait_for()
    designer.read("designer's drawing")
    assert reader.left | reviewer.left | head.left | designer.left == {}
    assert [t for t in site.troubles if "/nowhere" not in t] == []


@pytest.mark.wide
def test_a_mediators_pages_are_english_through_the_steps(site: Site):
    publish(site)
    story = stories.read(matters.load(ROOT, "tiaojie"))[0]
    with site.database.unit_of_work() as work:
        case = cases.submit(work, "tiaojie", story.answers, by=site.cast.zhang, now=site.clock()).case
        case_id, number = case.id, case.number
    reader = Reader(site.staff("lai"), site, typed=(story.answers, story.steps))
    page = reader.page
    for step in story.steps[:4]:
        held(page, number)
        reader.read(step["task"])
        do(site.database, site.cast, site.clock, case_id, "lai", step["answers"])
    # A meeting is planned: the mediator may move it, a party sees it and may ask for another mediator.
    held(page, number)
    reader.read("a planned meeting")
    party = Reader(site.resident("13800000001"), site, typed=(story.answers, story.steps))
    party.open("/mine", f"/mine/{number}", f"/mine/{number}/tells/object")
    site.clock.at("2026-09-22 15:00")
    reader = Reader(site.staff("lai"), site, typed=(story.answers, story.steps, reader.left))
    for step in story.steps[5:]:
        if "task" in step:
            held(reader.page, number)
            reader.read(step["task"])
            do(site.database, site.cast, site.clock, case_id, "lai", step["answers"])
        else:
            fire(site.database, site.clock, case_id)
            reader = Reader(site.staff("lai"), site, typed=reader.typed)
    reader.open(f"/desk/cases/{number}", "/desk/bookings?day=2026-09-22")
    party = Reader(site.resident("13800000001"), site, typed=party.typed)
    party.open(f"/mine/{number}")
    assert reader.left | party.left == {}


@pytest.mark.wide
def test_a_report_is_told_dispatched_answered_and_followed_in_english(site: Site):
    centre(site.database, site.cast, site.clock)
    reader = Reader(site.resident("13800000001"), site)
    page = reader.page
    page.goto("/report")
    page.get_by_role("link", name="Write it down here").click()
    whole(page)
    page.get_by_label("No", exact=True).check()
    page.get_by_label("Something to be mended").check()
    page.get_by_label("Please tell us what it is about").fill("The lamp is broken")
    page.get_by_label("Where exactly", exact=True).fill("Suyang")
    page.get_by_label("You may call me afterwards").check()
    reader.read("filled in")
    page.get_by_role("button", name="Next: check").click()
    page.get_by_role("button", name=re.compile("Agree|Send")).last.wait_for()
    reader.read("check your answers")
    page.get_by_role("button", name=re.compile("Agree|Send")).last.click()
    page.wait_for_url(re.compile("/receipt/"))
    reader.read("receipt")
    number = page.locator("[data-number]").inner_text()
    reader.open(f"/report?about={number}", f"/mine/{number}", f"/track/{number}/{word_of(number)}")
    with site.database.reading() as work:
        case_id = work.session.scalars(select(Case.id).where(Case.number == number)).one()
    typed = (TO_YB, DONE, GLAD)
    left = dict(reader.left)
    for login, answers in (("he", TO_YB), ("wang", {"signing": "accept"}), ("wang", DONE), ("gu", GLAD)):
        if login == "gu":
            fire(site.database, site.clock, case_id)
        clerk = Reader(site.staff(login), site, typed=typed)
        clerk.open("/desk/list/open", f"/desk/cases/{number}")
        held(clerk.page, number)
        clerk.read(f"{login}'s step")
        left |= clerk.left
        do(site.database, site.cast, site.clock, case_id, login, answers)
    reader = Reader(site.resident("13800000001"), site, typed=typed)
    reader.open(f"/mine/{number}", f"/track/{number}/{word_of(number)}", f"/mine/{number}/rate")
    head = Reader(site.staff("wu"), site, typed=typed)
    head.open("/desk/overview", "/desk/overview/orders?which=solved", "/desk/overview/ratings?which=unrated")
    assert left | reader.left | head.left == {}


@pytest.mark.wide
def test_a_bad_rating_is_mended_in_english(site: Site):
    _rated, child = bad(site.database, site.cast, site.clock)
    with site.database.reading() as work:
        number = work.session.get(Case, child).number
    mend = {"contact": {"reached": "yes", "facts": "Not told", "how": "mend"}}
    done = {"mend": {"done": "A list is printed", "reply": "All at once from now on"}}
    left = {}
    for login, answers in (("zhao", mend), ("zhao", done), ("gu", {})):
        if login == "gu":
            fire(site.database, site.clock, child)
        clerk = Reader(site.staff(login), site, typed="跑了三趟")
        held(clerk.page, number)
        clerk.read(f"{login}: {answers}")
        left |= clerk.left
        if answers:
            do(site.database, site.cast, site.clock, child, login, answers)
    head = Reader(site.staff("wu"), site, typed="跑了三趟")
    head.open("/desk/overview/ratings?which=1", f"/desk/cases/{number}")
    assert left | head.left == {}


@pytest.mark.usefixtures("counter")
@pytest.mark.wide
def test_a_booking_is_made_and_kept_in_english(site: Site):
    reader = Reader(site.resident("13800000001"), site)
    page = reader.page
    page.goto("/book")
    page.locator(".yz-days a").first.click()
    reader.read("times")
    page.locator(".yz-times button").first.click()
    page.get_by_role("button", name="Confirm", exact=True).click()
    page.locator("[data-errors-summary]").wait_for()
    reader.read("nothing chosen")
    page.get_by_label("Medical insurance, registration, refunds, filing").check()
    page.get_by_role("button", name="Confirm", exact=True).click()
    page.get_by_text("Booked").first.wait_for()
    reader.read("booked")
    address = page.url
    reader.open("/bookings", address, address.rstrip("/") + "/change", "/mine")
    clerk = Reader(site.staff("zhou"), site)
    clerk.open("/desk/bookings", "/desk", "/desk/list/open")
    assert reader.left | clerk.left == {}


@pytest.mark.wide
def test_time_absences_and_operations_are_english(site: Site):
    number = permit.open_case(site)
    clerk = Reader(site.staff("wang"), site)
    clerk.open(f"/desk/cases/{number}", f"/desk/cases/{number}/clock/ask", "/desk/absences")
    clerk.page.get_by_role("button", name=re.compile("Arrange")).click()
    clerk.page.locator("[data-errors-summary]").wait_for()
    clerk.read("an absence with faults")
    clerk.page.locator("#agent").select_option(index=1)
    clerk.page.locator("#from").fill("2026-09-21T08:00")
    clerk.page.locator("#until").fill("2026-09-22T18:00")
    clerk.page.get_by_role("button", name=re.compile("Arrange")).click()
    clerk.page.locator(".yz-said").wait_for()
    clerk.read("an absence")
    clerk.page.goto(f"/desk/cases/{number}/clock/ask")
    clerk.page.locator("#reason").fill("The place must be seen")
    clerk.page.locator("[data-main]").click()
    clerk.page.locator(".yz-said").wait_for()
    clerk.read("asked for more time")
    head = Reader(site.staff("zhao"), site)
    head.open("/desk/extensions", f"/desk/cases/{number}/clock/suspend", "/desk/absences", "/desk/absences/handover")
    page = head.page
    page.locator("#person").select_option(label="王丽 (德化县医疗保障局, reviewer)")
    page.locator("#to").select_option(label="李明 (德化县医疗保障局, reviewer)")
    page.locator("[data-main]").click()
    page.locator("[data-plan]").wait_for()
    head.read("what would be handed over")
    page.goto("/desk/extensions")
    page.locator("[data-row]").first.click()
    page.wait_for_url(re.compile("/extensions/"))
    head.read("a request")
    page.locator("[data-main]").click()
    page.locator("[data-plan]").wait_for()
    head.read("what approving would do")
    page.locator("[data-main]").click()
    page.locator(".yz-said").wait_for()
    head.read("approved")
    county = Reader(site.staff("wu"), site)
    county.open("/desk/calendar")
    county.page.fill("#text", "source: Storm\npublished_on: 2026-09-18\nholidays:\n  2026-09-24: Storm\n")
    county.page.locator("[data-main]").click()
    county.page.locator("[data-plan]").wait_for()
    county.read("what a correction would move")
    county.page.locator("[data-main]").click()
    county.page.locator(".yz-said").wait_for()
    county.read("published")
    with site.database.unit_of_work() as work:
        heartbeats.beat(work, heartbeats.Reading("hall-1", "b1", 1000.0, site.clock()))
        heartbeats.beat(work, heartbeats.Reading("hall-1", "b1", 1010.0, site.clock() + timedelta(days=1)))
    operator = Reader(site.staff("operator"), site)
    operator.open("/desk/operations")
    assert clerk.left | head.left | county.left | operator.left == {}


def test_rows_done_together_are_told_of_in_english(site: Site):
    with site.database.unit_of_work() as work:
        for _ in range(2):
            cases.submit(work, "daiban", APPLICATION, by=site.cast.zhang, now=site.clock())
    reader = Reader(site.staff("chen"), site)
    page = reader.page
    page.goto("/desk/list/open")
    for button in ("claim", "complete", "transfer"):
        page.locator("input[type=checkbox]").first.check()
        page.locator(f"[formaction*='/{button}']").first.click()
        page.wait_for_url(re.compile(f"/{button}"))
        reader.read(button)
        page.goto("/desk")
    page.locator("input[type=checkbox]").first.check()
    page.locator("[formaction*='/transfer']").first.click()
    page.locator("[data-main]").click()
    page.locator("[data-errors-summary]").wait_for()
    reader.read("nobody chosen")
    assert reader.left == {}
