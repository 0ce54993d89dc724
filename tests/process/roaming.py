"""One case led at random by everything a hall can do to it, with what must hold after every step."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any

from engine import process
from engine.errors import NotFound, NotNow
from engine.process import (
    Answer,
    Complete,
    Definition,
    Deliver,
    Fire,
    Jump,
    Reopen,
    Retry,
    Return,
    Signal,
    Start,
    Step,
    Throw,
    returnable,
)
from engine.process.machine import state as store

from .playing import NOW

LIMIT = 400
LARGE = 60_000  # bytes of state: a loop that forks multiplies its tokens, and each step costs more than the last


class Roamer:
    """Holds what a hall would: the state, the rows of open tasks and of timers."""

    def __init__(self, definition: Definition, seed: int) -> None:
        self.definition = definition
        self.dice = Random(seed)
        self.now: datetime = NOW
        self.rows: set[str] = set()
        self.alarms: set[str] = set()
        self.seen: Counter[str] = Counter()
        self.step = process.start(definition, Start({"n": 0, "m": 1}), now=NOW, limit=LIMIT)
        self.look()

    def roam(self, steps: int) -> int:
        """Up to so many steps; how many were taken."""
        for taken in range(steps):
            moves = self.moves()
            if self.step.finished or not moves or len(self.step.state) > LARGE:
                return taken
            move = self.dice.choice(moves)
            if isinstance(move, Fire):
                self.now = max(self.now, next(t.due for t in self.step.timers if t.id == move.timer_id))
            elif self.dice.random() < 0.1:
                self.now += timedelta(minutes=30)
            try:
                self.step = process.advance(self.definition, self.step.state, move, now=self.now, limit=LIMIT)
            except (NotNow, NotFound):
                assert isinstance(move, (Jump, Return, Reopen, Retry)), f"{move} was offered, and is refused"
                self.seen["refused"] += 1
                continue
            self.seen[type(move).__name__] += 1
            self.look()
        return steps

    def moves(self) -> list[Any]:
        step, dice = self.step, self.dice
        given = {"n": dice.randint(0, 5), "m": dice.randint(0, 3)}
        moves: list[Any] = [Complete(t.id, given) for t in step.open_tasks[:9]] * 3
        moves += [Answer(id, given) for id, _ in step.awaited] * 2
        moves += [Fire(t.id) for t in step.timers]
        moves += [Deliver(s.name, s.key, given) for s in step.subscriptions if s.kind == "message"]
        moves += [Signal(s.name) for s in step.subscriptions if s.kind == "signal"]
        moves += [Retry(i.id, given) for i in step.incidents[:2]]
        few = step.open_tasks[:2]
        moves += [Throw(t.id, "E") for t in few[:1]]
        moves += [Return(t.id, to) for t in few for to, _ in returnable(self.definition, step.state, t.id)]
        moves += [Reopen(c.id) for c in step.closed if c.how == "completed"]
        elements = list(self.definition.processes["p"].task_specs)
        return moves + [Jump(t.id, dice.choice(elements)) for t in few if dice.random() < 0.5]

    # -------- what must hold

    def look(self) -> None:
        step = self.step
        told = step.finished or step.open_tasks or step.timers or step.subscriptions or step.awaited or step.incidents
        assert told, "it stands still, and nobody is told"
        self._rows(step)
        self._state(step)

    def _rows(self, step: Step) -> None:
        """Rows kept from what each step says opened and closed are those that are open."""
        self.rows |= {t.id for t in step.opened}
        self.rows -= {c.id for c in step.closed}
        assert self.rows == {t.id for t in step.open_tasks}
        self.alarms |= {t.id for t in step.timers_set}
        self.alarms -= set(step.timers_cleared)
        assert self.alarms == {t.id for t in step.timers}

    def _state(self, step: Step) -> None:
        assert store.dumps(store.loads(self.definition, step.state)) == step.state, "the round trip is exact"
        state = json.loads(step.state)
        tokens = {t[0]: t for t in state["t"]}
        scopes = {s[0]: s for s in state["s"]}
        waits = state.get("w", [])
        assert step.finished is (not tokens), "finished means that no token is left"
        assert {w[0] for w in waits if w[3] == "timer"} == {t.id for t in step.timers}
        assert all(w[4] in tokens or w[5] in scopes for w in waits), "what waits is there"
        assert all(t[2] in scopes and (t[4] is None or t[4] in tokens) for t in tokens.values())
        assert all(s[3] is None or s[3] in tokens for s in scopes.values())
        assert not step.finished or (len(scopes) == 1 and not waits and not step.incidents), "nothing is left over"
        assert set(state.get("x", {})) <= set(tokens), "an incident is of a token that is there"
        assert sorted(state.get("x", {}).values()) == sorted(i.id for i in step.incidents), "and a token has one"
        undoing = {t[0] for t in tokens.values() if t[7] and "undoing" in t[7]}
        assert {t[7]["undo"] for t in tokens.values() if t[7] and "undo" in t[7]} <= undoing, (
            "no handler without its thrower"
        )
