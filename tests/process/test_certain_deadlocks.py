"""A deadlock that check calls an error is one: whatever the data are and whatever happens, the join is never passed."""

from __future__ import annotations

from random import Random

import pytest

from engine import process
from engine.process import World, check

from .blocks import blocks
from .drawing import draw
from .playing import NOW, load, play
from .wild import wild

FORK = ("start s", "and j", "user z", "end e", "j > z > e")
#: Drawings in which the join can be passed, though a path or two look as if it could not.
PASSED = {
    "a loop brings the second token": (
        *FORK,
        "and f",
        "xor g",
        "xor m",
        "user a",
        "s > f > m > g",
        "f > a > m",
        "g > j [n = 1]",
        "g > j *",
    ),
    "an interruption that does not end the task": (*FORK, "user a", "on b a timer:PT1H !", "s > a > j", "b > j"),
    "an inclusive split": (*FORK, "or g", "user a", "user b", "s > g", "g > a [n = 1]", "g > b *", "a > j", "b > j"),
    "a task that is left by two flows": (*FORK, "user a", "user b", "user c", "s > a", "a > b > j", "a > c > j"),
}
#: Those in which it cannot.
NEVER = {
    "an exclusive split": (*FORK, "xor g", "user a", "user b", "s > g", "g > a [n = 1]", "g > b *", "a > j", "b > j"),
    "one that is far before": (
        *FORK,
        *("xor g", "user a", "and h", "user b", "user c", "and k", "s > g", "g > a [n = 1]", "g > h *"),
        *("h > b > k", "h > c > k", "a > j", "k > j"),
    ),
    "an interruption": (*FORK, "user a", "on b a timer:PT1H", "s > a > j", "b > j"),
    "the join itself comes first": (*FORK[:-1], "xor g", "s > j > z > g", "g > e *", "g > j [n = 1]"),
    "a join behind a choice of events": (
        *FORK,
        *("event g", "catch c timer:PT1H", "catch d message:M", "s > g > c > j", "g > d > j"),
    ),
}
TOLD = "deadlock"


def dead(data: bytes, severity: str = "error") -> set[str]:
    return {f.element for f in check({"a.bpmn": data}) if f.rule == TOLD and f.severity == severity}


@pytest.mark.parametrize("what", PASSED)
def test_a_join_that_may_be_passed_is_no_error(what: str) -> None:
    assert dead(draw(*PASSED[what])) == set()


@pytest.mark.parametrize("what", NEVER)
def test_a_join_that_is_never_passed_is_an_error(what: str) -> None:
    data = draw(*NEVER[what])
    assert dead(data) == {"j"}
    assert "z" not in play(data, n=1).trace and "z" not in play(data, n=2).trace


def test_it_is_a_warning_where_something_else_ends_the_wait() -> None:
    """A terminate end on another branch ends the case all the same."""
    split = NEVER["an exclusive split"][1:]
    beside = draw("start s0", "and s", "user w", "end t terminate", "s0 > s > w > t", *split)
    assert dead(beside) == set() and dead(beside, "warning") == {"j"}
    gentle = draw("start s0", "and s", "user w", "end t", "s0 > s > w > t", *split)
    assert dead(gentle) == {"j"}


def test_a_case_of_such_a_drawing_goes_on_and_is_told() -> None:
    """Published before check knew: it must still load."""
    result = play(draw(*NEVER["an exclusive split"]), n=1)
    assert [i.element for i in result.stuck] == ["j"]
    assert [f.severity for f in load(draw(*NEVER["an exclusive split"])).findings if f.rule == TOLD] == ["error"]


@pytest.mark.parametrize("make", [blocks, wild])
def test_in_random_drawings_no_join_said_to_be_dead_is_ever_passed(make) -> None:  # type: ignore[no-untyped-def]
    certain = 0
    for seed in range(500):
        data = make(seed)
        never = dead(data)
        if not never:
            continue
        certain += 1
        try:
            definition = process.load({"a.bpmn": data}, await_effects=True)
        except process.CannotRun:
            continue
        for n in range(3):
            world = World(definition, NOW, max_steps=200)
            for id in process.to_start(definition):
                world.start(id, {"n": n + Random(seed).randint(0, 3), "m": 2})
            assert not never & set(world.run().trace), (make.__name__, seed)
    assert certain > 3
