"""A matter the program has never heard of: 牲畜耳标. Its folder, forms, posts, office, messages and papers have names
that appear nowhere else, so that whoever names one of ours in the program breaks here.

Three steps, one decision, one paper of its own, and four ways it can end: tagged, turned away, given up by a
message, late.
"""

from __future__ import annotations

import json
from pathlib import Path

from engine.people import holders, units
from engine.store import Work
from engine.store.models import Holding, Post, User

NAME, OFFICE, POST = "erbiao", "XMZ", "vet"
CALVES = {"owner": {"name": "张三丰", "mobile": "13800000001"}, "herd": {"kind": "calf", "heads": 3}}

MATTER = """\
code: XM-77
name: 牲畜耳标发放
name_en: Ear tags for livestock
summary: 给新出栏的牲畜戴上耳标。
summary_en: New livestock gets its ear tags.
functions: [事有所办]
office: XMZ
limits: {regime: service, promised: 5wd, steps: {visit-farm: 2wd}}
basis: [{law: 动物防疫法, article: 第二十七条, says: 牲畜应当加施标识。}]
in_force: {since: 2026-01-01}
contact: {phone: 0595-23599999}
apply: {form: herd-form, channels: [online, counter]}
who: {name: owner.name, phone: owner.mobile}
groups: {vets: {post: vet, at: XMZ, name: 兽医}}
notices:
  tag-ready: {zh: "{number}：{heads}枚耳标已发，请妥善保管。", en: "{number}: {heads} ear tags are yours."}
papers: [tag_card]
"""

STORIES = """\
- name: 看过了，发耳标
  at: 2026-09-18 09:00
  answers: &calves {owner: {name: 张三丰, mobile: "13800000001"}, herd: {kind: calf, heads: 3}}
  steps:
    - {open: [visit-farm]}
    - {task: visit-farm, due: 2026-09-21, answers: {fit: "yes", remark: 健康}}
  end: {finished: true, at: tagged, outcome: done, papers: [tag_card], notices: [tag-ready], due: 2026-09-24}
- name: 不用戴的，当场告知
  at: 2026-09-18 09:00
  answers: {owner: {name: 张三丰, mobile: "13800000001"}, herd: {kind: fowl, heads: 9}}
  steps: []
  end: {finished: true, at: turned-away, outcome: declined, papers: [], notices: []}
- name: 不合格，不发
  at: 2026-09-18 09:00
  answers: *calves
  steps:
    - {task: visit-farm, answers: {remark: 有病}, refused: [fit]}
    - {task: visit-farm, answers: {fit: "no", remark: 有病}}
  end: {finished: true, at: turned-away, outcome: declined}
- name: 牲畜卖了，不要了
  at: 2026-09-18 09:00
  answers: *calves
  steps:
    - {message: herd-sold, key: STORY}
  end: {finished: true, at: given-up, outcome: withdrawn}
- name: 一个月没人去
  at: 2026-09-18 09:00
  answers: *calves
  steps:
    - {wait: P31D}
  end: {finished: true, at: given-up, outcome: withdrawn}
"""

DECISION = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="tags" name="要不要耳标" namespace="urn:tags">
  <inputData id="in-kind" name="kind"><variable name="kind" typeRef="string" /></inputData>
  <decision id="needs-tag" name="needs-tag">
    <variable name="needs-tag" typeRef="Any" />
    <informationRequirement id="r1"><requiredInput href="#in-kind" /></informationRequirement>
    <decisionTable id="tag-table" hitPolicy="FIRST">
      <input id="c1" label="种类"><inputExpression id="c1e" typeRef="string"><text>kind</text></inputExpression></input>
      <output id="o1" label="要不要" name="tag" typeRef="boolean" />
      <rule id="rule-fowl"><description>家禽不戴</description>
        <inputEntry id="i1"><text>"fowl"</text></inputEntry><outputEntry id="e1"><text>false</text></outputEntry></rule>
      <rule id="rule-else"><description>其余都戴</description>
        <inputEntry id="i2"><text>-</text></inputEntry><outputEntry id="e2"><text>true</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>
"""

PAPER = """\
---
kind: tag_card
title: 耳标领取单
title_en: Card of ear tags
uses: [common, applicant]
facts:
  herd.heads: 枚数
---
{% extends "sheet.html" %}
{% block body %}
<p>{{ person(applicant.name) }}领取耳标{{ herd.heads }}枚。</p>
{% endblock %}
"""


def _field(type: str, key: str, label: str, **more: object) -> dict[str, object]:
    return {"type": type, "id": f"f_{key.replace('.', '_')}", "key": key, "label": label, **more}


_MUST = {"validate": {"required": True}}
FORMS = {
    "herd-form": [
        _field("textfield", "owner.name", "养殖户", **_MUST),
        _field("textfield", "owner.mobile", "手机号", **_MUST),
        _field(
            "select",
            "herd.kind",
            "种类",
            values=[{"label": "牛犊", "value": "calf"}, {"label": "家禽", "value": "fowl"}],
            **_MUST,
        ),
        _field("number", "herd.heads", "头数", validate={"required": True, "min": 1}),
    ],
    "farm-form": [
        _field(
            "radio",
            "fit",
            "可以发吗",
            values=[{"label": "可以", "value": "yes"}, {"label": "不可以", "value": "no"}],
            **_MUST,
        ),
        _field("textfield", "remark", "情况", **_MUST),
    ],
}


def _flow(source: str, target: str, condition: str = "") -> str:
    inside = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>'
        if condition
        else ""
    )
    ends = f'sourceRef="{source}" targetRef="{target}"'
    return f'<bpmn:sequenceFlow id="{source}-{target}" {ends}>{inside}</bpmn:sequenceFlow>'


def _node(
    tag: str, id: str, name: str, inside: str = "", into: tuple[str, ...] = (), out: tuple[str, ...] = (), **more: str
) -> str:
    extension = f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>" if inside else ""
    given = "".join(f' {key}="{value}"' for key, value in more.items())
    ins = "".join(f"<bpmn:incoming>{one}-{id}</bpmn:incoming>" for one in into)
    outs = "".join(f"<bpmn:outgoing>{id}-{one}</bpmn:outgoing>" for one in out)
    return f'<bpmn:{tag} id="{id}" name="{name}"{given}>{extension}{ins}{outs}</bpmn:{tag}>'


def _service(id: str, name: str, type: str, into: tuple[str, ...], out: str, more: str = "") -> str:
    return _node("serviceTask", id, name, f'<zeebe:taskDefinition type="{type}"/>{more}', into, (out,))


def _headers(**values: str) -> str:
    inside = "".join(f'<zeebe:header key="{key}" value="{value}"/>' for key, value in values.items())
    return f"<zeebe:taskHeaders>{inside}</zeebe:taskHeaders>"


def _inputs(**values: str) -> str:
    inside = "".join(f'<zeebe:input source="{value}" target="{key}"/>' for key, value in values.items())
    return f"<zeebe:ioMapping>{inside}</zeebe:ioMapping>"


def diagram() -> str:
    parts = [
        _node("startEvent", "asked", "申领", out=("grade",)),
        _flow("asked", "grade"),
        _node(
            "businessRuleTask",
            "grade",
            "要不要耳标",
            '<zeebe:calledDecision decisionId="needs-tag" resultVariable="needed"/>' + _inputs(kind="=herd.kind"),
            ("asked",),
            ("split",),
        ),
        _flow("grade", "split"),
        _node(
            "exclusiveGateway",
            "split",
            "要不要",
            "",
            ("grade",),
            ("visit-farm", "turn-away"),
            default="split-visit-farm",
        ),
        _flow("split", "visit-farm"),
        _flow("split", "turn-away", "=not(needed)"),
        _node(
            "userTask",
            "visit-farm",
            "上门查看",
            '<zeebe:userTask/><zeebe:formDefinition formId="farm-form"/>'
            '<zeebe:assignmentDefinition candidateGroups="vets"/>',
            ("split",),
            ("judge",),
        ),
        '<bpmn:boundaryEvent id="sold" name="卖掉了" attachedToRef="visit-farm">'
        "<bpmn:outgoing>sold-stop</bpmn:outgoing>"
        '<bpmn:messageEventDefinition id="sold-def" messageRef="msg-sold"/></bpmn:boundaryEvent>',
        '<bpmn:boundaryEvent id="late" name="满一个月" attachedToRef="visit-farm">'
        "<bpmn:outgoing>late-stop</bpmn:outgoing>"
        '<bpmn:timerEventDefinition id="late-def"><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">P30D'
        "</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>",
        _flow("sold", "stop"),
        _flow("late", "stop"),
        _flow("visit-farm", "judge"),
        _node(
            "exclusiveGateway", "judge", "合格吗", "", ("visit-farm",), ("take", "turn-away"), default="judge-turn-away"
        ),
        _flow("judge", "take", '=fit = "yes"'),
        _flow("judge", "turn-away"),
        _service("take", "受理", "accept-case", ("judge",), "card"),
        _flow("take", "card"),
        _service(
            "card",
            "发耳标",
            "issue-paper",
            ("take",),
            "tell",
            _headers(kind="tag_card") + _inputs(facts="={herd: herd}"),
        ),
        _flow("card", "tell"),
        _service(
            "tell",
            "告诉养殖户",
            "send-notice",
            ("card",),
            "close",
            _headers(template="tag-ready", to="applicant") + _inputs(facts="={heads: herd.heads}"),
        ),
        _flow("tell", "close"),
        _service("close", "办结", "close-case", ("tell",), "tagged", _headers(outcome="done")),
        _flow("close", "tagged"),
        _node("endEvent", "tagged", "已戴标", into=("close",)),
        _service(
            "turn-away",
            "不发",
            "decline-case",
            ("split", "judge"),
            "turned-away",
            _inputs(ground="=&quot;not_needed&quot;", reason="=&quot;不需要耳标&quot;"),
        ),
        _flow("turn-away", "turned-away"),
        _node("endEvent", "turned-away", "已告知", into=("turn-away",)),
        _service("stop", "不办了", "close-case", ("sold", "late"), "given-up", _headers(outcome="withdrawn")),
        _flow("stop", "given-up"),
        _node("endEvent", "given-up", "不办了", into=("stop",)),
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
        ' id="d" targetNamespace="urn:tags"><bpmn:message id="msg-sold" name="herd-sold"><bpmn:extensionElements>'
        '<zeebe:subscription correlationKey="=case.number"/></bpmn:extensionElements></bpmn:message>'
        f'<bpmn:process id="tagging" name="牲畜耳标" isExecutable="true">{"".join(parts)}</bpmn:process>'
        "</bpmn:definitions>"
    )


def write(content: Path, name: str = NAME) -> Path:
    """The matter's files below a content folder; its bpmn folder."""
    folder, forms = content / "bpmn" / name, content / "forms" / name
    folder.mkdir(parents=True)
    forms.mkdir(parents=True)
    (folder / "matter.yaml").write_text(MATTER)
    (folder / "stories.yaml").write_text(STORIES)
    (folder / "process.bpmn").write_text(diagram())
    (folder / "tags.dmn").write_text(DECISION)
    (forms / "tag_card.html").write_text(PAPER)
    for id, components in FORMS.items():
        schema = {"id": id, "type": "default", "schemaVersion": 18, "components": components}
        (forms / f"{id}.form").write_text(json.dumps(schema, ensure_ascii=False))
    return folder


def hire(work: Work, now: object) -> int:
    """The office and its vet, in a hall with the usual cast; the vet's id."""
    office = units.add(
        work,
        code=f"350526-{OFFICE}",
        name="德化县畜牧站",
        kind="office",
        parent=units.tree(work).county,
        number="1777",
        word="德牧",
        seal_name="德化县畜牧站",
    )
    post = Post(code=POST, name="兽医", name_en="Vet", role="clerk")
    vet = User(kind="staff", login="vet", name="马识途", created_at=now)
    work.session.add_all([post, vet])
    work.session.flush()
    work.session.add(Holding(user_id=vet.id, unit_id=office.id, post_id=post.id))
    work.session.flush()
    units.forget(work)
    holders.forget(work)
    return vet.id
