"""Long days of the county on telephones, 360 pixels wide: each goes through several services, as people's days do.
What residents and team leaders do goes through pages; what the staff does in between, by the real commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import boards
from engine.commands.worker import background, sweep
from engine.store.models import BoardEntry, Case, Notice
from tests.browser.conftest import Site, sign, whole
from tests.browser.filling import fill_in, fits, phone, shot
from tests.cast import ROOT
from web.demo.playing import Player, Resident

pytestmark = [
    pytest.mark.browser,
    pytest.mark.wide,
    pytest.mark.flaky(reruns=0),  # the hall is the module's: what was booked at first, is booked
    pytest.mark.xdist_group("browser"),
]

#: Where they live: villages, and a community in the county seat.
SUYANG, XIABI, TADOU, FUDONG = "350526104001", "350526104002", "350526106001", "350526100001"


def people_of(county: Site, place: str) -> list[Resident]:
    """Grown residents of a place, in the order of the demo county."""
    listed = [one for one in county.cast.residents if one.place.code == place]
    return [one for one in listed if int(one.id_number[6:10]) <= 2005]


def seen(page: Any, name: str) -> None:
    """The page has come whole, nothing of it is clipped; and a picture, when a folder is named."""
    page.wait_for_function("document.readyState === 'complete'")
    fits(page)
    shot(page, name)


def apply(page: Any, matter: str, answers: Mapping[str, Any]) -> None:
    """A form filled in, looked over and sent."""
    package = matters.load(ROOT, matter)
    page.goto(f"/apply/{matter}")
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


def newest(county: Site, matter: str) -> int:
    with county.database.reading() as work:
        found = work.session.scalars(select(Case.id).where(Case.matter == matter).order_by(Case.id.desc())).first()
    assert found is not None
    return found


def work_off(county: Site) -> None:
    """What falls due and what the worker does until now."""
    for _ in range(20):
        swept = sweep.sweep(county.database, now=county.clock())
        if not background.run(county.database, county.equipment, now=county.clock()) and not swept.busy:
            return
    raise AssertionError("Expected the worker to come to an end, but after twenty rounds it still has work.")


def texts(county: Site, who: Resident) -> str:
    """Everything this person was told."""
    with county.database.reading() as work:
        return "\n".join(
            work.session.scalars(select(Notice.text).where(Notice.user_id == who.actor.id).order_by(Notice.id))
        )


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
    booking = seller.url
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
    seen(village, "market-moved")
    work_off(county)

    follower.goto(f"/board/{number}")
    facts = follower.locator(".yz-facts").inner_text()
    assert "10月3日" in facts and "9月28日" not in facts
    seen(follower, "market-new-day")
    seller.goto(booking)
    assert "10月3日" in seller.inner_text("main") and "竹篮" in seller.inner_text("main")
    seen(seller, "market-stall-moved")
    seller.goto("/bookings")
    assert "10月3日" in seller.inner_text("main") and "9月28日" not in seller.inner_text("main")
    seen(seller, "market-bookings")
    assert "10月3日" in texts(county, reader) and "二十八日有大雨" in texts(county, reader)
    assert "10月3日" in texts(county, stallholder)
    assert not county.troubles
