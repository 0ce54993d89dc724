"""Run a drawing in the world of `yizhan play`, or step by step."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engine import process
from engine.process import Complete, Definition, OpenTask, Result, Start, Step, World

#: Monday 2 March 2026, 09:00 in Shanghai.
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def load(data: bytes, **more: Any) -> Definition:
    return process.load({"test.bpmn": data}, **more)


def play(
    data: bytes,
    *,
    start: list[str] | None = None,
    answers: Any = None,
    max_steps: int = 2000,
    lint: bool = True,
    **input: Any,
) -> Result:
    definition = load(data, await_effects=True, lint=lint)
    world = World(definition, NOW, answers=answers, max_steps=max_steps)
    for id in start or process.to_start(definition):
        world.start(id, input)
    return world.run()


def seen(data: bytes, *words: str, **how: Any) -> list[str]:
    """The trace, only of the elements named (or all without events' noise when none are named)."""
    trace = play(data, **how).trace
    return [e for e in trace if e in words] if words else trace


def begin(data: bytes, **input: Any) -> tuple[Definition, Step]:
    definition = load(data)
    return definition, process.start(definition, Start(input), now=NOW)


def task(step: Step, element: str) -> OpenTask:
    found = [t for t in step.open_tasks if t.element == element]
    assert found, f"{element} is not open: {[t.element for t in step.open_tasks]}"
    return found[0]


def complete(definition: Definition, step: Step, element: str, **variables: Any) -> Step:
    return process.advance(definition, step.state, Complete(task(step, element).id, variables), now=NOW)


def open_now(step: Step) -> list[str]:
    return [t.element for t in step.open_tasks]
