"""Standard loops and multi-instance (10.3, 13.3.7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine import process
from engine.process import Complete, Fire, Retry, Start

from .drawing import draw, many
from .playing import NOW, begin, complete, load, play, seen


def standard(before: bool, condition: str = "", most: str = "") -> str:
    inside = f'<loopCondition xsi:type="tFormalExpression">= {condition}</loopCondition>' if condition else ""
    maximum = f' loopMaximum="{most}"' if most else ""
    return (
        f' <standardLoopCharacteristics testBefore="{str(before).lower()}"{maximum}>{inside}</standardLoopCharacter'
        "istics>"
    )


@pytest.mark.parametrize(("before", "n", "times"), [(True, 0, 3), (True, 3, 0), (False, 0, 3), (False, 3, 1)])
def test_a_loop_asks_before_or_after_each_turn(before: bool, n: int, times: int) -> None:
    data = draw("start s", "script t = n + 1 -> n", standard(before, "n &lt; 3"), "task z", "s > t > z")
    assert seen(data, "t", "z", n=n) == ["t"] * times + ["z"]


def test_a_loop_stops_at_its_maximum() -> None:
    data = draw("start s", "task t", standard(False, "true", "3"), "s > t")
    assert seen(data, "t") == ["t"] * 3


def test_a_loop_counts_its_turns_and_may_hold_a_sub_process() -> None:
    data = draw(
        "start s",
        "sub h {",
        "start i",
        "script t = loopCounter -> last",
        "i > t",
        "}",
        standard(False, "loopCounter &lt; 4"),
        "s > h",
    )
    assert play(data).variables == {"last": 4}


CARDINALITY = (
    ' <multiInstanceLoopCharacteristics isSequential="{0}"><loopCardinality>{1}</loopCardinality>'
    "</multiInstanceLoopCharacteristics>"
)


@pytest.mark.parametrize("sequential", ["true", "false"])
@pytest.mark.parametrize(("said", "times"), [("3", 3), ("= n", 2), ("0", 0)])
def test_a_cardinality_gives_so_many_instances(sequential: str, said: str, times: int) -> None:
    data = draw("start s", "task t", CARDINALITY.format(sequential, said), "task z", "s > t > z")
    assert seen(data, "t", "z", n=2) == ["t"] * times + ["z"]


def test_a_cardinality_that_is_no_count_is_an_incident() -> None:
    for n in (-1, "x", 1.5, None):
        result = play(draw("start s", "task t", CARDINALITY.format("false", "= n"), "s > t"), n=n)
        assert result.status == "failed" and result.incidents[0].code == "loop"


def test_parallel_instances_are_all_open_and_each_sees_its_own_element() -> None:
    data = draw("start s", "user u", many("= people", "who", "votes", "= vote"), "s > u")
    definition, step = begin(data, people=["陈", "王", "林"])
    assert [(t.instance, t.variables["who"]) for t in step.open_tasks] == [(1, "陈"), (2, "王"), (3, "林")]
    seats = step.open_tasks
    for index, vote in ((2, "c"), (0, "a"), (1, "b")):
        step = process.advance(definition, step.state, Complete(seats[index].id, {"vote": vote}), now=NOW)
    assert step.finished and step.variables["votes"] == ["a", "b", "c"]
    assert "who" not in step.variables and "loopCounter" not in step.variables


def test_sequential_instances_open_one_after_the_other_also_with_null_elements() -> None:
    data = draw("start s", "user u", many("= items", "x", sequential=True), "s > u")
    definition, step = begin(data, items=[None, 1, None])
    for number in (1, 2, 3):
        assert [t.instance for t in step.open_tasks] == [number]
        step = complete(definition, step, "u")
    assert step.finished


def test_an_empty_collection_is_passed_and_gives_an_empty_collection() -> None:
    for sequential in (True, False):
        data = draw("start s", "user u", many("= items", "x", "out", "= x", sequential=sequential), "s > u")
        assert play(data, items=[]).variables == {"items": [], "out": []}


def test_a_collection_that_is_none_is_an_incident() -> None:
    result = play(draw("start s", "user u", many("= items", "x"), "s > u"), items="many")
    assert result.incidents[0].code == "loop" and "u" in result.incidents[0].en


PASS = "= count(votes[item = true]) >= 2 or count(votes[item = false]) > numberOfInstances - 2"


@pytest.mark.parametrize(("votes", "cancelled"), [([True, True], 1), ([False, False], 1), ([True, False, True], 0)])
def test_a_completion_condition_sees_counts_and_the_output_and_cancels_the_rest(
    votes: list[bool], cancelled: int
) -> None:
    data = draw("start s", "user u", many("= [1,2,3]", "x", "votes", "= vote", PASS), "task z", "s > u > z")
    definition, step = begin(data)
    for vote in votes:
        assert not step.finished
        step = complete(definition, step, "u", vote=vote)
    assert step.finished and step.trace[-1] == "z"
    assert [c.how for c in step.closed].count("cancelled") == cancelled


def test_completed_and_active_counts_are_seen() -> None:
    done = "= numberOfCompletedInstances >= 2 and numberOfActiveInstances = 2"
    data = draw("start s", "user u", many("= [1,2,3,4]", "x", done=done), "s > u")
    definition, step = begin(data)
    step = complete(definition, complete(definition, step, "u"), "u")
    assert step.finished


def test_boundary_events_belong_to_the_whole_multi_instance() -> None:
    data = draw("start s", "user u", many("= [1,2,3]", "x"), "on b u timer:PT1H", "task late", "s > u", "b > late")
    definition, step = begin(data)
    assert len(step.timers) == 1
    step = process.advance(definition, step.state, Fire(step.timers[0].id), now=NOW + timedelta(hours=1))
    assert [c.how for c in step.closed] == ["cancelled"] * 3 and step.finished and "late" in step.trace


def test_rounds_count_entries_into_the_node_not_instances() -> None:
    data = draw(
        "start s",
        "xor m",
        "user u",
        many("= [1,2]", "x"),
        "xor g",
        "end e",
        "s > m > u > g",
        "g > m [again]",
        "g > e *",
    )
    definition, step = begin(data)
    assert [t.round for t in step.open_tasks] == [1, 1]
    step = complete(definition, complete(definition, step, "u"), "u", again=True)
    assert [t.round for t in step.open_tasks] == [2, 2]


def behaviour(kind: str, more: str = "", inside: str = "") -> bytes:
    return draw(
        "start s",
        "task t",
        f' <multiInstanceLoopCharacteristics isSequential="true" behavior="{kind}"{more}>'
        f"<loopCardinality>3</loopCardinality>{inside}</multiInstanceLoopCharacteristics>",
        "on b t signal:S",
        "task seen",
        "task z",
        "s > t > z",
        "b > seen",
    ).replace(b"<process", b'<signalEventDefinition id="sd" signalRef="ref_signal_S"/><process')


COMPLEX = (
    '<complexBehaviorDefinition><condition xsi:type="tFormalExpression">= numberOfCompletedInstances = 2</condition>'
    '<event id="ie"><signalEventDefinition signalRef="ref_signal_S"/></event></complexBehaviorDefinition>'
)


@pytest.mark.parametrize(
    ("data", "counts"),
    [
        (behaviour("All"), (3, 0, 1)),
        (behaviour("One", ' oneBehaviorEventRef="sd"'), (3, 1, 1)),
        (behaviour("None", ' noneBehaviorEventRef="sd"'), (3, 3, 1)),
        (behaviour("Complex", "", COMPLEX), (2, 1, 1)),
    ],
)
def test_the_behaviour_says_which_instances_throw_an_event(data: bytes, counts: tuple[int, int, int]) -> None:
    trace: list[Any] = play(data).trace
    assert (trace.count("t"), trace.count("seen"), trace.count("z")) == counts


def test_a_cardinality_that_fails_is_mended_and_the_instances_open() -> None:
    data = draw("start s", "user u", CARDINALITY.format("false", "= most"), "user z", "s > u > z")
    definition, step = begin(data, most="two")
    step = process.advance(definition, step.state, Retry(step.incidents[0].id, {"most": 2}), now=NOW)
    assert [t.instance for t in step.open_tasks] == [1, 2] and not step.incidents


def test_a_loop_that_fails_after_a_turn_goes_on_from_there() -> None:
    # the linter refuses a maximum that is no number; FEEL's null keeps other conditions from failing
    data = draw("start s", "user u", standard(False, "true", "= most"), "user z", "s > u > z")
    definition = load(data, lint=False)
    step = process.start(definition, Start({"most": "two"}), now=NOW)
    step = complete(definition, step, "u")
    step = process.advance(definition, step.state, Retry(step.incidents[0].id, {"most": 2}), now=NOW)
    assert [t.element for t in step.open_tasks] == ["u"]
    assert [t.element for t in complete(definition, step, "u").open_tasks] == ["z"]
