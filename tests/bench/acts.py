"""The two completions that the figures measure, each a matter of its own.

*Plain*: a form of three fields, one person told, the next step open. *Heavy*: a form of four, one decision table, three
papers, two people told, the next step open. Both are done by a reviewer of an office in an application of a resident.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select

NOW = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)

APPLICATION = {
    "applicant": {
        "name": "张三丰",
        "phone": "13800000001",
        "id_number": "350526195003071239",
        "address": "龙门滩镇苏洋村12号",
    },
    "wants": "办一张证",
    "use": "自己家用",
}


@dataclass(frozen=True)
class Act:
    """One of the two: its matter, the answers of its step, and what the step asks for."""

    name: str
    answers: Mapping[str, Any]
    steps: tuple[tuple[str, str], ...]  # (kind of effect or "decide", its header), in the order of the drawing
    fields: tuple[Mapping[str, Any], ...]

    def files(self) -> dict[str, bytes]:
        """The matter, as the files it would be."""
        form = {"type": "default", "schemaVersion": 19}
        apply = {**form, "id": f"{self.name}-apply", "components": _APPLY}
        look = {**form, "id": f"{self.name}-look", "components": list(self.fields)}
        return {
            f"bpmn/{self.name}/matter.yaml": _MATTER.replace("NAME", self.name)
            .replace("CODE", self.name.upper())
            .encode(),
            f"bpmn/{self.name}/process.bpmn": _diagram(self).encode(),
            f"bpmn/{self.name}/fee.dmn": _FEE.encode(),
            f"forms/{self.name}/apply.form": json.dumps(apply, ensure_ascii=False).encode(),
            f"forms/{self.name}/look.form": json.dumps(look, ensure_ascii=False).encode(),
        }


def _text(key: str, label: str, **more: Any) -> dict[str, Any]:
    return {"type": "textfield", "id": key.replace(".", "_"), "key": key, "label": label, **more}


_APPLY = [
    _text("applicant.name", "姓名", validate={"required": True}),
    _text("applicant.phone", "电话", properties={"check": "cn-phone"}),
    _text("applicant.id_number", "身份证号", properties={"check": "cn-id"}),
    _text("applicant.address", "住址"),
    _text("wants", "要办什么", validate={"required": True}),
    _text("use", "做什么用"),
]
_YES_NO = {
    "type": "radio",
    "id": "decision",
    "key": "decision",
    "label": "办不办",
    "values": [{"label": "办", "value": "yes"}, {"label": "不办", "value": "no"}],
    "validate": {"required": True},
}
_SUM = {"type": "number", "id": "sum", "key": "sum", "label": "金额", "validate": {"required": True, "min": 0}}

PLAIN = Act(
    "plain",
    {"decision": "yes", "sum": 120, "note": "材料齐全，情况属实"},
    (("send-notice", "applicant"),),
    (_YES_NO, _SUM, _text("note", "说明")),
)
HEAVY = Act(
    "heavy",
    {"decision": "yes", "sum": 120, "note": "材料齐全，情况属实", "copies": 2},
    (
        ("decide", ""),
        ("issue-paper", "receipt"),
        ("issue-paper", "acceptance"),
        ("issue-paper", "closing"),
        ("send-notice", "applicant"),
        ("send-notice", "负责人"),
    ),
    (_YES_NO, _SUM, _text("note", "说明"), {"type": "number", "id": "copies", "key": "copies", "label": "份数"}),
)
ACTS = (PLAIN, HEAVY)

_MATTER = """
code: BC-CODE
name: 量一量
name_en: A measure
summary: 量一次办理要花多少。
nature: 公共服务
kind: 承诺件
level: 县级
office: YB
limits: {regime: service, promised: 5wd, promised_source: 本县服务承诺, steps: {look: 2wd, next: 2wd}}
basis: [{id: promise, law: 本县服务承诺, says: 五个工作日内办好, grade: P}]
materials: [{name: 居民身份证, kind: shared, source: 公安机关人口信息共享}, {name: 户口簿, kind: required}]
results: [办结通知]
in_force: {since: 2026-01-01}
contact: {phone: 0595-12393, where: 县行政服务中心}
complaint: {phone: 0595-12345}
remedy: false
apply: {form: NAME-apply, channels: [online, counter]}
who: {name: applicant.name, phone: applicant.phone, id_number: applicant.id_number}
groups:
  审核: {post: reviewer, at: office, name: 审核}
  负责人: {post: head, at: office, name: 负责人}
organs: {agency: intake, decide: office}
papers:
  receipt: {organ: agency, basis: []}
  acceptance: {organ: decide, basis: [promise]}
  closing: {organ: decide, basis: []}
notices:
  applicant:
    zh: "{applicant}：您申请的“{matter}”看过了。编号 {number}，电话 {phone}。"
    en: "{applicant}: {number}, {phone}."
  负责人: {zh: "{applicant}的“{matter}”看过了。编号 {number}。", en: "{applicant}: {number}.", channels: [screen]}
"""

_FEE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="fee-definitions" name="fee" namespace="b">
  <inputData id="in-sum" name="sum"><variable name="sum" typeRef="number" /></inputData>
  <decision id="fee" name="fee">
    <variable name="fee" typeRef="Any" />
    <informationRequirement id="r1"><requiredInput href="#in-sum" /></informationRequirement>
    <decisionTable id="table" hitPolicy="FIRST">
      <input id="c1" label="金额"><inputExpression id="c1e" typeRef="number"><text>sum</text></inputExpression></input>
      <output id="o1" label="费" name="fee" typeRef="number" />
      <rule id="a"><inputEntry id="a1"><text>&lt; 10</text></inputEntry><outputEntry id="a2"><text>0</text></outputEntry></rule>
      <rule id="b"><inputEntry id="b1"><text>[10..100]</text></inputEntry><outputEntry id="b2"><text>5</text></outputEntry></rule>
      <rule id="c"><inputEntry id="c2"><text>-</text></inputEntry><outputEntry id="c3"><text>10</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>
"""  # noqa: E501 (a rule stands on a line)


def _node(n: int, kind: str, header: str) -> str:
    """One step of the drawing."""
    inner = {
        "decide": '<zeebe:calledDecision decisionId="fee" resultVariable="fee"/>',
        "issue-paper": '<zeebe:taskDefinition type="issue-paper"/><zeebe:taskHeaders><zeebe:header key="kind" '
        f'value="{header}"/></zeebe:taskHeaders><zeebe:ioMapping><zeebe:input source="=&quot;已办好：&quot; + '
        'note" target="facts.result"/></zeebe:ioMapping>',
        "send-notice": '<zeebe:taskDefinition type="send-notice"/><zeebe:taskHeaders><zeebe:header key="template" '
        f'value="{header}"/><zeebe:header key="to" value="{"applicant" if header == "applicant" else "given"}"/>'
        '</zeebe:taskHeaders><zeebe:ioMapping><zeebe:input source="=[&quot;负责人&quot;]" target="to"/>'
        "</zeebe:ioMapping>",
    }[kind]
    tag = {"decide": "businessRuleTask", "issue-paper": "serviceTask", "send-notice": "sendTask"}[kind]
    return f'<bpmn:{tag} id="s{n}" name="{kind}"><bpmn:extensionElements>{inner}</bpmn:extensionElements></bpmn:{tag}>'


def _diagram(act: Act) -> str:
    user = (
        '<bpmn:userTask id="{0}" name="看材料"><bpmn:extensionElements>{1}'
        '<zeebe:assignmentDefinition candidateGroups="审核"/></bpmn:extensionElements></bpmn:userTask>'
    )
    take = '<bpmn:extensionElements><zeebe:taskDefinition type="accept-case"/></bpmn:extensionElements>'
    nodes = [
        '<bpmn:startEvent id="asked"/>',
        f'<bpmn:serviceTask id="take_in" name="受理">{take}</bpmn:serviceTask>',
        user.format("look", f'<zeebe:formDefinition formId="{act.name}-look"/>'),
        *(_node(n, *one) for n, one in enumerate(act.steps)),
        user.format("next", ""),
        '<bpmn:endEvent id="done"/>',
    ]
    order = ["asked", "take_in", "look", *(f"s{n}" for n in range(len(act.steps))), "next", "done"]
    flows = [
        f'<bpmn:sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>'
        for n, (a, b) in enumerate(zip(order, order[1:], strict=False))
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions '
        'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="bench" targetNamespace="https://example.org/bpmn">'
        f'<bpmn:process id="{act.name}" name="量一量" isExecutable="true">{"".join([*nodes, *flows])}</bpmn:process>'
        "</bpmn:definitions>"
    )


def publish(database: Any) -> None:
    """Both matters, in a hall with the cast."""
    from engine import matters, people
    from engine.records import library

    with database.unit_of_work() as work:
        for act in ACTS:
            library.publish(work, matters.read(act.name, act.files()), by=people.SYSTEM, now=NOW)


def waiting(database: Any, cast: Any, act: Act, n: int) -> list[tuple[int, int]]:
    """So many cases that wait for the act; (id, version) of the task of each. One is really applied for; the others are
    copies of its rows, whose audit begins anew."""
    from engine.commands import cases
    from engine.store import listing
    from engine.store.models import Task, Timer
    from tests.enforcement.hall import many

    with database.unit_of_work() as work:
        first = cases.submit(work, act.name, APPLICATION, by=cast.zhang, now=NOW).case.id
    with database.unit_of_work() as work:
        ids = many(work, first, n, events_count=0, events_head="", request_key=None)
        session, (task, timer) = work.session, (m.__table__ for m in (Task, Timer))
        row = dict(session.execute(select(task).where(task.c.case_id == first)).mappings().one())
        row.pop("id")
        made = insert(task).returning(task.c.id, sort_by_parameter_order=True)
        tasks = list(session.scalars(made, [{**row, "case_id": id} for id in ids]))
        for old in [dict(one) for one in session.execute(select(timer).where(timer.c.case_id == first)).mappings()]:
            old.pop("id")
            session.execute(insert(timer), [{**old, "case_id": id} for id in ids])
        assert session.scalar(select(func.count()).select_from(task)) > n
        listing.again(session, database)
    return [(id, int(row["version"])) for id in tasks]
