"""A parcel on a phone: the sender shows a large code, the station takes it, the receiver signs with six digits."""

import re

import pytest

from tests.browser.conftest import Site, axe, whole
from tests.browser.doors import chromium
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
    for name in ("下一步：核对", "提交"):
        page.get_by_role("button", name=name, exact=True).click()
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


def _film(text: str, file) -> None:
    """A film in which nothing is seen but this QR, as a camera before it would send it (YUV4MPEG2, 640 x 480)."""
    import segno

    width, height, scale = 640, 480, 8
    rows = [bytes(row) for row in segno.make(text, error="m").matrix_iter(scale=scale, border=4)]
    assert len(rows) <= height
    top, left = (height - len(rows)) // 2, (width - len(rows)) // 2
    luma = bytearray(b"\xeb" * width * height)
    for y, row in enumerate(rows):
        start = (top + y) * width + left
        luma[start : start + len(row)] = bytes(16 if dark else 235 for dark in row)
    frame = b"FRAME\n" + bytes(luma) + b"\x80" * (width * height // 2)
    file.write_bytes(f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 10)


def test_the_camera_reads_the_qr_and_the_station_takes_the_parcel(site: Site, parcels, tmp_path, browser):
    from engine.records import handovers as proofs

    case_id = parcels.submit()
    token = proofs.token(parcels.link(case_id), "giver", now=site.clock())
    _film(f"{site.address}/h/{token}", tmp_path / "qr.y4m")
    seeing = browser.browser_type.launch(
        executable_path=chromium(),
        args=[
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={tmp_path / 'qr.y4m'}",
        ],
    )
    try:
        camera = Site(**{**vars(site), "browser": seeing, "_contexts": [], "troubles": []})
        desk = camera.staff("chen")
        desk.goto("/desk/handovers")
        desk.get_by_role("button", name="用摄像头扫").click()
        desk.wait_for_url(re.compile(r"/desk/handovers/\d+\?proof="), timeout=30_000)
        desk.get_by_role("button", name="确认交接").click()
        desk.get_by_text("交接完成，双方都已确认。").wait_for()
        assert camera.troubles == []
    finally:
        seeing.close()
    assert {one.side: one.proof for one in parcels.link(case_id, 1).signs} == {"giver": "qr", "receiver": "account"}
