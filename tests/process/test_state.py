"""The stored instance gives back what was put in: order, marks that look like ours, decimals, any text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine import process
from engine.process import Signal
from engine.process.machine import state as store

from .drawing import draw
from .playing import NOW, begin, complete, load

TWO = draw("start s", "user u", "user v", "s > u > v")


def stored(value: Any) -> Any:
    """The value after it was brought by a form, written, read, and written again."""
    definition, step = begin(TWO)
    step = complete(definition, step, "u", x=value)
    assert store.dumps(store.loads(definition, step.state)) == step.state
    step = process.advance(definition, step.state, Signal("nobody"), now=NOW)
    return step.variables["x"]


@pytest.mark.parametrize(
    "value",
    [
        {"$d": "5"},
        {"$d": "no"},
        {"$d": 5},
        {"$d": {"$d": "5"}},
        {"$$d": "5"},
        {"$$$d": ["1"]},
        [{"$d": "1"}, {"$$d": "1"}, {"$d": "1", "a": 2}],
        {"$": 1, "$x": {"$d": None}},
        {"deep": [{"$d": Decimal("1.50")}]},
        "half of a pair \ud83d",
    ],
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert stored(value) == value


def test_a_decimal_keeps_its_places() -> None:
    assert str(stored(Decimal("1.50"))) == "1.50"


@pytest.mark.parametrize("keys", ["zeta alpha mid", "b a", "一 三 二", "10 9 8"])
def test_entries_keep_their_order(keys: str) -> None:
    value = {key: {k: 1 for k in reversed(keys.split())} for key in keys.split()}
    back = stored(value)
    assert list(back) == keys.split() and list(back[keys.split()[0]]) == keys.split()[::-1]


def test_a_state_written_with_sorted_keys_is_still_read() -> None:
    definition = load(TWO)
    old = (
        b'{"n":1,"p":"p","r":{"u":1},"s":[["","p","p",null,1,{"x":{"$d":"1.5"}},[],{}]],'
        b'"t":[["t1","u","",32,null,"",0,{"round":1,"task":{"n":1}}]],"v":1}'
    )
    step = complete(definition, process.advance(definition, old, Signal("nobody"), now=NOW), "u")
    assert step.variables == {"x": Decimal("1.5")}
