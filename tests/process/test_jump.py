"""自由跳转: a supervisor sends a case on from another place."""

from __future__ import annotations

import pytest

from engine import process
from engine.errors import NotFound, NotNow
from engine.process import Definition, Jump, Step

from .drawing import draw
from .playing import NOW, begin, complete, open_now, task


def jumped(definition: Definition, step: Step, here: str, to: str, **variables: object) -> Step:
    return process.advance(definition, step.state, Jump(task(step, here).id, to, variables), now=NOW)


CASE = draw(
    "start s",
    "user a",
    "and f",
    "user b",
    "user c",
    "and j",
    "user d",
    "sub h {",
    "start i",
    "user e",
    "i > e",
    "}",
    "on l a timer:PT1H",
    "task late",
    "end z",
    "s > a > f",
    "f > b > j",
    "f > c > j",
    "j > d > h > z",
    "l > late > z",
)


def test_it_skips_what_lies_between_and_says_so() -> None:
    definition, step = begin(CASE)
    id = task(step, "a").id
    step = jumped(definition, step, "a", "d", why="领导批示")
    assert open_now(step) == ["d"] and step.variables == {"why": "领导批示"}
    assert [(c.id, c.how, c.reason) for c in step.closed] == [(id, "jumped", "d")]
    assert not step.timers and step.timers_cleared


def test_out_of_a_branch_the_other_branches_end() -> None:
    definition, step = begin(CASE)
    step = complete(definition, step, "a")
    step = complete(definition, step, "b")  # waits at the join
    step = jumped(definition, step, "c", "d")
    assert open_now(step) == ["d"]
    step = complete(definition, step, "d")
    assert complete(definition, step, "e").finished


def test_back_to_before_the_fork_all_run_again() -> None:
    definition, step = begin(CASE)
    step = jumped(definition, complete(definition, step, "a"), "b", "f")
    assert open_now(step) == ["b", "c"]


def test_into_a_branch_is_refused_for_the_join_would_wait_for_ever() -> None:
    definition, step = begin(CASE)
    with pytest.raises(NotNow) as refused:
        jumped(definition, step, "a", "b")
    assert "j" in refused.value.en


def test_out_of_a_sub_process_but_not_into_one() -> None:
    definition, step = begin(CASE)
    inside = jumped(definition, step, "a", "h")
    assert open_now(inside) == ["e"]
    assert open_now(jumped(definition, inside, "e", "d")) == ["d"]
    with pytest.raises(NotFound):
        jumped(definition, step, "a", "e")
    with pytest.raises(NotFound):
        jumped(definition, step, "a", "nowhere")


def test_an_event_that_only_happens_cannot_be_entered() -> None:
    definition, step = begin(CASE)
    for element in ("s", "l"):
        with pytest.raises(NotNow):
            jumped(definition, step, "a", element)
    assert jumped(definition, step, "a", "z").finished


def test_resubmitting_straight_to_the_one_who_returned_it() -> None:
    definition, step = begin(draw("start s", "user a", "user b", "user c", "s > a > b > c"))
    step = complete(definition, complete(definition, step, "a"), "b")
    step = process.advance(definition, step.state, process.Return(task(step, "c").id, "a"), now=NOW)
    step = jumped(definition, step, "a", "c", fixed=True)
    assert open_now(step) == ["c"] and task(step, "c").round == 2
