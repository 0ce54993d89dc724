"""Gateways as BPMN 2.0 says (10.6, 13.4)."""

from __future__ import annotations

import pytest

from engine import process
from engine.process import Retry

from .drawing import draw
from .playing import NOW, begin, complete, open_now, play, seen

XOR = draw(
    "start s",
    "xor g",
    "task a",
    "task b",
    "task c",
    "xor m",
    "task z",
    "end e",
    "s > g",
    "g > a [x > 10]",
    "g > b [x > 5]",
    "g > c *",
    "a > m",
    "b > m",
    "c > m",
    "m > z > e",
)


@pytest.mark.parametrize(("x", "taken"), [(11, "a"), (6, "b"), (5, "c"), (None, "c")])
def test_an_exclusive_gateway_takes_the_first_true_condition_else_the_default(x: int | None, taken: str) -> None:
    assert seen(XOR, "a", "b", "c", "z", x=x) == [taken, "z"]


def test_an_exclusive_gateway_without_a_true_condition_is_an_incident_that_names_it() -> None:
    data = draw("start s", 'xor g name="金额"', "task a", "task b", "s > g", "g > a [x = 1]", "g > b [x = 2]")
    result = play(data, x=3)
    assert result.status == "failed"
    [incident] = result.incidents
    assert (incident.element, incident.code) == ("g", "no-flow")
    assert "金额" in incident.zh and "金额" in incident.en


def test_an_incident_at_a_gateway_is_mended_and_the_case_goes_on_without_asking_twice() -> None:
    data = draw("start s", "user u", "xor g", "task a", "task b", "s > u > g", "g > a [x = 1]", "g > b [x = 2]")
    definition, step = begin(data, x=3)
    step = complete(definition, step, "u")
    step = process.advance(definition, step.state, Retry(step.incidents[0].id, {"x": 2}), now=NOW)
    assert step.finished and step.trace == ("g", "b") and not step.incidents


PARALLEL = draw(
    "start s",
    "and f",
    "user a",
    "user b",
    "and j",
    "task z",
    "end e",
    "s > f",
    "f > a > j",
    "f > b > j",
    "j > z > e",
)


def test_a_parallel_join_waits_for_every_branch() -> None:
    definition, step = begin(PARALLEL)
    assert open_now(step) == ["a", "b"]
    step = complete(definition, step, "b")
    assert (open_now(step), step.finished) == (["a"], False)
    step = complete(definition, step, "a")
    assert step.finished and step.trace == ("a", "j", "z", "e")


def test_conditions_on_the_flows_of_a_parallel_gateway_are_not_looked_at() -> None:
    data = draw("start s", "and f", "task a", "task b", "s > f", "f > a [1 = 2]", "f > b [1 = 1]")
    assert sorted(seen(data, "a", "b")) == ["a", "b"]


def test_a_parallel_join_fed_twice_by_one_flow_and_never_by_the_other_is_told() -> None:
    data = draw(
        "start s",
        "xor g",
        "task a",
        "task b",
        "and j",
        "task z",
        "s > g",
        "g > a [x = 1]",
        "g > b *",
        "a > j",
        "b > j",
        "j > z",
    )
    result = play(data, x=1)
    assert result.status == "waiting" and "z" not in result.trace
    assert [i.element for i in result.stuck] == ["j"]


def test_tokens_that_meet_at_an_exclusive_merge_each_go_on() -> None:
    data = draw("start s", "and f", "task a", "task b", "xor m", "task z", "s > f", "f > a > m", "f > b > m", "m > z")
    assert seen(data, "z") == ["z", "z"]


OR = draw(
    "start s",
    "or f",
    "user a",
    "user b",
    "user c",
    "or j",
    "task z",
    "end e",
    "s > f",
    'f > a [contains(x, "a")]',
    'f > b [contains(x, "b")]',
    "f > c *",
    "a > j",
    "b > j",
    "c > j",
    "j > z > e",
)


@pytest.mark.parametrize(("x", "taken"), [("a", ["a"]), ("ab", ["a", "b"]), ("", ["c"])])
def test_an_inclusive_join_waits_for_the_branches_that_were_taken(x: str, taken: list[str]) -> None:
    definition, step = begin(OR, x=x)
    assert open_now(step) == taken
    for element in taken:
        assert "z" not in step.trace
        step = complete(definition, step, element)
    assert step.finished and step.trace.count("z") == 1


def test_an_inclusive_join_does_not_wait_for_a_token_that_cannot_come() -> None:
    data = draw(
        "start s",
        "and f",
        "user a",
        "user b",
        "or j",
        "task z",
        "end e",
        "end e2",
        "s > f",
        "f > a > j",
        "f > b",
        "xor g",
        "b > g",
        "g > j [back]",
        "g > e2 *",
        "j > z > e",
    )
    definition, step = begin(data, back=False)
    step = complete(definition, step, "a")
    assert "z" not in step.trace, "b may still come to the join"
    step = complete(definition, step, "b")
    assert step.trace == ("b", "g", "e2", "j", "z", "e")


def test_an_inclusive_join_inside_a_loop_runs_each_turn() -> None:
    data = draw(
        "start s",
        "script i = 0 -> n",
        "xor m",
        "or f",
        "task a",
        "task b",
        "or j",
        "script c = n + 1 -> n",
        "xor g",
        "end e",
        "s > i > m > f",
        "f > a [true]",
        "f > b [n > 0]",
        "a > j",
        "b > j",
        "j > c > g",
        "g > m [n < 3]",
        "g > e *",
    )
    assert seen(data, "a", "b") == ["a", "a", "b", "a", "b"]


def test_a_complex_gateway_goes_on_at_its_activation_condition_and_swallows_the_rest() -> None:
    data = draw(
        "start s",
        "and f",
        "user a",
        "user b",
        "user c",
        "complex j activationCount >= 2",
        "task z",
        "end e",
        "s > f",
        "f > a > j",
        "f > b > j",
        "f > c > j",
        "j > z > e",
    )
    definition, step = begin(data)
    step = complete(definition, step, "a")
    assert "z" not in step.trace
    step = complete(definition, step, "b")
    assert "z" in step.trace and not step.finished
    step = complete(definition, step, "c")
    assert step.finished and "z" not in step.trace


def test_a_complex_gateway_splits_like_an_inclusive_one() -> None:
    data = draw("start s", "complex g", "task a", "task b", "s > g", "g > a [x > 1]", "g > b [x > 2]")
    assert seen(data, "a", "b", x=3) == ["a", "b"]
    assert seen(data, "a", "b", x=2) == ["a"]


def test_flows_out_of_a_task_are_an_implicit_split_and_conditional_flows_are_asked() -> None:
    data = draw(
        "start s",
        "task t",
        "task a",
        "task b",
        "task c",
        "task d",
        "s > t",
        "t > a",
        "t > b [x = 1]",
        "t > c [x = 2]",
        "t > d *",
    )
    assert seen(data, "a", "b", "c", "d", x=1) == ["a", "b"]
    assert seen(data, "a", "b", "c", "d", x=9) == ["a", "d"]


def test_an_event_based_gateway_takes_the_first_event_and_forgets_the_others() -> None:
    data = draw(
        "start s",
        "event g",
        "catch m message:paid",
        "catch t timer:PT24H",
        "task a",
        "task b",
        "s > g",
        "g > m > a",
        "g > t > b",
    )
    assert seen(data, "a", "b") == ["b"]
    assert seen(data, "a", "b", answers={"m": {"$message": {"amount": 5}}}) == ["a"]


def test_an_event_based_gateway_also_waits_by_a_receive_task() -> None:
    data = draw(
        "start s",
        "event g",
        "receive r paid",
        "catch t timer:PT24H",
        "task a",
        "task b",
        "s > g",
        "g > r > a",
        "g > t > b",
    )
    result = play(data, answers={"r": {"$message": {"amount": 5}}})
    assert [e for e in result.trace if e in "rab"] == ["r", "a"] and result.variables == {"amount": 5}


def test_start_quantity_gathers_and_completion_quantity_multiplies() -> None:
    data = draw("start s", 'task a completionQuantity="4"', 'task b startQuantity="2"', "s > a > b")
    assert seen(data, "a", "b") == ["a", "b", "b"]
    data = draw("start s", 'task a completionQuantity="3"', 'task b startQuantity="2"', "s > a > b")
    result = play(data)
    assert result.trace.count("b") == 1 and result.status == "waiting"
    assert [i.element for i in result.stuck] == ["b"], "one token is left, and it is told"
