"""An after-hours appointment on a phone: three taps, another time, the code on the screen, the counter."""

import re
from datetime import date

import pytest

from engine import matters, people
from engine.commands import booking
from engine.records import library
from engine.store.models import Appointment, Duty, Holding, Post
from tests.appointments.conftest import opened
from tests.browser.conftest import Site, axe
from tests.cast import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ITEMS = [{"code": "medical", "name": "医保参保、报销、备案"}, {"code": "ask", "name": "先问问"}]


@pytest.fixture
def counter(site: Site):
    """龙门滩镇's counter is open on working evenings; 周敏 is on duty."""
    now = site.clock()
    with site.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "yuyue"), by=people.SYSTEM, now=now)
        resource = opened(work, site.cast.lmt.id, code="lmt")
        work.session.get(booking.book.Resource, resource).items = ITEMS
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
                    starts_at=booking.local(date(2026, 9, day), booking.office.time(17)),
                    ends_at=booking.local(date(2026, 9, day), booking.office.time(21)),
                )
            )
    return resource


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
