"""What an evaluation carries with it: the caller's clock and calendar, its budget and its warnings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.feel.errors import FeelError, Warning, limit

#: What one evaluation may spend; a step is about half a microsecond of work.
MAX_STEPS: Final = 80_000
#: Seconds of the processor all patterns of one evaluation may take together. The one limit that is time: a pattern's
#: work cannot be counted from outside. An honest one needs microseconds.
MAX_PATTERN_SECONDS: Final = 0.04
#: Longest string an expression may build.
MAX_STRING: Final = 200_000
#: Warnings kept of one evaluation; a loop could make thousands.
MAX_WARNINGS: Final = 100

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


@dataclass(slots=True)
class Env:
    """What the caller lends to an evaluation. Nothing here is read from the machine: no clock, no settings.

    now: aware datetime (UTC) that `now()` and `today()` answer from; None makes them null.
    zone: the zone `now()` and `today()` are told in.
    calendar: the room `workdays`'s Calendar, for the working-day functions.
    unit: the unit (organisation) the work belongs to, for `unit()`.
    functions: further functions by name; Python callables with positional parameters.
    types: types of a model by name; each says whether a value belongs, for `instance of`.
    warnings: gathers what became null and why.
    steps: the budget of the evaluation.
    """

    now: datetime | None = None
    zone: tzinfo = SHANGHAI
    calendar: object | None = None
    unit: str | None = None
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    types: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict)
    warnings: list[Warning] = field(default_factory=list)
    steps: int = MAX_STEPS


class Run:
    """One evaluation. Counts steps down; at nothing left it stops with FeelError "limit"."""

    __slots__ = ("env", "left", "cache", "pattern_seconds")

    def __init__(self, env: Env) -> None:
        self.env = env
        self.left = env.steps
        self.cache: dict[str, Any] = {}
        self.pattern_seconds = MAX_PATTERN_SECONDS

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise stopped()

    def warn(self, code: str, zh: str, en: str, position: int = 0) -> None:
        """Record why a value is null."""
        if len(self.env.warnings) < MAX_WARNINGS:
            self.env.warnings.append(Warning(code, zh, en, position))


def stopped() -> FeelError:
    """The refusal of an expression that works too long."""
    return limit(
        "表达式计算量太大，已停止。请缩小循环或列表。",
        "The expression does too much work and was stopped. Use smaller loops or lists.",
    )


def too_long(position: int = 0) -> FeelError:
    """The refusal of an expression that builds too long a text."""
    return limit(
        f"表达式生成的文本超过 {MAX_STRING} 个字符，已停止。",
        f"The expression builds a text of more than {MAX_STRING} characters and was stopped.",
        position,
    )
