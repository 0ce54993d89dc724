"""Two versions of a form: which fields are new, gone, other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.proof.comparing.changed import Change, Label, differences, shown

#: What is said of a component. Others go by their own name.
LABELS: dict[str, Label] = {
    "label": ("名称", "label"),
    "type": ("种类", "type"),
    "text": ("文字", "text"),
    "description": ("说明", "description"),
    "defaultValue": ("默认值", "default"),
    "readonly": ("只读", "read-only"),
    "disabled": ("不能填", "disabled"),
    "values": ("选项", "options"),
    "valuesKey": ("选项取自", "options from"),
    "valuesExpression": ("选项按", "options by"),
    "conditional.hide": ("何时隐藏", "hidden when"),
    "validate.required": ("必填", "required"),
    "validate.min": ("最小", "at least"),
    "validate.max": ("最大", "at most"),
    "validate.minLength": ("最少几个字", "shortest"),
    "validate.maxLength": ("最多几个字", "longest"),
    "validate.pattern": ("格式", "pattern"),
    "validate.validationType": ("校验", "checked as"),
    "properties.check": ("校验", "check"),
    "properties.offers": ("选项由大厅给出", "options the hall gives"),
    "path": ("写入", "written to"),
}
#: Where a component stands in the file, and what it holds, is looked at otherwise.
_NOT_SAID = frozenset({"id", "key", "components", "layout"})


def compare(file: str, before: bytes, after: bytes) -> list[Change]:
    """What is other in a form."""
    name = file.rpartition("/")[2]
    one, other = _read(before), _read(after)
    if one is None or other is None:
        zh, en = "有一边不是合法的表单，比不出来", "one side is no form that can be read: not compared"
        return [Change("changed", "forms", file, "", name, name, zh, en)]
    changes = list(_fields(file, name, one[1], other[1]))
    for zh, en in differences(one[0], other[0]):
        changes.append(Change("changed", "forms", file, "", name, name, zh, en))
    stay = [key for key in one[1] if key in other[1]]
    if stay != [key for key in other[1] if key in one[1]]:
        zh, en = "字段的次序变了", "the order of the fields is other"
        changes.append(Change("changed", "forms", file, "", name, name, zh, en))
    if not changes:
        zh, en = "只是版面或写法变了，问的没有不同", "only the layout or the writing is other, what is asked is not"
        changes.append(Change("changed", "moved", file, "", name, name, zh, en))
    return changes


def _fields(file: str, name: str, one: Mapping[str, _Facts], other: Mapping[str, _Facts]) -> Iterator[Change]:
    for key in dict.fromkeys((*other, *one)):
        facts = other.get(key) or one[key]
        where = f"{name} · {_called(key, facts)}"
        if key not in one:
            said = {label: value for label, value in facts.items() if value not in (None, "", False)}
            zh = "，".join(["新增的字段", *(f"{label[0]} {shown(value)}" for label, value in said.items())])
            en = ", ".join(
                ["a new field", *(f"{label[1]} {shown(value, english=True)}" for label, value in said.items())]
            )
            yield Change("added", "forms", file, "", where, where, zh, en)
        elif key not in other:
            yield Change("gone", "forms", file, "", where, where, "去掉了这个字段", "this field is taken away")
        else:
            for zh, en in differences(one[key], facts):
                yield Change("changed", "forms", file, "", where, where, zh, en)


_Facts = Mapping[Label, Any]


def _called(key: str, facts: _Facts) -> str:
    text = facts.get(LABELS["label"]) or facts.get(LABELS["text"]) or key
    return " ".join(str(text).split())[:30]


def _read(data: bytes) -> tuple[_Facts, Mapping[str, _Facts]] | None:
    """(what the form says of itself, its components by key in order)."""
    try:
        schema = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        return None
    found: dict[str, _Facts] = {}
    _collect(schema["components"], "", found)
    own = {key: value for key, value in schema.items() if key not in ("components", "exporter", "schemaVersion")}
    return dict(_leaves("", own)), found


def _collect(components: Any, above: str, found: dict[str, _Facts]) -> None:
    for n, one in enumerate(components if isinstance(components, list) else []):
        if not isinstance(one, dict):
            continue
        own = str(one.get("key") or one.get("path") or one.get("id") or f"#{n}")
        key = f"{above}{own}"
        while key in found:  # two that never show together may share a key
            key += "'"
        found[key] = dict(_leaves("", {k: v for k, v in one.items() if k not in _NOT_SAID}))
        _collect(one.get("components"), f"{key}.", found)


def _leaves(above: str, value: Mapping[str, Any]) -> Iterator[tuple[Label, Any]]:
    for key, one in value.items():
        path = f"{above}{key}"
        if isinstance(one, Mapping):
            yield from _leaves(f"{path}.", one)
        elif path == "values" and isinstance(one, list):
            yield LABELS[path], [_option(each) for each in one]
        else:
            yield LABELS.get(path, (path, path)), one


def _option(one: Any) -> Any:
    return f"{one.get('label')}（{one.get('value')}）" if isinstance(one, Mapping) else one
