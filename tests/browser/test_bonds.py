"""接送名单 on a phone of 360 px and at the door: a guardian puts somebody on the list with a picture, gives a code
for this
once, and takes somebody off; the door lets go, and holds."""

from __future__ import annotations

import os
from typing import Any

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from engine import matters, people
from engine.commands import bonds
from engine.commands.bonds.making import person
from engine.records import library
from engine.store.models import Bond
from tests.browser.conftest import Site, axe
from tests.cast import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def _picture(folder: Any) -> str:
    face = Image.new("RGB", (240, 240), "#dfe7ea")
    ImageDraw.Draw(face).ellipse((60, 40, 180, 200), fill="#c9a27e")
    face.save(folder / "face.jpg")
    return str(folder / "face.jpg")


def _look(page: Any, name: str) -> None:
    """A picture for whoever changes these pages: YIZHAN_LOOKS names the folder."""
    if folder := os.environ.get("YIZHAN_LOOKS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def _fits(page: Any) -> None:
    """Nothing is wider than the phone."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_list_of_who_may_fetch_the_child_and_the_door(site: Site, tmp_path):
    with site.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "jieren"), by=people.SYSTEM, now=site.clock())
        bonds.at_counter(
            work,
            "guardian",
            subject=person("subject", "张小宝", "", "350526202208014011"),
            holder=person("holder", "张三丰", "13800000001", ""),
            shown=["household"],
            by=people.load(work, site.cast.users["zhou"], now=site.clock()),
            now=site.clock(),
        )
    phone = site.resident("13800000001", width=360)
    phone.goto("/mine")
    phone.get_by_role("link", name="家人 谁能替我办").click()
    _look(phone, "family")
    _fits(phone)
    assert axe(phone) == []
    phone.get_by_role("link", name="张小宝的接送人").click()
    phone.get_by_label("姓名").fill("李阿婆")
    phone.get_by_label("手机号").fill("13800000066")
    phone.get_by_role("button", name="加进名单").click()
    phone.get_by_text("请上传这个人的照片").first.wait_for()
    phone.get_by_label("照片").set_input_files(_picture(tmp_path))
    phone.get_by_role("button", name="加进名单").click()
    phone.locator("[data-listed]").get_by_text("李阿婆").wait_for()
    _look(phone, "list")
    _fits(phone)
    assert axe(phone) == []
    phone.get_by_text("只今天一次").click()
    phone.get_by_label("谁来接").fill("王叔叔")
    phone.get_by_role("button", name="给我接人码").click()
    code = phone.locator("[data-code]").inner_text().replace(" ", "")
    _look(phone, "code")
    _fits(phone)

    with site.database.reading() as work:
        listed = work.session.scalar(select(Bond.id).where(Bond.kind == "jieren.pick_up"))
    door = site.staff("zhou")
    door.goto("/desk/bonds")
    _look(door, "desk")
    door.goto(f"/desk/fetch/{listed}")
    door.get_by_role("button", name="李阿婆").click()
    assert "可以接走" in door.locator("[data-door=yes]").inner_text()
    _look(door, "door")
    assert axe(door) == []
    door.locator("#code").fill(code)
    door.get_by_role("button", name="核对").click()
    assert "王叔叔" in door.locator("[data-door=yes]").inner_text()
    door.get_by_role("button", name="都不是").click()
    held = door.locator("[data-door=no]").inner_text()
    assert "先不放" in held and "13800000001" in held
    _look(door, "hold")

    phone.goto(f"/family/{listed}")
    phone.locator("summary", has_text="解除").click()
    _look(phone, "end")
    phone.get_by_role("button", name="确认解除").click()
    phone.get_by_text("已解除，马上生效。").wait_for()
    assert phone.locator("[data-listed]").count() == 0
    door.goto("/desk/bonds")
    assert "监护人解除" in door.locator("[data-bonds]").inner_text()
    assert len(site.troubles) == 1 and "422" in site.troubles[0], "the form without its picture, and nothing else"
