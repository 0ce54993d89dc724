"""保存期限 and 保全 on pages: how many for who runs the hall, which for their heads, what is left of an erased case."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from engine.commands import cases
from engine.commands.hall import erasing
from engine.people import SYSTEM
from engine.store.models import Case
from engine.workdays import local_date
from tests.hall import Open


def ended(hall: Open, *, kept_days: int) -> str:
    """An application that was taken back, whose time is over so many days from today."""
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        case = work.session.scalar(select(Case).where(Case.number == number))
        cases.withdraw(work, case.id, "不办了", by=hall.cast.zhang, now=hall.clock())
        case.keep_until = local_date(hall.clock()) + timedelta(days=kept_days)
    return number


def test_who_runs_the_hall_sees_how_many_and_a_head_which(hall: Open):
    tonight, soon, later = (ended(hall, kept_days=n) for n in (0, 20, 40))
    shown = hall.client("operator").get("/desk/retention").text
    assert "办件以外的" in shown and "预订、长期预订、候补" in shown
    assert "今天夜里清除" in shown and "1 件" in shown and tonight not in shown and "张*" not in shown
    head = hall.client("qian").get("/desk/retention").text
    assert tonight in head and soon in head and later not in head
    assert hall.client("chen").get("/desk/retention").status_code == 403
    assert hall.client("zhang").get("/desk/retention").status_code in (302, 403)
    for who in ("operator", "qian", "chen"):  # the menu leads to it exactly where it lets in
        page = hall.client(who).get("/desk/permissions" if who == "operator" else "/desk").text
        assert ('href="/desk/retention"' in page) is (who != "chen"), who


def test_a_head_keeps_a_case_back_and_lets_it_go(hall: Open):
    number = ended(hall, kept_days=0)
    head = hall.client("zhao")
    wrong = head.post(f"/desk/cases/{number}/hold", data={"reason": "要", "until_on": "明天"})
    assert wrong.status_code == 422 and "保全的理由" in wrong.text and "保全到哪一天" in wrong.text
    until = local_date(hall.clock()) + timedelta(days=90)
    sent = {"reason": "行政诉讼 (2026) 闽0526行初7号", "until_on": until.isoformat()}
    assert hall.client("chen").post(f"/desk/cases/{number}/hold", data=sent).status_code == 403
    assert head.post(f"/desk/cases/{number}/hold", data=sent).status_code == 302
    page = hall.client("chen").get(f"/desk/cases/{number}").text
    assert "data-hold" in page and "闽0526行初7号" in page
    assert head.post(f"/desk/cases/{number}/hold", data=sent).status_code == 409
    listed = head.get("/desk/retention").text
    assert "保全中的办件" in listed and "闽0526行初7号" in listed
    assert "闽0526行初7号" not in hall.client("operator").get("/desk/retention").text
    assert head.post(f"/desk/cases/{number}/let-go").status_code == 302
    assert "data-hold" not in hall.client("chen").get(f"/desk/cases/{number}").text


def test_an_erased_case_says_what_it_was_and_that_it_was_erased(hall: Open):
    number = ended(hall, kept_days=0)
    with hall.database.unit_of_work() as work:
        case = work.session.scalar(select(Case).where(Case.number == number))
        erasing.erase(work, [case], why="retention", by=SYSTEM, now=hall.clock())
    chen = hall.client("chen")
    page = chen.get(f"/desk/cases/{number}")
    assert page.status_code == 200 and "data-erased" in page.text and "保存期满" in page.text
    assert "张*" not in page.text and "张三丰" not in page.text
    for address in (f"/desk/cases/{number}/glance", f"/desk/cases/{number}/diagram"):
        assert chen.get(address).status_code in (404, 409), address
    assert hall.client("zhang").get(f"/mine/{number}").status_code == 404
    found = chen.get(f"/desk/find?q={number}").text
    assert number in found and "138****0001" not in found
    assert hall.client("huang").get(f"/desk/cases/{number}").status_code == 404
    assert "个人信息保存多久" in hall.client().get("/matters/daiban").text
