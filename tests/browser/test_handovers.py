"""A parcel on a phone: the sender shows a large code, the station takes it, the receiver signs with six digits."""

import re

import pytest

from tests.browser.conftest import Site, axe, whole
from tests.handovers import moving

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def parcels(site: Site) -> moving.Moving:
    return moving.opened(site.database, site.clock)


def _fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_parcel_from_the_phone_to_the_receiver(site: Site, parcels):
    page = site.resident("13800000001", width=360)
    page.goto("/apply/jisong")
    whole(page)
    page.get_by_label("寄什么").fill("地瓜一箱")
    page.get_by_label("衣物、日用品").check()
    page.get_by_label("大约几公斤").fill("5")
    page.get_by_label("大约值多少元").fill("50")
    page.get_by_label("我愿意在交的时候开箱").check()
    page.get_by_label("寄件人姓名").fill("张三丰")
    page.get_by_label("寄件人手机号").fill("13800000001")
    page.get_by_label("收件人姓名").fill("苏明月")
    page.get_by_label("收件人手机号").fill("13900001234")
    for name in ("下一步", "提交"):
        page.get_by_role("button", name=re.compile(name)).first.click()
    page.wait_for_url(re.compile("/receipt/"))

    page.goto("/mine")
    page.get_by_role("link", name=re.compile("我的交接")).click()
    assert axe(page) == [] and _fits(page)
    page.get_by_role("link", name=re.compile("地瓜一箱")).click()
    page.get_by_role("img", name="交接二维码，给对方扫").wait_for()
    assert axe(page) == [] and _fits(page)
    digits = re.sub(r"\D", "", page.locator(".yz-handover-code").inner_text())

    desk = site.staff("chen")
    desk.goto("/desk/handovers")
    assert desk.evaluate("document.activeElement.id") == "proof"  # a scanner that types needs no click
    desk.keyboard.type(digits)
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile(r"/desk/handovers/\d+\?proof="))
    assert axe(desk) == []
    desk.get_by_role("button", name="确认交接").click()
    desk.get_by_text("交接完成，双方都已确认。").wait_for()

    case_id = _case(site)
    parcels.complete(case_id, "chen", moving.FOUND)
    parcels.act(case_id, "zheng")
    parcels.act(case_id, "lai")
    receiver = site.resident("13900001234", width=360)
    receiver.goto("/handovers")
    receiver.get_by_role("link", name=re.compile("地瓜一箱")).click()
    from engine.records import handovers as proofs

    receiver.get_by_label("扫对方的二维码，或输入他的六位数字").fill("12")
    receiver.get_by_role("button", name="确认交接").click()
    assert "码不对" in receiver.locator("[data-errors-summary]").inner_text()
    assert axe(receiver) == [] and _fits(receiver)
    receiver.get_by_label("扫对方的二维码，或输入他的六位数字").fill(proofs.code(parcels.link(case_id), "giver"))
    receiver.get_by_role("button", name="确认交接").click()
    receiver.get_by_text("交接完成，双方都已确认。").wait_for()
    assert parcels.chain(case_id).holder_end == "receiver"
    assert [t for t in site.troubles if "422" not in t] == []


def _case(site: Site) -> int:
    from sqlalchemy import select

    from engine.store.models import Case

    with site.database.reading() as work:
        return work.session.scalars(select(Case.id).order_by(Case.id.desc())).first()
