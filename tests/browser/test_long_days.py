"""Long days of the county on telephones, 360 pixels wide: each goes through several services, as people's days do.
What residents and team leaders do goes through pages; what the staff does in between, by the real commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from engine import matters
from engine.commands import boards, booking, handovers, matching, registers
from engine.commands.worker import background, sweep
from engine.people import Actor
from engine.records import handovers as proofs
from engine.records.handovers import Side
from engine.store.models import BoardEntry, Case, Document, Handover, HandoverLink, Notice, Resource, Slot
from engine.workdays import local_date
from tests.browser.conftest import Site, come, sign, whole
from tests.browser.filling import fill_in, fits, phone, shot
from tests.cast import ROOT
from web.demo.playing import Player, Resident, person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.wide,
    pytest.mark.flaky(reruns=0),  # the hall is the module's: what was booked at first, is booked
    pytest.mark.xdist_group("browser"),
]

#: Where they live: villages, and a community in the county seat.
SUYANG, XIABI, FUDONG, XIANGAN = "350526103204", "350526103202", "350526100002", "350526100010"
LONGMENTAN, XUNZHONG = "350526103", "350526100"  # towns


def people_of(county: Site, place: str) -> list[Resident]:
    """Grown residents of a place, in the order of the demo county."""
    listed = [one for one in county.cast.residents if one.place.code == place]
    return [one for one in listed if int(one.id_number[6:10]) <= 2005]


def seen(page: Any, name: str) -> None:
    """The page has come whole, nothing of it is clipped; and a picture, when a folder is named."""
    come(page)
    fits(page)
    shot(page, name)


def apply(page: Any, matter: str, answers: Mapping[str, Any], whom: str = "") -> None:
    """A form filled in, looked over and sent; for whom is asked first of those who may act for somebody."""
    package = matters.load(ROOT, matter)
    page.goto(f"/apply/{matter}")
    if whom:
        page.get_by_role("link", name=whom).click()
    whole(page)
    fill_in(page, package, package.info.apply.form, answers)
    for n in range(page.locator(".yz-signature-pad:visible").count()):
        sign(page, n)
    seen(page, f"{matter}-form")
    page.get_by_role("button", name="下一步：核对").click()
    wrong = page.locator("[data-form-summary]:visible")
    page.get_by_role("heading", name="请核对您填的内容").or_(wrong).first.wait_for()
    assert not wrong.count(), wrong.inner_text()
    page.get_by_role("button", name=re.compile("提交")).click()
    page.wait_for_url(re.compile("/mine/|/receipt"))
    seen(page, f"{matter}-sent")


def case_of(page: Any, words: str) -> Any:
    """The newest of one's own cases of this matter: not its rating, which waits above it."""
    return page.locator("a[href^='/mine/']:not([href$='/rate'])", has_text=words).first


def newest(county: Site, matter: str) -> int:
    with county.database.reading() as work:
        found = work.session.scalars(select(Case.id).where(Case.matter == matter).order_by(Case.id.desc())).first()
    assert found is not None
    return found


def work_off(county: Site) -> None:
    """What falls due and what the worker does until now."""
    for _ in range(200):  # a round of each of 222 villages is a case of its own
        swept = sweep.sweep(county.database, now=county.clock())
        if not background.run(county.database, county.equipment, now=county.clock()) and not swept.busy:
            return
    raise AssertionError("Expected the worker to come to an end, but after two hundred rounds it still has work.")


def texts(county: Site, who: Resident) -> str:
    """Everything this person was told."""
    with county.database.reading() as work:
        return "\n".join(
            work.session.scalars(select(Notice.text).where(Notice.user_id == who.actor.id).order_by(Notice.id))
        )


def proved_hours(county: Site, case_id: int) -> str:
    """What the record of volunteering says in all."""
    with county.database.reading() as work:
        paper = work.session.scalars(
            select(Document).where(Document.case_id == case_id, Document.kind == "volunteering")
        ).one()
        return str(paper.facts["total_hours"])


def test_a_market_day_that_rain_moves_takes_its_board_its_stalls_and_its_followers_along(county: Site) -> None:
    staff = Player(county.database, county.cast.staff)
    organiser, stallholder, *_others = people_of(county, SUYANG)
    reader = people_of(county, XIABI)[0]
    county.clock.at("2026-09-18 10:00")
    county.troubles.clear()

    # The village asks for a market day and keeps three stalls for the neighbours.
    village = phone(county, organiser.phone)
    apply(
        village,
        "ganxu",
        {
            "organiser": {"kind": "village", "name": "苏洋村村民委员会"},
            "applicant": {"name": organiser.actor.name, "phone": organiser.phone},
            "market": {"name": "苏洋墟", "days": "逢三逢八"},
            "day": "2026-09-28",
            "hours": "7:00-12:00",
            "venue": "苏洋村部前广场",
            "expected": 400,
            "programme": "卖山药、竹器，上午九点高甲戏",
            "fireworks": "no",
            "asking": "0595-23500306",
            "stalls": [{"stall": "A1", "goods": "山药", "food": "no"}],
            "free_stalls": 3,
        },
    )
    case_id = newest(county, "ganxu")
    staff.step(case_id, {"looking": "yes"}, county.clock.on(hours=1))
    with county.database.unit_of_work() as work:
        entry = work.session.scalars(select(BoardEntry).where(BoardEntry.case_id == case_id)).one()
        number = entry.number
        boards.approve(work, number, changed=entry.changed, by=county.cast.staff["suqf"], now=county.clock.on(hours=1))
    work_off(county)

    # Somebody follows it; somebody takes a stall.
    follower = phone(county, reader.phone)
    follower.goto("/around")
    follower.get_by_role("link", name=re.compile("公开栏")).click()
    follower.get_by_role("link", name=re.compile("苏洋墟")).click()
    assert "9月28日" in follower.locator(".yz-facts").inner_text()
    seen(follower, "market-announced")
    follower.get_by_role("button", name=re.compile("有变动告诉我")).click()
    follower.get_by_text("好的，改期、取消都会告诉您。").wait_for()

    seller = phone(county, stallholder.phone)
    seller.goto("/around")
    seller.get_by_role("link", name="报名和预订").click()
    seen(seller, "market-offers")
    seller.get_by_role("link", name=re.compile("摊位")).click()
    whole(seller)
    fill_in(seller, matters.load(ROOT, "ganxu"), "ganxu-stall", {"goods_kind": "craft", "goods": "竹篮、竹椅"})
    seen(seller, "market-stall")
    seller.get_by_role("button", name="下一步：核对").click()
    seller.get_by_role("button", name="就这样订").click()
    seller.wait_for_url(re.compile(r"/bookings/\d+"))
    taken = seller.url
    assert "9月28日" in seller.inner_text("main")
    seen(seller, "market-stall-taken")

    # Three days before, rain is forecast: the organiser moves it, everything else goes along.
    county.clock.at("2026-09-25 16:00")
    village, follower, seller = (phone(county, one.phone) for one in (organiser, reader, stallholder))
    village.goto("/mine")
    village.get_by_role("link", name=re.compile("赶墟")).first.click()
    village.get_by_text("下雨，改期").first.click()
    village.get_by_label("改到哪天").fill("2026-10-03T07:00")
    village.get_by_label("为什么改").fill("二十八日有大雨")
    village.get_by_label("我确定").first.check()
    seen(village, "market-rain")
    village.get_by_role("button", name="下雨，改期").click()
    village.get_by_text("已经改期，关注的人会收到通知。").wait_for()
    assert "已超" not in village.inner_text("main")  # what was promised was done: days until the market are not late
    seen(village, "market-moved")
    work_off(county)

    follower.goto(f"/board/{number}")
    facts = follower.locator(".yz-facts").inner_text()
    assert "10月3日" in facts and "9月28日" not in facts
    seen(follower, "market-new-day")
    seller.goto(taken)
    assert "10月3日" in seller.inner_text("main") and "竹篮" in seller.inner_text("main")
    seen(seller, "market-stall-moved")
    seller.goto("/bookings")
    assert "10月3日" in seller.inner_text("main") and "9月28日" not in seller.inner_text("main")
    seen(seller, "market-bookings")
    assert "10月3日" in texts(county, reader) and "二十八日有大雨" in texts(county, reader)
    assert "10月3日" in texts(county, stallholder)
    assert not county.troubles


def test_a_teams_saturday_in_a_village_is_announced_filled_done_and_proved(county: Site) -> None:
    staff = Player(county.database, county.cast.staff)
    captain, dentist, barber, helper, *_others = [*people_of(county, FUDONG), *people_of(county, XIANGAN)]
    county.clock.at("2026-10-12 10:00")
    county.troubles.clear()
    for one, facts in (
        (
            captain,
            {"skills": ["nursing"], "licences": [{"kind": "nurse", "number": "N1", "valid_until": "2027-06-30"}]},
        ),
        (dentist, {"licences": [{"kind": "dentist", "number": "D1", "valid_until": "2027-06-30"}]}),
        (barber, {"skills": ["barber"]}),
    ):
        more = {"person": person(one), "by": county.cast.staff["chenxl"], "now": county.clock()}
        staff.do(registers.add, "volunteer", facts, **more)

    # A team comes together: one member shows a number, the other says yes on the telephone.
    leads = phone(county, captain.phone)
    beside = phone(county, dentist.phone)
    beside.goto("/teams")
    beside.get_by_role("button", name="我要加入：给队长看一个数").click()
    code = beside.locator("[data-code]").inner_text().replace(" ", "")
    seen(beside, "team-code")
    leads.goto("/teams")
    leads.get_by_text("加队员：他就在身边").click()
    adding = leads.locator("details[open]")
    adding.get_by_label("团队名称").fill("富东义诊队")
    adding.get_by_label("队员的手机号").fill(dentist.phone)
    adding.get_by_label("6 位绑定码").fill(code)
    adding.get_by_role("button", name="加队员").click()
    leads.get_by_text("队员加好了，可以带他报名。").wait_for()
    leads.get_by_text("加队员：他不在身边，发邀请").click()
    asking = leads.locator("details[open]")
    asking.get_by_label("队员的姓名").fill(barber.actor.name)
    asking.get_by_label("队员的手机号").fill(barber.phone)
    asking.get_by_role("button", name="发邀请").click()
    leads.get_by_text("已经发出邀请。").wait_for()
    away = phone(county, barber.phone)
    away.goto("/teams")
    away.locator("[data-asked]").get_by_role("button", name="同意", exact=True).click()
    away.wait_for_url(re.compile("/teams|/family"))
    leads.goto("/teams")
    assert leads.locator("[data-led] li").count() == 2
    seen(leads, "team")

    # The captain announces the Saturday; the station checks it within a working day; it is open.
    apply(
        leads,
        "zhiyuan",
        {
            "need": {
                "kind": "health",
                "by": "team",
                "filing": "德卫义备〔2026〕8号",
                "title": "理发、听力检查、口腔护理",
                "what": "塔兜村的老人，六十岁以上的都可以来",
                "day": "2026-10-17",
                "from": "09:00",
                "until": "11:00",
                "cut": 1,
                "help": 1,
                "medic": 2,
                "village": "塔兜村",
                "where": "塔兜村祠堂",
            },
            "applicant": {"name": captain.actor.name, "phone": captain.phone},
        },
    )
    case_id = newest(county, "zhiyuan")
    staff.step(case_id, {"check": {"result": "pass"}}, county.clock.on(hours=1))
    work_off(county)

    # The team takes its places, one is left for somebody else, then it is full.
    leads.goto("/offers")
    leads.get_by_role("link", name=re.compile("理发、听力检查、口腔护理")).click()
    assert "塔兜村" in leads.locator(".yz-facts").inner_text()  # where they go, not where the captain lives
    leads.get_by_text("带一个团队来").click()
    for one, role in ((dentist, "medic"), (barber, "cut")):
        leads.get_by_label(one.actor.name, exact=True).check()
        leads.get_by_label(f"{one.actor.name}做什么").select_option(role)
    leads.get_by_label("我做什么").select_option("medic")
    seen(leads, "team-comes")
    leads.get_by_role("button", name="给富东义诊队报名").click()
    leads.wait_for_url(re.compile(r"/bookings/\d+"))
    assert "富东义诊队" in leads.inner_text("main")
    seen(leads, "team-booked")
    number = re.search(r"YY\d+", leads.inner_text("main"))
    assert number is not None

    fourth = phone(county, helper.phone)
    fourth.goto("/around")
    fourth.get_by_role("link", name="报名和预订").click()
    fourth.get_by_role("link", name=re.compile("理发、听力检查、口腔护理")).click()
    fourth.get_by_label("帮手").check()
    assert fourth.get_by_label("理发").is_disabled() and fourth.get_by_label("医护").is_disabled()
    seen(fourth, "team-others-join")
    fourth.get_by_role("button", name="我报名").click()
    fourth.wait_for_url(re.compile(r"/bookings/\d+"))
    own_number = re.search(r"YY\d+", fourth.inner_text("main"))
    assert own_number is not None
    work_off(county)
    assert "报满了" in texts(county, captain)
    fourth.goto("/offers")
    assert "报满" in fourth.get_by_role("link", name=re.compile("理发、听力检查、口腔护理")).inner_text()

    # Saturday: everybody checks in and out with the station; hours are what is between.
    with county.database.reading() as work:
        slot_id = work.session.scalars(
            select(Slot.id).join(Resource, Resource.id == Slot.resource_id).where(Resource.case_id == case_id)
        ).one()
    clerk = county.cast.staff["chenst"]  # of the village where they are
    county.clock.at("2026-10-17 09:00")
    for text in (number.group(), own_number.group()):
        staff.do(booking.arrive, slot_id, text, by=clerk, now=county.clock())
    work_off(county)
    county.clock.at("2026-10-17 11:12")
    for text in (number.group(), own_number.group()):
        staff.do(booking.depart, slot_id, text, by=clerk, now=county.clock())
    county.clock.at("2026-10-17 12:30")
    work_off(county)
    staff.step(case_id, {"entered": {"result": "all"}}, county.clock.on(hours=1))  # within ten working days
    work_off(county)

    # The order is closed; each has the hours, and a paper that proves them.
    leads = phone(county, captain.phone)
    leads.goto("/mine")
    case_of(leads, "筑梦志愿服务").click()
    seen(leads, "team-done")
    assert "办结" in leads.inner_text("main") and leads.get_by_role("link", name="评一评").is_visible()
    for one, page in ((captain, leads), (barber, phone(county, barber.phone)), (helper, phone(county, helper.phone))):
        me = {"name": one.actor.name, "phone": one.phone, "id_number": one.id_number}
        apply(page, "fuwujilu", {"applicant": me, "ask": {"wrong": "no"}})
        work_off(county)
        page.goto("/mine")
        case_of(page, "志愿服务记录证明").click()
        page.get_by_role("link", name=re.compile("志愿服务记录")).first.wait_for()
        seen(page, f"team-proof-{one.phone}")
        assert proved_hours(county, newest(county, "fuwujilu")) == "2.2"
    assert not county.troubles


def link_of(county: Site, case_id: int) -> HandoverLink:
    """The hand-over that is due now."""
    with county.database.reading() as work:
        found = work.session.scalars(
            select(HandoverLink)
            .join(Handover)
            .where(Handover.case_id == case_id, HandoverLink.state == "open")
            .options(joinedload(HandoverLink.handover), selectinload(HandoverLink.signs))
        ).one()
        work.session.expunge_all()
        return found


def hand(county: Site, case_id: int, by: Actor, side: Side) -> None:
    """This end types the six digits that the other shows."""
    link = link_of(county, case_id)
    given = handovers.Given(proofs.code(link, proofs.other(side)))
    with county.database.unit_of_work() as work:
        handovers.act(work, link.id, "done", given, by=by, now=county.clock())


def test_a_daughter_in_town_and_her_father_in_the_village_have_a_day_of_five_services(county: Site) -> None:
    staff = Player(county.database, county.cast.staff)
    in_village = people_of(county, XIABI)
    father = next(one for one in in_village if int(one.id_number[6:10]) <= 1955)
    driver, neighbour = sorted((one for one in in_village if one is not father), key=lambda one: one.id_number[6:10])[
        -2:
    ]
    daughter = people_of(county, FUDONG)[-1]
    his = father.actor.name
    county.clock.at("2026-11-02 09:00")
    county.troubles.clear()

    # He shows a number on his telephone, she types it: she may act for him.
    hers, old = phone(county, daughter.phone), phone(county, father.phone)
    old.goto("/family/let")
    old.get_by_role("button", name="给我一个绑定码").click()
    code = old.locator("[data-code]").inner_text().replace(" ", "")
    seen(old, "day-code")
    hers.goto("/family/bind")
    hers.get_by_label("家人的手机号").first.fill(father.phone)
    hers.get_by_label("6 位绑定码").fill(code)
    hers.get_by_role("button", name="绑定").click()
    hers.goto("/family")
    assert his in hers.locator("[data-for-others]").inner_text()
    seen(hers, "day-family")

    # The doctors come to his village: announced by the hospital, she takes a seat for him.
    round_ = {
        "applicant": {"name": neighbour.actor.name, "phone": neighbour.phone},
        "clinic": {
            "host": "hospital",
            "unit": "县总医院",
            "licence": "证350526001",
            "licence_until": "2028-06-30",
            "sells": "no",
            "day": "2026-11-20",
            "half": "上午",
            "village": XIABI,
            "where": "霞碧村部",
            "what": "内科咨询，量血压血糖",
            "places": 2,
            "safety": "备急救箱",
            "people": [
                {
                    "name": "陈志远",
                    "kind": "doctor",
                    "unit": "县总医院",
                    "base": "county",
                    "number": "110350500012345",
                    "range": "内科",
                    "seat": "内科",
                }
            ],
        },
    }
    case_id = staff.send("xunzhen", round_, neighbour, county.clock())
    filed = {"result": "yes", "number": "德卫义备〔2026〕31号", "sent_on": "2026-11-02"}
    staff.step(case_id, {"filing": filed, "xz_ask": "0595-23500203"}, county.clock())
    work_off(county)
    hers.goto("/around")
    hers.get_by_role("link", name="报名和预订").click()
    hers.get_by_role("link", name=re.compile("义诊")).click()
    assert "霞碧村" in hers.locator(".yz-facts").inner_text()
    hers.get_by_role("link", name=his).click()
    seen(hers, "day-doctor")
    hers.get_by_role("button", name=f"给{his}订").click()
    hers.wait_for_url(re.compile(r"/bookings/\d+"))
    assert his in hers.inner_text("main")

    # The canteen: she registers him, the canteen looks it over, she orders lunch for him.
    me = {"name": his, "phone": father.phone, "id_number": father.id_number}
    apply(hers, "shitang", {"applicant": me, "category": "none", "diet": "少盐"}, whom=f"替{his}办")
    staff.step(newest(county, "shitang"), {"checked": {"result": "ok", "category": "none"}}, county.clock())
    with county.database.unit_of_work() as work:
        booking.publish_ahead(work, now=county.clock())
    hers.goto("/offers?day=2026-11-05")
    hers.get_by_role("link", name=re.compile("午餐")).first.click()
    hers.get_by_role("link", name=his).click()
    seen(hers, "day-lunch")
    hers.get_by_role("button", name=f"给{his}订").click()
    hers.wait_for_url(re.compile(r"/bookings/\d+"))
    seen(hers, "day-lunch-booked")

    # Medicine goes from town to the village with somebody who goes anyway.
    parcel = {"what": "降压药两盒", "class": "medicine", "weight": 1, "value": 60, "open": True}
    sender = {"name": daughter.actor.name, "phone": daughter.phone}
    receiver = {"name": his, "phone": father.phone, "village": "霞碧村"}
    apply(hers, "huicun", {"parcel": parcel, "applicant": sender, "receiver": receiver}, whom="给我自己办")
    case_id = newest(county, "huicun")
    hers.goto("/handovers")
    hers.get_by_role("link", name=re.compile("降压药两盒")).click()
    hers.get_by_role("img", name="交接二维码，给对方扫").wait_for()
    seen(hers, "day-parcel")
    hand(county, case_id, county.cast.staff["chenxl"], "receiver")
    carrier = {"name": driver.actor.name, "phone": driver.phone}
    staff.step(case_id, {"found": "yes", "carrier": carrier}, county.clock())
    hand(county, case_id, driver.actor, "receiver")
    hand(county, case_id, county.cast.staff["laibg"], "receiver")
    work_off(county)
    old.goto("/handovers")
    old.get_by_role("link", name=re.compile("降压药两盒")).click()
    proof = proofs.code(link_of(county, case_id), "giver")
    old.get_by_label("扫对方的二维码，或输入他的六位数字").fill(proof)
    seen(old, "day-parcel-there")
    old.get_by_role("button", name="确认交接").click()
    old.get_by_text("交接完成，双方都已确认。").wait_for()
    work_off(county)

    # A ride to town for him: a neighbour drives, she asks, the neighbour says yes.
    car = {"licence_until": "2030-01-01", "plate": "闽C12345", "seats": 5}
    car |= {"inspection_until": "2029-01-01", "insurance_until": "2029-01-01", "policy": "PDZA20263505000018"}
    clerk = county.cast.staff["huangcl"]
    staff.do(registers.add, "driver", car, person=person(driver), state="active", by=clerk, now=county.clock())
    tomorrow = local_date(county.clock()) + timedelta(days=1)
    seats = {"seats": 2, "plate": "闽C12345", "luggage": "small", "free": True, "sober": True}
    hours = {"starts_at": booking.local(tomorrow, time(8)), "until_at": booking.local(tomorrow, time(9))}
    stops = (XIABI, LONGMENTAN, XUNZHONG)
    supply = staff.do(
        matching.say,
        "ride",
        "supply",
        stops=stops,
        **hours,
        answers=seats,
        by=driver.actor,
        now=county.clock(),
    ).id
    hers.goto("/matches/ride/need")
    hers.get_by_role("link", name=his).click()
    hers.wait_for_selector("[data-form][data-drawn]")
    hers.get_by_label("几个人坐").fill("1")
    hers.get_by_label("没有", exact=True).first.check()
    hers.get_by_label("没有", exact=True).last.check()
    hers.get_by_label("万一联系不上").fill(f"{daughter.actor.name} {daughter.phone}")
    hers.get_by_label("不知道几分钟").check()
    hers.get_by_label("同意把我的起点").check()
    hers.get_by_label("从哪里").select_option(XIABI)
    hers.get_by_label("到哪里").select_option(XUNZHONG)
    seen(hers, "day-ride")
    hers.get_by_role("button", name="下一步：核对").click()
    hers.get_by_role("button", name="登记", exact=True).click()
    hers.wait_for_url(re.compile(r"/my/matches/\d+"))
    ride = hers.url
    hers.get_by_role("button", name="我想坐这辆").click()
    hers.get_by_text("等对方答复").first.wait_for()
    drives = phone(county, driver.phone)
    drives.goto(f"/my/matches/{supply}")
    drives.get_by_role("button", name="同意").click()
    drives.get_by_role("heading", name="同乘确认单").wait_for()
    seen(drives, "day-driver")
    work_off(county)

    # The lamp in his kitchen: she asks the neighbours for him, one of them takes it on.
    lamp = {
        "title": "换灯泡",
        "kind": "bulb",
        "gas": "no",
        "high": "no",
        "what": "厨房的灯不亮了，灯泡买好了",
        "risk": "门口有只狗，拴着",
        "alone": "no",
        "people": 1,
        "day": "2026-11-04",
        "from": "16:00",
        "until": "17:00",
        "where": "霞碧村三组",
    }
    him = {"name": his, "phone": father.phone}
    apply(hers, "bangbang", {"need": lamp, "applicant": him}, whom=f"替{his}办")
    case_id = newest(county, "bangbang")
    staff.step(case_id, {"check": {"result": "pass"}}, county.clock())
    work_off(county)
    helps = phone(county, neighbour.phone)
    helps.goto("/offers")
    helps.get_by_role("link", name=re.compile("换灯泡")).click()
    helps.get_by_role("button", name="我报名").click()
    helps.wait_for_url(re.compile(r"/bookings/\d+"))
    seen(helps, "day-neighbour")
    work_off(county)

    # All of it is on her pages, and on his.
    for page, whose in ((hers, "hers"), (old, "his")):
        page.goto("/mine")
        seen(page, f"day-{whose}-mine")
        own = page.inner_text("main")
        assert "长者食堂" in own and "邻里帮帮团" in own, whose
        page.goto("/bookings")
        seen(page, f"day-{whose}-bookings")
        booked = page.inner_text("main")
        assert "县总医院义诊" in booked and "11月20日" in booked and "11月5日" in booked, whose
        page.goto("/handovers")
        seen(page, f"day-{whose}-parcels")
        assert "降压药两盒" in page.inner_text("main"), whose
        page.goto(ride)
        page.get_by_role("heading", name="同乘确认单").wait_for()
        assert driver.phone in page.inner_text("main"), whose
        seen(page, f"day-{whose}-ride")
    told = texts(county, father)
    assert "有人接了" in told and "长者食堂登记好了" in told
    assert "收件人已经签收" in texts(county, daughter)
    assert not county.troubles
