"""Compensation and transactions (10.5, 10.7, 13.5.5)."""

from __future__ import annotations

from .drawing import draw
from .playing import begin, complete, open_now, play, seen

JUST_BOOK = ("task book", 'task unbook isForCompensation="true"', "on cb book compensate", "undo cb unbook")
JUST_PAY = ("task pay", 'task unpay isForCompensation="true"', "on cp pay compensate", "undo cp unpay")
BOOK = (*JUST_BOOK, *JUST_PAY)


def test_a_compensation_throw_undoes_what_was_done_the_last_first() -> None:
    data = draw("start s", *BOOK, "throw t compensate", "task z", "s > book > pay > t > z")
    assert seen(data) == ["s", "book", "pay", "unpay", "unbook", "t", "z"]


def test_a_compensation_throw_may_name_one_activity_and_undoes_it_once() -> None:
    data = draw("start s", *BOOK, "throw t compensate:book", "throw u compensate", "s > book > pay > t > u")
    assert seen(data) == ["s", "book", "pay", "unbook", "t", "unpay", "u"]


def test_what_was_not_done_is_not_undone() -> None:
    data = draw(
        "start s", *BOOK, "xor g", "end t compensate", "s > g", "g > book [x = 1]", "book > pay > t", "g > pay *"
    )
    assert seen(data) == ["s", "g", "pay", "unpay", "t"]


def test_an_end_event_in_a_sub_process_undoes_only_there() -> None:
    data = draw(
        "start s",
        "task a",
        'task una isForCompensation="true"',
        "on ca a compensate",
        "undo ca una",
        "sub h {",
        "start i",
        *JUST_BOOK,
        "end t compensate",
        "i > book > t",
        "}",
        "s > a > h",
    )
    assert seen(data) == ["s", "a", "i", "book", "unbook", "t", "h"]


def test_a_finished_sub_process_is_undone_from_outside_through_its_activities() -> None:
    data = draw("start s", "sub h {", "start i", *BOOK, "i > book > pay", "}", "throw t compensate", "s > h > t")
    assert seen(data) == ["s", "i", "book", "pay", "h", "unpay", "unbook", "t"]


def test_a_compensation_event_sub_process_decides_how_its_sub_process_is_undone() -> None:
    data = draw(
        "start s",
        "sub h {",
        "start i",
        *BOOK,
        "i > book > pay",
        "eventsub es {",
        "start c compensate",
        "task note",
        "throw rest compensate:book",
        "c > note > rest",
        "}",
        "}",
        "throw t compensate",
        "s > h > t",
    )
    assert seen(data) == ["s", "i", "book", "pay", "h", "c", "note", "unbook", "rest", "es", "t"]


def test_a_user_task_may_undo_and_the_thrower_waits_for_it() -> None:
    data = draw(
        "start s",
        "task a",
        'user una isForCompensation="true"',
        "on ca a compensate",
        "undo ca una",
        "throw t compensate",
        "task z",
        "s > a > t > z",
    )
    definition, step = begin(data)
    assert open_now(step) == ["una"] and "t" not in step.trace
    step = complete(definition, step, "una")
    assert step.trace == ("una", "t", "z") and step.finished


def test_a_cancelled_transaction_undoes_its_work_and_leaves_by_the_cancel_event() -> None:
    data = draw(
        "start s",
        "transaction h {",
        "start i",
        *BOOK,
        "and f",
        "user w",
        "end x cancel",
        "i > book > pay > f",
        "f > w",
        "f > x",
        "}",
        "on b h cancel",
        "task sorry",
        "task fine",
        "s > h > fine",
        "b > sorry",
    )
    result = play(data, answers={"w": {"$wait": True}})
    assert result.trace == ["s", "i", "book", "pay", "f", "unpay", "unbook", "x", "b", "sorry"]
    assert result.status == "finished"


def test_an_error_in_a_transaction_leaves_without_undoing() -> None:
    data = draw(
        "start s",
        "transaction h {",
        "start i",
        *JUST_BOOK,
        "end x error:E",
        "i > book > x",
        "}",
        "on b h error:E",
        "task caught",
        "s > h",
        "b > caught",
    )
    assert seen(data) == ["s", "i", "book", "x", "b", "caught"]


def test_each_instance_of_a_multi_instance_is_undone() -> None:
    many = (
        ' <multiInstanceLoopCharacteristics isSequential="true"><loopCardinality>3</loopCardinality>'
        "</multiInstanceLoopCharacteristics>"
    )
    data = draw(
        "start s",
        "task a",
        many,
        'task una isForCompensation="true"',
        "on ca a compensate",
        "undo ca una",
        "throw t compensate",
        "s > a > t",
    )
    assert seen(data, "una") == ["una"] * 3


def test_a_throw_that_does_not_wait_goes_on_at_once() -> None:
    data = draw(
        "start s",
        "task a",
        'user una isForCompensation="true"',
        "on ca a compensate",
        "undo ca una",
        "throw t compensate",
        "user z",
        "s > a > t > z",
    )
    data = data.replace(
        b'<intermediateThrowEvent id="t"><compensateEventDefinition/>',
        b'<intermediateThrowEvent id="t"><compensateEventDefinition waitForCompletion="false"/>',
    )
    definition, step = begin(data)
    assert sorted(open_now(step)) == ["una", "z"]
    step = complete(definition, step, "z")
    assert not step.finished, "what is being undone holds the case open"
    assert complete(definition, step, "una").finished
