"""退回 and 撤回, row by row of the table of operations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine import process
from engine.errors import NotNow
from engine.process import Definition, Reopen, Return, Step, returnable

from .drawing import draw, many
from .playing import NOW, begin, complete, open_now, task


def back(definition: Definition, step: Step, here: str, to: str, **variables: object) -> Step:
    return process.advance(definition, step.state, Return(task(step, here).id, to, variables), now=NOW)


def targets(definition: Definition, step: Step, here: str) -> list[str]:
    return [element for element, _ in returnable(definition, step.state, task(step, here).id)]


def done(definition: Definition, step: Step, *elements: str) -> Step:
    for element in elements:
        step = complete(definition, step, element)
    return step


CHAIN = draw("start s", 'user a name="受理"', "user b", "script x = 1 -> x", "user c", "end e", "s > a > b > x > c > e")


def test_a_task_goes_back_to_one_done_before_and_the_way_is_walked_again() -> None:
    definition, step = begin(CHAIN)
    first = task(step, "a").id
    step = done(definition, step, "a", "b")
    assert returnable(definition, step.state, task(step, "c").id) == [("a", "受理"), ("b", "")]
    returned = task(step, "c").id
    step = back(definition, step, "c", "a", reason="材料不全")
    assert open_now(step) == ["a"] and task(step, "a").round == 2 and step.variables["reason"] == "材料不全"
    how = {(c.id, c.how) for c in step.closed}
    assert (returned, "returned") in how and (first, "superseded") in how
    assert targets(definition, step, "a") == []
    step = done(definition, step, "a", "b", "c")
    assert step.finished


def test_a_loop_offers_each_task_of_the_current_round_once() -> None:
    data = draw(
        "start s", "xor m", "user a", "user b", "xor g", "end e", "s > m > a > b > g", "g > m [again]", "g > e *"
    )
    definition, step = begin(data)
    for _ in range(20):
        step = done(definition, step, "a")
        step = complete(definition, step, "b", again=True)
    assert targets(definition, step, "a") == ["b"]
    assert len(step.state) < 900, "the path does not grow with the turns"


FORK = draw(
    "start s",
    "user z",
    "and f",
    "user a",
    "user a2",
    "user b",
    "and j",
    "user after",
    "end e",
    "s > z > f",
    "f > a > a2 > j",
    "f > b > j",
    "j > after > e",
)


def test_in_the_same_branch_only_this_branch_is_rewound() -> None:
    definition, step = begin(FORK)
    step = done(definition, step, "z", "b", "a")  # b waits at the join
    step = back(definition, step, "a2", "a")
    assert open_now(step) == ["a"]
    step = done(definition, step, "a", "a2")
    assert open_now(step) == ["after"], "b was not asked again"


def test_back_before_the_fork_cancels_the_live_branches_and_all_run_again() -> None:
    definition, step = begin(FORK)
    step = done(definition, step, "z", "a")
    b = task(step, "b").id
    step = back(definition, step, "a2", "z")
    assert open_now(step) == ["z"] and (b, "cancelled") in {(c.id, c.how) for c in step.closed}
    step = done(definition, step, "z")
    assert open_now(step) == ["a", "b"]
    step = done(definition, step, "b", "a", "a2", "after")
    assert step.finished


def test_back_before_the_fork_also_takes_back_what_waits_at_the_join() -> None:
    definition, step = begin(FORK)
    step = done(definition, step, "z")
    b = task(step, "b").id
    step = done(definition, step, "b")
    step = back(definition, step, "a", "z")
    assert open_now(step) == ["z"] and (b, "superseded") in {(c.id, c.how) for c in step.closed}
    step = done(definition, step, "z", "a", "a2")
    assert open_now(step) == ["b"], "b must be done again"


def test_a_task_of_another_live_branch_is_refused() -> None:
    definition, step = begin(FORK)
    step = done(definition, step, "z", "a")
    assert targets(definition, step, "b") == ["z"]
    with pytest.raises(NotNow) as refused:
        back(definition, step, "b", "a")
    assert "并行" in refused.value.zh and "branch" in refused.value.en
    with pytest.raises(NotNow):
        back(definition, step, "b", "after")


def test_after_the_join_going_into_a_branch_rewinds_to_the_fork() -> None:
    definition, step = begin(FORK)
    step = done(definition, step, "z", "a", "b", "a2")
    assert targets(definition, step, "after") == ["z", "a", "b", "a2"]
    step = back(definition, step, "after", "a2")
    assert open_now(step) == ["a", "b"]
    step = done(definition, step, "b", "a", "a2", "after")
    assert step.finished


def test_after_an_inclusive_join_the_branches_taken_run_again_whatever_the_conditions_now_say() -> None:
    data = draw(
        "start s",
        "user z",
        "or f",
        "user a",
        "user b",
        "user c",
        "or j",
        "user after",
        "s > z > f",
        "f > a [x > 1]",
        "f > b [x > 2]",
        "f > c [x > 3]",
        "a > j",
        "b > j",
        "c > j",
        "j > after",
    )
    definition, step = begin(data, x=3)
    step = done(definition, step, "z", "a", "b")
    step = back(definition, step, "after", "a", x=9)
    assert open_now(step) == ["a", "b"]
    step = done(definition, step, "a", "b")
    assert open_now(step) == ["after"]


def test_back_out_of_a_joint_signing_cancels_all_its_seats() -> None:
    definition, step = begin(draw("start s", "user a", "user m", many("= [1,2,3]", "seat"), "s > a > m"))
    step = done(definition, step, "a", "m")
    assert targets(definition, step, "m") == ["a"]
    step = back(definition, step, "m", "a")
    assert open_now(step) == ["a"] and sorted(c.how for c in step.closed) == ["cancelled", "returned", "superseded"]
    step = done(definition, step, "a")
    assert len(step.open_tasks) == 3 and {t.round for t in step.open_tasks} == {2}


def test_back_to_a_joint_signing_asks_every_seat_again() -> None:
    definition, step = begin(draw("start s", "user m", many("= [1,2]", "seat"), "user c", "s > m > c"))
    seats = {t.id for t in step.open_tasks}
    step = done(definition, step, "m", "m")
    step = back(definition, step, "c", "m")
    assert open_now(step) == ["m", "m"]
    assert seats == {c.id for c in step.closed if c.how == "superseded"}


SUB = draw(
    "start s",
    "user a",
    "sub h {",
    "start i",
    "user b",
    "user c",
    "i > b > c",
    "}",
    "on t h timer:PT5H",
    "user d",
    "user late",
    "s > a > h > d",
    "t > late",
)


def test_inside_a_sub_process_and_out_of_it() -> None:
    definition, step = begin(SUB)
    step = done(definition, step, "a", "b")
    assert targets(definition, step, "c") == ["a", "b"]
    inside = back(definition, step, "c", "b")
    assert open_now(inside) == ["b"] and len(inside.timers) == 1
    out = back(definition, step, "c", "a")
    assert open_now(out) == ["a"] and not out.timers and out.timers_cleared == (step.timers[0].id,)
    again = done(definition, out, "a", "b", "c")
    assert open_now(again) == ["d"]
    with pytest.raises(NotNow):
        back(definition, again, "d", "b")
    assert targets(definition, again, "d") == ["a"]


def test_boundary_timers_are_armed_anew() -> None:
    data = draw("start s", "user a", "on t a timer:PT1H", "user late", "user b", "s > a > b", "t > late")
    definition, step = begin(data)
    old = step.timers[0].id
    step = back(definition, done(definition, step, "a"), "b", "a")
    assert len(step.timers_set) == 1 and step.timers_set[0].id != old


def test_back_from_beside_a_task_cancels_the_task_too_when_it_goes_before_both() -> None:
    data = draw("start s", "user a", "user b", "on m b message:note !", "user note", "s > a > b", "m > note")
    definition, step = begin(data)
    step = done(definition, step, "a")
    step = process.advance(definition, step.state, process.Deliver("note"), now=NOW)
    assert sorted(open_now(step)) == ["b", "note"]
    step = back(definition, step, "note", "a")
    assert open_now(step) == ["a"]


def test_nothing_leads_back_out_of_an_event_sub_process() -> None:
    data = draw(
        "start s",
        "user a",
        "user b",
        "s > a > b",
        "eventsub es {",
        "start m message:note !",
        "user read",
        "user answer",
        "m > read > answer",
        "}",
    )
    definition, step = begin(data)
    step = process.advance(definition, done(definition, step, "a").state, process.Deliver("note"), now=NOW)
    step = done(definition, step, "read")
    assert targets(definition, step, "answer") == ["read"] and targets(definition, step, "b") == ["a"]
    with pytest.raises(NotNow):
        back(definition, step, "answer", "a")
    step = back(definition, step, "answer", "read")
    assert sorted(open_now(step)) == ["b", "read"]


def test_a_preview_leaves_the_state_as_it_was() -> None:
    definition, step = begin(CHAIN)
    step = done(definition, step, "a", "b")
    kept = bytes(step.state)
    back(definition, step, "c", "a")
    assert step.state == kept and open_now(done(definition, step, "c")) == []


# ---------------------------------------------------------------- 撤回


def reopened(definition: Definition, step: Step, id: str) -> Step:
    return process.advance(definition, step.state, Reopen(id), now=NOW)


def test_a_task_just_completed_opens_again_in_the_same_round() -> None:
    definition, step = begin(CHAIN)
    id = task(step, "a").id
    step = done(definition, step, "a")
    b = task(step, "b").id
    step = reopened(definition, step, id)
    assert open_now(step) == ["a"] and task(step, "a").round == 1 and task(step, "a").id != id
    assert {(c.id, c.how) for c in step.closed} == {(b, "superseded"), (id, "superseded")}
    assert done(definition, step, "a", "b", "c").finished


def test_it_is_refused_once_a_later_task_was_done() -> None:
    definition, step = begin(CHAIN)
    id = task(step, "a").id
    step = done(definition, step, "a", "b")
    with pytest.raises(NotNow) as refused:
        reopened(definition, step, id)
    assert "b" in refused.value.en


def test_what_waited_at_the_join_is_put_back_there() -> None:
    definition, step = begin(FORK)
    step = done(definition, step, "z", "b", "a")
    a2 = task(step, "a2").id
    step = done(definition, step, "a2")
    assert open_now(step) == ["after"]
    step = reopened(definition, step, a2)
    assert open_now(step) == ["a2"]
    step = done(definition, step, "a2")
    assert open_now(step) == ["after"]


def test_a_task_before_a_fork_opens_again_and_all_branches_go() -> None:
    definition, step = begin(FORK)
    z = task(step, "z").id
    step = reopened(definition, done(definition, step, "z"), z)
    assert open_now(step) == ["z"]
    with pytest.raises(NotNow):
        reopened(definition, step, z)


def test_only_ones_own_vote_opens_again_while_the_signing_is_unsettled() -> None:
    definition, step = begin(
        draw("start s", "user m", many("= [1,2,3]", "seat", "votes", "= vote"), "user z", "s > m > z")
    )
    id = step.open_tasks[1].id
    step = process.advance(definition, step.state, process.Complete(id, {"vote": "yes"}), now=NOW)
    step = reopened(definition, step, id)
    assert sorted(t.instance or 0 for t in step.open_tasks) == [1, 2, 3]
    assert [t.variables["seat"] for t in step.open_tasks if t.instance == 2] == [2]
    step = done(definition, step, "m", "m", "m")
    assert open_now(step) == ["z"]


def test_in_a_sequential_signing_the_next_seat_is_put_off() -> None:
    characteristics = many("= [1,2]", "seat", sequential=True)
    definition, step = begin(draw("start s", "user m", characteristics, "user z", "s > m > z"))
    id = step.open_tasks[0].id
    step = reopened(definition, done(definition, step, "m"), id)
    assert [t.instance for t in step.open_tasks] == [1]
    step = done(definition, step, "m")
    assert [t.instance for t in step.open_tasks] == [2]
    assert open_now(done(definition, step, "m")) == ["z"]


@pytest.mark.parametrize("act", [lambda d, s: reopened(d, s, "t1"), lambda d, s: reopened(d, s, "nothing")])
def test_what_was_never_a_task_cannot_be_reopened(act: Callable[[Definition, Step], Step]) -> None:
    definition, step = begin(CHAIN)
    with pytest.raises(NotNow):
        act(definition, step)


def test_a_cancelled_case_is_over() -> None:
    definition, step = begin(FORK)
    step = done(definition, step, "z")
    step = process.advance(definition, step.state, process.Cancel("申请人撤销"), now=NOW)
    assert step.finished and {(c.how, c.reason) for c in step.closed} == {("cancelled", "申请人撤销")}
    with pytest.raises(NotNow):
        process.advance(definition, step.state, process.Cancel(), now=NOW)
