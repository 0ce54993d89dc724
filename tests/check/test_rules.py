"""Each rule of the linter, by a drawing that breaks it and, where it could be confused, one that does not."""

import pytest

from engine.process import check, load
from engine.process.language import effects

from .drawing import file, look, process, rules, short

MESSAGE = '<message id="m" name="m"/>'
EXTENSION = "<extensionElements>%s</extensionElements>"
START = '<startEvent id="s"/>'
LINE = START + "<flow s t/>%s<flow t e/>" + '<endEvent id="e"/>'


def task(kind: str, said: str = "", inner: str = "", **attributes: str) -> str:
    """One task `t` between start and end."""
    more = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return LINE % f'<{kind} id="t"{more}>{EXTENSION % said if said else ""}{inner}</{kind}>'


def effect(type: str, headers: str = "", inputs: str = "") -> str:
    return task(
        "serviceTask",
        f'<zeebe:taskDefinition type="{type}"/><zeebe:taskHeaders>{headers}</zeebe:taskHeaders>'
        f"<zeebe:ioMapping>{inputs}</zeebe:ioMapping>",
    )


def timer(kind: str, text: str) -> str:
    return (
        START + f'<flow s t/><intermediateCatchEvent id="t"><timerEventDefinition><{kind}>{text}</{kind}>'
        '</timerEventDefinition></intermediateCatchEvent><flow t e/><endEvent id="e"/>'
    )


PEOPLE = '<zeebe:assignmentDefinition candidateGroups="clerk"/>'
CLEAN = [
    LINE % '<task id="t"/>',
    task("userTask", PEOPLE),
    task("scriptTask", '<zeebe:script expression="=1 + 1" resultVariable="sum"/>'),
    effect("issue-paper", '<zeebe:header key="kind" value="acceptance"/>'),
    effect("test.work"),
    timer("timeDuration", "P3D"),
    timer("timeDuration", "=workdays(3)"),
    timer("timeDate", "2026-10-08T09:00:00+08:00"),
    timer("timeCycle", "R1/PT24H"),
    # a loop with a way out, joined rightly
    START + '<flow s a/><exclusiveGateway id="a"/><flow a t/><task id="t"/><flow t b/><exclusiveGateway id="b" '
    'default="b_e"/>'
    "<flow b a when='=x = 1'/><flow b e/><endEvent id=\"e\"/>",
    # a parallel join behind a parallel split, with a choice on one branch that is joined before
    START
    + '<flow s f/><parallelGateway id="f"/><flow f x/><flow f u/><exclusiveGateway id="x" default="x_a"/><flow x a/>'
    '<flow x b when=\'=y\'/><task id="a"/><task id="b"/><flow a w/><flow b w/><exclusiveGateway id="w"/><flow w j/>'
    '<task id="u"/><flow u j/><parallelGateway id="j"/><flow j e/><endEvent id="e"/>',
]


@pytest.mark.parametrize("body", CLEAN)
def test_what_is_right_is_not_blamed(body):
    found = [f for f in look(body, variables=["x", "y"]) if f.rule != "unset-variable"]
    assert found == []


BROKEN = {
    # name: (body, before, rule, element, severity)
    "a flow from nowhere": (
        START + '<flow s e/><endEvent id="e"/><flow gone e/>',
        "",
        "dangling-flow",
        "gone_e",
        "error",
    ),
    "a flow to a lane": (
        START + '<laneSet id="ls"><lane id="l"/></laneSet><flow s l/>',
        "",
        "dangling-flow",
        "s_l",
        "error",
    ),
    "a flow into a sub-process": (
        START + '<flow s i/><subProcess id="sub"><task id="i"/></subProcess>',
        "",
        "flow-crosses-scope",
        "s_i",
        "error",
    ),
    "two elements with one id": (LINE % '<task id="t"/><task id="t"/>', "", "duplicate-id", "t", "error"),
    "a word that is not BPMN": (START + '<usertask id="u"/>', "", "unknown-element", "u", "error"),
    "a start with an incoming flow": (LINE % '<task id="t"/><flow t s/>', "", "start-with-incoming", "s", "error"),
    "an end with an outgoing flow": (LINE % '<task id="t"/><flow e t/>', "", "end-with-outgoing", "e", "error"),
    "a task nobody reaches": (LINE % '<task id="t"/>' + '<task id="x"/><flow x e/>', "", "unreachable", "x", "error"),
    "a path that ends in a task": (LINE % '<task id="t"/><task id="x"/><flow t x/>', "", "dead-end", "x", "warning"),
    "a branch without a condition": (
        START
        + '<flow s g/><exclusiveGateway id="g"/><flow g a/><flow g b when="=x"/>'.replace('"=x"', "'=x'")
        + '<endEvent id="a"/><endEvent id="b"/>',
        "",
        "flow-without-condition",
        "g_a",
        "error",
    ),
    "a gateway without a default": (
        START + "<flow s g/><exclusiveGateway id=\"g\"/><flow g a when='=x'/><flow g b when='=y'/>"
        '<endEvent id="a"/><endEvent id="b"/>',
        "",
        "no-default",
        "g",
        "warning",
    ),
    "a default that leaves another gateway": (
        START + '<flow s g/><exclusiveGateway id="g" default="s_g"/><flow g e/><endEvent id="e"/>',
        "",
        "dangling-default",
        "g",
        "error",
    ),
    "a parallel join fed by an exclusive split": (
        START + '<flow s g/><exclusiveGateway id="g" default="g_a"/><flow g a/><flow g b when=\'=x\'/><task id="a"/>'
        '<task id="b"/><flow a j/><flow b j/><parallelGateway id="j"/><flow j e/><endEvent id="e"/>',
        "",
        "deadlock",
        "j",
        "error",
    ),
    "a parallel join in a loop": (
        START + '<flow s j/><parallelGateway id="j"/><flow j g/><exclusiveGateway id="g" default="g_e"/><flow g e/>'
        "<flow g j when='=again'/><endEvent id=\"e\"/>",
        "",
        "deadlock",
        "j",
        "error",
    ),
    "a parallel join of a task and its interruption": (
        START + '<flow s f/><task id="f"/><flow f j/><boundaryEvent id="b" attachedToRef="f"><timerEventDefinition>'
        "<timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent><flow b j/>"
        '<parallelGateway id="j"/><flow j e/><endEvent id="e"/>',
        "",
        "deadlock",
        "j",
        "error",
    ),
    "a loop without a way out": (
        START + '<flow s a/><exclusiveGateway id="a"/><flow a t/><task id="t"/><flow t a/>',
        "",
        "endless-loop",
        "a",
        "error",
    ),
    "a loop of a person's task without a way out": (
        START + f'<flow s t/><userTask id="t">{EXTENSION % PEOPLE}</userTask><flow t t/>',
        "",
        "endless-loop",
        "t",
        "warning",
    ),
    "a boundary event on nothing": (
        LINE % '<task id="t"/><boundaryEvent id="b" attachedToRef="s"><cancelEventDefinition/></boundaryEvent>',
        "",
        "boundary-not-attached",
        "b",
        "error",
    ),
    "a message event without a message": (
        START
        + '<flow s t/><intermediateCatchEvent id="t"><messageEventDefinition/></intermediateCatchEvent><flow t e/>'
        '<endEvent id="e"/>',
        "",
        "message-missing",
        "t",
        "error",
    ),
    "a message that does not exist": (task("receiveTask", messageRef="gone"), "", "dangling-reference", "t", "error"),
    "an error without a code": (
        START + '<flow s e/><endEvent id="e"><errorEventDefinition errorRef="x"/></endEvent>',
        '<error id="x" name="x"/>',
        "error-without-code",
        "e",
        "error",
    ),
    "a cancel end outside a transaction": (
        START + '<flow s e/><endEvent id="e"><cancelEventDefinition/></endEvent>',
        "",
        "cancel-outside-transaction",
        "e",
        "error",
    ),
    "a terminate trigger on a start": (
        '<startEvent id="s"><terminateEventDefinition/></startEvent><flow s e/><endEvent id="e"/>',
        "",
        "trigger-not-allowed",
        "s",
        "error",
    ),
    "a link without its partner": (
        START + '<flow s t/><intermediateThrowEvent id="t"><linkEventDefinition name="甲"/></intermediateThrowEvent>',
        "",
        "link-without-partner",
        "t",
        "error",
    ),
    "compensation without a handler": (
        LINE % '<task id="t"/><boundaryEvent id="b" attachedToRef="t"><compensateEventDefinition/></boundaryEvent>',
        "",
        "compensation-without-handler",
        "b",
        "error",
    ),
    "an event sub-process with two starts": (
        LINE
        % '<task id="t"/>'
        + '<subProcess id="sub" triggeredByEvent="true"><startEvent id="s1"><messageEventDefinition '
        'messageRef="m"/></startEvent>'
        '<startEvent id="s2"><messageEventDefinition messageRef="m"/></startEvent></subProcess>',
        MESSAGE,
        "event-sub-process-start",
        "sub",
        "error",
    ),
    "a non-interrupting error start": (
        LINE
        % '<task id="t"/>'
        + '<subProcess id="sub" triggeredByEvent="true"><startEvent id="s1" isInterrupting="false">'
        "<errorEventDefinition/>"
        '</startEvent><flow s1 e1/><endEvent id="e1"/></subProcess>',
        "",
        "must-interrupt",
        "s1",
        "error",
    ),
    "an event gateway before a task": (
        START + '<flow s g/><eventBasedGateway id="g"/><flow g t/><task id="t"/><flow t e/><endEvent id="e"/>',
        "",
        "event-gateway",
        "t",
        "error",
    ),
    "a start event in an ad-hoc sub-process": (
        LINE % '<adHocSubProcess id="t"><startEvent id="in"/><task id="a"/></adHocSubProcess>',
        "",
        "ad-hoc-events",
        "in",
        "error",
    ),
    "a script in another language": (
        task("scriptTask", inner="<script>x = 1</script>", scriptFormat="javascript"),
        "",
        "script-not-feel",
        "t",
        "error",
    ),
    "a service task that does nothing": (task("serviceTask"), "", "effect-missing", "t", "error"),
    "an effect without its header": (effect("issue-paper"), "", "header-missing", "t", "error"),
    "a header with a value that is not offered": (
        effect("pause-clock", '<zeebe:header key="cause" value="lunch"/>'),
        "",
        "header-value",
        "t",
        "error",
    ),
    "an effect without its argument": (effect("report-police"), "", "argument-missing", "t", "error"),
    "a call to nowhere": (
        task("callActivity", '<zeebe:calledElement processId="gone"/>'),
        "",
        "call-missing",
        "t",
        "error",
    ),
    "a decision task without a decision": (task("businessRuleTask"), "", "decision-missing", "t", "error"),
    "a multi-instance of unknown size": (
        LINE % '<task id="t"><multiInstanceLoopCharacteristics/></task>',
        "",
        "multi-instance-collection",
        "t",
        "error",
    ),
    "two loop markers": (
        LINE % '<task id="t"><standardLoopCharacteristics loopMaximum="2"/><multiInstanceLoopCharacteristics>'
        "<loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></task>",
        "",
        "two-loops",
        "t",
        "error",
    ),
    "a standard loop that never ends": (
        LINE % '<task id="t"><standardLoopCharacteristics/></task>',
        "",
        "endless-loop",
        "t",
        "error",
    ),
    "a start quantity of nought": (LINE % '<task id="t" startQuantity="0"/>', "", "bad-quantity", "t", "error"),
    "a condition that does not parse": (
        LINE % '<task id="t"/>' + "<flow t x when='=1 +'/><task id=\"x\"/>",
        "",
        "feel-syntax",
        "t_x",
        "error",
    ),
    "a remark instead of a condition": (
        LINE % '<task id="t"/>' + "<flow t x when='材料齐全'/><task id=\"x\"/>",
        "",
        "expression-not-feel",
        "t_x",
        "error",
    ),
    "a function that does not exist": (timer("timeDuration", "=workday(3)"), "", "unknown-function", "t", "error"),
    "a timer in words": (timer("timeDuration", "三天"), "", "bad-time", "t", "error"),
    "a cron timer": (timer("timeCycle", "0 0 9 * * ?"), "", "bad-time", "t", "error"),
    "a day that does not exist": (timer("timeDate", "2026-02-30"), "", "bad-time", "t", "error"),
    "a variable nobody sets": (
        LINE % '<task id="t"/>' + "<flow t x when='=年龄 &gt; 60'/><task id=\"x\"/>",
        "",
        "unset-variable",
        "t_x",
        "warning",
    ),
    "a choreography task": (LINE % '<task id="t"/><choreographyTask id="c"/>', "", "unsupported", "c", "error"),
    "an execution listener": (task("task", "<zeebe:executionListeners/>"), "", "unsupported", "t", "error"),
    "an assignee for Camunda 7": (
        LINE % '<userTask id="t" camunda:assignee="demo"/>',
        "",
        "other-engine",
        "t",
        "warning",
    ),
    "a habit of Camunda 7 without effect": (
        LINE % '<task id="t" camunda:asyncBefore="true"/>',
        "",
        "other-engine",
        "t",
        "warning",
    ),
    "a mapping to no name": (
        task("task", '<zeebe:ioMapping><zeebe:output source="=a" target="=b"/></zeebe:ioMapping>'),
        "",
        "bad-name",
        "t",
        "error",
    ),
    "a priority out of range": (
        task("userTask", PEOPLE + '<zeebe:priorityDefinition priority="101"/>'),
        "",
        "bad-priority",
        "t",
        "error",
    ),
    "a task nobody is asked to do": (task("userTask"), "", "nobody-asked", "t", "warning"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_it_finds(name):
    body, before, rule, element, severity = BROKEN[name]
    found = look(body, before)
    assert (rule, element) in rules(found, severity), [(f.rule, f.element, f.severity) for f in found]


@pytest.mark.parametrize("name", BROKEN)
def test_its_messages_name_the_element_and_speak_both_languages(name):
    body, before, rule, element, _ = BROKEN[name]
    for finding in (f for f in look(body, before) if (f.rule, f.element) == (rule, element)):
        assert element in finding.message_zh and element in finding.message_en
        assert any("\u4e00" <= c <= "\u9fff" for c in finding.message_zh) and finding.message_zh.endswith(
            ("。", "）", ">", "？")
        )
        assert finding.line > 0


def test_juel_is_answered_with_a_draft_in_feel():
    body = LINE % '<task id="t"/>' + "<flow t x when='${amount == 5 &amp;&amp; !done}'/><task id=\"x\"/>"
    (finding,) = [f for f in look(body) if f.rule == "juel"]
    assert "=amount = 5 and not(done)" in finding.message_zh and finding.severity == "error"


def test_what_exists_around_the_file_is_looked_for():
    body = task("userTask", '<zeebe:formDefinition formId="apply"/>' + PEOPLE)
    assert rules(look(body)) == []
    assert ("form-missing", "t") in rules(look(body, forms=["other"]), "error")
    assert ("role-missing", "t") in rules(look(body, roles=["head"]), "error")
    assert rules(look(body, forms={"apply": ["a"]}, roles=["clerk"])) == []
    decision = task("businessRuleTask", '<zeebe:calledDecision decisionId="d" resultVariable="r"/>')
    assert ("decision-missing", "t") in rules(look(decision, decisions=[]), "error")
    assert rules(look(decision, decisions=["d"])) == []


def test_an_effect_outside_the_list_is_a_warning_while_trying_and_an_error_in_a_matter():
    assert ("effect-unknown", "t") in rules(look(effect("send-fax")), "warning")
    assert ("effect-unknown", "t") in rules(look(effect("send-fax"), effects=effects.TYPES), "error")
    assert ("effect-unknown", "t") in rules(look(effect("test.work"), effects=effects.TYPES), "error")


def test_a_call_finds_the_processes_of_the_other_files():
    caller = process(task("callActivity", '<zeebe:calledElement processId="q"/>'))
    called = file(short('<process id="q" isExecutable="true"><startEvent id="qs"/></process>'))
    by_message = file(
        short(
            MESSAGE + '<process id="q" isExecutable="true"><startEvent id="qs"><messageEventDefinition messageRef="m"/>'
            "</startEvent></process>"
        )
    )
    assert not [f for f in check({"a.bpmn": caller, "b.bpmn": called}) if f.severity == "error"]
    assert ("call-without-start", "t") in rules(check({"a.bpmn": caller, "b.bpmn": by_message}), "error")


def test_a_form_s_keys_and_earlier_results_count_as_set():
    body = (
        START + "<flow s t/><userTask "
        f'id="t">{EXTENSION % (PEOPLE + "<zeebe:formDefinition formId=" + chr(34) + "apply" + chr(34) + "/>")}'
        "</userTask><flow t x when='=amount &gt; 1'/><flow t y when='=other'/><task id=\"x\"/><task id=\"y\"/>"
    )
    unset = [f.message_en for f in look(body, forms={"apply": ["amount"]}) if f.rule == "unset-variable"]
    assert len(unset) == 1 and '"other"' in unset[0]
    assert not [f for f in look(body, forms={"apply": None}) if f.rule == "unset-variable"]


def test_a_process_that_is_not_executable_is_refused_alone_and_only_looked_at_beside_another():
    alone = file(short('<process id="p" isExecutable="false"><startEvent id="s"/></process>'))
    assert ("not-executable", "p") in rules(check({"a.bpmn": alone}), "error")
    beside = file(
        short(
            '<process id="p" isExecutable="true"><startEvent id="s"/></process>'
            '<process id="partner"><startEvent id="s2"/><task id="never"/></process>'
        )
    )
    found = check({"a.bpmn": beside})
    assert ("unreachable", "never") in rules(found, "warning") and not rules(found, "error")


def test_the_only_process_of_a_file_runs_when_it_does_not_say_whether_it_may():
    silent = file(short('<process id="p"><startEvent id="s"/><flow s e/><endEvent id="e"/></process>'))
    found = check({"a.bpmn": silent})
    assert rules(found) == [("executable-not-said", "p")] and not rules(found, "error")
    assert [one.id for one in load({"a.bpmn": silent}).executable()] == ["p"]
    broken = file(short('<process id="p"><startEvent id="s"/><task id="never"/></process>'))
    assert ("unreachable", "never") in rules(check({"a.bpmn": broken}), "error"), "it is checked as one that runs"


def test_of_two_processes_that_do_not_say_none_runs():
    two = '<process id="p"><startEvent id="s"/></process><process id="q"><startEvent id="s2"/></process>'
    assert ("not-executable", "p") in rules(check({"a.bpmn": file(short(two))}), "error")


def test_a_call_may_reach_a_process_alone_in_its_file_that_does_not_say_whether_it_may_run():
    called = file(short('<process id="q"><startEvent id="s2"/><flow s2 e2/><endEvent id="e2"/></process>'))
    calls = process(
        '<startEvent id="s"/><flow s c/><callActivity id="c"><extensionElements>'
        '<zeebe:calledElement processId="q"/></extensionElements></callActivity><flow c e/><endEvent id="e"/>'
    )
    assert not rules(check({"a.bpmn": calls, "b.bpmn": called}), "error")


def test_flows_between_pools_are_refused():
    data = file(
        short(
            '<process id="p" isExecutable="true"><startEvent id="s"/><flow s t2/></process>'
            '<process id="q" isExecutable="true"><task id="t2"/></process>'
        )
    )
    assert ("flow-crosses-pool", "s_t2") in rules(check({"a.bpmn": data}), "error")


def test_the_line_of_the_element_is_told():
    data = process("\n\n" + START + "\n<task id='alone'/>")
    (finding,) = [f for f in check({"a.bpmn": data}) if f.rule == "unreachable"]
    assert finding.line == 4 and finding.file == "a.bpmn"


DATA = {
    "two input sets for one message": (
        '<sendTask id="t" messageRef="m"><ioSpecification><dataInput id="i"/><inputSet><dataInputRefs>i'
        "</dataInputRefs></inputSet>"
        "<inputSet><dataInputRefs>i</dataInputRefs></inputSet><outputSet/></ioSpecification></sendTask>",
        "t",
    ),
    "a data input in no set": (
        '<task id="t"><ioSpecification><dataInput id="i"/><inputSet/><outputSet/></ioSpecification></task>',
        "i",
    ),
    "an association of two types": (
        '<dataObject id="o" itemSubjectRef="x"/><task id="t"><ioSpecification><dataInput id="i" itemSubjectRef="y"/>'
        "<inputSet><dataInputRefs>i</dataInputRefs></inputSet><outputSet/></ioSpecification>"
        '<dataInputAssociation id="a"><sourceRef>o</sourceRef><targetRef>i</targetRef></dataInputAssociation></task>',
        "a",
    ),
    "a specification in a sub-process": (
        '<subProcess id="t"><ioSpecification><inputSet/><outputSet/></ioSpecification><task id="in"/></subProcess>',
        "t",
    ),
}


@pytest.mark.parametrize("name", DATA)
def test_data_that_breaks_the_standard_is_only_a_warning(name):
    body, element = DATA[name]
    before = (
        MESSAGE + '<itemDefinition id="x" structureRef="xsd:string"/><itemDefinition id="y" structureRef="xsd:int"/>'
    )
    found = look(LINE % body, before)
    assert ("data", element) in rules(found, "warning") and not rules(found, "error")


def test_what_another_engine_says_of_people_and_forms_is_a_warning_with_the_sentence_to_write():
    body = (
        '<startEvent id="s"/><flow s t/><userTask id="t" camunda:assignee="${boss.name}" camunda:candidateGroups="a,b" '
        'camunda:formKey="embedded:deployment:forms/x.html"/><flow t e/><endEvent id="e"/>'
    )
    found = [f for f in look(body) if f.rule == "other-engine"]
    assert {f.severity for f in found} == {"warning"}
    said = " ".join(f.message_zh for f in found)
    assert '<zeebe:assignmentDefinition assignee="=boss.name" />' in said
    assert 'candidateGroups="a,b"' in said and '<zeebe:formDefinition formId="forms/x.html" />' in said


def test_what_another_engine_does_differently_stays_an_error():
    body = '<startEvent id="s"/><flow s t/><serviceTask id="t" camunda:class="org.Work"/><flow t e/><endEvent id="e"/>'
    assert ("other-engine", "t") in rules(look(body), "error")


def test_one_habit_in_many_places_is_said_once_with_its_places():
    tasks = "".join(f'<task id="t{n}" camunda:asyncBefore="true"/>' for n in range(9))
    flows = "<flow s t0/>" + "".join(f"<flow t{n} t{n + 1}/>" for n in range(8)) + "<flow t8 e/>"
    found = [f for f in look(f'<startEvent id="s"/>{tasks}<endEvent id="e"/>{flows}') if f.rule == "other-engine"]
    assert [f.element for f in found] == ["t0"]
    assert "另有 8 处：t1, t2, t3, t4, t5, t6 …" in found[0].message_zh


def test_what_stops_a_drawing_stands_before_the_habits_of_another_engine():
    body = (
        '<startEvent id="s" camunda:asyncBefore="true"/><flow s t/><userTask id="t" camunda:assignee="x"/><flow t g/>'
        '<exclusiveGateway id="g"/><flow g e/><flow g f/><endEvent id="e"/><endEvent id="f"/>'
    )
    found = look(body)
    habits = [n for n, f in enumerate(found) if f.rule == "other-engine"]
    causes = [n for n, f in enumerate(found) if f.severity == "error"]
    assert causes and habits and max(causes) < min(habits)


def test_two_compensations_of_one_activity_are_refused():
    handlers = "".join(
        f'<boundaryEvent id="b{n}" attachedToRef="t"><compensateEventDefinition/></boundaryEvent>'
        f'<task id="u{n}" isForCompensation="true"/><association id="a{n}" sourceRef="b{n}" targetRef="u{n}"/>'
        for n in (1, 2)
    )
    found = look(f'<startEvent id="s"/><flow s t/><task id="t"/>{handlers}<flow t e/><endEvent id="e"/>')
    assert ("two-compensations", "b2") in rules(found, "error") and ("two-compensations", "b1") not in rules(found)


def test_two_compensation_event_sub_processes_are_refused():
    subs = "".join(
        f'<subProcess id="v{n}" triggeredByEvent="true"><startEvent id="c{n}"><compensateEventDefinition/></startEvent>'
        f'<flow c{n} d{n}/><endEvent id="d{n}"/></subProcess>'
        for n in (1, 2)
    )
    inside = f'<startEvent id="i"/><flow i j/><endEvent id="j"/>{subs}'
    found = look(
        f'<startEvent id="s"/><flow s h/><subProcess id="h">{inside}</subProcess><flow h e/><endEvent id="e"/>'
    )
    assert ("two-compensations", "v2") in rules(found, "error")


def test_a_cycle_that_repeats_beside_its_task_is_right_and_one_that_interrupts_is_named():
    text = (
        '<startEvent id="s"/><flow s t/><task id="t"/><boundaryEvent id="b" attachedToRef="t" cancelActivity="%s">'
        "<timerEventDefinition><timeCycle>R3/PT24H</timeCycle></timerEventDefinition></boundaryEvent><flow b e/>"
        '<flow t e/><endEvent id="e"/>'
    )
    assert "cycle-fires-once" not in {f.rule for f in look(text % "false")}
    assert ("cycle-fires-once", "b") in rules(look(text % "true"), "warning")


def test_a_start_quantity_that_its_flows_can_bring_is_not_blamed():
    body = (
        '<startEvent id="s"/><flow s t/><task id="t" completionQuantity="2"/><flow t u/><task id="u" '
        'startQuantity="%s"/>'
        '<flow u e/><endEvent id="e"/>'
    )
    assert "bad-quantity" not in {f.rule for f in look(body % 2)}
    assert ("bad-quantity", "u") in rules(look(body % 3), "warning")
