"""Requirements graphs, boxed expressions, knowledge models, services, imports."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine import dmn
from engine.errors import NotFound
from tests.dmn import drawing as d

D = Decimal


def load(*parts: str, **more: str) -> dmn.Model:
    model = dmn.load(d.definitions(*parts, **more))
    assert model.findings == []
    return model


def one(logic: str, inputs: dict[str, object] | None = None, type_ref: str = "", *parts: str) -> object:
    """The value of a single decision that needs its inputs."""
    inputs = inputs or {}
    model = load(*parts, *(d.given(n) for n in inputs), d.decision("结果", logic, type_ref, [f"i_{n}" for n in inputs]))
    return model.evaluate("结果", inputs).value


# ---------------------------------------------------------------- graphs


def test_a_decision_sees_what_it_requires_and_nothing_else():
    model = load(
        d.given("甲"),
        d.given("乙"),
        d.decision("上", d.literal("甲 + 1"), needs=["i_甲"]),
        d.decision("下", d.literal("上 + 1"), needs=["d_上"]),
    )
    assert model.evaluate("下", {"甲": 1}).value == 3
    hidden = dmn.load(d.definitions(d.given("甲"), d.given("乙"), d.decision("下", d.literal("甲"), needs=["i_乙"])))
    assert hidden.evaluate("下", {"甲": 1}).value is None


def test_a_decision_that_draws_no_requirement_at_all_sees_the_inputs_and_check_advises():
    source = d.definitions(d.decision("下", d.table([("甲", "date")], [(['> date("2026-07-01")'], ["1"])])))
    model = dmn.load(source)
    assert model.evaluate("下", {"甲": "2026-08-01"}).value == 1
    assert model.evaluate("下", {"甲": "2026-08-01"}, strict=True).value is None
    assert [want.name for want in model.wants("下")] == ["甲"]
    assert {f.rule: f.severity for f in dmn.check(source)}["dmn-undeclared-input"] == "warning"


def test_a_decision_required_twice_is_evaluated_once():
    shared = d.table([("x", "number")], [(["-"], ["x * 2"])])
    model = load(
        d.given("x", "number"),
        d.decision("根", shared, needs=["i_x"]),
        d.decision("左", d.literal("根 + 1"), needs=["d_根"]),
        d.decision("右", d.literal("根 + 2"), needs=["d_根"]),
        d.decision("顶", d.literal("左 + 右"), needs=["d_左", "d_右"]),
    )
    result = model.evaluate("顶", {"x": 5})
    assert result.value == 23
    assert len(result.hits) == 1
    assert result.decisions == {"根": D(10), "左": D(11), "右": D(12), "顶": D(23)}


def test_a_decision_without_logic_takes_the_value_that_is_given():
    model = load(d.decision("意见", "", "string"), d.decision("结果", d.literal('意见 + "。"'), needs=["d_意见"]))
    assert model.evaluate("结果", {"意见": "同意"}).value == "同意。"
    assert model.evaluate("结果", {}).value is None


def test_a_decision_is_found_by_name_or_id_and_an_unknown_one_is_refused_by_name():
    model = load(d.decision("结果", d.literal("1"), id="Decision_1"))
    assert model.evaluate("Decision_1", {}).value == 1
    with pytest.raises(NotFound) as refused:
        model.evaluate("没有", {})
    assert "没有" in refused.value.zh and "结果" in refused.value.zh


def test_what_a_decision_wants_is_listed_through_all_it_requires():
    model = load(
        d.given("甲", "number"),
        d.given("乙", "string"),
        d.decision("上", d.literal("甲"), needs=["i_甲"]),
        d.decision("下", d.literal("上"), needs=["d_上", "i_乙"]),
    )
    assert [(w.name, w.type) for w in model.wants("下")] == [("甲", "number"), ("乙", "string")]


def test_values_from_json_are_read_as_the_inputs_type_says():
    items = (
        '<itemDefinition name="人"><itemComponent name="生日"><typeRef>date</typeRef></itemComponent>'
        '<itemComponent name="电话"><typeRef>string</typeRef></itemComponent></itemDefinition>'
    )
    model = load(items, d.given("人", "人"), d.decision("年", d.literal("人.生日.year"), needs=["i_人"]))
    assert model.evaluate("年", {"人": {"生日": "1960-05-01"}}).value == 1960
    strict = model.evaluate("年", {"人": {"生日": "1960-05-01"}}, strict=True)
    assert strict.value is None and strict.warnings


def test_a_part_named_like_a_function_does_not_hide_the_function():
    items = (
        '<itemDefinition name="t"><itemComponent name="date"><typeRef>date</typeRef></itemComponent></itemDefinition>'
    )
    model = load(items, d.given("x", "t"), d.decision("迟", d.literal('x.date > date("2026-07-01")'), needs=["i_x"]))
    assert model.evaluate("迟", {"x": {"date": "2026-08-01"}}).value is True


def test_names_with_operators_in_them_are_read_whole_where_they_are_known():
    items = (
        '<itemDefinition name="t"><itemComponent name="同意-人数"><typeRef>number</typeRef></itemComponent>'
        "</itemDefinition>"
    )
    model = load(items, d.given("表 决", "t"), d.decision("半", d.literal("表 决.同意-人数 / 2"), needs=["i_表 决"]))
    assert model.evaluate("半", {"表 决": {"同意-人数": 8}}).value == 4


def test_a_table_as_the_camunda_modeler_saves_it():
    source = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" \
xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"
  xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="D" \
name="DRD"
  namespace="http://camunda.org/schema/1.0/dmn" modeler:executionPlatform="Camunda Cloud">
 <decision id="Decision_1" name="补助标准"><decisionTable id="T" hitPolicy="FIRST">
  <input id="I1" label="年龄"><inputExpression id="E1" typeRef="number"><text>applicant.age</text></inputExpression></\
input>
  <input id="I2" label="类别"><inputExpression id="E2" typeRef="string"><text>kind</text></inputExpression></input>
  <output id="O1" label="金额" name="amount" typeRef="number" />
  <rule id="R1"><description>六十以上</description><inputEntry id="c1"><text>&gt;= 60</text></inputEntry>
   <inputEntry id="c2"><text>"A"</text></inputEntry><outputEntry id="o1"><text>100 + \
applicant.age</text></outputEntry></rule>
  <rule id="R2"><inputEntry id="c3"><text></text></inputEntry><inputEntry id="c4"><text>-</text></inputEntry>
   <outputEntry id="o2"><text>0</text></outputEntry></rule></decisionTable></decision>
 <dmndi:DMNDI><dmndi:DMNDiagram><dmndi:DMNShape dmnElementRef="Decision_1"><dc:Bounds height="80" width="180" x="1" \
y="1"/>
 </dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI></definitions>""".encode()
    assert [(f.rule, f.severity) for f in dmn.check(source)] == [("dmn-undeclared-input", "warning")] * 2
    model = dmn.load(source)
    result = model.evaluate("Decision_1", {"applicant": {"age": 66}, "kind": "A"})
    assert result.value == 166
    assert result.hits[0].annotations == ("六十以上",)
    assert model.evaluate("补助标准", {"applicant": {"age": 6}, "kind": "A"}).value == 0


# ---------------------------------------------------------------- boxed expressions


def test_entries_of_a_context_see_those_above_and_the_result_cell_answers():
    assert one(d.context(("a", d.literal("1")), ("b", d.literal("a + 1")))) == {"a": 1, "b": 2}
    assert one(d.context(("a", d.literal("1")), ("", d.literal("a + 1")))) == 2


def test_lists_and_relations():
    assert one(f"<list>{d.literal('1')}{d.literal('2')}</list>") == [1, 2]
    relation = (
        f'<relation><column name="a"/><column name="b"/><row>{d.literal("1")}{d.literal("2")}</row>'
        f"<row>{d.literal('3')}{d.literal('4')}</row></relation>"
    )
    assert one(relation) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


def test_conditional_filter_and_iterators():
    conditional = (
        f"<conditional><if>{d.literal('x > 1')}</if><then>{d.literal('1')}</then><else>{d.literal('2')}</else>"
        "</conditional>"
    )
    assert one(conditional, {"x": 2}) == 1
    assert one(conditional, {"x": None}) == 2
    people = [{"名": "甲", "岁": D(60)}, {"名": "乙", "岁": D(70)}]
    assert (
        one(f"<filter><in>{d.literal('x')}</in><match>{d.literal('岁 > 65')}</match></filter>", {"x": people})
        == people[1:]
    )

    def iterator(tag: str, body: str, inner: str) -> str:
        return f'<{tag} iteratorVariable="i"><in>{d.literal("x")}</in><{inner}>{d.literal(body)}</{inner}></{tag}>'

    assert one(iterator("for", "i * 2", "return"), {"x": [1, 2]}) == [2, 4]
    assert one(iterator("for", "if count(partial) = 0 then 1 else partial[-1] + i", "return"), {"x": [1, 2, 3]}) == [
        1,
        3,
        6,
    ]
    assert one(iterator("some", "i > 1", "satisfies"), {"x": [1, 2]}) is True
    assert one(iterator("every", "i > 1", "satisfies"), {"x": [1, 2]}) is False
    assert one(iterator("every", "i > 1", "satisfies"), {"x": []}) is True


def test_a_function_is_called_by_position_by_name_and_by_invocation():
    function = (
        f'<functionDefinition><formalParameter name="a"/><formalParameter name="b"/>{d.literal("a - b")}'
        "</functionDefinition>"
    )
    assert one(d.context(("f", function), ("", d.literal("f(5, 3)")))) == 2
    assert one(d.context(("f", function), ("", d.literal("f(b: 5, a: 3)")))) == -2
    invocation = (
        f"<invocation>{d.literal('f')}<binding><parameter name='a'/>{d.literal('9')}</binding>"
        f"<binding><parameter name='b'/>{d.literal('1')}</binding></invocation>"
    )
    assert one(d.context(("f", function), ("", invocation))) == 8


def test_an_outside_function_is_null_and_says_so():
    function = '<functionDefinition kind="Java"><formalParameter name="a"/></functionDefinition>'
    source = d.definitions(d.decision("结果", d.context(("f", function), ("", d.literal("f(1)")))))
    result = dmn.load(source).evaluate("结果", {})
    assert result.value is None and "Java" in result.warnings[0].zh
    assert [f.rule for f in dmn.check(source)] == ["dmn-external"]


def test_pure_functions_of_javas_library_are_answered_from_a_closed_list():
    described = d.context(
        ("class", d.literal('"java.lang.Math"')), ("method signature", d.literal('"max(double, double)"'))
    )
    told = d.literal('{class: "java.lang.Math", method signature: "max(double, double)"}')
    for body in (described, told):
        function = (
            '<functionDefinition kind="Java"><formalParameter name="a" typeRef="number"/>'
            f'<formalParameter name="b" typeRef="number"/>{body}</functionDefinition>'
        )
        source = d.definitions(
            d.decision("结果", d.context(("f", function), ("", d.literal("f(2, 3.5)")))),
            d.decision("错", d.context(("f", function), ("", d.literal('f("2", 3.5)')))),
        )
        assert dmn.check(source) == []
        assert dmn.load(source).evaluate("结果", {}).value == D("3.5")
        assert dmn.load(source).evaluate("错", {}).value is None


# ---------------------------------------------------------------- knowledge models and services


def test_a_knowledge_model_may_use_others_and_call_itself():
    model = load(
        d.knowledge("加倍", [("n", "number")], d.literal("n * 2"), "number"),
        d.knowledge("阶乘", [("n", "number")], d.literal("if n < 2 then 1 else n * 阶乘(n - 1)"), "number", ["b_阶乘"]),
        d.knowledge("合", [("n", "number")], d.literal("加倍(n) + 阶乘(n)"), "number", ["b_加倍", "b_阶乘"]),
        d.decision("结果", d.literal("合(5)"), knows=["b_合"]),
    )
    assert model.evaluate("结果", {}).value == 130
    assert model.evaluate("合", {"n": 3}).value == 12, "a knowledge model may be asked for itself"


def test_endless_recursion_stops_with_a_warning():
    model = load(
        d.knowledge("无底", [("n", "number")], d.literal("无底(n + 1) + 无底(n + 2)"), knows=["b_无底"]),
        d.decision("结果", d.literal("无底(1)"), knows=["b_无底"]),
    )
    result = model.evaluate("结果", {})
    assert result.value is None
    assert result.warnings[-1].code == "dmn-limit"


def test_work_without_end_stops_soon():
    def loop(variable: str, body: str) -> str:
        return f'<for iteratorVariable="{variable}"><in>{d.literal("[1..30000]")}</in><return>{body}</return></for>'

    model = load(d.decision("结果", loop("i", loop("j", d.literal("i * j")))))
    result = model.evaluate("结果", {})
    assert result.value is None
    assert result.warnings[-1].code == "dmn-limit"


def services() -> dmn.Model:
    return load(
        d.given("甲", "number"),
        d.decision("意见", d.literal('"不应被计算"'), "string"),
        d.decision("里", d.literal("甲 * 2"), "number", needs=["i_甲"]),
        d.decision("外", d.literal("意见 + string(里)"), "string", needs=["d_意见", "d_里"]),
        d.service("单", ["d_外"], ["d_里"], ["d_意见"], ["i_甲"]),
        d.service("双", ["d_里", "d_外"], [], ["d_意见"], ["i_甲"]),
        d.decision("调用", d.literal('单(4, "可")'), knows=["s_单"]),
        d.decision("按名", d.literal('双(意见: "否", 甲: 1)'), knows=["s_双"]),
    )


def test_a_service_with_one_output_answers_it_and_with_several_a_context():
    model = services()
    assert model.evaluate("单", {"甲": 3, "意见": "可"}).value == "可6"
    assert model.evaluate("双", {"甲": 3, "意见": "可"}).value == {"里": 6, "外": "可6"}


def test_a_service_is_a_function_of_its_input_data_then_its_input_decisions():
    model = services()
    assert model.evaluate("调用", {}).value == "可8"
    assert model.evaluate("按名", {"甲": 100}).value == {"里": 2, "外": "否2"}, "it sees its arguments only"


# ---------------------------------------------------------------- imports


def library(namespace: str = "库") -> bytes:
    return d.definitions(
        (
            '<itemDefinition name="t分"><typeRef>number</typeRef><allowedValues><text>[0..100]</text>'
            "</allowedValues></itemDefinition>"
        ),
        d.given("底 分", "t分"),
        d.decision("加分", d.literal("底 分 + 1"), needs=["i_底 分"]),
        d.knowledge("折 半", [("n", "number")], d.literal("n / 2")),
        namespace=namespace,
    )


def importing(name: str) -> bytes:
    prefix = f"{name}." if name else ""
    return d.definitions(
        f'<import name="{name}" namespace="库" importType="{d.SPACE}"/>',
        d.given("分", f"{prefix}t分"),
        d.decision(
            "结果",
            d.literal(f"{prefix}折 半({prefix}加分) + 分"),
            needs=["i_分", "库#d_加分"],
            knows=["库#b_折 半"],
        ),
    )


@pytest.mark.parametrize("name", ["公用", ""])
def test_imported_elements_are_used_under_the_imports_name_or_beside_our_own(name: str):
    model = dmn.load(importing(name), {"库": library()})
    assert model.findings == []
    assert model.evaluate("结果", {"分": 10, "底 分": 3}).value == 12
    assert model.evaluate("结果", {"分": 10, "{库}底 分": 3}).value == 12
    assert model.evaluate("结果", {"分": 101, "底 分": 3}).value is None, "101 is not an allowed value"


def test_an_import_is_found_by_location_by_name_of_file_and_by_what_is_inside():
    for key in ("库", "folder/lib.dmn", "other.dmn"):
        assert dmn.load(importing("公用"), {key: library()}).ok, key
    model = dmn.load(library())
    assert dmn.load(importing("公用"), {"x": model}).ok


def test_an_import_that_is_missing_or_circular_is_an_error():
    assert [f.rule for f in dmn.load(importing("公用")).findings][0] == "dmn-import-missing"
    a = d.definitions(f'<import name="b" namespace="B" importType="{d.SPACE}"/>', namespace="A")
    b = d.definitions(f'<import name="a" namespace="A" importType="{d.SPACE}"/>', namespace="B")
    assert "dmn-import-cycle" in [f.rule for f in dmn.load(a, {"A": a, "B": b}).findings]


# ---------------------------------------------------------------- names with dots, empty columns, arguments that do
# not fit


def dotted(text: str, name: str, scope: str = "res") -> bytes:
    """A decision reading `scope`, beside a table whose second output has a dot in its name."""
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
        f'<inputData id="i" name="{scope}"><variable name="{scope}"/></inputData>'
        '<decision id="A" name="A"><variable name="A"/><informationRequirement id="r"><requiredInput href="#i"/>'
        f"</informationRequirement><literalExpression><text>{text}</text></literalExpression></decision>"
        '<decision id="B" name="B"><variable name="B"/><decisionTable hitPolicy="FIRST">'
        f'<output id="o" name="{name}"/><output id="p" name="y"/><rule id="q"><outputEntry id="e"><text>1</text>'
        '</outputEntry><outputEntry id="f"><text>2</text></outputEntry></rule></decisionTable></decision></definitions>'
    ).encode()


@pytest.mark.parametrize(
    "text, name, given, right",
    [
        ("res.x.y", "res.x", {"x": {"y": 3}}, 3),
        ("res.x + 1", "res.x", {"x": 3}, 4),
        ("sum(for a in [1, 2] return a * res.x)", "res.x", {"x": 3}, 9),
        ("res.y", "a.b", {"y": 5}, 5),
    ],
)
def test_an_output_with_a_dot_hides_no_path(text: str, name: str, given: dict[str, Any], right: int) -> None:
    assert dmn.load(dotted(text, name)).evaluate("A", {"res": given}).value == right
    assert dmn.load(dotted(text, name)).evaluate("B", {}).value == {name: 1, "y": 2}


def column(expression: str, entry: str) -> bytes:
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
        '<inputData id="i" name="a"><variable name="a"/></inputData><decision id="A" name="A"><variable name="A"/>'
        '<informationRequirement id="r"><requiredInput href="#i"/></informationRequirement>'
        f'<decisionTable hitPolicy="FIRST"><input id="c" label="年龄">{expression}</input><output id="o" name="o"/>'
        f'<rule id="q"><inputEntry id="e"><text>{entry}</text></inputEntry><outputEntry '
        f'id="f"><text>1</text></outputEntry>'
        "</rule></decisionTable></decision></definitions>"
    ).encode()


@pytest.mark.parametrize(
    "expression, entry, severity",
    [
        ("<inputExpression><text></text></inputExpression>", "&gt; 5", "error"),
        ("<inputExpression><text>  </text></inputExpression>", '"x"', "error"),
        ("<inputExpression/>", "null", "error"),
        ("<inputExpression><text/></inputExpression>", "-", "warning"),
        ("<inputExpression><text>a</text></inputExpression>", "&gt; 5", None),
    ],
)
def test_a_column_that_asks_nothing_is_named(expression: str, entry: str, severity: str | None) -> None:
    found = [f for f in dmn.check(column(expression, entry)) if f.rule == "dmn-empty-input"]
    assert [f.severity for f in found] == ([severity] if severity else [])
    assert all("年龄" in f.message_zh for f in found)


SERVICE = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
    '<inputData id="i" name="n"><variable name="n" typeRef="number"/></inputData>'
    '<decision id="D" name="D"><variable name="D"/><informationRequirement id="r"><requiredInput href="#i"/>'
    '</informationRequirement><literalExpression><text>"got " + string(n)</text></literalExpression></decision>'
    '<decisionService id="S" name="S"><variable name="S"/><outputDecision href="#D"/><inputData '
    'href="#i"/></decisionService>'
    '<decision id="C" name="C"><variable name="C"/><knowledgeRequirement id="k"><requiredKnowledge href="#S"/>'
    "</knowledgeRequirement><literalExpression><text>S({0})</text></literalExpression></decision></definitions>"
)


@pytest.mark.parametrize(
    "given, right", [("1", "got 1"), ('"one"', None), ("true", None), ("[1, 2]", None), ("[7]", "got 7")]
)
def test_a_service_called_with_what_is_not_of_its_type_answers_null_and_says_so(given: str, right: str | None) -> None:
    outcome = dmn.load(SERVICE.replace("{0}", given).encode()).evaluate("C", {})
    assert outcome.value == right
    assert (right is None) == ("dmn-type" in {w.code for w in outcome.warnings})


FUNCTION = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
    '<businessKnowledgeModel id="k" name="f"><variable name="f"/><encapsulatedLogic kind="{0}">'
    '<formalParameter name="x" typeRef="number"/>{1}</encapsulatedLogic></businessKnowledgeModel>'
    '<decision id="C" name="C"><variable name="C"/><knowledgeRequirement id="r"><requiredKnowledge href="#k"/>'
    "</knowledgeRequirement><literalExpression><text>{2}</text></literalExpression></decision></definitions>"
)
MATHS = '<literalExpression><text>{class: "java.lang.Math", method signature: "abs(double)"}</text></literalExpression>'
PMML = '<literalExpression><text>{document: "x.pmml", model: "m"}</text></literalExpression>'


@pytest.mark.parametrize(
    "kind, body, call, right, rule",
    [
        ("Java", MATHS, "f(-2)", 2, None),
        ("Java", MATHS, 'f("-2")', None, "dmn-type"),
        ("PMML", PMML, 'f("-2")', None, "dmn-type"),
        ("PMML", PMML, "f(-2)", None, "dmn-external"),
        ("Java", MATHS, "f instance of function&lt;number&gt;-&gt;Any", True, None),
        ("Java", MATHS, "f instance of function&lt;string&gt;-&gt;Any", False, None),
    ],
)
def test_an_external_function_keeps_the_types_of_its_parameters(
    kind: str, body: str, call: str, right: Any, rule: str | None
) -> None:
    source = FUNCTION.replace("{0}", kind).replace("{1}", body).replace("{2}", call)
    outcome = dmn.load(source.encode()).evaluate("C", {})
    assert outcome.value == right
    assert rule is None or rule in {w.code for w in outcome.warnings}
