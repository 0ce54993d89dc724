"""What a simple input entry of a decision table accepts, as a set of values.

Most cells are constants, comparisons and intervals. Those become `Points` or `Spans`, which can be indexed, intersected
and searched for gaps. Everything else (`None` here) is left to FEEL.

    >>> shape('"A", "B"')
    Points(kind='string', values=frozenset({...}), negated=False)
    >>> shape("[1..5)").has(Decimal(5))
    False
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

Ordered = Any  # Decimal or date; both ends of a span are of the same kind


@dataclass(frozen=True, slots=True)
class Anything:
    """The entry `-`: every value, null too."""

    kind: str = ""

    def has(self, value: object) -> bool:
        """Whether the entry accepts the value."""
        return True


@dataclass(frozen=True, slots=True)
class Points:
    """Constants of one kind ("string" or "boolean"), or every value of that kind but these."""

    kind: str
    values: frozenset[Any]
    negated: bool = False

    def has(self, value: object) -> bool:
        """Whether the entry accepts a value of its kind."""
        return (value in self.values) != self.negated


@dataclass(frozen=True, slots=True)
class Span:
    """An interval. None for an end = without bound."""

    low: Ordered | None
    low_in: bool
    high: Ordered | None
    high_in: bool

    def has(self, value: Ordered) -> bool:
        """Whether the value lies within."""
        if self.low is not None and (value < self.low or (value == self.low and not self.low_in)):
            return False
        return self.high is None or value < self.high or (value == self.high and self.high_in)


@dataclass(frozen=True, slots=True)
class Spans:
    """A union of intervals of one kind ("number" or "date"), or every value of that kind outside them."""

    kind: str
    spans: tuple[Span, ...]
    negated: bool = False

    def has(self, value: object) -> bool:
        """Whether the entry accepts a value of its kind."""
        return any(span.has(value) for span in self.spans) != self.negated


Shape = Anything | Points | Spans


def kind_of(value: object) -> str:
    """ "number", "string", "boolean", "date", "null", or "" for what only FEEL can test."""
    if value is None:
        return "null"
    kind = _KINDS.get(type(value))
    return kind or ""


_KINDS: dict[type, str] = {Decimal: "number", str: "string", bool: "boolean", date: "date"}

_DATE = r'(?:date\s*\(\s*"(\d{4}-\d\d-\d\d)"\s*\)|@"(\d{4}-\d\d-\d\d)")'
_NUMBER = r"(-?(?:\d{1,17}(?:\.\d{1,17})?|\.\d{1,17}))(?!\w|\.\d)"
_POINT = f"(?:{_NUMBER}|{_DATE})"
_LITERAL = re.compile(rf'\s*(?:"([^"\\\n]*)"|(true|false)\b|{_POINT})\s*')
_COMPARISON = re.compile(rf"\s*(<=|>=|<|>)\s*{_POINT}\s*")
_INTERVAL = re.compile(rf"\s*([\[\](])\s*{_POINT}\s*\.\.\s*{_POINT}\s*([\[\])])\s*")
_NOT = re.compile(r"\s*not\s*\((.*)\)\s*", re.DOTALL)


@lru_cache(maxsize=16384)
def shape(text: str) -> Shape | None:
    """The set of values an input entry accepts, or None when only FEEL can tell."""
    text = text.strip()
    if text in ("", "-"):
        return Anything()
    negated = False
    if whole := _NOT.fullmatch(text):
        text, negated = whole.group(1), True
    kinds: set[str] = set()
    points: set[Any] = set()
    spans: list[Span] = []
    at = 0
    while True:
        if found := _COMPARISON.match(text, at):
            sign = found.group(1)
            value = _ordered(found.groups()[1:4])
            if value is None:
                return None
            kinds.add(_KINDS[type(value)])
            if sign[0] == "<":
                spans.append(Span(None, False, value, sign == "<="))
            else:
                spans.append(Span(value, sign == ">=", None, False))
        elif found := _INTERVAL.match(text, at):
            groups = found.groups()
            low, high = _ordered(groups[1:4]), _ordered(groups[4:7])
            if low is None or high is None or type(low) is not type(high) or low > high:
                return None
            kinds.add(_KINDS[type(low)])
            spans.append(Span(low, groups[0] == "[", high, groups[7] == "]"))
        elif found := _LITERAL.match(text, at):
            string, boolean, *rest = found.groups()
            if string is not None:
                kinds.add("string")
                points.add(string)
            elif boolean is not None:
                kinds.add("boolean")
                points.add(boolean == "true")
            else:
                value = _ordered(rest)
                if value is None:
                    return None
                kinds.add(_KINDS[type(value)])
                spans.append(Span(value, True, value, True))
        else:
            return None
        at = found.end()
        if at == len(text):
            break
        if text[at] != ",":
            return None
        at += 1
    if len(kinds) != 1:
        return None
    kind = kinds.pop()
    if kind in ("string", "boolean"):
        return Points(kind, frozenset(points), negated)
    return Spans(kind, tuple(spans), negated)


def constant(text: str) -> Any:
    """The value of a text that is one number, string or truth value and nothing else; None otherwise."""
    found = _LITERAL.fullmatch(text)
    if found is None:
        return None
    string, boolean, number, *_ = found.groups()
    if string is not None:
        return string
    if boolean is not None:
        return boolean == "true"
    return Decimal(number) if number is not None else None


def _ordered(groups: Iterable[str | None]) -> Ordered | None:
    number, called, at = groups
    if number is not None:
        return Decimal(number)
    try:
        return date.fromisoformat(called or at or "")
    except ValueError:
        return None


# ---------------------------------------------------------------- regions: a column cut where its entries differ


@dataclass(frozen=True, slots=True)
class Region:
    """Values no entry of the column tells apart, by one of them."""

    kind: str
    example: Any
    between: bool = False  # nothing but fractions between two neighbouring whole numbers


def cuts(shapes: Iterable[Shape | None], kind: str) -> list[Any]:
    """The bounds of the intervals of a kind, in order, each once."""
    bounds: set[Any] = set()
    for one in shapes:
        if isinstance(one, Spans) and one.kind == kind:
            for span in one.spans:
                bounds.update(bound for bound in (span.low, span.high) if bound is not None)
    return sorted(bounds)


def constants(shapes: Iterable[Shape | None], kind: str) -> list[Any]:
    """The constants of a kind, in order, each once."""
    found: set[Any] = set()
    for one in shapes:
        if isinstance(one, Points) and one.kind == kind:
            found |= one.values
    return sorted(found)


def regions(shapes: list[Shape | None], kinds: Iterable[str]) -> list[Region]:
    """Every region of the kinds: the bounds, what lies between them, the constants and one value that is none of
    them."""
    found: list[Region] = []
    for kind in kinds:
        if kind in ("number", "date"):
            bounds = cuts(shapes, kind)
            if not bounds:
                found.append(Region(kind, Decimal(0) if kind == "number" else date(2026, 1, 1)))
                continue
            whole = kind == "number" and all(bound == int(bound) for bound in bounds)
            found += [Region(kind, example, whole and example != int(example)) for example in _between(bounds, kind)]
        elif kind == "boolean":
            found += [Region(kind, True), Region(kind, False)]
        elif kind == "string":
            known = constants(shapes, kind)
            other = "其他"
            while other in known:
                other += "*"
            found += [Region(kind, value) for value in known] + [Region(kind, other)]
    return found


def _between(bounds: list[Any], kind: str) -> list[Any]:
    step: Any
    found: list[Any] = []
    if kind == "number":
        found.append(_below(bounds[0]))
        for low, high in zip(bounds, bounds[1:], strict=False):
            found += [low, _middle(low, high)]
        return [*found, bounds[-1], _below(bounds[-1], above=True)]
    step = date.resolution
    if bounds[0] > date.min:
        found.append(bounds[0] - step)
    for low, high in zip(bounds, bounds[1:], strict=False):
        found.append(low)
        if high - low > step:
            found.append(low + step)  # between neighbouring days lies nothing
    found.append(bounds[-1])
    if bounds[-1] < date.max:
        found.append(bounds[-1] + step)
    return found


def _below(bound: Decimal, above: bool = False) -> Decimal:
    return bound + 1 if above else bound - 1


def _middle(low: Decimal, high: Decimal) -> Decimal:
    """A short number between two numbers: whole when there is one."""
    whole = Decimal(int(low)) + 1 if low >= 0 else Decimal(int(low))
    for candidate in (whole, whole + 1, whole - 1):
        if low < candidate < high:
            return candidate
    return (low + high) / 2
