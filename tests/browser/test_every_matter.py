"""Whatever a resident may ask for on a telephone is asked for on one, 360 pixels wide: found in two taps, filled in as
the matter's own first story says, sent. Made from the content: a new matter is tried without a new line here."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine import matters, people
from engine.commands import register_rows
from engine.commands.worker import background
from engine.matters import stories
from engine.matters.nouns.registers import Register
from engine.records import library
from engine.store import Work
from tests import made
from tests.browser.conftest import Site, serving_it, sign, whole
from tests.cast import ROOT
from tests.conftest import Clock, fresh_database
from tests.hall import Open
from web import demo
from web.app import create_app
from web.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.xdist_group("browser")]

PHONE = 360
JPEG = {"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": made.picture("JPEG")}


@pytest.fixture(scope="module")
def county(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    browser: Any,
    equipment: background.Equipment,
) -> Iterator[Site]:
    """The demo county's people and units, with every matter in force and no case."""
    home, clock = tmp_path_factory.mktemp("county"), Clock(datetime(2026, 9, 18, 2, 0, tzinfo=UTC))
    with fresh_database(request, home, "sqlite") as database:
        cast = demo.people_it(database, now=clock())
        with database.unit_of_work() as work:
            for name in matters.names(ROOT):
                library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=clock())
            for name in matters.names(ROOT):
                _things(work, matters.load(ROOT, name), clock())
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


@pytest.fixture(scope="module")
def phone(county: Site) -> Any:
    """The telephone of one resident, who signs in once: codes are few for one number."""
    return county.resident(demo.RESIDENT, PHONE)


def applied_for() -> list[str]:
    """The matters that are applied for on a page, and whose first story that begins so says what is written there."""
    return [name for name in matters.names(ROOT) if story_of(matters.load(ROOT, name)) is not None]


def story_of(package: matters.Package) -> stories.Story | None:
    apply = package.info.apply
    if "online" not in apply.channels or not package.form(apply.form).fields:
        return None
    told = (one for one in stories.read(package) if one.channel == "online" and not one.schedule and not one.facts)
    return next(told, None)


def components_of(listed: list[Mapping[str, Any]], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each question of a form with its dotted path, as form-js has them."""
    for one in listed:
        path = f"{prefix}{one.get('path') or one.get('key') or ''}"
        if one["type"] == "group":
            yield from components_of(one["components"], f"{path}." if one.get("path") else prefix)
        elif one.get("key") or one.get("path"):
            yield path, one


def components(package: matters.Package, form: str) -> list[tuple[str, Mapping[str, Any]]]:
    for folder in (package.name, "_shared"):  # several matters have a form of one name
        for file in (ROOT / "forms" / folder).glob("*.form"):
            drawn = json.loads(file.read_bytes())
            if form in (file.stem, drawn["id"]):
                return list(components_of(drawn["components"]))
    return []


def at(answers: Any, path: str) -> Any:
    for step in path.split("."):
        answers = answers.get(step) if isinstance(answers, Mapping) else None
    return answers


def write(page: Any, one: Mapping[str, Any], value: Any, row: str = "") -> None:
    """What a person does at this question; row: in a list, which."""
    kind, id_ = one["type"], f"-{one['id']}{row}"
    box = page.locator(f'[id$="{id_}"]').first
    if kind in ("textfield", "textarea", "number"):
        if box.evaluate("it => it.matches('input, textarea')") and box.input_value() != str(value):  # else: a pen
            box.fill(str(value))
    elif kind == "datetime":
        field = page.locator(f'[id$="{id_}-date"]')
        field.fill(value.isoformat()[:10] if isinstance(value, date) else str(value)[:10])
        field.press("Enter")
    elif kind in ("radio", "checklist"):
        for n, choice in enumerate(one["values"]):
            if choice["value"] in (value if isinstance(value, list) else [value]):
                page.locator(f'[id$="{id_}-{n}"]').check()
    elif kind == "select":
        if one.get("values"):
            box.select_option(label=next(c["label"] for c in one["values"] if c["value"] == value))
        else:
            box.select_option(index=1)  # what the hall offers there
    elif kind == "checkbox":
        box.set_checked(bool(value))
    elif kind == "filepicker":
        box.set_input_files(JPEG)
    elif kind == "dynamiclist":
        first = next(c["id"] for c in one["components"] if c.get("key"))
        for n, line in enumerate(value):
            if not page.locator(f'[id*="-{first}_{n}"]').count():
                page.get_by_role("button", name="再加一项").click()
            for path, under in components_of(one["components"]):
                if at(line, path) is not None and asked(page, under, f"_{n}"):
                    write(page, under, at(line, path), f"_{n}")
    else:
        raise AssertionError(f"Nobody has said how a person answers a {kind}.")


def asked(page: Any, one: Mapping[str, Any], row: str = "") -> bool:
    """Whether the question is on the page: one that another's answer hides is not."""
    if one["type"] == "dynamiclist":
        return bool(page.locator(f'[id*="-{one["components"][0]["id"]}"]').count())
    ends = ("", "-0", "-date")
    return bool(page.locator(", ".join(f'[id$="-{one["id"]}{row}{end}"]' for end in ends)).count())


def shot(page: Any, name: str) -> None:
    """A picture to look at, when a folder for them is named."""
    folder = os.environ.get("YIZHAN_SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def fits(page: Any) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE, f"{page.url} is {wide} pixels wide on a telephone of {PHONE}."


@pytest.mark.parametrize("name", applied_for())
def test_what_a_resident_may_ask_for_is_found_in_two_taps_and_sent_from_a_telephone(
    county: Site, phone: Any, name: str
) -> None:
    package = matters.load(ROOT, name)
    story = story_of(package)
    assert story is not None
    page = phone
    county.troubles.clear()

    page.goto("/")
    page.get_by_role("link", name="我要办事").click()
    found = page.get_by_role("link", name=re.compile(re.escape(package.info.name)))
    found.first.click()
    page.wait_for_url(re.compile(f"/matters/{name}"))
    fits(page)
    shot(page, f"{name}-guide")

    page.goto(f"/apply/{name}")
    whole(page)
    for path, one in components(package, package.info.apply.form):
        if at(story.answers, path) is not None and asked(page, one):
            write(page, one, at(story.answers, path))
    for n in range(page.locator(".yz-signature-pad:visible").count()):
        sign(page, n)
    fits(page)
    shot(page, f"{name}-form")
    page.get_by_role("button", name="下一步：核对").click()
    looked_over = page.get_by_role("heading", name="请核对您填的内容")
    wrong = page.locator("[data-form-summary]:visible")
    looked_over.or_(wrong).first.wait_for()
    shot(page, f"{name}-check")
    assert not wrong.count(), wrong.inner_text()
    fits(page)
    page.get_by_role("button", name=re.compile("提交")).click()
    page.wait_for_url(re.compile("/mine/|/receipt"))
    fits(page)
    shot(page, f"{name}-sent")
    assert not county.troubles
