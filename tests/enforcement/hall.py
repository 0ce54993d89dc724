"""A small hall for the tests of time: one county, one office, four people, one matter, and cases made directly.

The cases are rows as a submission leaves them; what is tested is what the clocks do to them afterwards.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace

from sqlalchemy import func, insert, select

from engine import matters
from engine.deadlines import Event
from engine.people import SYSTEM, units
from engine.people import load as load_actor
from engine.records import clocks
from engine.store.models import Case, Holding, MatterVersion, Post, Task, User
from engine.workdays import ZONE, local_date

DIAGRAM = b"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="http://example.com/permit">
  <bpmn:process id="permit" name="\xe8\xae\xb8\xe5\x8f\xaf" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="review"/>
    <bpmn:userTask id="review" name="\xe5\xae\xa1\xe6\x9f\xa5">
      <bpmn:extensionElements><zeebe:userTask/><zeebe:assignmentDefinition \
candidateGroups="review"/></bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:userTask>
    <bpmn:boundaryEvent id="late" attachedToRef="review" cancelActivity="false"><bpmn:outgoing>f3</bpmn:outgoing>
      <bpmn:timerEventDefinition><bpmn:timeDuration>PT24H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:bounda\
ryEvent>
    <bpmn:sequenceFlow id="f3" sourceRef="late" targetRef="help"/>
    <bpmn:userTask id="help" name="\xe5\x8d\x8f\xe5\x8a\xa9">
      <bpmn:extensionElements><zeebe:userTask/><zeebe:assignmentDefinition \
candidateGroups="review"/></bpmn:extensionElements>
      <bpmn:incoming>f3</bpmn:incoming><bpmn:outgoing>f4</bpmn:outgoing></bpmn:userTask>
    <bpmn:sequenceFlow id="f4" sourceRef="help" targetRef="end2"/>
    <bpmn:endEvent id="end2"><bpmn:incoming>f4</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="f2" sourceRef="review" targetRef="end"/>
    <bpmn:endEvent id="end"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"""
FORM = json.dumps(
    {
        "id": "apply",
        "type": "default",
        "schemaVersion": 18,
        "components": [{"type": "textfield", "id": "n", "key": "applicant.name", "label": "姓名"}],
    }
).encode()
MATTER = """
code: XK-01
name: 试验许可
name_en: Trial permit
office: SP
limits: {regime: permit, promised: 10wd}
basis: [{law: 行政许可法, article: "42"}]
in_force: {since: 2026-01-01}
groups: {review: {post: review, at: office}}
"""


def at(text: str) -> datetime:
    """A local moment, as UTC: at('2026-09-22 10:30')."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def build(work, *, escalation: str = "", regime: str | None = None) -> SimpleNamespace:
    """The county, its office and people, and the matter `trial`."""
    session = work.session
    county = units.add(work, code="350526", name="德化县", kind="county")
    office = units.add(work, code="350526-SP", name="审批局", kind="office", parent=county)
    posts = {
        code: Post(code=code, name=name, role=role)
        for code, name, role in (
            ("review", "审核", "clerk"),
            ("head", "负责人", "supervisor"),
            ("backup", "后备", "clerk"),
        )
    }
    session.add_all(posts.values())
    session.flush()

    def hire(login: str, name: str, unit: object, *held: str) -> int:
        user = User(kind="staff", login=login, name=name, created_at=at("2026-01-05 09:00"))
        session.add(user)
        session.flush()
        session.add_all(Holding(user_id=user.id, unit_id=unit.id, post_id=posts[post].id) for post in held)
        session.flush()
        return user.id

    resident = User(kind="resident", name="申请人甲", created_at=at("2026-01-05 09:00"))
    session.add(resident)
    text = MATTER.replace("{regime: permit, promised: 10wd}", regime) if regime else MATTER
    files = {
        "bpmn/trial/matter.yaml": (text + escalation).encode(),
        "bpmn/trial/process.bpmn": DIAGRAM,
        "forms/trial/apply.form": FORM,
    }
    package = matters.read("trial", files)
    session.add(
        MatterVersion(
            hash=package.version,
            matter="trial",
            code=package.info.code,
            name=package.info.name,
            content=package.to_zip(),
            published_at=at("2026-01-05 09:00"),
            current=True,
        )
    )
    session.flush()
    return SimpleNamespace(
        county=county.id,
        office=office.id,
        chen=hire("chen", "陈审核", office, "review"),
        lin=hire("lin", "林审核", office, "review"),
        head=hire("head", "黄局长", office, "head"),
        mayor=hire("mayor", "县领导", county, "head"),
        resident=resident.id,
        package=package,
    )


def actor(work, user_id: int, now: datetime):
    return load_actor(work, user_id, now=now)


_serial = 0


def case(
    work, hall, *, received: str, accepted: str | None = None, task: bool = True, assignee: int | None = None, due=None
):
    """An open case with one task, its ledger begun. Its id."""
    global _serial
    _serial += 1
    start = at(received)
    row = Case(
        number=f"350526-{_serial}",
        matter="trial",
        matter_name="试验许可",
        version_hash=hall.package.version,
        status="running",
        applicant_id=hall.resident,
        applicant_name="申请人甲",
        place_id=hall.county,
        unit_id=hall.office,
        office_id=hall.office,
        received_at=start,
        answers={},
        ledger=[],
    )
    work.session.add(row)
    work.session.flush()
    events = [Event("received", start)]
    if accepted:
        events.append(Event("accepted", at(accepted)))
        row.accepted_at = at(accepted)
    if task:
        candidates = [] if assignee else [f"p:{hall.office}:review"]
        made = Task(
            case_id=row.id,
            key="review:1",
            element="review",
            name="审查",
            round=1,
            unit_id=hall.office,
            opened_at=events[-1].at,
            variables={},
            result={},
            candidates=candidates,
            assignee_id=assignee,
            due_at=due,
            state="claimed" if assignee else "open",
        )
        work.session.add(made)
        work.session.flush()
    info = hall.package.info
    ledger = clocks.ledger(work, row, info.limits.rules(local_date(start))).with_events(events)
    clocks.keep(work, row, events, by=SYSTEM)
    clocks.settle(work, row, ledger, info.policy(), now=events[-1].at)
    return row.id


def many(work, case_id: int, n: int, model=Case, **changes) -> list[int]:
    """Copies of a stored case, cheaply; their ids. `changes` may hold functions of the copy's number."""
    table = model.__table__
    already = work.session.scalar(select(func.max(table.c.id)))
    row = dict(work.session.execute(select(table).where(table.c.id == case_id)).mappings().one())
    del row["id"]
    rows = []
    for i in range(n):
        copy = dict(row, number=f"{row['number'][:20]}-{already + i}") if "number" in row else dict(row)
        copy.update({k: v(i) if callable(v) else v for k, v in changes.items()})
        rows.append(copy)
    return list(work.session.scalars(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows))
