"""From application to receipt, in a real browser."""

import re
import subprocess

import pytest

from tests.browser.conftest import Site, axe, english_left, sign, whole

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def _fill(page) -> None:
    """Fill the application for 全程代办 as a person would: by the labels."""
    whole(page)
    page.get_by_label("姓名").first.fill("林阿妹")
    page.get_by_label("身份证号").first.fill("350526195003071239")
    page.get_by_label("现住址").fill("龙门滩镇苏洋村12号")
    page.get_by_label("本人", exact=True).check()
    page.get_by_label("参保人类别").select_option(label="普通居民")
    page.get_by_label("委托期限至").fill("2027-09-17")
    page.get_by_label("委托期限至").press("Enter")
    page.get_by_label(re.compile("我委托代办员")).check()
    _sign(page)
    sign(page)


def _sign(page) -> None:
    """Write a name into the box, as with a finger."""
    pad = page.locator("canvas.yz-signature-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.down()
    for step in range(12):
        page.mouse.move(box["x"] + 30 + 15 * step, box["y"] + (30 if step % 2 else 80))
    page.mouse.up()
    page.get_by_text("已签名").wait_for()


def _pdf_text(data: bytes, tmp_path) -> str:
    file = tmp_path / "paper.pdf"
    file.write_bytes(data)
    return subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True, text=True).stdout


def test_the_whole_way_from_the_phone_to_the_paper(site: Site, tmp_path):
    resident = site.resident("13800000001")
    resident.get_by_role("link", name="我要办事").click()
    resident.get_by_role("link", name=re.compile("全程代办")).click()
    resident.get_by_role("link", name="开始申请").click()
    _fill(resident)
    resident.get_by_role("button", name="下一步：核对").click()
    resident.get_by_role("button", name="同意并提交").click()
    number = resident.locator("[data-number]").inner_text()

    # 陈小云 of the village claims it and takes it in.
    clerk = site.staff("chen")
    clerk.keyboard.press("g")
    clerk.keyboard.press("c")
    clerk.wait_for_url(re.compile("/desk/list/open"))
    clerk.locator("[data-row]").first.click()
    clerk.wait_for_url(re.compile(f"/desk/cases/{number}"))
    assert "苏洋村" in clerk.locator("[data-stuck]").inner_text()
    clerk.keyboard.press("c")
    clerk.wait_for_selector("[data-form][data-drawn]")
    clerk.get_by_label("已核对委托人身份和委托意愿").check()
    sign(clerk)
    clerk.get_by_role("button", name="办好，往下走").click()
    clerk.get_by_text("已办好。").wait_for()

    # 王五 of the bureau, which decides, accepts.
    clerk = site.staff("wang")
    clerk.goto(f"/desk/cases/{number}")
    clerk.get_by_role("button", name=re.compile("签收")).click()
    clerk.wait_for_selector("[data-form][data-drawn]")
    clerk.get_by_label("受理", exact=True).check()
    clerk.get_by_label("已核对").first.check()
    clerk.get_by_role("button", name="办好，往下走").click()
    clerk.get_by_text("已办好。").wait_for()
    assert "受理通知书" in clerk.locator(".yz-said").inner_text()

    # The worker makes the paper; the resident opens it.
    site.make_papers()
    resident.goto(f"/mine/{number}")
    link = resident.get_by_role("link", name=re.compile("受理通知书")).get_attribute("href")
    answer = resident.request.get(link)
    assert answer.headers["content-type"] == "application/pdf"
    text = _pdf_text(answer.body(), tmp_path)
    for words in (number, "林阿妹", "受理通知书", "2026年9月18日"):
        assert words in text.replace(" ", ""), words

    # A stranger verifies it by the code printed on it, and is told no name.
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", text)[0]
    stranger = site.page()
    stranger.goto("/v")
    stranger.get_by_label("查验码").fill(code.lower())
    stranger.get_by_role("button", name="查一查").click()
    page = stranger.locator("main").inner_text()
    assert "是本大厅开出的，有效" in page and "林阿妹" not in page and "林*妹" in page
    assert not site.troubles


def test_what_was_typed_survives_a_broken_network_and_a_closed_page(site: Site):
    page = site.resident("13800000001")
    page.goto("/apply/daiban")
    whole(page)
    page.get_by_label("现住址").fill("龙门滩镇苏洋村12号")
    page.get_by_text("已暂存在本机").wait_for()
    page.reload()
    page.wait_for_selector("[data-form][data-drawn]")
    assert page.get_by_label("现住址").input_value() == "龙门滩镇苏洋村12号"
    _fill(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_text("网络不通。您填的内容都还在").wait_for()
    page.context.set_offline(False)
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("heading", name="请核对您填的内容").wait_for()


def test_wrong_answers_are_told_by_the_field_and_in_a_summary_that_leads_there(site: Site):
    page = site.resident("13800000001")
    page.goto("/apply/daiban")
    _fill(page)
    page.get_by_label("身份证号").first.fill("350526195003071230")
    page.get_by_role("button", name="下一步：核对").click()
    summary = page.locator("[data-form-summary]")
    summary.get_by_role("link", name=re.compile("身份证号")).wait_for()
    assert page.evaluate("document.activeElement.hasAttribute('data-form-summary')")
    summary.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.value") == "350526195003071230"
    assert "校验" in page.locator(".fjs-form-field-error").first.inner_text()


def test_a_long_form_asks_one_question_a_screen_and_the_phones_back_button_goes_one_question_back(site: Site):
    page = site.resident("13800000001")
    page.goto("/apply/daiban")
    page.wait_for_selector("[data-form][data-drawn]")
    place, onward = page.locator("[data-steps-heading]"), page.locator("[data-steps-next]")

    def shown(number: str) -> None:
        place.filter(has_text=re.compile(rf"^\s*{number}")).wait_for()

    assert place.inner_text() == "第 1 题，共 9 题"
    assert not page.get_by_label("参保人类别").is_visible()
    page.get_by_label("姓名").first.fill("林阿妹")
    page.get_by_label("身份证号").first.fill("350526195003071239")
    onward.click()
    shown("第 2 题")  # the hall looks at the digits first

    # The second question cannot be passed over; its mistake is told, and only its own.
    assert page.evaluate("document.activeElement.hasAttribute('data-steps-heading')")
    onward.click()
    summary = page.locator("[data-form-summary]")
    assert summary.locator("li").all_inner_texts() == ["为谁办理：这一项必须填。"]
    assert axe(page) == [] and english_left(page) == []
    page.get_by_label("家庭成员").check()
    onward.click()
    shown("第 3 题")
    assert place.inner_text() == "第 3 题，共 10 题"  # a question more: who the members are
    page.go_back()
    shown("第 2 题")
    assert place.inner_text() == "第 2 题，共 10 题"
    page.get_by_label("本人", exact=True).check()
    onward.click()
    shown("第 3 题")
    page.get_by_label("参保人类别").select_option(label="普通居民")
    for n in (4, 5, 6):
        onward.click()
        shown(f"第 {n} 题")
    page.get_by_label("委托期限至").fill("2027-09-17")
    page.get_by_label("委托期限至").press("Enter")
    for n in (7, 8):
        onward.click()
        shown(f"第 {n} 题")
    page.get_by_label(re.compile("我委托代办员")).check()
    onward.click()
    shown("第 9 题")
    assert place.inner_text() == "第 9 题，共 9 题" and not onward.is_visible()
    sign(page)
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("heading", name="请核对您填的内容").wait_for()
    assert axe(page) == []

    # One answer is changed from there, and it leads straight back.
    page.get_by_role("button", name=re.compile("改.*参保人类别")).click()
    shown("第 3 题")
    assert place.inner_text() == "第 3 题，共 9 题"
    page.get_by_label("参保人类别").select_option(label="重度残疾人")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_role("button", name="同意并提交").click()
    assert page.locator("[data-number]").inner_text()
    assert [one for one in site.troubles if "422" not in one] == []  # a question passed over is refused by the hall


def test_a_button_that_moves_while_it_is_pressed_is_pressed_all_the_same(site):
    """A required field that is left empty says so, and what stands below it moves down between press and release."""
    page = site.resident("13800000001")
    page.goto("/apply/daiban")
    page.wait_for_selector("[data-form][data-drawn]")
    page.evaluate(
        """() => {
          const around = document.querySelector("main");
          const marked = "<input id=left><p id=gap></p><button type=button id=below>办</button>";
          around.insertAdjacentHTML("afterbegin", marked);
          const gap = document.getElementById("gap"), below = document.getElementById("below");
          document.getElementById("left").addEventListener("blur", () => { gap.style.height = "90px"; });
          window.pressed = 0;
          below.addEventListener("click", () => { window.pressed += 1; });
        }"""
    )
    page.locator("#left").focus()
    box = page.locator("#below").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    assert page.locator("#below").bounding_box()["y"] > box["y"] + 50, "it moved"
    page.mouse.up()
    assert page.evaluate("window.pressed") == 1
    page.locator("#below").click()
    assert page.evaluate("window.pressed") == 2, "and once only where it stands still"
