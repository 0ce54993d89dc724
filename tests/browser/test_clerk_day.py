"""A clerk's day on a wide screen and on a small one: lists whose numbers are true, a search by surname, keys, paper.
With YIZHAN_PICTURES=folder the pages are kept."""

from __future__ import annotations

import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine import people
from engine.commands.hall import absences
from engine.store.models import Case, Task
from tests.browser.conftest import Site, come
from tests.browser.pictures import looked_at, taken
from tests.commands import acting

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.xdist_group("browser")]


def busy(site: Site) -> list[str]:
    """Six cases of 张三丰: late ones, marked ones, one in hand of 陈小云, one taken in."""
    numbers = [site.submit() for _n in range(6)]
    with site.database.unit_of_work() as work:
        cases = {case.number: case for case in work.session.scalars(select(Case))}
        late, soon, paid = (cases[number] for number in numbers[:3])
        late.promised_due = site.clock() - timedelta(days=1)
        soon.yellow_at = site.clock() - timedelta(hours=1)
        soon.flags = paid.flags = ["代办", "容缺"]
        held = cases[numbers[3]].id
    acting.claim(site.database, held, site.cast.chen, site.clock())
    return numbers


def numbers_are_true(page: Any) -> None:
    """Each number beside a filter is the number of rows that it shows, also below another filter."""
    for first in ("快到期，或这一步已超", "容缺"):
        page.goto("/desk/list/open")
        page.locator(".yz-filters a", has_text=first).click()
        page.wait_for_url(re.compile("="))
        links = page.locator(".yz-filters a").all()
        said = {one.get_attribute("href"): one.locator(".yz-count").inner_text() for one in links}
        here = page.url
        for link, count in said.items():
            page.goto(link)
            assert page.locator("a[data-row]").count() == int(count), f"{here} -> {link}"
            assert page.locator("h1 .yz-count").inner_text() == count


def finds(page: Any, number: str) -> None:
    """A surname; four characters of a number; a phone as it is spoken."""
    page.goto("/desk")
    page.keyboard.press("/")
    page.keyboard.type("张")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="查到 6 件").wait_for()
    looked_at(page, "found")
    for words in (number[-6:], "138 0000 0001"):
        page.locator("#find").fill(words)
        page.locator("#find").press("Enter")
        page.wait_for_url(re.compile("q="))
        assert page.locator(f'a[href$="{number}"]').count() == 1, words
    page.locator("#find").fill("王小")
    page.locator("#find").press("Enter")
    page.get_by_text("也可以只写姓").wait_for()
    taken(page, "found-nothing")


def works_by_keys(site: Site, page: Any) -> None:
    """The first field has the focus; a radio takes no letters; Esc leaves a field; j and k go through the list."""
    page.goto("/desk/list/open")
    first, second = (one.get_attribute("href") for one in page.locator("a[data-row]").all()[:2])
    page.goto(first)
    page.keyboard.press("c")
    page.wait_for_selector("[data-form][data-drawn]")
    assert page.evaluate("document.activeElement.closest('[data-form-place]') !== null"), "the first field"
    assert page.evaluate("document.activeElement.type") == "checkbox"
    page.keyboard.press("j")
    page.wait_for_url(re.compile(re.escape(second)))
    page.keyboard.press("k")
    page.wait_for_url(re.compile(re.escape(first)))
    page.wait_for_selector("[data-form][data-drawn]")
    looked_at(page, "step")
    page.keyboard.press("b")  # 退回, 转办 …: what stands there
    page.keyboard.press("t")
    page.wait_for_url(re.compile("transfer"))
    assert page.evaluate("document.activeElement.id") == "to", "the first field of a page with one thing to say"
    page.locator("#reason").fill("t")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body"), "Esc leaves the field"
    looked_at(page, "transfer")


def decides(site: Site, number: str, width: int) -> None:
    """At the office the first field is a radio: it has the focus, and the page's keys work."""
    with site.database.reading() as work:
        case_id = work.session.scalars(select(Case.id).where(Case.number == number)).one()
    acting.complete(site.database, case_id, acting.TAKE_IN, site.cast.chen, site.clock.on(minutes=5))
    acting.claim(site.database, case_id, site.cast.wang, site.clock())
    page = site.staff("wang", width)
    page.goto(f"/desk/cases/{number}")
    page.wait_for_selector("[data-form][data-drawn]")
    assert page.evaluate("document.activeElement.type") == "radio"
    page.keyboard.press("Space")
    page.keyboard.press("p")  # 先看结果, while the radio has the focus
    page.locator("[data-form-summary], [data-form-review]").filter(visible=True).first.wait_for()
    taken(page, "decision")
    page.goto(f"/desk/cases/{number}")
    page.wait_for_selector("[data-form][data-drawn]")
    page.get_by_label("已核对").first.check()
    page.get_by_text("已暂存在本机").wait_for()
    assert page.get_by_role("button", name=re.compile("^暂存")).count() == 1
    assert page.get_by_text("已存在本机").count() == 0, "one name for what is kept"
    page.keyboard.press("s")
    page.get_by_text("已暂存，退出登录也不会丢").wait_for()
    looked_at(page, "decision-kept")


def prints(page: Any, number: str, folder: Path, width: int) -> None:
    """From a wide screen onto a sheet, upright and across: the whole case and the whole list, nothing to press."""
    for name, address in (("case", f"/desk/cases/{number}"), ("list", "/desk/list/unit")):
        page.goto(address)
        come(page)
        page.emulate_media(media="print")
        taken(page, f"printed-{name}")
        assert page.locator(".yz-find, .yz-nav, .yz-filters, .btn").filter(visible=True).count() == 0
        assert page.locator(".yz-main").bounding_box()["width"] > width * 0.9, "from edge to edge"
        for across in (False, True):
            file = folder / f"{name}.pdf"
            page.pdf(path=file, format="A4", landscape=across)
            text = subprocess.run(
                ["pdftotext", "-layout", file, "-"], capture_output=True, check=True, text=True
            ).stdout
            assert number in text
            if name == "case":
                for words in ("申请内容", "现住址", "时限", "文书", "记录", "收件凭证"):
                    assert words in text.replace(" ", ""), f"{words} is not on the sheet"
        page.emulate_media(media="screen")


def stands_in(site: Site, number: str, width: int) -> None:
    """Whoever stands in for 陈小云 reads on each row for whom."""
    now = site.clock()
    with site.database.unit_of_work() as work:
        absences.take_leave(
            work,
            hall="一站",
            user_id=site.cast.users["chen"],
            agent_id=site.cast.users["lin"],
            from_at=now,
            until_at=now + timedelta(days=3),
            by=people.load(work, site.cast.users["chen"], now=now),
            now=now,
        )
    page = site.staff("lin", width)
    page.goto("/desk")
    rows = page.locator("a[data-row]")
    assert rows.count() and all("代 陈*云" in row.inner_text() for row in rows.all())
    looked_at(page, "standing-in")


def sees_no_more(site: Site, number: str, width: int) -> None:
    """Who designs or keeps the machine has no use for residents' data."""
    for who in ("designer", "operator"):
        page = site.staff(who, width)
        page.goto(f"/desk/cases/{number}")
        assert page.get_by_text("看完整信息").count() == 0 and page.get_by_text("张三丰").count() == 0
        taken(page, f"case-for-{who}")


@pytest.mark.parametrize("width", [360, 1440])
def test_a_clerks_day(site: Site, tmp_path: Path, width: int) -> None:
    numbers = busy(site)
    page = site.staff("chen", width)
    for which in ("", "/list/open", "/list/unit", "/list/done"):
        page.goto(f"/desk{which}")
        looked_at(page, f"list{which.replace('/', '-')}")
    numbers_are_true(page)
    finds(page, numbers[4])
    works_by_keys(site, page)
    with site.database.reading() as work:
        held = select(Case.number).join(Task, Task.case_id == Case.id).where(Task.state == "claimed")
        mine = sorted(work.session.scalars(held))
    prints(page, mine[0], tmp_path, width)
    stands_in(site, mine[-1], width)
    decides(site, mine[0], width)
    sees_no_more(site, numbers[0], width)
