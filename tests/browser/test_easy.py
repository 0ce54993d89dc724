"""Every resident's page is light on an old phone and easy for old eyes and hands: weighed and measured in a real
browser.

What is counted is what crosses the wire to an empty cache. What is measured: width at 320 px, twice the size, letters,
line height, contrast, targets, and that nothing hides behind the tabs. The pages are those the application has: a new
one that is not visited here fails the last test.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import booking, cases
from engine.matters import stories
from engine.people import login
from engine.reads.tracking import word_of
from engine.records import library
from engine.store.models import Duty, Holding, Post, Task
from tests.appointments.conftest import opened
from tests.browser.conftest import ITEMS, Site, axe, serving
from tests.cast import ROOT
from tests.commands import acting
from tests.conftest import NOW, Clock, fresh_database
from tests.services.test_pages import mediator

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.wide]

#: Most bytes of a page, with all it needs.
LIGHT, WITH_A_FORM = 150_000, 350_000

#: Pages that are not pages: data, files, and pages of the hall's own people.
ELSEWHERE = {
    "entry.staff",
    "entry.proof",
    "entry.code",  # after a number was given: tests/browser/test_door.py
    "resident.own_name",  # asked of who has no name yet: tests/browser/test_resident_day.py
    "resident.consent",  # of what was agreed to: tests/browser/test_own_data.py
    "logins.reset",  # of the hall's own people: tests/browser/test_signing_in.py
    "second.ask",
    "sso.begin",
    "sso.back",
    "monitoring.healthz",  # for programs
    "monitoring.readyz",
    "monitoring.metrics",
    "papers.file",
    "papers.pdf",
    "papers.spreadsheet",
    "booking.calendar_file",
    "assets.static",
    "static",
}
#: Pages of nouns: their own journeys (tests/browser/test_offers.py …) look at them at 360 px, with axe.
NOUNS = {
    "around",
    "ballots",
    "boards",
    "bonds",
    "handovers",
    "loans",
    "matches",
    "offers",
    "registers",
    "standing",
    "tickets",
}


@pytest.fixture(scope="module")  # nothing here writes but the making of it: once for all
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, browser: Any, equipment: Any
) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("easy")
    with (
        fresh_database(request, home, "sqlite") as database,
        serving(database, Clock(NOW), home, browser, equipment) as opened,
    ):
        yield opened


@pytest.fixture(scope="module")
def visited(site: Site) -> dict[str, str]:
    """Every resident's page that can be opened, by endpoint: with cases at each stage, papers and bookings."""
    now, cast, database = site.clock(), site.cast, site.database
    with database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "yuyue"), by=people.SYSTEM, now=now)
        place = opened(work, cast.lmt.id, code="lmt")
        work.session.get(booking.book.Resource, place).items = ITEMS
        duty = Post(code="duty", name="值班岗", role="clerk")
        work.session.add(duty)
        work.session.flush()
        work.session.add(Holding(user_id=cast.users["zhou"], unit_id=cast.lmt.id, post_id=duty.id))
        booking.publish(work, place, first=date(2026, 9, 18), last=date(2026, 9, 30), by=people.SYSTEM, now=now)
        for day in (21, 22):
            work.session.add(
                Duty(
                    unit_id=cast.lmt.id,
                    user_id=cast.users["zhou"],
                    starts_at=booking.local(date(2026, 9, day), booking.office.time(17)),
                    ends_at=booking.local(date(2026, 9, day), booking.office.time(21)),
                )
            )
    running = site.submit()
    correcting = acting.taken_in(database, cast, site.clock)
    acting.claim(database, correcting, cast.wang, now)
    acting.complete(database, correcting, acting.CORRECT, cast.wang, now)
    done = acting.accepted(database, cast, site.clock)
    acting.complete(database, done, acting.REGISTER, cast.wang, site.clock())
    acting.complete(database, done, acting.HAND_OVER, cast.chen, site.clock())
    booked = _booked(site, place)
    site.make_papers()
    with database.reading() as work:
        from engine.store.models import Case, Document

        number = {case_id: work.session.get(Case, case_id).number for case_id in (correcting, done)}
        code = work.session.query(Document.check_code).order_by(Document.id).first()[0]
    task = acting.now_open(database, correcting).id
    return {
        "resident.home": "/",
        "resident.matters": "/matters",
        "resident.guide": "/matters/daiban",
        "resident.apply": "/apply/daiban",
        "resident.receipt": f"/receipt/{running}",
        "resident.mine": "/mine",
        "curves.mine": "/mine/curves",
        "resident.case": f"/mine/{number[done]}",
        "resident.rate": f"/mine/{number[done]}/rate",
        "resident.task": f"/mine/task/{task}",
        "tracking.ask": "/track",
        "tracking.seen": f"/track/{running}/{word_of(running)}",
        "taking_part.say": f"/mine/{_mediated(site)}/tells/refuse",
        "resident.own_number": "/mine/number",
        "resident.own_data_page": "/mine/data",
        "resident.own_copy": "/mine/data/copy",
        "resident.data_ask": "/mine/data/ask/correct",
        "resident.agent": "/agent",
        "resident.report": "/report",
        "booking.doors": "/book",
        "booking.calendar": f"/book/{place}?day=2026-09-21",
        "booking.mine": "/bookings",
        "booking.one": f"/bookings/{booked}",
        "booking.other_times": f"/bookings/{booked}/change",
        "teams.mine": "/teams",
        "papers.ask": "/v",
        "papers.verify": f"/v/{code}",
        "entry.resident": "/enter",
    }


def _mediated(site: Site) -> str:
    """A mediation whose mediators were chosen: either side may say that they will not go on."""
    mediator(site)
    story = stories.read(matters.load(ROOT, "tiaojie"))[0]
    with site.database.unit_of_work() as work:
        lai = people.load(work, site.cast.users["lai"], now=site.clock())
        case = cases.submit(work, "tiaojie", story.answers, by=site.cast.zhang, now=site.clock()).case
        for element in ("register", "choose", "consult"):
            waits = Task.case_id == case.id, Task.element == element
            task = work.session.scalars(select(Task).where(*waits)).one()
            answers = next(step["answers"] for step in story.steps if step.get("task") == element)
            cases.complete(work, task.id, answers, version=task.version, by=lai, now=site.clock())
        return case.number


def _booked(site: Site, place: int) -> int:
    page = site.resident("13800000001")
    page.goto(f"/book/{place}?day=2026-09-21")
    page.locator(".yz-times button").first.click()
    page.get_by_label(ITEMS[0]["name"]).check()
    page.get_by_role("button", name="确认预约").click()
    page.get_by_text("预约好了").wait_for()
    return int(page.url.rstrip("/").split("/")[-1].split("?")[0])


def _signed_in(site: Site, **window: Any) -> Any:
    """A window of any size and zoom, signed in as 张三丰."""
    with site.database.unit_of_work() as work:
        token = login.open_session(work, site.cast.users["zhang"], now=site.clock())
    client = site.app.test_client()
    with client.session_transaction() as session:
        session["token"] = token
    name = site.app.config["SESSION_COOKIE_NAME"]
    context = site.browser.new_context(base_url=site.address, **window)
    context.set_default_timeout(20_000)
    context.add_cookies([{"name": name, "value": client.get_cookie(name).value, "url": site.address}])
    site._contexts.append(context)
    page = context.new_page()
    page.on("pageerror", lambda e: site.troubles.append(f"{page.url}: {e}"))
    return page


def _open(page: Any, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")


def test_every_page_is_light(site: Site, visited: dict[str, str]) -> None:
    heavy = []
    for path in visited.values():
        page = _signed_in(site, viewport={"width": 390, "height": 844})  # a window of its own: its cache is empty
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        sizes: list[float] = []
        wire.on("Network.loadingFinished", lambda e, sizes=sizes: sizes.append(e["encodedDataLength"]))
        _open(page, path)
        limit = WITH_A_FORM if page.locator("[data-form]").count() else LIGHT
        assert sizes
        if sum(sizes) > limit:
            heavy.append(f"{path}: {sum(sizes) / 1000:.0f} kB")
        page.context.close()
    assert heavy == []


#: What is wrong with the letters and targets of a page, as text: smaller than 18 px, lines closer than 1.3, a target
#: under 44 px (48 for a button) that is not a word in a sentence, text cut off by its own box.
MEASURE = """() => {
  const found = [], seen = e => { const r = e.getBoundingClientRect(), s = getComputedStyle(e);
    return e.checkVisibility() && r.width > 1 && r.height > 1 && s.visibility != 'hidden' && !e.closest('.yz-skip, \
.yz-unseen, .visually-hidden, [aria-hidden=true], .fjs-powered-by') };
  const name = e => e.tagName.toLowerCase() + '.' + e.className + ' ' + e.textContent.trim().slice(0, 20);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const elements = new Set();
  while (walker.nextNode()) if (walker.currentNode.textContent.trim()) elements.add(walker.currentNode.parentElement);
  for (const e of elements) {
    if (!seen(e) || ['SCRIPT', 'STYLE', 'OPTION', 'NOSCRIPT'].includes(e.tagName)) continue;
    const s = getComputedStyle(e), size = parseFloat(s.fontSize), line = parseFloat(s.lineHeight);
    if (size < 17.99) found.push(`${size} px: ${name(e)}`);
    if (line && line / size < 1.2 || line / size < 1.295 && e.getClientRects().length > 1) found.push(`line ${line / \
size}: ${name(e)}`);
    if (s.overflowX != 'visible' && e.scrollWidth > e.clientWidth + 1) found.push(`cut off: ${name(e)}`);
  }
  for (const e of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, \
[role=button]')) {
    if (!seen(e) || e.disabled) continue;
    const s = getComputedStyle(e);
    const inSentence = e.tagName == 'A' && s.display == 'inline' && e.parentElement.textContent.trim() != \
e.textContent.trim();
    if (inSentence) continue;
    const own = e.closest('label') || document.querySelector(`label[for="${CSS.escape(e.id || 'none')}"]`);
    const boxes = [e, own && ['radio', 'checkbox'].includes(e.type) ? own : null].filter(Boolean).map(b => \
b.getBoundingClientRect());
    const high = Math.max(...boxes.map(b => b.height)), wide = Math.max(...boxes.map(b => b.width));
    const least = e.classList.contains('btn') ? 47.5 : 43.5;
    if (high < least || wide < 43.5) found.push(`target ${Math.round(wide)}x${Math.round(high)}: ${name(e)}`);
  }
  return found;
}"""

#: What can be reached by the keyboard but then lies under the tabs, or is wider than the window.
REACH = """() => {
  const tabs = document.querySelector('.yz-tabs'), found = [];
  for (const e of document.querySelectorAll('main a[href], main button, main input:not([type=hidden]), main select, \
main textarea, footer a')) {
    if (!e.checkVisibility() || e.disabled) continue;
    e.focus({preventScroll: true});
    e.scrollIntoView({block: 'nearest', behavior: 'instant'});
    const r = e.getBoundingClientRect(), bar = getComputedStyle(tabs).position == 'sticky' ? \
tabs.getBoundingClientRect().top : innerHeight;
    if (r.height < innerHeight - 100 && r.bottom > bar + 1) found.push(`under the tabs by ${Math.round(r.bottom - \
bar)} px: ${e.textContent.trim().slice(0, 20)}`);
    if (r.left < -1 || r.right > document.documentElement.clientWidth + 1) found.push(`outside: \
${e.textContent.trim().slice(0, 20)}`);
  }
  return found;
}"""


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large letters"])
def test_letters_lines_and_targets_are_large_enough_and_320_px_are_wide_enough(
    site: Site, visited: dict[str, str], large: bool
) -> None:
    page = _signed_in(site, viewport={"width": 320, "height": 640})
    if large:
        _open(page, "/")
        page.get_by_role("button", name="大字版").click()
    wrong: list[str] = []
    for path in visited.values():
        _open(page, path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found = [f"{wide} px too wide"] if wide > 0 else []
        wrong += [f"{path}  {text}" for text in [*found, *page.evaluate(MEASURE), *page.evaluate(REACH)]]
    assert wrong == [], "\n".join(wrong)
    assert site.troubles == []


@pytest.mark.parametrize(
    "window",
    [
        pytest.param({"viewport": {"width": 195, "height": 422}, "device_scale_factor": 2}, id="a phone at 200 %"),
        pytest.param({"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}, id="a desktop at 200 %"),
    ],
)
def test_at_twice_the_size_everything_is_there_and_can_be_reached(
    site: Site, visited: dict[str, str], window: dict[str, Any]
) -> None:
    page = _signed_in(site, **window)
    wrong: list[str] = []
    for path in visited.values():
        _open(page, path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found = [f"{wide} px too wide"] if wide > 0 else []
        cut = [text for text in page.evaluate(MEASURE) if text.startswith("cut off")]
        wrong += [f"{path}  {text}" for text in [*found, *cut, *page.evaluate(REACH)]]
    assert wrong == [], "\n".join(wrong)


def test_axe_finds_nothing_on_any_page_as_it_stands_on_a_phone(site: Site, visited: dict[str, str]) -> None:
    """Contrast and names of everything, targets as WCAG counts them."""
    page = _signed_in(site, viewport={"width": 390, "height": 844})
    found = []
    for path in visited.values():
        _open(page, path)
        found += [f"{path}  {text}" for text in axe(page)]
    assert found == [], "\n".join(found)


def test_every_residents_page_was_visited(site: Site, visited: dict[str, str]) -> None:
    pages = {
        rule.endpoint
        for rule in site.app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.endpoint.startswith("api.")
        and rule.endpoint not in ELSEWHERE
        and rule.endpoint.partition(".")[0] not in NOUNS
        and site.app.view_functions[rule.endpoint].guard.who in ("anyone", "signed-in", "resident")
    }
    assert pages - set(visited) == set()
