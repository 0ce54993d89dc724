"""A head's first day with two-step verification: led to it, a passkey (Chromium's own authenticator), an app's codes,
signing in by each, seeing where one is signed in, helping a clerk who forgot the password."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pyotp
import pytest

from tests.browser.conftest import Site, axe, english_left
from tests.browser.pictures import taken
from tests.cast import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.xdist_group("browser")]


#: Log-in names and browsers are said as they are.
NAMES = {"zhao", "qian", "chen", "wang", "Chrome", "Linux"}


def looked_at(page: Any, name: str, *, codes: bool = False) -> None:
    """A picture; and, on a telephone, a page of Chinese that everybody can use. `codes`: with letters that nobody
    reads."""
    taken(page, name)
    if page.viewport_size["width"] > 400:
        return
    assert axe(page) == [], name
    assert codes or set(english_left(page)) <= NAMES, name


def _key(page: Any) -> None:
    """A telephone with a finger on it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def _password(page: Any, name: str) -> None:
    page.goto("/desk/enter")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("form:has(#password) button[type=submit]")


def _leave(page: Any) -> None:
    page.click("form[data-forget] button")
    page.wait_for_url(re.compile(r"/desk/enter$"))


@pytest.mark.parametrize(("width", "who", "clerk"), [(1440, "zhao", "王丽"), (360, "qian", "陈小云")])
def test_a_head_sets_up_both_and_signs_in_by_each(site: Site, width: int, who: str, clerk: str):
    site.app.settings = replace(site.app.settings, second_factor=frozenset({"supervisor"}))
    site.address = site.address.replace("127.0.0.1", "localhost")  # a passkey is of a name, never of a number
    page = site.page(width, 900)
    _key(page)

    _password(page, who)
    page.wait_for_url(re.compile(r"/desk/account$"))
    page.locator("form[data-passkey=create]").wait_for()
    looked_at(page, "1-led-to-it")
    page.fill("#key-name", "办公室电脑")
    page.click("form[data-passkey=create] button")
    page.locator("[data-recovery-codes]").wait_for()
    looked_at(page, "2-recovery-codes", codes=True)
    page.click("text=我记好了")
    page.locator("[data-passkeys]").wait_for()
    assert "办公室电脑" in page.locator("[data-passkeys]").inner_text()

    page.click("text=设置动态码")
    page.wait_for_url(re.compile(r"/desk/account/app$"))
    secret = re.sub(r"\s", "", page.locator("[data-secret]").inner_text())
    looked_at(page, "3-an-app", codes=True)
    page.fill("#code", pyotp.TOTP(secret).at(site.clock()))
    page.click("[data-main]")
    page.wait_for_url(re.compile(r"/desk/account$"))
    page.locator("[data-sessions]").wait_for()
    looked_at(page, "4-account")

    _leave(page)
    site.clock.on(seconds=90)
    _password(page, who)
    page.wait_for_url(re.compile(r"/desk/enter/second$"))
    page.locator("form[data-passkey=get]").wait_for()
    looked_at(page, "5-second-step")
    page.fill("#code", "000000")
    page.click("form:has(#code) button")
    page.locator("[data-errors-summary]").wait_for()
    looked_at(page, "6-wrong-code")
    page.fill("#code", pyotp.TOTP(secret).at(site.clock()))
    page.click("form:has(#code) button")
    page.wait_for_url(re.compile(r"/desk$"))

    _leave(page)
    page.locator("form[data-passkey=get]").wait_for()
    looked_at(page, "7-enter")
    for way in (lambda route: route.abort(), lambda route: route.fulfill(body="<!doctype html>", status=502)):
        page.route("**/passkey/options", way, times=1)  # no network; a proxy's own page
        page.click("form[data-passkey=get] button")
        page.locator("[data-passkey-said]:visible").wait_for()
        assert page.locator("[data-passkey-said]").inner_text() == "没有完成。可以再试一次，或者用别的方式登录。"
    page.click("form[data-passkey=get] button")
    page.wait_for_url(re.compile(r"/desk$"))

    page.goto("/desk/logins")
    looked_at(page, "8-logins")
    page.get_by_role("button", name=re.compile(f"重设密码的链接.*{clerk}")).click()
    page.locator("[data-reset-link]").wait_for()
    looked_at(page, "9-reset-link", codes=True)
    link = page.locator("[data-reset-link]").inner_text()
    other = site.page(width, 900)
    other.goto(link)
    looked_at(other, "10-new-password")
    other.fill("#password", "woaini1314")
    other.fill("#again", "woaini1314")
    other.click("form:has(#password) button")
    other.locator("[data-errors-summary]").wait_for()
    looked_at(other, "11-common")
    other.fill("#password", "三条小船在溪边 12")
    other.fill("#again", "三条小船在溪边 12")
    other.click("form:has(#password) button")
    other.wait_for_url(re.compile(r"/desk/enter\?"))
    looked_at(other, "12-set")
    # A refusal is an answer of its own, which a browser notes, as it does what was broken above; nothing else is.
    noted = ("403", "422", "ERR_FAILED", "502")
    assert [one for one in site.troubles if not any(word in one for word in noted)] == []
