"""A small matter that begins by itself."""

from __future__ import annotations

import json

from engine import matters
from tests.between.small import DECIDE, FORM, task
from tests.check.drawing import file, short

HELD = {
    "type": "datetime",
    "id": "f4",
    "key": "event.held_on",
    "subtype": "date",
    "dateLabel": "举办日",
    "label": "举办日",
}
ASK = {
    **FORM,
    "components": [
        *FORM["components"],
        {"type": "textfield", "id": "f3", "key": "about.month", "label": "月"},
        HELD,
        {"type": "number", "id": "f5", "key": "event.people", "label": "人数"},
    ],
}
#: A report of a month, one for each town.
REPORT = """
schedules:
  report:
    title: 试月报
    every: 每月5日 08:00
    if_closed: next
    for: town
    answers: {applicant.name: "=unit.name", order: "=string(run.due)", about.month: "=run.period.from"}
"""
BODY = f'<startEvent id="s"/><flow s look/>{task("look", "看一看")}<flow look e/><endEvent id="e"/>'


def files(name: str, more: str, body: str = BODY, before: str = "", after: str = "") -> dict[str, bytes]:
    info = f"""
code: T-{name.upper()}
name: 试{name}
name_en: Try {name}
office: county
limits: {{regime: service, promised: 5wd, promised_source: 试}}
basis: [{{law: 试验法}}]
in_force: {{since: 2026-01-01}}
apply: {{form: ask, channels: [online, counter, system]}}
who: {{phone: "", id_number: ""}}
groups: {{审核: {{post: head, at: county, name: 审核}}}}
{more}
"""
    diagram = f'{before}<process id="{name}" name="试" isExecutable="true">{body}</process>{after}'
    return {
        f"bpmn/{name}/matter.yaml": info.encode(),
        f"bpmn/{name}/process.bpmn": file(short(diagram)),
        f"forms/{name}/ask.form": json.dumps(ASK).encode(),
        f"forms/{name}/decide.form": json.dumps(DECIDE).encode(),
    }


def matter(name: str = "yuebao", more: str = REPORT, **drawn: str) -> matters.Package:
    return matters.read(name, files(name, more, **drawn))
