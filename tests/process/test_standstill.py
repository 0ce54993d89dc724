"""No case stands still without somebody being told (BPMN 2.0 has no word for it; a clerk needs one)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import process
from engine.process import Cancel, Complete, Definition, Deliver, Fire, Jump, Retry, Return, Signal, Start, Step

from .drawing import draw, ext, many
from .playing import NOW, begin, complete, load, open_now, task

VAIN = "waits-in-vain"


def told(step: Step) -> list[tuple[str, str]]:
    return [(i.element, i.code) for i in step.incidents]


def retry(definition: Definition, step: Step, **variables: object) -> Step:
    return process.advance(definition, step.state, Retry(step.incidents[0].id, variables), now=NOW)


# ---------------------------------------------------------------- joins


BEFORE_A_JOIN = ("start s", "and f", "user a", "xor g", "user b", "end gone", "and j", "user z", "s > f > a > j > z")
HALF = draw(*BEFORE_A_JOIN, "f > g", "g > b [yes]", "g > gone *", "b > j")


def test_a_join_is_told_as_soon_as_it_waits_for_a_branch_that_ended() -> None:
    _, step = begin(HALF, yes=False)
    assert open_now(step) == ["a"] and told(step) == [], "a can still come, and what it lacks is told when it has"
    definition, step = begin(HALF, yes=False)
    step = complete(definition, step, "a")
    assert told(step) == [("j", VAIN)]


def test_a_join_waits_in_peace_while_what_it_lacks_can_come() -> None:
    definition, step = begin(HALF, yes=True)
    assert told(complete(definition, step, "a")) == []


def test_a_retry_goes_on_with_what_has_come() -> None:
    definition, step = begin(HALF, yes=False)
    step = retry(definition, complete(definition, step, "a"))
    assert open_now(step) == ["z"] and told(step) == []
    assert complete(definition, step, "z").finished


def test_the_incident_is_closed_when_the_case_is_sent_back_to_before_the_fork() -> None:
    data = draw(
        "start s",
        "user q",
        "and f",
        "user a",
        "user c",
        "xor g",
        "end gone",
        "and j",
        "user z",
        "s > q > f > a > j > z",
        "f > c > j",
        "f > g",
        "g > j [yes]",
        "g > gone *",
    )
    definition, step = begin(data, yes=False)
    step = complete(definition, complete(definition, step, "q"), "a")
    assert told(step) == [("j", VAIN)] and open_now(step) == ["c"], "c can still come, but never the third"
    step = process.advance(definition, step.state, Return(task(step, "c").id, "q", {"yes": True}), now=NOW)
    assert open_now(step) == ["q"] and told(step) == []
    for element in ("q", "a", "c", "z"):
        step = complete(definition, step, element)
    assert step.finished


def test_cancelling_closes_the_incident() -> None:
    definition, step = begin(HALF, yes=False)
    step = process.advance(definition, complete(definition, step, "a").state, Cancel("x"), now=NOW)
    assert step.finished and told(step) == []


def test_one_fault_is_one_incident_the_joins_behind_it_wait_for_it() -> None:
    data = draw(
        "start s",
        "and f",
        "user a",
        "xor g",
        "end gone",
        "and j",
        "and k",
        "user c",
        "user z",
        "s > f > a > j > k > z",
        "f > g",
        "g > j [yes]",
        "g > gone *",
        "f > c > k",
    )
    definition, step = begin(data, yes=False)
    step = complete(definition, complete(definition, step, "a"), "c")
    assert told(step) == [("j", VAIN)]
    assert open_now(retry(definition, step)) == ["z"]


def test_a_join_in_a_sub_process_is_told_there() -> None:
    data = draw(
        "start s",
        "sub h {",
        "start i",
        "and f",
        "user a",
        "xor g",
        "end gone",
        "and j",
        "task z",
        "i > f > a > j > z",
        "f > g",
        "g > j [yes]",
        "g > gone *",
        "}",
        "user y",
        "s > h > y",
    )
    definition, step = begin(data, yes=False)
    step = complete(definition, step, "a")
    assert told(step) == [("j", VAIN)]
    assert open_now(retry(definition, step)) == ["y"]


def test_what_an_interrupting_boundary_event_took_away_does_not_come() -> None:
    data = draw(
        "start s",
        "and f",
        "user a",
        "user b",
        "on t b timer:PT1H",
        "end late",
        "and j",
        "s > f > a > j",
        "f > b > j",
        "t > late",
    )
    definition, step = begin(data)
    step = complete(definition, step, "a")
    assert told(step) == []
    step = process.advance(definition, step.state, Fire(step.timers[0].id), now=NOW + timedelta(hours=1))
    assert told(step) == [("j", VAIN)]


def test_the_branch_of_a_non_interrupting_event_brings_a_token_too_many() -> None:
    data = draw("start s", "user a", "on m a message:M !", "and j", "user z", "s > a > j > z", "m > j")
    definition, step = begin(data)
    once = process.advance(definition, step.state, Deliver("M"), now=NOW)
    assert told(once) == []
    twice = process.advance(definition, once.state, Deliver("M"), now=NOW)
    done = complete(definition, twice, "a")
    assert open_now(done) == ["z"]
    assert told(done) == [("j", VAIN)], "the second message left a token for which no a will ever come"
    assert told(complete(definition, step, "a")) == [("j", VAIN)], "and without any message the event cannot happen"


def test_inclusive_joins_that_wait_for_each_other_are_told_once() -> None:
    data = draw(
        "start s",
        "and f",
        "user a",
        "user b",
        "or x",
        "or y",
        "task m",
        "task n",
        "xor g",
        "xor h",
        "end e",
        "s > f > a > x > m > g",
        "f > b > y > n > h",
        "g > y [back]",
        "g > e *",
        "h > x [back]",
        "h > e *",
    )
    definition, step = begin(data, back=False)
    step = complete(definition, complete(definition, step, "a"), "b")
    assert len(told(step)) == 1 and told(step)[0][0] in ("x", "y")
    step = retry(definition, step)
    assert step.finished or told(step) == [("y", VAIN)] or told(step) == [("x", VAIN)]


def test_a_complex_gateway_that_failed_tries_again_when_the_next_token_comes() -> None:
    data = draw(
        "start s",
        "and f",
        "user a",
        "user b",
        "complex c activationCount >= need",
        "user z",
        "s > f > a > c > z",
        "f > b > c",
    )
    definition, step = begin(data, need="two")
    step = complete(definition, step, "a")
    assert told(step) in ([], [("c", "expression")])
    step = complete(definition, step, "b", need=2)
    assert open_now(step) == ["z"] and told(step) == []


# ---------------------------------------------------------------- other waiting


def test_a_task_that_lacks_its_second_token_is_told_and_a_retry_does_it() -> None:
    definition, step = begin(draw("start s", 'user u startQuantity="2"', "s > u"))
    assert told(step) == [("u", VAIN)]
    step = retry(definition, step)
    assert open_now(step) == ["u"] and complete(definition, step, "u").finished


def test_a_condition_that_nobody_can_make_true_is_told_and_a_retry_with_the_variable_cures_it() -> None:
    definition, step = begin(draw("start s", "catch c condition:= ready = true", "s > c"))
    assert told(step) == [("c", VAIN)]
    assert retry(definition, step, ready=True).finished


def test_a_condition_that_a_person_may_still_make_true_waits_in_peace() -> None:
    data = draw("start s", "and f", "user u", "catch c condition:= ready = true", "s > f > u", "f > c")
    definition, step = begin(data)
    assert told(step) == []
    assert told(complete(definition, step, "u")) == [("c", VAIN)]
    assert complete(definition, step, "u", ready=True).finished


def test_a_timer_that_never_fires_is_told() -> None:
    _, step = begin(draw("start s", "catch c cycle:= rhythm", "s > c"), rhythm="R0/PT1H")
    assert step.timers == () and told(step) == [("c", VAIN)]


UNDO = ("user a", 'user una isForCompensation="true"', "on ca a compensate", "undo ca una")


def test_a_jump_out_of_the_undoing_ends_all_that_would_be_undone() -> None:
    data = draw(
        "start s",
        *UNDO,
        "user b",
        'user unb isForCompensation="true"',
        "on cb b compensate",
        "undo cb unb",
        "throw t compensate",
        "user w",
        "s > a > b > t > w",
    )
    definition, step = begin(data)
    step = complete(definition, complete(definition, step, "a"), "b")
    assert open_now(step) == ["unb"]
    step = process.advance(definition, step.state, Jump(task(step, "unb").id, "a"), now=NOW)
    assert open_now(step) == ["a"] and told(step) == []
    for element in ("a", "b"):
        step = complete(definition, step, element)
    assert open_now(step) == ["unb"], "what is done again can be undone again"


def test_a_jump_out_of_an_undoing_sub_process_ends_its_thrower() -> None:
    data = draw(
        "start s",
        "user a",
        'sub una isForCompensation="true" {',
        "start i",
        "user inner",
        "i > inner",
        "}",
        "on ca a compensate",
        "undo ca una",
        "throw t compensate",
        "user w",
        "s > a > t > w",
    )
    definition, step = begin(data)
    step = complete(definition, step, "a")
    step = process.advance(definition, step.state, Jump(task(step, "inner").id, "w"), now=NOW)
    assert open_now(step) == ["w"] and complete(definition, step, "w").finished


def test_sending_back_to_before_the_fork_takes_the_undoing_of_another_branch_along() -> None:
    data = draw(
        "start s",
        "user q",
        "and f",
        *UNDO,
        "throw t compensate",
        "user b",
        "and j",
        "s > q > f > a > t > j",
        "f > b > j",
    )
    definition, step = begin(data)
    step = complete(definition, complete(definition, step, "q"), "a")
    assert sorted(open_now(step)) == ["b", "una"]
    step = process.advance(definition, step.state, Return(task(step, "b").id, "q"), now=NOW)
    assert open_now(step) == ["q"] and ("una", "cancelled") in [(c.element, c.how) for c in step.closed]


def test_a_handler_that_cannot_be_begun_is_told_and_the_retry_undoes() -> None:
    data = draw(
        "start s",
        "sub h {",
        "start i",
        "user a",
        "i > a",
        "eventsub es {",
        "start c compensate",
        "user note",
        "c > note",
        "eventsub inner {",
        "start t timer:= when !",
        "task n",
        "t > n",
        "}",
        "}",
        "}",
        "throw t2 compensate",
        "user z",
        "s > h > t2 > z",
    )
    definition, step = begin(data)
    step = complete(definition, step, "a")
    assert told(step) == [("es", "timer")] and not step.open_tasks
    step = retry(definition, step, when="PT1H")
    assert open_now(step) == ["note"]
    assert open_now(complete(definition, step, "note")) == ["z"]


# ---------------------------------------------------------------- a fault is of one element, and told once


@pytest.mark.parametrize("bad", ["PT", "soon", "P10000Y", "0001-01-01T00:00:00", "2026-01-01@Asia", "R/PT0.5S"])
def test_a_bad_time_of_what_an_answer_sets_off_does_not_refuse_the_answer(bad: str) -> None:
    data = draw(
        "start s",
        "user u",
        "user w",
        "s > u > w",
        "eventsub ev {",
        "start m message:M !",
        "user n",
        "m > n",
        "eventsub ev2 {",
        "start t timer:= bad !",
        "task k",
        "t > k",
        "}",
        "}",
    )
    definition, step = begin(data, bad=bad)
    heard = process.advance(definition, step.state, Deliver("M"), now=NOW)
    assert open_now(heard) == ["u"] and told(heard) == [("ev", "timer")]
    assert open_now(complete(definition, heard, "u")) == ["w"]
    mended = retry(definition, heard, bad="PT1H")
    assert sorted(open_now(mended)) == ["n", "u"] and told(mended) == []


@pytest.mark.parametrize("number", ["²", "--5", "5" * 5000, "", "high"])
def test_a_priority_that_is_no_number_is_the_usual_one(number: str) -> None:
    _, step = begin(draw("start s", "user u", ext('<zeebe:priorityDefinition priority="= n"/>'), "s > u"), n=number)
    assert step.open_tasks[0].priority == 50


def test_a_retry_that_fails_again_is_the_one_incident() -> None:
    definition, step = begin(draw("start s", "catch c timer:= d", "s > c"), d="P10000Y")
    first = step.incidents[0].id
    step = retry(definition, step, d="P20000Y")
    assert told(step) == [("c", "timer")] and step.incidents[0].id != first
    assert len(retry(definition, step, d="PT1H").timers) == 1


def test_a_retry_whose_loop_condition_fails_again_is_an_incident_not_a_refusal() -> None:
    definition, step = begin(draw("start s", "user u", many("= [1, 2]", "x", done="= n > 1 + deep"), "s > u"))
    step = process.advance(definition, step.state, Complete(step.open_tasks[0].id, {"n": "x"}), now=NOW)
    before = told(step)
    if before:
        assert told(retry(definition, step)) == before


def test_an_ad_hoc_condition_that_failed_is_asked_again_with_the_mended_variable() -> None:
    data = draw("start s", "adhoc h {", "user a", "user b", "}", "user z", "s > h > z").replace(
        b"</adHocSubProcess>",
        b'<completionCondition xmlns:x="http://www.w3.org/2001/XMLSchema-instance">= count(for i in 1..n '
        b"return i) &lt; 3"
        b"</completionCondition></adHocSubProcess>",
    )
    definition, step = begin(data, n=99_999_999)
    step = complete(definition, step, "a")
    assert told(step) == [("h", "expression")] and open_now(step) == ["b"]
    cured = retry(definition, step, n=2)
    assert open_now(cured) == ["z"] and told(cured) == []
    later = complete(definition, step, "b", n=2)
    assert open_now(later) == ["z"] and told(later) == []


def test_an_ad_hoc_one_after_the_other_waits_for_all_that_follows_the_first() -> None:
    data = draw(
        "start s",
        'adhoc h ordering="Sequential" {',
        "user a",
        "catch t timer:PT1H",
        "user b",
        "user c",
        "a > t",
        "}",
        "s > h",
    )
    definition, step = begin(data)
    step = complete(definition, step, "a")
    assert open_now(step) == []
    step = process.advance(definition, step.state, Fire(step.timers[0].id), now=NOW + timedelta(hours=1))
    assert open_now(step) == ["b"]
    step = complete(definition, step, "b")
    assert open_now(step) == ["c"] and complete(definition, step, "c").finished


def test_a_signal_that_opens_what_fails_is_still_heard_by_the_others() -> None:
    data = draw(
        "start s",
        "and f",
        "catch one signal:S",
        "catch two signal:S",
        "catch bad timer:= d",
        "user u",
        "s > f > one > bad",
        "f > two > u",
    )
    definition, step = begin(data, d="0001-01-01")
    step = process.advance(definition, step.state, Signal("S"), now=NOW)
    assert open_now(step) == ["u"] and told(step) == [("bad", "timer")]


def test_a_case_that_stands_still_from_its_beginning_is_told() -> None:
    data = draw("start s", "xor g", "task a", "task b", "and j", "s > g", "g > a [x = 1]", "g > b *", "a > j", "b > j")
    step = process.start(load(data), Start({"x": 1}), now=NOW)
    assert told(step) == [("j", VAIN)] and not step.finished
