"""What one step of a process costs, beside raw SpiffWorkflow doing the same in the same run.

    figures() -> rows of {name, value, unit, baseline, ratio, target, met}

Ours: bytes of the state in; load, complete one user task, run, bytes of the new state out. The baseline keeps its
workflow in memory with a cached spec: dictionary in (deserialised with the spec at hand), complete, run, dictionary
out.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.helpers.bpmn_converter import BpmnConverter
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.defaults import UserTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState

from engine import process

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FORM = {"name": "陈静", "amount": 1200, "items": ["身份证", "户口簿"], "agreed": True}
ROUNDS = 60


def model(tasks: int) -> bytes:
    """A matter as they are drawn: user tasks in a row, a decision by a gateway after every fifth."""
    nodes, flows, last = ['<startEvent id="begin"/>'], [], "begin"

    def join(source: str, target: str, condition: str = "") -> None:
        inner = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        flows.append(
            f'<sequenceFlow id="f{len(flows)}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'
        )

    for i in range(tasks):
        nodes.append(f'<userTask id="task{i}" name="环节{i}"/>')
        join(last, f"task{i}")
        last = f"task{i}"
        if i % 5 == 4:
            nodes.append(f'<exclusiveGateway id="g{i}" default="f{len(flows) + 2}"/><endEvent id="no{i}"/>')
            join(last, f"g{i}")
            join(f"g{i}", f"no{i}", "amount &lt; 0")
            last = f"g{i}"
    nodes.append('<endEvent id="done"/>')
    join(last, "done")
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="bench" targetNamespace="bench">'
        f'<process id="p" isExecutable="true">{"".join(nodes)}{"".join(flows)}</process></definitions>'
    ).encode()


def _cpu(work: Callable[[], Any]) -> float:
    """CPU milliseconds of one run: the median of many."""
    work()
    times = []
    gc.collect()
    for _ in range(ROUNDS):
        at = time.process_time_ns()
        work()
        times.append(time.process_time_ns() - at)
    return statistics.median(times) / 1e6


def _ours(data: bytes, done: int) -> tuple[Callable[[], Any], int]:
    definition = process.load({"bench.bpmn": data}, lint=False)
    step = process.start(definition, process.Start(FORM), now=NOW)
    for _ in range(done):
        step = process.advance(definition, step.state, process.Complete(step.open_tasks[0].id, FORM), now=NOW)
    state, id = step.state, step.open_tasks[0].id
    return (lambda: process.advance(definition, state, process.Complete(id, FORM), now=NOW)), len(state)


class _CachedSpec(BpmnConverter):  # type: ignore[misc]
    """Stores a spec as its name and gives the live one back: the cache a raw user would keep."""

    live: dict[str, Any] = {}

    def to_dict(self, spec: Any) -> dict[str, Any]:
        self.live[spec.name] = spec
        return {"name": spec.name}

    def from_dict(self, dct: dict[str, Any]) -> Any:
        return self.live[dct["name"]]


def _raw(data: bytes, done: int) -> tuple[Callable[[], Any], float, int]:
    """Raw SpiffWorkflow: (load, complete, run, store), milliseconds to complete and run in memory alone, size of its
    JSON."""
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(data))
    workflow = BpmnWorkflow(parser.get_spec("p"))
    workflow.task_tree.data.update(FORM)

    def complete(one: BpmnWorkflow) -> None:
        task = next(t for t in one.get_tasks(state=TaskState.READY) if isinstance(t.task_spec, UserTask))
        task.data.update(FORM)
        task.run()
        one.do_engine_steps()

    workflow.do_engine_steps()
    for _ in range(done):
        complete(workflow)
    serializer = BpmnWorkflowSerializer(
        BpmnWorkflowSerializer.configure({**SPIFF_CONFIG, BpmnProcessSpec: _CachedSpec})
    )
    text = json.dumps(serializer.to_dict(workflow))

    def whole() -> str:
        one = serializer.from_dict(json.loads(text))
        complete(one)
        return json.dumps(serializer.to_dict(one))

    alone = []
    for _ in range(ROUNDS):
        one = serializer.from_dict(json.loads(text))
        at = time.process_time_ns()
        complete(one)
        alone.append(time.process_time_ns() - at)
    return whole, statistics.median(alone) / 1e6, len(text)


def figures() -> list[dict[str, Any]]:
    """A step on models of 25, 100 and 400 tasks, half of them done."""
    rows: list[dict[str, Any]] = []
    values: dict[int, float] = {}
    for tasks in (25, 100, 400):
        data = model(tasks)
        ours, size = _ours(data, tasks // 2)
        # raw SpiffWorkflow cannot run or store what lies deep in its tree: 400 tasks are ours alone
        whole, alone, their_size = _raw(data, tasks // 2) if tasks <= 100 else (None, 0.0, 0)
        values[tasks] = value = _cpu(ours)
        name = f"one user task of {tasks}: load, complete, run, store"
        target = 1.5 if tasks == 25 else None
        if whole is None:
            rows.append(_row(name, value, "ms", None, None))
            rows.append(_row(f"state of {tasks} tasks, half done", size, "bytes", None, None))
            continue
        rows.append(_row(name, value, "ms", _cpu(whole), target))
        rows.append(_row(f"the same beside raw that loads and stores nothing ({tasks})", value, "ms", alone, target))
        rows.append(_row(f"state of {tasks} tasks, half done", size, "bytes", their_size, None))
    rows.append(_row("growth of a step from 25 to 400 tasks", values[400], "ms", values[25], 16.0))
    return rows


def _row(name: str, value: float, unit: str, baseline: float | None, target: float | None) -> dict[str, Any]:
    ratio = None if not baseline else round(value / baseline, 3)
    met = None if target is None or ratio is None else ratio <= target
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "baseline": None if baseline is None else round(baseline, 3),
        "ratio": ratio,
        "target": target,
        "met": met,
    }


if __name__ == "__main__":
    for row in figures():
        print(json.dumps(row, ensure_ascii=False))
