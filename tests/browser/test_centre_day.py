"""A day of the county's centre from opening to closing, on pages: lunch ordered, a fall, a child whom a stranger wants
to fetch, an elder who is not signed out at closing, and the month's statement. The family and the carer have telephones
360 pixels wide, the head a desk of 1440. What is only time that goes by, the worker does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import bonds, booking, registers
from engine.commands.bonds.making import person as anybody
from engine.store.models import Case, Document, Resource, Slot, Task
from tests.browser import doors
from tests.browser.conftest import Site, whole
from tests.browser.filling import PHONE, fill_in, phone
from tests.browser.test_long_days import people_of, seen, texts, work_off
from tests.cast import ROOT
from web.demo import PASSWORD
from web.demo.playing import Player, person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.wide,
    pytest.mark.flaky(reruns=0),  # the hall is the module's: what was booked, is booked
    pytest.mark.xdist_group("browser"),
]

#: What a day of the centre needs.
MATTERS = ("shitang", "wenhou", "sidianban", "jieren", "kanhai", "rizhao", "rizhao_shi", "weiqian")
FUDONG, DESK = "350526100002", 1440


def desk(county: Site, login: str, width: int) -> Any:
    page = county.page(width, 900)
    doors.as_staff(page, login, PASSWORD)
    page.clock.set_fixed_time(county.clock())
    return page


def slot(county: Site, offer: str, day: str) -> int:
    """The time of an offer on a day."""
    begin = datetime.fromisoformat(f"{day}T00:00:00+08:00").astimezone(UTC)
    with county.database.reading() as work:
        found = work.session.scalars(
            select(Slot.id)
            .join(Resource)
            .where(Resource.offer == offer, Slot.starts_at > begin)
            .order_by(Slot.starts_at)
        ).first()
    assert found is not None, offer
    return found


def do(county: Site, page: Any, element: str, answers: Mapping[str, Any], then: str = "已办好。") -> None:
    """The open step of this name is signed for and done at a desk's page."""
    with county.database.reading() as work:
        task = work.session.scalars(
            select(Task).where(Task.element == element, Task.state != "ended").order_by(Task.id.desc())
        ).first()
        assert task is not None, element
        case = work.session.get_one(Case, task.case_id)
        number, id_, form, matter = case.number, task.id, task.form or "", case.matter
    page.goto(f"/desk/cases/{number}?step={id_}")
    page.get_by_role("button", name=re.compile("^签收")).click()
    page.get_by_text("已签收，归您办了。").wait_for()
    whole(page)
    fill_in(page, matters.load(ROOT, matter), form, answers)
    if page.viewport_size["width"] == PHONE:
        seen(page, f"centre-{element}")
    page.get_by_role("button", name="办好，往下走", exact=True).click()
    wrong = page.locator("[data-form-summary]:visible, .yz-errors:visible")
    page.get_by_text(then).or_(wrong).first.wait_for()
    assert not wrong.count(), wrong.first.inner_text()


def take_in(page: Any, matter: str, answers: Mapping[str, Any], place: str = "") -> None:
    """Written down by the centre's people."""
    package = matters.load(ROOT, matter)
    page.goto("/desk/window")
    page.get_by_role("link", name=re.compile(package.info.name)).first.click()
    whole(page)
    fill_in(page, package, package.info.apply.form, answers)
    if place and page.locator("#place").count():
        page.locator("#place").select_option(place)
    seen(page, f"centre-{matter}")
    page.get_by_role("button", name="收件", exact=True).click()
    wrong = page.locator("[data-form-summary]:visible, .yz-errors:visible")
    page.locator("#tab-work").or_(wrong).first.wait_for()
    assert not wrong.count(), wrong.first.inner_text()


def at_door(page: Any, slot_id: int, who: str, button: str, **said: str) -> None:
    page.goto(f"/desk/offers/{slot_id}/door")
    field = "#code" if button == "签到" else "#out"
    page.locator(field).fill(who)
    for name, value in said.items():
        if page.locator(f"select#{name}").count():
            page.locator(f"#{name}").select_option(value)
        else:
            page.locator(f"#{name}").fill(value)
    page.get_by_role("button", name=button, exact=True).first.click()
    seen(page, f"centre-door-{slot_id}-{button}")
    assert f"已{button}" in page.inner_text("body"), page.inner_text("body")


def papers(county: Site, matter: str) -> list[str]:
    with county.database.reading() as work:
        return list(
            work.session.scalars(
                select(Document.kind).join(Case, Case.id == Document.case_id).where(Case.matter == matter)
            )
        )


def test_a_day_of_the_centre_from_opening_to_closing(county: Site) -> None:
    staff = Player(county.database, county.cast.staff)
    everybody = people_of(county, FUDONG)
    father = next(one for one in everybody if int(one.id_number[6:10]) <= 1960)
    daughter, mother = [one for one in everybody if int(one.id_number[6:10]) >= 1970][-2:]
    his, clerk = father.actor.name, county.cast.staff["chenxl"]
    child = anybody("subject", "林一诺", "", "350526202202016120")
    county.clock.at("2026-09-21 09:00")
    county.troubles.clear()

    # What stood before: who cooks and looks after children, the father in day care, the child enrolled, whose they are.
    more: dict[str, Any] = {"by": clerk, "now": county.clock()}
    for name, number in (("许老师", "13805951301"), ("苏老师", "13805951302")):
        facts = {"part": "school", "checked_on": "2026-03-01"}
        staff.do(registers.add, "minder", facts, person={"name": name, "phone": number}, **more)
    staff.do(
        registers.add, "school_child", {"small": "no"}, person={"name": "林一诺", "id_number": child.id_number}, **more
    )
    cared = {"level": "r1", "disorder": False, "seat": "s4", "leaves": "self", "category": "none", "yuan": 20}
    cared |= {"kin": daughter.actor.name, "kin_phone": daughter.phone}
    staff.do(registers.add, "daycare", cared, person=person(father), state="active", **more)
    for name, number in (("王师傅", "13805951401"), ("李师傅", "13805951402")):
        staff.do(registers.add, "shitang.cook", {"until": "2027-06-30"}, person={"name": name, "phone": number}, **more)
    staff.do(registers.add, "shitang.diner", {"category": "none", "diet": "少盐"}, person=person(father), **more)
    staff.do(
        bonds.at_counter,
        "family",
        subject=anybody("subject", his, father.phone, father.id_number),
        holder=anybody("holder", daughter.actor.name, daughter.phone, daughter.id_number),
        shown=["id"],
        **more,
    )
    staff.do(
        bonds.at_counter,
        "guardian",
        subject=child,
        holder=anybody("holder", mother.actor.name, mother.phone, mother.id_number),
        shown=["household"],
        **more,
    )
    with county.database.unit_of_work() as work:
        booking.publish_ahead(work, now=county.clock())
    lunch, cared_for, school = (
        slot(county, offer, "2026-09-22") for offer in ("shitang.lunch", "rizhao.day", "sidianban.afternoon")
    )

    # The day before: the daughter orders his lunch and his day, the mother the child's afternoon.
    hers, mothers = phone(county, daughter.phone), phone(county, mother.phone)
    for page, slot_id, whom, form in (
        (hers, lunch, his, None),
        (hers, cared_for, his, ("rizhao", "rz-part", {"part": "full", "trips": "none"})),
        (mothers, school, "林一诺", ("sidianban", "sd-ask", {"snack": "yes"})),
    ):
        page.goto(f"/offers/{slot_id}")
        page.get_by_role("link", name=whom).click()
        if form is None:
            seen(page, f"centre-order-{slot_id}")
            page.get_by_role("button", name=f"给{whom}订").click()
        else:
            whole(page)
            fill_in(page, matters.load(ROOT, form[0]), form[1], form[2])
            seen(page, f"centre-order-{slot_id}")
            page.get_by_role("button", name="下一步：核对").click()
            page.get_by_role("button", name=re.compile(f"给{whom}订|就这样订")).click()
        page.wait_for_url(re.compile(r"/bookings/\d+"))
        assert whom in page.inner_text("main")
        seen(page, f"centre-ordered-{slot_id}")

    # Opening: the rooms, the kitchen.
    county.clock.at("2026-09-22 07:40")
    work_off(county)
    carer = desk(county, "chenxl", PHONE)
    do(county, carer, "rk_staff", {"open": {"carers": 3}})
    do(county, carer, "kd_cook", {"kitchen": {"cooks": [{"name": "王师傅"}, {"name": "李师傅"}]}})
    goods = [{"name": "城东菜场", "what": "米、青菜、豆腐"}]
    do(county, carer, "kd_goods", {"goods": {"list": goods, "by": "陈晓岚"}})
    county.clock.at("2026-09-22 08:10")
    at_door(carer, cared_for, his, "签到", brought=daughter.actor.name)

    # A fall at twenty past ten: rescue, the family, and the head looks for the cause.
    county.clock.at("2026-09-22 10:20")
    work_off(county)
    do(county, carer, "rk_round", {"round": {"inside": 1, "seen": "都好", "by": "陈晓岚"}})
    who = {"name": his, "phone": father.phone, "id_number": father.id_number}
    event = {"kind": "fall", "at": "10:20", "where": "走廊", "seen": "扶着墙坐到地上，说腰疼"}
    take_in(carer, "rizhao_shi", {"applicant": who, "event": event}, FUDONG)
    do(county, carer, "rs_rescue", {"rescue": {"call": "yes", "at": "10:22", "aid": "不挪动，护士守着"}})
    called = {"who": "女儿", "at": "10:30", "answered": "yes"}
    told = {"who": f"女儿{daughter.actor.name}", "at": "10:30", "by": "陈晓岚"}
    do(county, carer, "rs_family", {"calls": [called], "told": told})
    work_off(county)
    head = desk(county, "zhengmz", DESK)
    review = {"cause": "地刚拖过没有干", "mend": "拖地避开走动的时候，放提示牌", "how": "fine"}
    do(county, head, "rs_review", {"review": review})
    work_off(county)
    assert "care_accident" in papers(county, "rizhao_shi")

    # Lunch: samples are kept, he comes.
    county.clock.at("2026-09-22 10:50")
    dishes = [{"name": "青菜", "grams": 130, "warm": 70}, {"name": "豆腐", "grams": 130, "warm": 75}]
    by = {"fridge": 4, "clean": "yes", "at": "10:50", "by": "陈晓岚"}
    do(county, carer, "kd_dishes", {"dishes": dishes, "self": by})
    county.clock.at("2026-09-22 11:40")
    at_door(carer, lunch, his, "签到")
    for hour in ("12:00", "14:00"):
        county.clock.at(f"2026-09-22 {hour}")
        work_off(county)
        do(county, carer, "rk_round", {"round": {"inside": 1, "seen": "都好", "by": "陈晓岚"}})

    # The child comes; at twenty past five somebody whom nobody knows asks for her.
    county.clock.at("2026-09-22 15:35")
    work_off(county)
    carer = desk(county, "chenxl", PHONE)
    do(county, carer, "sk_staff", {"open": {"adults": [{"name": "许老师"}, {"name": "苏老师"}], "kind": "play"}})
    county.clock.at("2026-09-22 16:05")
    work_off(county)
    came = {"brought": "幼儿园王老师", "came-warm": "36.6", "came-mood": "good"}
    at_door(carer, school, "林一诺", "签到", **came)
    do(county, carer, "rk_round", {"round": {"inside": 1, "seen": "都好", "by": "陈晓岚"}})
    county.clock.at("2026-09-22 17:20")
    carer.goto("/desk/bonds")
    seen(carer, "centre-bonds")
    carer.get_by_role("link", name=re.compile("接人核对")).first.click()
    carer.get_by_role("button", name="都不是").click()
    held = carer.locator("[data-door=no]").inner_text()
    assert "先不放" in held and mother.phone in held
    seen(carer, "centre-held")
    door = {"where": "school", "child": {"name": "林一诺", "age": 4}, "what": "door", "who": "other", "barred": "no"}
    door |= {"state": "ok", "guardian": {"phone": mother.phone}, "staff": {"name": "陈晓岚"}}
    take_in(carer, "kanhai", door, FUDONG)
    mothers = phone(county, mother.phone)
    mothers.goto("/family")
    mothers.get_by_role("link", name="林一诺的接送人").click()
    mothers.get_by_text("只今天一次").click()
    mothers.get_by_label("谁来接").fill("王叔叔")
    mothers.get_by_role("button", name="给我接人码").click()
    code = mothers.locator("[data-code]").inner_text().replace(" ", "")
    seen(mothers, "centre-code")
    do(county, carer, "kh_call", {"said": {"result": "agreed", "words": "妈妈同意，发了接人码"}})
    carer.goto("/desk/bonds")
    carer.get_by_role("link", name=re.compile("接人核对")).first.click()
    carer.locator("#code").fill(code)
    carer.get_by_role("button", name="核对").click()
    assert "王叔叔" in carer.locator("[data-door=yes]").inner_text()
    do(county, carer, "kh_release", {"out": {"at": "17:25", "taker": "王叔叔", "check": "一次性接人码"}})
    at_door(carer, school, "林一诺", "签退", fetched="王叔叔", **{"left-check": "code"})
    work_off(county)
    assert "pick_slip" in papers(county, "kanhai")
    mothers.goto("/bookings")
    mothers.get_by_text("以前的预约").click()
    mothers.get_by_role("link", name=re.compile("四点半学校")).first.click()
    seen(mothers, "centre-slip")
    slip = mothers.request.get(mothers.get_by_role("link", name="接送单").get_attribute("href") or "")
    assert slip.ok and slip.body().startswith(b"%PDF")

    # Closing: one is still there, and nobody has signed him out.
    county.clock.at("2026-09-22 17:31")
    work_off(county)
    do(county, carer, "rk_shut", {"shut": {"inside": 1, "result": "no", "by": "陈晓岚"}})
    county.clock.at("2026-09-22 17:41")
    work_off(county)
    assert "还没有签退" in texts(county, daughter)
    do(county, carer, "wq_call", {"call": {"result": "here", "by": "陈晓岚"}})
    county.clock.at("2026-09-22 17:55")
    at_door(carer, cared_for, his, "签退", fetched=daughter.actor.name)
    do(county, carer, "rk_shut", {"shut": {"inside": 0, "result": "yes", "by": "陈晓岚"}})
    county.clock.at("2026-09-22 18:31")
    work_off(county)
    carer = desk(county, "chenxl", PHONE)
    do(county, carer, "sk_count", {"shut": {"inside": 0, "by": "许老师"}})
    work_off(county)
    assert "care_day" in papers(county, "rizhao")

    # The month is over: each statement is looked through, and each family reads its own.
    county.clock.at("2026-10-09 09:00")
    work_off(county)
    clerk_desk = desk(county, "chenxl", DESK)
    for element in ("month_look", "ry_look", "sy_look"):
        look = {"verdict": "right", "words": "和签到核对过"}
        do(county, clerk_desk, element, {"look": look})
        work_off(county)
    head = desk(county, "zhengmz", DESK)
    head.goto("/desk/offers/statement?offer=shitang.lunch&month=2026-09")
    assert his[0] in head.inner_text("main")
    for who, matter in ((father, "用餐月结单"), (father, "日间照料"), (mother, "四点半学校")):
        page = phone(county, who.phone)
        page.goto("/mine")
        own = page.locator("main a[href^='/mine/']:not([href$='/rate'])")  # the case, not its rating
        own.filter(has_text=matter).first.click()
        page.get_by_role("link", name=re.compile("月结单")).first.wait_for()
        seen(page, f"centre-statement-{matter}")
    assert "用餐 1 份" in texts(county, father) and "1 天，付 20 元" in texts(county, father)
    assert not county.troubles
