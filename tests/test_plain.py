"""Values as JSON, in one place."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.plain import dumps, plain


def test_a_number_keeps_its_value_or_its_digits():
    assert dumps([Decimal("3"), Decimal("3.00"), Decimal("0.1")]) == "[3,3,0.1]"
    assert dumps(Decimal("0.1000000000000000055511151231257827")) == '"0.1000000000000000055511151231257827"'


def test_days_moments_and_sets_are_what_a_reader_expects_deep_inside_too():
    value = {"on": date(2026, 9, 18), "at": datetime(2026, 9, 18, 1, tzinfo=UTC), "of": (Decimal("1.5"), {"a"})}
    assert plain(value) == {"on": "2026-09-18", "at": "2026-09-18T01:00:00+00:00", "of": [1.5, ["a"]]}
    assert dumps({"b": 1, "a": 2}, sort=True) == '{"a":2,"b":1}'


def test_an_object_that_is_no_value_is_refused():
    for one in (object(), b"bytes"):
        with pytest.raises(TypeError):
            plain(one)
        with pytest.raises(TypeError):
            dumps([one])
