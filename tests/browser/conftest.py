"""A hall behind a real socket, a real Chromium, and a worker that makes real papers on demand."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from engine import matters, people
from engine.commands import booking, register_rows
from engine.commands.worker import background
from engine.matters import stories
from engine.matters.nouns.registers import Register
from engine.records import library
from engine.store import Database, Work
from engine.store.models import Duty, Holding, Post, Resource, User
from tests.appointments.conftest import opened
from tests.browser import doors
from tests.cast import ROOT
from tests.conftest import Clock, fresh_database
from tests.hall import Open, open_hall
from web import demo
from web.app import create_app
from web.settings import Settings

#: Words of another language that belong on a Chinese page: names, formats, keys.
ALLOWED = re.compile(
    # the last two: a piece of a version's fingerprint, and the unit that every glucose meter shows
    r"English|PDF|QR|BPMN|DMN|bpmn|io|Ctrl|Enter|Esc|MB|KB|JPG|jpg|PNG|Word|Excel|ID|[A-Z]{2}-[A-Z]+|form|dmn|json|[a-z_-]+\.(form|dmn)|[a-f]+|mmol"
)


@pytest.fixture(scope="module")  # not longer: its event loop would be in the way of others that need one
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=doors.chromium(),
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()


#: What is done at the counter of 龙门滩镇.
ITEMS = [{"code": "medical", "name": "医保参保、报销、备案"}, {"code": "ask", "name": "先问问"}]


@dataclass
class Site(Open):
    """A hall at an address."""

    equipment: Any = None
    address: str = ""
    browser: Any = None
    _contexts: list[Any] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)  # what browsers complained of: errors, refused styles

    def page(self, width: int = 390, height: int = 844) -> Any:
        """A new browser window of its own."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, base_url=self.address, timezone_id="Asia/Shanghai"
        )
        context.set_default_timeout(20_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: self.troubles.append(f"{page.url}: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda e: self.troubles.append(f"{page.url}: {e}"))
        return page

    def resident(self, phone: str, width: int = 390) -> Any:
        """A resident's window, signed in by phone and code."""
        page = self.page(width)
        doors.as_resident(page, phone)
        return page

    def staff(self, name: str, width: int = 1440) -> Any:
        """A clerk's window, signed in by name and password."""
        from tests.cast import PASSWORD

        page = self.page(width, 900)
        doors.as_staff(page, name, PASSWORD)
        return page

    def make_papers(self) -> None:
        """What the worker would do now."""
        while background.run(self.database, self.equipment, now=self.clock()):
            pass


@pytest.fixture(scope="session")
def equipment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[background.Equipment]:
    from web import press
    from web.worker import equip

    made = equip(press.start(tmp_path_factory.mktemp("worker")))
    yield made
    made.press.close()  # type: ignore[attr-defined]


@pytest.fixture
def site(
    sqlite: Database, clock: Clock, tmp_path: Path, browser: Any, equipment: background.Equipment
) -> Iterator[Site]:
    with serving(sqlite, clock, tmp_path, browser, equipment) as opened:
        yield opened


@contextmanager
def serving(
    database: Database, clock: Clock, home: Path, browser: Any, equipment: background.Equipment
) -> Iterator[Site]:
    """A hall over this database, at an address of its own."""
    with serving_it(open_hall(database, clock, home, csrf=True), browser, equipment) as opened:
        yield opened


@contextmanager
def serving_it(hall: Open, browser: Any, equipment: background.Equipment) -> Iterator[Site]:
    """A hall that is there already, at an address of its own."""
    from waitress.server import create_server

    server = create_server(hall.app, host="127.0.0.1", port=0, threads=4)
    port = server.effective_port
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    opened = Site(
        hall.app,
        hall.database,
        hall.cast,
        hall.clock,
        equipment=replace(equipment, public_url=address),
        address=address,
        browser=browser,
    )
    yield opened
    for context in opened._contexts:
        context.close()
    server.close()
    thread.join(5)


@pytest.fixture(scope="module")
def county(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    browser: Any,
    equipment: background.Equipment,
) -> Iterator[Site]:
    """The demo county's people and units, with every matter in force, or those of the module's MATTERS, and no case."""
    home, clock = tmp_path_factory.mktemp("county"), Clock(datetime(2026, 9, 18, 2, 0, tzinfo=UTC))
    packages = [matters.load(ROOT, name) for name in getattr(request.module, "MATTERS", matters.names(ROOT))]
    with fresh_database(request, home, "sqlite") as database:
        cast = demo.people_it(database, now=clock())
        with database.unit_of_work() as work:
            work.session.execute(update(User).values(proved_at=clock()))  # nobody was silent for a season
            for package in packages:
                library.publish(work, package, by=people.SYSTEM, now=clock())
            for package in packages:
                _things(work, package, clock())
        settings = Settings(home=home, database_url="", secret_key="a key of the tests")
        app = create_app(settings, database=database, clock=clock, testing=True)
        app.config["WTF_CSRF_ENABLED"] = True
        with serving_it(Open(app, database, cast, clock), browser, equipment) as opened:
            yield opened


def _things(work: Work, package: matters.Package, now: datetime) -> None:
    """What the registers about things hold as the matter's stories begin: one of them is chosen in its form."""
    for given in stories.book(package).entries:
        one = package.declared("registers")[given.register]
        if isinstance(one.what, Register) and one.what.about == "thing":
            register_rows.put(work, one, given.facts, by=people.SYSTEM, now=now, state=given.state)


@pytest.fixture
def counter(site: Site) -> int:
    """龙门滩镇's counter is open on working evenings; 周敏 is on duty."""
    now = site.clock()
    with site.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "yuyue"), by=people.SYSTEM, now=now)
        resource = opened(work, site.cast.lmt.id, code="lmt")
        work.session.get(Resource, resource).items = ITEMS
        duty = Post(code="duty", name="值班岗", role="clerk")
        work.session.add(duty)
        work.session.flush()
        work.session.add(Holding(user_id=site.cast.users["zhou"], unit_id=site.cast.lmt.id, post_id=duty.id))
        booking.publish(work, resource, first=date(2026, 9, 18), last=date(2026, 9, 30), by=people.SYSTEM, now=now)
        for day in (21, 22, 23):
            work.session.add(
                Duty(
                    unit_id=site.cast.lmt.id,
                    user_id=site.cast.users["zhou"],
                    starts_at=booking.local(date(2026, 9, day), time(17)),
                    ends_at=booking.local(date(2026, 9, day), time(21)),
                )
            )
    return resource


def whole(page: Any) -> None:
    """Show a long form on one page, as a helper who knows the way would."""
    page.wait_for_selector("[data-form][data-drawn]")
    toggle = page.locator("[data-steps-whole]")
    if toggle.is_visible() and toggle.inner_text() in ("一页全部显示", "All on one page"):
        toggle.click()


def sign(page: Any, index: int = 0) -> None:
    """Write on a signature pad with the mouse (the pen)."""
    pad = page.locator(".yz-signature-pad").nth(index)
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.down()
    for n in range(1, 16):
        page.mouse.move(box["x"] + 20 + n * (box["width"] - 60) / 16, box["y"] + 30 + (n % 2) * 40, steps=3)
    page.mouse.up()


def come(page: Any) -> None:
    """The page that a click led to has come whole: on a slow machine it is looked at while it is still on its way.

    Never by `wait_for_function`: only its first look is let through by the pages' own policy, the second fails.
    """
    page.wait_for_load_state("load")
    page.wait_for_selector("body", state="attached")


def axe(page: Any) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA on this page."""
    from axe_playwright_python.sync_playwright import Axe

    come(page)
    # The whole page at once: tabs that stick to the screen's edge lie over whatever happens to be there.
    size = page.viewport_size
    page.set_viewport_size({"width": size["width"], "height": page.evaluate("document.documentElement.scrollHeight")})
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = Axe().run(page, options={"runOnly": tags})
    page.set_viewport_size(size)
    return [f"{v['id']}: {n['html'][:160]}" for v in found.response["violations"] for n in v["nodes"]]


def english_left(page: Any) -> list[str]:
    """Latin words that a person would see or hear on a Chinese page."""
    come(page)
    seen = page.evaluate(
        """() => [document.body.innerText,
            ...[...document.querySelectorAll('[placeholder],[aria-label],[title],[alt]')].filter(e => \
!e.closest('.fjs-powered-by, .bjs-powered-by')).flatMap(
                e => ['placeholder', 'aria-label', 'title', 'alt'].map(n => e.getAttribute(n) || ''))].join(' ')"""
    )
    seen = re.sub(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b", " ", seen)  # check codes of papers are letters by chance
    return sorted({w for w in re.findall(r"[A-Za-z][A-Za-z_.-]+[A-Za-z]", seen) if not ALLOWED.fullmatch(w)})
