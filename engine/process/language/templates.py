"""Element templates: the property panels a designer picks from in the Camunda Modeler or our studio.

Made from the closed list of effects, so that a panel offers exactly what the engine reads; and a few user tasks that
every matter has. `all_templates()` gives file name -> template (Zeebe element template, a JSON object).
Format: the element-template schema of Camunda 8.
"""

from __future__ import annotations

import json
from typing import Any

from engine.process.language.effects import TYPES, Argument, EffectKind, Header

SCHEMA = "https://unpkg.com/@camunda/zeebe-element-templates-json-schema/resources/schema.json"
VERSION = 1

_GROUPS = [
    {"id": "settings", "label": "固定参数"},
    {"id": "inputs", "label": "内容"},
    {"id": "results", "label": "结果"},
]


def all_templates() -> dict[str, dict[str, Any]]:
    """Every template, by the name of its file in bpmn/_templates/."""
    found = {f"{kind.type}.json": of_effect(kind) for kind in TYPES.values()}
    for template in _people():
        found[template["id"].removeprefix("yizhan.") + ".json"] = template
    return found


def text_of(template: dict[str, Any]) -> str:
    """As it is written to the file."""
    return json.dumps(template, ensure_ascii=False, indent=2) + "\n"


def of_effect(kind: EffectKind) -> dict[str, Any]:
    """The panel of one effect: a service task with the type fixed, its headers and its arguments."""
    properties: list[dict[str, Any]] = [
        {"type": "Hidden", "value": kind.type, "binding": {"type": "zeebe:taskDefinition", "property": "type"}}
    ]
    properties += [_header(header) for header in kind.headers]
    properties += [_argument(argument) for argument in kind.arguments]
    properties += [
        {
            "group": "results",
            "label": f"{result.zh}存入变量",
            "description": f"{result.en} ({result.name})",
            "type": "String",
            "value": result.name,
            "optional": True,
            "binding": {"type": "zeebe:output", "source": f"={result.name}"},
        }
        for result in kind.results
    ]
    used = {p.get("group") for p in properties}
    return {
        "$schema": SCHEMA,
        "name": kind.zh,
        "id": f"yizhan.{kind.type}",
        "version": VERSION,
        "description": kind.doc_zh,
        "keywords": [kind.type, kind.en],
        "appliesTo": ["bpmn:Task"],
        "elementType": {"value": "bpmn:ServiceTask"},
        "groups": [group for group in _GROUPS if group["id"] in used],
        "properties": properties,
    }


def _header(header: Header) -> dict[str, Any]:
    found: dict[str, Any] = {
        "group": "settings",
        "label": header.zh,
        "description": f"{header.en} ({header.key})",
        "binding": {"type": "zeebe:taskHeader", "key": header.key},
    }
    if header.choices:
        choices = [{"name": zh, "value": value} for value, zh in header.choices]
        if not header.required and not header.default:
            choices.insert(0, {"name": "（不填）", "value": ""})
        found |= {"type": "Dropdown", "choices": choices, "value": header.default or str(choices[0]["value"])}
    else:
        found |= {"type": "String"} | ({"value": header.default} if header.default else {})
    if header.required:
        found["constraints"] = {"notEmpty": True}
    elif not header.choices:
        found["optional"] = True  # nothing typed: no header is written
    return found


def _argument(argument: Argument) -> dict[str, Any]:
    found: dict[str, Any] = {
        "group": "inputs",
        "label": argument.zh,
        "description": f"{argument.en} ({argument.name})",
        "type": "String" if argument.kind == "text" else "Text",
        "feel": "optional" if argument.kind == "text" else "required",
        "binding": {"type": "zeebe:input", "name": argument.name},
    }
    return found | ({"constraints": {"notEmpty": True}} if argument.required else {"optional": True})


def _people() -> list[dict[str, Any]]:
    return [
        _person("handle", "经办", "一件要人办的事：填表单，交给一个岗位。", groups="clerk", due="=workdays(3)"),
        _person("review", "审核", "由岗位上的人审核，选同意或退回。", groups="reviewer", due="=workdays(2)"),
        _person("sign-off", "审批决定", "由有权的人作出决定。", groups="head", due="=workdays(2)"),
        _person(
            "correct",
            "申请人补正",
            "申请人按一次性告知补齐材料。办理人写申请人，不占单位的时限。",
            assignee="=applicant.id",
            due="",
        ),
        _person(
            "countersign",
            "会签",
            "几个人同时表态。选用后请给任务加“并行多实例”，输入集合写人员列表，输入元素写 signer；"
            "要一票否决时再写完成条件。",
            assignee="=signer.id",
            due="=workdays(1)",
        ),
        _person("visit", "上门核查", "两人以上上门核查，现场填写。", groups="surveyor", due="=workdays(3)"),
    ]


def _person(id: str, zh: str, doc: str, *, groups: str = "", assignee: str = "", due: str) -> dict[str, Any]:
    def one(label: str, value: str, binding: dict[str, str], **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = {"group": "settings", "label": label, "type": "String"} | more
        return found | {"value": value, "binding": binding}

    def assigned(property: str) -> dict[str, str]:
        return {"type": "zeebe:assignmentDefinition", "property": property}

    properties: list[dict[str, Any]] = [
        {"type": "Hidden", "binding": {"type": "zeebe:userTask"}},
        {
            "group": "settings",
            "label": "表单",
            "description": "forms/ 里表单的 id (formId)",
            "type": "String",
            "binding": {"type": "zeebe:formDefinition", "property": "formId"},
            "constraints": {"notEmpty": True},
        },
    ]
    if groups:
        properties.append(
            one("候选岗位", groups, assigned("candidateGroups"), feel="optional", constraints={"notEmpty": True})
        )
    if assignee:
        properties.append(
            one("办理人", assignee, assigned("assignee"), feel="optional", constraints={"notEmpty": True})
        )
    if due:
        properties.append(
            one(
                "到期",
                due,
                {"type": "zeebe:taskSchedule", "property": "dueDate"},
                feel="optional",
                description="例如 =workdays(3) 或 2026-10-08T17:30:00+08:00",
            )
        )
    properties.append(
        {
            "group": "settings",
            "label": "优先级",
            "description": "0 到 100",
            "type": "Number",
            "value": 50,
            "feel": "static",
            "binding": {"type": "zeebe:priorityDefinition", "property": "priority"},
        }
    )
    if groups:
        properties.append(
            {
                "group": "settings",
                "label": "批量办理",
                "description": "几件可以填一样的内容一起办 (batch)",
                "type": "Dropdown",
                "choices": [{"name": "逐件办", "value": "false"}, {"name": "可以批量", "value": "true"}],
                "value": "false",
                "binding": {"type": "zeebe:property", "name": "batch"},
            }
        )
    return {
        "$schema": SCHEMA,
        "name": zh,
        "id": f"yizhan.{id}",
        "version": VERSION,
        "description": doc,
        "appliesTo": ["bpmn:Task"],
        "elementType": {"value": "bpmn:UserTask"},
        "groups": _GROUPS[:1],
        "properties": properties,
    }
