"""The agent's desk: the residents one agent carries, and until when."""

from __future__ import annotations

from datetime import date

from engine.reads import agency
from tests.cast import DAIBAN
from tests.commands import acting


def test_the_agent_sees_whom_they_carry_with_next_step_and_term(sqlite, clock, hired):
    case_id = acting.accepted(sqlite, hired, clock)
    soon = {**DAIBAN, "mandate_until": "2026-09-20"}
    second = acting.submit(sqlite, hired.xu, clock(), {**soon, "applicant": {**DAIBAN["applicant"], "name": "许小妹"}})
    with sqlite.reading() as work:
        (one,) = agency.carried(work, hired.chen, now=clock())
        assert (one.case.id, one.principal, one.next, one.mine) == (case_id, "张三丰", "医保参保登记", False)
        assert (one.until, one.authority) == (date(2027, 9, 17), "ok")
        assert agency.carried(work, hired.lin, now=clock()) == []
    assert second != case_id


def test_ones_own_step_comes_first_and_a_term_that_ends_is_marked(sqlite, clock, hired):
    acting.accepted(sqlite, hired, clock)
    short = acting.submit(sqlite, hired.zhang, clock(), {**DAIBAN, "mandate_until": "2026-09-24"})
    acting.claim(sqlite, short, hired.chen, clock())
    acting.complete(sqlite, short, acting.TAKE_IN, hired.chen, clock())
    acting.claim(sqlite, short, hired.wang, clock())
    acting.complete(sqlite, short, acting.ACCEPT, hired.wang, clock())
    acting.claim(sqlite, short, hired.wang, clock())
    acting.complete(sqlite, short, acting.REGISTER, hired.wang, clock())
    with sqlite.reading() as work:
        first, second = agency.carried(work, hired.chen, now=clock())
        assert (first.case.id, first.mine, first.next, first.authority) == (short, True, "代办员送达", "soon")
        assert second.authority == "ok"
        later = agency.carried(work, hired.chen, now=clock.on(days=9))
        assert {c.authority for c in later} == {"over", "ok"}
