"""Timers on the caller's clock: absolute due times in the Step, nothing lost when a wake-up is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine import feel, process, workdays
from engine.process import Fire, Start
from engine.process.language.schedules import Duration, Schedule, parse_duration, parse_moment, plan_of

from .drawing import draw, ext
from .playing import NOW, begin, complete, load, play, seen

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("timer:PT90M", "2026-03-02T02:30:00+00:00"),
        ("timer:P1M", "2026-04-02T01:00:00+00:00"),
        ('timer:= duration("P2D")', "2026-03-04T01:00:00+00:00"),
        ("timer:= wait", "2026-03-02T01:00:10+00:00"),
        ("date:2026-03-05T09:00:00", "2026-03-05T01:00:00+00:00"),
        ("date:2026-03-05T09:00:00Z", "2026-03-05T09:00:00+00:00"),
        ('date:= date and time("2026-03-05T09:00:00@Asia/Shanghai")', "2026-03-05T01:00:00+00:00"),
        ('date:= date("2026-03-05")', "2026-03-04T16:00:00+00:00"),
    ],
)
def test_a_due_time_is_absolute_utc(text: str, due: str) -> None:
    _, step = begin(draw("start s", f"catch c {text}", "s > c"), wait="PT10S")
    assert [t.due.isoformat() for t in step.timers] == [due] and step.timers == step.timers_set


def test_a_timer_that_makes_no_sense_is_an_incident_that_says_what_it_got() -> None:
    _, step = begin(draw("start s", "catch c timer:= wait", "s > c"), wait="soon")
    assert step.incidents[0].code == "timer" and "soon" in step.incidents[0].zh


def test_a_timer_fires_once_and_firing_it_again_changes_nothing() -> None:
    definition, step = begin(draw("start s", "catch c timer:PT1H", "user u", "s > c > u"))
    id = step.timers[0].id
    fired = process.advance(definition, step.state, Fire(id), now=NOW + timedelta(hours=2))
    assert fired.trace == ("c",) and fired.timers_cleared == (id,) and not fired.timers
    again = process.advance(definition, fired.state, Fire(id), now=NOW + timedelta(hours=3))
    assert again.state == fired.state and again.trace == ()


def test_a_boundary_timer_is_cleared_when_its_task_is_done() -> None:
    definition, step = begin(draw("start s", "user u", "on b u timer:PT1H", "task late", "s > u", "b > late"))
    done = complete(definition, step, "u")
    assert done.timers_cleared == (step.timers[0].id,) and done.finished


def test_missed_turns_of_a_cycle_are_made_up_and_keep_to_the_schedule() -> None:
    definition, step = begin(draw("start s", "user u", "on b u cycle:R4/PT1H !", "task remind", "s > u", "b > remind"))
    late = NOW + timedelta(hours=3, minutes=30)
    dues = []
    while step.timers and step.timers[0].due <= late:
        dues.append(step.timers[0].due)
        step = process.advance(definition, step.state, Fire(step.timers[0].id), now=late)
        assert step.trace == ("b", "remind")
    assert dues == [NOW + timedelta(hours=h) for h in (1, 2, 3)]
    assert [t.due for t in step.timers] == [NOW + timedelta(hours=4)]
    step = process.advance(definition, step.state, Fire(step.timers[0].id), now=late)
    assert not step.timers


def test_a_cycle_starts_an_event_sub_process_again_and_again() -> None:
    data = draw("start s", "user u", "s > u", "eventsub es {", "start c cycle:R3/PT1H !", "task x", "c > x", "}")
    assert seen(data, "x", answers={"u": {"$wait": True}}) == ["x"] * 3


def test_an_endless_cycle_does_not_play_for_ever() -> None:
    data = draw("start s", "user u", "on b u cycle:R/PT1H !", "task x", "s > u", "b > x")
    result = play(data, answers={"u": {"$wait": True}})
    assert result.status == "waiting" and 0 < result.trace.count("x") <= 20


@pytest.mark.parametrize(
    ("text", "dues"),
    [
        ("R2/2026-03-02T10:00:00+08:00/PT1H", ["02:00", "03:00"]),
        ("R3/PT30M", ["01:30", "02:00", "02:30"]),
        ("R/PT1H/2026-03-02T11:30:00+08:00", ["02:00", "03:00"]),
        ("R0/PT1H", []),
    ],
)
def test_cycles_of_every_iso_form(text: str, dues: list[str]) -> None:
    plan = plan_of("cycle", text, NOW)
    assert plan is not None
    found = []
    facts = {**plan.facts(), "due": plan.at.isoformat()}
    while plan.times and facts and len(found) < 10:
        found.append(facts["due"][11:16])
        facts = plan.next(facts)  # type: ignore[assignment]
    assert found == dues


@pytest.mark.parametrize("text", ["", "P", "PT", "P1", "1D", "R", "R/", "R3", "Rx/PT1H", "P1DT", "R2/P1D/P1D", "明天"])
def test_what_is_no_cycle_is_told(text: str) -> None:
    assert plan_of("cycle", text, NOW) is None


def test_months_keep_the_day_where_they_can() -> None:
    start = datetime(2026, 1, 31, 2, 0, tzinfo=UTC)
    month = parse_duration("P1M")
    assert month == Duration(1) and month.after(start, 1, SHANGHAI) == datetime(2026, 2, 28, 2, 0, tzinfo=UTC)
    assert month.after(start, 2, SHANGHAI) == datetime(2026, 3, 31, 2, 0, tzinfo=UTC), "reckoned from the base"


def test_a_moment_may_name_its_zone() -> None:
    assert parse_moment("2026-03-02T09:00:00[Asia/Tokyo]", SHANGHAI) == datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    assert parse_moment("2026-02-30T09:00:00", SHANGHAI) is None


def test_a_duration_may_be_a_number_of_working_days() -> None:
    env = feel.Env(now=NOW, calendar=workdays.china())
    definition = load(draw("start s", "user u", "on b u timer:= workdays(5)", "task late", "s > u", "b > late"))
    step = process.start(definition, process.Start(), now=NOW, env=env)
    assert [t.due.isoformat() for t in step.timers] == ["2026-03-09T09:30:00+00:00"]


def test_a_sub_process_that_failed_while_it_opened_is_opened_anew() -> None:
    data = draw(
        "start s",
        "sub h {",
        "start i",
        "user u",
        "i > u",
        "eventsub es {",
        "start t timer:= wait !",
        "task x",
        "t > x",
        "}",
        "}",
        "s > h",
    )
    definition, step = begin(data, wait="soon")
    [incident] = step.incidents
    assert incident.code == "timer" and not step.open_tasks
    step = process.advance(definition, step.state, process.Retry(incident.id, {"wait": "PT1H"}), now=NOW)
    assert [t.element for t in step.open_tasks] == ["u"] and len(step.timers) == 1 and not step.incidents
    step = complete(definition, step, "u")
    assert step.finished and not step.timers


@pytest.mark.parametrize(
    "begun, every, days",
    [
        ("2026-01-31", "R/P1M", ["02-28", "03-31", "04-30", "05-31"]),
        ("2028-01-31", "R/P1M", ["02-29", "03-31", "04-30", "05-31"]),
        ("2026-08-31", "R9/P1M", ["09-30", "10-31", "11-30", "12-31"]),
        ("2028-02-29", "R/P1Y", ["02-28", "02-28", "02-28", "02-29"]),
        ("2026-01-30", "R/2026-01-31T09:00:00+08:00/P1M", ["01-31", "02-28", "03-31", "04-30"]),
    ],
)
def test_a_monthly_cycle_keeps_its_day_of_the_month(begun: str, every: str, days: list[str]) -> None:
    data = draw("start s", "user u", f"on b u cycle:{every} !", "task n", "s > u", "b > n")
    definition, now = load(data), datetime.fromisoformat(f"{begun}T09:00:00+08:00")
    step = process.start(definition, Start(), now=now)
    seen = []
    for _ in days:
        (timer,) = step.timers
        seen.append(timer.due.astimezone(now.tzinfo).strftime("%m-%d"))
        step = process.advance(definition, step.state, Fire(timer.id), now=timer.due)
    assert seen == days


def test_a_cycle_that_began_in_an_older_state_goes_on() -> None:
    facts = {"form": "cycle", "base": "2026-03-02T02:00:00+00:00", "every": "PT1H", "left": 2, "turn": 0}
    following = Schedule.next(facts)
    assert following is not None and following["due"] == "2026-03-02T03:00:00+00:00"


@pytest.mark.parametrize(
    "text", ["R/PT0S", "R3/PT0S", "R/-PT1H", "R/PT0.2S", "R²/PT1H", "R/P1M/0001-01-01", "R/P10000Y"]
)
def test_cycles_that_take_no_time_or_leave_the_calendar_make_no_sense(text: str) -> None:
    assert plan_of("cycle", text, NOW) is None


def test_a_cycle_that_leads_out_of_the_calendar_ends_there() -> None:
    plan = plan_of("cycle", "R/P5000Y", NOW)
    assert plan is not None and Schedule.next(plan.facts()) is None


@pytest.mark.parametrize("value", ['date("2026-12-10")', '"2026-12-10"'])
def test_a_due_date_without_a_time_is_due_when_the_day_ends(value: str) -> None:
    schedule = ext(f"<zeebe:taskSchedule dueDate='={value}'/>")
    _, step = begin(draw("start s", "user a", schedule, "end e", "s > a > e"))
    assert [one.due for one in step.open_tasks] == [datetime(2026, 12, 10, 15, 59, 59, tzinfo=UTC)]


def test_what_ran_when_a_case_stood_still_runs_out_later_and_a_date_does_not() -> None:
    definition, step = begin(
        draw(
            "start s",
            "and f",
            "catch one timer:PT2H",
            "catch two date:2026-03-09T09:00:00",
            "and j",
            "end e",
            "s > f > one > j > e",
            "f > two > j",
        )
    )
    before = {one.element: one.due for one in step.timers}
    moved = process.advance(
        definition, step.state, process.Shift(NOW + timedelta(hours=1), timedelta(days=3)), now=NOW + timedelta(days=3)
    )
    after = {one.element: one.due for one in moved.timers}
    assert (after["one"] - before["one"], after["two"] - before["two"]) == (timedelta(days=3), timedelta())
    over = process.Shift(NOW + timedelta(hours=3), timedelta(days=3))
    late = process.advance(definition, step.state, over, now=NOW + timedelta(days=3))
    assert {one.element: one.due for one in late.timers} == before, "what was due before it stood still is due"
