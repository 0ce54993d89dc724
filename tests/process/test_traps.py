"""What raw SpiffWorkflow 3.2.0 gets wrong, each beside ours getting it right. When a raw half begins to fail, it was
mended."""

from __future__ import annotations

import re
import time

from lxml import etree
from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs.defaults import UserTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine import process
from engine.process import Deliver, Start

from .drawing import draw, ext
from .playing import NOW, begin, load, play, seen


class Raw:
    """SpiffWorkflow as it comes, on the same drawing, with FEEL texts put into Python."""

    def __init__(self, data: bytes) -> None:
        text = re.sub(
            r'<zeebe:script expression="= ([^"]*)" resultVariable="(\w+)"/></extensionElements>',
            r"</extensionElements><script>\2 = \1</script>",
            data.decode(),
        )
        text = re.sub(r"<extensionElements>.*?</extensionElements>", "", text)
        text = re.sub(r"(<conditionExpression[^>]*>)= ", r"\1", text)
        text = re.sub(r"(<timeDuration[^>]*>)([^<]*)", r"\1'\2'", text)
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.fromstring(text.encode()))
        self.workflow = BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"))

    def run(self) -> list[str]:
        """Run all but user tasks; the ids completed."""
        for _ in range(10_000):
            self.workflow.do_engine_steps()
            ready = [t for t in self.workflow.get_tasks(state=TaskState.READY) if not isinstance(t.task_spec, UserTask)]
            if not ready:
                break
            ready[0].run()
        return [t.task_spec.bpmn_id for t in self.workflow.get_tasks(state=TaskState.COMPLETED) if t.task_spec.bpmn_id]


def raw(data: bytes) -> list[str] | str:
    """What raw SpiffWorkflow makes of a drawing: the ids completed, or the name of its exception."""
    try:
        return Raw(data).run()
    except RecursionError:
        return "RecursionError"
    except Exception as error:
        return "RecursionError" if "RecursionError" in str(error) else type(error).__name__


def test_link_events_lose_the_token() -> None:
    data = draw("start s", "task a", "throw t link:L", "catch c link:L", "task b", "end e", "s > a > t", "c > b > e")
    assert raw(data) == ["s", "a", "t"]
    assert seen(data) == ["s", "a", "t", "c", "b", "e"]


def test_signal_end_events_throw_nothing() -> None:
    data = draw(
        "start s",
        "and f",
        "catch c signal:S",
        "task heard",
        "task t",
        "end e signal:S",
        "end e2",
        "s > f",
        "f > c > heard > e2",
        "f > t > e",
    )
    assert raw(data) == ["s", "f", "t", "e"]
    assert {"heard", "e2"} <= set(seen(data))


def test_compensation_is_refused_or_does_nothing() -> None:
    data = draw(
        "start s",
        "task a",
        'task una isForCompensation="true"',
        "on ca a compensate",
        "undo ca una",
        "throw t compensate",
        "end e",
        "s > a > t > e",
    )
    assert raw(data) == "ValidationException"
    assert seen(data) == ["s", "a", "una", "t", "e"]


def test_sequence_flows_without_an_id_are_dropped() -> None:
    data = re.sub(rb'<sequenceFlow id="[^"]*"', b"<sequenceFlow", draw("start s", "task a", "end e", "s > a > e"))
    assert raw(data) == ["s"]
    assert seen(data) == ["s", "a", "e"]


def test_ids_that_spiffworkflow_uses_itself_collide() -> None:
    data = draw("start s", "task Root", "task End", "end e", "s > Root > End > e")
    assert raw(data) == ["s", "Root"]
    assert seen(data) == ["s", "Root", "End", "e"]
    data = draw("start Start", "task a", "end End", "Start > a > End")
    assert raw(data) == "WorkflowException"
    assert seen(data) == ["Start", "a", "End"]


def test_tasks_predicted_double_with_every_parallel_pair() -> None:
    def pairs(n: int) -> bytes:
        lines, path = ["start s", "user first", "end e"], "first"
        for i in range(n):
            lines += [
                f"and f{i}",
                f"task a{i}",
                f"task b{i}",
                f"and j{i}",
                f"{path} > f{i}",
                f"f{i} > a{i} > j{i}",
                f"f{i} > b{i} > j{i}",
            ]
            path = f"j{i}"
        return draw(*lines, "s > first", f"{path} > e")

    raws = [len(Raw(pairs(n)).workflow.get_tasks()) for n in (4, 6)]
    assert raws[1] > 3 * raws[0]
    ours = {len(begin(pairs(n))[1].state) for n in (4, 6, 20)}
    assert len(ours) == 1, "what lies ahead is no part of the state"


def test_a_long_chain_recurses() -> None:
    ids = [f"t{i}" for i in range(1000)]
    data = draw("start s", *[f"task {i}" for i in ids], "end e", " > ".join(["s", *ids, "e"]))
    assert raw(data) == "RecursionError"
    assert begin(data)[1].finished


def test_a_long_loop_stops_without_a_word() -> None:
    data = draw(
        "start s",
        "script i = 0 -> n",
        "xor m",
        "script t = n + 1 -> n",
        "xor g",
        "end e",
        "s > i > m > t > g",
        "g > m [n < 510]",
        "g > e *",
    )
    stopped = raw(data)
    assert stopped[0] == "s" and "e" not in stopped
    assert play(data, max_steps=5000).variables == {"n": 510}


def test_a_wide_fork_is_slow() -> None:
    ids = [f"t{i}" for i in range(70)]
    data = draw(
        "start s",
        "and f",
        "and j",
        "end e",
        *[f"task {i}" for i in ids],
        "s > f",
        "j > e",
        *[f"f > {i} > j" for i in ids],
    )
    theirs = Raw(data)
    at = time.process_time()
    theirs.run()
    slow = time.process_time() - at
    definition = load(data)
    at = time.process_time()
    assert process.start(definition, Start(), now=NOW).finished
    assert time.process_time() - at < slow / 3


def test_a_script_error_is_not_caught_by_an_error_event() -> None:
    script = draw("start s", "script t = 1 / 0 -> x", "on b t error:", "task caught", "s > t", "b > caught")
    assert raw(script) == "WorkflowTaskException"
    data = draw(
        "start s",
        "user u",
        ext('<zeebe:taskSchedule dueDate="= word"/>'),
        "on b u error:",
        "task caught",
        "s > u",
        "b > caught",
    )
    assert seen(data, "caught", word="someday") == ["caught"]


def test_an_interrupting_event_sub_process_interrupts_nothing() -> None:
    data = draw(
        "start s",
        "and f",
        "throw t signal:S",
        "user u",
        "end e",
        "end e2",
        "s > f",
        "f > t > e2",
        "f > u > e",
        "eventsub es {",
        "start es_s signal:S",
        "task caught",
        "end es_e",
        "es_s > caught > es_e",
        "}",
    )
    theirs = Raw(data)
    assert "caught" in theirs.run()
    assert [t.task_spec.bpmn_id for t in theirs.workflow.get_tasks(state=TaskState.READY)] == ["u"]
    _, step = begin(data)
    assert "caught" in step.trace and step.finished and not step.open_tasks


def test_a_cached_spec_is_changed_by_a_message_event_sub_process() -> None:
    data = draw(
        "start s",
        "user u",
        "end e",
        "s > u > e",
        "eventsub es {",
        "start m message:note !",
        "task read",
        "end me",
        "m > read > me",
        "}",
    )
    first = Raw(data)
    first.run()
    before = _parts(first.workflow)
    inside = first.workflow.subprocess_specs[first.workflow.spec.start.trigger_specs[0]]
    [event] = [e.event_definition for e in inside.bpmn_start_events]
    first.workflow.catch(BpmnEvent(event, {}))
    first.run()
    fresh = BpmnWorkflow(first.workflow.spec, first.workflow.subprocess_specs)
    fresh.do_engine_steps()
    assert _parts(fresh) != before, "the next instance does not start like the first"
    definition, step = begin(data)
    process.advance(definition, step.state, Deliver("note"), now=NOW)
    assert process.start(definition, Start(), now=NOW).state == step.state


def _parts(workflow: BpmnWorkflow) -> list[tuple[str, int]]:
    return sorted((t.task_spec.name, t.state) for t in workflow.get_tasks())


def test_sequential_multi_instance_with_a_null_item_hangs() -> None:
    loop = (
        ' <multiInstanceLoopCharacteristics isSequential="true"><loopDataInputRef>items</loopDataInputRef>'
        '<inputDataItem id="x" name="x"/></multiInstanceLoopCharacteristics>'
    )
    data = draw("start s", "script i = [None, 2] -> items", "task t", loop, "end e", "s > i > t > e")
    assert raw(data) == ["s", "i"]
    ours = data.replace(b"None", b"null")
    assert seen(ours) == ["s", "i", "t", "t", "e"]


def test_interrupted_inner_paths_run_on() -> None:
    data = draw(
        "start s",
        "sub h {",
        "start i",
        "and f",
        "end x error:E",
        "script one = 1 -> a",
        "script two = 1 -> b",
        "i > f",
        "f > x",
        "f > one > two",
        "}",
        "on b h error:E",
        "task caught",
        "s > h",
        "b > caught",
    )
    assert {"two", "caught"} <= set(raw(data))
    assert "two" not in seen(data) and "caught" in seen(data), "the error ends the sub-process at once"


def test_start_quantity_is_ignored() -> None:
    data = draw(
        "start s",
        "and f",
        "task a",
        "task b",
        'task z startQuantity="2"',
        "end e",
        "s > f",
        "f > a > z",
        "f > b > z",
        "z > e",
    )
    assert raw(data).count("z") == 2
    assert seen(data, "z") == ["z"]


def test_ad_hoc_sub_processes_do_not_load() -> None:
    data = draw("start s", "adhoc h {", "task a", "task b", "}", "end e", "s > h > e")
    assert raw(data) in ("TypeError", "KeyError")
    assert seen(data) == ["s", "a", "b", "h", "e"]


def test_implicit_splits_and_joins_are_refused() -> None:
    data = draw("start s", "task a", "task b", "task c", "end e", "s > a", "a > b > e", "a > c > e")
    assert raw(data) == "ValidationException"
    assert sorted(seen(data)) == ["a", "b", "c", "e", "e", "s"]
