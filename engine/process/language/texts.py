"""Attribute texts of a drawing: FEEL when they begin with "=", else the plain text itself. The seam to engine.feel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from engine import feel


class Sight(Protocol):
    """Whatever can tell the value of a variable: a token's view of its scopes."""

    def sees(self, name: str) -> bool: ...

    def look(self, name: str) -> Any: ...

    def everything(self) -> dict[str, Any]: ...


class Text:
    """One attribute text, parsed once when the diagram is loaded."""

    __slots__ = ("asks_calendar", "expression", "literal", "names", "text")

    def __init__(self, text: str, *, always_feel: bool = False) -> None:
        self.text = text
        stripped = text.strip()
        self.expression: feel.Expression | None = None
        self.literal: str = stripped
        self.names: tuple[str, ...] = ()
        self.asks_calendar = False  # it counts working days: another calendar may give another value
        if stripped.startswith("="):
            stripped = stripped[1:]
        elif not always_feel:
            return
        self.expression = feel.compile(stripped)
        self.names = tuple(sorted(self.expression.names))
        self.asks_calendar = self.expression.asks_calendar

    def value(self, sight: Sight, env: feel.Env | None) -> Any:
        """The FEEL value, or the literal text."""
        if self.expression is None:
            return self.literal
        return self.expression.evaluate({n: feel.from_json(sight.look(n)) for n in self.names if sight.sees(n)}, env)

    def json(self, sight: Sight, env: feel.Env | None) -> Any:
        """The same as a JSON value, fit to be stored in a variable."""
        return self.literal if self.expression is None else exact(feel.to_json(self.value(sight, env)))

    def remembered(self, sight: Sight, now: datetime) -> dict[str, Any] | None:
        """What to keep of an expression that asks the calendar, to ask it again later; None for every other."""
        if not self.asks_calendar:
            return None
        return {"at": now.isoformat(), "with": {n: sight.look(n) for n in self.names if sight.sees(n)}}

    def holds(self, sight: Sight, env: feel.Env | None) -> bool:
        """True only for FEEL's true: null and anything else count as false (DMN 1.5, 10.3.2.9)."""
        return self.value(sight, env) is True


def exact(value: Any) -> Any:
    """A value as a variable keeps it: numbers stay exact (Decimal), whole ones are int, so that the same number always
    has the same bytes. What leaves the process for a reader is `engine.plain`."""
    if isinstance(value, bool) or value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        if value.is_finite() and value == value.to_integral_value() and value.adjusted() < 30:
            return int(value)
        return value
    if isinstance(value, Mapping):
        return {str(k): exact(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [exact(v) for v in value]
    raise TypeError(f"Expected a JSON value, but got {type(value).__name__}")


def text(raw: str | None, *, always_feel: bool = False) -> Text | None:
    """The text as a Text; None stays None, and so does an empty one."""
    return Text(raw, always_feel=always_feel) if raw is not None and raw.strip() not in ("", "=") else None
