"""Activities as BPMN 2.0 and the dialect say: tasks, calls, sub-processes, mappings."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from engine import dmn, process
from engine.errors import NotNow
from engine.process import Answer, Complete, Start, Throw

from .drawing import definitions, draw, ext, io
from .drawing import process as pool
from .playing import NOW, begin, complete, load, open_now, play, seen, task

# ---------------------------------------------------------------- people


def test_a_user_task_says_who_may_do_it_until_when_and_with_which_form() -> None:
    data = draw(
        "start s",
        'user u name="受理"',
        ext(
            '<zeebe:assignmentDefinition assignee="= clerk" candidateGroups="窗口, 审批" '
            'candidateUsers="= [clerk, &quot;王&quot;]"/>'
            '<zeebe:taskSchedule dueDate="= now() + duration(&quot;P2D&quot;)" followUpDate="2026-03-03T09:00:'
            '00+08:00"/>'
            '<zeebe:priorityDefinition priority="= 20 * 4"/><zeebe:formDefinition formId="accept"/>'
            '<zeebe:taskHeaders><zeebe:header key="buttons" value="通过,退回"/></zeebe:taskHeaders>'
            '<zeebe:properties><zeebe:property name="seat" value="A3"/></zeebe:properties>'
        ),
        "s > u",
    )
    _, step = begin(data, clerk="陈", amount=5)
    [opened] = step.open_tasks
    assert step.opened == step.open_tasks
    assert (opened.element, opened.name, opened.kind, opened.form) == ("u", "受理", "user", "accept")
    assert (opened.assignee, opened.candidate_groups, opened.candidate_users) == ("陈", ("窗口", "审批"), ("陈", "王"))
    assert opened.due is not None and opened.due.isoformat() == "2026-03-04T01:00:00+00:00"
    assert opened.follow_up is not None and opened.follow_up.isoformat() == "2026-03-03T01:00:00+00:00"
    assert (opened.priority, opened.headers, opened.properties) == (80, {"buttons": "通过,退回"}, {"seat": "A3"})
    assert opened.variables == {"clerk": "陈", "amount": 5} and opened.round == 1 and opened.instance is None


def test_a_due_date_is_reckoned_once_when_the_task_opens() -> None:
    schedule = '<zeebe:taskSchedule dueDate="= now() + duration(&quot;PT1H&quot;)"/>'
    definition, step = begin(draw("start s", "and f", "user u", ext(schedule), "user v", "s > f", "f > u", "f > v"))
    due = task(step, "u").due
    later = process.advance(definition, step.state, Complete(task(step, "v").id), now=NOW.replace(hour=5))
    assert task(later, "u").due == due


def test_a_completed_task_is_closed_and_cannot_be_completed_again() -> None:
    definition, step = begin(draw("start s", "user u", "user v", "s > u > v"))
    id = task(step, "u").id
    after = complete(definition, step, "u", ok=True)
    assert [(c.id, c.how) for c in after.closed] == [(id, "completed")]
    assert [t.element for t in after.opened] == ["v"] and after.variables == {"ok": True}
    with pytest.raises(NotNow) as refused:
        process.advance(definition, after.state, Complete(id), now=NOW)
    assert id in refused.value.zh and id in refused.value.en


def test_a_manual_task_waits_for_a_person_too() -> None:
    _, step = begin(draw("start s", "manual m", "s > m"))
    assert step.open_tasks[0].kind == "manual"


def test_an_abstract_task_is_passed_through() -> None:
    assert seen(draw("start s", "task t", "end e", "s > t > e")) == ["s", "t", "e"]


# ---------------------------------------------------------------- scripts, mappings, decimals


def test_a_script_puts_its_value_into_its_variable() -> None:
    assert play(draw("start s", "script t = price * 3 -> total", "s > t"), price=Decimal("0.1")).variables == {
        "price": Decimal("0.1"),
        "total": Decimal("0.3"),
    }


def test_decimals_dates_and_lists_live_through_the_state() -> None:
    data = draw(
        "start s",
        'script a = date("2026-03-01") -> day',
        "script b = [1.50, 2] -> list",
        "user u",
        "script c = sum(list) -> sum",
        "s > a > b > u > c",
    )
    definition, step = begin(data)
    assert step.variables["day"] == "2026-03-01"
    step = complete(definition, step, "u")
    assert step.variables["sum"] == Decimal("3.5")


def test_input_mappings_are_seen_only_inside_and_output_mappings_choose_what_goes_out() -> None:
    data = draw(
        "start s",
        "user u",
        io(inputs={"shown": "= a + 1", "deep.x": "= a"}, outputs={"b": "= typed * 2"}),
        "user v",
        "s > u > v",
    )
    definition, step = begin(data, a=1)
    assert task(step, "u").variables == {"a": 1, "shown": 2, "deep": {"x": 1}}
    step = complete(definition, step, "u", typed=4)
    assert step.variables == {"a": 1, "b": 8}


def test_without_output_mappings_the_results_go_to_the_process() -> None:
    data = draw("start s", "sub h {", "start i", "user u", "i > u", "}", "user v", "s > h > v")
    definition, step = begin(data)
    assert complete(definition, step, "u", typed=4).variables == {"typed": 4}


def test_a_variable_mapped_into_a_sub_process_stays_there() -> None:
    data = draw(
        "start s",
        "sub h {",
        "start i",
        "script t = n + 1 -> n",
        "script w = n -> out",
        "i > t > w",
        "}",
        io(inputs={"n": "= 10"}),
        "s > h",
    )
    assert play(data, n=1).variables == {"n": 1, "out": 11}


def test_an_expression_that_fails_is_an_incident_unless_an_error_event_catches_it() -> None:
    data = draw("start s", "user u", ext('<zeebe:taskSchedule dueDate="= word"/>'), "s > u")
    result = play(data, word="someday")
    assert result.status == "failed" and result.incidents[0].element == "u" and "someday" in result.incidents[0].zh
    data = draw(
        "start s",
        "user u",
        ext('<zeebe:taskSchedule dueDate="= word"/>'),
        "on b u error:",
        "task caught",
        "s > u",
        "b > caught",
    )
    assert seen(data, "u", "caught", word="someday") == ["caught"]


# ---------------------------------------------------------------- services


SERVICE = draw(
    "start s",
    "service w issue.paper",
    ext('<zeebe:taskHeaders><zeebe:header key="kind" value="回执"/></zeebe:taskHeaders>'),
    io(inputs={"to": "= name"}),
    "task z",
    "s > w > z",
)


def test_a_service_task_says_what_it_wants_and_goes_on() -> None:
    _, step = begin(SERVICE, name="陈", other=1)
    [effect] = step.effects
    assert (effect.element, effect.kind, effect.arguments) == ("w", "issue.paper", {"to": "陈"})
    assert effect.headers == {"kind": "回执"} and not effect.awaited and step.finished


AWAITED = SERVICE.replace(b'key="kind" value="\xe5\x9b\x9e\xe6\x89\xa7"', b'key="await" value="true"')


def test_an_awaited_effect_holds_the_task_until_its_answer() -> None:
    definition, step = begin(AWAITED, name="陈")
    [effect] = step.effects
    assert effect.awaited and step.awaited == ((effect.id, "w"),) and not step.finished
    step = process.advance(definition, step.state, Answer(effect.id, {"number": "2026-1"}), now=NOW)
    assert step.finished and step.variables == {"name": "陈", "number": "2026-1"}
    with pytest.raises(NotNow):
        process.advance(definition, step.state, Answer(effect.id), now=NOW)


def test_an_awaited_effect_that_fails_is_retried_with_a_new_effect() -> None:
    definition, step = begin(AWAITED, name="陈")
    step = process.advance(definition, step.state, Throw(step.effects[0].id, "OFFLINE"), now=NOW)
    assert step.incidents and not step.awaited
    again = process.advance(definition, step.state, process.Retry(step.incidents[0].id, {"name": "王"}), now=NOW)
    assert again.effects[0].arguments == {"to": "王"} and again.awaited and not again.incidents


def test_the_same_step_gives_the_same_effect_ids() -> None:
    assert begin(SERVICE, name="陈")[1] == begin(SERVICE, name="陈")[1]


# ---------------------------------------------------------------- decisions


TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="test">
<inputData id="i" name="income"><variable name="income" typeRef="number"/></inputData>
<decision id="grade" name="等级"><variable name="等级" typeRef="string"/>
<informationRequirement><requiredInput href="#i"/></informationRequirement>
<decisionTable hitPolicy="UNIQUE"><input id="c"><inputExpression><text>income</text></inputExpression></input>
<output id="o"/>
<rule id="r1"><inputEntry><text>&lt; 500</text></inputEntry><outputEntry><text>"A"</text></outputEntry></rule>
<rule id="r2"><inputEntry><text>&gt;= 500</text></inputEntry><outputEntry><text>"B"</text></outputEntry></rule>
</decisionTable></decision></definitions>""".encode()

RULE = ext('<zeebe:calledDecision decisionId="grade" resultVariable="level"/>')


def test_a_decision_is_asked_with_what_the_task_sees_and_its_rules_are_kept() -> None:
    model = dmn.load(TABLE)
    definition = load(draw("start s", "rule r", RULE, "s > r"), decisions=dict.fromkeys(model.names, model))
    step = process.start(definition, Start({"income": Decimal("499.99")}), now=NOW)
    assert step.variables["level"] == "A" and step.finished
    [decided] = step.decisions
    assert (decided.element, decided.decision, decided.result) == ("r", "grade", "A")
    assert [(rule["rule"], rule["rule_id"]) for rule in decided.rules] == [(1, "r1")]


def test_input_mappings_choose_what_the_decision_sees() -> None:
    model = dmn.load(TABLE)
    data = draw("start s", "rule r", RULE, io(inputs={"income": "= person.income / 12"}), "s > r")
    definition = load(data, decisions={"grade": model})
    step = process.start(definition, Start({"person": {"income": 12_000}}), now=NOW)
    assert step.variables == {"person": {"income": 12_000}, "level": "B"}


def test_a_decision_that_is_not_there_is_refused_when_loading_and_an_incident_when_chosen_at_run_time() -> None:
    with pytest.raises(process.CannotRun) as refused:
        load(draw("start s", "rule r", RULE, "s > r"), decisions={})
    assert "grade" in refused.value.zh and "grade" in refused.value.en
    chosen = RULE.replace('"grade"', '"= which"')
    lines = ("start s", "rule r", chosen, "on b r error:", "task caught", "s > r", "b > caught")
    definition = load(draw(*lines), decisions={"grade": dmn.load(TABLE)})
    assert "caught" in process.start(definition, Start({"which": "other"}), now=NOW).trace
    assert "caught" not in process.start(definition, Start({"which": "grade", "income": 1}), now=NOW).trace
    plain = load(draw("start s", "rule r", chosen, "s > r"), decisions={"grade": dmn.load(TABLE)})
    assert process.start(plain, Start({"which": "other"}), now=NOW).incidents[0].code == "decision"


# ---------------------------------------------------------------- calls


CHILD = pool("start c_s", "script t = n + 1 -> n", "user cu", "c_s > t > cu", id="child")


def calls(said: str, more: str = "") -> bytes:
    return definitions(
        pool("start s", "call c", ext(f"<zeebe:calledElement {said}/>"), more, "end e", "s > c > e"), CHILD
    )


def run_call(data: bytes, **input: Any) -> process.Step:
    definition = load(data)
    step = process.start(definition, Start(input, "p"), now=NOW)
    assert open_now(step) == ["cu"] and task(step, "cu").scope != ""
    return complete(definition, step, "cu", extra=7)


def test_a_called_process_has_its_own_variables_and_gives_back_what_is_asked() -> None:
    assert run_call(calls('processId="child" propagateAllChildVariables="false"'), n=1).variables == {"n": 1}
    step = run_call(calls('processId="child" propagateAllChildVariables="true"'), n=1)
    assert step.variables == {"n": 2, "extra": 7} and step.finished
    mapped = calls(
        'processId="child" propagateAllParentVariables="false"', io(inputs={"n": "= 40"}, outputs={"r": "= n"})
    )
    assert run_call(mapped, n=1).variables == {"n": 1, "r": 41}


def test_the_called_process_may_be_chosen_by_an_expression_and_a_missing_one_is_an_incident() -> None:
    assert run_call(calls('processId="= which"'), n=1, which="child").finished
    definition = load(calls('processId="= which"'))
    step = process.start(definition, Start({"which": "nobody", "n": 1}, "p"), now=NOW)
    assert step.incidents[0].code == "call" and "nobody" in step.incidents[0].zh


def test_an_error_in_a_called_process_is_caught_by_the_caller() -> None:
    data = definitions(
        pool(
            "start s",
            "call c",
            ext('<zeebe:calledElement processId="child"/>'),
            "on b c error:E",
            "task caught",
            "s > c",
            "b > caught",
        ),
        pool("start c_s", "end x error:E", "c_s > x", id="child"),
    )
    assert "caught" in seen(data, start=["p"])


def test_a_global_task_is_called_like_a_process() -> None:
    work = (
        '<globalScriptTask id="g"><extensionElements><zeebe:script expression="= 5" resultVariable="x"/>'
        "</extensionElements></globalScriptTask>"
    )
    data = definitions(pool("start s", 'call c calledElement="g"', "s > c"), also=work)
    result = play(data)
    assert result.trace == ["s", "g", "c"] and result.variables == {"x": 5}


def test_a_process_that_calls_itself_for_ever_is_an_incident() -> None:
    data = draw("start s", "call c", ext('<zeebe:calledElement processId="p"/>'), "s > c")
    assert play(data, start=["p"]).incidents[0].code == "limit"


# ---------------------------------------------------------------- ad-hoc


def adhoc(attributes: str, *inside: str) -> bytes:
    return draw("start s", f"adhoc h {attributes} {{", *inside, "}", "task z", "s > h > z")


def test_an_ad_hoc_sub_process_opens_all_its_activities_or_one_after_the_other() -> None:
    parallel = begin(adhoc("", "user a", "user b"))[1]
    assert open_now(parallel) == ["a", "b"]
    definition, step = begin(adhoc('ordering="Sequential"', "user a", "user b"))
    assert open_now(step) == ["a"]
    step = complete(definition, step, "a")
    assert open_now(step) == ["b"]
    assert complete(definition, step, "b").finished


@pytest.mark.parametrize(("rest", "left"), [("", []), ('cancelRemainingInstances="false"', ["b"])])
def test_an_ad_hoc_sub_process_ends_at_its_completion_condition(rest: str, left: list[str]) -> None:
    data = adhoc(rest, "user a", "user b").replace(
        b"</adHocSubProcess>", b"<completionCondition>= done</completionCondition></adHocSubProcess>"
    )
    definition, step = begin(data, done=False)
    step = complete(definition, step, "a", done=True)
    assert open_now(step) == left and step.finished is (not left)


def test_an_ad_hoc_sub_process_starts_only_the_activities_asked_for() -> None:
    data = draw(
        "start s",
        "adhoc h {",
        "user a",
        "user b",
        "user c",
        "}",
        ext('<zeebe:adHoc activeElementsCollection="= wanted"/>'),
        "s > h",
    )
    assert open_now(begin(data, wanted=["c", "a"])[1]) == ["c", "a"]
    assert begin(data, wanted=["x"])[1].incidents[0].code == "ad-hoc"
    assert begin(data, wanted=[])[1].finished


def test_an_ad_hoc_sub_process_gathers_what_its_activities_gave() -> None:
    said = ext('<zeebe:adHoc outputCollection="all" outputElement="= said"/>')
    definition, step = begin(draw("start s", "adhoc h {", "user a", "user b", "}", said, "s > h"))
    step = complete(definition, complete(definition, step, "b", said="乙"), "a", said="甲")
    assert step.variables["all"] == ["乙", "甲"] and step.finished


# ---------------------------------------------------------------- ids and flows


def test_reserved_looking_ids_chinese_ids_and_flows_without_ids_are_nothing_special() -> None:
    data = draw("start Start", "task Root", "task 受理", "end End", "Start > Root > 受理 > End")
    data = re.sub(rb'<sequenceFlow id="[^"]*"', b"<sequenceFlow", data)
    assert seen(data) == ["Start", "Root", "受理", "End"]


def test_two_flows_into_one_task_run_it_twice_as_bpmn_says() -> None:
    assert seen(draw("start s", "and f", "task a", "s > f", "f > a", "f > a"), "a") == ["a", "a"]
