"""送餐上门: an elder orders at 360 px and has it brought; a volunteer takes the round, signs in at the canteen, and
goes from door to door with the telephone; the kitchen's list says who brings what, and where nobody opened."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine import people
from engine.booking.slots import ZONE
from engine.commands import booking, register_rows
from engine.reads import knowing
from engine.records import library
from engine.store.models import Resource, Slot, User
from tests import centre as city_home
from tests.browser.conftest import Site
from tests.browser.pictures import looked_at

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
HERS, HER_PHONE = "许小妹", "13800000002"
MONDAY = datetime(2026, 9, 21, 11, 0, tzinfo=ZONE)


@pytest.fixture
def canteen(site: Site):
    now = site.clock()
    with site.database.unit_of_work() as work:
        centre = city_home.opened(work, site.cast.users["zhou"], "shitang", "wenhou", now=now)
        booking.publish_ahead(work, now=now)
        declared = library.declared(work, "registers")

        def enter(register, whom, values):
            more = {"whom": whom, "unit_id": centre.id, "by": people.SYSTEM, "now": now}
            register_rows.put(work, declared[register][0], values, **more)

        zhang = knowing.of_user(work.session.get_one(User, site.cast.zhang.id))
        home = {"category": "low", "avoid": ["peanut"], "door": "富东社区二栋三零一", "route": "chengqu"}
        enter("shitang.diner", zhang, home)
        for n, door in enumerate(("富东社区一栋一零二", "富东社区五栋六零一"), 1):
            whom = knowing.Person(f"老人{n}", f"1395900000{n}", f"35052619400{n}01{n}0{n}X")
            enter("shitang.diner", whom, {"category": "none", "door": door, "route": "chengqu"})
        enter("volunteer", knowing.of_user(work.session.get_one(User, site.cast.xu.id)), {})
        slots = select(Resource.offer, Slot.id).join(Slot, Slot.resource_id == Resource.id)
        day = Slot.starts_at.in_([MONDAY, MONDAY - timedelta(minutes=30)])
        site.slots = dict(work.session.execute(slots.where(day)).all())
        clerk = people.load(work, site.cast.users["zhou"], now=now)
        for n in (1, 2):
            whom = knowing.Person(f"老人{n}", f"1395900000{n}", f"35052619400{n}01{n}0{n}X")
            given = {"person": whom, "answers": {"delivered": True}, "channel": "counter", "by": clerk, "now": now}
            booking.take_place(work, site.slots["shitang.lunch"], **given)
    return site


def test_a_volunteer_brings_a_round_and_the_kitchen_sees_it(canteen):
    site, lunch, tour = canteen, canteen.slots["shitang.lunch"], canteen.slots["shitang.round"]
    elder = site.resident("13800000001", width=360)
    elder.goto(f"/offers/{lunch}")
    elder.get_by_label("送到家里").check()
    looked_at(elder, "rounds-order")
    elder.get_by_role("button", name="订一份").click()
    elder.wait_for_url(re.compile(r"/bookings/\d+"))
    assert "送到家另付" in elder.inner_text("main")

    phone = site.resident(HER_PHONE, width=360)
    phone.goto(f"/offers/{tour}")
    phone.get_by_label("城区线").check()
    phone.get_by_role("button", name="我报名").click()
    phone.wait_for_url(re.compile(r"/bookings/\d+"))
    phone.get_by_role("link", name="今天送哪几家").click()
    phone.get_by_text("签到、领到要送的以后").wait_for()
    assert "富东社区" not in phone.inner_text("main") and "老人1" not in phone.inner_text("main")
    looked_at(phone, "rounds-before")

    site.clock.now = MONDAY - timedelta(minutes=20)
    desk = site.staff("zhou")
    desk.goto(f"/desk/offers/{lunch}/door")
    desk.get_by_role("link", name="送上门名单").click()
    desk.get_by_role("heading", name="送上门名单").wait_for()
    assert "富东社区二栋三零一" in desk.inner_text("[data-round=chengqu]")
    assert "花生" not in desk.inner_text("main")
    desk.get_by_role("link", name="送的人签到").first.click()
    desk.get_by_label("扫二维码，或输入编号、姓名").fill(HERS)
    desk.get_by_role("button", name="签到").click()
    desk.get_by_text("到了 1 人").wait_for()

    phone = site.resident(HER_PHONE, width=360)
    phone.goto("/rounds")
    looked_at(phone, "rounds-mine")
    phone.get_by_role("link", name="城区线").click()
    assert phone.locator("[data-parcel]").count() == 3
    assert "花生" not in phone.inner_text("main")
    phone.get_by_text("没有人开门", exact=True).nth(2).click()
    looked_at(phone, "rounds-doors")
    phone.get_by_role("button", name="送到了，本人收的 老人1").click()
    phone.get_by_text("本人收的").first.wait_for()
    family = phone.locator("[data-parcel]", has_text="张三丰")
    family.get_by_text("家里人收的").click()
    family.get_by_label("谁收的").fill("张小妹")
    family.get_by_role("button", name="送到了", exact=True).click()
    phone.get_by_text("张小妹收的").wait_for()
    away = phone.locator("[data-parcel]", has_text="老人2")
    away.get_by_text("没有人开门", exact=True).click()
    away.get_by_label("看到、听到什么").fill("灯亮着")
    away.get_by_role("button", name="没有人开门，请单位找人").click()
    phone.get_by_text("承办单位在找人").wait_for()
    looked_at(phone, "rounds-done")

    site.make_papers()
    desk.goto(f"/desk/offers/{lunch}/rounds")
    said = desk.inner_text("[data-round=chengqu]")
    assert "送到了 2 份" in said and "没有人开门" in said and "张小妹收的" in said
    looked_at(desk, "rounds-kitchen")
    desk.get_by_role("link", name="待签收").first.click()
    desk.get_by_text("打电话问").first.wait_for()

    elder = site.resident("13800000001", width=360)
    elder.goto("/bookings")
    elder.get_by_role("link", name=re.compile("长者午餐")).first.click()
    elder.get_by_text("张小妹收的").wait_for()
    assert site.troubles == []
