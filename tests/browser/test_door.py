"""At the door, on a telephone 360 pixels wide: nothing typed or chosen is lost, and whatever goes wrong is said
where the person is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from engine import matters, people
from engine.records import library
from engine.store.models import Session
from tests import made
from tests.browser.conftest import Site, axe, english_left, whole
from tests.browser.pictures import taken
from tests.cast import ROOT
from tests.services.test_fanying import centre

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE = 360


def report(site: Site, phone: str) -> Any:
    """我要反映, whole on one page, all but the photo filled."""
    centre(site.database, site.cast, site.clock)
    page = site.resident(phone, PHONE)
    page.goto("/apply/fanying")
    page.wait_for_selector("[data-form][data-drawn]")
    if page.locator("[data-steps-whole]").is_visible():
        page.locator("[data-steps-whole]").click()
    return page


def fill(page: Any) -> None:
    page.get_by_label("没有", exact=True).check()
    page.get_by_label("有事要解决").check()
    page.get_by_label("请说说是什么事").fill("村口路灯不亮三天了")


def test_a_photo_is_sent_when_it_is_chosen_and_comes_back_after_a_reload(site: Site, tmp_path: Path) -> None:
    page = report(site, "13800000001")
    photo, torn = tmp_path / "路灯", tmp_path / "断了"
    photo.write_bytes(made.picture("JPEG"))
    torn.write_bytes(made.picture("JPEG")[:200])
    page.locator("input[type=file]").set_input_files([photo, torn])
    page.get_by_text("已传 1 个文件").wait_for()
    assert "断了”（JPEG）没有传完整" in page.locator(".fjs-form-field-filepicker").inner_text()
    page.get_by_text("已暂存在本机").wait_for()
    taken(page, "photo")
    page.reload()
    page.wait_for_selector("[data-form][data-drawn]")
    page.get_by_text("已恢复您上次没交完的内容。").wait_for()
    assert page.get_by_role("link", name="路灯").count() == 1
    assert axe(page) == [] and english_left(page) == []
    page.get_by_role("button", name="删去 路灯").click()
    page.get_by_text("还没有选择文件").wait_for()


def test_a_draft_of_before_that_lost_its_photo_says_so(site: Site) -> None:
    page = report(site, "13800000001")
    draft = {"answers": {"photos": "files::1", "report": {"text": "井盖"}}, "at": 1}
    page.evaluate(
        "draft => { const key = 'yizhan:draft:' + document.querySelector('[data-form]').dataset.draft;"
        "localStorage.clear(); localStorage.setItem(key + '#old', JSON.stringify({...draft, at: Date.now()})) }",
        draft,
    )
    page.evaluate("sessionStorage.clear()")
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    page.reload()
    page.get_by_text("照片和文件没有存下来，请重新选择").wait_for()


def test_a_list_that_comes_back_from_a_draft_shows_every_line(site: Site) -> None:
    with site.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "jiangtang"), by=people.SYSTEM, now=site.clock())
    page = site.resident("13800000001", PHONE)
    page.goto("/apply/jiangtang")
    whole(page)
    for _ in range(4):
        page.get_by_role("button", name="再加一项").click()
    starts = page.get_by_label(re.compile("^几点开始"))
    for n in range(6):
        starts.nth(n).fill(f"19:0{n}")
    page.get_by_text("已暂存在本机").wait_for()
    page.reload()
    page.get_by_text("已恢复您上次没交完的内容。").wait_for()
    whole(page)
    assert [starts.nth(n).input_value() for n in range(6)] == [f"19:0{n}" for n in range(6)]
    assert all(starts.nth(n).is_visible() for n in range(6))
    assert page.get_by_role("button", name=re.compile("全部展开|收起")).count() == 0


def test_two_tabs_do_not_write_over_each_other(site: Site) -> None:
    one = report(site, "13900000002")
    one.get_by_label("请说说是什么事").fill("第一个窗口写的")
    one.get_by_text("已暂存在本机").wait_for()
    two = one.context.new_page()
    two.goto("/apply/fanying")
    two.wait_for_selector("[data-form][data-drawn]")
    assert two.get_by_label("请说说是什么事").input_value() == "第一个窗口写的", "goes on with what was written last"
    two.get_by_label("请说说是什么事").fill("第二个窗口写的")
    one.get_by_text("这张表在另一个窗口也开着").wait_for()
    one.reload()
    one.wait_for_selector("[data-form][data-drawn]")
    assert one.get_by_label("请说说是什么事").input_value() == "第一个窗口写的"
    two.reload()
    two.wait_for_selector("[data-form][data-drawn]")
    assert two.get_by_label("请说说是什么事").input_value() == "第二个窗口写的"


def test_clearing_asks_first(site: Site) -> None:
    page = report(site, "13900000003")
    page.get_by_label("请说说是什么事").fill("写了很久的一段话")
    page.get_by_text("已暂存在本机").wait_for()
    page.get_by_role("button", name="清空重填").click()
    page.get_by_text("确定清空吗").wait_for()
    taken(page, "restart")
    page.get_by_role("button", name="不清空").click()
    assert page.get_by_label("请说说是什么事").input_value() == "写了很久的一段话"
    page.get_by_role("button", name="清空重填").click()
    with page.expect_navigation():
        page.get_by_role("button", name="清空", exact=True).click()
    page.wait_for_selector("[data-form][data-drawn]")
    assert page.get_by_label("请说说是什么事").input_value() == ""


def checked(site: Site, phone: str) -> Any:
    """On the page to check one's answers."""
    page = report(site, phone)
    fill(page)
    page.get_by_label("在哪里").fill("苏洋村村口")
    page.get_by_label("姓名").fill("张三丰")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("heading", name="请核对您填的内容").wait_for()
    return page


def test_the_last_button_says_what_went_wrong_beside_itself(site: Site) -> None:
    page = checked(site, "13800000001")
    last = page.get_by_role("button", name=re.compile("提交$"))
    said = page.locator(".yz-review [data-form-summary]")

    page.context.set_offline(True)
    last.click()
    said.get_by_text("网络不通。您填的内容都还在").wait_for()
    page.context.set_offline(False)

    page.clock.install()
    page.route("**/apply/fanying?*", lambda route: None)
    page.route("**/apply/fanying", lambda route: None)  # an answer that never comes
    last.click()
    page.clock.run_for(9_000)
    page.locator("[data-form-said]").get_by_text("网络慢，还在提交").wait_for()
    page.clock.run_for(60_000)
    said.get_by_text("同一份不会收两次").wait_for()
    taken(page, "slow")
    page.unroute_all()

    cookies = page.context.cookies()
    page.context.clear_cookies()
    last.click()
    said.get_by_role("link", name="刷新这一页", exact=True).wait_for()
    page.context.add_cookies(cookies)
    with site.database.unit_of_work() as work:
        work.session.execute(delete(Session))  # signed out, as after a long pause
    last.click()
    said.get_by_role("link", name="重新登录", exact=True).wait_for()
    taken(page, "signed-out")
    said.get_by_role("link", name="重新登录", exact=True).click()
    site.clock.on(minutes=5)  # a code was sent a moment ago
    page.fill("#phone", "13800000001")
    page.click("main button[type=submit]")
    page.fill("#code", page.locator("[data-shown-code]").inner_text())
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile("/apply/fanying$"))
    page.wait_for_selector("[data-form][data-drawn]")
    assert page.get_by_label("请说说是什么事").input_value() == "村口路灯不亮三天了"
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name=re.compile("提交$")).click()
    page.wait_for_url(re.compile("/receipt/"))


def test_digits_have_number_keys_and_a_wrong_one_is_told_at_its_question(site: Site) -> None:
    page = site.resident("13900000005", PHONE)
    page.goto("/apply/daiban")
    page.wait_for_selector("[data-form][data-drawn]")
    number = page.get_by_label("身份证号").first
    assert number.get_attribute("inputmode") == "numeric"
    page.get_by_role("button", name="要输字母（如 X）").first.click()
    assert number.get_attribute("inputmode") == "text"
    page.get_by_label("姓名").first.fill("林阿妹")
    number.fill("350526195003071230")
    page.locator("[data-steps-next]").click()
    page.locator("[data-form-summary]").get_by_text("校验码").wait_for()
    assert page.locator("[data-steps-heading]").inner_text().startswith("第 1 题")
    taken(page, "digit")
    number.fill("350526195003071239")
    page.locator("[data-steps-next]").click()
    page.locator("[data-steps-heading]").get_by_text("第 2 题").wait_for()
    page.context.set_offline(True)  # without a network one goes on: the whole is checked at the end
    page.get_by_label("本人", exact=True).check()
    page.locator("[data-steps-next]").click()
    page.locator("[data-steps-heading]").get_by_text("第 3 题").wait_for()


ANDROID = (
    "Mozilla/5.0 (Linux; Android 13; V2183A) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Mobile Safari/537.36"
)


def test_a_day_is_kept_on_a_telephone(site: Site) -> None:
    with site.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "jieren"), by=people.SYSTEM, now=site.clock())
    context = site.browser.new_context(
        viewport={"width": PHONE, "height": 740},
        user_agent=ANDROID,
        has_touch=True,
        is_mobile=True,
        base_url=site.address,
    )
    site._contexts.append(context)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("/enter")
    page.fill("#phone", "13900000006")
    page.click("main button[type=submit]")
    page.fill("#code", page.locator("[data-shown-code]").inner_text())
    page.click("main button[type=submit]")
    page.goto("/apply/jieren")
    page.wait_for_selector("[data-form][data-drawn]")
    if page.locator("[data-steps-whole]").is_visible():
        page.locator("[data-steps-whole]").click()
    day = page.locator(".fjs-datepicker input").first
    day.fill("2099-06-30")
    day.press("Enter")
    page.get_by_text("已暂存在本机").wait_for()
    drafts = page.evaluate(
        "Object.entries(localStorage).filter(([k]) => k.startsWith('yizhan:draft:')).map(([, v]) => v)"
    )
    assert any("2099-06-30" in draft for draft in drafts) and faults == []


def test_without_scripts_there_is_a_sentence_and_the_halls_number(site: Site) -> None:
    page = site.resident("13900000007", PHONE)
    context = site.browser.new_context(
        viewport={"width": PHONE, "height": 740}, java_script_enabled=False, base_url=site.address
    )
    site._contexts.append(context)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto("/apply/daiban")
    text = plain.locator("main").inner_text()
    assert "请换一个浏览器" in text and plain.locator("noscript a[href^='tel:']").count() == 1
    taken(plain, "no-script")


def test_at_the_desk_keys_work_on_a_radio_and_j_goes_to_the_next_case(site: Site) -> None:
    numbers = {site.submit(), site.submit()}
    clerk = site.staff("chen")
    clerk.goto("/desk/list/open")
    clerk.wait_for_selector("a[data-row]")
    first, second = (one.get_attribute("href") for one in clerk.locator("a[data-row]").all()[:2])
    assert {one.split("?")[0].rsplit("/", 1)[1] for one in (first, second)} == numbers  # each row its own step
    clerk.goto(first)
    clerk.evaluate(
        "() => { const one = document.createElement('input'); one.type = 'radio'; one.id = 'one';"
        "document.querySelector('main').append(one); one.focus() }"
    )
    assert clerk.evaluate("document.activeElement.id") == "one"
    clerk.keyboard.press("j")
    clerk.wait_for_url(re.compile(re.escape(second)))
    clerk.keyboard.press("k")
    clerk.wait_for_url(re.compile(re.escape(first)))
