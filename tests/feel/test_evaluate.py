"""What FEEL answers, in sentences."""

from decimal import Decimal

import pytest

from engine import feel


def test_a_condition_over_chinese_names_answers_a_text():
    assert feel.evaluate('if 年龄 >= 60 then "减免" else "全额"', {"年龄": 61}) == "减免"


def test_a_full_width_comma_is_refused_with_a_hint_in_both_languages():
    with pytest.raises(feel.FeelError) as caught:
        feel.compile("max(a，b)")
    assert caught.value.position == 5
    assert "请用英文半角写 ," in caught.value.zh
    assert "Write ," in caught.value.en


def test_a_name_with_a_minus_is_found_when_it_is_in_the_context():
    assert feel.evaluate("申请-审批 + 1", {"申请-审批": 1}) == Decimal(2)
    assert feel.evaluate("a - b", {"a": 3, "b": 1, "a-b": 9}) == Decimal(2)


def test_the_names_an_expression_reads_are_listed_without_built_ins_and_local_variables():
    expression = feel.compile("for x in 家庭成员 return max(x.收入, 最低收入)")
    assert expression.names == ("家庭成员", "最低收入")


def test_a_name_inside_a_filter_may_belong_to_the_item_and_is_not_sure():
    expression = feel.compile("名单[年龄 > 下限][1].姓名 = 姓名")
    assert expression.names == ("名单", "年龄", "下限", "姓名")
    assert expression.names_outside_filters == ("名单", "姓名")


def test_a_variable_named_like_a_built_in_does_not_hide_it_unless_it_is_a_function():
    assert feel.evaluate("count(date) + count", {"count": 2, "date": [1, 2, 3]}) == Decimal(5)
    assert feel.evaluate("count(1)", {"count": lambda x: 7}) == Decimal(7)


def test_a_variable_named_like_a_built_in_is_among_the_names_that_are_read():
    # An answer `after`, `count` or `date` was null in a diagram: nobody looked it up for the expression.
    assert feel.compile('after.result = "bad" and day > 3').names == ("after", "day")
    assert feel.compile("string(count) + date").names == ("count", "date")
    assert feel.compile("sort(xs, before)").names == ("xs",)
    assert feel.compile("count(xs) > min(ys)").names == ("xs", "ys")


def test_host_functions_take_arguments_by_position_and_by_name():
    env = feel.Env(functions={"fee of": lambda kind, days=1: {"stall": 5}[kind] * int(days)})
    assert feel.evaluate('fee of("stall", 3)', {}, env) == Decimal(15)
    assert feel.evaluate('fee of(kind: "stall")', {}, env) == Decimal(5)


def test_wrong_data_is_null_and_a_warning_with_its_place():
    env = feel.Env()
    assert feel.evaluate('1 + ("a" < 2)', {}, env) is None
    assert [(w.code, w.position) for w in env.warnings] == [("type", 5), ("type", 0)]
    assert "文本" in env.warnings[0].zh


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("-", 1, True),
        ("", None, True),
        ("< 18, >= 60", 61, True),
        ("[18..60)", 60, False),
        ("not(1, 2)", 3, True),
        ("not(? > 5)", 6, False),
        ('"低保", "特困"', "特困", True),
        ("null", None, True),
        ("true", None, False),
        ("? in (1, 2)", 2, True),
        ("string length(?) > 2", "abc", True),
        ("上限 > 5", None, True),
        ("上限", 9, True),
        ("> 上限", "x", None),
        ("[1, 2, 3]", 2, True),
        ('@"2026-07-01"', None, False),
    ],
)
def test_a_unary_test_passes_or_not(text, value, expected):
    assert feel.unary_test(text, value, {"上限": 9}) is expected


def test_json_keeps_the_kind_of_a_number_and_writes_dates_as_iso_8601():
    value = feel.evaluate(
        '{n: 1.0, x: 0.1, d: @"2026-07-01", t: @"2026-07-01T09:00:00@Asia/Shanghai", p: @"P1D", r: [1..2]}'
    )
    assert feel.to_json(value) == {
        "n": 1,
        "x": 0.1,
        "d": "2026-07-01",
        "t": "2026-07-01T09:00:00+08:00",
        "p": "P1D",
        "r": "[1..2]",
    }
    assert feel.from_json({"x": 0.1}) == {"x": Decimal("0.1")}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("= 1 + 1", "take it off"),
        ("a == 1", "a single = sign"),
        ("a ? 1 : 2", "if … then … else"),
        ("a is null", "= null"),
        ("a && b", "and"),
        ("'text'", "double quote"),
        ("“text”", "double quote"),
        ('"text', "closing double quote"),
        ("金额 ≥ 100", ">="),
    ],
)
def test_a_common_slip_gets_a_hint(text, hint):
    with pytest.raises(feel.FeelError) as caught:
        feel.compile(text)
    assert hint in caught.value.hint_en
    assert caught.value.hint_zh and caught.value.hint_zh in caught.value.zh
