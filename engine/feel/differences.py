"""Where the browser's FEEL (npm @bpmn-io/feelin 6, inside form-js) answers otherwise than the standard and we do.

Every rule here was measured: `tests/feel/test_differences.py` runs the samples in V8 and sees the two answers differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engine.feel import tree
from engine.feel.expression import Expression, compile
from engine.feel.table import BUILT_INS
from engine.feel.tree import Node


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the browser answers otherwise. `rule` is a stable slug."""

    rule: str
    zh: str
    en: str
    start: int
    end: int


#: Functions of the standard that feelin does not know; ours it does not know either.
_UNKNOWN: Final = frozenset(
    (
        "range",
        "overlaps before",
        "overlaps after",
        "finishes",
        "finished by",
        "during",
        "starts",
        "started by",
        "coincides",
    )
)
#: Whole numbers a binary double holds exactly.
_EXACT: Final = Decimal(2**53)
_DURATIONS: Final = ("duration", "years and months duration")


def browser_differences(expression: Expression | str) -> list[Difference]:
    """The places of an expression that the browser's FEEL is known to answer otherwise, in the order of the text.

    Raises FeelError for a text that is no FEEL.
    """
    if isinstance(expression, str):
        expression = compile(expression)
    text = expression.text
    found: dict[tuple[str, int], Difference] = {}
    for node in tree.walk(expression.tree):
        for rule, zh, en in _of(node, text):
            found.setdefault((rule, node.start), Difference(rule, zh, en, node.start, node.end))
    return sorted(found.values(), key=lambda d: (d.start, d.rule))


def _is_duration(node: Node) -> bool:
    if isinstance(node, tree.At):
        return node.text.lstrip("-").startswith("P")
    return isinstance(node, tree.Call) and isinstance(node.function, tree.Name) and node.function.name in _DURATIONS


def _is_date(node: Node) -> bool:
    if isinstance(node, tree.At):
        return re.fullmatch(r"-?\d{4,9}-\d\d-\d\d", node.text) is not None
    return (
        isinstance(node, tree.Call) and isinstance(node.function, tree.Name) and node.function.name in ("date", "today")
    )


def _is_constant(node: Node, kind: type) -> bool:
    return (
        isinstance(node, tree.Constant)
        and isinstance(node.value, kind)
        and not (kind is Decimal and node.value is True)
    )


def _has_fractions(node: Node) -> bool:
    """Arithmetic that leaves whole numbers: here binary fractions are not decimal ones."""
    parts = list(tree.walk(node))
    arithmetic = any(isinstance(p, tree.Binary) and p.op in ("+", "-", "*", "/", "**") for p in parts)
    fractions = any(
        (isinstance(p, tree.Binary) and p.op == "/")
        or (isinstance(p, tree.Constant) and isinstance(p.value, Decimal) and p.value != p.value.to_integral_value())
        for p in parts
    )
    return arithmetic and fractions


def _of(node: Node, text: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(node, tree.Call):
        yield from _of_call(node)
    elif isinstance(node, tree.Constant):
        yield from _of_constant(node, text)
    elif isinstance(node, tree.At):
        if node.text.startswith("-") and not node.text.startswith("-P"):
            yield ("negative-year", "浏览器不支持公元前的日期。", "The browser knows no dates before year 0.")
    elif isinstance(node, tree.InstanceOf):
        yield (
            "instance-of",
            "instance of 在浏览器里会出错或答错。",
            "instance of fails or answers wrongly in the browser.",
        )
    elif isinstance(node, tree.Binary):
        yield from _of_binary(node)
    elif isinstance(node, tree.Path):
        yield from _of_path(node)
    elif isinstance(node, tree.For | tree.Quantified):
        for iteration in node.iterations:
            if iteration.until is not None and (_is_date(iteration.source) or _is_date(iteration.until)):
                yield ("date-loop", "浏览器不能按日期循环。", "The browser cannot loop over dates.")
    elif isinstance(node, tree.ContextOf):
        if len(set(node.keys)) < len(node.keys):
            yield (
                "key-twice",
                "同一名称写了两次：标准为空值，浏览器取后一个。",
                "A name stands twice: null by the standard, the last one in the browser.",
            )
    elif isinstance(node, tree.If):
        if isinstance(node.condition, tree.Constant) and not isinstance(node.condition.value, bool | None):
            yield (
                "if-not-boolean",
                "条件不是布尔值：标准走 else，浏览器可能走 then。",
                "The condition is no boolean: the standard takes else, the browser may take then.",
            )
    elif isinstance(node, tree.Filter):
        if (
            isinstance(node.source, tree.Constant)
            and isinstance(node.condition, tree.Constant)
            and node.condition.value is True
        ):
            yield (
                "filter-single",
                "对单个值过滤：标准得列表，浏览器得该值。",
                "Filtering one value gives a list, but in the browser the value.",
            )
    elif isinstance(node, tree.Interval) and (_is_constant_null(node.low) or _is_constant_null(node.high)):
        yield (
            "open-range",
            "一端为空值的区间：标准得空值，浏览器当作无限。",
            "A range with a null end: null, but endless in the browser.",
        )


def _is_constant_null(node: Node) -> bool:
    return isinstance(node, tree.Constant) and node.value is None


def _of_call(node: tree.Call) -> Iterator[tuple[str, str, str]]:
    if not isinstance(node.function, tree.Name):
        return
    name = node.function.name
    entry = BUILT_INS.get(name)
    if entry is None:
        return
    first = node.arguments[0] if node.arguments else None
    if name in _UNKNOWN or not entry.standard:
        yield (
            "unknown-function",
            f"浏览器里没有函数 {name}()，得空值。",
            f"The browser has no function {name}(): null.",
        )
    elif name == "years and months duration":
        yield (
            "fractional-months",
            "浏览器算出带小数的月数，标准只取整月。",
            "The browser counts fractions of months; the standard whole ones.",
        )
    elif name == "is" and len(node.arguments) == 2:
        yield ("is", "is() 在浏览器里不区分类型和时区。", "is() does not tell types and zones apart in the browser.")
    elif name == "sort" and len(node.arguments) == 1:
        yield ("sort-one", "sort() 只给列表时浏览器得空值。", "sort() with the list only is null in the browser.")
    elif name == "abs" and first is not None and _is_duration(first):
        yield (
            "abs-duration",
            "浏览器不能取时长的绝对值。",
            "The browser cannot take the absolute value of a duration.",
        )
    elif name == "substring" and len(node.arguments) > 1 and _zero(node.arguments[1]):
        yield (
            "substring-zero",
            "位置从 1 数起；0 在浏览器里另有结果。",
            "Positions start at 1; 0 gives something else in the browser.",
        )
    elif name == "list replace" and len(node.arguments) > 1 and isinstance(node.arguments[1], tree.Negate):
        yield ("replace-position", "浏览器不认负的位置。", "The browser does not know positions from the end.")
    elif name == "sublist" and len(node.arguments) == 3:
        yield (
            "sublist-length",
            "长度超出列表时，标准得空值，浏览器给出剩下的。",
            "Where the length goes beyond the list: null, but the rest in the browser.",
        )
    elif name == "round half up":
        yield (
            "binary-fraction",
            "浏览器用二进制小数，1.005 会舍成 1.00。",
            "The browser rounds binary fractions: 1.005 becomes 1.00.",
        )
    elif name in ("matches", "replace", "split"):
        flags = node.arguments[-1] if len(node.arguments) == (4 if name == "replace" else 3) else None
        pattern = node.arguments[1] if len(node.arguments) > 1 else None
        if isinstance(flags, tree.Constant) and isinstance(flags.value, str) and "x" in flags.value:
            yield ("pattern-flag", "浏览器不支持正则标志 x。", "The browser does not know the flag x of patterns.")
        if (
            isinstance(pattern, tree.Constant)
            and isinstance(pattern.value, str)
            and re.search(r"-\[|\\[icIC]|\\p\{Is", pattern.value)
        ):
            yield (
                "pattern-syntax",
                "浏览器不支持这种 XPath 正则写法。",
                "The browser does not know this part of XPath's patterns.",
            )
    elif name == "date" and len(node.arguments) == 3 and all(_is_constant(a, Decimal) for a in node.arguments):
        year, month, day = (int(a.value) for a in node.arguments)  # type: ignore[attr-defined]
        from engine.feel import dates

        if dates.make_date(year, month, day) is None:
            yield (
                "date-overflow",
                "没有这一天：标准得空值，浏览器顺延。",
                "There is no such day: null, but the browser counts on.",
            )


def _zero(node: Node) -> bool:
    return isinstance(node, tree.Constant) and isinstance(node.value, Decimal) and node.value == 0


def _of_constant(node: tree.Constant, text: str) -> Iterator[tuple[str, str, str]]:
    if not isinstance(node.value, Decimal):
        return
    written = text[node.start : node.end]
    if "e" in written.lower():
        yield ("exponent", "浏览器读不懂 1e3 这样的数字。", "The browser does not read numbers such as 1e3.")
    elif abs(node.value) > _EXACT:
        yield ("big-number", "浏览器只有约 16 位有效数字。", "The browser holds about 16 digits.")


def _of_binary(node: tree.Binary) -> Iterator[tuple[str, str, str]]:
    if node.op in ("*", "/") and (_is_duration(node.left) or _is_duration(node.right)):
        yield ("duration-times", "浏览器不能把时长乘除。", "The browser cannot multiply or divide durations.")
    if node.op in ("=", "!=") and (_has_fractions(node.left) or _has_fractions(node.right)):
        yield (
            "binary-fraction",
            "浏览器用二进制小数，0.1 + 0.2 = 0.3 不成立；请先 decimal(…, 2)。",
            "The browser has binary fractions: 0.1 + 0.2 = 0.3 is false there. Round both sides first.",
        )
    if node.op in ("=", "!=", "<", "<=", ">", ">="):
        for side in (node.left, node.right):
            if isinstance(side, tree.Binary) and side.op in ("<", "<=", ">", ">="):
                yield ("chained", "连写的比较请用 and 分开。", "Write chained comparisons with and.")


def _of_path(node: tree.Path) -> Iterator[tuple[str, str, str]]:
    if node.name in ("time offset", "timezone"):
        yield ("zone-property", f"浏览器里 .{node.name} 为空值。", f".{node.name} is null in the browser.")
    if node.name in ("days", "hours", "minutes", "seconds", "years", "months") and not isinstance(
        node.source, tree.Name
    ):
        yield (
            "duration-property",
            f"浏览器里时长的 .{node.name} 可能不同（例如两日之差的 .days 为 0）。",
            f".{node.name} of a duration may differ in the browser (.days of two dates' difference is 0).",
        )


#: For each rule an expression the browser answers otherwise; the tests run them there.
SAMPLES: Final = (
    ("big-number", "9007199254740993 = 9007199254740992"),
    ("binary-fraction", "0.1 + 0.2 = 0.3"),
    ("binary-fraction", "round half up(1.005, 2)"),
    ("chained", "1 < 2 < 3"),
    ("date-loop", 'count(for d in @"2026-01-01"..@"2026-01-03" return d)'),
    ("date-overflow", "string(date(2026, 2, 30))"),
    ("duration-property", '(@"2026-03-01" - @"2026-02-01").days'),
    ("duration-times", 'string(@"P1D" * 2)'),
    ("abs-duration", 'string(abs(@"-PT5H"))'),
    ("exponent", "1e3"),
    ("filter-single", '"a"[true]'),
    ("fractional-months", 'string(years and months duration(date("2025-01-31"), date("2026-07-01")))'),
    ("if-not-boolean", "if 5 then 1 else 2"),
    ("instance-of", "1 instance of number"),
    ("is", 'is(@"P0Y", @"P0D")'),
    ("key-twice", "{a: 1, a: 2}"),
    ("negative-year", 'string(@"-2026-01-01")'),
    ("open-range", "5 in [1..null]"),
    ("pattern-flag", 'matches("ab", "a b", "x")'),
    ("pattern-syntax", 'matches("x", "^[a-z-[aeiou]]$", "i")'),
    ("replace-position", "list replace([1, 2, 3], -1, 4)"),
    ("sort-one", "sort([3, 1, 2])"),
    ("sublist-length", "sublist([1, 2, 3], 2, 5)"),
    ("substring-zero", 'substring("abc", 0)'),
    ("unknown-function", "during(5, [1..10])"),
    ("unknown-function", 'trim(" a ")'),
    ("zone-property", 'string(time("10:30:00+05:00").time offset)'),
)
