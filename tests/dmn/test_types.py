"""Types: item definitions, constraints, conversions; what does not fit is null and a warning."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine import dmn
from tests.dmn import drawing as d

D = Decimal

ITEMS = """
<itemDefinition name="文列" isCollection="true"><typeRef>string</typeRef></itemDefinition>
<itemDefinition name="等级"><typeRef>string</typeRef><allowedValues><text>"甲","乙"</text></allowedValues></itemDefini\
tion>
<itemDefinition name="等级列" isCollection="true"><typeRef>等级</typeRef>
  <typeConstraint><text>count(?) &lt; 3</text></typeConstraint></itemDefinition>
<itemDefinition name="人"><itemComponent name="姓名"><typeRef>string</typeRef></itemComponent>
  <itemComponent name="子女" isCollection="true"><typeRef>人</typeRef></itemComponent></itemDefinition>
<itemDefinition name="算"><functionItem outputTypeRef="string"><parameters name="n" \
typeRef="number"/></functionItem></itemDefinition>
"""


def converted(text: str, type_ref: str) -> object:
    source = d.definitions(ITEMS, d.decision("结果", d.literal(text), type_ref))
    model = dmn.load(source)
    assert model.findings == []
    return model.evaluate("结果", {}).value


@pytest.mark.parametrize(
    ("text", "type_ref", "expected"),
    [
        ("1", "number", D(1)),
        ('"a"', "number", None),
        ("[1]", "number", D(1)),
        ("[1, 2]", "number", None),
        ('["a"]', "number", None),
        ('"a"', "文列", ["a"]),
        ('["a", "b"]', "文列", ["a", "b"]),
        ('["a", 1]', "文列", None),
        ("null", "文列", None),
        ('date("2026-07-01")', "date and time", datetime(2026, 7, 1, tzinfo=UTC)),
        ('date("2026-07-01")', "date", date(2026, 7, 1)),
        ('"甲"', "等级", "甲"),
        ('"丙"', "等级", None),
        ('["甲", "乙"]', "等级列", ["甲", "乙"]),
        ('["甲", "丙"]', "等级列", None),
        ('["甲", "乙", "甲"]', "等级列", None),
        ('{姓名: "赵", 子女: []}', "人", {"姓名": "赵", "子女": []}),
        ('{姓名: "赵"}', "人", None),
        (
            '{姓名: "赵", 子女: [{姓名: "小赵", 子女: []}]}',
            "人",
            {"姓名": "赵", "子女": [{"姓名": "小赵", "子女": []}]},
        ),
        ('{姓名: "赵", 子女: [{姓名: 1, 子女: []}]}', "人", None),
        ("[1, 2]", "list<number>", [D(1), D(2)]),
        ('[1, "a"]', "list<number>", None),
        ("{a: 1}", "context<a: number>", {"a": D(1)}),
        ("{b: 1}", "context<a: number>", None),
        ("5", "人.姓名", None),
    ],
)
def test_a_value_becomes_one_of_its_type_or_null(text: str, type_ref: str, expected: object):
    assert converted(text, type_ref) == expected


def test_what_does_not_fit_is_named_in_the_warning():
    source = d.definitions(d.decision("结果", d.literal('"a"'), "number"))
    (warning,) = dmn.load(source).evaluate("结果", {}).warnings
    assert "结果" in warning.zh and "number" in warning.zh and "结果" in warning.en


def test_an_argument_that_does_not_fit_means_the_function_is_not_called():
    source = d.definitions(
        d.knowledge("f", [("n", "number")], d.literal('"called"')),
        d.decision("结果", d.literal('f("x")'), knows=["b_f"]),
    )
    assert dmn.load(source).evaluate("结果", {}).value is None


def test_feel_knows_the_types_of_the_model():
    assert converted('"甲" instance of 等级', "boolean") is True
    assert converted('"丙" instance of 等级', "boolean") is True, "allowed values do not count here"
    assert converted("1 instance of 等级", "boolean") is False
    assert converted('(function(n: number) "x") instance of 算', "boolean") is True
    assert converted("(function(n: string) n) instance of 算", "boolean") is False
    assert converted('{姓名: "赵", 子女: []} instance of 人', "boolean") is True
    assert converted("null instance of 人", "boolean") is False


def test_a_function_may_be_declared_by_its_own_type_or_by_its_answers():
    function = (
        '<functionDefinition{}><formalParameter name="n" typeRef="number"/>'
        + d.literal("string(n)")
        + "</functionDefinition>"
    )
    for declared in ("", ' typeRef="算"', ' typeRef="string"'):
        entries = d.context(("f", function.format(declared), "算"), ("", d.literal("f(5)")))
        model = dmn.load(d.definitions(ITEMS, d.decision("结果", entries)))
        assert model.findings == []
        assert model.evaluate("结果", {}).value == "5", declared


def test_a_type_may_have_a_name_that_is_not_one_plain_word():
    items = '<itemDefinition name="户-主 类"><typeRef>string</typeRef></itemDefinition>'
    source = d.definitions(items, d.decision("结果", d.literal('["a"] instance of list<户-主 类>')))
    assert dmn.check(source) == []
    assert dmn.load(source).evaluate("结果", {}).value is True
