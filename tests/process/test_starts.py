"""How processes begin from outside, in the world of `yizhan play`."""

from __future__ import annotations

import pytest

from engine import process
from engine.errors import NotFound
from engine.process import Start, World, start_triggers

from .drawing import definitions, draw
from .drawing import process as pool
from .playing import NOW, load, open_now, play

SENDER = pool("start s", "task t", "end e message:hello", "s > t > e", id="a")


def test_triggers_say_what_starts_which_process() -> None:
    data = definitions(
        SENDER,
        pool("start m message:hello", "task x", "m > x", id="b"),
        pool("start w timer:PT1H", "task y", "w > y", id="c"),
        pool("start q signal:S + message:hello &", "task z", "q > z", id="d"),
    )
    found = [(t.process_id, t.element, t.kind, t.name, t.needs_all) for t in start_triggers(load(data))]
    assert found == [
        ("b", "m", "message", "hello", 1),
        ("c", "w", "timer", "", 1),
        ("d", "q", "signal", "S", 2),
        ("d", "q", "message", "hello", 2),
    ]


def test_a_message_end_event_starts_the_process_that_waits_for_it_with_what_it_carries() -> None:
    data = definitions(SENDER, pool("start m message:hello", "task x", "m > x", id="b"))
    assert play(data, start=["a"]).trace == ["s", "t", "e", "m", "x"]


def test_a_parallel_multiple_start_event_needs_all_its_triggers() -> None:
    waiting = pool("start q signal:S + message:hello &", "task z", "q > z", id="d")
    assert "z" not in play(definitions(SENDER, waiting), start=["a"]).trace
    both = pool("start s2", "throw u signal:S", "s2 > u", id="b")
    assert play(definitions(SENDER, both, waiting), start=["a", "b"]).trace.count("z") == 1


def test_a_multiple_start_event_needs_one() -> None:
    waiting = pool("start q signal:S + message:hello", "task z", "q > z", id="d")
    assert play(definitions(SENDER, waiting), start=["a"]).trace.count("z") == 1


def test_a_condition_starts_a_process_when_it_holds() -> None:
    data = draw("start c condition:= n > 1", "task x", "c > x")
    assert play(data, n=2).trace == ["c", "x"]
    assert play(data, n=1).trace == []


@pytest.mark.parametrize(("kind", "done"), [("Exclusive", ["hi_x"]), ("Parallel", ["hi_x", "by_y"])])
def test_an_instantiating_event_gateway_starts_with_the_first_message(kind: str, done: list[str]) -> None:
    lines = [
        f'event g instantiate="true" eventGatewayType="{kind}"',
        "receive hi hello",
        "receive by bye",
        "task hi_x",
        "task by_y",
        "g > hi > hi_x",
        "g > by > by_y",
    ]
    sender = pool(
        "start s", "throw t message:hello", "catch w timer:PT1H", "throw u message:bye", "s > t > w > u", id="a"
    )
    result = play(
        definitions(
            sender,
            pool(*lines, id="b"),
        ),
        start=["a"],
    )
    assert [e for e in result.trace if e in ("hi_x", "by_y")][: len(done)] == done


def test_a_cycle_starts_a_process_so_many_times() -> None:
    result = play(draw("start c cycle:R3/PT1H", "task x", "c > x"))
    assert result.trace == ["c", "x"] * 3 and result.now.isoformat() == "2026-03-02T04:00:00+00:00"


def test_a_start_event_may_be_named() -> None:
    data = draw("start s", "start m message:hello", "user a", "user b", "s > a", "m > b")
    definition = load(data)
    assert open_now(process.start(definition, Start(), now=NOW)) == ["a"]
    assert open_now(process.start(definition, Start(element="m"), now=NOW)) == ["b"]
    with pytest.raises(NotFound):
        process.start(definition, Start(element="nobody"), now=NOW)
    with pytest.raises(NotFound):
        process.start(definition, Start(process_id="nobody"), now=NOW)


def test_of_several_processes_the_caller_says_which() -> None:
    data = definitions(pool("start s", "task x", "s > x", id="a"), pool("start t", "task y", "t > y", id="b"))
    with pytest.raises(NotFound):
        process.start(load(data), Start(), now=NOW)
    assert play(data).trace == ["s", "x", "t", "y"], "trying a file starts all its pools"


def test_a_message_nobody_waits_for_yet_is_kept() -> None:
    data = definitions(
        pool("start s", "throw t message:hello", "s > t", id="a"),
        pool("start s2", "catch w timer:PT1H", "catch c message:hello", "task got", "s2 > w > c > got", id="b"),
    )
    assert "got" in play(data).trace


def test_variables_given_at_the_start_reach_a_process_started_by_a_message() -> None:
    data = definitions(SENDER, pool("start m message:hello", "script x = n + 1 -> r", "m > x", id="b"))
    world = World(load(data, await_effects=True), NOW)
    world.start("a", {"n": 1})
    assert world.run().variables["r"] == 2


def test_an_answer_may_be_the_message_that_starts_a_process() -> None:
    data = draw("start m message:hello", "script x = n + k -> r", "m > x")
    assert play(data, n=1, answers={"m": {"$message": {"k": 4}}}).variables["r"] == 5
    assert play(data, n=1).status == "waiting"
