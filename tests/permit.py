"""A permit for the tests of pages: accepted at once, reviewed at the office, 10 working days promised, under the law's
clocks."""

from __future__ import annotations

import json

from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.records import library
from engine.store.models import Case, Task
from tests.hall import Open

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="http://example.com/permit">
  <bpmn:process id="permit" name="许可" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="take"/>
    <bpmn:serviceTask id="take" name="受理">
      <bpmn:extensionElements><zeebe:taskDefinition type="accept-case"/></bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f2" sourceRef="take" targetRef="review"/>
    <bpmn:userTask id="review" name="审查">
      <bpmn:extensionElements><zeebe:userTask/><zeebe:assignmentDefinition \
candidateGroups="审核"/></bpmn:extensionElements>
      <bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>f3</bpmn:outgoing></bpmn:userTask>
    <bpmn:sequenceFlow id="f3" sourceRef="review" targetRef="end"/>
    <bpmn:endEvent id="end"><bpmn:incoming>f3</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"""
FORM = {
    "id": "apply",
    "type": "default",
    "schemaVersion": 18,
    "components": [{"type": "textfield", "id": "n", "key": "applicant.name", "label": "姓名"}],
}
MATTER = """
code: XK-01
name: 食品小作坊许可
name_en: Permit for a small food workshop
office: YB
limits: {regime: permit, promised: 10wd}
basis: [{law: 行政许可法, article: "42"}]
in_force: {since: 2026-01-01}
who: {name: applicant.name}
groups: {审核: {post: reviewer, at: office, name: 审核}}
contact: {phone: 0595-23500000}
"""


def open_case(hall: Open, *, holder: str | None = "wang") -> str:
    """A case of 张三丰 under the permit's clocks, in the hands of a reviewer; its number."""
    files = {
        "bpmn/xuke/matter.yaml": MATTER.encode(),
        "bpmn/xuke/process.bpmn": DIAGRAM.encode(),
        "bpmn/xuke/en.yaml": "审查: Review\n审核: Reviewer\n许可: Permit\n".encode(),
        "forms/xuke/apply.form": json.dumps(FORM, ensure_ascii=False).encode(),
    }
    now = hall.clock()
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.read("xuke", files), by=people.SYSTEM, now=now)
    with hall.database.unit_of_work() as work:
        raw = {"applicant": {"name": "张三丰"}}
        case = cases.submit(work, "xuke", raw, by=hall.cast.zhang, now=now).case
        if holder is not None:
            task = work.session.scalar(select(Task).where(Task.case_id == case.id, Task.state != "ended"))
            cases.claim(work, task.id, version=task.version, by=getattr(hall.cast, holder), now=now)
        return case.number


def id_of(hall: Open, number: str) -> int:
    with hall.database.reading() as work:
        return work.session.scalar(select(Case.id).where(Case.number == number))
