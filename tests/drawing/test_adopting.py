"""Diagrams of Camunda 7, Flowable, Activiti and yudao become ours; nothing of them goes without a line."""

from __future__ import annotations

import json

import pytest

from engine import feel as ours
from engine import process
from engine.drawing import Unreadable, adopting, read
from engine.drawing.juel import NotFeel, feel
from engine.drawing.text import Drawing

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:flowable="http://flowable.org/bpmn" xmlns:activiti="http://activiti.org/bpmn">'
)


def diagram(inside, more=""):
    return f'{HEAD}{more}<process id="old" name="请假" isExecutable="true">{inside}</process></definitions>'.encode()


def chain(*elements, ways=""):
    """Elements one after the other, between a start and an end."""
    ids = ["start", *(one.split('id="', 1)[1].split('"', 1)[0] for one in elements), "end"]
    flows = "".join(
        f'<sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>'
        for n, (a, b) in enumerate(zip(ids, ids[1:], strict=False))
    )
    return diagram(f'<startEvent id="start"/>{"".join(elements)}<endEvent id="end"/>{flows}{ways}')


def adopted(content, runs=True):
    made = adopting.adopt(content, "jiaxin")
    if runs:
        process.load({"process.bpmn": made.drawing})
    return made


def lines(made, outcome):
    return [f"{line.element}: {line.zh}" for line in made.lines if line.outcome == outcome]


@pytest.mark.parametrize(
    ("juel", "said", "facts", "result"),
    [
        ("${amount > 500 && !approved}", "amount > 500 and not(approved)", {"amount": 600, "approved": False}, True),
        ("#{day le 3 or dept eq '财政'}", 'day <= 3 or dept = "财政"', {"day": 4, "dept": "财政"}, True),
        ("${execution.getVariable('x') == \"y\"}", 'x = "y"', {"x": "y"}, True),
        ("${list.contains(one)}", "list contains(list, one)", {"list": ["a"], "one": "a"}, True),
        ("${n % 2 == 0 ? 'even' : 'odd'}", 'if modulo(n, 2) = 0 then "even" else "odd"', {"n": 4}, "even"),
        ("Dear ${name}!", '"Dear " + string(name) + "!"', {"name": "Li"}, "Dear Li!"),
        ("${items[0].price * 2}", "items[0 + 1].price * 2", {"items": [{"price": 3}]}, 6),
        ("${a['b']}", "a.b", {"a": {"b": 1}}, 1),
        ("${!(a and b)}", "not((a and b))", {"a": True, "b": False}, True),
        (
            "${nrOfCompletedInstances/nrOfInstances>=0.5}",
            "numberOfCompletedInstances / numberOfInstances >= 0.5",
            {},
            None,
        ),
    ],
)
def test_juel_is_said_in_feel_and_means_the_same(juel, said, facts, result):
    assert feel(juel) == said
    assert ours.evaluate(said, ours.from_json(facts)) == result


def test_what_is_empty_in_juel_is_null_or_nothing():
    said = feel("${empty reason}")
    assert [ours.evaluate(said, {"reason": one}) for one in (None, "", "x")] == [True, True, False]


@pytest.mark.parametrize(
    "juel",
    ["${bean.run(1)}", "${a +}", "${service.x()}", "${a b}", "${'", "${" + "(" * 90 + "}", "${" + "!" * 1500 + "a}"],
)
def test_what_calls_a_program_or_is_no_juel_is_refused_in_words(juel):
    with pytest.raises(NotFeel) as refused:
        feel(juel)
    assert "不能写成 FEEL" in refused.value.zh


def test_who_works_at_a_step_when_and_with_what_form():
    made = adopted(
        chain(
            '<userTask id="ask" name="填" flowable:assignee="${starter}" flowable:formKey="oa/leave.vue"/>',
            '<userTask id="look" name="看" camunda:candidateGroups="hr, boss" camunda:dueDate="P3D" '
            'camunda:priority="70">'
            "<extensionElements><camunda:formData>"
            '<camunda:formField id="days" label="天数" type="long"/><camunda:formField id="ok" type="boolean"/>'
            "</camunda:formData></extensionElements></userTask>",
            '<userTask id="plain"/>',
        ).replace(b'<startEvent id="start"/>', b'<startEvent id="start" flowable:initiator="starter"/>')
    )
    steps = {card.id: card for card in read(Drawing(made.drawing, "jiaxin")).steps()}
    assert steps["ask"].others == "applicant"
    assert steps["look"].groups == ("hr", "boss") and steps["plain"].groups == (adopting.GROUP,)
    assert made.groups == ["hr", "boss", adopting.GROUP]
    text = made.drawing.decode()
    assert 'dueDate="=now() + duration(&quot;P3D&quot;)"' in text and 'priority="70"' in text
    form = json.loads(made.forms["look.form"])
    assert [(part["key"], part["type"], part["label"]) for part in form["components"]] == [
        ("days", "number", "天数"),
        ("ok", "checkbox", "ok"),
    ]
    assert any(line.startswith("ask: 表单“oa/leave.vue”") for line in lines(made, "cannot"))


def test_a_condition_is_asked_by_the_step_before():
    made = adopted(
        diagram(
            '<startEvent id="s"/><userTask id="look"/><exclusiveGateway id="g" default="n"/><endEvent id="a"/>'
            '<endEvent id="b"/><sequenceFlow id="f1" sourceRef="s" targetRef="look"/>'
            '<sequenceFlow id="f2" sourceRef="look" targetRef="g"/><sequenceFlow id="y" sourceRef="g" targetRef="a">'
            "<conditionExpression xsi:type=\"tFormalExpression\">${result == '同意' &amp;&amp; money &lt; 100}"
            "</conditionExpression></sequenceFlow>"
            '<sequenceFlow id="n" sourceRef="g" targetRef="b"/>'
        )
    )
    parts = {part["key"]: part["type"] for part in json.loads(made.forms["look.form"])["components"]}
    assert parts == {"result": "radio", "money": "number"}
    assert '=result = "同意" and money &lt; 100' in made.drawing.decode()


def test_ways_without_conditions_are_chosen_by_the_step_before():
    made = adopted(
        diagram(
            '<startEvent id="s"/><userTask id="look"/><exclusiveGateway id="g"/><endEvent id="a"/><endEvent id="b"/>'
            '<sequenceFlow id="f1" sourceRef="s" targetRef="look"/>'
            '<sequenceFlow id="f2" sourceRef="look" targetRef="g"/>'
            '<sequenceFlow id="y" name="好" sourceRef="g" targetRef="a"/>'
            '<sequenceFlow id="n" name="不好" sourceRef="g" targetRef="b"/>'
        )
    )
    part = json.loads(made.forms["look.form"])["components"][0]
    assert part["key"] == "g_way" and part["values"][0]["value"] == "好"


def test_programs_scripts_and_listeners_do_not_run_and_say_what_takes_their_place():
    made = adopted(
        chain(
            '<serviceTask id="sms" name="发短信" activiti:class="com.x.SmsDelegate"/>',
            '<serviceTask id="mail" flowable:type="mail"><extensionElements><flowable:field name="to">'
            "<flowable:string>x</flowable:string></flowable:field></extensionElements></serviceTask>",
            '<scriptTask id="sum" scriptFormat="groovy"><script>execution.setVariable("a", 1)</script></scriptTask>',
            '<userTask id="look"><extensionElements><camunda:taskListener event="create" class="com.x.Urge"/>'
            "</extensionElements></userTask>",
        )
    )
    said = lines(made, "cannot")
    assert sum("send-notice" in line for line in said) == 2
    assert any(line.startswith("sum:") and "脚本不会运行" in line for line in said)
    assert any(line.startswith("look: 监听（create）“com.x.Urge”") and "remind" in line for line in said)
    assert "execution.setVariable" in made.drawing.decode()  # kept as words


def test_several_at_once_keep_their_list_and_their_end():
    made = adopted(
        chain(
            '<userTask id="sign" flowable:assignee="${one}"><multiInstanceLoopCharacteristics '
            'flowable:collection="${people}" flowable:elementVariable="one"><completionCondition>'
            "${nrOfCompletedInstances / nrOfInstances &gt;= 0.6}</completionCondition>"
            "</multiInstanceLoopCharacteristics></userTask>",
            '<task id="thrice"><multiInstanceLoopCharacteristics isSequential="true">'
            "<loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></task>",
        )
    )
    text = made.drawing.decode()
    assert 'inputCollection="=people"' in text and "=numberOfCompletedInstances / numberOfInstances &gt;= 0.6" in text
    assert 'inputCollection="=for i in 1..3 return i"' in text


def test_decisions_calls_variables_times_and_messages():
    made = adopted(
        chain(
            '<businessRuleTask id="rule" camunda:decisionRef="fee" camunda:resultVariable="fee" '
            'camunda:mapDecisionResult="singleEntry"/>',
            '<callActivity id="other" calledElement="elsewhere"/>',
            '<task id="maps"><extensionElements><camunda:inputOutput><camunda:inputParameter name="x">${y}'
            '</camunda:inputParameter><camunda:inputParameter name="z"><camunda:script scriptFormat="js">1'
            "</camunda:script></camunda:inputParameter></camunda:inputOutput></extensionElements></task>",
            '<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>${wait}</timeDuration>'
            "</timerEventDefinition></intermediateCatchEvent>",
            '<receiveTask id="hear"/>',
        ),
        runs=False,
    )
    text = made.drawing.decode()
    assert 'decisionId="fee" resultVariable="fee"' in text and 'source="=y" target="x"' in text
    assert "<bpmn:timeDuration>=wait</bpmn:timeDuration>" in text and 'correlationKey="=number"' in text
    said = lines(made, "cannot")
    assert any("run-child-case" in line for line in said) and any(line.startswith("maps: 变量“z”") for line in said)


def test_cron_is_told_and_not_taken_for_a_time():
    made = adopted(
        chain(
            '<intermediateCatchEvent id="wait"><timerEventDefinition><timeCycle>0 0 9 * * ?</timeCycle>'
            "</timerEventDefinition></intermediateCatchEvent>"
        ),
        runs=False,
    )
    assert any("cron" in line for line in lines(made, "cannot")) and "R/P1D" in made.drawing.decode()


def test_what_is_not_known_has_its_line():
    made = adopted(
        chain(
            '<userTask id="look" flowable:madeUp="1" xmlns:x="urn:x" x:own="2"><extensionElements><x:thing/>'
            "<flowable:odd/></extensionElements></userTask>"
        )
    )
    said = " ".join(lines(made, "cannot"))
    assert all(one in said for one in ("madeUp=1", "“own”", "“thing”", "“odd”"))


def test_a_picture_is_made_where_there_was_none():
    inside = (
        '<startEvent id="s"/><subProcess id="sub"><startEvent id="s2"/><userTask id="u"/><endEvent id="e2"/>'
        '<sequenceFlow id="g1" sourceRef="s2" targetRef="u"/><sequenceFlow id="g2" sourceRef="u" targetRef="e2"/>'
        '</subProcess><boundaryEvent id="late" attachedToRef="sub"><timerEventDefinition><timeDuration>P1D'
        '</timeDuration></timerEventDefinition></boundaryEvent><endEvent id="e"/><endEvent id="e3"/>'
        '<sequenceFlow id="f1" sourceRef="s" targetRef="sub"/><sequenceFlow id="f2" sourceRef="sub" targetRef="e"/>'
        '<sequenceFlow id="f3" sourceRef="late" targetRef="e3"/>'
    )
    made = adopted(diagram(inside))
    drawn = Drawing(made.drawing, "jiaxin")
    shown = {one.get("bpmnElement") for one in drawn.root.iter() if isinstance(one.tag, str)} - {None}
    assert {"s", "sub", "late", "e", "e3", "s2", "u", "e2", "f1", "f2", "f3", "g1", "g2"} <= shown
    boxes = {
        shape.get("bpmnElement"): tuple(float(shape[0].get(key)) for key in ("x", "y", "width", "height"))
        for shape in drawn.root.iter("{*}BPMNShape")
    }
    x, y, width, height = boxes["sub"]
    for inner in ("s2", "u", "e2"):
        a, b, c, d = boxes[inner]
        assert x < a and y < b and a + c < x + width and b + d < y + height
    apart = [boxes[one] for one in ("s", "sub", "e", "e3")]
    assert all(
        a + c <= x2 or x2 + c2 <= a or b + d <= y2 or y2 + d2 <= b
        for n, (a, b, c, d) in enumerate(apart)
        for x2, y2, c2, d2 in apart[n + 1 :]
    )


def test_forty_sub_processes_inside_each_other_are_laid_out_once():
    inner = '<task id="deep"/>'
    for n in range(40):
        inner = f'<subProcess id="p{n}"><task id="q{n}"/>{inner}</subProcess>'
    made = adopted(diagram(inner), runs=False)
    assert made.drawing.count(b"<bpmndi:BPMNShape") == 81


@pytest.mark.parametrize("name", ["_init__", "done", "timer", "copy"])
def test_an_element_of_any_name_is_only_an_element(name):
    assert adopted(diagram(f'<startEvent id="s"/><{name} id="x"/>'), runs=False).drawing


@pytest.mark.parametrize(
    "content",
    [
        b"<a",
        b"<x/>",
        b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><d>&e;</d>',
        f"{HEAD}</definitions>".encode(),
    ],
)
def test_what_is_no_diagram_is_refused_in_plain_words(content):
    with pytest.raises(Unreadable):
        adopting.adopt(content, "jiaxin")
