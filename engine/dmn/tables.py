"""Decision tables: which rules match, and what follows from the hit policy (OMG DMN 1.5, chapter 8).

Matching is by index. For every input column the index knows, for any value, the set of rules whose entry accepts it, as
the bits of one integer: a lookup for constants, a bisection for intervals. The rules that match are the intersection
over the columns. Entries that only FEEL can test are asked last, and only for the rules still in the race.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.dmn import cells
from engine.feel import values as feel_values

#: Tests the value of an input column in a scope: True, False or None (null).
CellTest = Callable[[Any, Mapping[str, Any], Any], bool | None]

#: Rules indexed together: a column's table grows with their square.
PART = 2000


def bits(mask: int) -> Iterator[int]:
    """The positions of the bits that are set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass(slots=True)
class _Ordered:
    """Rules by value for an ordered kind: `at[i]` for the bound i itself, `before[i]` for what lies just below it."""

    bounds: list[Any]
    at: list[int]
    before: list[int]  # one more than bounds: the last is what lies above all

    def rules(self, value: Any) -> int:
        i = bisect_left(self.bounds, value)
        if i < len(self.bounds) and self.bounds[i] == value:
            return self.at[i]
        return self.before[i]


class Column:
    """The index of one input column."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.shapes = [cells.shape(text) for text in texts]
        self.anything = 0  # rules with "-"
        self.by_feel = 0  # rules only FEEL can test
        self.simple = 0  # the rest
        self.negated = 0
        self.of_kind: dict[str, int] = {}  # rules whose entry is a set of values of the kind
        self.points: dict[str, dict[Any, int]] = {"string": {}, "boolean": {}}
        self.others: dict[str, int] = {"string": 0, "boolean": 0}  # negated entries, before exceptions
        excepted: dict[str, dict[Any, int]] = {"string": {}, "boolean": {}}
        for number, one in enumerate(self.shapes):
            bit = 1 << number
            if one is None:
                self.by_feel |= bit
                continue
            if isinstance(one, cells.Anything):
                self.anything |= bit
                continue
            self.simple |= bit
            self.of_kind[one.kind] = self.of_kind.get(one.kind, 0) | bit
            if one.negated:
                self.negated |= bit
            if isinstance(one, cells.Points):
                table = excepted if one.negated else self.points
                if one.negated:
                    self.others[one.kind] |= bit
                for value in one.values:
                    table[one.kind][value] = table[one.kind].get(value, 0) | bit
        for kind, exceptions in excepted.items():
            known = self.points[kind]
            for value in known.keys() | exceptions.keys():
                known[value] = known.get(value, 0) | (self.others[kind] & ~exceptions.get(value, 0))
        self.ordered = {kind: self._order(kind) for kind in ("number", "date")}

    def _order(self, kind: str) -> _Ordered:
        mine = [(i, s) for i, s in enumerate(self.shapes) if isinstance(s, cells.Spans) and s.kind == kind]
        bounds = cells.cuts(self.shapes, kind)
        places = {bound: i for i, bound in enumerate(bounds)}
        # Places along the line: 2i + 1 is bound i itself, 2i is what lies just below it.
        changes = [0] * (2 * len(bounds) + 2)
        for number, one in mine:
            bit = 1 << number
            covered: list[tuple[int, int]] = []
            for span in one.spans:
                first = 0 if span.low is None else 2 * places[span.low] + (1 if span.low_in else 2)
                last = 2 * len(bounds) if span.high is None else 2 * places[span.high] + (1 if span.high_in else 0)
                if first <= last:
                    covered.append((first, last))
            for first, last in _merged(covered):
                changes[first] ^= bit
                changes[last + 1] ^= bit
        at: list[int] = []
        before: list[int] = []
        outside = sum(1 << number for number, one in mine if one.negated)
        now = 0
        for place in range(2 * len(bounds) + 1):
            now ^= changes[place]
            (at if place % 2 else before).append(now ^ outside)
        return _Ordered(bounds, at, before)

    def rules(self, value: Any) -> tuple[int, int]:
        """Rules whose entry accepts the value for certain, and rules FEEL must be asked about."""
        kind = cells.kind_of(value)
        if kind == "null":
            # A constant or an interval never accepts null; a negation may, and `true` is for FEEL to tell.
            return self.anything, self.by_feel | self.negated | self.of_kind.get("boolean", 0)
        if kind in self.points:
            sure = self.points[kind].get(value)
            if sure is None:
                sure = self.others[kind]
        elif kind in self.ordered:
            sure = self.ordered[kind].rules(value)
        else:
            return self.anything, self.by_feel | self.simple
        # An entry of another kind never accepts the value; negations and truth values are FEEL's to tell.
        strange = (self.negated | self.of_kind.get("boolean", 0)) & ~self.of_kind.get(kind, 0)
        return self.anything | sure, self.by_feel | strange


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


class Index:
    """The index of a table: its columns, for every PART rules. `tests(rule, column)` gives FEEL's test of one entry."""

    def __init__(self, entries: Sequence[Sequence[str]], columns: int, tests: Callable[[int, int], CellTest]) -> None:
        self.count = len(entries)
        self.tests = tests
        self.parts = [
            (start, (1 << len(part)) - 1, [Column([rule[i] for rule in part]) for i in range(columns)])
            for start in range(0, len(entries), PART)
            for part in (entries[start : start + PART],)
        ]

    def by_feel(self) -> Iterator[tuple[int, int]]:
        """The entries, by rule and column, that only FEEL can test."""
        for start, _, columns in self.parts:
            for number, column in enumerate(columns):
                for rule in bits(column.by_feel):
                    yield start + rule, number

    def matching(self, values: Sequence[Any], scope: Mapping[str, Any], env: Any, *, first: bool = False) -> list[int]:
        """Rules (from 0) that match, ascending; only the first when that is all that is asked."""
        found: list[int] = []
        for start, candidates, columns in self.parts:
            asked: list[tuple[int, int]] = []
            for number, (column, value) in enumerate(zip(columns, values, strict=True)):
                sure, maybe = column.rules(value)
                candidates &= sure | maybe
                if not candidates:
                    break
                if maybe & candidates:
                    asked.append((number, maybe))
            for place in bits(candidates):
                bit, rule = 1 << place, start + place
                if all(
                    self.tests(rule, number)(values[number], scope, env) is True
                    for number, maybe in asked
                    if maybe & bit
                ):
                    found.append(rule)
                    if first:
                        return found
        return found

    def linear(self, values: Sequence[Any], scope: Mapping[str, Any], env: Any, *, first: bool = False) -> list[int]:
        """The same answer with every entry of every rule tested by FEEL: what the index is measured against."""
        found: list[int] = []
        for rule in range(self.count):
            if all(self.tests(rule, number)(value, scope, env) is True for number, value in enumerate(values)):
                found.append(rule)
                if first:
                    break
        return found


# ---------------------------------------------------------------- hit policies


class NoSingleAnswer(Exception):
    """Expected the matching rules to agree with the hit policy, but they do not."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def unique(rules: Sequence[int]) -> None:
    """U: at most one rule matches."""
    if len(rules) > 1:
        names = "、".join(str(rule + 1) for rule in rules[:10])
        raise NoSingleAnswer(
            f"命中策略为唯一（U），但规则 {names} 同时命中，结果为空。请让规则互不重叠。",
            f"Expected one rule to match (U), but rules {names} do: the result is null. Make the rules exclusive.",
        )


def ranks(outputs: Sequence[Any], priorities: Sequence[Sequence[Any]]) -> tuple[int, ...]:
    """Where the outputs of a rule stand in the orders of allowed values: lower is more important."""
    found: list[int] = []
    for value, order in zip(outputs, priorities, strict=True):
        if not order:
            continue
        try:
            found.append(order.index(value))
        except ValueError:
            found.append(len(order))
    return tuple(found)


def aggregate(how: str, values: Sequence[Any]) -> Any:
    """C+ C< C> over values; null when they cannot be added or compared."""
    if not values:
        return None
    if how == "SUM":
        if not all(isinstance(value, Decimal) for value in values):
            return None
        total = Decimal(0)
        for value in values:
            total = feel_values.NUMBERS.add(total, value)
        return total if total.is_finite() else None
    best = values[0]
    for value in values[1:]:
        order = feel_values.order(value, best)
        if order is None:
            return None
        if (order < 0) == (how == "MIN") and order:
            best = value
    return best if feel_values.order(best, best) is not None else None
