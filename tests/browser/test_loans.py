"""A book on a phone: found by two characters, reserved, fetched, renewed; at the desk five in a row by the keyboard."""

import os
import re

import pytest

from engine import matters, people
from engine.commands import register_rows
from engine.records import lending, library
from tests.browser.conftest import Site, axe
from tests.cast import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BOOKS = ["红楼梦", "边城", "呼兰河传", "茶馆", "骆驼祥子", "活着"]


@pytest.fixture
def shelf(site: Site) -> None:
    with site.database.unit_of_work() as work:
        for name in ("juanshu", "peishu"):
            library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=site.clock())
        book = lending.kind(work, "books").of
        for n, title in enumerate(BOOKS, 1):
            facts = {"barcode": f"SW00010{n}", "title": title, "author": "佚名", "class": "all", "rack": f"A{n}"}
            register_rows.put(work, book, facts, by=people.SYSTEM, now=site.clock())


def _fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_book_from_the_catalogue_to_the_desk_and_renewed(site: Site, shelf):
    page = site.resident("13800000001", width=360)
    page.goto("/loans")
    page.get_by_label(re.compile("^找什么")).fill("楼梦")
    page.get_by_role("button", name="查目录").click()
    page.get_by_role("heading", name="红楼梦").wait_for()
    assert axe(page) == [] and _fits(page)
    page.get_by_role("button", name="预约《红楼梦》").click()
    page.get_by_text(re.compile("到了，留到")).wait_for()
    assert axe(page) == [] and _fits(page)

    desk = site.staff("zhou")
    desk.goto("/desk/loans")
    assert desk.evaluate("document.activeElement.id") == "reader"  # a scanner that types needs no click
    for typed in ("13800000001", "SW000101", "SW000109", "SW000102", "SW000103", "SW000104", "SW000105"):
        desk.keyboard.type(typed)
        with desk.expect_navigation():
            desk.keyboard.press("Enter")
        assert desk.evaluate("document.activeElement.id") == "copy", "the next is scanned at once"
        if typed == "SW000109":
            assert "没有条码" in desk.locator("#refused-1").inner_text()
    desk.get_by_text("已借 5 本").wait_for()
    assert axe(desk) == []
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    assert desk.evaluate("document.activeElement.id") == "reader", "nothing more: the next reader"

    if to := os.environ.get("LOOK"):
        desk.screenshot(path=f"{to}/desk.png")
        page.screenshot(path=f"{to}/mine.png")
        page.goto("/loans")
        page.screenshot(path=f"{to}/cat.png", full_page=True)
    page.goto("/my-loans")
    page.get_by_role("button", name="续借《红楼梦》").click()
    page.get_by_text("续借好了。").wait_for()
    assert axe(page) == [] and _fits(page)
    assert [t for t in site.troubles if "422" not in t and "409" not in t] == []
