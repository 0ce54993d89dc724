"""想办什么事, in a browser: typed as people say it on a phone of 360 px and at 1440 px; what is not here says where."""

from __future__ import annotations

import pytest

from engine import matters
from engine.people import SYSTEM
from engine.records import library
from tests.browser.pictures import looked_at
from tests.cast import ROOT

NAMES = ("shitang", "baoxiao", "tiaojie", "gaoling", "jiankang", "changzhe")


@pytest.mark.parametrize("width", [360, 1440])
def test_somebody_types_what_they_want_and_comes_to_the_right_door(site, width):
    with site.database.unit_of_work() as work:
        for name in NAMES:
            library.publish(work, matters.load(ROOT, name), by=SYSTEM, now=site.clock())
    page = site.page(width)
    page.goto("/")
    page.get_by_label("想办什么事").fill("老人吃饭")
    page.keyboard.press("Enter")
    looked_at(page, "find-eat")
    page.get_by_role("link", name="长者食堂用餐登记").click()
    page.get_by_role("heading", name="长者食堂用餐登记").wait_for()
    page.goto("/matters?q=身份证丢了")
    looked_at(page, "find-elsewhere")
    assert page.get_by_role("link", name="12345").first.get_attribute("href") == "tel:12345"
    page.goto("/matters?q=打官司")
    looked_at(page, "find-both")
    page.goto("/matters?q=电影票")
    looked_at(page, "find-nothing")
    page.get_by_role("link", name="老有所养").click()
    page.get_by_role("link", name="高龄津贴").wait_for()
    assert site.troubles == []
