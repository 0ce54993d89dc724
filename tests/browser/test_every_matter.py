"""Whatever a resident may ask for on a telephone is asked for on one, 360 pixels wide: found in two taps, filled in as
the matter's own first story says, sent. Made from the content: a new matter is tried without a new line here."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters
from engine.matters import stories
from engine.store import keys
from engine.store.models import User
from tests.browser.conftest import Site, sign, whole
from tests.browser.filling import fill_in, fits, phone, shot
from tests.cast import ROOT
from web import demo

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def telephone(county: Site) -> Any:
    """The telephone of one resident, who signs in once: codes are few for one number. Each story is of somebody else:
    they have shown whose account it is."""
    with county.database.unit_of_work() as work:
        me = work.session.scalars(select(User).where(User.phone_index == keys.blind("phone", demo.RESIDENT))).one()
        me.proved_at = county.clock()
    return phone(county, demo.RESIDENT)


def applied_for() -> list[str]:
    """The matters that are applied for on a page, and whose first story that begins so says what is written there."""
    return [name for name in matters.names(ROOT) if story_of(matters.load(ROOT, name)) is not None]


def story_of(package: matters.Package) -> stories.Story | None:
    apply = package.info.apply
    if "online" not in apply.channels or not package.form(apply.form).fields:
        return None
    told = (one for one in stories.read(package) if one.channel == "online" and not one.schedule and not one.facts)
    return next(told, None)


@pytest.mark.parametrize("name", applied_for())
def test_what_a_resident_may_ask_for_is_found_in_two_taps_and_sent_from_a_telephone(
    county: Site, telephone: Any, name: str
) -> None:
    package = matters.load(ROOT, name)
    story = story_of(package)
    assert story is not None
    page = telephone
    county.clock.on(minutes=5)  # nobody sends more than twenty in an hour
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
    fill_in(page, package, package.info.apply.form, story.answers)
    for n in range(page.locator(".yz-signature-pad:visible").count()):
        sign(page, n)
    assert not page.locator("input:is([type=radio], [type=checkbox])[data-keys]").count()  # keys of a field it is not
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
