"""What holds for every expression: printing and reading, any text at all, arithmetic, dates."""

import dataclasses
from datetime import date, timedelta
from decimal import Context, Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import feel
from engine.feel import tree
from engine.feel.dates import civil_from_days, days_from_civil, parse_datetime
from engine.feel.parser import parse, parse_tests

NAMES = st.sampled_from(["a", "b", "年龄", "月 收入", "x_1", "date of birth"])
SIMPLE = st.sampled_from(["a", "b", "c", "年龄"])
TEXT = st.text(st.sampled_from('ab"\\\n\t一🐎 '), max_size=6)


def _number() -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=0, max_value=10**6, places=2, allow_nan=False)


def _types() -> st.SearchStrategy[tree.TypeName]:
    plain = st.sampled_from(["number", "string", "Any", "date and time", "days and time duration", "list"]).map(
        lambda n: tree.TypeName(0, 0, n, [], [])
    )
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            inner.map(lambda t: tree.TypeName(0, 0, "list", [t], [])),
            inner.map(lambda t: tree.TypeName(0, 0, "context", [t], ["a"])),
            st.tuples(inner, inner).map(lambda t: tree.TypeName(0, 0, "function", list(t), [])),
        ),
        max_leaves=3,
    )


def _extend(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    test = st.one_of(
        inner,
        st.tuples(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), inner).map(lambda t: tree.Compare(0, 0, *t)),
    )
    iteration = st.tuples(SIMPLE, inner, st.none() | inner).map(lambda t: tree.Iteration(0, 0, *t))
    iterations = st.lists(iteration, min_size=1, max_size=2)
    return st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/", "**", "=", "!=", "<", ">="]), inner, inner).map(
            lambda t: tree.Binary(0, 0, *t)
        ),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)).map(
            lambda t: tree.Logic(0, 0, *t)
        ),
        inner.map(lambda n: tree.Negate(0, 0, n)),
        st.tuples(inner, NAMES).map(lambda t: tree.Path(0, 0, *t)),
        st.tuples(inner, inner).map(lambda t: tree.Filter(0, 0, *t)),
        st.tuples(NAMES.map(lambda n: tree.Name(0, 0, n)), st.lists(inner, max_size=2)).map(
            lambda t: tree.Call(0, 0, t[0], t[1], None)
        ),
        st.tuples(inner, inner).map(lambda t: tree.Call(0, 0, t[0], [t[1]], ["start position"])),
        st.tuples(inner, inner, inner).map(lambda t: tree.Between(0, 0, *t)),
        st.tuples(inner, st.lists(test, min_size=1, max_size=2)).map(lambda t: tree.In(0, 0, *t)),
        st.tuples(inner, inner, st.booleans(), st.booleans()).map(lambda t: tree.Interval(0, 0, *t)),
        st.lists(inner, max_size=3).map(lambda items: tree.ListOf(0, 0, items)),
        st.lists(st.tuples(SIMPLE, inner), max_size=2).map(
            lambda rows: tree.ContextOf(0, 0, [k for k, _ in rows], [v for _, v in rows])
        ),
        st.tuples(inner, inner, inner).map(lambda t: tree.If(0, 0, *t)),
        st.tuples(iterations, inner).map(lambda t: tree.For(0, 0, *t)),
        st.tuples(st.sampled_from(["some", "every"]), iterations, inner).map(lambda t: tree.Quantified(0, 0, *t)),
        st.tuples(st.lists(st.tuples(SIMPLE, st.none() | _types()), max_size=2), inner).map(
            lambda t: tree.FunctionOf(0, 0, [n for n, _ in t[0]], [k for _, k in t[0]], t[1], False)
        ),
        st.tuples(inner, _types()).map(lambda t: tree.InstanceOf(0, 0, *t)),
        st.tuples(st.sampled_from(["<", ">=", "="]), inner).map(lambda t: tree.Compare(0, 0, *t)),
    )


TREES = st.recursive(
    st.one_of(
        _number().map(lambda v: tree.Constant(0, 0, v)),
        TEXT.map(lambda v: tree.Constant(0, 0, v)),
        st.sampled_from([True, False, None]).map(lambda v: tree.Constant(0, 0, v)),
        NAMES.map(lambda n: tree.Name(0, 0, n)),
        st.just(tree.At(0, 0, "2026-07-01")),
        st.just(tree.Placeholder(0, 0)),
    ),
    _extend,
    max_leaves=8,
)


def shape(node: Any) -> Any:
    """The tree without its places in the text."""
    if isinstance(node, list):
        return [shape(item) for item in node]
    if not isinstance(node, tree.Node):
        return str(node) if isinstance(node, Decimal) else node
    parts = [shape(getattr(node, f.name)) for f in dataclasses.fields(node) if f.name not in ("start", "end")]
    return [type(node).__name__, *parts]


@settings(max_examples=250, deadline=None, derandomize=True)
@given(TREES)
def test_what_is_printed_reads_as_the_same_tree(node: tree.Node) -> None:
    text = feel.print_tree(node)
    assert shape(parse(text)) == shape(node), text


TOKENS = (
    '1 2.5 "a" a b c a-b 申请 true false null ( ) [ ] { } , : . .. + - * / ** = != < <= > >= and or not in between if '
    "then else for return some every satisfies function external instance of date and time list < > -> ? item "
    'string length count sum {a:1} partial [1..3] \' \\ “ ； \n // /* */ context range number Any @"P1D" "'
)
WORDS = [word for word in TOKENS.split(" ") if word]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join),
        st.lists(st.sampled_from(WORDS), max_size=40).map("".join),
    )
)
def test_no_text_crashes_the_parser_or_the_evaluation(text: str) -> None:
    try:
        feel.evaluate(text, {"a": [1, {"b": 2}], "b": {"c": 3}, "a-b": 3, "申请": "x"})
    except feel.FeelError as error:
        assert error.zh and error.en and 0 <= error.position <= len(text)
    try:
        parse_tests(text)
    except feel.FeelError as error:
        assert error.zh


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e20"), max_value=Decimal("1e20"))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(NUMBERS, NUMBERS)
def test_arithmetic_is_decimal_with_34_digits(a: Decimal, b: Decimal) -> None:
    context = Context(prec=34, Emin=-6143, Emax=6144)
    names = {"a": a, "b": b}
    assert feel.evaluate("a + b", names) == context.add(a, b)
    assert feel.evaluate("a - b", names) == context.subtract(a, b)
    assert feel.evaluate("a * b", names) == context.multiply(a, b)
    assert feel.evaluate("a / b", names) == (context.divide(a, b) if b else None)
    assert feel.evaluate("a < b", names) is (a < b)
    assert feel.evaluate("a = b", names) is (a == b)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dates(), st.integers(-40_000, 40_000))
def test_days_added_to_a_date_are_the_calendar_s(day: date, count: int) -> None:
    try:
        expected = day + timedelta(days=count)
    except OverflowError:
        return
    found = feel.evaluate('d + n * @"P1D"', {"d": day, "n": count})
    assert found == expected
    assert feel.evaluate('(b - a) / @"P1D"', {"a": day, "b": expected}) == count


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(-400_000_000_000, 400_000_000_000))
def test_the_calendar_over_all_years_goes_there_and_back(days: int) -> None:
    assert days_from_civil(*civil_from_days(days)) == days
    if -700_000 < days < 2_900_000:
        assert civil_from_days(days) == tuple((date(1970, 1, 1) + timedelta(days=days)).timetuple()[:3])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(-999_999_999, 999_999_999), st.integers(1, 12), st.integers(1, 28), st.integers(0, 999_999_999))
def test_a_date_and_time_reads_as_it_is_written(year: int, month: int, day: int, nano: int) -> None:
    names = {"y": year, "m": month, "d": day, "n": f"{nano:09d}"}
    text = feel.evaluate('string(date and time(string(date(y, m, d)) + "T10:20:30." + n + "+08:00"))', names)
    assert feel.text_of(parse_datetime(text)) == text


def test_the_standard_s_own_examples_of_date_arithmetic() -> None:
    """DMN 1.5, table 74 and 10.3.2.3.3 to 10.3.2.3.8."""
    cases = {
        'date and time("2012-12-24T23:59:00").year': "2012",
        'date("2012-12-25") - date("2012-12-24") = duration("P1D")': "true",
        'years and months duration(date("2011-12-22"), date("2013-08-24")) = duration("P1Y8M")': "true",
        'date and time("2012-12-24T23:59:00") + duration("PT1M") = date and time("2012-12-25T00:00:00")': "true",
        'time("23:59:00z") + duration("PT2M") = time("00:01:00@Etc/UTC")': "true",
        'date(date and time("2012-12-25T11:00:00Z")) = date("2012-12-25")': "true",
        'date and time("2012-12-24T23:59:00") - date and time("2012-12-22T03:45:00") = duration("P2DT20H14M")': "true",
        'duration("P2Y2M") = duration("P26M")': "true",
    }
    for text, value in cases.items():
        assert feel.text_of(feel.evaluate(text)) == value, text
