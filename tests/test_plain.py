"""Values as JSON, in one place."""

import ast
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import BaseModel

from engine.plain import dumps, plain
from tests.cast import ROOT


def test_a_number_keeps_its_value_or_its_digits():
    assert dumps([Decimal("3"), Decimal("3.00"), Decimal("0.1")]) == "[3,3,0.1]"
    assert dumps(Decimal("0.1000000000000000055511151231257827")) == '"0.1000000000000000055511151231257827"'


def test_days_moments_and_sets_are_what_a_reader_expects_deep_inside_too():
    value = {"on": date(2026, 9, 18), "at": datetime(2026, 9, 18, 1, tzinfo=UTC), "of": (Decimal("1.5"), {"a"})}
    assert plain(value) == {"on": "2026-09-18", "at": "2026-09-18T01:00:00+00:00", "of": [1.5, ["a"]]}
    assert dumps({"b": 1, "a": 2}, sort=True) == '{"a":2,"b":1}'


def test_what_says_itself_as_json_is_what_it_says_deep_inside_too():
    class Shape(BaseModel):
        on: date

    assert plain([Shape(on=date(2026, 9, 18))]) == [{"on": "2026-09-18"}]


def test_there_is_one_plain():
    """Whoever turns values into JSON does it here: another of that name would do it otherwise."""
    own = {
        f"{path.relative_to(ROOT)}:{node.name}"
        for room in ("engine", "web")
        for path in (ROOT / room).rglob("*.py")
        if "node_modules" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name in ("plain", "_plain")
    }
    assert own == {"engine/plain.py:plain", "engine/feel/table.py:_plain", "engine/dmn/boxed.py:_plain"}, (
        "those two tell whether a call and a box are plain ones"
    )


def test_an_object_that_is_no_value_is_refused():
    for one in (object(), b"bytes"):
        with pytest.raises(TypeError):
            plain(one)
        with pytest.raises(TypeError):
            dumps([one])
