"""The way a token came: user tasks done, forks and joins, kept as a small graph for 退回 and 撤回.

A record is [kind, element, scope, before, extra]. `before` lists the records just before it: one, or for a join one a
branch. A loop does not grow it: coming to the same element again on one path forgets the turn between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

USER, FORK, JOIN = "u", "f", "j"


class Scope(Protocol):
    """The scope a record lies in."""

    id: str


class Path:
    def __init__(self, new_id: Callable[[str], str]) -> None:
        self.new_id = new_id
        self.records: dict[str, list[Any]] = {}

    def before(self, id: str) -> str:
        """One step back on the main way: past a whole fork-and-join block at a join. "" at the beginning."""
        record = self.records.get(id)
        if record is None:
            return ""
        if record[0] == JOIN:
            fork = record[4]
            return fork if fork else ""
        return record[3][0] if record[3] else ""

    def _unlooped(self, at: str, element: str, scope: str) -> str:
        """Where the path stood before the element was last reached, if it was; else `at`."""
        step, seen = at, 0
        while step:
            record = self.records.get(step)
            if record is None:
                return at
            if record[1] == element and record[2] == scope:
                return (
                    record[3][0]
                    if record[3] and record[0] != JOIN
                    else (self.before(step) if record[0] == JOIN else "")
                )
            step = self.before(step)
            seen += 1
        return at

    def user(self, at: str, element: str, scope: Scope, id: str, extra: Any) -> str:
        """A user task was completed."""
        at = self._unlooped(at, element, scope.id)
        self.records[id] = [USER, element, scope.id, [at] if at else [], extra]
        return id

    def fork(self, at: str, element: str, scope: Scope, flows: list[str]) -> str:
        id = self.new_id("p")
        at = self._unlooped(at, element, scope.id)
        self.records[id] = [FORK, element, scope.id, [at] if at else [], flows]
        return id

    def join(self, arrived: list[list[str]], element: str, scope: Scope) -> str:
        """Branches met: `arrived` is [[flow, at], …]."""
        ends = [at for _, at in arrived]
        if len(set(ends)) == 1 and len(ends) == 1:
            return ends[0]
        id = self.new_id("p")
        fork = self.common(ends)
        self.records[id] = [JOIN, element, scope.id, arrived, fork]
        return id

    def parents(self, id: str) -> list[str]:
        record = self.records.get(id)
        if record is None:
            return []
        if record[0] == JOIN:
            return [at for _, at in record[3] if at]
        return list(record[3])

    def ancestors(self, id: str) -> set[str]:
        """Every record on any way to here, itself included."""
        seen: set[str] = set()
        stack = [id] if id else []
        while stack:
            one = stack.pop()
            if one not in seen and one in self.records:
                seen.add(one)
                stack += self.parents(one)
        return seen

    def common(self, ends: Iterable[str]) -> str:
        """The nearest record all the ways have in common: the fork they came from."""
        first, *rest = list(ends)
        others = [self.ancestors(e) for e in set(rest)]
        step = first
        while step and not all(step in o for o in others):
            step = self.before(step)
        return step

    def sweep(self, ends: Iterable[str]) -> None:
        """Forget records no token came by: `ends` is where each token stands."""
        live: set[str] = set()
        stack = list(ends)
        while stack:
            one = stack.pop()
            if one and one not in live and one in self.records:
                live.add(one)
                stack += self.parents(one)
        if len(live) != len(self.records):
            self.records = {k: v for k, v in self.records.items() if k in live}
