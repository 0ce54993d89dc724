"""A form of a matter filled in on a telephone as a story says: each question in the way a person answers its kind."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import matters
from tests import made
from tests.browser.conftest import Site
from tests.cast import ROOT

#: How wide the smallest telephone is that the hall promises to be good on.
PHONE = 360
JPEG = {"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": made.picture("JPEG")}


def components(package: matters.Package, form: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each component of a form with its dotted path, as form-js has them."""

    def inner(prefix: str, listed: list[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for one in listed:
            if one["type"] == "group":
                yield from inner(f"{prefix}{one['path']}." if one.get("path") else prefix, one["components"])
            else:
                yield f"{prefix}{one.get('key') or one.get('path', '')}", one

    wanted = package.form(form).id
    for folder in (package.name, "_shared"):  # several matters have a form of one name
        for file in (ROOT / "forms" / folder).glob("*.form"):
            drawn = json.loads(file.read_bytes())
            if drawn["id"] == wanted:
                yield from inner("", drawn["components"])
                return


def at(answers: Any, path: str) -> Any:
    for step in path.split("."):
        answers = answers.get(step) if isinstance(answers, Mapping) else None
    return answers


def write(page: Any, one: Mapping[str, Any], value: Any) -> None:
    """What a person does at this question."""
    box = page.locator(f'[id$="-{one["id"]}"]:visible').first
    kind = one["type"]
    if kind in ("textfield", "textarea", "number"):
        if box.input_value() != str(value):
            box.fill(str(value))
    elif kind == "datetime":
        field = page.locator(f'[id$="-{one["id"]}-date"]:visible, [id$="-{one["id"]}"]:visible').first
        field.fill(value.isoformat()[:10] if isinstance(value, datetime) else str(value)[:10])
        field.press("Enter")
    elif kind in ("radio", "checklist"):
        wanted = value if isinstance(value, list) else [value]
        assert set(wanted) <= {choice["value"] for choice in one["values"]}, f"Nobody may answer {one['id']}: {wanted}."
        for n, choice in enumerate(one["values"]):
            if choice["value"] in wanted:
                page.locator(f'[id$="-{one["id"]}-{n}"]:visible').check()
    elif kind == "select":
        if one.get("values"):
            box.select_option(label=next(c["label"] for c in one["values"] if c["value"] == value))
        else:
            offered = box.locator("option").all_inner_texts()  # by the hall: a person reads names, a story has a code
            named = next((n for n, label in enumerate(offered) if str(value) in label), 1)
            box.select_option(index=named)
    elif kind == "checkbox":
        box.set_checked(bool(value))
    elif kind == "filepicker":
        box.set_input_files(JPEG)
    elif kind == "dynamiclist":
        for n, row in enumerate(value):
            if n >= one.get("defaultRepetitions", 1):
                page.get_by_role("button", name="再加一项").click()
            for part in one["components"]:
                numbered = {**part, "id": f"{part['id']}_{n}"}
                if row.get(part["key"]) is not None and shown(page, numbered):
                    write(page, numbered, row[part["key"]])
    else:
        raise AssertionError(f"Nobody has said how a person answers a {kind}.")


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


def shown(page: Any, one: Mapping[str, Any]) -> bool:
    """This question stands on the page; of a list that starts with a row, its first question does."""
    if one["type"] == "dynamiclist":
        one = {**one["components"][0], "id": f"{one['components'][0]['id']}_0"}
    ends = ("", "-0", "-date")
    return bool(page.locator(", ".join(f'[id$="-{one["id"]}{end}"]:visible' for end in ends)).count())


def fill_in(page: Any, package: matters.Package, form: str, answers: Mapping[str, Any]) -> None:
    """Whatever of these answers the form asks for; questions that only then appear as well. What is signed by hand is
    signed at the end (conftest.sign)."""
    for path, one in components(package, form):
        value = at(answers, path) if path else None
        by_hand = (one.get("properties") or {}).get("check") == "signature"
        if value is not None and not by_hand and shown(page, one):
            write(page, one, value)


def phone(county: Site, number: str) -> Any:
    """A resident's telephone, the smallest; what day it is there, it has from the hall and not from this machine."""
    page = county.resident(number, PHONE)
    keep_time(page, county)
    return page


def keep_time(page: Any, county: Site) -> None:
    """What day the telephone shows is the hall's day: a calendar lets nobody choose a day that has passed."""
    page.clock.set_fixed_time(county.clock())
