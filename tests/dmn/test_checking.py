"""check: what a designer should mend."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import dmn
from engine.dmn import lint
from tests.dmn import drawing as d


def table_of(rules: list[tuple[list[str], list[str]]], kind: str = "number", **more: object) -> bytes:
    table = d.table([("x", kind)], rules, **more)  # type: ignore[arg-type]
    return d.definitions(d.given("x", kind), d.decision("结果", table, needs=["i_x"]))


def found(source: bytes) -> dict[str, str]:
    return {finding.rule: finding.message_zh for finding in dmn.check(source, "表.dmn")}


def test_a_sound_table_has_no_findings():
    assert found(table_of([(["< 5"], ["1"]), (["[5..10)"], ["2"]), ([">= 10"], ["3"])])) == {}


def test_rules_of_a_unique_table_that_overlap_are_an_error_with_an_example():
    source = table_of([(["<= 5"], ["1"]), ([">= 5"], ["2"])])
    (finding,) = dmn.check(source)
    assert (finding.rule, finding.severity, finding.element) == ("dmn-overlap", "error", "r2")
    assert "规则 1 和规则 2 重叠（例如 x = 5）" in finding.message_zh
    assert dmn.load(source).evaluate("结果", {"x": 5}).value is None


def test_rules_of_an_any_table_may_overlap_when_they_agree():
    assert found(table_of([(["<= 5"], ["1"]), ([">= 5"], ["1"])], policy="ANY")) == {}
    assert "dmn-overlap" in found(table_of([(["<= 5"], ["1"]), ([">= 5"], ["2"])], policy="ANY"))


def test_a_value_without_a_rule_is_shown():
    messages = found(table_of([(["< 5"], ["1"]), (["> 5"], ["2"])]))
    assert list(messages) == ["dmn-gap"] and "x = 5" in messages["dmn-gap"]


def test_a_gap_between_whole_numbers_is_shown_last_and_with_a_hint():
    ages = [(["[0..17]"], ["1"]), (["[18..59]"], ["2"]), ([">= 60"], ["3"])]
    assert "x = -1" in found(table_of(ages))["dmn-gap"], "a whole number that falls through comes first"
    closed = [(["< 0"], ["0"]), *ages]
    message = found(table_of(closed))["dmn-gap"]
    assert "x = 17.5" in message and "首尾相接" in message


def test_a_default_output_or_a_collecting_table_leaves_no_gap():
    assert found(table_of([(["< 5"], ["1"])], defaults=["0"])) == {}
    assert found(table_of([(["< 5"], ["1"])], policy="COLLECT")) == {}


def test_allowed_values_limit_what_must_be_covered():
    rules = [(['"甲"'], ["1"]), (['"乙"'], ["2"])]
    assert "dmn-gap" in found(table_of(rules, "string"))
    table = d.table([("x", "string", '"甲", "乙"')], rules)  # type: ignore[list-item]
    assert found(d.definitions(d.given("x", "string"), d.decision("结果", table, needs=["i_x"]))) == {}
    item = (
        '<itemDefinition name="t"><typeRef>string</typeRef><allowedValues><text>"甲","乙"</text></allowedValues>'
        "</itemDefinition>"
    )
    by_type = d.definitions(item, d.given("x", "t"), d.decision("结果", d.table([("x", "t")], rules), needs=["i_x"]))
    assert found(by_type) == {}


def test_a_rule_that_is_never_reached_is_found():
    first = [(["< 5"], ["1"]), (["< 3"], ["2"]), ([">= 5"], ["3"])]
    assert "第 2 条规则永远轮不到" in found(table_of(first, policy="FIRST"))["dmn-unreachable-rule"]
    table = d.table([("x", "string", '"甲"')], [(['"甲"'], ["1"]), (['"丙"'], ["2"])])  # type: ignore[list-item]
    source = d.definitions(d.given("x", "string"), d.decision("结果", table, needs=["i_x"]))
    assert "第 2 条规则永远不会命中" in found(source)["dmn-unreachable-rule"]


def test_cells_and_outputs_of_the_wrong_type_are_errors():
    messages = found(table_of([(['"甲"'], ["1"]), (["-"], ["2"])], policy="FIRST"))
    assert "该列是数字" in messages["dmn-type-mismatch"]
    wrong = found(table_of([(["-"], ['"x"'])], outputs=[("", "number")]))
    assert "输出列要求数字" in wrong["dmn-type-mismatch"]
    outside = found(table_of([(["-"], ['"丙"'])], outputs=[("", "string", '"甲", "乙"')]))
    assert "不在允许的取值" in outside["dmn-output-value"]


def test_unknown_names_and_unreadable_feel_are_errors():
    messages = found(d.definitions(d.given("年龄"), d.decision("结果", d.literal("年纪 + 1"), needs=["i_年龄"])))
    assert "年纪" in messages["dmn-unknown-name"]
    undrawn = found(
        d.definitions(d.given("年龄"), d.given("x"), d.decision("结果", d.literal("年龄 + x"), needs=["i_x"]))
    )
    assert "需求连线" in undrawn["dmn-unknown-name"]
    assert "dmn-feel" in found(d.definitions(d.decision("结果", d.literal("1 + "))))
    assert "dmn-feel" in found(table_of([(["< < 5"], ["1"])]))


def test_names_inside_a_filter_may_be_parts_of_the_item():
    source = d.definitions(d.given("表"), d.decision("结果", d.literal("表[部门 = 5].姓名"), needs=["i_表"]))
    assert found(source) == {}


def test_constants_of_the_wrong_type_and_wrong_bindings_are_errors():
    assert "dmn-type-mismatch" in found(d.definitions(d.decision("结果", d.literal('"x"'), "number")))
    assert found(d.definitions(d.decision("结果", d.literal("5"), "number"))) == {}
    entry = d.context(("a", d.literal("5"), "string"))
    assert "dmn-type-mismatch" in found(d.definitions(d.decision("结果", entry)))
    invocation = f"<invocation>{d.literal('加')}<binding><parameter name='m'/>{d.literal('9')}</binding></invocation>"
    source = d.definitions(
        d.knowledge("加", [("n", "number")], d.literal("n + 1")), d.decision("结果", invocation, knows=["b_加"])
    )
    assert "要给的参数是 n" in found(source)["dmn-argument"]
    assert dmn.load(source).evaluate("结果", {}).value is None


def test_a_variable_that_hides_a_function_in_use_is_an_error():
    source = d.definitions(
        d.given("date", "date"), d.decision("结果", d.literal('date > date("2026-07-01")'), needs=["i_date"])
    )
    assert "同名变量" in found(source)["dmn-shadowed-function"]


def test_a_priority_table_without_an_order_is_a_warning():
    assert "dmn-no-priority" in found(table_of([(["-"], ["1"])], policy="PRIORITY"))


cell = st.one_of(
    st.just("-"),
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", ""]), st.integers(0, 4)).map(lambda t: f"{t[0]} {t[1]}".strip()),
    st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda t: f"[{min(t)}..{max(t)}]"),
)
word = st.sampled_from(["-", '"甲"', '"乙"', '"甲","乙"', 'not("甲")'])


@settings(max_examples=150, deadline=None)
@given(
    rules=st.lists(st.tuples(cell, word, cell), min_size=1, max_size=7), policy=st.sampled_from(["UNIQUE", "COLLECT"])
)
def test_a_gap_that_is_shown_falls_through_and_without_one_nothing_does(rules, policy):
    table = d.table(
        [("n", "number"), ("t", "string"), ("m", "number")], [(list(r), ["1"]) for r in rules], policy="COLLECT"
    )
    needs = ["i_n", "i_t", "i_m"]
    source = d.definitions(
        d.given("n", "number"), d.given("t", "string"), d.given("m", "number"), d.decision("结果", table, needs=needs)
    )
    model = dmn.load(source)
    example = lint.gap(source, "结果")
    if example is not None:
        assert model.evaluate("结果", example, linear=True).value == []
        return
    for n in range(-1, 6):
        for t in ("甲", "乙", "丙"):
            for m in range(-1, 6):
                for half in (0, Decimal("0.5")):
                    assert model.evaluate("结果", {"n": n + half, "t": t, "m": m + half}).value != []


@settings(max_examples=60, deadline=None)
@given(rules=st.lists(st.tuples(cell, word), min_size=1, max_size=5))
def test_overlaps_are_reported_when_and_only_when_some_input_meets_two_rules(rules):
    table = d.table([("n", "number"), ("t", "string")], [(list(r), ["1"]) for r in rules], policy="RULE ORDER")
    needs = ["i_n", "i_t"]
    inputs = (d.given("n", "number"), d.given("t", "string"))
    model = dmn.load(d.definitions(*inputs, d.decision("结果", table, needs=needs)))
    most = max(
        len(model.evaluate("结果", {"n": Decimal(n) / 2, "t": t}, linear=True).hits)
        for n in range(-2, 12)
        for t in ("甲", "乙", "丙")
    )
    unique = d.definitions(*inputs, d.decision("结果", table.replace("RULE ORDER", "UNIQUE"), needs=needs))
    assert ("dmn-overlap" in found(unique)) == (most > 1)


@pytest.mark.parametrize("rows", [1000])
def test_a_thousand_rules_are_checked_without_waiting(rows: int):
    rules = [([f"[{i}..{i + 1})"], [str(i)]) for i in range(rows)]
    messages = found(table_of(rules))
    assert list(messages) == ["dmn-gap"]
