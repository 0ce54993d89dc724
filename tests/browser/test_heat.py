"""热力图: a designer comes from a matter's page, sees on the drawing where its cases wait, and reads it as a table."""

import re
from datetime import timedelta

import pytest

from tests.browser.conftest import Site
from tests.browser.pictures import looked_at

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("width", [1440, 360])
def test_a_designer_sees_where_the_cases_of_a_matter_wait(site: Site, width):
    for _ in range(3):
        site.submit()
    site.clock.now += timedelta(days=4)
    page = site.staff("designer", width=width)
    page.goto("/desk/matters/daiban")
    page.get_by_role("link", name="热力图").click()
    page.wait_for_selector("[data-heat] [data-ready]")
    [strongest] = page.locator(".yz-heat-4").all()
    assert "3 件" in page.locator(".djs-overlay-count .yz-count").first.inner_text()
    row = page.locator("tbody tr").first
    assert re.search(r"3\s", row.inner_text()) and strongest.is_visible()
    assert "张三丰" not in page.inner_text("main")
    looked_at(page, "heat")
    page.goto("/desk/matters/daiban/heat?first=2026-01-01&last=2026-01-31")
    page.get_by_text("这些天没有办过").wait_for()
    assert page.locator(".yz-heat-4").count() == 0
    assert site.troubles == []
