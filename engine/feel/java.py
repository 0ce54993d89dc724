"""External functions of kind Java, answered without Java (DMN 1.5, 10.3.2.13.3).

There is no Java here, and nothing outside this table is ever called. What decision models in fact ask of Java are the
pure functions of java.lang.Math and a few of java.lang.String; these are the ones below. All others answer null.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from engine.feel.values import NUMBERS, Value, kind_of, text_of

if TYPE_CHECKING:
    from engine.feel.runtime import Run

_WHOLE: Final = ("byte", "short", "int", "long", "java.lang.Integer", "java.lang.Long", "java.math.BigInteger")
_REAL: Final = ("float", "double", "java.lang.Float", "java.lang.Double", "java.math.BigDecimal", "java.lang.Number")


def _signum(x: float) -> float:
    return float((x > 0) - (x < 0))


_MATH: Final[dict[str, Callable[..., float]]] = {
    "abs": abs,
    "acos": math.acos,
    "asin": math.asin,
    "atan": math.atan,
    "atan2": math.atan2,
    "cbrt": math.cbrt,
    "ceil": math.ceil,
    "cos": math.cos,
    "cosh": math.cosh,
    "exp": math.exp,
    "floor": math.floor,
    "hypot": math.hypot,
    "log": math.log,
    "log10": math.log10,
    "max": max,
    "min": min,
    "pow": math.pow,
    "round": lambda x: math.floor(x + 0.5),
    "signum": _signum,
    "sin": math.sin,
    "sinh": math.sinh,
    "sqrt": math.sqrt,
    "tan": math.tan,
    "tanh": math.tanh,
    "toDegrees": math.degrees,
    "toRadians": math.radians,
}
_ARITY: Final = {"atan2": 2, "hypot": 2, "max": 2, "min": 2, "pow": 2}

_SIGNATURE = re.compile(r"\s*(\w+)\s*\(([^()]*)\)\s*")
_FORMAT = re.compile(r"%(?:(%)|(n)|(,?)(?:\.(\d{1,2}))?([sdf]))")


def _format(pattern: str, values: list[Value]) -> str | None:
    waiting = iter(values)
    fits = True

    def one(match: re.Match[str]) -> str:
        nonlocal fits
        if match[1]:
            return "%"
        if match[2]:
            return "\n"
        value = next(waiting, None)
        if match[5] == "s":
            return text_of(value)
        if not isinstance(value, Decimal) or (match[5] == "d" and value != value.to_integral_value()):
            fits = False
            return ""
        places = 0 if match[5] == "d" else int(match[4] or 6)
        return f"{value:{match[3]}.{places}f}"

    text = _FORMAT.sub(one, pattern)
    return text if fits else None


def call(run: Run, class_name: str, signature: str, arguments: list[Value]) -> Value:
    """The value of a static Java method of the table; null (with a warning) for any other."""
    run.spend(10)
    found = _SIGNATURE.fullmatch(signature)
    if found:
        name = found[1]
        kinds = [kind.strip() for kind in found[2].split(",") if kind.strip()]
        if class_name == "java.lang.Math" and name in _MATH and len(kinds) == len(arguments) == _ARITY.get(name, 1):
            return _math(name, kinds, arguments)
        if class_name == "java.lang.String" and name == "valueOf" and len(kinds) == len(arguments) == 1:
            return None if arguments[0] is None else text_of(arguments[0])
        if class_name == "java.lang.String" and name == "format" and arguments and isinstance(arguments[0], str):
            rest = arguments[1:]
            if len(rest) == 1 and isinstance(rest[0], list):
                rest = rest[0]
            return _format(arguments[0], rest)
        if class_name in ("java.lang.Integer", "java.lang.Long", "java.lang.Double") and len(arguments) == 1:
            return _parsed(class_name, name, arguments[0])
    run.warn(
        "value",
        f"没有外部函数 {class_name}.{signature}；这里不运行 Java。",
        f"There is no external function {class_name}.{signature}; Java is not run.",
    )
    return None


def _math(name: str, kinds: list[str], arguments: list[Value]) -> Value:
    if any(kind not in _WHOLE and kind not in _REAL for kind in kinds):
        return None
    numbers: list[Any] = []
    for kind, value in zip(kinds, arguments, strict=True):
        if kind_of(value) != "number" or value.adjusted() > 300:
            return None
        numbers.append(int(value) if kind in _WHOLE else float(value))
    try:
        result = _MATH[name](*numbers)
    except (ValueError, OverflowError):
        return None
    if isinstance(result, int):
        return Decimal(result)
    return NUMBERS.create_decimal(repr(result)) if math.isfinite(result) else None


def _parsed(class_name: str, name: str, value: Value) -> Value:
    if name not in ("valueOf", "parseInt", "parseLong", "parseDouble"):
        return None
    if isinstance(value, Decimal):
        return value if class_name == "java.lang.Double" else Decimal(int(value)) if value.adjusted() < 19 else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    pattern = r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?" if class_name == "java.lang.Double" else r"[+-]?\d+"
    return NUMBERS.create_decimal(value) if re.fullmatch(pattern, value, re.ASCII) else None
