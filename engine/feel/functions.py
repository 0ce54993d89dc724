"""The built-in functions of DMN 1.5 (10.3.4), and ours, with their words for the guide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from functools import cmp_to_key
from typing import Any, Final

from engine.feel import dates, patterns
from engine.feel.dates import NANOS, DaysTimeDuration, YearsMonthsDuration
from engine.feel.runtime import MAX_STRING, Run, too_long
from engine.feel.table import BUILT_INS, built_in, call_function
from engine.feel.values import (
    NUMBERS,
    Function,
    Range,
    Value,
    admit,
    equal,
    in_range,
    kind_of,
    order,
    text_of,
)
from engine.workdays import lunar

ZERO: Final = Decimal(0)
_WIDE: Final = Context(prec=7000, Emin=-9999, Emax=9999, traps=[])


def _finite(value: Decimal) -> Decimal | None:
    return value if value.is_finite() else None


def _whole(value: Decimal) -> int | None:
    """The number without its fraction; None when it is beyond counting."""
    return int(value) if value.adjusted() < 18 else None


# --- conversion -------------------------------------------------------------------------------------------------


@built_in(
    "date(from: string|date|date and time)",
    group="conversion",
    cost=6,
    zh="把文本或日期时间变成日期；也可以给出年、月、日。",
    en="A date from a text or a date and time, or from year, month and day.",
    examples=(('date("2026-07-01")', "2026-07-01"), ("date(2026, 7, 1)", "2026-07-01")),
)
def _date(run: Run, source: Value) -> Value:
    if isinstance(source, str):
        return dates.parse_date(source)
    return dates.make_date(source.year, source.month, source.day)


@built_in("date(year: number, month: number, day: number)", group="conversion", zh="", en="")
def _date_of(run: Run, year: Decimal, month: Decimal, day: Decimal) -> Value:
    parts = [_whole(year), _whole(month), _whole(day)]
    if None in parts:
        return None
    return dates.make_date(*parts)  # type: ignore[arg-type]


@built_in(
    "date and time(from: string|date and time|date)",
    group="conversion",
    cost=6,
    zh="把文本变成日期时间；也可以由日期和时刻合成。",
    en="A date and time from a text, or from a date and a time.",
    examples=(('date and time("2026-07-01T09:00:00")', "2026-07-01T09:00:00"),),
)
def _date_and_time(run: Run, source: Value) -> Value:
    if isinstance(source, str):
        return dates.parse_datetime(source)
    if dates.is_date(source):
        return dates.make_datetime(source.year, source.month, source.day, 0, 0, 0, 0, dates.offset(0))
    return source


@built_in("date and time(date: date|date and time, time: time)", group="conversion", zh="", en="")
def _date_and_time_of(run: Run, day: Value, clock: Value) -> Value:
    return dates.make_datetime(
        day.year, day.month, day.day, clock.hour, clock.minute, clock.second, dates.nano_of(clock), clock.tzinfo
    )


@built_in(
    "time(from: string|time|date and time|date)",
    group="conversion",
    cost=6,
    zh="把文本或日期时间变成时刻；也可以给出时、分、秒和时差。",
    en="A time from a text or a date and time, or from hour, minute, second and offset.",
    examples=(('time("09:30:00")', "09:30:00"), ("time(9, 30, 0)", "09:30:00")),
)
def _time(run: Run, source: Value) -> Value:
    if isinstance(source, str):
        return dates.parse_time(source)
    if dates.is_date(source):
        return time(0, 0, 0, 0, dates.offset(0))
    return dates.make_time(source.hour, source.minute, source.second, dates.nano_of(source), source.tzinfo)


@built_in(
    "time(hour: number, minute: number, second: number, offset?: days and time duration|null)",
    group="conversion",
    cost=6,
    zh="",
    en="",
)
def _time_of(
    run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: DaysTimeDuration | None = None
) -> Value:
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return None
    zone = None
    if offset is not None:
        if offset.nanos % NANOS or abs(offset.nanos) > dates.MAX_OFFSET * NANOS:
            return None
        zone = dates.offset(offset.nanos // NANOS)
    nanos = int(second * NANOS)
    return dates.make_time(int(hour), int(minute), nanos // NANOS, nanos % NANOS, zone)


@built_in(
    "number(from: string|number)",
    group="conversion",
    zh="把文本变成数字；可说明千分位和小数点用的符号。",
    en="A number from a text; grouping and decimal separators may be told.",
    examples=(('number("1,000.5", ",", ".")', "1000.5"),),
)
def _number(run: Run, source: Value) -> Value:
    return source if isinstance(source, Decimal) else _read_number(source, None, None)


@built_in(
    "number(from: string, grouping separator: string|null, decimal separator: string|null)",
    group="conversion",
    zh="",
    en="",
)
def _number_of(run: Run, source: str, grouping: str | None, point: str | None) -> Value:
    return _read_number(source, grouping, point)


def _read_number(text: str, grouping: str | None, point: str | None) -> Decimal | None:
    if grouping is not None and grouping not in (" ", ",", "."):
        return None
    if point is not None and (point not in (",", ".") or point == grouping):
        return None
    if grouping is not None:
        text = text.replace(grouping, "")
    if point == ",":
        if "." in text:
            return None
        text = text.replace(",", ".")
    body = text[1:] if text[:1] in ("-", "+") else text
    mantissa, _, exponent = body.replace("E", "e").partition("e")
    digits = mantissa.replace(".", "", 1)
    if not (digits.isascii() and digits.isdecimal()):
        return None
    if "e" in body.lower():
        power = exponent[1:] if exponent[:1] in ("-", "+") else exponent
        if not (power.isascii() and power.isdecimal() and len(power) < 7):
            return None
    return _finite(NUMBERS.create_decimal(text))


@built_in(
    "string(from: any)",
    group="conversion",
    zh="把任何值变成文本；空值还是空值。",
    en="Any value as a text; null stays null.",
    examples=(("string(1.5)", "1.5"), ('string(@"2026-07-01")', "2026-07-01")),
)
def _string(run: Run, source: Value) -> Value:
    if source is None:
        return None
    text = text_of(source, run)
    run.spend(len(text) // 32)
    return text


@built_in(
    "duration(from: string|duration)",
    group="conversion",
    cost=6,
    zh="把文本变成时长，例如 P1Y2M 或 P3DT4H。",
    en="A duration from a text, such as P1Y2M or P3DT4H.",
    examples=(('duration("P3DT4H")', "P3DT4H"),),
)
def _duration(run: Run, source: Value) -> Value:
    return dates.parse_duration(source) if isinstance(source, str) else source


@built_in(
    "years and months duration(from: date|date and time, to: date|date and time)",
    group="conversion",
    zh="两个日期之间整年整月的时长。",
    en="The whole years and months between two dates.",
    examples=(('years and months duration(date("2025-01-31"), date("2026-07-01"))', "P1Y5M"),),
)
def _years_and_months(run: Run, start: Value, end: Value) -> Value:
    return dates.months_between(start, end)


_LITERAL_CALLS: Final = ("date", "time", "date and time", "duration")


@built_in(
    "range(from: string)",
    group="conversion",
    zh="把文本变成区间，例如 [1..10]。两端须是常量。",
    en="A range from a text such as [1..10]. The ends are literals.",
    examples=(('range("[1..10]")', "[1..10]"),),
)
def _range(run: Run, source: str) -> Value:
    from engine.feel import tree
    from engine.feel.errors import FeelError
    from engine.feel.parser import parse

    run.spend(40 + 4 * len(source))
    try:
        node = parse(source.strip(), ("date and time",))
    except FeelError:
        return None
    if not isinstance(node, tree.Interval):
        return None

    def end(node: tree.Node) -> Value:
        if isinstance(node, tree.Constant):
            return node.value
        if isinstance(node, tree.Negate) and isinstance(node.operand, tree.Constant):
            return -node.operand.value if isinstance(node.operand.value, Decimal) else None
        if isinstance(node, tree.At):
            return dates.parse_any(node.text)
        if (
            isinstance(node, tree.Call)
            and isinstance(node.function, tree.Name)
            and node.function.name in _LITERAL_CALLS
            and node.names is None
            and len(node.arguments) == 1
            and isinstance(node.arguments[0], tree.Constant)
            and isinstance(node.arguments[0].value, str)
        ):
            text = node.arguments[0].value
            read: dict[str, Callable[[str], Value]] = {
                "date": dates.parse_date,
                "time": dates.parse_time,
                "date and time": dates.parse_datetime,
                "duration": dates.parse_duration,
            }
            return read[node.function.name](text)
        return None

    low, high = end(node.low), end(node.high)
    if low is None and high is None:
        return None
    if (low is None) != (high is None):
        # One open end is allowed, but only where it is written as null.
        missing = node.low if low is None else node.high
        if not (isinstance(missing, tree.Constant) and missing.value is None):
            return None
        return Range(low, high, node.low_included, node.high_included)
    c = order(low, high)
    if c is None or c > 0:
        return None
    return Range(low, high, node.low_included, node.high_included)


# --- boolean ----------------------------------------------------------------------------------------------------


@built_in(
    "not(negand: any)",
    group="boolean",
    zh="取反；不是布尔值时为空值。",
    en="The opposite; null for what is no boolean.",
    examples=(("not(true)", "false"),),
)
def _not(run: Run, negand: Value) -> Value:
    if isinstance(negand, list) and len(negand) == 1:
        negand = negand[0]
    return not negand if isinstance(negand, bool) else None


@built_in(
    "is(value1: any, value2: any)",
    group="boolean",
    zh="两个值在 FEEL 语义域中是否是同一个元素（带时区的时刻也须时区相同）。",
    en="Whether two values are the same element of the domain (zones must be the same too).",
    examples=(("is(1, 1.0)", "true"), ('is(@"P0Y", @"P0D")', "false")),
)
def _is(run: Run, a: Value, b: Value) -> Value:
    if kind_of(a) != kind_of(b):
        return False
    if kind_of(a) in ("time", "date and time"):
        return dates.zone_text(a.tzinfo) == dates.zone_text(b.tzinfo) and equal(a, b, run) is True
    return equal(a, b, run) is True


# --- strings ----------------------------------------------------------------------------------------------------


@built_in(
    "substring(string: string, start position: number, length?: number|null)",
    group="string",
    zh="从第几个字符起的一段；位置从 1 数起，负数从末尾数。",
    en="A part of a text from a position (1 is the first, -1 the last).",
    examples=(('substring("一站式服务", 4)', "服务"), ('substring("foobar", -2, 1)', "a")),
)
def _substring(run: Run, string: str, start: Decimal, length: Decimal | None = None) -> Value:
    at = _whole(start)
    if at is None or at == 0 or abs(at) > len(string):
        return None
    at = at - 1 if at > 0 else len(string) + at
    if length is None:
        return string[at:]
    count = _whole(length)
    if length < 1:
        return None
    return string[at:] if count is None else string[at : at + count]


@built_in(
    "string length(string: string)",
    group="string",
    zh="文本的字符数。",
    en="The number of characters.",
    examples=(('string length("一站式")', "3"),),
)
def _string_length(run: Run, string: str) -> Value:
    return Decimal(len(string))


@built_in(
    "upper case(string: string)",
    group="string",
    zh="变成大写。",
    en="In upper case.",
    examples=(('upper case("aBc")', "ABC"),),
)
def _upper(run: Run, string: str) -> Value:
    return string.upper()


@built_in(
    "lower case(string: string)",
    group="string",
    zh="变成小写。",
    en="In lower case.",
    examples=(('lower case("aBc")', "abc"),),
)
def _lower(run: Run, string: str) -> Value:
    return string.lower()


@built_in(
    "substring before(string: string, match: string)",
    group="string",
    zh="第一次出现之前的部分；没有则为空文本。",
    en="What stands before the first match; empty without one.",
    examples=(('substring before("张三@社保局", "@")', "张三"),),
)
def _before_text(run: Run, string: str, match: str) -> Value:
    at = string.find(match)
    return string[:at] if at > 0 else ""


@built_in(
    "substring after(string: string, match: string)",
    group="string",
    zh="第一次出现之后的部分；没有则为空文本。",
    en="What stands after the first match; empty without one.",
    examples=(('substring after("张三@社保局", "@")', "社保局"),),
)
def _after_text(run: Run, string: str, match: str) -> Value:
    at = string.find(match)
    return string[at + len(match) :] if at >= 0 else ""


@built_in(
    "replace(input: string, pattern: string, replacement: string, flags?: string|null)",
    group="string",
    zh="用正则表达式替换（XPath 语法；标志 s m i x q）。",
    en="Replace by a regular expression (XPath's; flags s m i x q).",
    examples=(('replace("2026-07-01", "-", "/")', "2026/07/01"),),
)
def _replace(run: Run, string: str, pattern: str, replacement: str, flags: str | None = None) -> Value:
    try:
        result = patterns.replace(run, string, pattern, replacement, flags or "")
    except patterns.BadPattern as error:
        run.warn("value", f"replace() 的正则表达式不对：{error}", f"replace(): {error}")
        return None
    if len(result) > MAX_STRING:
        raise too_long()
    return result


@built_in(
    "contains(string: string, match: string)",
    group="string",
    zh="文本里是否有这一段。",
    en="Whether the text holds the other.",
    examples=(('contains("营业执照", "执照")', "true"),),
)
def _contains(run: Run, string: str, match: str) -> Value:
    return match in string


@built_in(
    "starts with(string: string, match: string)",
    group="string",
    zh="是否以这一段开头。",
    en="Whether the text starts with the other.",
    examples=(('starts with("3302", "33")', "true"),),
)
def _starts_with(run: Run, string: str, match: str) -> Value:
    return string.startswith(match)


@built_in(
    "ends with(string: string, match: string)",
    group="string",
    zh="是否以这一段结尾。",
    en="Whether the text ends with the other.",
    examples=(('ends with("证明.pdf", ".pdf")', "true"),),
)
def _ends_with(run: Run, string: str, match: str) -> Value:
    return string.endswith(match)


@built_in(
    "matches(input: string, pattern: string, flags?: string|null)",
    group="string",
    zh="正则表达式在文本里是否找得到（XPath 语法；要整段匹配请写 ^ 和 $）。",
    en="Whether a regular expression is found in the text (XPath's; anchor with ^ and $).",
    examples=(('matches("13800138000", "^1[3-9]\\d{9}$")', "true"),),
)
def _matches(run: Run, string: str, pattern: str, flags: str | None = None) -> Value:
    try:
        return patterns.matches(run, string, pattern, flags or "")
    except patterns.BadPattern as error:
        run.warn("value", f"matches() 的正则表达式不对：{error}", f"matches(): {error}")
        return None


@built_in(
    "split(string: string, delimiter: string)",
    group="string",
    zh="按正则表达式切开。",
    en="The text cut at a regular expression.",
    examples=(('split("张三;李四", ";")', '["张三", "李四"]'),),
)
def _split(run: Run, string: str, delimiter: str) -> Value:
    try:
        return patterns.split(run, string, delimiter)
    except patterns.BadPattern as error:
        run.warn("value", f"split() 的正则表达式不对：{error}", f"split(): {error}")
        return None


@built_in(
    "string join(list: list, delimiter?: string|null)",
    group="string",
    zh="把文本接起来，中间放分隔符；空值跳过。",
    en="Texts joined with a delimiter; nulls are left out.",
    examples=(('string join(["户口本", "身份证"], "、")', "户口本、身份证"),),
)
def _string_join(run: Run, items: list[Value], delimiter: str | None = None) -> Value:
    run.spend(len(items))
    if any(item is not None and not isinstance(item, str) for item in items):
        return None
    parts = [item for item in items if item is not None]
    if sum(map(len, parts)) + len(delimiter or "") * len(parts) > MAX_STRING:
        raise too_long()
    return (delimiter or "").join(parts)


# --- lists ------------------------------------------------------------------------------------------------------


@built_in(
    "list contains(list: list, element: any)",
    group="list",
    zh="列表里是否有这个值。",
    en="Whether the list holds the value.",
    examples=(("list contains([1, 2, 3], 2)", "true"),),
)
def _list_contains(run: Run, items: list[Value], element: Value) -> Value:
    run.spend(len(items))
    return any(equal(item, element, run) is True for item in items)


@built_in(
    "list replace(list: list, position: number, newItem: any)",
    "list replace(list: list, match: function, newItem: any)",
    group="list",
    zh="换掉列表的第几项，或换掉符合条件的各项。",
    en="The list with one position, or all items that match, replaced.",
    examples=(("list replace([1, 2, 3], 2, 9)", "[1, 9, 3]"),),
)
def _list_replace(run: Run, items: list[Value], where: Value, new: Value) -> Value:
    run.spend(len(items))
    if isinstance(where, Function):
        if len(where.names) != 2:
            return None
        out = []
        for item in items:
            hit = call_function(run, where, [item, new])
            if not isinstance(hit, bool):
                return None
            out.append(new if hit else item)
        return out
    at = _index(where, len(items))
    return None if at is None else items[:at] + [new] + items[at + 1 :]


def _index(position: Decimal, length: int) -> int | None:
    at = _whole(position)
    if at is None or at == 0 or abs(at) > length:
        return None
    return at - 1 if at > 0 else length + at


@built_in(
    "count(list: list)",
    group="list",
    zh="列表的项数。",
    en="The number of items.",
    examples=(("count([1, 2, 3])", "3"),),
)
def _count(run: Run, items: list[Value]) -> Value:
    return Decimal(len(items))


def _extreme(run: Run, items: list[Value], sign: int) -> Value:
    run.spend(len(items))
    if not items:
        return None
    best = items[0]
    if order(best, best) is None:
        return None
    for item in items[1:]:
        c = order(item, best)
        if c is None:
            return None
        if c * sign > 0:
            best = item
    return best


@built_in(
    "min(list...: list)",
    group="list",
    zh="最小的一项。",
    en="The smallest item.",
    examples=(("min([3, 1, 2])", "1"), ("min(3, 1, 2)", "1")),
)
def _min(run: Run, items: list[Value]) -> Value:
    return _extreme(run, items, -1)


@built_in(
    "max(list...: list)", group="list", zh="最大的一项。", en="The greatest item.", examples=(("max([3, 1, 2])", "3"),)
)
def _max(run: Run, items: list[Value]) -> Value:
    return _extreme(run, items, 1)


def _numbers(run: Run, items: list[Value]) -> bool:
    run.spend(len(items))
    return all(item.__class__ is Decimal for item in items)


@built_in(
    "sum(list...: list)",
    group="list",
    zh="各数之和；空列表为空值。",
    en="The sum; null for an empty list.",
    examples=(("sum([1, 2, 3])", "6"),),
)
def _sum(run: Run, items: list[Value]) -> Value:
    if not items or not _numbers(run, items):
        return None
    total = ZERO
    for item in items:
        total = NUMBERS.add(total, item)
    return _finite(total)


@built_in("mean(list...: list)", group="list", zh="平均值。", en="The average.", examples=(("mean([1, 2, 3])", "2"),))
def _mean(run: Run, items: list[Value]) -> Value:
    total = _sum(run, items)
    return None if total is None else _finite(NUMBERS.divide(total, Decimal(len(items))))


@built_in(
    "product(list...: list)", group="list", zh="各数之积。", en="The product.", examples=(("product([2, 3, 4])", "24"),)
)
def _product(run: Run, items: list[Value]) -> Value:
    if not items or not _numbers(run, items):
        return None
    total = Decimal(1)
    for item in items:
        total = NUMBERS.multiply(total, item)
    return _finite(total)


@built_in(
    "median(list...: list)",
    group="list",
    zh="中位数。",
    en="The middle number.",
    examples=(("median([8, 2, 5, 3, 4])", "4"),),
)
def _median(run: Run, items: list[Value]) -> Value:
    if not items or not _numbers(run, items):
        return None
    ordered = sorted(items)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return _finite(NUMBERS.divide(NUMBERS.add(ordered[middle - 1], ordered[middle]), Decimal(2)))


@built_in(
    "stddev(list...: list)",
    group="list",
    zh="样本标准差；至少要两个数。",
    en="The sample standard deviation; takes two numbers at least.",
    examples=(("stddev([2, 4, 7, 5])", "2.081665999466132735282297706979931"),),
)
def _stddev(run: Run, items: list[Value]) -> Value:
    if len(items) < 2 or not _numbers(run, items):
        return None
    wide = Context(prec=50, Emin=-9999, Emax=9999, traps=[])
    mean = wide.divide(sum(items[1:], items[0]) if len(items) < 3 else _wide_sum(wide, items), Decimal(len(items)))
    total = ZERO
    for item in items:
        gap = wide.subtract(item, mean)
        total = wide.add(total, wide.multiply(gap, gap))
    return _finite(NUMBERS.plus(wide.sqrt(wide.divide(total, Decimal(len(items) - 1)))))


def _wide_sum(wide: Context, items: list[Value]) -> Decimal:
    total = ZERO
    for item in items:
        total = wide.add(total, item)
    return total


@built_in(
    "mode(list...: list)",
    group="list",
    zh="出现最多的数，从小到大。",
    en="The most frequent numbers, ascending.",
    examples=(("mode([6, 3, 9, 6, 6])", "[6]"),),
)
def _mode(run: Run, items: list[Value]) -> Value:
    if not _numbers(run, items):
        return None
    counts: dict[Decimal, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(item for item, count in counts.items() if count == most)


@built_in(
    "all(list...: list)",
    group="list",
    zh="是否全为真（三值逻辑）。",
    en="Whether all are true (three-valued).",
    examples=(("all([true, true])", "true"),),
)
def _all(run: Run, items: list[Value]) -> Value:
    run.spend(len(items))
    if any(item is False for item in items):
        return False
    return True if all(item is True for item in items) else None


@built_in(
    "any(list...: list)",
    group="list",
    zh="是否有真（三值逻辑）。",
    en="Whether any is true (three-valued).",
    examples=(("any([false, true])", "true"),),
)
def _any(run: Run, items: list[Value]) -> Value:
    run.spend(len(items))
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None


@built_in(
    "sublist(list: list, start position: number, length?: number|null)",
    group="list",
    zh="列表的一段；位置从 1 数起，负数从末尾数。",
    en="A part of the list from a position.",
    examples=(("sublist([4, 5, 6], 1, 2)", "[4, 5]"),),
)
def _sublist(run: Run, items: list[Value], start: Decimal, length: Decimal | None = None) -> Value:
    at = _index(start, len(items))
    if at is None:
        return None
    if length is None:
        return items[at:]
    count = _whole(length)
    if count is None or count < 1 or at + count > len(items):
        return None
    return items[at : at + count]


@built_in(
    "append(list: list, *item: any)",
    group="list",
    zh="在末尾加上各项。",
    en="The list with items added.",
    examples=(("append([1], 2, 3)", "[1, 2, 3]"),),
)
def _append(run: Run, items: list[Value], *new: Value) -> Value:
    run.spend(len(items))
    return items + list(new)


@built_in(
    "concatenate(*list: list)",
    group="list",
    zh="把几个列表接成一个。",
    en="Lists one after another.",
    examples=(("concatenate([1, 2], [3])", "[1, 2, 3]"),),
)
def _concatenate(run: Run, *lists: list[Value]) -> Value:
    out: list[Value] = []
    for item in lists:
        run.spend(len(item))
        out.extend(item)
    return out


@built_in(
    "insert before(list: list, position: number, newItem: any)",
    group="list",
    zh="在第几项之前插入。",
    en="The list with an item put before a position.",
    examples=(("insert before([1, 3], 1, 2)", "[2, 1, 3]"),),
)
def _insert_before(run: Run, items: list[Value], position: Decimal, new: Value) -> Value:
    run.spend(len(items))
    at = _index(position, len(items))
    return None if at is None else items[:at] + [new] + items[at:]


@built_in(
    "remove(list: list, position: number)",
    group="list",
    zh="去掉第几项。",
    en="The list without a position.",
    examples=(("remove([1, 2, 3], 2)", "[1, 3]"),),
)
def _remove(run: Run, items: list[Value], position: Decimal) -> Value:
    run.spend(len(items))
    at = _index(position, len(items))
    return None if at is None else items[:at] + items[at + 1 :]


@built_in(
    "reverse(list: list)",
    group="list",
    zh="倒过来。",
    en="The list backwards.",
    examples=(("reverse([1, 2, 3])", "[3, 2, 1]"),),
)
def _reverse(run: Run, items: list[Value]) -> Value:
    run.spend(len(items))
    return items[::-1]


@built_in(
    "index of(list: list, match: any)",
    group="list",
    zh="各个相同项的位置。",
    en="The positions of the value.",
    examples=(("index of([1, 2, 3, 2], 2)", "[2, 4]"),),
)
def _index_of(run: Run, items: list[Value], match: Value) -> Value:
    run.spend(len(items))
    return [Decimal(i) for i, item in enumerate(items, 1) if equal(item, match, run) is True]


def _distinct(run: Run, items: list[Value]) -> list[Value]:
    out: list[Value] = []
    seen: set[Any] = set()
    for item in items:
        run.spend(1)
        if item.__class__ is str or item.__class__ is Decimal:
            if item in seen:
                continue
            seen.add(item)
        else:
            run.spend(len(out))
            if any(equal(item, other, run) is True for other in out):
                continue
        out.append(item)
    return out


@built_in(
    "union(*list: list)",
    group="list",
    zh="几个列表合起来，不重复。",
    en="Lists joined without duplicates.",
    examples=(("union([1, 2], [2, 3])", "[1, 2, 3]"),),
)
def _union(run: Run, *lists: list[Value]) -> Value:
    return _distinct(run, _concatenate(run, *lists))


@built_in(
    "distinct values(list: list)",
    group="list",
    zh="去掉重复的项。",
    en="The list without duplicates.",
    examples=(("distinct values([1, 2, 1])", "[1, 2]"),),
)
def _distinct_values(run: Run, items: list[Value]) -> Value:
    return _distinct(run, items)


@built_in(
    "duplicate values(list: list)",
    group="list",
    zh="出现过不止一次的值。",
    en="The values that occur more than once.",
    examples=(("duplicate values([1, 2, 1])", "[1]"),),
    standard=False,
)
def _duplicate_values(run: Run, items: list[Value]) -> Value:
    out: list[Value] = []
    for i, item in enumerate(items):
        run.spend(1 + len(items))
        if any(equal(item, other, run) is True for other in items[:i]) and not any(
            equal(item, other, run) is True for other in out
        ):
            out.append(item)
    return out


@built_in(
    "flatten(list: list)",
    group="list",
    zh="把嵌套的列表摊平。",
    en="The list with nested lists laid open.",
    examples=(("flatten([[1, 2], [[3]]])", "[1, 2, 3]"),),
)
def _flatten(run: Run, items: list[Value]) -> Value:
    out: list[Value] = []
    waiting = [iter(items)]
    while waiting:
        for item in waiting[-1]:
            run.spend(1)
            if isinstance(item, list):
                waiting.append(iter(item))
                break
            out.append(item)
        else:
            waiting.pop()
    return out


@built_in(
    "sort(list: list, precedes?: function)",
    group="list",
    zh="排序；函数说明两项中谁在前，不写则从小到大。",
    en="The list in order; the function tells which of two comes first (default: ascending).",
    examples=(("sort([3, 1, 2], function(x, y) x < y)", "[1, 2, 3]"),),
)
def _sort(run: Run, items: list[Value], precedes: Function | None = None) -> Value:
    run.spend(len(items))
    if precedes is None:
        if any(order(items[0], item) is None for item in items):
            return None
        return sorted(items, key=cmp_to_key(lambda a, b: order(a, b) or 0))
    if len(precedes.names) != 2:
        return None

    def compare(a: Value, b: Value) -> int:
        if call_function(run, precedes, [a, b]) is True:
            return -1
        return 1 if call_function(run, precedes, [b, a]) is True else 0

    return sorted(items, key=cmp_to_key(compare))


@built_in(
    "last index of(list: list, match: any)",
    group="list",
    zh="最后一个相同项的位置；没有则为空值。",
    en="The last position of the value; null without one.",
    examples=(("last index of([1, 2, 1], 1)", "3"),),
    standard=False,
)
def _last_index_of(run: Run, items: list[Value], match: Value) -> Value:
    found = _index_of(run, items, match)
    return found[-1] if found else None


@built_in(
    "partition(list: list, size: number)",
    group="list",
    zh="按个数切成几段。",
    en="The list cut into parts of a size.",
    examples=(("partition([1, 2, 3], 2)", "[[1, 2], [3]]"),),
    standard=False,
)
def _partition(run: Run, items: list[Value], size: Decimal) -> Value:
    run.spend(len(items))
    step = _whole(size)
    if step is None or step < 1:
        return None
    return [items[i : i + step] for i in range(0, len(items), step)]


# --- numbers ----------------------------------------------------------------------------------------------------


def _rounded(run: Run, n: Decimal, scale: Decimal, rounding: str) -> Value:
    if not -6111 <= scale <= 6176:
        return None
    places = int(scale)
    exponent = n.as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent <= places:
        return n
    result = n.quantize(Decimal(1).scaleb(-places, _WIDE), rounding=rounding, context=_WIDE)
    return _finite(NUMBERS.plus(result))


def _rounding(name: str, rounding: str, zh: str, en: str, example: tuple[str, str]) -> None:
    @built_in(f"{name}(n: number, scale: number)", group="number", zh=zh, en=en, examples=(example,))
    def _round(run: Run, n: Decimal, scale: Decimal) -> Value:
        return _rounded(run, n, scale, rounding)


_rounding(
    "decimal",
    ROUND_HALF_EVEN,
    "保留几位小数，五取偶。",
    "Rounded to a number of places, half to even.",
    ("decimal(2.5, 0)", "2"),
)
_rounding("round up", ROUND_UP, "保留几位小数，远离零进位。", "Rounded away from zero.", ("round up(1.121, 2)", "1.13"))
_rounding(
    "round down", ROUND_DOWN, "保留几位小数，向零舍去。", "Rounded towards zero.", ("round down(1.129, 2)", "1.12")
)
_rounding("round half up", ROUND_HALF_UP, "四舍五入。", "Rounded, half away from zero.", ("round half up(2.5, 0)", "3"))
_rounding(
    "round half down", ROUND_HALF_DOWN, "五舍六入。", "Rounded, half towards zero.", ("round half down(2.5, 0)", "2")
)


@built_in(
    "floor(n: number, scale?: number)",
    group="number",
    zh="不大于它的最大整数（或到几位小数）。",
    en="Rounded down.",
    examples=(("floor(-1.5)", "-2"),),
)
def _floor(run: Run, n: Decimal, scale: Decimal | None = None) -> Value:
    return _rounded(run, n, ZERO if scale is None else scale, ROUND_FLOOR)


@built_in(
    "ceiling(n: number, scale?: number)",
    group="number",
    zh="不小于它的最小整数（或到几位小数）。",
    en="Rounded up.",
    examples=(("ceiling(1.2)", "2"),),
)
def _ceiling(run: Run, n: Decimal, scale: Decimal | None = None) -> Value:
    return _rounded(run, n, ZERO if scale is None else scale, ROUND_CEILING)


@built_in(
    "abs(n: number|duration)",
    group="number",
    zh="绝对值，也用于时长。",
    en="The absolute value, of durations too.",
    examples=(("abs(-10)", "10"), ('abs(@"-PT5H")', "PT5H")),
)
def _abs(run: Run, n: Value) -> Value:
    if isinstance(n, DaysTimeDuration):
        return DaysTimeDuration(abs(n.nanos))
    if isinstance(n, YearsMonthsDuration):
        return YearsMonthsDuration(abs(n.months))
    return n.copy_abs()


@built_in(
    "modulo(dividend: number, divisor: number)",
    group="number",
    cost=12,
    zh="余数，符号随除数。",
    en="The remainder, with the divisor's sign.",
    examples=(("modulo(-12, 5)", "3"),),
)
def _modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Value:
    if not divisor:
        return None
    if dividend.adjusted() - divisor.adjusted() > 6000:
        return None
    left = _WIDE.remainder(dividend, divisor)
    if left and (left < 0) != (divisor < 0):
        left = _WIDE.add(left, divisor)
    return _finite(NUMBERS.plus(left))


@built_in("sqrt(number: number)", group="number", zh="平方根。", en="The square root.", examples=(("sqrt(16)", "4"),))
def _sqrt(run: Run, number: Decimal) -> Value:
    return _finite(NUMBERS.sqrt(number)) if number >= 0 else None


@built_in(
    "log(number: number)",
    group="number",
    cost=80,
    zh="自然对数。",
    en="The natural logarithm.",
    examples=(("decimal(log(10), 8)", "2.30258509"),),
)
def _log(run: Run, number: Decimal) -> Value:
    return _finite(NUMBERS.ln(number)) if number > 0 else None


@built_in(
    "exp(number: number)",
    group="number",
    cost=80,
    zh="e 的多少次方。",
    en="e to a power.",
    examples=(("decimal(exp(5), 8)", "148.41315910"),),
)
def _exp(run: Run, number: Decimal) -> Value:
    return _finite(NUMBERS.exp(number))


@built_in(
    "odd(number: number)",
    group="number",
    zh="是否奇数。",
    en="Whether the number is odd.",
    examples=(("odd(5)", "true"),),
)
def _odd(run: Run, number: Decimal) -> Value:
    return _parity(number, 1)


@built_in(
    "even(number: number)",
    group="number",
    zh="是否偶数。",
    en="Whether the number is even.",
    examples=(("even(5)", "false"),),
)
def _even(run: Run, number: Decimal) -> Value:
    return _parity(number, 0)


def _parity(number: Decimal, wanted: int) -> bool:
    if number != number.to_integral_value():
        return False
    # Beyond 34 digits there are only zeros left: even.
    last = 0 if number.adjusted() > 40 else int(number) % 2
    return last == wanted


# --- ranges -----------------------------------------------------------------------------------------------------


def _ends(value: Value) -> tuple[Value, bool, Value, bool]:
    if isinstance(value, Range):
        return value.low, value.low_included, value.high, value.high_included
    return value, True, value, True


def _cmp(a: Value, b: Value, a_side: int, b_side: int, a_open: bool, b_open: bool) -> int | None:
    """Order two ends; an end that does not exist is at infinity (side -1 or 1)."""
    if a is None and a_open or b is None and b_open:
        x = a_side if a is None and a_open else 0
        y = b_side if b is None and b_open else 0
        return (x > y) - (x < y)
    return order(a, b)


class _Pair:
    """Two ranges or points compared end by end; `bad` when they cannot be."""

    def __init__(self, a: Value, b: Value) -> None:
        self.a_low, self.a_low_in, self.a_high, self.a_high_in = _ends(a)
        self.b_low, self.b_low_in, self.b_high, self.b_high_in = _ends(b)
        ao = isinstance(a, Range) and a.op is not None
        bo = isinstance(b, Range) and b.op is not None
        self.low_low = _cmp(self.a_low, self.b_low, -1, -1, ao, bo)
        self.high_high = _cmp(self.a_high, self.b_high, 1, 1, ao, bo)
        self.low_high = _cmp(self.a_low, self.b_high, -1, 1, ao, bo)
        self.high_low = _cmp(self.a_high, self.b_low, 1, -1, ao, bo)

    @property
    def bad(self) -> bool:
        return None in (self.low_low, self.high_high, self.low_high, self.high_low)


def _relation(
    name: str, shapes: tuple[str, ...], zh: str, en: str, example: tuple[str, str], test: Callable[[Any], bool]
) -> None:
    @built_in(*(f"{name}({shape})" for shape in shapes), group="range", zh=zh, en=en, examples=(example,))
    def _compare(run: Run, a: Value, b: Value) -> Value:
        pair = _Pair(a, b)
        return None if pair.bad else test(pair)


_PP = "point1: point, point2: point"
_PR = "point: point, range: range"
_RP = "range: range, point: point"
_RR = "range1: range, range2: range"


def _is_before(p: Any) -> bool:
    return bool(p.high_low < 0 or (p.high_low == 0 and not (p.a_high_in and p.b_low_in)))


def _is_after(p: Any) -> bool:
    return bool(p.low_high > 0 or (p.low_high == 0 and not (p.a_low_in and p.b_high_in)))


def _low_reaches(p: Any) -> bool:
    """a starts no later than b."""
    return bool(p.low_low < 0 or (p.low_low == 0 and (p.a_low_in or not p.b_low_in)))


def _high_reaches(p: Any) -> bool:
    """a ends no earlier than b."""
    return bool(p.high_high > 0 or (p.high_high == 0 and (p.a_high_in or not p.b_high_in)))


def _low_within(p: Any) -> bool:
    """a starts no earlier than b."""
    return bool(p.low_low > 0 or (p.low_low == 0 and (not p.a_low_in or p.b_low_in)))


def _high_within(p: Any) -> bool:
    """a ends no later than b."""
    return bool(p.high_high < 0 or (p.high_high == 0 and (not p.a_high_in or p.b_high_in)))


_relation(
    "before",
    (_PP, _PR, _RP, _RR),
    "整个在前。",
    "Whether the first lies wholly before the second.",
    ("before(1, [5..10])", "true"),
    _is_before,
)
_relation(
    "after",
    (_PP, _PR, _RP, _RR),
    "整个在后。",
    "Whether the first lies wholly after the second.",
    ("after([5..10], 1)", "true"),
    _is_after,
)
_relation(
    "meets",
    (_RR,),
    "前一个的末端正是后一个的始端。",
    "Whether the first ends where the second starts.",
    ("meets([1..5], [5..10])", "true"),
    lambda p: p.high_low == 0 and p.a_high_in and p.b_low_in,
)
_relation(
    "met by",
    (_RR,),
    "前一个的始端正是后一个的末端。",
    "Whether the first starts where the second ends.",
    ("met by([5..10], [1..5])", "true"),
    lambda p: p.low_high == 0 and p.a_low_in and p.b_high_in,
)
_relation(
    "overlaps",
    (_RR,),
    "有重叠。",
    "Whether the two share a point.",
    ("overlaps([1..5], [3..8])", "true"),
    lambda p: not _is_before(p) and not _is_after(p),
)
_relation(
    "overlaps before",
    (_RR,),
    "前一个先开始、先结束，且有重叠。",
    "Whether the first starts and ends before the second, and they overlap.",
    ("overlaps before([1..5], [3..8])", "true"),
    lambda p: (
        (p.low_low < 0 or (p.low_low == 0 and p.a_low_in and not p.b_low_in))
        and (p.high_low > 0 or (p.high_low == 0 and p.a_high_in and p.b_low_in))
        and _high_within(p)
    ),
)
_relation(
    "overlaps after",
    (_RR,),
    "前一个后开始、后结束，且有重叠。",
    "Whether the first starts and ends after the second, and they overlap.",
    ("overlaps after([3..8], [1..5])", "true"),
    lambda p: (
        (p.low_low > 0 or (p.low_low == 0 and p.b_low_in and not p.a_low_in))
        and (p.low_high < 0 or (p.low_high == 0 and p.a_low_in and p.b_high_in))
        and (p.high_high > 0 or (p.high_high == 0 and (p.a_high_in or not p.b_high_in)))
    ),
)
_relation(
    "finishes",
    (_PR, _RR),
    "与后一个同时结束。",
    "Whether the first ends with the second.",
    ("finishes(10, [1..10])", "true"),
    lambda p: p.high_high == 0 and p.a_high_in == p.b_high_in and _low_within(p),
)
_relation(
    "finished by",
    (_RP, _RR),
    "后一个与它同时结束。",
    "Whether the second ends with the first.",
    ("finished by([1..10], 10)", "true"),
    lambda p: p.high_high == 0 and p.a_high_in == p.b_high_in and _low_reaches(p),
)
_relation(
    "includes",
    (_RP, _RR),
    "包含后一个。",
    "Whether the first includes the second.",
    ("includes([1..10], 5)", "true"),
    lambda p: _low_reaches(p) and _high_reaches(p),
)
_relation(
    "during",
    (_PR, _RR),
    "在后一个之内。",
    "Whether the first lies within the second.",
    ("during(5, [1..10])", "true"),
    lambda p: _low_within(p) and _high_within(p),
)
_relation(
    "starts",
    (_PR, _RR),
    "与后一个同时开始。",
    "Whether the first starts with the second.",
    ("starts(1, [1..10])", "true"),
    lambda p: p.low_low == 0 and p.a_low_in == p.b_low_in and _high_within(p),
)
_relation(
    "started by",
    (_RP, _RR),
    "后一个与它同时开始。",
    "Whether the second starts with the first.",
    ("started by([1..10], 1)", "true"),
    lambda p: p.low_low == 0 and p.a_low_in == p.b_low_in and _high_reaches(p),
)
_relation(
    "coincides",
    (_PP, _RR),
    "完全相同。",
    "Whether the two are the same.",
    ("coincides([1..5], [1..5])", "true"),
    lambda p: p.low_low == 0 and p.high_high == 0 and p.a_low_in == p.b_low_in and p.a_high_in == p.b_high_in,
)


# --- dates ------------------------------------------------------------------------------------------------------

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@built_in(
    "day of year(date: date|date and time)",
    group="date",
    zh="一年中的第几天。",
    en="The day of the year.",
    examples=(('day of year(@"2026-02-01")', "32"),),
)
def _day_of_year(run: Run, day: Value) -> Value:
    return Decimal(dates.day_of_year(day))


@built_in(
    "day of week(date: date|date and time)",
    group="date",
    zh="星期几（英文）。",
    en="The English name of the day.",
    examples=(('day of week(@"2026-07-01")', "Wednesday"),),
)
def _day_of_week(run: Run, day: Value) -> Value:
    return _DAYS[dates.weekday(day) - 1]


@built_in(
    "month of year(date: date|date and time)",
    group="date",
    zh="月份名（英文）。",
    en="The English name of the month.",
    examples=(('month of year(@"2026-07-01")', "July"),),
)
def _month_of_year(run: Run, day: Value) -> Value:
    return _MONTHS[day.month - 1]


@built_in(
    "week of year(date: date|date and time)",
    group="date",
    zh="ISO 8601 周数。",
    en="The ISO 8601 week.",
    examples=(('week of year(@"2026-01-01")', "1"),),
)
def _week_of_year(run: Run, day: Value) -> Value:
    return Decimal(dates.week_of_year(day))


@built_in(
    "now()",
    group="date",
    zh="办理这一步的时刻（由调用者给出，不读机器的钟）。",
    en="The moment of this step, as the caller tells it; the machine's clock is not read.",
)
def _now(run: Run) -> Value:
    now = run.env.now
    if now is None:
        run.warn("value", "now()：调用者没有给出当前时刻。", "now(): the caller gave no clock.")
        return None
    return now.astimezone(run.env.zone)


@built_in("today()", group="date", zh="办理这一步的日期。", en="The date of this step.")
def _today(run: Run) -> Value:
    now = _now(run)
    return None if now is None else now.date()


@built_in(
    "last day of month(date: date|date and time)",
    group="date",
    zh="当月最后一天。",
    en="The last day of the month.",
    examples=(('last day of month(@"2026-02-10")', "2026-02-28"),),
    standard=False,
)
def _last_day(run: Run, day: Value) -> Value:
    return dates.make_date(day.year, day.month, dates.month_length(day.year, day.month))


# --- contexts ---------------------------------------------------------------------------------------------------


@built_in(
    "get value(m: context, key: string)",
    "get value(context: context, keys: list)",
    group="context",
    zh="按名称取上下文里的值；没有则为空值。",
    en="The entry of a name (or along a path of names); null without one.",
    examples=(('get value({a: 1}, "a")', "1"),),
)
def _get_value(run: Run, context: dict[str, Value], key: Value) -> Value:
    if isinstance(key, str):
        return context.get(key)
    found: Value = context
    if not key:
        return None
    for step in key:
        if not isinstance(found, dict) or not isinstance(step, str):
            return None
        found = found.get(step)
    return found


@built_in(
    "get entries(m: context)",
    group="context",
    zh="上下文的各个条目（key 和 value）。",
    en="The entries of a context, each with key and value.",
    examples=(("get entries({a: 1})", '[{key: "a", value: 1}]'),),
)
def _get_entries(run: Run, context: dict[str, Value]) -> Value:
    run.spend(len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


@built_in(
    "context(entries: list)",
    group="context",
    zh="由条目（key 和 value）做成上下文；名称重复则为空值。",
    en="A context from entries with key and value; null where a key comes twice.",
    examples=(('context([{key: "a", value: 1}])', "{a: 1}"),),
)
def _context(run: Run, entries: list[Value]) -> Value:
    run.spend(len(entries))
    out: dict[str, Value] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            return None
        if entry["key"] in out:
            return None
        out[entry["key"]] = entry["value"]
    return out


@built_in(
    "context put(context: context, key: string, value: any)",
    "context put(context: context, keys: list, value: any)",
    group="context",
    zh="放入或改掉一个条目（或一串名称所指的条目）。",
    en="The context with an entry put in (or one along a path of names).",
    examples=(('context put({a: 1}, "b", 2)', "{a: 1, b: 2}"),),
)
def _context_put(run: Run, context: dict[str, Value], key: Value, value: Value) -> Value:
    run.spend(len(context))
    if isinstance(key, str):
        return {**context, key: value}
    if not key or not all(isinstance(step, str) for step in key):
        return None
    inner = value
    if len(key) > 1:
        below = context.get(key[0])
        if below is None:
            below = {}
        if not isinstance(below, dict):
            return None
        inner = _context_put(run, below, key[1:], value)
        if inner is None:
            return None
    return {**context, key[0]: inner}


@built_in(
    "context merge(contexts: list)",
    group="context",
    zh="合并几个上下文，后面的优先。",
    en="Contexts merged; later ones win.",
    examples=(("context merge([{a: 1}, {a: 2, b: 3}])", "{a: 2, b: 3}"),),
)
def _context_merge(run: Run, contexts: list[Value]) -> Value:
    out: dict[str, Value] = {}
    for context in contexts:
        if not isinstance(context, dict):
            return None
        run.spend(len(context) + 1)
        out.update(context)
    return out


# --- ours -------------------------------------------------------------------------------------------------------


@built_in(
    "get or else(value: any, default: any)",
    group="ours",
    zh="空值时用后一个。",
    en="The second value where the first is null.",
    examples=(('get or else(null, "未填")', "未填"),),
    standard=False,
)
def _get_or_else(run: Run, value: Value, default: Value) -> Value:
    return default if value is None else value


@built_in(
    "is defined(value: any)",
    group="ours",
    zh="是否有值（不是空值）。",
    en="Whether there is a value.",
    examples=(("is defined(null)", "false"),),
    standard=False,
)
def _is_defined(run: Run, value: Value) -> Value:
    return value is not None


@built_in(
    "is empty(value: any)",
    group="ours",
    zh="空值、空文本、空列表或空上下文。",
    en="Whether it is null, or an empty text, list or context.",
    examples=(('is empty("")', "true"), ("is empty([1])", "false")),
    standard=False,
)
def _is_empty(run: Run, value: Value) -> Value:
    return value is None or (isinstance(value, str | list | dict) and not value)


@built_in(
    "is blank(string: string|null)",
    group="ours",
    zh="文本是否为空或只有空白。",
    en="Whether the text is null or only white space.",
    examples=(('is blank("  ")', "true"),),
    standard=False,
)
def _is_blank(run: Run, string: str | None) -> Value:
    return string is None or not string.strip()


@built_in(
    "trim(string: string)",
    group="ours",
    zh="去掉首尾空白。",
    en="The text without white space at its ends.",
    examples=(('trim(" 张三 ")', "张三"),),
    standard=False,
)
def _trim(run: Run, string: str) -> Value:
    return string.strip()


def _calendar(run: Run, name: str) -> Any:
    calendar = run.env.calendar
    if calendar is None:
        run.warn("value", f"{name}()：没有工作日历。", f"{name}(): there is no calendar of working days.")
    return calendar


def _plain_date(day: Value) -> date | None:
    return date(day.year, day.month, day.day) if 1 <= day.year <= 9999 else None


def _ask(run: Run, name: str, answer: Callable[[], Value]) -> Value:
    """Ask the calendar; a year it does not know is a warning and null."""
    from engine.errors import Refused

    try:
        return admit(answer())
    except (Refused, LookupError, ValueError, OverflowError) as error:
        zh = getattr(error, "zh", str(error))
        run.warn("value", f"{name}()：{zh}", f"{name}(): {getattr(error, 'en', error)}")
        return None


def _count_of(n: Decimal) -> int | None:
    whole = _whole(n)
    return whole if whole is not None and whole == n and abs(whole) <= 2000 else None


@built_in(
    "workdays(n: number)",
    group="ours",
    zh="从现在起第 n 个工作日的下班时刻（当天不算）；用作办理期限、定时器。下班时刻由工作日历给出，没有则为 17:30。",
    en="The end of the n-th working day after now (today not counted), for due dates and timers. "
    "The closing hour is the calendar's, else 17:30.",
    standard=False,
)
def _workdays(run: Run, n: Decimal) -> Value:
    calendar = _calendar(run, "workdays")
    now = _now(run)
    count = _count_of(n)
    if calendar is None or now is None or count is None or count < 0:
        return None

    def end() -> Value:
        day: date = calendar.add(now.date(), count)
        # A calendar of opening hours knows when the doors close; one of working days does not.
        closing = getattr(calendar, "closing", None)
        clock = closing(day) if callable(closing) else closing
        if isinstance(clock, datetime):
            return clock.astimezone(run.env.zone)
        return datetime.combine(day, clock if isinstance(clock, time) else time(17, 30), run.env.zone)

    return _ask(run, "workdays", end)


@built_in(
    "add workdays(date: date|date and time, n: number)",
    group="ours",
    zh="某日之后第 n 个工作日（当日不算）。",
    en="The n-th working day after a date (the date itself not counted).",
    standard=False,
)
def _add_workdays(run: Run, day: Value, n: Decimal) -> Value:
    calendar = _calendar(run, "add workdays")
    start, count = _plain_date(day), _count_of(n)
    if calendar is None or start is None or count is None:
        return None
    return _ask(run, "add workdays", lambda: calendar.add(start, count))


@built_in(
    "is workday(date: date|date and time)",
    group="ours",
    zh="是否工作日（含调休）。",
    en="Whether the date is a working day.",
    standard=False,
)
def _is_workday(run: Run, day: Value) -> Value:
    calendar = _calendar(run, "is workday")
    start = _plain_date(day)
    if calendar is None or start is None:
        return None
    return _ask(run, "is workday", lambda: bool(calendar.is_workday(start)))


@built_in(
    "workdays between(from: date|date and time, to: date|date and time)",
    group="ours",
    zh="前一日之后到后一日为止有几个工作日。",
    en="The working days after the first date up to and including the second.",
    standard=False,
)
def _workdays_between(run: Run, start: Value, end: Value) -> Value:
    calendar = _calendar(run, "workdays between")
    a, b = _plain_date(start), _plain_date(end)
    if calendar is None or a is None or b is None:
        return None
    if abs((b - a) / timedelta(days=1)) > 40_000:
        return None

    return _ask(run, "workdays between", lambda: int(calendar.count(a, b)))


@built_in(
    "lunar date(date: date|date and time)",
    group="ours",
    zh="农历：{year, month, leap, day, name}，如 name 是“八月初三”。只知道 1900 到 2099 年。",
    en="The lunar date: {year, month, leap, day, name}, the name being 八月初三. Known from 1900 to 2099.",
    examples=(('lunar date(@"2026-09-13").name', '"八月初三"'),),
    standard=False,
)
def _lunar_date(run: Run, day: Value) -> Value:
    start = _plain_date(day)
    if start is None:
        return None

    def found() -> Value:
        one = lunar.of(start)
        return {"year": one.year, "month": one.month, "leap": one.leap, "day": one.day, "name": one.name}

    return _ask(run, "lunar date", found)


@built_in(
    "market days(days: string, from: date|date and time, to: date|date and time)",
    group="ours",
    zh="农历墟日（“逢三逢八”“初一十五”“八月十五”）在这两天之间的日期，两头都算，至多十年。",
    en="The days between two dates, both counted and ten years apart at most, on which lunar days such as 逢三逢八, "
    "初一十五 or 八月十五 fall.",
    examples=(('count(market days("逢三逢八", @"2026-12-01", @"2026-12-31"))', "7"),),
    standard=False,
)
def _market_days(run: Run, days: str, start: Value, end: Value) -> Value:
    a, b = _plain_date(start), _plain_date(end)
    if a is None or b is None or (b - a).days > 3660:
        return None
    return _ask(run, "market days", lambda: list(lunar.days(days).between(a, b)))


@built_in(
    "unit(name?: string)",
    group="ours",
    zh="当前单位；给出名称则查那个单位。",
    en="The unit at work; with a name, the unit of that name.",
    standard=False,
)
def _unit(run: Run, name: str | None = None) -> Value:
    look_up = run.env.functions.get("unit")
    if name is None:
        return run.env.unit
    return admit(look_up(name)) if look_up is not None else name


__all__ = ["BUILT_INS", "in_range"]
