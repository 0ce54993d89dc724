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


#: The classes of numbers, with the bits of the whole ones and their own name for reading a text.
_NUMBERS: Final[dict[str, tuple[int, str]]] = {
    "java.lang.Byte": (8, "parseByte"),
    "java.lang.Short": (16, "parseShort"),
    "java.lang.Integer": (32, "parseInt"),
    "java.lang.Long": (64, "parseLong"),
    "java.lang.Float": (0, "parseFloat"),
    "java.lang.Double": (0, "parseDouble"),
}

#: The classes of which the table knows methods.
CLASSES: Final = frozenset(
    ("java.lang.Math", "java.lang.String", "java.lang.Character", "java.lang.Boolean", *_NUMBERS)
)


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
        if (
            class_name == "java.lang.Character"
            and name in ("toString", "valueOf")
            and len(kinds) == len(arguments) == 1
        ):
            return arguments[0] if isinstance(arguments[0], str) and len(arguments[0]) == 1 else None
        if class_name == "java.lang.Boolean" and len(kinds) == len(arguments) == 1:
            return _truth(name, arguments[0])
        if class_name in _NUMBERS and len(kinds) == len(arguments):
            return _number(class_name, name, kinds, arguments)
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


def _truth(name: str, value: Value) -> Value:
    if name == "toString":
        return text_of(value) if isinstance(value, bool) else None
    if name not in ("valueOf", "parseBoolean"):
        return None
    return value.lower() == "true" if isinstance(value, str) else value if isinstance(value, bool) else None


def _number(class_name: str, name: str, kinds: list[str], arguments: list[Value]) -> Value:
    """valueOf, parse…, toString, sum, max and min of a class of numbers."""
    bits, parse = _NUMBERS[class_name]
    if name in ("valueOf", parse) and len(arguments) == 1:
        value = _read(arguments[0], bits)
    elif name == "toString" and len(arguments) == 1:
        value = _read(arguments[0], bits)
        return None if value is None else text_of(value)
    elif name in ("sum", "max", "min") and len(arguments) == 2:
        a, b = _read(arguments[0], bits), _read(arguments[1], bits)
        if a is None or b is None or isinstance(arguments[0], str) or isinstance(arguments[1], str):
            return None
        value = NUMBERS.add(a, b) if name == "sum" else max(a, b) if name == "max" else min(a, b)
    else:
        return None
    if value is None or not bits:
        return value
    return value if -(1 << (bits - 1)) <= value < 1 << (bits - 1) else None


def _read(value: Value, bits: int) -> Decimal | None:
    """A number, or the number a text is; cut to a whole one where bits are given."""
    if isinstance(value, str):
        pattern = r"[+-]?\d+" if bits else r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?"
        if len(value) > 40 or not re.fullmatch(pattern, value, re.ASCII):
            return None
        return NUMBERS.create_decimal(value)
    if not isinstance(value, Decimal) or value.adjusted() > 300:
        return None
    return Decimal(int(value)) if bits else value
