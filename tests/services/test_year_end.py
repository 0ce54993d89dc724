"""The last days of a year whose next year's holidays are not published: the hall goes on, and guesses nothing."""

from __future__ import annotations

from sqlalchemy import select

from engine.commands.hall import calendars
from engine.commands.worker.sweep import sweep
from engine.reads import case_page, inbox, overview
from engine.store.models import Case, Document, Incident, Notice
from tests.commands import acting

#: What a county publishes when the State Council has spoken (an invented year, for this test).
NEXT_YEAR = """
source: 测试用：2027年放假安排
published_on: 2026-12-31
years: [2027]
holidays: {2027-01-01: 元旦}
workdays: {}
"""


def test_a_case_is_taken_in_accepted_and_done_although_nobody_knows_the_day_it_is_due(sqlite, clock, hired):
    clock.at("2026-12-29 09:00")
    case_id = acting.accepted(sqlite, hired, clock)
    with sqlite.reading() as work:
        case = work.session.get(Case, case_id)
        assert case.promised_due is None and case.accepted_at is not None
        paper = work.session.scalars(select(Document).where(Document.kind == "acceptance")).one()
        assert paper.facts["deadline"]["promised_workdays"] == 5
        assert paper.facts["deadline"]["unknown_year"] == 2027
        assert "promised_on" not in paper.facts["deadline"]
        page = case_page.page(work, case_id, actor=hired.zhao, now=clock())
        assert "2027" in page.account.limits["promised"].explain()
        assert inbox.tasks_for(work, hired.wang, now=clock(), box="open").rows
        assert overview.numbers(work, hired.zhao, now=clock()).total.open == 1
    clock.at("2027-01-05 10:00")
    assert sweep(sqlite, now=clock()).failed == 0
    acting.claim(sqlite, case_id, hired.wang, clock())
    acting.complete(sqlite, case_id, acting.REGISTER, hired.wang, clock.on(hours=1))
    assert sweep(sqlite, now=clock()).failed == 0
    acting.claim(sqlite, case_id, hired.chen, clock())
    acting.complete(sqlite, case_id, acting.HAND_OVER, hired.chen, clock.on(hours=1))
    with sqlite.reading() as work:
        assert work.session.scalars(select(Incident)).all() == []
        assert work.session.get(Case, case_id).outcome == "approve"


def test_when_the_year_is_published_the_day_is_known_and_the_applicant_is_told(sqlite, clock, hired):
    clock.at("2026-12-29 09:00")
    case_id = acting.accepted(sqlite, hired, clock)
    clock.at("2026-12-31 15:00")
    with sqlite.unit_of_work() as work:
        calendars.publish(work, NEXT_YEAR, by=hired.operator, now=clock())
    with sqlite.reading() as work:
        case = work.session.get(Case, case_id)
        assert case.promised_due.date().isoformat() == "2027-01-06"
        told = work.session.scalars(select(Notice).where(Notice.kind == "day-known")).all()
        assert {n.channel for n in told} == {"screen", "sms"}
        assert all("1月6日（周三）前办结" in n.text for n in told)
