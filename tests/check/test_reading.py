"""What the reader takes from a BPMN file, and what it never does."""

from engine.process.language.read import read

OPEN = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">'
)


def diagram(body: str):
    found, findings = read((OPEN + body + "</bpmn:definitions>").encode(), "a.bpmn")
    assert found is not None, findings
    return found


def test_a_flow_without_an_id_gets_a_stable_one_and_both_ends_know_it():
    body = '<bpmn:process id="p"><bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>%s</bpmn:process>'
    flow = '<bpmn:sequenceFlow sourceRef="s" targetRef="e"/>'
    process = diagram(body % (flow * 2)).processes[0]
    assert process.by_id["s"].outgoing == process.by_id["e"].incoming == ("flow_s_e_1", "flow_s_e_2")
    assert not process.flows[0].given_id


def test_a_made_id_never_takes_one_that_the_drawing_uses():
    process = diagram('<bpmn:process id="p"><bpmn:task/><bpmn:task id="task_1"/></bpmn:process>').processes[0]
    assert [n.id for n in process.nodes] == ["task_2", "task_1"]


def test_the_words_of_the_dialect_are_read():
    task = (
        diagram(
            """<bpmn:process id="p"><bpmn:userTask id="t"><bpmn:extensionElements>
        <zeebe:formDefinition formId="apply"/><zeebe:assignmentDefinition candidateGroups="clerk, head"/>
        <zeebe:taskSchedule dueDate="=now() + duration(&quot;P1D&quot;)"/><zeebe:priorityDefinition priority="70"/>
        <zeebe:ioMapping><zeebe:input source="=a" target="b"/><zeebe:output source="=c" target="d"/></zeebe:ioMapping>
        <zeebe:taskHeaders><zeebe:header key="kind" value="x"/></zeebe:taskHeaders></bpmn:extensionElements>
        <bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:extensionElements>
        <zeebe:loopCharacteristics inputCollection="=people" inputElement="person"/></bpmn:extensionElements>
        <bpmn:completionCondition>=done</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics>
        </bpmn:userTask></bpmn:process>"""
        )
        .processes[0]
        .by_id["t"]
    )
    said = task.extension
    assert (said.form, said.candidate_groups, said.priority, said.header("kind")) == ("apply", "clerk, head", "70", "x")
    assert said.due_date == '=now() + duration("P1D")'
    assert [(io.source, io.target) for io in said.inputs + said.outputs] == [("=a", "b"), ("=c", "d")]
    assert task.loop is not None and task.loop.sequential
    assert (task.loop.input_collection, task.loop.input_element) == ("=people", "person")
    assert task.loop.completion_condition == "=done"


def test_a_shared_event_definition_is_followed_and_a_missing_one_is_kept():
    found = diagram(
        """<bpmn:error id="err" errorCode="E1"/><bpmn:errorEventDefinition id="d" errorRef="err"/>
        <bpmn:process id="p"><bpmn:endEvent id="e"><bpmn:eventDefinitionRef>d</bpmn:eventDefinitionRef>
        <bpmn:eventDefinitionRef>gone</bpmn:eventDefinitionRef></bpmn:endEvent></bpmn:process>"""
    )
    end = found.processes[0].by_id["e"]
    assert end.event_kind == "error" and end.definitions[0].shared and end.definitions[0].ref == "err"
    assert end.dangling_definitions == ("gone",)


def test_a_doctype_is_refused_even_behind_a_comment_or_in_another_encoding():
    bomb = '<!-- <x> --><!DOCTYPE d [<!ENTITY a "aaaa">]>' + OPEN + "&a;</bpmn:definitions>"
    for data in (bomb.encode(), bomb.encode("utf-16"), b"\xef\xbb\xbf" + bomb.encode()):
        found, findings = read(data, "a.bpmn")
        assert found is None and [f.rule for f in findings] == ["doctype"]


def test_what_is_not_bpmn_is_said_in_one_finding():
    for data, rule in ((b"", "not-well-formed"), (b"\x00\xff", "not-well-formed"), (b"<a/>", "not-bpmn")):
        found, findings = read(data, "a.bpmn")
        assert found is None and [f.rule for f in findings] == [rule]


def test_deep_nesting_ends_in_a_finding_not_in_a_crash():
    depth = 100
    body = "".join(f'<bpmn:subProcess id="s{i}">' for i in range(depth)) + "</bpmn:subProcess>" * depth
    found, findings = read((OPEN + f'<bpmn:process id="p">{body}</bpmn:process></bpmn:definitions>').encode(), "a.bpmn")
    assert found is not None and [f.rule for f in findings] == ["too-deep"]
    assert findings[0].element == "s40"
