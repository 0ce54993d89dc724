"""听证的一步: a diagram notes how far a hearing has come, and the law is held where somebody fills it in (行政许可法
47, 48; RULES T10)."""

from __future__ import annotations

from typing import Any

import pytest

from engine import matters
from engine.commands import gate
from engine.errors import Invalid, NotNow
from engine.findings import Finding, errors
from tests.between.small import given
from tests.check.test_gate import COUNTY, HOUSE
from tests.commands.test_clock_effects import ACCEPT, INFO, NAME, Desk, files, line

TOLD = ("tell", "hearing", "step=told", "")
ASKED = ("asked", "hearing", "step=asked answers=request", given("on", "=decision"))
REVIEWERS = given("reviewers", "=&quot;王审核、李审核&quot;")


def notified(host: str) -> tuple[str, ...]:
    said = given("on", "=decision") + given("host", f"=&quot;{host}&quot;") + REVIEWERS
    return ("notice", "hearing", "step=notified answers=call", said)


def held(signed: str) -> tuple[str, ...]:
    said = given("host", "=&quot;陈法制&quot;") + REVIEWERS + given("signed", f"={signed}")
    return ("over", "hearing", "step=held answers=record", said)


@pytest.fixture
def database(sqlite: Any) -> Any:
    """What a hearing means is the same in both stores."""
    return sqlite


@pytest.fixture
def desk(database: Any, cast: Any, clock: Any) -> Any:
    clock.at("2026-11-02 09:00")
    return lambda *steps: Desk(database, cast, clock, line(*steps))


def refused(here: Desk, element: str, said: str) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        here.go(element, said)
    return {name: fault.zh for name, fault in refusal.value.by_field().items()}


def test_it_is_asked_for_in_five_working_days_and_held_in_twenty_with_notice_of_seven(desk, clock):
    here = desk("look", ACCEPT, TOLD, "ask", ASKED, "call", notified("陈法制"), "hold", held("true"), "do")
    here.go("look")
    assert str(here.account().limits["hearing_ask"].due_on) == "2026-11-09"
    clock.at("2026-11-10 09:00")
    assert "11月9日" in refused(here, "ask", "2026-11-10")["request.on"], "a request of the day after is late"
    here.go("ask", "2026-11-06")  # it was registered later, but came in time
    assert str(here.account().limits["hearing_hold"].due_on) == "2026-12-04"
    assert "最早 2026-11-19" in refused(here, "call", "2026-11-18")["call.on"]
    assert "最晚 2026-12-04" in refused(here, "call", "2026-12-07")["call.on"]
    here.go("call", "2026-11-19")
    clock.at("2026-11-18 15:00")
    assert list(refused(here, "hold", "好")) == ["record.on"], "not before notice of seven working days is over"
    clock.at("2026-11-19 15:00")
    here.go("hold")
    assert here.task("do").state == "open"


def test_asked_on_the_day_it_was_told_and_registered_the_next_is_asked_that_day_and_no_day_to_come_is(desk, clock):
    clock.at("2026-11-02 15:00")
    here = desk("look", ACCEPT, TOLD, "ask", ASKED, "call", notified("陈法制"))
    here.go("look")
    clock.at("2026-11-03 09:00")
    assert "还没有到" in refused(here, "ask", "2026-11-04")["request.on"]
    here.go("ask", "2026-11-02")
    assert str(here.account().limits["hearing_hold"].due_on) == "2026-11-30"


def test_whoever_reviewed_does_not_hold_it_and_the_transcript_is_signed(desk, clock):
    here = desk("look", ACCEPT, TOLD, "ask", ASKED, "call", notified("李审核"))
    here.go("look")
    here.go("ask", "2026-11-02")
    assert "审查人员以外" in refused(here, "call", "2026-11-20")["call.host"]


def test_a_transcript_that_nobody_signed_is_none(desk, clock):
    here = desk("look", ACCEPT, TOLD, "ask", ASKED, "call", notified("陈法制"), "hold", held("false"))
    here.go("look")
    here.go("ask", "2026-11-02")
    here.go("call", "2026-11-20")
    clock.at("2026-11-20 15:00")
    assert list(refused(here, "hold", "好")) == ["record.signed"]


def test_a_step_that_is_missing_cannot_be_mended_in_a_form(desk):
    here = desk("look", ACCEPT, ASKED)
    with pytest.raises(NotNow, match="hearing_told first"):
        here.go("look", "2026-11-02")


def test_limits_without_a_hearing_know_no_step_of_one():
    info = INFO.replace("regime: permit", "regime: service")
    assert [("没有听证程序" in one.message_zh, one.line > 0) for one in _law(info)] == [(True, True)]


def test_limits_of_a_permit_do():
    assert _law(INFO) == []


def _law(info: str) -> list[Finding]:
    found = gate.check(matters.Source(NAME, files(line("look", ACCEPT, TOLD), info)), COUNTY, house=HOUSE)
    return [one for one in errors(found) if one.rule == "clock-law"]
