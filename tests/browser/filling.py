"""A form of a matter filled in on a telephone as a story says: each question in the way a person answers its kind."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from engine import matters
from engine.matters import stories
from engine.matters.nouns.registers import Register
from tests import made
from tests.browser.conftest import Site
from tests.cast import ROOT

#: How wide the smallest telephone is that the hall promises to be good on.
PHONE = 360
JPEG = {"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": made.picture("JPEG")}


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
    elif kind == "datetime" and one.get("subtype") == "time":
        field = page.locator(f'[id$="{id_}-time"]')
        field.fill(str(value)[:5])
        field.blur()  # with the return key it would be the time that the list of times stands at
    elif kind == "datetime":
        _day(page, id_, value.isoformat() if isinstance(value, date) else str(value), one.get("subtype") == "datetime")
    elif kind in ("radio", "checklist"):
        wanted = value if isinstance(value, list) else [value]
        assert set(wanted) <= {choice["value"] for choice in one["values"]}, f"Nobody may answer {one['id']}: {wanted}."
        for n, choice in enumerate(one["values"]):
            if choice["value"] in wanted:
                page.locator(f'[id$="{id_}-{n}"]').check()
    elif kind == "select":
        if one.get("values"):
            box.select_option(label=next(c["label"] for c in one["values"] if c["value"] == value))
        else:
            # by the hall: a person reads names, a story has a code
            offered = box.locator("option").evaluate_all("all => all.map(one => one.value + ' ' + one.textContent)")
            box.select_option(index=next((n for n, said in enumerate(offered) if str(value) in said), 1))
    elif kind == "checkbox":
        box.set_checked(bool(value))
    elif kind == "filepicker":
        box.set_input_files(JPEG)
    elif kind == "dynamiclist":
        first = next(c["id"] for c in one["components"] if c.get("key"))
        rows = page.locator(f'[role=group][aria-labelledby$="{id_}"]')
        for n, line in enumerate(value):
            if not rows.locator(f'[id*="-{first}_{n}"]').count():
                rows.get_by_role("button", name="再加一项").click()
            for path, under in components_of(one["components"]):
                if at(line, path) is not None and asked(page, under, f"_{n}"):
                    write(page, under, at(line, path), f"_{n}")
    else:
        raise AssertionError(f"Nobody has said how a person answers a {kind}.")


def _day(page: Any, id_: str, said: str, with_time: bool) -> None:
    """A day, and a time beside it. form-js takes the one after it has drawn the other, and draws a question that has
    just come up twice: nobody types so fast, and neither does this."""
    day, clock = page.locator(f'[id$="{id_}-date"]'), page.locator(f'[id$="{id_}-time"]')
    day.wait_for()
    _drawn(page)
    day.fill(said[:10])
    day.press("Enter")
    _drawn(page)
    if with_time:
        clock.fill(said[11:16])
        clock.blur()
        _drawn(page)


def _drawn(page: Any) -> None:
    """The page has drawn what it had to draw: what one drawing finds out is told to the next, a few times over."""
    page.evaluate(
        "async () => { for (let n = 0; n < 8; n++)"
        " await new Promise(done => requestAnimationFrame(() => setTimeout(done))) }"
    )


def asked(page: Any, one: Mapping[str, Any], row: str = "") -> bool:
    """Whether the question is on the page: one that another's answer hides is not."""
    if one["type"] == "dynamiclist":  # it may have no row as yet
        return bool(page.locator(f'[role=group][aria-labelledby$="-{one["id"]}"]').count())
    ends = ("", "-0", "-date", "-time")
    return bool(page.locator(", ".join(f'[id$="-{one["id"]}{row}{end}"]' for end in ends)).count())


def shot(page: Any, name: str) -> None:
    """A picture to look at, when a folder for them is named."""
    folder = os.environ.get("YIZHAN_SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        size = page.viewport_size  # the whole page at once, so that what sticks to the screen's edge lies at the end
        height = page.evaluate("Math.max(document.documentElement.scrollHeight, window.innerHeight)")
        page.set_viewport_size({"width": size["width"], "height": height})
        page.screenshot(path=f"{folder}/{name}.png")
        page.set_viewport_size(size)


def fits(page: Any) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE, f"{page.url} is {wide} pixels wide on a telephone of {PHONE}."


def fill_in(page: Any, package: matters.Package, form: str, answers: Mapping[str, Any]) -> None:
    """Whatever of these answers the form asks for; questions that only then appear as well. What is signed by hand is
    signed at the end (conftest.sign)."""
    for path, one in components(package, form):
        if at(answers, path) is not None and asked(page, one):
            write(page, one, read_as(package, one, at(answers, path)))


def read_as(package: matters.Package, one: Mapping[str, Any], value: Any) -> Any:
    """What a person reads where a story has the key of a register's entry: its title."""
    offers = str((one.get("properties") or {}).get("offers") or "")
    if not offers.startswith("register:"):
        return value
    named = offers.removeprefix("register:")
    register = package.declared("registers")[named].what
    for given in stories.book(package).entries:
        if given.register == named and isinstance(register, Register) and given.facts.get(register.key) == value:
            return given.facts[register.label or register.key]
    return value


def phone(county: Site, number: str) -> Any:
    """A resident's telephone, the smallest; what day it is there, it has from the hall and not from this machine: a
    calendar lets nobody choose a day that has passed."""
    page = county.resident(number, PHONE)
    page.clock.set_fixed_time(county.clock())
    return page
