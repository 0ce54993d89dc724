"""Diagrams and tables that once went wrong: a token that is lost, a fault that nobody is told of, a text read badly."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine import dmn, process
from engine.findings import Finding
from engine.process import Definition, Deliver, Fire, Jump, Step
from tests.process.playing import NOW, begin, complete, open_now, task

HERE = Path(__file__).parent / "process"


def drawn(name: str) -> bytes:
    return (HERE / name).read_bytes()


def broken(step: Step) -> list[str]:
    """The elements that have an incident."""
    return [incident.element for incident in step.incidents]


def said_of(element: str, data: bytes) -> list[Finding]:
    """What the check says of an element, but that nobody is asked to do it (no small diagram names a post)."""
    findings = process.check({"case.bpmn": data})
    return [f for f in findings if f.element == element and f.rule != "nobody-asked"]


def all_done(definition: Definition, step: Step) -> Step:
    """The step after every open task, and every task that opened then, was completed."""
    for _ in range(20):
        if not step.open_tasks:
            return step
        step = complete(definition, step, step.open_tasks[0].element)
    raise AssertionError(f"still open after 20 tasks: {open_now(step)}")


# ---------------------------------------------------------------- joins that can never be complete


def test_a_join_whose_branch_was_cancelled_leaves_an_incident() -> None:
    definition, step = begin(drawn("join-cancelled-branch.bpmn"))
    step = complete(definition, step, "a")
    step = process.advance(definition, step.state, Deliver("m1"), now=NOW)
    assert not step.open_tasks and not step.finished
    assert broken(step) == ["j"]


@pytest.mark.parametrize("first, third", [(True, False), (False, True), (False, False)])
def test_a_join_whose_branch_ended_before_it_leaves_an_incident(first: bool, third: bool) -> None:
    step = all_done(*begin(drawn("join-dead-branch.bpmn"), b6=first, b34=third))
    assert not step.finished
    assert broken(step) == ["A3"]


def test_a_join_that_all_its_branches_reach_ends_the_process() -> None:
    step = all_done(*begin(drawn("join-dead-branch.bpmn"), b6=True, b34=True))
    assert step.finished and not step.incidents


def test_two_tokens_on_one_flow_of_a_join_are_one_join_and_an_incident() -> None:
    definition, step = begin(drawn("join-two-on-one-flow.bpmn"))
    step = complete(definition, step, "u")
    assert open_now(step) == ["z"]
    step = complete(definition, step, "z")
    assert open_now(step) == [] and not step.finished
    assert broken(step) == ["j"]


def test_the_check_warns_of_a_task_that_wants_two_tokens_and_gets_one() -> None:
    assert said_of("u", drawn("start-quantity.bpmn"))


# ---------------------------------------------------------------- conditions that cannot be reckoned


def test_a_complex_gateway_whose_condition_fails_leaves_an_incident_and_the_other_branches_go_on() -> None:
    _, step = begin(drawn("complex-early-failure.bpmn"), n=99_999_999)
    assert sorted(open_now(step)) == ["u4", "x"]
    assert broken(step) == ["c"]


def test_a_complex_gateway_that_all_flows_reached_in_vain_leaves_an_incident() -> None:
    definition, step = begin(drawn("complex-never-true.bpmn"))
    step = complete(definition, step, "u3")
    assert not step.finished
    assert broken(step) == ["c"]


def test_an_ad_hoc_process_whose_completion_condition_fails_leaves_an_incident() -> None:
    definition, step = begin(drawn("adhoc-condition-failure.bpmn"), n=99_999_999)
    step = complete(definition, step, "a")
    assert not step.finished
    assert broken(step) == ["ah"]


def test_a_sequential_ad_hoc_process_offers_every_first_activity() -> None:
    definition, step = begin(drawn("adhoc-one-by-one.bpmn"))
    assert open_now(step) == ["a"]
    step = complete(definition, step, "a")
    assert open_now(step) == ["b"] and not step.finished
    assert complete(definition, step, "b").finished


def test_a_fault_in_what_a_condition_opens_does_not_stop_the_task_that_made_it_true() -> None:
    definition, step = begin(drawn("condition-opens-bad-timer.bpmn"))
    step = complete(definition, step, "u", q=True)
    assert [(c.element, c.how) for c in step.closed] == [("u", "completed")]
    assert broken(step) == ["ev"]


# ---------------------------------------------------------------- a jump


def test_a_case_that_was_sent_on_from_an_undoing_task_can_end() -> None:
    definition, step = begin(drawn("jump-from-undo.bpmn"))
    step = complete(definition, step, "a")
    step = process.advance(definition, step.state, Jump(task(step, "undo").id, "w"), now=NOW)
    assert open_now(step) == ["w"]
    step = complete(definition, step, "w")
    assert step.finished


# ---------------------------------------------------------------- times


@pytest.mark.parametrize(
    "kind, said",
    [
        ("timeCycle", "P10000Y"),
        ("timeCycle", "P99999999D"),
        ("timeCycle", "0001-01-01T00:00:00"),
        ("timeDate", "0001-01-01T00:00:00"),
    ],
)
def test_a_timer_outside_the_calendar_is_an_incident(kind: str, said: str) -> None:
    definition, step = begin(drawn("timer-from-data.bpmn").replace(b"timeCycle", kind.encode()))
    step = complete(definition, step, "u", d=said)
    assert [(i.element, i.code) for i in step.incidents] == [("t", "timer")]


def test_a_due_date_outside_the_calendar_is_an_incident() -> None:
    definition, step = begin(drawn("due-from-data.bpmn"))
    step = complete(definition, step, "u", d="0001-01-01")
    assert [(i.element, i.code) for i in step.incidents] == [("w", "timer")]


def test_a_cycle_of_three_parts_is_refused() -> None:
    data = drawn("cycle-of-three-parts.bpmn")
    assert [(f.rule, f.severity) for f in said_of("b", data)] == [("bad-time", "error")]
    with pytest.raises(process.CannotRun):
        begin(data)


def test_the_check_speaks_of_a_cycle_that_takes_no_time() -> None:
    assert said_of("b", drawn("cycle-of-three-parts.bpmn").replace(b"R3/PT10S/PT5S", b"R/PT0S"))


def test_a_cycle_from_data_that_takes_no_time_is_an_incident() -> None:
    _, step = begin(drawn("cycle-of-three-parts.bpmn").replace(b"R3/PT10S/PT5S", b"=rhythm"), rhythm="R/PT0S")
    assert [t.due for t in step.timers if t.due <= NOW] == [], "it fires now, and now, and now"
    assert broken(step) == ["b"]


def test_a_timer_with_a_date_a_duration_and_a_cycle_is_refused() -> None:
    assert "error" in {f.severity for f in said_of("t", drawn("timer-said-thrice.bpmn"))}


def test_a_cycle_on_a_catch_event_lets_one_token_through() -> None:
    definition, step = begin(drawn("cycle-on-catch.bpmn"))
    (timer,) = step.timers
    step = process.advance(definition, step.state, Fire(timer.id), now=NOW + timedelta(seconds=1))
    assert step.finished and not step.timers


def test_the_check_warns_that_a_cycle_on_a_catch_event_fires_once() -> None:
    assert "warning" in {f.severity for f in said_of("t", drawn("cycle-on-catch.bpmn"))}


# ---------------------------------------------------------------- data


def test_a_context_whose_key_looks_like_ours_stays_a_context() -> None:
    definition, step = begin(drawn("dollar-key.bpmn"), x={"$d": "5"})
    step = complete(definition, step, "u")
    assert step.finished
    assert step.variables == {"x": {"$d": "5"}, "isnum": False}


# ---------------------------------------------------------------- decision tables


def about_columns(source: bytes) -> list[Finding]:
    """What the check says of a table, but that a value has no rule."""
    return [f for f in dmn.check(source, "case.dmn") if f.rule != "dmn-gap"]


def test_a_column_with_a_dot_in_its_name_does_not_hide_a_path_elsewhere() -> None:
    source = drawn("dotted-name.dmn")
    assert dmn.load(source).evaluate("A", {"res": {"x": Decimal(7)}}).value == 7
    assert "dmn-unknown-name" not in {f.rule for f in dmn.check(source)}


def test_the_check_names_a_column_without_an_expression() -> None:
    assert about_columns(drawn("empty-column.dmn"))


def test_a_column_with_only_an_input_variable_is_read_or_named() -> None:
    source = drawn("input-variable.dmn")
    found = dmn.load(source).evaluate("Task allowed days", {"taskId": "provideCaseBuilding"}).value
    read = {"taskId": "followUpOverdueCaseBuilding", "workingDaysAllowed": 2}
    assert about_columns(source) or found == read, f"nothing is said, and the table gives {found}"
