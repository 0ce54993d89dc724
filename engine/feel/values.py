"""The values of FEEL and what may be done with them: equality, order, text, JSON.

number = Decimal (34 digits), string = str, boolean = bool, null = None, list = list, context = dict, dates and
durations as in `dates`, `Range`, `Function`. Values from outside (int, float, tuple, timedelta, mappings, callables)
come in through `admit`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any, Final

from engine.errors import Refused
from engine.feel import dates
from engine.feel.dates import DaysTimeDuration, WideDate, WideDateTime, WideTime, YearsMonthsDuration
from engine.feel.errors import FeelError, limit

if TYPE_CHECKING:
    from engine.feel.runtime import Run
    from engine.feel.tree import TypeName

#: The arithmetic of FEEL: IEEE 754-2008 decimal128, nothing trapped (what is not finite becomes null).
NUMBERS: Final = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])

Value = Any


@dataclass(frozen=True, slots=True)
class Range:
    """An interval. `op` is the sign of a one-sided range such as `(< 10)`, whose other end does not exist."""

    low: Value
    high: Value
    low_included: bool
    high_included: bool
    op: str | None = None

    def __str__(self) -> str:
        return text_of(self)


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A value that can be called.

    `names` are its parameters; `call` takes the run and the arguments in that order. `optional` counts how many of
    the last parameters may be missing. `types` (when known) are checked by the caller of `call`.
    """

    names: tuple[str, ...]
    call: Callable[[Run, list[Value]], Value]
    types: tuple[TypeName | None, ...] = ()
    result: TypeName | None = None
    optional: int = 0
    label: str = field(default="function")


#: Classes that need no admission.
SCALARS: Final = frozenset(
    (
        Decimal,
        str,
        bool,
        type(None),
        date,
        time,
        datetime,
        DaysTimeDuration,
        YearsMonthsDuration,
        WideDate,
        WideTime,
        WideDateTime,
        Range,
        Function,
    )
)


def admit(value: object, depth: int = 0) -> Value:
    """A value from outside as a FEEL value; the same object when it is one already. What FEEL has no word for is
    null."""
    cls = value.__class__
    if cls in SCALARS:
        if cls is Decimal and not value.is_finite():  # type: ignore[attr-defined]
            return None
        return value
    if cls is int:
        return Decimal(value) if -(10**34) < value < 10**34 else NUMBERS.create_decimal(value)  # type: ignore[operator,arg-type]
    if depth > 100:
        raise limit("输入的数据嵌套太深。", "The data nests too deeply.")
    if isinstance(value, list):
        return _admit_list(value, depth)
    if isinstance(value, dict):
        return _admit_dict(value, depth)
    if isinstance(value, float):
        return NUMBERS.create_decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Decimal):
        return Decimal(value) if value.is_finite() else None
    if isinstance(value, bool | datetime | date | time):
        return value
    if isinstance(value, int):
        return NUMBERS.create_decimal(int(value))
    if isinstance(value, timedelta):
        return DaysTimeDuration((value.days * 86400 + value.seconds) * dates.NANOS + value.microseconds * 1000)
    if isinstance(value, Mapping):
        return {str(key): admit(item, depth + 1) for key, item in value.items()}
    if isinstance(value, tuple | set | frozenset) or (isinstance(value, Sequence) and not isinstance(value, bytes)):
        return [admit(item, depth + 1) for item in value]
    if callable(value):
        return host_function(value)
    return None


def _admit_list(value: list[Any], depth: int) -> list[Value]:
    for i, item in enumerate(value):
        if item.__class__ in SCALARS and item.__class__ is not Decimal:
            continue
        new = admit(item, depth + 1)
        if new is not item:
            return value[:i] + [new] + [admit(rest, depth + 1) for rest in value[i + 1 :]]
    return value


def _admit_dict(value: dict[Any, Any], depth: int) -> dict[str, Value]:
    for item in value.values():
        cls = item.__class__
        if cls in SCALARS and cls is not Decimal:
            continue
        if admit(item, depth + 1) is not item:
            return {str(key): admit(rest, depth + 1) for key, rest in value.items()}
    return value


def host_function(python: Callable[..., object], label: str = "function") -> Function:
    """A Python callable as a FEEL function; its parameter names (underscores read as spaces) are the FEEL names."""
    try:
        parameters = list(inspect.signature(python).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = tuple(p.name.replace("_", " ").strip() for p in parameters if p.kind is not p.KEYWORD_ONLY)
    optional = sum(1 for p in parameters if p.default is not p.empty or p.kind is p.VAR_POSITIONAL)

    def call(run: Run, arguments: list[Value]) -> Value:
        try:
            return admit(python(*arguments))
        except (Refused, ArithmeticError, LookupError, TypeError, ValueError) as error:
            if isinstance(error, FeelError):
                raise
            # Wrong data for the host's function is wrong data like any other.
            run.warn("value", f"{label}()：{getattr(error, 'zh', error)}", f"{label}(): {getattr(error, 'en', error)}")
            return None

    return Function(names, call, optional=optional, label=label)


# --- kinds ------------------------------------------------------------------------------------------------------

_KINDS: Final[dict[type, str]] = {
    Decimal: "number",
    str: "string",
    bool: "boolean",
    type(None): "null",
    list: "list",
    dict: "context",
    date: "date",
    WideDate: "date",
    time: "time",
    WideTime: "time",
    datetime: "date and time",
    WideDateTime: "date and time",
    DaysTimeDuration: "days and time duration",
    YearsMonthsDuration: "years and months duration",
    Range: "range",
    Function: "function",
}


def kind_of(value: Value) -> str:
    """The name of the value's type."""
    kind = _KINDS.get(value.__class__)
    if kind is None:
        for cls in value.__class__.__mro__:
            if cls in _KINDS:
                return _KINDS[cls]
        return "unknown"
    return kind


_ZH: Final = {
    "number": "数字",
    "string": "文本",
    "boolean": "布尔值",
    "null": "空值",
    "list": "列表",
    "context": "上下文",
    "date": "日期",
    "time": "时刻",
    "date and time": "日期时间",
    "days and time duration": "天时时长",
    "years and months duration": "年月时长",
    "range": "区间",
    "function": "函数",
}


def kind_zh(kind: str) -> str:
    """The Chinese name of a type."""
    return _ZH.get(kind, kind)


# --- equality and order -----------------------------------------------------------------------------------------


def _whole_seconds(value: Value) -> int:
    shift = dates.offset_seconds(value) or 0
    return int(value.hour * 3600 + value.minute * 60 + value.second) - shift


def equal(a: Value, b: Value, run: Run | None = None) -> bool | None:
    """FEEL's `=`: null between different types, and where a time with a zone meets a local one it is false.

    Fractions of a second do not count between times and date and times (DMN 1.5, 10.3.2.3.4: the value in seconds).
    """
    if a is None or b is None:
        return a is b
    ca = a.__class__
    if ca is b.__class__ and (ca is Decimal or ca is str or ca is bool):
        return bool(a == b)
    kind = kind_of(a)
    if kind != kind_of(b):
        return None
    if kind == "list":
        if run is not None:
            run.spend(2 * len(a) + 3)
        if len(a) != len(b):
            return False
        return all(equal(x, y, run) is True for x, y in zip(a, b, strict=True))
    if kind == "context":
        if run is not None:
            run.spend(2 * len(a) + 3)
        if a.keys() != b.keys():
            return False
        return all(equal(item, b[key], run) is True for key, item in a.items())
    if kind == "time":
        if (a.tzinfo is None) != (b.tzinfo is None):
            return False
        return _whole_seconds(a) == _whole_seconds(b)
    if kind == "date and time":
        if (a.tzinfo is None) != (b.tzinfo is None):
            return False
        return dates.instant(a) // dates.NANOS == dates.instant(b) // dates.NANOS
    if kind == "range":
        return (
            a.op == b.op
            and a.low_included == b.low_included
            and a.high_included == b.high_included
            and equal(a.low, b.low, run) is True
            and equal(a.high, b.high, run) is True
        )
    if kind == "function":
        return a is b
    return bool(a == b)


def order(a: Value, b: Value) -> int | None:
    """-1, 0 or 1; None where the two cannot be ordered (different types, booleans, lists, local against zoned)."""
    kind = kind_of(a)
    if kind != kind_of(b):
        return None
    x: Any
    y: Any
    if kind in ("number", "string"):
        x, y = a, b
    elif kind == "date":
        x, y = dates.day_number(a), dates.day_number(b)
    elif kind == "date and time":
        if (a.tzinfo is None) != (b.tzinfo is None):
            return None
        x, y = dates.instant(a), dates.instant(b)
    elif kind == "time":
        if (a.tzinfo is None) != (b.tzinfo is None):
            return None
        x = dates.of_day(a) - (dates.offset_seconds(a) or 0) * dates.NANOS
        y = dates.of_day(b) - (dates.offset_seconds(b) or 0) * dates.NANOS
    elif kind == "days and time duration":
        x, y = a.nanos, b.nanos
    elif kind == "years and months duration":
        x, y = a.months, b.months
    else:
        return None
    return int(x > y) - int(x < y)


def in_range(value: Value, r: Range) -> bool | None:
    """Whether the value lies in the range; null where they cannot be compared."""
    if r.op is not None:
        if r.op == "=":
            return equal(value, r.low)
        if r.op == "!=":
            same = equal(value, r.low)
            return None if same is None else not same
        c = order(value, r.high if r.op in ("<", "<=") else r.low)
        if c is None:
            return None
        return c < 0 if r.op == "<" else c <= 0 if r.op == "<=" else c > 0 if r.op == ">" else c >= 0
    low, high = order(value, r.low), order(value, r.high)
    if (low is not None and (low < 0 or (low == 0 and not r.low_included))) and high is not None:
        return False
    if (high is not None and (high > 0 or (high == 0 and not r.high_included))) and low is not None:
        return False
    return None if low is None or high is None else True


# --- text -------------------------------------------------------------------------------------------------------


def number_text(value: Decimal) -> str:
    """The number without an exponent."""
    if not value:
        return "0"
    text = format(value, "f")
    return text


def quoted(value: str) -> str:
    """The string as a FEEL literal."""
    out = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'"{out}"'


def text_of(value: Value, run: Run | None = None, inner: bool = False) -> str:
    """What `string()` answers. Inside lists and contexts strings are quoted."""
    cls = value.__class__
    if cls is str:
        if run is not None:
            run.spend(len(value) >> 6)
        return quoted(value) if inner else str(value)
    if cls is Decimal:
        return number_text(value)
    if value is None:
        return "null"
    if cls is bool:
        return "true" if value else "false"
    if isinstance(value, list):
        if run is not None:
            run.spend(3 * len(value) + 3)
        return "[" + ", ".join([text_of(item, run, True) for item in value]) + "]"
    if isinstance(value, dict):
        if run is not None:
            run.spend(4 * len(value) + 3)
        return "{" + ", ".join([f"{_key_text(key)}: {text_of(item, run, True)}" for key, item in value.items()]) + "}"
    if isinstance(value, Range):
        if value.op is not None:
            end = value.high if value.op in ("<", "<=") else value.low
            return f"{value.op} {text_of(end, run, True)}"
        return (
            ("[" if value.low_included else "(")
            + f"{text_of(value.low, run, True)}..{text_of(value.high, run, True)}"
            + ("]" if value.high_included else ")")
        )
    if isinstance(value, Function):
        return f"function({', '.join(value.names)})"
    if dates.is_datetime(value):
        text = dates.datetime_text(value)
    elif dates.is_date(value):
        text = dates.date_text(value)
    elif dates.is_time(value):
        text = dates.time_text(value)
    else:
        text = str(value)
    return f'@"{text}"' if inner else text


def _key_text(key: str) -> str:
    return key if key.isidentifier() else quoted(key)


# --- JSON -------------------------------------------------------------------------------------------------------

#: A value holding more parts than this is not written out (shared parts could make it endless).
MAX_PARTS: Final = 1_000_000


def to_json(value: object) -> Any:
    """The value as JSON can hold it.

    A number is an int when whole, else a float (17 digits of up to 34; `from_json` reads 0.1 back as exactly 0.1).
    Dates, times and durations are ISO texts; a range is its FEEL text; a function is null.
    """
    try:
        return _to_json(value, [MAX_PARTS])
    except RecursionError:
        raise limit("结果嵌套太深。", "The result nests too deeply.") from None


def _to_json(value: object, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise limit("结果太大。", "The result is too large.")
    if isinstance(value, str):
        # One long text may stand in a list a thousand times.
        left[0] -= len(value) >> 6
        return value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            return None
        if value.adjusted() < 34 and value == value.to_integral_value():
            return int(value)
        # A text would keep all 34 digits, but come back as a text: the kind of a value matters more than its 18th
        # digit.
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _to_json(item, left) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_to_json(item, left) for item in value]
    if isinstance(value, Function):
        return None
    if isinstance(value, timedelta):
        return text_of(admit(value))
    if isinstance(value, datetime):
        # ISO 8601 knows offsets but no names of zones.
        seconds = dates.offset_seconds(value)
        return dates.datetime_text(value if seconds is None else value.replace(tzinfo=dates.offset(seconds)))
    return text_of(value)


def from_json(value: object) -> Value:
    """A JSON value as a FEEL value. Texts stay texts, also those that look like dates: a form or `date()` decides."""
    return admit(value)
