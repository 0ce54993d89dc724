"""What holds of every structured diagram: it finishes, runs what it should, and the same input gives the same bytes."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import process
from engine.errors import NotNow
from engine.process import (
    Answer,
    Complete,
    Definition,
    Deliver,
    Fire,
    Reopen,
    Retry,
    Return,
    Signal,
    Start,
    Step,
    Throw,
    returnable,
)

from .drawing import draw
from .playing import NOW, load
from .wild import wild

SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)

#: ("user",) | ("task",) | ("seq", a, b) | ("xor"|"and"|"or", a, b) | ("loop", a) | ("sub", a) | ("timer",)
Tree = tuple[Any, ...]
LEAF = st.sampled_from([("user",), ("task",), ("user",), ("timer",)])
TREES = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.tuples(st.just("seq"), inner, inner),
        st.tuples(st.sampled_from(["xor", "and", "or"]), inner, inner),
        st.tuples(st.sampled_from(["loop", "sub"]), inner),
    ),
    max_leaves=9,
)


@dataclass
class Drawn:
    """A tree as lines for draw(), with how often each leaf runs."""

    lines: list[str] = field(default_factory=list)
    runs: Counter[str] = field(default_factory=Counter)
    count: int = 0

    def id(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def part(self, tree: Tree, times: int, lines: list[str]) -> tuple[str, str]:
        """Adds the part; its first and last node."""
        match tree:
            case ("seq", a, b):
                first, middle = self.part(a, times, lines)
                second, last = self.part(b, times, lines)
                lines.append(f"{middle} > {second}")
                return first, last
            case ("xor" | "and" | "or" as kind, a, b):
                split, join = self.id("split"), self.id("join")
                lines += [f"{kind} {split}", f"{kind} {join}"]
                taken = (times, 0) if kind == "xor" else (times, times)
                for branch, share in zip((a, b), taken, strict=True):
                    first, last = self.part(branch, share, lines)
                    condition = "" if kind == "and" else f" [{'yes' if share else 'no'}]"
                    lines += [f"{split} > {first}{condition}", f"{last} > {join}"]
                return split, join
            case ("loop", a):
                # twice round: a counter of its own
                n, merge, count, again = self.id("n"), self.id("merge"), self.id("count"), self.id("again")
                zero = self.id("zero")
                lines += [
                    f"script {zero} = 0 -> {n}",
                    f"xor {merge}",
                    f"script {count} = {n} + 1 -> {n}",
                    f"xor {again}",
                ]
                first, last = self.part(a, times * 2, lines)
                out = self.id("out")
                lines += [
                    f"{zero} > {merge} > {first}",
                    f"{last} > {count} > {again}",
                    f"task {out}",
                    f"{again} > {merge} [{n} < 2]",
                    f"{again} > {out} *",
                ]
                return zero, out
            case ("sub", a):
                sub, start, inner = self.id("sub"), self.id("start"), list[str]()
                first, _ = self.part(a, times, inner)
                lines += [f"sub {sub} {{", f"start {start}", *inner, f"{start} > {first}", "}"]
                return sub, sub
        leaf = self.id(tree[0])
        lines.append(f"catch {leaf} timer:PT1H" if tree[0] == "timer" else f"{tree[0]} {leaf}")
        if times:
            self.runs[leaf] += times
        return leaf, leaf


def drawn(tree: Tree) -> tuple[bytes, Counter[str]]:
    drawing = Drawn()
    lines = ["start s", "end e"]
    first, last = drawing.part(tree, 1, lines)
    return draw(*lines, f"s > {first}", f"{last} > e"), drawing.runs


def run(definition: Definition, order: Random, *, through: bool = False) -> tuple[Counter[str], list[bytes]]:
    """Complete everything in a random order; what ran, and every state on the way."""
    step = process.start(definition, Start({"yes": True, "no": False, "price": 1}), now=NOW)
    ran, states = Counter(step.trace), [step.state]
    for turn in range(1000):
        moves: list[Any] = [Complete(t.id, {"v": turn}) for t in step.open_tasks]
        moves += [Fire(t.id) for t in step.timers]
        if not moves:
            break
        state = step.state
        if through:  # as a database may give it back: keys in another order, other white space
            state = json.dumps(json.loads(state), indent=1, sort_keys=False).encode()
        step = process.advance(definition, state, order.choice(moves), now=NOW)
        ran.update(step.trace)
        states.append(step.state)
    assert step.finished and not step.incidents and not step.timers
    return ran, states


@SETTINGS
@given(TREES, st.integers(0, 10_000))
def test_every_structured_diagram_finishes_and_each_part_runs_as_often_as_it_should(tree: Tree, seed: int) -> None:
    data, runs = drawn(tree)
    ran, _ = run(load(data, lint=False), Random(seed))
    assert {e: n for e, n in ran.items() if e.startswith(("user", "task", "timer"))} == runs
    assert ran["e"] == 1


@SETTINGS
@given(TREES, st.integers(0, 10_000))
def test_the_same_input_gives_the_same_bytes_also_through_another_json_writer(tree: Tree, seed: int) -> None:
    data, _ = drawn(tree)
    first = run(load(data, lint=False), Random(seed))[1]
    assert first == run(load(data, lint=False), Random(seed))[1]
    assert first == run(load(data, lint=False), Random(seed), through=True)[1]


@SETTINGS
@given(TREES, st.integers(0, 10_000))
def test_whatever_is_sent_back_can_still_be_finished(tree: Tree, seed: int) -> None:
    data, runs = drawn(tree)
    definition, order = load(data, lint=False), Random(seed)
    step = process.start(definition, Start({"yes": True, "no": False}), now=NOW)
    ended = Counter(step.trace)
    sent = 0
    for _ in range(400):
        if step.finished:
            break
        step, back = _move(definition, step, order, allowed=sent < 5)
        sent += back
        ended.update(step.trace)
    assert step.finished and ended["e"] == 1, "one token left the diagram, no more and no fewer"
    if "loop" not in str(tree):  # a loop's counter does not run backwards
        assert all(ended[element] >= times for element, times in runs.items())


def _move(definition: Definition, step: Step, order: Random, *, allowed: bool) -> tuple[Step, bool]:
    if step.open_tasks and allowed and order.random() < 0.4:
        here = order.choice(step.open_tasks)
        targets = returnable(definition, step.state, here.id)
        if targets:
            to = order.choice(targets)[0]
            step = process.advance(definition, step.state, Return(here.id, to), now=NOW)
            return step, True
    moves: list[Any] = [Complete(t.id) for t in step.open_tasks] + [Fire(t.id) for t in step.timers]
    return process.advance(definition, step.state, order.choice(moves), now=NOW), False


@settings(SETTINGS, max_examples=40)
@given(st.integers(0, 1_000_000))
def test_no_drawing_crashes_the_engine_whatever_is_done_to_it(seed: int) -> None:
    dice = Random(seed)
    definition = load(wild(seed), await_effects=True, lint=False)
    step = process.start(definition, Start({"n": 0}), now=NOW, limit=300)
    for _ in range(15):
        moves = _anything(definition, step, dice)
        if step.finished or not moves:
            break
        with suppress(NotNow):
            step = process.advance(definition, step.state, dice.choice(moves), now=NOW, limit=300)
        assert {t.id for t in step.open_tasks}.isdisjoint(c.id for c in step.closed)
        state = json.loads(step.state)
        assert step.finished is (not state["t"]), "finished means that no token is left"
        assert not step.finished or (len(state["s"]) == 1 and "w" not in state), "and nothing that waits"


def _anything(definition: Definition, step: Step, dice: Random) -> list[Any]:
    moves: list[Any] = [Complete(t.id, {"n": dice.randint(0, 5)}) for t in step.open_tasks[:9]]
    moves += [Throw(t.id, "E") for t in step.open_tasks[:1]]
    moves += [Fire(t.id) for t in step.timers]
    moves += [Deliver(s.name, s.key) for s in step.subscriptions if s.kind == "message"]
    moves += [Signal("S")] + [Answer(id) for id, _ in step.awaited]
    moves += [Retry(i.id) for i in step.incidents[:1]]
    few = step.open_tasks[:3]
    moves += [Return(t.id, to) for t in few for to, _ in returnable(definition, step.state, t.id)]
    return moves + [Reopen(c.id) for c in step.closed if c.how == "completed"]
