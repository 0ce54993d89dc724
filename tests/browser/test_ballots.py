"""The village votes on the telephone: read, choose, confirm, told that one has voted; and the result."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.commands import register_rows as rows
from engine.commands.ballots import closing
from engine.people import SYSTEM, units
from engine.reads.knowing import Person
from engine.records import library
from engine.store.models import Ballot, Task
from tests.browser.conftest import Site
from tests.cast import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_resident_votes_at_360_pixels_and_reads_the_result(site: Site, clock) -> None:
    now = clock.now
    with site.database.unit_of_work() as work:
        for code, name in (("204", "苏洋村"), ("202", "霞碧村"), ("205", "磻坑村")):
            town = units.by_code(work, "350526106")
            units.add(work, code=f"350526103{code}", name=name, kind="village", parent=town, number=f"94{code[1:]}")
        library.publish(work, matters.load(ROOT, "baotuan"), by=SYSTEM, now=now)
        one = library.current(work, "baotuan").declared("registers")["voter"]
        for n, code in enumerate(("350526103204", "350526103202", "350526103205")):
            place = units.by_code(work, code).id
            whom = Person("张三丰", "13800000001") if n == 0 else Person(f"成员{n}", f"1390000000{n}")
            facts = {"household": str(n), "capable": True}
            rows.put(work, one, facts, by=SYSTEM, now=now, whom=whom, place_id=place)
        answers = {
            "applicant": {"name": "苏文进", "phone": "13800001234"},
            "proposal": {
                "title": "同意把村集体的钱投到园区吗",
                "text": "三个村共出二百六十万元。",
                "villages": ["350526103204", "350526103202", "350526103205"],
            },
        }
        zhou = people.load(work, site.cast.users["zhou"], now=now)
        case = cases.submit(
            work, "baotuan", answers, by=zhou, now=now, channel="counter", place=units.by_code(work, "350526106201")
        ).case
        for element, said in (
            ("party_talk", {"party": {"decision": "agree"}}),
            (
                "set_days",
                {"days": {"again": "go", "opens_at": "2026-09-28T09:00", "closes_at": "2026-09-30T17:00"}},
            ),
        ):
            task = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.element == element)).one()
            who = "chen" if element == "party_talk" else "zhou"
            by = people.load(work, site.cast.users[who], now=now)
            if task.state == "open":
                cases.claim(work, task.id, version=task.version, by=by, now=now)
            cases.complete(work, task.id, said, version=task.version, by=by, now=now)
        ballot = work.session.scalars(select(Ballot)).one()
    clock.now = ballot.opens_at + timedelta(hours=1)
    page = site.resident("13800000001", width=360)
    page.goto("/mine")
    page.get_by_text("1 项等您投").click()
    page.get_by_text("同意把村集体的钱投到园区吗").click()
    assert page.get_by_text("三个村共出二百六十万元。").is_visible()
    page.get_by_label("不同意", exact=True).check()
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="交出选票").click()
    assert page.get_by_role("heading", name="您已投票").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    with site.database.unit_of_work() as work:
        closing.due(work, ballot.id, now=ballot.closes_at)
    clock.now = ballot.closes_at
    page = site.resident("13800000001", width=360)  # days have gone by
    page.goto(f"/ballots/{ballot.code}")
    assert page.get_by_text("全体 1 × 2/3，要有 1；赞成 0：没有达到").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
