"""Another calendar: what counted working days is computed again, as it would have been at once; the rest stays."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

from engine import feel, process, workdays
from engine.process import Deliver, Redate

from .drawing import draw, ext
from .playing import load

FRIDAY = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)  # 09:00 in Dehua; Sunday 20 September is worked
TYPHOON = "source: 台风停工\npublished_on: 2026-09-19\nholidays: {2026-09-20: 台风停工}\n"
NEXT_YEAR = "source: 测试安排\npublished_on: 2026-12-22\nyears: [2027]\nholidays: {2027-01-01: 元旦}\n"


def env(*files: str) -> feel.Env:
    return feel.Env(now=FRIDAY, calendar=workdays.china(files))


def begin(*lines: str, now: datetime = FRIDAY, **variables: object):
    definition = load(draw(*lines))
    start = process.Start(variables)
    return definition, process.start(definition, start, now=now, env=env())


def redate(definition, state: bytes, *files: str, now: datetime = FRIDAY + timedelta(days=1)):
    given = dataclasses.replace(env(*files), now=now)
    return process.advance(definition, state, Redate(), now=now, env=given)


def moves(step) -> dict[str, tuple[str | None, str]]:
    return {
        f"{one.what}:{one.element}": (one.before and f"{one.before:%m-%d %H:%M}", f"{one.after:%m-%d %H:%M}")
        for one in step.redated
    }


def schedule(due: str, follow_up: str = "") -> str:
    return ext(f'<zeebe:taskSchedule dueDate="{due}" followUpDate="{follow_up}"/>')


def test_timers_wherever_they_stand_and_the_dates_of_tasks_move() -> None:
    definition, step = begin(
        "start s",
        "user u",
        schedule("=workdays(2)", "=workdays(1)"),
        "on b u date:= workdays(3) !",
        "task late",
        "event g",
        "catch c timer:= workdays(4)",
        "catch m message:M",
        "and f",
        "s > f > u",
        "f > g",
        "g > c",
        "g > m",
        "b > late",
        "eventsub es {",
        "start t date:= workdays(5) !",
        "task x",
        "t > x",
        "}",
    )
    assert definition.asks_calendar
    after = redate(definition, step.state, TYPHOON)
    assert moves(after) == {
        "due:u": ("09-21 09:30", "09-22 09:30"),
        "follow-up:u": ("09-20 09:30", "09-21 09:30"),
        "timer:b": ("09-22 09:30", "09-23 09:30"),
        "timer:c": ("09-23 09:30", "09-24 09:30"),
        "timer:t": ("09-24 09:30", "09-28 09:30"),
    }
    assert {t.id for t in after.timers} == {t.id for t in step.timers}  # the same timers, at other times
    assert after.timers_set == () and after.timers_cleared == () and after.opened == () and after.closed == ()
    assert after.open_tasks[0].due == datetime(2026, 9, 22, 9, 30, tzinfo=UTC)


def test_the_same_calendar_again_moves_nothing_and_the_old_one_moves_back() -> None:
    definition, step = begin("start s", "catch c timer:= workdays(3)", "s > c")
    once = redate(definition, step.state, TYPHOON)
    assert redate(definition, once.state, TYPHOON).redated == ()
    assert redate(definition, once.state, TYPHOON).state == once.state
    assert redate(definition, once.state).state == step.state


def test_the_variables_count_as_they_were_when_the_timer_was_set() -> None:
    lines = (
        "start s",
        "user u",
        "on b u timer:= workdays(limit.days)",
        "task late",
        "s > u",
        "b > late",
        "user v",
        "on w v message:M !",
        "task t",
        "s > v",
        "w > t",
    )
    definition, step = begin(*lines, limit={"days": 3})
    step = process.advance(
        definition, step.state, Deliver("M", None, {"limit": {"days": 30}}), now=FRIDAY + timedelta(hours=1), env=env()
    )
    assert moves(redate(definition, step.state, TYPHOON)) == {"timer:b": ("09-22 09:30", "09-23 09:30")}


def test_what_never_asked_the_calendar_stays() -> None:
    definition, step = begin(
        "start s", "user u", schedule("2026-09-21T17:30:00"), "on b u timer:PT72H", "task late", "s > u", "b > late"
    )
    assert not definition.asks_calendar
    after = redate(definition, step.state, TYPHOON)
    assert after.redated == () and after.state == step.state


def test_a_due_date_in_a_year_not_yet_announced_comes_with_the_year() -> None:
    december = datetime(2026, 12, 30, 1, 0, tzinfo=UTC)
    definition, step = begin("start s", "user u", schedule("=workdays(3)"), "s > u", now=december)
    assert step.open_tasks[0].due is None
    after = redate(definition, step.state, NEXT_YEAR, now=december)
    assert moves(after) == {"due:u": (None, "01-05 09:30")}
    assert redate(definition, after.state, now=december).redated == ()  # forgotten again, it keeps the day it has


def test_a_diagram_without_working_days_keeps_no_memory_of_them() -> None:
    _, plain = begin("start s", "catch c timer:PT72H", "s > c")
    assert b"asked" not in plain.state
