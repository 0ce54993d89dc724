"""长者食堂 at 360 px: lunch for a day, then for every working day, the QR; the kitchen's door."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import people
from engine.commands import booking, register_rows
from engine.reads import knowing
from engine.records import library
from engine.store.models import User
from tests import centre as city_home
from tests.browser.conftest import Site, axe, english_left

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def canteen(site: Site):
    now = site.clock()
    with site.database.unit_of_work() as work:
        centre = city_home.opened(work, site.cast.users["zhou"], "shitang", "wenhou", now=now)
        booking.publish_ahead(work, now=now)
        one = library.declared(work, "registers")["shitang.diner"][0]
        person = knowing.of_user(work.session.get_one(User, site.cast.zhang.id))
        values = {"category": "low", "avoid": ["peanut"]}
        register_rows.put(work, one, values, whom=person, unit_id=centre.id, by=people.SYSTEM, now=now)
        menu = library.declared(work, "registers")["shitang.dish"][0]
        every = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        for dish, contains in (("花生豆腐", ["peanut", "soy"]), ("红烧鱼", ["fish"]), ("青菜面", ["wheat"])):
            facts = {"dish": dish, "days": every, "contains": contains}
            register_rows.put(work, menu, facts, unit_id=centre.id, by=people.SYSTEM, now=now)


def test_an_elder_orders_lunch_and_the_kitchen_checks_in(site: Site, canteen):
    page = site.resident("13800000001", width=360)
    page.goto("/offers?offer=shitang.lunch")
    page.get_by_role("link", name="长者午餐").nth(1).click()
    assert page.get_by_label("花生豆腐").is_disabled() and "不能给这一位订" in page.inner_text("[data-choice]")
    assert page.get_by_label("红烧鱼").is_checked()
    assert axe(page) == [] and english_left(page) == []
    page.get_by_label("青菜面").check()
    page.get_by_role("button", name="订一份").click()
    page.wait_for_url(re.compile(r"/bookings/\d+"))
    number = page.inner_text(".yz-number")
    assert page.get_by_alt_text("签到二维码").is_visible()
    assert "青菜面" in page.inner_text("main")
    page.goto("/offers?offer=shitang.lunch")
    page.get_by_role("link", name="长者午餐").nth(1).click()
    page.get_by_role("link", name="按星期长期预订").click()
    page.get_by_label("到哪天为止").wait_for()
    assert axe(page) == [] and english_left(page) == []
    until = (site.clock() + timedelta(days=60)).date().isoformat()
    page.get_by_label("到哪天为止").fill(until)
    page.get_by_role("button", name="就这样订").click()
    page.get_by_role("heading", name="我的长期预订").wait_for()
    assert axe(page) == [] and english_left(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="这天不来").first.click()
    page.get_by_text("不来", exact=True).first.wait_for()

    with site.database.reading() as work:
        from engine.store.models import Appointment, BookingPlace

        made = work.session.scalars(select(Appointment).where(Appointment.number == number)).one()
        slot = work.session.scalars(select(BookingPlace.slot_id).where(BookingPlace.appointment_id == made.id)).one()
        starts = made.starts_at
    desk = site.staff("zhou")
    desk.goto(f"/desk/offers/{slot}/door")
    assert "张三丰" in desk.inner_text("main")
    assert axe(desk) == [] and english_left(desk) == []
    desk.get_by_text("一次登记很多人").click()
    desk.get_by_label("一人一行").fill("没登记的人 13900000000")
    desk.get_by_role("button", name="登记", exact=True).click()
    desk.get_by_text("先在长者食堂登记").wait_for()
    site.clock.now = starts - timedelta(minutes=5)
    desk = site.staff("zhou")
    desk.goto(f"/desk/offers/{slot}/door")
    desk.get_by_label("扫二维码，或输入编号、姓名").fill(number)
    desk.get_by_role("button", name="签到").click()
    desk.get_by_text("到了 1 人").wait_for()
    assert "青菜面 1 份 到了 1 份" in desk.inner_text("[data-chosen]").replace("\n", "")
    desk.get_by_text("召回青菜面").click()
    desk.get_by_label("要他们怎么做").fill("这批面有问题，不舒服马上去医院。")
    assert axe(desk) == [] and english_left(desk) == []
    desk.get_by_role("button", name="告诉 1 位").click()
    desk.get_by_text("告诉了 1 位，其中 0 位要打电话").wait_for()
    page = site.resident("13800000001", width=360)
    page.goto("/mine/messages")
    page.get_by_text("青菜面”请注意：这批面有问题，不舒服马上去医院。").wait_for()
    assert site.troubles == []
