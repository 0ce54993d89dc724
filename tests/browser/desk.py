"""The desk of somebody of the hall's people in the demo county, 1440 pixels wide: a step of a case is taken, written
and done, and looked at on a telephone too, where a village's clerk has nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from engine import matters
from engine.store.models import Case, Task
from tests.browser import doors, pictures
from tests.browser.conftest import Site, english_left, sign
from tests.browser.filling import PHONE, fill_in
from tests.cast import ROOT
from web import demo

WIDE = 1440


def at(county: Site, login: str) -> Any:
    """Their window, signed in; what day it is there, it has from the hall."""
    page = county.page(WIDE, 900)
    page.clock.set_fixed_time(county.clock())
    doors.as_staff(page, login, demo.PASSWORD)
    return page


def seen(page: Any, name: str) -> None:
    assert english_left(page) == [], page.url
    for width in (WIDE, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        pictures.taken(page, name)
    page.set_viewport_size({"width": WIDE, "height": 900})


def waits(county: Site, case_id: int, element: str) -> Task:
    """The step of this name that waits; the first, where several do."""
    with county.database.reading() as work:
        of = select(Task).where(Task.case_id == case_id, Task.element == element, Task.state != "ended")
        found = work.session.scalars(of.order_by(Task.id).limit(1)).one()
        work.session.expunge_all()
    return found


def take(page: Any, address: str) -> None:
    """The step at this address, signed for where nobody has yet, with its form drawn."""
    page.goto(address)
    sign_for = page.get_by_role("button", name=re.compile("^签收"))
    if sign_for.count():
        sign_for.click()
        page.get_by_text("已签收，归您办了。").wait_for()
        page.goto(address)
    page.wait_for_selector("[data-form][data-drawn]")


def opens(page: Any, county: Site, case_id: int, element: str) -> Task:
    """The step, taken, with its form drawn."""
    task = waits(county, case_id, element)
    with county.database.reading() as work:
        number = work.session.get_one(Case, case_id).number
    take(page, f"/desk/cases/{number}?step={task.id}")
    return task


def does(page: Any, county: Site, case_id: int, element: str, said: Mapping[str, Any]) -> None:
    """The step taken, written and done."""
    task = opens(page, county, case_id, element)
    with county.database.reading() as work:
        matter = work.session.get_one(Case, case_id).matter
    fill_in(page, matters.load(ROOT, matter), task.form or "", said)
    for n in range(page.locator(".yz-signature-pad:visible").count()):
        sign(page, n)
    seen(page, f"{matter}-{element}")
    done(page)


def done(page: Any) -> None:
    """What is wrong is said by the page, not waited for."""
    page.get_by_role("button", name="办好，往下走").click()
    wrong = page.locator("[data-form-summary]:visible, .yz-errors:visible")
    page.get_by_text("已办好。").or_(wrong).first.wait_for()
    assert not wrong.count(), wrong.first.inner_text()
