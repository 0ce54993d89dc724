"""Small matters that speak to each other, read and published as any other: from files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.commands.equipment import Equipment, Handler
from engine.commands.worker import background
from engine.commands.worker.wiring import JOBS
from engine.records import library
from engine.records.jobs import Kind
from engine.store import Database
from engine.store.models import Case, Task
from tests.check.drawing import file, short

FORM = {
    "type": "default",
    "id": "ask",
    "schemaVersion": 19,
    "components": [
        {"type": "textfield", "id": "f1", "key": "applicant.name", "label": "姓名", "validate": {"required": True}},
        {"type": "textfield", "id": "f2", "key": "order", "label": "单号"},
    ],
}
DECIDE = {
    "type": "default",
    "id": "decide",
    "schemaVersion": 19,
    "components": [{"type": "textfield", "id": "f1", "key": "decision", "label": "意见"}],
}


def matter(name: str, title: str, body: str, before: str = "") -> matters.Package:
    """A matter of this one process, through the same reader as every other."""
    info = f"""
code: T-{name.upper().replace("_", "-")}
name: {title}
name_en: {title}
office: YB
limits: {{regime: service, promised: 5wd, promised_source: 试}}
basis: [{{law: 试验法}}]
in_force: {{since: 2026-01-01}}
apply: {{form: ask, channels: [online, counter]}}
who: {{phone: "", id_number: ""}}
groups: {{审核: {{post: reviewer, at: office, name: 审核}}}}
"""
    files = {
        f"bpmn/{name}/matter.yaml": info.encode(),
        f"bpmn/{name}/process.bpmn": file(
            short(f'{before}<process id="{name}" name="{title}" isExecutable="true">{body}</process>')
        ),
        f"forms/{name}/ask.form": json.dumps(FORM).encode(),
        f"forms/{name}/decide.form": json.dumps(DECIDE).encode(),
    }
    return matters.read(name, files)


def task(id: str, name: str, batch: bool = False) -> str:
    more = '<zeebe:properties><zeebe:property name="batch" value="true"/></zeebe:properties>' if batch else ""
    return (
        f'<userTask id="{id}" name="{name}"><extensionElements><zeebe:formDefinition formId="decide"/>'
        f'<zeebe:assignmentDefinition candidateGroups="审核"/>{more}</extensionElements></userTask>'
    )


def service(id: str, kind: str, headers: str = "", inputs: str = "", tag: str = "serviceTask") -> str:
    heads = "".join(f'<zeebe:header key="{k}" value="{v}"/>' for k, v in [h.split("=", 1) for h in headers.split()])
    return (
        f'<{tag} id="{id}" name="{id}"><extensionElements><zeebe:taskDefinition type="{kind}"/>'
        f"<zeebe:taskHeaders>{heads}</zeebe:taskHeaders><zeebe:ioMapping>{inputs}</zeebe:ioMapping></extensionElements></{tag}>"
    )


def given(target: str, source: str) -> str:
    return f'<zeebe:input source="{source}" target="{target}"/>'


def publish(database: Database, now: datetime, *packages: matters.Package) -> None:
    with database.unit_of_work() as work:
        for package in packages:
            library.publish(work, package, by=people.SYSTEM, now=now)


def submit(database: Database, matter: str, by: people.Actor, now: datetime, **answers: Any) -> int:
    with database.unit_of_work() as work:
        return cases.submit(work, matter, {"applicant": {"name": "张三丰"}, **answers}, by=by, now=now).case.id


def complete(database: Database, case_id: int, element: str, by: people.Actor, now: datetime, **answers: Any) -> None:
    with database.unit_of_work() as work:
        row = work.session.scalars(
            select(Task).where(Task.case_id == case_id, Task.element == element, Task.state != "ended")
        ).one()
        cases.complete(work, row.id, answers, version=row.version, by=by, now=now)


def waiting(database: Database, case_id: int) -> set[str]:
    """The elements of the open tasks of a case."""
    with database.reading() as work:
        return set(work.session.scalars(select(Task.element).where(Task.case_id == case_id, Task.state != "ended")))


def of_matter(database: Database, name: str) -> list[Case]:
    with database.reading() as work:
        return list(work.session.scalars(select(Case).where(Case.matter == name).order_by(Case.id)))


def outcome(database: Database, case_id: int) -> tuple[str, str]:
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert case is not None
        return case.status, case.outcome


def answers(database: Database, case_id: int) -> dict[str, Any]:
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert case is not None
        return dict(case.answers)


def work_off(database: Database, now: datetime, *, handlers: Mapping[Kind, Handler] = JOBS, **equipment: Any) -> int:
    """What the worker does at this moment, until nothing is due."""
    tools = Equipment(press=None, sign=False, worker="test", **equipment)  # type: ignore[arg-type]
    total = 0
    while done := background.run(database, tools, now=now, handlers=handlers):
        total += done
    return total
