"""Values as JSON: what numbers, days and moments become, and what stands at a dotted path. The one place. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def plain(value: Any) -> Any:
    """A value made of what JSON knows. Tuples and sets are lists; a day or a moment is its ISO text.

    What says itself as JSON (a pydantic model) is what it says. An integral Decimal is an int; another is a float when
    that is the same number, else the text of its digits.

    >>> from datetime import date
    >>> plain({"n": Decimal("2.0"), "p": (Decimal("0.1"), date(2026, 9, 18))})
    {'n': 2, 'p': [0.1, '2026-09-18']}
    >>> plain(Decimal("0.12345678901234567890"))
    '0.12345678901234567890'
    """
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, (str, int, float)) else _other(value)


def dig(data: Any, path: str) -> Any:
    """What stands at a dotted path of nested answers; None when nothing does.

    >>> dig({"applicant": {"name": "苏玉兰"}}, "applicant.name"), dig({}, "applicant.name"), dig({"a": 1}, "")
    ('苏玉兰', None, None)
    """
    value = data
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def dumps(value: Any, *, sort: bool = False) -> str:
    """Compact JSON, the same text for the same value. TypeError for what is no value (an object, bytes)."""
    return (_SORTED if sort else _COMPACT).encode(value)


def _other(value: Any) -> Any:
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"Expected a JSON value, but got {type(value).__name__}")


# json.dumps makes an encoder for each text that it writes.
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_other)
_SORTED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_other, sort_keys=True)


#: The largest whole number that a database of ours can hold as an id.
MOST_ID = 2**63 - 1


def is_id(text: str) -> bool:
    """Whether this is a whole number that may be an id: ASCII digits (² is a digit to Python and no number), no longer
    than the database's.

    >>> is_id("42"), is_id("²"), is_id(str(2**63)), is_id("")
    (True, False, False, False)
    """
    return text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= MOST_ID
