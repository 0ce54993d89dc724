"""English pages: nothing Chinese is left on them but names of people and places, and titles of laws."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.matters import stories
from engine.people import masks, units
from engine.records import library
from engine.store.models import Case, Task, User
from tests.browser.conftest import Site
from tests.cast import DAIBAN
from tests.services.test_pages import mediator
from tests.services.test_stories_for_real import ROOT

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
        people_ = [name for name in work.session.scalars(select(User.name)) if name] + ["苏玉兰", "赖春生", "林小梅"]
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
    mediator(site)
    with site.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "yuyue"), by=people.SYSTEM, now=site.clock())


def test_a_resident_reads_applies_checks_and_follows_in_english(site: Site):
    publish(site)
    reader = Reader(site.resident("13800000001"), site)
    page = reader.page
    reader.open("/", "/matters", "/agent", "/report", "/mine", "/book", "/track", "/v")
    reader.open("/report?about=1", "/matters?q=zzz", "/nowhere", "/bookings")
    for name in matters.names(ROOT):
        reader.open(f"/matters/{name}")
        reader.open(f"/apply/{name}")
    # What is missing is said in English too, in the list and by the field.
    page.goto("/apply/daiban")
    page.wait_for_selector("[data-form][data-drawn]")
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
        items = [{"material": "Photo", "problem": "too dark", "fix": "take it again"}]
        answers = {"decision": "correct", "correction": {"items": items, "due_on": "2026-09-25"}}
        cases.complete(work, task.id, answers, version=task.version, by=chen, now=site.clock())
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        task_id = task.id
    reader = Reader(site.resident("13800000001"), site)
    reader.open("/mine", f"/mine/{number}", f"/mine/task/{task_id}")
    assert reader.left == {}


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
        reader.open(f"/desk/window/{name}")
    reader.open(f"/desk/cases/{number}")
    page.keyboard.press("c")
    page.wait_for_selector("[data-form][data-drawn]")
    reader.read("form of a step")
    page.get_by_label("Accept", exact=True).check()
    page.get_by_label(re.compile("identity and wish have been checked")).check()
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


def test_a_mediators_pages_are_english_through_the_steps(site: Site):
    publish(site)
    story = stories.read(matters.load(ROOT, "tiaojie"))[0]
    with site.database.unit_of_work() as work:
        lai = people.load(work, site.cast.users["lai"], now=site.clock())
        case = cases.submit(work, "tiaojie", story.answers, by=site.cast.zhang, now=site.clock()).case
        case_id, number = case.id, case.number
    reader = Reader(site.staff("lai"), site, typed=(story.answers, story.steps))
    page = reader.page
    for step in story.steps[:5]:
        if "task" not in step:
            continue
        page.goto(f"/desk/cases/{number}")
        if page.locator("[data-form]").count() == 0:
            page.keyboard.press("c")
        page.wait_for_selector("[data-form][data-drawn]")
        reader.read(step["task"])
        with site.database.unit_of_work() as work:
            task = work.session.scalars(
                select(Task).where(Task.case_id == case_id, Task.state != "ended", Task.element == step["task"])
            ).one()
            cases.complete(work, task.id, step["answers"], version=task.version, by=lai, now=site.clock())
    assert reader.left == {}
