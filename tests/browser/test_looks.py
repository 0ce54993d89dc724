"""Every page in a real browser: no finding of axe, no English left, nothing cut off at 320 px, nothing refused by the
CSP."""

import pytest

from tests.browser.conftest import Site, axe, english_left, whole

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def _look(site: Site, page, paths: list[str]) -> None:
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert axe(page) == [], path
        assert english_left(page) == [], path
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"
    assert site.troubles == []


def test_residents_pages(site: Site):
    number = site.submit()
    page = site.resident("13800000001", width=320)
    _look(
        site,
        page,
        [
            "/",
            "/matters",
            "/matters/daiban",
            "/apply/daiban",
            "/mine",
            f"/mine/{number}",
            f"/receipt/{number}",
            "/track",
            "/v",
            "/agent",
            "/report",
        ],
    )


@pytest.mark.wide
def test_residents_pages_in_large_letters(site: Site):
    number = site.submit()
    page = site.resident("13800000001", width=320)
    page.get_by_role("button", name="大字版").click()
    _look(site, page, ["/", "/matters/daiban", "/apply/daiban", f"/mine/{number}"])
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "22px"
    for width in (320, 360, 400):
        page.set_viewport_size({"width": width, "height": 780})
        rows = "new Set([...document.querySelector('.yz-top-inner').children].map((one) => one.offsetTop)).size"
        assert page.evaluate(rows) == 1, f"the head breaks at {width} px"


def test_a_form_with_every_mistake_is_still_chinese_and_readable(site: Site):
    page = site.resident("13800000001")
    page.goto("/apply/daiban")
    whole(page)
    page.get_by_role("button", name="下一步：核对").click()
    page.locator("[data-form-summary] a").first.wait_for()
    assert axe(page) == []
    assert english_left(page) == []


def test_clerks_pages(site: Site):
    number = site.submit()
    page = site.staff("chen")
    _look(
        site,
        page,
        [
            "/desk",
            "/desk/list/open",
            "/desk/list/done",
            f"/desk/cases/{number}",
            "/desk/window",
            "/desk/window/daiban",
            "/desk/notices",
            "/desk/find?q=张三丰",
        ],
    )
    page.goto(f"/desk/cases/{number}")
    for name in ("流程", "时限", "文书", "记录"):
        page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(200)
        assert axe(page) == [], name
        assert english_left(page) == [], name
    page.get_by_role("tab", name="流程").click()
    page.wait_for_selector("[data-diagram][data-ready]")
    assert page.locator(".djs-element.yz-current").count() == 1


@pytest.mark.wide
def test_supervisors_and_designers_pages(site: Site):
    site.submit()
    _look(site, site.staff("zhao"), ["/desk/overview", "/desk/overview/cases?which=open"])
    _look(site, site.staff("designer"), ["/desk/matters", "/desk/matters/daiban"])


def test_the_keyboard_alone_is_enough_for_a_resident(site: Site):
    page = site.resident("13800000001")
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    for _ in range(30):
        page.keyboard.press("Tab")
        if "我要办事" in page.evaluate("document.activeElement.textContent"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/matters")
