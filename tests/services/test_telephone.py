"""投诉电话: a call becomes an order of the ordinary kind, and the caller is called back by whoever took the call."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.commands.worker.sweep import sweep
from engine.store.models import Case, RegisterEntry
from tests.between.small import work_off
from tests.services.test_fanying import GLAD, TO_YB, centre, do, who

CALL = {
    "applicant": {"phone": "0595-23551234"},
    "call": {"channel": "line", "clock": "08:58"},
    "ask": {"danger": "none", "about": "路灯", "text": "村口路灯坏了", "door": "ours", "consent": "yes"},
}
FIXED = {"done": {"text": "换了灯头", "reply": "今晚会亮"}}


def opened(database) -> tuple[int, str | None, str] | None:
    with database.reading() as work:
        order = work.session.scalar(select(Case).where(Case.matter == "fanying"))
        return (order.id, order.applicant_phone, order.answers["report"]["text"]) if order is not None else None


@pytest.fixture
def line(sqlite, hired, clock):
    centre(sqlite, hired, clock, "tousu")
    return sqlite


def called(line, hired, clock, **ask) -> int:
    with line.unit_of_work() as work:
        by = who(work, hired, "he", clock())
        answers = {**CALL, "ask": {**CALL["ask"], **ask}}
        return cases.submit(work, "tousu", answers, by=by, now=clock(), channel="phone", place=hired.suyang).case.id


def test_a_nameless_call_from_a_fixed_line_is_handled_like_any_report_and_called_back(line, hired, clock) -> None:
    call = called(line, hired, clock)
    work_off(line, clock())
    order, phone, text = opened(line)
    assert (phone, text) == ("0595-23551234", "村口路灯坏了")
    do(line, hired, clock, order, "he", TO_YB)
    do(line, hired, clock, order, "wang", {"signing": "accept"})
    do(line, hired, clock, order, "wang", FIXED)
    clock.on(days=1)
    sweep(line, now=clock())
    do(line, hired, clock, order, "gu", GLAD)  # they had said yes on the telephone
    work_off(line, clock())
    with line.reading() as work:
        ended = [work.session.get_one(Case, one) for one in (order, call)]
        assert [(one.status, one.outcome) for one in ended] == [("finished", "done")] * 2
        log = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "tousu.call_log")).one()
        assert log.facts["about"] == "路灯" and log.facts["phone"] == "0595-23551234"


def test_what_a_court_decides_opens_no_order_and_counts_in_no_rate(line, hired, clock) -> None:
    call = called(line, hired, clock, door="court")
    work_off(line, clock())
    assert opened(line) is None
    with line.reading() as work:
        assert work.session.get_one(Case, call).outcome == "declined"
        kept = work.session.scalars(select(RegisterEntry.register)).all()
    assert kept == ["tousu.call_log"]
