"""A form as a person sees it: the schema for the browser with the node's rights, and answers in words."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine import feel
from engine.forms import templates
from engine.forms.answers import EVERYTHING, Rights, options_of
from engine.forms.schema import CHOICES, Field, Form
from engine.plain import dig
from engine.workdays import say_whole


@dataclass(frozen=True, slots=True)
class Line:
    """One answer in words."""

    path: str
    label: str
    text: str  # "" when there is no answer
    type: str  # of the field; "signature" or "fingerprint" for a signed one
    level: int = 0  # 1 inside a row of a list
    row: int = 0  # the how-manieth row of a list: from 1; 0: no row
    parts: tuple[str, ...] = ()  # what the text is made of, for a page in another language: labels, a count, a day


def browser_schema(form: Form, rights: Rights | None = None) -> dict[str, Any]:
    """The form-js schema for this person: hidden fields are left out, read-only ones are marked."""
    rights = rights or EVERYTHING

    def inner(components: list[Any], prefix: str) -> list[Any]:
        kept = []
        for component in components:
            one = dict(component)
            kind = one.get("type")
            path = prefix
            if kind == "datetime":
                one.setdefault("use24h", True)  # else the picker says AM and PM, and "08:00" typed means neither
            if kind == "group" and one.get("path"):
                path = f"{prefix}{one['path']}."
            elif kind == "dynamiclist":
                if not rights.sees(f"{prefix}{one.get('path')}"):
                    continue
                path = f"{prefix}{one.get('path')}."
                if not rights.writes(f"{prefix}{one.get('path')}"):
                    one["allowAddRemove"] = False
            elif isinstance(one.get("key"), str):
                full = f"{prefix}{one['key']}"
                if not rights.sees(full):
                    continue
                if not rights.writes(full):
                    one["readonly"] = True
            if isinstance(one.get("components"), list):
                held = bool(one["components"])
                one["components"] = inner(one["components"], path)
                if held and not one["components"]:
                    continue  # nothing in it may be seen: its frame would only raise questions
            kept.append(one)
        return kept

    schema = copy.deepcopy(dict(form.schema))
    schema["components"] = inner(schema["components"], "")
    return schema


def describe(
    form: Form, answers: Mapping[str, Any], rights: Rights | None = None, env: feel.Env | None = None
) -> list[Line]:
    """Every answer that may be seen, in the order of the form, in words (options by label, yes / no in Chinese)."""
    rights = rights or EVERYTHING
    lines: list[Line] = []

    def inner(fields: tuple[Field, ...], data: Mapping[str, Any], path: str, schema_path: str, level: int) -> None:
        for one in fields:
            if not rights.sees(f"{schema_path}{one.key}"):
                continue
            if any(
                feel.evaluate(c.strip().removeprefix("="), dict(answers) | dict(data), env) is True for c in one.hide
            ):
                continue
            value = dig(data, one.key)
            label = one.label
            if templates.reading(label):
                label = templates.filled(label, {**answers, **data, "this": dict(data), "parent": answers}, env)
            if one.type == "dynamiclist":
                rows = value if isinstance(value, list) else []
                for index, row in enumerate(rows):
                    lines.append(Line(f"{path}{one.key}.{index}", label, "", one.type, level, row=index + 1))
                    inner(one.children, row, f"{path}{one.key}.{index}.", f"{schema_path}{one.key}.", level + 1)
            else:
                kind = _kind(one, value)
                parts = tuple(_parts(one, value, answers, env))
                lines.append(Line(f"{path}{one.key}", label, _said(kind, parts), kind, level, parts=parts))

    inner(form.fields, answers, "", "", 0)
    return lines


def words(one: Field, value: Any, scope: Mapping[str, Any], env: feel.Env | None = None) -> str:
    """One answer as text."""
    return _said(_kind(one, value), tuple(_parts(one, value, scope, env)))


def _kind(one: Field, value: Any) -> str:
    """The type of the field; for what was signed, what stands there: ink, or the photograph of a fingerprint."""
    if not _signed(value):
        return one.type
    return "fingerprint" if value.get("print") else "signature"


def _signed(value: Any) -> bool:
    return isinstance(value, Mapping) and "path" in value and "sha256" in value


def _parts(one: Field, value: Any, scope: Mapping[str, Any], env: feel.Env | None) -> list[str]:
    """An answer as words that stand beside each other."""
    if value is None or value == "" or value == []:
        return []
    if _signed(value):
        return [str(value.get("at") or "")[:10]]
    if one.type == "checkbox":
        return ["是" if value else "否"]
    if one.type in CHOICES:
        labels = {str(v): label for v, label in options_of(one, scope, env)}
        return [labels.get(str(item), str(item)) for item in (value if isinstance(value, list) else [value])]
    if one.type == "filepicker":
        return [str(len(value) if isinstance(value, list) else 1)]
    if isinstance(value, Decimal):
        return [f"{value:f}"]
    if isinstance(value, list):
        return [str(item) for item in value]
    return [str(value).replace("T", " ") if one.type == "datetime" else str(value)]


def _said(kind: str, parts: tuple[str, ...]) -> str:
    text = "、".join(parts)
    if not parts:
        return ""
    if kind in ("datetime", "signature", "fingerprint"):
        text = _day_said(text)
    shown = {"signature": f"已签名（{text}）", "fingerprint": f"已按指印（{text}）", "filepicker": f"{text} 个文件"}
    return shown.get(kind, text)


def _day_said(text: str) -> str:
    """A day, or a day and a time, as people write it: 2026年9月18日 09:00. A time alone stays as it is.

    >>> _day_said("2026-09-18 09:00"), _day_said("09:00")
    ('2026年9月18日 09:00', '09:00')
    """
    try:
        on = date.fromisoformat(text[:10])
    except ValueError:
        return text
    return f"{say_whole(on)}{text[10:16]}"
