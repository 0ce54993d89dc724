"""Decision tables: every hit policy, defaults, allowed values, and the index that answers as testing every cell
does."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import dmn
from engine.dmn import tables
from tests.dmn import drawing as d

D = Decimal


def model_of(table: str, inputs: list[tuple[str, str]], type_ref: str = "") -> dmn.Model:
    model = dmn.load(
        d.definitions(
            *(d.given(name, kind) for name, kind in inputs),
            d.decision("结果", table, type_ref, needs=[f"i_{name}" for name, _ in inputs]),
        )
    )
    assert model.findings == []
    return model


def banded(policy: str, aggregation: str = "", **more: object) -> dmn.Model:
    """x > 1 gives 10, x > 2 gives 30, x > 3 gives 20."""
    rules = [(["> 1"], ["10"]), (["> 2"], ["30"]), (["> 3"], ["20"])]
    table = d.table([("x", "number")], rules, policy=policy, aggregation=aggregation, **more)  # type: ignore[arg-type]
    return model_of(table, [("x", "number")])


def test_a_unique_table_answers_with_its_one_rule_and_says_which_it_was():
    result = banded("UNIQUE").evaluate("结果", {"x": D(2)})
    assert result.value == 10
    (hit,) = result.hits
    assert (hit.rule, hit.rule_id, hit.decision, hit.table) == (1, "r1", "结果", "table")
    assert hit.inputs == (("x", D(2)),)
    assert hit.outputs == (("结果", D(10)),)
    assert hit.as_json()["inputs"] == {"x": 2}
    assert json.dumps(hit.as_json(), ensure_ascii=False)


def test_a_unique_table_with_two_matching_rules_is_null_and_warns():
    result = banded("UNIQUE").evaluate("结果", {"x": D(3)})
    assert result.value is None
    assert "1、2" in result.warnings[0].zh
    assert result.hits == ()


def test_an_any_table_needs_equal_outputs():
    rules = [(["> 1"], ["10"]), (["> 2"], ["10"]), (["> 3"], ["20"])]
    model = model_of(d.table([("x", "number")], rules, policy="ANY"), [("x", "number")])
    assert model.evaluate("结果", {"x": D(3)}).value == 10
    refused = model.evaluate("结果", {"x": D(4)})
    assert refused.value is None and "A" in refused.warnings[0].zh


def test_first_takes_the_first_and_rule_order_takes_all_in_order():
    assert banded("FIRST").evaluate("结果", {"x": D(9)}).value == 10
    assert banded("RULE ORDER").evaluate("结果", {"x": D(9)}).value == [10, 30, 20]


def test_priority_and_output_order_follow_the_output_values():
    ordered = {"outputs": [("", "number", "30, 20, 10")]}
    assert banded("PRIORITY", **ordered).evaluate("结果", {"x": D(9)}).value == 30
    assert banded("OUTPUT ORDER", **ordered).evaluate("结果", {"x": D(9)}).value == [30, 20, 10]


def test_priority_of_several_outputs_compares_them_from_the_left():
    rules = [(["-"], ['"低"', '"甲"']), (["-"], ['"高"', '"乙"']), (["-"], ['"高"', '"甲"'])]
    outputs = [("等级", "string", '"高", "低"'), ("窗口", "string", '"甲", "乙"')]
    model = model_of(d.table([("x", "")], rules, outputs=outputs, policy="PRIORITY"), [("x", "")])
    assert model.evaluate("结果", {"x": None}).value == {"等级": "高", "窗口": "甲"}


@pytest.mark.parametrize(("sign", "expected"), [("SUM", 60), ("COUNT", 3), ("MIN", 10), ("MAX", 30)])
def test_collect_aggregates(sign: str, expected: int):
    assert banded("COLLECT", sign).evaluate("结果", {"x": D(9)}).value == expected


def test_the_least_and_greatest_may_be_dates_and_what_cannot_be_ordered_is_null():
    rules = [(["-"], ['date("2026-07-01")']), (["-"], ['date("2026-05-01")'])]
    for sign, day in (("MIN", date(2026, 5, 1)), ("MAX", date(2026, 7, 1))):
        model = model_of(d.table([("x", "")], rules, policy="COLLECT", aggregation=sign), [("x", "")])
        assert model.evaluate("结果", {"x": None}).value == day
    mixed = [(["-"], ['"a"']), (["-"], ["1"])]
    model = model_of(d.table([("x", "")], mixed, policy="COLLECT", aggregation="MIN"), [("x", "")])
    assert model.evaluate("结果", {"x": None}).value is None


def test_collect_without_aggregation_lists_and_without_a_match_is_empty():
    assert banded("COLLECT").evaluate("结果", {"x": D(9)}).value == [10, 30, 20]
    assert banded("COLLECT").evaluate("结果", {"x": D(0)}).value == []
    assert banded("COLLECT", "COUNT").evaluate("结果", {"x": D(0)}).value == 0
    assert banded("COLLECT", "SUM").evaluate("结果", {"x": D(0)}).value is None


def test_without_a_match_the_default_output_answers_else_null_and_a_warning():
    assert banded("UNIQUE", defaults=["0"]).evaluate("结果", {"x": D(0)}).value == 0
    result = banded("UNIQUE").evaluate("结果", {"x": D(0)})
    assert result.value is None and "没有规则命中" in result.warnings[0].zh


def test_several_outputs_make_a_context():
    outputs = [("等级", "string"), ("天数", "number")]
    table = d.table([("x", "number")], [(["<= 5"], ['"快"', "x + 1"])], outputs=outputs)
    assert model_of(table, [("x", "number")]).evaluate("结果", {"x": D(5)}).value == {"等级": "快", "天数": D(6)}


def test_an_input_outside_the_allowed_values_gives_null_and_says_so():
    table = d.table([("x", "string", '"A", "B"')], [(["-"], ["1"])])
    model = model_of(table, [("x", "string")])
    assert model.evaluate("结果", {"x": "A"}).value == 1
    refused = model.evaluate("结果", {"x": "C"})
    assert refused.value is None and "允许的取值" in refused.warnings[0].zh


def test_an_output_of_the_wrong_type_is_null():
    table = d.table([("x", "number")], [(["-"], ['"文字"'])], outputs=[("", "number")])
    result = model_of(table, [("x", "number")]).evaluate("结果", {"x": D(1)})
    assert result.value is None and result.warnings


def test_an_entry_may_be_an_expression_of_the_input_and_of_other_names():
    rules = [(["? > y + 1"], ['"大"']), (['contains(string(?), "7")'], ['"七"'])]
    model = model_of(
        d.table(
            [
                ("x", "number"),
            ],
            rules,
            policy="FIRST",
        ).replace('label="x"', 'label="数"'),
        [("x", "number"), ("y", "number")],
    )
    assert model.evaluate("结果", {"x": D(9), "y": D(3)}).value == "大"
    assert model.evaluate("结果", {"x": D(17), "y": D(30)}).value == "七"


def test_dates_written_in_cells_are_indexed_and_compared_as_dates():
    rules = [(['< date("2026-07-01")'], ['"旧"']), (['>= @"2026-07-01"'], ['"新"'])]
    model = model_of(d.table([("日", "date")], rules), [("日", "date")])
    assert model.evaluate("结果", {"日": date(2026, 6, 30)}).value == "旧"
    assert model.evaluate("结果", {"日": "2026-07-01"}).value == "新", "ISO texts are read where the type says date"


# ---------------------------------------------------------------- the index against every cell


numbers = st.integers(-6, 6).map(lambda n: Decimal(n) / 2)
texts = st.sampled_from(["甲", "乙", "丙", "a b"])


def number_cell() -> st.SearchStrategy[str]:
    n = numbers.map(str)
    span = st.tuples(st.sampled_from("[]("), n, n, st.sampled_from("[])")).map(
        lambda t: f"{t[0]}{min(t[1], t[2], key=Decimal)}..{max(t[1], t[2], key=Decimal)}{t[3]}"
    )
    one = st.one_of(n, span, st.tuples(st.sampled_from(["<", "<=", ">", ">="]), n).map(" ".join))
    many = st.lists(one, min_size=1, max_size=3).map(", ".join)
    return st.one_of(st.just("-"), many, many.map(lambda t: f"not({t})"), st.just("? > 1"), st.just("null"))


def text_cell() -> st.SearchStrategy[str]:
    many = st.lists(texts.map(lambda t: f'"{t}"'), min_size=1, max_size=3).map(", ".join)
    return st.one_of(st.just("-"), st.just(""), many, many.map(lambda t: f"not({t})"), st.just('starts with(?, "a")'))


def boolean_cell() -> st.SearchStrategy[str]:
    return st.sampled_from(["-", "true", "false", "not(true)", "true, false"])


rule = st.tuples(st.tuples(number_cell(), text_cell(), boolean_cell()), st.sampled_from(["1", "2", "3", "n"]))
anything = st.one_of(numbers, texts, st.booleans(), st.none(), st.just([Decimal(1)]))


@settings(max_examples=120, deadline=None)
@given(
    rules=st.lists(rule, min_size=1, max_size=8),
    policy=st.sampled_from(
        ["UNIQUE", "ANY", "PRIORITY", "FIRST", "RULE ORDER", "OUTPUT ORDER", "COLLECT", "C+", "C#", "C<", "C>"]
    ),
    given_=st.lists(st.tuples(anything, anything, anything), min_size=1, max_size=12),
)
def test_the_index_answers_as_testing_every_cell_does(rules, policy, given_):
    table = d.table(
        [("n", ""), ("t", ""), ("b", "")],
        [(list(cells), [output]) for cells, output in rules],
        policy=policy,
        outputs=[("", "number", "3, 1, 2")],
    )
    model = model_of(table, [("n", ""), ("t", ""), ("b", "")])
    for n, t, b in given_:
        inputs = {"n": n, "t": t, "b": b}
        fast = model.evaluate("结果", inputs)
        slow = model.evaluate("结果", inputs, linear=True)
        assert fast.value == slow.value and type(fast.value) is type(slow.value), (inputs, rules)
        assert [hit.rule for hit in fast.hits] == [hit.rule for hit in slow.hits]


def test_a_table_larger_than_one_part_of_the_index_answers_over_all_parts():
    rows = 2 * tables.PART + 10
    rules = [([f"[{i}..{i + 2})"], [str(i)]) for i in range(rows)]
    model = model_of(d.table([("x", "number")], rules, policy="RULE ORDER"), [("x", "number")])
    for x in (0, 1, tables.PART - 1, tables.PART, tables.PART + 1, rows - 1, rows):
        expected = [D(i) for i in (x - 1, x) if 0 <= i < rows]
        assert model.evaluate("结果", {"x": x}).value == expected
    first = model_of(d.table([("x", "number")], rules, policy="FIRST"), [("x", "number")])
    assert first.evaluate("结果", {"x": tables.PART}).value == tables.PART - 1
