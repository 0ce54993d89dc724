"""Variables are JSON: a date in them is a text. FEEL that reckons with one as it is gives null, without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.feel import tree
from engine.matters.gate import shapes
from engine.matters.gate.shapes import LEAF, TEMPORAL, Shape

#: What only a day or a moment has.
_PARTS = frozenset({"year", "month", "day", "weekday", "hour", "minute"})
_DURATIONS = frozenset({"duration", "years and months duration"})


def texts(node: tree.Node, scope: Mapping[str, Shape]) -> Iterator[str]:
    """The variables, surely plain values, that the expression takes for a date: by a part (`until.year`), by adding a
    duration, by comparing with a day, by giving it a time of day."""
    loops = (one for one in tree.walk(node) if isinstance(one, tree.For | tree.Quantified))
    bound = {step.name for one in loops for step in one.iterations}

    def surely(one: tree.Node) -> str:
        path = shapes.plain_path(one)
        name = path.split(".")[0]
        if not path or name in bound or name not in scope or shapes.of(one, scope) != LEAF:
            return ""
        return path if shapes.has(scope, path) else ""

    for one in tree.walk(node):
        match one:
            case tree.Path() if one.name in _PARTS:
                found = surely(one.source)
            case tree.Binary(op="+" | "-"):
                found = surely(one.left) if _duration(one.right) else ""
            case tree.Binary(op="<" | "<=" | ">" | ">=" | "=" | "!="):
                found = surely(one.left) if _temporal(one.right) else surely(one.right) if _temporal(one.left) else ""
            case tree.Call(function=tree.Name(name="date and time"), arguments=[day, _]):
                found = surely(day)
            case _:
                continue
        if found:
            yield found


def _temporal(one: tree.Node) -> bool:
    return shapes.of(one, {}) is TEMPORAL


def _duration(one: tree.Node) -> bool:
    return isinstance(one, tree.At) or (
        isinstance(one, tree.Call) and isinstance(one.function, tree.Name) and one.function.name in _DURATIONS
    )


__all__ = ["texts"]
