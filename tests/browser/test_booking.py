"""An after-hours appointment on a phone: three taps, another time, the code on the screen, the counter."""

import re

import pytest

from engine.store.models import Appointment
from tests.browser.conftest import Site, axe

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_resident_books_changes_shows_the_code_and_is_checked_in(site: Site, counter, clock):
    page = site.resident("13800000001")
    page.goto(page.get_by_role("link", name="我要预约").get_attribute("href"))
    assert re.search(r"/book/\d+$", page.url), page.locator("main").inner_text()  # one place: its calendar at once
    assert page.locator("body").get_attribute("data-here") is None  # read anew it is this page
    assert axe(page) == []
    page.locator(".yz-days a", has_text="9月21日").click()  # first tap
    page.locator(".yz-times button", has_text="18:00").click()  # second
    page.get_by_role("button", name="确认预约").click()
    assert "请选一项要办的事" in page.locator("[data-errors-summary]").inner_text()
    page.get_by_label("医保参保、报销、备案").check()
    assert axe(page) == []
    page.get_by_role("button", name="确认预约").click()  # third
    page.get_by_text("预约好了").wait_for()

    page.get_by_role("link", name="改期").click()
    page.locator(".yz-days a", has_text="9月22日").click()
    page.locator(".yz-times button", has_text="19:00").click()
    page.get_by_text("已改到新的时间").wait_for()
    assert "9月22日（周二）19:00" in page.locator("main").inner_text()
    code = page.locator(".yz-qr img")
    assert code.evaluate("image => image.complete && image.naturalWidth > 50")
    assert axe(page) == []
    number = page.locator(".yz-number").inner_text()

    clock.at("2026-09-22 18:40")
    clerk = site.staff("zhou")
    clerk.goto("/desk/bookings")
    assert axe(clerk) == []
    clerk.fill("#code", number)
    clerk.get_by_role("button", name="签到").click()
    clerk.get_by_text("已签到").wait_for()
    page = site.resident("13800000001")  # days have passed: she signs in again
    page.goto("/bookings")
    page.locator(".yz-rows a").first.click()
    assert "已到场" in page.locator("h1").inner_text()
    with site.database.reading() as work:
        assert work.session.query(Appointment).one().state == "checked_in"
    assert [trouble for trouble in site.troubles if "422" not in trouble] == []  # the answer to the missing choice
