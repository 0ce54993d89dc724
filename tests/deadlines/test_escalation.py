"""The escalation policy: data of the matter, turned into moments."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.deadlines import Event, Ledger, Policy, rules
from engine.errors import Invalid
from engine.workdays import china

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def marks(*more):
    start = [Event("received", at("2026-09-18 09:00")), Event("accepted", at("2026-09-18 10:00")), *more]
    ledger = Ledger(rules("permit", promised="10wd"), china()).with_events(start)
    return ledger.account(at("2026-09-23 10:00")).marks


POLICY = Policy.read(
    [
        {"at": "black", "do": "tell_supervisor", "to": "county"},
        {"at": "T-1wd", "do": "remind_assignee"},
        {"at": "T-3wd", "do": "remind_assignee"},
        {"id": "hand_over", "at": "red+2wd", "do": "reassign", "to": "unit_head"},
        {"at": "step_overdue", "do": "fire_timer", "timer": "Timer_late"},
    ]
)


def test_steps_become_moments_in_order_and_reminders_come_by_day():
    firings = POLICY.firings(marks(), china())
    assert [(f.at, f.step.id) for f in firings] == [
        (at("2026-09-29 08:00"), "3"),
        (at("2026-10-08 08:00"), "2"),
        (at("2026-10-12 17:30"), "hand_over"),
        (at("2026-10-23 00:00"), "1"),
    ]


def test_a_task_with_its_own_limit_has_the_overdue_step_too():
    firings = POLICY.firings(marks().with_step(at("2026-09-21 17:30")), china())
    assert (firings[0].at, firings[0].step.timer) == (at("2026-09-21 17:30"), "Timer_late")


def test_a_clock_that_stands_still_escalates_nothing():
    stopped = marks(Event("paused", at("2026-09-22 09:00"), cause="testing", notice="1号", needs="5wd"))
    assert POLICY.firings(stopped, china()) == []


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"at": "soon", "do": "remind_assignee"}, "escalation[0].at"),
        ({"at": "red", "do": "shout"}, "escalation[0].do"),
        ({"at": "red", "do": "reassign"}, "escalation[0].to"),
        ({"at": "red", "do": "tell_supervisor", "to": "mayor"}, "escalation[0].to"),
        ({"at": "red", "do": "fire_timer"}, "escalation[0].timer"),
        ({"at": "red", "do": "tell_supervisor", "who": "x"}, "escalation[0].who"),
        ("red", "escalation[0]"),
    ],
)
def test_a_wrong_step_is_refused_naming_the_key(row, field):
    with pytest.raises(Invalid) as caught:
        Policy.read([row])
    assert field in caught.value.by_field()


def test_ids_are_unique_and_no_policy_is_no_step():
    with pytest.raises(Invalid):
        Policy.read([{"id": "a", "at": "red", "do": "remind_assignee"}] * 2)
    assert Policy.read(None).steps == ()


def test_a_matter_that_says_nothing_reminds_before_and_tells_the_supervisor_after():
    firings = Policy.default().firings(marks(), china())
    assert [(f.at, f.step.do) for f in firings] == [
        (at("2026-10-08 08:00"), "remind_assignee"),
        (at("2026-10-09 17:30"), "tell_supervisor"),
        (at("2026-10-12 17:30"), "tell_supervisor"),
        (at("2026-10-23 00:00"), "tell_supervisor"),
    ]
