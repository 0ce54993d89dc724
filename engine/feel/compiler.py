"""Tree to closures: each node becomes one Python function of the scope, made once and called often.

The functions at the top of the file are the operators; the compiler below picks and nests them.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, Final, TypeAlias

from engine.feel import dates, tree
from engine.feel.dates import DaysTimeDuration, YearsMonthsDuration
from engine.feel.runtime import MAX_STRING, Run, too_long
from engine.feel.table import BUILT_INS, REFUSED, BuiltIn, as_value, call_function, call_named, call_positional
from engine.feel.tree import Node
from engine.feel.values import (
    NUMBERS,
    Function,
    Range,
    Value,
    admit,
    equal,
    host_function,
    in_range,
    kind_of,
    kind_zh,
    order,
)


class Scope:
    """The variables in sight: `vars` here, then `up`. `item` is the item a filter looks at."""

    __slots__ = ("vars", "up", "run", "item")

    def __init__(self, vars: dict[str, Value], up: Scope | None, run: Run, item: Value = None) -> None:
        self.vars = vars
        self.up = up
        self.run = run
        self.item = item


Code: TypeAlias = Callable[[Scope], Value]

_EMPTY: Final[dict[str, Value]] = {}
#: What can only be true, false or null: as a unary test it may be a condition of its own.
_CONDITIONS: Final = (tree.Logic, tree.Between, tree.In, tree.Quantified, tree.InstanceOf, tree.Call)
_COMPARING: Final = ("=", "!=", "<", "<=", ">", ">=")
_add, _subtract, _multiply, _divide = NUMBERS.add, NUMBERS.subtract, NUMBERS.multiply, NUMBERS.divide


# --- operators --------------------------------------------------------------------------------------------------


def _no_operator(run: Run, op: str, a: Value, b: Value, at: int) -> None:
    ka, kb = kind_of(a), kind_of(b)
    run.warn("type", f"{kind_zh(ka)}和{kind_zh(kb)}不能做 {op} 运算。", f"Cannot do {ka} {op} {kb}.", at)


def _overflow(run: Run, at: int) -> None:
    run.warn("arithmetic", "结果超出数字的范围。", "The result is beyond the range of numbers.", at)


def _single(value: Value) -> Value:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


_POINTS: Final = ("date", "time", "date and time")
_LENGTHS: Final = ("days and time duration", "years and months duration")


def plus(run: Run, a: Value, b: Value, at: int) -> Value:
    """`a + b` for anything but two numbers."""
    ka, kb = kind_of(a), kind_of(b)
    if ka == "number" and kb == "number":
        total = _add(a, b)
        return total if total.is_finite() else _overflow(run, at)
    if ka == "string" and kb == "string":
        if len(a) + len(b) > MAX_STRING:
            raise too_long(at)
        run.spend((len(a) + len(b)) // 64 + 1)
        return a + b
    if ka in _POINTS and kb in _LENGTHS:
        run.spend(20)
        return dates.add(a, b)
    if ka in _LENGTHS and kb in _POINTS:
        run.spend(20)
        return dates.add(b, a)
    if ka == kb == "days and time duration":
        return dates.nanos_duration(a.nanos + b.nanos)
    if ka == kb == "years and months duration":
        return dates.months_duration(a.months + b.months)
    return _no_operator(run, "+", a, b, at)


def minus(run: Run, a: Value, b: Value, at: int) -> Value:
    """`a - b` for anything but two numbers."""
    ka, kb = kind_of(a), kind_of(b)
    if ka == "number" and kb == "number":
        total = _subtract(a, b)
        return total if total.is_finite() else _overflow(run, at)
    if ka in _POINTS and kb in _LENGTHS:
        run.spend(20)
        return dates.add(a, b, -1)
    if ka in _POINTS and kb in _POINTS:
        found = dates.subtract(a, b)
        if found is None:
            _no_operator(run, "-", a, b, at)
        return found
    if ka == kb == "days and time duration":
        return dates.nanos_duration(a.nanos - b.nanos)
    if ka == kb == "years and months duration":
        return dates.months_duration(a.months - b.months)
    return _no_operator(run, "-", a, b, at)


def times(run: Run, a: Value, b: Value, at: int) -> Value:
    """`a * b` for anything but two numbers."""
    ka, kb = kind_of(a), kind_of(b)
    if ka == "number" and kb == "number":
        total = _multiply(a, b)
        return total if total.is_finite() else _overflow(run, at)
    if ka in _LENGTHS and kb == "number":
        return _scaled(a, b)
    if ka == "number" and kb in _LENGTHS:
        return _scaled(b, a)
    return _no_operator(run, "*", a, b, at)


def _scaled(duration: Value, by: Decimal) -> Value:
    if by.adjusted() > 30:
        return None
    if isinstance(duration, YearsMonthsDuration):
        return dates.months_duration(int(duration.months * by))
    return dates.nanos_duration(int(duration.nanos * by))


def divided(run: Run, a: Value, b: Value, at: int) -> Value:
    """`a / b`, null for a zero divisor."""
    ka, kb = kind_of(a), kind_of(b)
    if ka == "number" and kb == "number":
        if not b:
            run.warn("arithmetic", "除数为零。", "Division by zero.", at)
            return None
        total = _divide(a, b)
        return total if total.is_finite() else _overflow(run, at)
    if ka in _LENGTHS and kb == "number":
        if not b:
            return None
        if b.adjusted() < -30:
            return None
        if isinstance(a, YearsMonthsDuration):
            return dates.months_duration(int(_divide(Decimal(a.months), b)))
        return dates.nanos_duration(int(_divide(Decimal(a.nanos), b)))
    if ka == kb == "days and time duration":
        return _divide(Decimal(a.nanos), Decimal(b.nanos)) if b.nanos else None
    if ka == kb == "years and months duration":
        return _divide(Decimal(a.months), Decimal(b.months)) if b.months else None
    return _no_operator(run, "/", a, b, at)


def power(run: Run, a: Value, b: Value, at: int) -> Value:
    """`a ** b`; null outside the real numbers and beyond 34 digits' range."""
    if kind_of(a) == "number" and kind_of(b) == "number":
        # A power of fractions goes through logarithms of 34 digits.
        run.spend(80)
        if not a and not b:
            return Decimal(1)
        total = NUMBERS.power(a, b)
        return total if total.is_finite() else _overflow(run, at)
    return _no_operator(run, "**", a, b, at)


_ARITHMETIC: Final[
    dict[str, tuple[Callable[[Decimal, Decimal], Decimal] | None, Callable[[Run, Value, Value, int], Value]]]
] = {
    "+": (_add, plus),
    "-": (_subtract, minus),
    "*": (_multiply, times),
    "/": (None, divided),
    "**": (None, power),
}


def compare(run: Run, op: str, a: Value, b: Value, at: int) -> bool | None:
    """`a op b` for <, <=, >, >=."""
    c = order(a, b)
    if c is None:
        _no_operator(run, op, a, b, at)
        return None
    return c < 0 if op == "<" else c <= 0 if op == "<=" else c > 0 if op == ">" else c >= 0


def _equality(run: Run, a: Value, b: Value, at: int) -> bool | None:
    found = equal(a, b, run)
    if found is None:
        ka, kb = kind_of(a), kind_of(b)
        # A list of one is its item (DMN 1.5, 10.3.2.9.4).
        run.warn("type", f"{kind_zh(ka)}和{kind_zh(kb)}不能比较是否相等。", f"Cannot compare {ka} = {kb}.", at)
    return found


def test_value(run: Run, value: Value, test: Value, at: int = 0) -> bool | None:
    """Whether a value satisfies what a test's expression came to: equal, in a range, or in a list."""
    if isinstance(test, Range):
        return in_range(value, test)
    if isinstance(test, list):
        run.spend(len(test))
        unknown = False
        for item in test:
            hit = in_range(value, item) if isinstance(item, Range) else equal(value, item, run)
            if hit is True:
                return True
            unknown = unknown or (hit is None and isinstance(item, Range))
        if isinstance(value, list) and equal(value, test, run) is True:
            return True
        return None if unknown and value is None else False
    if isinstance(value, list) and not isinstance(test, list) and test is not None:
        # A list against one value: a list of one is its item.
        if len(value) == 1:
            return equal(value[0], test, run)
        return False
    return equal(value, test, run)


_PROPERTIES: Final = {
    "date": ("year", "month", "day", "weekday"),
    "date and time": ("year", "month", "day", "weekday", "hour", "minute", "second", "time offset", "timezone"),
    "time": ("hour", "minute", "second", "time offset", "timezone"),
    "days and time duration": ("days", "hours", "minutes", "seconds"),
    "years and months duration": ("years", "months"),
    "range": ("start", "end", "start included", "end included"),
}
#: Never raises, and null anyway on what is not a context: not worth a warning each time.


def property_of(run: Run, value: Value, name: str, at: int) -> Value:
    """`value.name`."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        run.warn("name", f"上下文里没有 {name}。", f"The context has no {name}.", at)
        return None
    if value is None:
        return None
    if isinstance(value, list):
        run.spend(len(value))
        return [property_of(run, item, name, at) for item in value]
    kind = kind_of(value)
    if name in _PROPERTIES.get(kind, ()):
        return _property(value, kind, name)
    run.warn("name", f"{kind_zh(kind)}没有 {name}。", f"A {kind} has no {name}.", at)
    return None


def _property(value: Value, kind: str, name: str) -> Value:
    if kind == "range":
        if name == "start":
            return value.low
        if name == "end":
            return value.high
        return value.low_included if name == "start included" else value.high_included
    if kind == "years and months duration":
        years, months = divmod(abs(value.months), 12)
        sign = -1 if value.months < 0 else 1
        return Decimal(sign * (years if name == "years" else months))
    if kind == "days and time duration":
        sign = -1 if value.nanos < 0 else 1
        seconds = abs(value.nanos) // dates.NANOS
        if name == "days":
            return Decimal(sign * (seconds // 86400))
        if name == "hours":
            return Decimal(sign * (seconds // 3600 % 24))
        if name == "minutes":
            return Decimal(sign * (seconds // 60 % 60))
        return sign * (Decimal(seconds % 60) + Decimal(abs(value.nanos) % dates.NANOS) / dates.NANOS)
    if name == "weekday":
        return Decimal(dates.weekday(value))
    if name == "time offset":
        seconds = dates.offset_seconds(value)
        return None if seconds is None else DaysTimeDuration(seconds * dates.NANOS)
    if name == "timezone":
        text = dates.zone_text(value.tzinfo)
        return text[1:] if text.startswith("@") else None
    return Decimal(getattr(value, name))


def counted(run: Run, low: Value, high: Value, at: int) -> list[Value] | None:
    """The whole numbers or days from one end to the other, up or down."""
    ka, kb = kind_of(low), kind_of(high)
    if ka == kb == "number":
        if low != low.to_integral_value() or high != high.to_integral_value():
            run.warn("value", "循环的两端必须是整数。", "The ends of an iteration must be whole numbers.", at)
            return None
        gap = abs(high - low)
        run.spend(int(gap) + 1 if gap < 10**9 else 10**9)
        a, b = int(low), int(high)
        step = 1 if a <= b else -1
        return [Decimal(i) for i in range(a, b + step, step)]
    if ka == kb == "date":
        a, b = dates.day_number(low), dates.day_number(high)
        run.spend(abs(a - b) + 1)
        step = 1 if a <= b else -1
        return [dates.make_date(*dates.civil_from_days(i)) for i in range(a, b + step, step)]
    run.warn(
        "type",
        f"循环的两端应同为整数或日期，得到{kind_zh(ka)}和{kind_zh(kb)}。",
        f"An iteration needs two whole numbers or two dates, but has {ka} and {kb}.",
        at,
    )
    return None


def items_of(run: Run, value: Value, at: int) -> list[Value] | None:
    """What an iteration goes through: a list, a range's points, or a single value."""
    if isinstance(value, list):
        return value
    if value is None:
        return None
    if isinstance(value, Range):
        if value.op is not None or value.low is None or value.high is None:
            return None
        c = order(value.low, value.high)
        if c is None or c > 0:
            return None
        found = counted(run, value.low, value.high, at)
        if found is None:
            return None
        if not value.low_included:
            found = found[1:]
        if not value.high_included and found and equal(found[-1], value.high):
            found = found[:-1]
        return found
    return [value]


# --- types ------------------------------------------------------------------------------------------------------

_SIMPLE: Final = {
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "dateTime": "date and time",
    "days and time duration": "days and time duration",
    "dayTimeDuration": "days and time duration",
    "years and months duration": "years and months duration",
    "yearMonthDuration": "years and months duration",
    "list": "list",
    "context": "context",
    "range": "range",
    "function": "function",
}


def conforms(run: Run, value: Value, kind: tree.TypeName, inner: bool = False) -> bool:
    """Whether the value belongs to the type. Null belongs to none by itself, and to any inside a list or context."""
    if value is None:
        return inner or kind.name == "Null"
    name = kind.name
    if name.startswith("feel."):
        name = name[5:]
    if name == "Any":
        return True
    model = run.env.types.get(kind.name)
    if model is not None:
        return bool(model(value))
    simple = _SIMPLE.get(name)
    if simple is None or simple != kind_of(value):
        return False
    if not kind.of:
        return True
    if simple == "list":
        run.spend(len(value))
        return all(conforms(run, item, kind.of[0], True) for item in value)
    if simple == "context":
        return all(
            label in value and conforms(run, value[label], of, True)
            for label, of in zip(kind.names, kind.of, strict=True)
        )
    if simple == "range":
        ends = [end for end in (value.low, value.high) if end is not None]
        return all(conforms(run, end, kind.of[0], True) for end in ends)
    return _function_conforms(value, kind)


def _function_conforms(value: Function, kind: tree.TypeName) -> bool:
    parameters, result = kind.of[:-1], kind.of[-1]
    if len(parameters) != len(value.names):
        return False
    own = value.types or (None,) * len(value.names)
    for wanted, have in zip(parameters, own, strict=True):
        # A function may take more than is asked of it.
        if have is not None and not _within(wanted, have):
            return False
    if result.name == "Any":
        return True
    return value.result is not None and _within(value.result, result)


def _within(a: tree.TypeName, b: tree.TypeName) -> bool:
    """Whether every value of type a is of type b."""
    if b.name == "Any":
        return True
    if _SIMPLE.get(a.name, a.name) != _SIMPLE.get(b.name, b.name):
        return False
    if not b.of:
        return True
    if a.name == "context":
        return all(
            label in a.names and _within(a.of[a.names.index(label)], of)
            for label, of in zip(b.names, b.of, strict=True)
        )
    return len(a.of) == len(b.of) and all(_within(x, y) for x, y in zip(a.of, b.of, strict=True))


def convert(run: Run, value: Value, kind: tree.TypeName | None) -> Value:
    """A value as a parameter's type, through the implicit conversions; REFUSED when it does not fit. Null always
    fits."""
    if kind is None or value is None or kind.name == "Any":
        return value
    if conforms(run, value, kind):
        return value
    if isinstance(value, list) and len(value) == 1 and kind.name != "list" and conforms(run, value[0], kind):
        return value[0]
    if kind.name == "list" and conforms(run, [value], kind):
        return [value]
    if _SIMPLE.get(kind.name) == "date and time" and dates.is_date(value):
        return dates.make_datetime(value.year, value.month, value.day, 0, 0, 0, 0, dates.offset(0))
    return REFUSED


# --- the compiler -----------------------------------------------------------------------------------------------

#: A compile-time level: the names a Scope declares, or None for a filter's item (its names are known at run time only).
Level: TypeAlias = AbstractSet[str] | None


class Compiler:
    """Makes the code of one tree. Collects the free names it reads in `free`, in order of first reading."""

    def __init__(self, names: frozenset[str] = frozenset()) -> None:
        self.given = names
        self.free: dict[str, int] = {}

    def compile(self, node: Node, levels: tuple[Level, ...] = ()) -> Code:
        method: Callable[[Any, tuple[Level, ...]], Code] = getattr(self, "_" + node.__class__.__name__.lower())
        return method(node, levels)

    # -- leaves --

    def _constant(self, node: tree.Constant, levels: tuple[Level, ...]) -> Code:
        value = node.value
        if isinstance(value, Decimal) and not value.is_finite():
            value = None
        return lambda s: value

    def _at(self, node: tree.At, levels: tuple[Level, ...]) -> Code:
        value = dates.parse_any(node.text)
        if value is None:
            at, text = node.start, node.text

            def bad(s: Scope) -> Value:
                s.run.warn("value", f'@"{text}" 不是日期、时刻或时长。', f'@"{text}" is no date, time or duration.', at)

            return bad
        return lambda s: value

    def _placeholder(self, node: tree.Placeholder, levels: tuple[Level, ...]) -> Code:
        return self._variable("?", node.start, levels)

    def _name(self, node: tree.Name, levels: tuple[Level, ...]) -> Code:
        if node.name == "item" and None in levels:
            return self._item(levels)
        return self._variable(node.name, node.start, levels)

    def _item(self, levels: tuple[Level, ...]) -> Code:
        def item(s: Scope) -> Value:
            t: Scope | None = s
            for level in levels:
                assert t is not None
                if "item" in t.vars:
                    return t.vars["item"]
                if level is None:
                    return t.item
                t = t.up
            return None

        return item

    def _variable(self, name: str, at: int, levels: tuple[Level, ...]) -> Code:
        hops = 0
        static = True
        bound = False
        for level in levels:
            if level is None:
                static = False
            elif name in level:
                bound = True
                break
            hops += 1
        if not bound:
            self.free.setdefault(name, at)
        fallback = None
        if not bound and name in BUILT_INS and name not in self.given:
            fallback = as_value(BUILT_INS[name])

        def missing(s: Scope) -> Value:
            if fallback is not None:
                return fallback
            run = s.run
            host = run.env.functions.get(name)
            if host is not None:
                return host_function(host, name)
            run.warn("name", f"没有名为 {name} 的变量。", f"There is no variable {name}.", at)
            return None

        if static and hops == 0:

            def here(s: Scope) -> Value:
                try:
                    return s.vars[name]
                except KeyError:
                    return missing(s)

            return here
        if static and hops == 1:

            def above(s: Scope) -> Value:
                try:
                    return s.up.vars[name]  # type: ignore[union-attr]
                except KeyError:
                    return missing(s)

            return above

        def search(s: Scope) -> Value:
            t: Scope | None = s
            while t is not None:
                vars = t.vars
                if name in vars:
                    return vars[name]
                t = t.up
            return missing(s)

        return search

    # -- operators --

    def _negate(self, node: tree.Negate, levels: tuple[Level, ...]) -> Code:
        operand = self.compile(node.operand, levels)
        at = node.start

        def negate(s: Scope) -> Value:
            value = operand(s)
            if value.__class__ is Decimal:
                # minus() would round; the sign alone is always exact. Zero keeps no sign.
                return value.copy_negate() if value else value
            if isinstance(value, DaysTimeDuration):
                return DaysTimeDuration(-value.nanos)
            if isinstance(value, YearsMonthsDuration):
                return YearsMonthsDuration(-value.months)
            if value is not None:
                kind = kind_of(value)
                s.run.warn("type", f"{kind_zh(kind)}不能取负。", f"Cannot negate a {kind}.", at)
            return None

        return negate

    def _binary(self, node: tree.Binary, levels: tuple[Level, ...]) -> Code:
        op = node.op
        left, right = self.compile(node.left, levels), self.compile(node.right, levels)
        at = node.start
        if op in ("=", "!="):
            negative = op == "!="

            def same(s: Scope) -> Value:
                a, b = left(s), right(s)
                cls = a.__class__
                if cls is b.__class__ and (cls is str or cls is Decimal or cls is bool):
                    return (a == b) is not negative
                found = _equality(s.run, a, b, at)
                return found if found is None or not negative else not found

            return same
        if op in ("<", "<=", ">", ">="):
            return self._order(op, left, right, at)
        fast, slow = _ARITHMETIC[op]
        if fast is None:

            def operate(s: Scope) -> Value:
                return slow(s.run, left(s), right(s), at)

            return operate

        def arithmetic(s: Scope) -> Value:
            a, b = left(s), right(s)
            if a.__class__ is Decimal and b.__class__ is Decimal:
                total = fast(a, b)
                return total if total.is_finite() else _overflow(s.run, at)
            return slow(s.run, a, b, at)

        return arithmetic

    def _order(self, op: str, left: Code, right: Code, at: int) -> Code:
        if op == "<":

            def less(s: Scope) -> Value:
                a, b = left(s), right(s)
                if a.__class__ is Decimal and b.__class__ is Decimal:
                    return a < b
                return compare(s.run, "<", a, b, at)

            return less
        if op == "<=":

            def at_most(s: Scope) -> Value:
                a, b = left(s), right(s)
                if a.__class__ is Decimal and b.__class__ is Decimal:
                    return a <= b
                return compare(s.run, "<=", a, b, at)

            return at_most
        if op == ">":

            def more(s: Scope) -> Value:
                a, b = left(s), right(s)
                if a.__class__ is Decimal and b.__class__ is Decimal:
                    return a > b
                return compare(s.run, ">", a, b, at)

            return more

        def at_least(s: Scope) -> Value:
            a, b = left(s), right(s)
            if a.__class__ is Decimal and b.__class__ is Decimal:
                return a >= b
            return compare(s.run, ">=", a, b, at)

        return at_least

    def _logic(self, node: tree.Logic, levels: tuple[Level, ...]) -> Code:
        terms = [self.compile(term, levels) for term in node.terms]
        if node.op == "and":

            def both(s: Scope) -> Value:
                unknown = False
                for term in terms:
                    value = term(s)
                    if value is False:
                        return False
                    if value is not True:
                        unknown = True
                return None if unknown else True

            return both

        def either(s: Scope) -> Value:
            unknown = False
            for term in terms:
                value = term(s)
                if value is True:
                    return True
                if value is not False:
                    unknown = True
            return None if unknown else False

        return either

    def _between(self, node: tree.Between, levels: tuple[Level, ...]) -> Code:
        value, low, high = (self.compile(part, levels) for part in (node.value, node.low, node.high))
        at = node.start

        def between(s: Scope) -> Value:
            v, a, b = value(s), low(s), high(s)
            if v.__class__ is Decimal and a.__class__ is Decimal and b.__class__ is Decimal:
                return a <= v <= b
            x, y = compare(s.run, ">=", v, a, at), compare(s.run, "<=", v, b, at)
            if x is None or y is None:
                return None
            return x and y

        return between

    def _in(self, node: tree.In, levels: tuple[Level, ...]) -> Code:
        value = self.compile(node.value, levels)
        tests = [self._test(test, levels) for test in node.tests]
        words = {test.value for test in node.tests if isinstance(test, tree.Constant) and isinstance(test.value, str)}
        if len(words) == len(node.tests):
            # The commonest test by far: one of a few words.
            at = node.start

            def listed(s: Scope) -> Value:
                v = value(s)
                if v.__class__ is str:
                    return v in words
                hits = [test_value(s.run, v, word, at) for word in words]
                return True if True in hits else None if None in hits else False

            return listed

        def within(s: Scope) -> Value:
            v = value(s)
            unknown = False
            for test in tests:
                hit = test(s, v)
                if hit is True:
                    return True
                if hit is None:
                    unknown = True
            return None if unknown else False

        return within

    def _test(self, node: Node, levels: tuple[Level, ...]) -> Callable[[Scope, Value], bool | None]:
        """One test after `in`, on a value."""
        at = node.start
        if isinstance(node, tree.Compare):
            op = node.op
            operand = self.compile(node.operand, levels)
            if op in ("=", "!="):

                def same(s: Scope, value: Value) -> bool | None:
                    found = equal(value, operand(s), s.run)
                    return found if found is None or op == "=" else not found

                return same

            def ordered(s: Scope, value: Value) -> bool | None:
                return compare(s.run, op, value, operand(s), at)

            return ordered
        code = self.compile(node, levels)

        def tested(s: Scope, value: Value) -> bool | None:
            return test_value(s.run, value, code(s), at)

        return tested

    def _interval(self, node: tree.Interval, levels: tuple[Level, ...]) -> Code:
        low, high = self.compile(node.low, levels), self.compile(node.high, levels)
        low_in, high_in = node.low_included, node.high_included
        if isinstance(node.low, tree.Constant | tree.At) and isinstance(node.high, tree.Constant | tree.At):
            fixed = Range(low(None), high(None), low_in, high_in)  # type: ignore[arg-type]
            if fixed.low is not None and fixed.high is not None and order(fixed.low, fixed.high) is not None:
                return lambda s: fixed

        def interval(s: Scope) -> Value:
            return Range(low(s), high(s), low_in, high_in)

        return interval

    def _compare(self, node: tree.Compare, levels: tuple[Level, ...]) -> Code:
        operand = self.compile(node.operand, levels)
        op = node.op

        def one_sided(s: Scope) -> Value:
            value = operand(s)
            if op in ("=", "!="):
                return Range(value, value, op == "=", op == "=", op)
            if op in ("<", "<="):
                return Range(None, value, False, op == "<=", op)
            return Range(value, None, op == ">=", False, op)

        return one_sided

    # -- collections --

    def _listof(self, node: tree.ListOf, levels: tuple[Level, ...]) -> Code:
        items = [self.compile(item, levels) for item in node.items]
        return lambda s: [item(s) for item in items]

    def _contextof(self, node: tree.ContextOf, levels: tuple[Level, ...]) -> Code:
        if len(set(node.keys)) < len(node.keys):
            at = node.start

            def twice(s: Scope) -> Value:
                s.run.warn("name", "上下文里有重复的名称。", "The context has a name twice.", at)

            return twice
        # An entry sees the entries before it; a function also itself. The set grows while the entries are compiled.
        seen: set[str] = set()
        inner: tuple[Level, ...] = (seen, *levels)
        entries: list[tuple[str, Code]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(value, tree.FunctionOf):
                seen.add(key)
            entries.append((key, self.compile(value, inner)))
            seen.add(key)

        def context(s: Scope) -> Value:
            vars: dict[str, Value] = {}
            scope = Scope(vars, s, s.run)
            for key, code in entries:
                vars[key] = code(scope)
            return vars

        return context

    def _path(self, node: tree.Path, levels: tuple[Level, ...]) -> Code:
        source = self.compile(node.source, levels)
        name, at = node.name, node.start

        def path(s: Scope) -> Value:
            value = source(s)
            if value.__class__ is dict:
                try:
                    return value[name]
                except KeyError:
                    pass
            return property_of(s.run, value, name, at)

        return path

    def _filter(self, node: tree.Filter, levels: tuple[Level, ...]) -> Code:
        source = self.compile(node.source, levels)
        condition = node.condition
        at = node.start
        fixed: Value
        if isinstance(condition, tree.Negate) and isinstance(condition.operand, tree.Constant):
            constant = condition.operand.value
            fixed = -constant if isinstance(constant, Decimal) else None
        else:
            fixed = condition.value if isinstance(condition, tree.Constant) else None
        if isinstance(fixed, Decimal):
            position = int(fixed) if fixed.adjusted() < 15 else 0

            def pick(s: Scope) -> Value:
                value = source(s)
                return _pick(s.run, value, position, at)

            return pick
        code = self.compile(condition, (None, *levels))
        weight = _weight(condition)

        def filtered(s: Scope) -> Value:
            value = source(s)
            if isinstance(value, list):
                items = value
            elif value is None:
                items = []
            else:
                items = [value]
            run = s.run
            run.spend(len(items))
            if not items:
                # Nothing to try the condition on, but a position on an empty list is null, not empty.
                probe = code(Scope(_EMPTY, s, run)) if isinstance(condition, tree.Name | tree.Path) else None
                if probe.__class__ is Decimal or value is None:
                    return None
                return []
            out: list[Value] = []
            for item in items:
                run.spend(weight)
                hit = code(Scope(item if item.__class__ is dict else _EMPTY, s, run, item))
                if hit is True:
                    out.append(item)
                elif hit.__class__ is Decimal:
                    number = code(Scope(_EMPTY, s, run)) if item.__class__ is dict else hit
                    if number.__class__ is not Decimal:
                        number = hit
                    return _pick(run, value, int(number) if number.adjusted() < 15 else 0, at)
            return out

        return filtered

    # -- control --

    def _if(self, node: tree.If, levels: tuple[Level, ...]) -> Code:
        condition, yes, no = (self.compile(part, levels) for part in (node.condition, node.yes, node.no))
        return lambda s: yes(s) if condition(s) is True else no(s)

    def _iterate(
        self, iterations: list[tree.Iteration], levels: tuple[Level, ...], extra: tuple[str, ...] = ()
    ) -> tuple[list[tuple[str, Code, Code | None, int]], tuple[Level, ...]]:
        """The sources compiled, each in the scope of the variables before it, and the levels of the body."""
        out = []
        for iteration in iterations:
            source = self.compile(iteration.source, levels)
            until = self.compile(iteration.until, levels) if iteration.until is not None else None
            out.append((iteration.name, source, until, iteration.start))
            levels = (frozenset((iteration.name, *extra)), *levels)
        return out, levels

    def _for(self, node: tree.For, levels: tuple[Level, ...]) -> Code:
        sources, inner = self._iterate(node.iterations, (frozenset(("partial",)), *levels))
        body = self.compile(node.body, inner)
        weight = _weight(node.body)
        last = len(sources) - 1
        keeps = _keeps_partial(node.body)

        def loop(s: Scope) -> Value:
            out: list[Value] = []
            base = Scope({"partial": out}, s, s.run)
            run = s.run

            def level(depth: int, scope: Scope) -> bool:
                name, source, until, at = sources[depth]
                first = source(scope)
                items = items_of(run, first, at) if until is None else counted(run, first, until(scope), at)
                if items is None:
                    return False
                for item in items:
                    run.spend(weight)
                    here = Scope({name: item}, scope, run)
                    if depth == last:
                        if keeps:
                            run.spend(len(out) // 16)
                            base.vars["partial"] = out[:]
                        out.append(body(here))
                    elif not level(depth + 1, here):
                        return False
                return True

            return out if level(0, base) else None

        return loop

    def _quantified(self, node: tree.Quantified, levels: tuple[Level, ...]) -> Code:
        sources, inner = self._iterate(node.iterations, levels)
        condition = self.compile(node.condition, inner)
        weight = _weight(node.condition)
        last = len(sources) - 1
        wanted = node.kind == "some"

        def quantified(s: Scope) -> Value:
            run = s.run
            unknown = False

            def level(depth: int, scope: Scope) -> bool | None:
                """True when the answer is settled, None when a source is no list."""
                nonlocal unknown
                name, source, until, at = sources[depth]
                first = source(scope)
                items = items_of(run, first, at) if until is None else counted(run, first, until(scope), at)
                if items is None:
                    return None
                for item in items:
                    run.spend(weight)
                    here = Scope({name: item}, scope, run)
                    if depth == last:
                        value = condition(here)
                        if value is wanted:
                            return True
                        if not isinstance(value, bool):
                            unknown = True
                    else:
                        settled = level(depth + 1, here)
                        if settled is not False:
                            return settled
                return False

            settled = level(0, s)
            if settled is None:
                return None
            if settled:
                return wanted
            return None if unknown else not wanted

        return quantified

    def _functionof(self, node: tree.FunctionOf, levels: tuple[Level, ...]) -> Code:
        names = tuple(node.names)
        types = tuple(node.types)
        if node.external:
            described = self.compile(node.body, levels)

            def external(s: Scope) -> Value:
                about = described(s)
                java = about.get("java") if isinstance(about, dict) else None
                if not isinstance(java, dict):
                    java = {}

                def refuse(run: Run, arguments: list[Value]) -> Value:
                    from engine.feel import java as table

                    arguments = [convert(run, value, kind) for value, kind in zip(arguments, types, strict=True)]
                    if any(value is REFUSED for value in arguments):
                        return None
                    return table.call(run, str(java.get("class")), str(java.get("method signature")), arguments)

                return Function(names, refuse, types)

            return external
        body = self.compile(node.body, (frozenset(names), *levels))
        typed = any(kind is not None for kind in types)
        result = _static_type(node.body)

        def function(s: Scope) -> Value:
            def call(run: Run, arguments: list[Value]) -> Value:
                if typed:
                    ready = []
                    for value, kind in zip(arguments, types, strict=False):
                        fitted = convert(run, value, kind)
                        if fitted is REFUSED:
                            assert kind is not None
                            run.warn(
                                "argument",
                                f"参数应为 {kind.name}，得到{kind_zh(kind_of(value))}。",
                                f"Expected an argument of type {kind.name}, but it is {kind_of(value)}.",
                            )
                            return None
                        ready.append(fitted)
                    arguments = ready
                return body(Scope(dict(zip(names, arguments, strict=True)), s, run))

            return Function(names, call, types, result)

        return function

    def _built_in(self, entry: BuiltIn, arguments: list[Code], names: list[str] | None, at: int) -> Code:
        if names is None:
            return lambda s: call_positional(s.run, entry, [argument(s) for argument in arguments], at)
        labels = names

        def built_in_named(s: Scope) -> Value:
            if len(set(labels)) < len(labels):
                return None
            given = {label: argument(s) for label, argument in zip(labels, arguments, strict=True)}
            return call_named(s.run, entry, given, at)

        return built_in_named

    def _call(self, node: tree.Call, levels: tuple[Level, ...]) -> Code:
        at = node.start
        function = node.function
        arguments = [self.compile(argument, levels) for argument in node.arguments]
        names = node.names
        name = function.name if isinstance(function, tree.Name) else None
        entry = BUILT_INS.get(name) if name is not None else None
        hidden = name is not None and any(level is not None and name in level for level in levels)
        code = self._built_in(entry, arguments, names, at) if entry is not None else None
        if code is not None and not hidden and name not in self.given:
            return code
        target = self.compile(function, levels)

        def call(s: Scope) -> Value:
            callee = target(s)
            run = s.run
            if callee.__class__ is not Function:
                if code is not None:
                    # A variable named `date` that is no function does not hide date().
                    return code(s)
                if callable(callee):
                    callee = admit(callee)
                else:
                    kind = kind_of(callee)
                    label = name or kind
                    run.warn("type", f"{label} 不是函数，不能调用。", f"{label} is not a function.", at)
                    return None
            if names is None:
                return call_function(run, callee, [argument(s) for argument in arguments])
            if len(set(names)) < len(names) or not set(names) <= set(callee.names):
                run.warn(
                    "argument",
                    f"函数的参数是 {', '.join(callee.names)}。",
                    f"The function's parameters are {', '.join(callee.names)}.",
                    at,
                )
                return None
            given = {label: argument(s) for label, argument in zip(names, arguments, strict=True)}
            least = len(callee.names) - callee.optional
            if any(label not in given for label in callee.names[:least]):
                run.warn("argument", "函数的参数不够。", "The function lacks arguments.", at)
                return None
            # An optional argument that is not given keeps its own default.
            last = max((i for i, label in enumerate(callee.names) if label in given), default=-1)
            count = max(last + 1, least)
            return call_function(run, callee, [given.get(label) for label in callee.names[:count]])

        return call

    def _instanceof(self, node: tree.InstanceOf, levels: tuple[Level, ...]) -> Code:
        value = self.compile(node.value, levels)
        kind = node.type
        return lambda s: conforms(s.run, value(s), kind)

    def _unarytests(self, node: tree.UnaryTests, levels: tuple[Level, ...]) -> Code:
        tests = [self._unary(test, levels) for test in node.tests]
        negated = node.negated
        if not tests:
            return lambda s: True

        def unary(s: Scope) -> Value:
            value = s.vars.get("?")
            unknown = False
            for test in tests:
                hit = test(s, value)
                if hit is True:
                    return not negated
                if hit is None:
                    unknown = True
            return None if unknown else negated

        return unary

    def _unary(self, node: Node, levels: tuple[Level, ...]) -> Callable[[Scope, Value], bool | None]:
        if isinstance(node, tree.Compare):
            return self._test(node, levels)
        code = self.compile(node, levels)
        at = node.start
        if any(isinstance(part, tree.Placeholder) for part in tree.walk(node)):

            def asked(s: Scope, value: Value) -> bool | None:
                found = code(s)
                if isinstance(found, bool):
                    return found
                return None if found is None else test_value(s.run, value, found, at)

            return asked

        condition = isinstance(node, _CONDITIONS) or (isinstance(node, tree.Binary) and node.op in _COMPARING)

        def tested(s: Scope, value: Value) -> bool | None:
            found = code(s)
            if condition and found is True and not isinstance(value, bool):
                # A condition that does not mention the input holds by itself (DMN 1.5, 10.3.2.8).
                return True
            return test_value(s.run, value, found, at)

        return tested


def _weight(body: Node) -> int:
    """What one round of a loop costs: making its scope, and about half a step a node."""
    return 3 + sum(1 for _ in tree.walk(body)) // 2


def _keeps_partial(body: Node) -> bool:
    """Whether the body may keep hold of `partial` (anything but `partial[1]`): then it gets a copy each time."""
    picked = {
        id(part.source)
        for part in tree.walk(body)
        if isinstance(part, tree.Filter)
        and (
            isinstance(part.condition, tree.Constant)
            or (isinstance(part.condition, tree.Negate) and isinstance(part.condition.operand, tree.Constant))
        )
    }
    return any(
        isinstance(part, tree.Name) and part.name == "partial" and id(part) not in picked for part in tree.walk(body)
    )


def _pick(run: Run, value: Value, position: int, at: int) -> Value:
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    if position == 0 or abs(position) > len(items):
        run.warn("value", f"列表没有第 {position} 项。", f"The list has no item {position}.", at)
        return None
    return items[position - 1] if position > 0 else items[position]


def _static_type(node: Node) -> tree.TypeName | None:
    """The type of a literal body, for `instance of function<...> -> T`; None where it is not plain."""
    name = None
    if isinstance(node, tree.Constant):
        value = node.value
        name = (
            "boolean"
            if isinstance(value, bool)
            else "number"
            if isinstance(value, Decimal)
            else "string"
            if isinstance(value, str)
            else None
        )
    elif isinstance(node, tree.Binary):
        if node.op in ("=", "!=", "<", "<=", ">", ">="):
            name = "boolean"
    elif isinstance(node, tree.Logic | tree.Between | tree.In | tree.InstanceOf | tree.Quantified):
        name = "boolean"
    return tree.TypeName(node.start, node.end, name, [], []) if name else None
