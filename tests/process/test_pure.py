"""Pure: no clock, no chance, no code from a diagram."""

from __future__ import annotations

import random
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine import feel, process
from engine.errors import NotNow
from engine.process import CannotRun, Complete, Fire, Start

from .drawing import draw, ext, many
from .playing import NOW, begin, load

DATA = draw(
    "start s",
    "and f",
    "user a",
    many("= [1,2]", "x"),
    "service w",
    "catch t timer:PT1H",
    "and j",
    "sub h {",
    "start i",
    "user b",
    "i > b",
    "}",
    "s > f",
    "f > a > j",
    "f > w > t > j",
    "j > h",
)


def everything() -> list[process.Step]:
    definition = load(DATA, lint=False)
    steps = [process.start(definition, Start({"n": 1}), now=NOW)]
    while not steps[-1].finished:
        last = steps[-1]
        move: Any = Fire(last.timers[0].id) if last.timers else Complete(last.open_tasks[0].id, {"n": len(steps)})
        steps.append(process.advance(definition, last.state, move, now=NOW))
    return steps


def test_nothing_reads_the_clock_or_draws_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything()

    def no(*_: object, **__: object) -> None:
        raise AssertionError("asked the machine")

    for module, name in (
        (time, "time"),
        (time, "monotonic"),
        (uuid, "uuid4"),
        (random, "random"),
        (random, "getrandbits"),
    ):
        monkeypatch.setattr(module, name, no)
    assert everything() == before


def test_now_is_the_callers_and_must_have_a_zone() -> None:
    definition = load(draw("start s", "catch t timer:PT1H", "s > t"))
    long_ago = datetime(1999, 1, 1, tzinfo=UTC)
    step = process.start(definition, Start(), now=long_ago)
    assert step.timers[0].due == long_ago + timedelta(hours=1)
    with pytest.raises(ValueError, match="time zone"):
        process.start(definition, Start(), now=datetime(2026, 3, 2))


def test_a_step_refused_changes_nothing() -> None:
    definition, step = begin(draw("start s", "user u", "user v", "s > u > v"))
    kept = step.state
    with pytest.raises(NotNow):
        process.advance(definition, step.state, Complete("t99"), now=NOW)
    assert step.state == kept


@pytest.mark.parametrize(
    "code",
    [
        '__import__("os").system("true")',
        "().__class__.__base__.__subclasses__()",
        'open("/etc/passwd").read()',
        "x := 1",
    ],
)
def test_python_in_a_diagram_is_never_run(code: str) -> None:
    for said in ("= " + code, code):
        escaped = said.replace('"', "&quot;")
        data = draw("start s", "script t = 1 -> r", "s > t").replace(b"= 1", escaped.encode())
        try:
            step = process.start(load(data, lint=False), Start(), now=NOW)
        except CannotRun:
            continue
        assert step.incidents or step.variables["r"] is None


def test_what_a_form_brings_is_a_value_never_an_expression() -> None:
    definition, step = begin(draw("start s", "user u", "script t = said -> copy", "s > u > t"))
    step = process.advance(definition, step.state, Complete(step.open_tasks[0].id, {"said": "= 1 + 1"}), now=NOW)
    assert step.variables["copy"] == "= 1 + 1"


def test_a_value_that_looks_like_our_own_mark_comes_back_as_a_value() -> None:
    definition, step = begin(draw("start s", "user u", "user v", "s > u > v"))
    step = process.advance(definition, step.state, Complete(step.open_tasks[0].id, {"x": {"$d": "no"}}), now=NOW)
    step = process.advance(definition, step.state, process.Signal("S"), now=NOW)
    assert step.variables == {"x": {"$d": "no"}}


def test_the_environment_of_expressions_is_the_callers() -> None:
    env = feel.Env(now=NOW, functions={})
    due = ext('<zeebe:taskSchedule dueDate="= now() + duration(&quot;PT1H&quot;)"/>')
    definition = load(draw("start s", "user u", due, "s > u"))
    later = NOW + timedelta(days=1)
    step = process.start(definition, Start(), now=later, env=env)
    assert step.open_tasks[0].due == later + timedelta(hours=1), "now of the call, not of the environment"


def test_definitions_of_the_same_bytes_share_their_specs_and_those_of_others_do_not() -> None:
    one, two = load(DATA, lint=False), load(DATA, lint=False, await_effects=True)
    assert one.processes["p"] is two.processes["p"] and one.hash == two.hash
    other = load(DATA + b"\n", lint=False)
    assert other.processes["p"] is not one.processes["p"] and other.hash != one.hash
