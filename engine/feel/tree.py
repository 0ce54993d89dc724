"""The tree of an expression: what was read, and where.

Every node knows `start` and `end` (characters in the text, from 0; `end` is exclusive). Other rooms may walk the tree
with `walk` to lint; they do not evaluate it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal


@dataclass(slots=True)
class Node:
    """A part of an expression."""

    start: int
    end: int


@dataclass(slots=True)
class Constant(Node):
    """A literal: number, string, true, false or null."""

    value: Decimal | str | bool | None


@dataclass(slots=True)
class At(Node):
    """`@"2026-07-01"`: a date, time, date and time or duration."""

    text: str


@dataclass(slots=True)
class Name(Node):
    """A variable or a built-in, by its name with single spaces."""

    name: str


@dataclass(slots=True)
class Placeholder(Node):
    """`?`: the value a unary test tests."""


@dataclass(slots=True)
class Path(Node):
    """`source.name`."""

    source: Node
    name: str


@dataclass(slots=True)
class Filter(Node):
    """`source[condition]`, by condition or by position from 1 (or -1 from the end)."""

    source: Node
    condition: Node


@dataclass(slots=True)
class Call(Node):
    """`function(a, b)` or `function(name: a)`; `names` is None for positional arguments."""

    function: Node
    arguments: list[Node]
    names: list[str] | None


@dataclass(slots=True)
class Negate(Node):
    """`-operand`."""

    operand: Node


@dataclass(slots=True)
class Binary(Node):
    """`left op right` with op one of + - * / ** = != < <= > >=."""

    op: str
    left: Node
    right: Node


@dataclass(slots=True)
class Logic(Node):
    """`a and b and c`, or the same with `or`."""

    op: str
    terms: list[Node]


@dataclass(slots=True)
class Between(Node):
    """`value between low and high`, both included."""

    value: Node
    low: Node
    high: Node


@dataclass(slots=True)
class In(Node):
    """`value in test` or `value in (test, test)`."""

    value: Node
    tests: list[Node]


@dataclass(slots=True)
class Interval(Node):
    """`[low..high]` with open or closed ends."""

    low: Node
    high: Node
    low_included: bool
    high_included: bool


@dataclass(slots=True)
class Compare(Node):
    """`< 5`: a range in an expression `(< 5)`, or a unary test."""

    op: str
    operand: Node


@dataclass(slots=True)
class ListOf(Node):
    """`[a, b]`."""

    items: list[Node]


@dataclass(slots=True)
class ContextOf(Node):
    """`{a: 1, "b c": a + 1}`; later entries see earlier ones."""

    keys: list[str]
    values: list[Node]


@dataclass(slots=True)
class If(Node):
    """`if condition then yes else no`."""

    condition: Node
    yes: Node
    no: Node


@dataclass(slots=True)
class Iteration(Node):
    """`name in source`, or `name in source..until`."""

    name: str
    source: Node
    until: Node | None


@dataclass(slots=True)
class For(Node):
    """`for a in b, c in d return body`."""

    iterations: list[Iteration]
    body: Node


@dataclass(slots=True)
class Quantified(Node):
    """`some` or `every` a in b satisfies condition."""

    kind: str
    iterations: list[Iteration]
    condition: Node


@dataclass(slots=True)
class TypeName(Node):
    """A type: `number`, `list<string>`, `context<a: number>`, `function<number> -> string`, or one of the model's.

    `of` holds the types inside; `names` the entry names of a context; for a function the last of `of` is the result.
    """

    name: str
    of: list[TypeName]
    names: list[str]


@dataclass(slots=True)
class FunctionOf(Node):
    """`function(a: number, b) body`. An external body is read, and answers null: there is no Java here."""

    names: list[str]
    types: list[TypeName | None]
    body: Node
    external: bool


@dataclass(slots=True)
class InstanceOf(Node):
    """`value instance of type`."""

    value: Node
    type: TypeName


@dataclass(slots=True)
class UnaryTests(Node):
    """The cell of a decision table: `-`, `< 5, [7..9]` or `not(...)`. No tests means `-`: anything."""

    tests: list[Node]
    negated: bool


_PARTS: dict[type[Node], tuple[str, ...]] = {}


def _parts(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes. Asked for every node of every text, so remembered."""
    found = _PARTS.get(kind)
    if found is None:
        plain = ("int", "str", "bool", "list[str]")
        found = _PARTS[kind] = tuple(f.name for f in fields(kind) if f.type not in plain)
    return found


def children(node: Node) -> Iterator[Node]:
    """The nodes right under a node, in the order of the text."""
    for name in _parts(node.__class__):
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif value.__class__ is list:
            for item in value:
                if isinstance(item, Node):
                    yield item


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes under it. Not recursive, so depth does not matter."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        under = list(children(node))
        if under:
            waiting.extend(reversed(under))
