"""Day and time fields outside of forms: in the page's language, whatever the browser's is, and written as forms write
them."""

import pytest

from tests.browser.conftest import Site, axe, english_left

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_the_desk_picks_days_from_a_calendar_in_the_language_of_the_page(site: Site):
    page = site.staff("chen")
    page.goto("/desk/absences")
    begins = page.locator("#from")
    begins.and_(page.locator("[type=text].flatpickr-input")).wait_for()
    begins.click()
    calendar = page.locator(".flatpickr-calendar.open")
    assert "周日周一周二" in calendar.locator(".flatpickr-weekdaycontainer").inner_text().replace("\n", "")
    assert axe(page) == [] and english_left(page) == []
    page.keyboard.press("Escape")
    begins.fill("2026-10-12 08:30")
    page.locator("#until").fill("2026-10-16 17:30")
    page.locator("#until").press("Tab")
    assert [begins.input_value(), page.locator("#until").input_value()] == ["2026-10-12 08:30", "2026-10-16 17:30"]
    page.select_option("#agent", index=1)
    page.locator("form:has(#from) button[type=submit]").click()
    page.get_by_text("2026年10月12日").or_(page.get_by_text("10月12日")).first.wait_for()
    assert site.troubles == []
