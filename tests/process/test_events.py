"""Events as BPMN 2.0 says (10.5): every trigger in every place it may stand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import process
from engine.errors import NotNow
from engine.process import Deliver, Fire, Signal, Start, Throw

from .drawing import definitions, draw, io
from .drawing import process as pool
from .playing import NOW, begin, complete, load, open_now, play, seen, task

# ---------------------------------------------------------------- boundary events, on tasks, sub-processes,
# transactions

#: What makes each trigger happen inside the host: lines of the sub-process.
INSIDE = {
    "error:E": ["start i", "task w", "end x error:E", "i > w > x"],
    "escalation:E": ["start i", "task w", "throw x escalation:E", "task after", "i > w > x > after"],
    "signal:S": ["start i", "task w", "throw x signal:S", "user after", "i > w > x > after"],
    "timer:PT1H": ["start i", "task w", "user after", "i > w > after"],
    "date:2026-03-02T18:00:00+08:00": ["start i", "task w", "user after", "i > w > after"],
    "condition:= n > 0": ["start i", "task w", "script x = 1 -> n", "user after", "i > w > x > after"],
}


@pytest.mark.parametrize("host", ["sub", "transaction"])
@pytest.mark.parametrize("trigger", list(INSIDE))
def test_an_interrupting_boundary_event_ends_its_host_at_once(trigger: str, host: str) -> None:
    data = draw(
        "start s",
        f"{host} h {{",
        *INSIDE[trigger],
        "}",
        f"on b h {trigger}",
        "task caught",
        "task normal",
        "s > h > normal",
        "b > caught",
    )
    answers = {"after": {"$wait": True}}
    trace = seen(data, "w", "after", "caught", "normal", answers=answers, n=0)
    assert trace == ["w", "caught"]


@pytest.mark.parametrize("host", ["sub", "transaction"])
@pytest.mark.parametrize("trigger", [t for t in INSIDE if not t.startswith("error")])
def test_a_boundary_event_that_does_not_interrupt_goes_on_beside_its_host(trigger: str, host: str) -> None:
    data = draw(
        "start s",
        f"{host} h {{",
        *INSIDE[trigger],
        "}",
        f"on b h {trigger} !",
        "user caught",
        "task normal",
        "s > h > normal",
        "b > caught",
    )
    answers = {"after": [{"$wait": True}]}
    trace = seen(
        data, "w", "after", "caught", "normal", answers={} if "user after" not in INSIDE[trigger] else answers, n=0
    )
    assert trace[:1] == ["w"] and "caught" in trace
    if trigger.startswith("escalation"):
        assert sorted(trace) == ["after", "caught", "normal", "w"]


def test_a_message_boundary_event_on_a_user_task() -> None:
    for mark, after in (("", []), (" !", ["u"])):
        data = draw("start s", "user u", f"on b u message:withdrawn{mark}", "task caught", "s > u", "b > caught")
        definition, step = begin(data)
        step = process.advance(definition, step.state, Deliver("withdrawn"), now=NOW)
        assert "caught" in step.trace and open_now(step) == after
        assert [c.how for c in step.closed] == ([] if mark else ["cancelled"])


def test_an_error_is_caught_by_code_before_one_that_catches_all_and_by_the_inner_before_the_outer() -> None:
    inner = [
        "start i",
        "service w",
        "i > w",
        "on any w error:",
        "task by_all",
        "any > by_all",
        "on this w error:LATE",
        "task by_code",
        "this > by_code",
    ]
    data = draw("start s", "sub h {", *inner, "}", "on out h error:OTHER", "task outer", "s > h", "out > outer")
    words = ("by_all", "by_code", "outer")
    assert seen(data, *words, answers={"w": {"$error": "LATE"}}) == ["by_code"]
    assert seen(data, *words, answers={"w": {"$error": "OTHER"}}) == ["by_all"]


def test_an_error_event_whose_error_has_no_code_catches_all() -> None:
    data = draw("start s", "service w", "on b w error:E", "task caught", "s > w", "b > caught")
    data = data.replace(b' errorCode="E"', b"")
    assert seen(data, "caught", answers={"w": {"$error": "ANY"}}) == ["caught"]


def test_an_error_thrown_in_an_event_sub_process_passes_its_sisters() -> None:
    data = draw(
        "start s",
        "sub h {",
        "start i",
        "end x error:A",
        "i > x",
        "eventsub one {",
        "start one_s error:A",
        "end one_e error:B",
        "one_s > one_e",
        "}",
        "eventsub two {",
        "start two_s error:B",
        "task wrong",
        "two_s > wrong",
        "}",
        "}",
        "on b h error:B",
        "task right",
        "s > h",
        "b > right",
    )
    assert seen(data, "wrong", "right", "one_e") == ["one_e", "right"]


def test_an_error_nobody_catches_is_an_incident_and_can_be_retried() -> None:
    definition, step = begin(draw("start s", "user u", "end e", "s > u > e"))
    step = process.advance(definition, step.state, Throw(task(step, "u").id, "BROKEN", "机器坏了"), now=NOW)
    [incident] = step.incidents
    assert incident.code == "uncaught-error" and "BROKEN" in incident.en and "机器坏了" in incident.zh
    assert not step.open_tasks and not step.finished
    step = process.advance(definition, step.state, process.Retry(incident.id), now=NOW)
    assert open_now(step) == ["u"] and not step.incidents
    assert task(step, "u").round == 1


@pytest.mark.parametrize("trigger", list(INSIDE))
def test_an_interrupting_event_sub_process_ends_what_lies_around_it(trigger: str) -> None:
    inside = INSIDE[trigger]
    data = draw(
        "start s",
        "sub h {",
        *inside,
        "eventsub es {",
        f"start es_start {trigger}",
        "task caught",
        "es_start > caught",
        "}",
        "}",
        "task normal",
        "s > h > normal",
    )
    trace = seen(data, "w", "after", "caught", "normal", answers={"after": {"$wait": True}}, n=0)
    assert trace == ["w", "caught", "normal"]


@pytest.mark.parametrize("trigger", [t for t in INSIDE if not t.startswith("error")])
def test_an_event_sub_process_that_does_not_interrupt_runs_beside(trigger: str) -> None:
    inside = INSIDE[trigger]
    data = draw(
        "start s",
        *[line.replace("start i", "task i") for line in inside],
        "eventsub es {",
        f"start es_start {trigger} !",
        "task caught",
        "es_start > caught",
        "}",
        "s > i",
    )
    result = play(data, n=0, answers={"after": {"$wait": True}})
    assert [e for e in result.trace if e in ("w", "caught")] == ["w", "caught"]
    if "user after" in inside:
        assert [t.element for t in result.open] == ["after"]


def test_a_message_event_sub_process_starts_again_for_each_message() -> None:
    data = draw("start s", "user u", "s > u", "eventsub es {", "start m message:note !", "task read", "m > read", "}")
    definition, step = begin(data)
    for _ in range(2):
        step = process.advance(definition, step.state, Deliver("note", variables={"text": "补"}), now=NOW)
        assert step.trace == ("m", "read", "es") and step.variables == {"text": "补"}
    assert open_now(step) == ["u"]


def test_a_cached_definition_is_not_changed_by_what_its_instances_do() -> None:
    data = draw("start s", "user u", "s > u", "eventsub es {", "start m message:note", "task read", "m > read", "}")
    definition, first = begin(data)
    process.advance(definition, first.state, Deliver("note"), now=NOW)
    second = process.start(definition, Start(), now=NOW)
    assert second.state == first.state and second.trace == first.trace


# ---------------------------------------------------------------- signals, links, terminate, escalation


def test_a_signal_end_event_throws_its_signal() -> None:
    data = draw(
        "start s",
        "and f",
        "catch c signal:S",
        "task heard",
        "task t",
        "end e signal:S",
        "s > f",
        "f > t > e",
        "f > c > heard",
    )
    assert "heard" in seen(data)


def test_a_signal_reaches_every_one_that_waits_in_the_instance() -> None:
    data = draw(
        "start s",
        "and f",
        "catch a signal:S",
        "catch b signal:S",
        "throw t signal:S",
        "s > f",
        "f > t",
        "f > a",
        "f > b",
    )
    assert sorted(seen(data, "a", "b")) == ["a", "b"]


def test_a_signal_from_outside_is_heard_and_one_nobody_hears_changes_nothing() -> None:
    definition, step = begin(draw("start s", "catch c signal:S", "s > c"))
    assert [(s.kind, s.name) for s in step.subscriptions] == [("signal", "S")]
    quiet = process.advance(definition, step.state, Signal("other"), now=NOW)
    assert quiet.state == step.state
    assert process.advance(definition, step.state, Signal("S", {"x": 1}), now=NOW).finished


def test_a_link_goes_on_at_the_catching_link_of_its_name() -> None:
    data = draw("start s", "task a", "throw t link:L", "catch c link:L", "task b", "s > a > t", "c > b")
    result = play(data)
    assert [e for e in result.trace if e in "ab"] == ["a", "b"] and result.status == "finished"


def test_two_links_may_lead_to_one() -> None:
    data = draw(
        "start s",
        "and f",
        "throw t link:L",
        "throw u link:L",
        "catch c link:L",
        "task b",
        "s > f",
        "f > t",
        "f > u",
        "c > b",
    )
    assert seen(data, "b") == ["b", "b"]


def test_terminate_ends_everything_of_its_scope_only() -> None:
    inner = ["start i", "and f", "user w", "end t terminate", "i > f", "f > w", "f > t"]
    data = draw("start s", "sub h {", *inner, "}", "task z", "s > h > z")
    result = play(data, answers={"w": {"$wait": True}})
    assert result.status == "finished" and result.trace == ["s", "i", "f", "t", "h", "z"]
    top = draw("start s", "and f", "user w", "end t terminate", "s > f", "f > w", "f > t")
    assert play(top, answers={"w": {"$wait": True}}).status == "finished"


def test_an_escalation_nobody_catches_is_no_failure() -> None:
    for where in ("end e escalation:E", "throw e escalation:E"):
        result = play(draw("start s", "task a", where, "s > a > e"))
        assert result.status == "finished" and result.trace == ["s", "a", "e"]


def test_an_error_end_event_at_the_top_fails_the_instance() -> None:
    result = play(draw("start s", "task a", "end e error:E", "s > a > e"))
    assert result.status == "failed" and result.incidents[0].code == "uncaught-error"


# ---------------------------------------------------------------- conditional


def test_a_condition_is_asked_when_it_is_reached_and_when_a_variable_changes() -> None:
    data = draw("start s", "and f", "catch c condition:= n > 2", "user u", "task z", "s > f", "f > c > z", "f > u")
    assert "z" in begin(data, n=3)[1].trace
    definition, step = begin(data, n=0)
    assert "c" not in step.trace
    assert "z" in complete(definition, step, "u", n=3).trace


def test_a_condition_that_does_not_interrupt_fires_each_time_it_becomes_true() -> None:
    data = draw(
        "start s",
        "xor m",
        "user u",
        "xor g",
        "on b u condition:= n > 2 !",
        "task z",
        "end e",
        "s > m > u > g",
        "g > m [n < 9]",
        "g > e *",
        "b > z",
        "eventsub es {",
        "start es_s condition:= n > 4 !",
        "task y",
        "es_s > y",
        "}",
    )
    definition, step = begin(data, n=0)
    counts = []
    for n in (5, 1, 5, 5):
        step = complete(definition, step, "u", n=n)
        counts.append((step.trace.count("z"), step.trace.count("y")))
    # z: on re-entry with n = 5 the new visit's boundary event asks anew; y only when it becomes true again
    assert counts == [(1, 1), (0, 0), (1, 1), (1, 0)]


# ---------------------------------------------------------------- messages between pools


def test_a_message_thrown_by_one_pool_reaches_another_that_waits() -> None:
    data = definitions(
        pool("start s", "throw t message:hello", io(inputs={"who": '= "陈"'}), "s > t", id="a"),
        pool("start s2", "catch c message:hello", "task got", "s2 > c > got", id="b"),
    )
    for order in (["a", "b"], ["b", "a"]):
        result = play(data, start=order)
        assert "got" in result.trace and result.status == "finished"
        assert result.variables == {"who": "陈"}


def test_a_message_starts_a_process_by_its_start_event_or_instantiating_receive_task() -> None:
    for starter in ("start r message:hello", 'receive r hello instantiate="true"'):
        data = definitions(
            pool("start s", "throw t message:hello", "s > t", id="a"),
            pool(starter, "task got", "r > got", id="b"),
        )
        result = play(data, start=["a"])
        assert [e for e in result.trace if e in ("t", "r", "got")] == ["t", "r", "got"]


def test_a_keyed_message_reaches_only_the_instance_with_its_key() -> None:
    data = draw("start s", "catch c message:paid_keyed", "s > c")
    definition, step = begin(data, key="A1")
    assert step.subscriptions[0].key == "A1"
    with pytest.raises(NotNow):
        process.advance(definition, step.state, Deliver("paid_keyed", "B2"), now=NOW)
    assert process.advance(definition, step.state, Deliver("paid_keyed", "A1"), now=NOW).finished


def test_a_signal_starts_every_process_it_names() -> None:
    data = definitions(
        pool("start s", "end t signal:S", "s > t", id="a"),
        pool("start b_s signal:S", "task got_b", "b_s > got_b", id="b"),
        pool("start c_s signal:S", "task got_c", "c_s > got_c", id="c"),
    )
    assert seen(data, "got_b", "got_c", start=["a"]) == ["got_b", "got_c"]


# ---------------------------------------------------------------- multiple


def test_a_multiple_event_needs_one_of_its_triggers_a_parallel_multiple_all() -> None:
    for mark, after_one in (("", True), (" &", False)):
        data = draw("start s", f"catch c signal:A + signal:B{mark}", "task z", "s > c > z")
        definition, step = begin(data)
        step = process.advance(definition, step.state, Signal("B"), now=NOW)
        assert step.finished is after_one
        if mark:
            step = process.advance(definition, step.state, Signal("B"), now=NOW)
            assert not step.finished
            assert process.advance(definition, step.state, Signal("A"), now=NOW).finished


def test_a_multiple_throw_event_throws_all_its_triggers() -> None:
    data = draw(
        "start s",
        "and f",
        "catch a signal:A",
        "catch b signal:B",
        "end t signal:A + signal:B",
        "s > f",
        "f > t",
        "f > a",
        "f > b",
    )
    assert play(data).status == "finished"


def test_a_multiple_boundary_event_and_event_sub_process() -> None:
    data = draw("start s", "user u", "on b u signal:A + timer:PT1H", "task caught", "s > u", "b > caught")
    assert seen(data, "caught", answers={"u": {"$wait": True}}) == ["caught"]
    data = draw(
        "start s",
        "user u",
        "s > u",
        "eventsub es {",
        "start m signal:A + timer:PT1H &",
        "task caught",
        "m > caught",
        "}",
    )
    definition, step = begin(data)
    step = process.advance(definition, step.state, Signal("A"), now=NOW)
    assert open_now(step) == ["u"]
    step = process.advance(definition, step.state, Fire(step.timers[0].id), now=NOW + timedelta(hours=1))
    assert step.trace == ("m", "caught", "es") and step.finished


# ---------------------------------------------------------------- starts


def test_a_process_without_a_start_event_begins_wherever_no_flow_leads() -> None:
    assert sorted(seen(draw("task a", "task b", "task c", "a > c"))) == ["a", "b", "c"]


def test_several_none_start_events_each_begin() -> None:
    assert sorted(seen(draw("start s", "start t", "task a", "s > a", "t > a"))) == ["a", "a", "s", "t"]


def test_a_timer_starts_a_process_when_it_is_due() -> None:
    result = play(draw("start s date:2026-03-05T09:00:00+08:00", "task a", "s > a"))
    assert result.trace == ["s", "a"] and result.now.isoformat() == "2026-03-05T01:00:00+00:00"


def test_variables_of_a_message_come_in_through_output_mappings() -> None:
    data = draw("start s", "catch c message:paid", io(outputs={"paid": "= amount * 2"}), "s > c")
    definition = load(data)
    step = process.start(definition, Start(), now=NOW)
    step = process.advance(definition, step.state, Deliver("paid", variables={"amount": 5}), now=NOW)
    assert step.variables == {"paid": 10}
