"""A form-js schema (bpmn.io forms, schemaVersion 1..19) read into frozen fields.

Only what a form says about its data is kept here; how it looks is the browser's. Source: the schema of
`@bpmn-io/form-json-schema`. Paths: a `group` with a `path` nests its fields, a `dynamiclist` makes a list of objects,
a dotted key makes nested objects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Refused

#: Types that hold a value.
INPUTS = frozenset(
    {
        "textfield",
        "textarea",
        "number",
        "checkbox",
        "checklist",
        "radio",
        "select",
        "taglist",
        "datetime",
        "filepicker",
        "expression",
    }
)
#: Types that only show something.
STATIC = frozenset({"text", "html", "image", "spacer", "separator", "table", "iframe", "button", "documentPreview"})
#: Types that hold other components.
CONTAINERS = frozenset({"group", "dynamiclist"})
#: Types whose value is one of, or some of, a list of options.
CHOICES = frozenset({"radio", "select", "checklist", "taglist"})
#: Deepest nesting of groups and lists that is read.
MAX_DEPTH = 10
MAX_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a radio, select, checklist or taglist."""

    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Field:
    """One component that holds a value, or a list of groups of them (`dynamiclist`)."""

    key: str  # dotted path from the nearest list (or the form)
    type: str  # one of INPUTS, or "dynamiclist"
    label: str  # as a person sees it; falls back to the key
    component: Mapping[str, Any]  # the schema's own object
    hide: tuple[str, ...] = ()  # FEEL conditions of the component and of the groups around it: any true hides it
    children: tuple[Field, ...] = ()  # of a dynamiclist
    options: tuple[Option, ...] | None = None  # None: no fixed options
    options_key: str | None = None  # options are found in the data under this key
    options_expression: str | None = None  # options are the result of this FEEL expression

    @property
    def validation(self) -> Mapping[str, Any]:
        """The component's `validate` object (required, min, max, minLength, maxLength, pattern, validationType)."""
        found = self.component.get("validate")
        return found if isinstance(found, Mapping) else {}

    @property
    def properties(self) -> Mapping[str, Any]:
        """The component's custom `properties`."""
        found = self.component.get("properties")
        return found if isinstance(found, Mapping) else {}

    @property
    def readonly(self) -> bool:
        """True when the schema itself says that nobody types here. (An expression there counts as not read-only.)"""
        return self.component.get("readonly") is True or self.component.get("disabled") is True


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its fields in order of the drawing, and the schema as it was."""

    id: str
    fields: tuple[Field, ...]
    schema: Mapping[str, Any] = field(repr=False)

    def walk(self) -> Iterator[tuple[str, Field]]:
        """Every field with its full dotted path; a list's children under `list.child`."""

        def inner(prefix: str, fields: tuple[Field, ...]) -> Iterator[tuple[str, Field]]:
            for one in fields:
                path = f"{prefix}{one.key}"
                yield path, one
                yield from inner(f"{path}.", one.children)

        yield from inner("", self.fields)

    @property
    def keys(self) -> tuple[str, ...]:
        """The top-level names that the form writes."""
        return tuple(dict.fromkeys(one.key.split(".")[0] for one in self.fields))


def load(data: bytes | str, name: str = "") -> Form:
    """Read a form-js schema.

    Raises Refused when it is not JSON, not a form, has a component of unknown type, an input without a key, or two
    fields with one key (two that never show together may share one).
    """
    if len(data) > MAX_BYTES:
        raise Refused(f"表单 {name} 太大（上限 2 MB）。", f"Form {name} is too large (2 MB at most).")
    try:
        schema = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refused(f"表单 {name} 不是合法的 JSON：{error}", f"Form {name} is not JSON: {error}") from None
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        raise Refused(f"表单 {name} 缺少 components 列表。", f"Form {name} has no list of components.")
    fields = tuple(_fields(schema["components"], "", (), 0, name))
    _no_twins(fields, name)
    return Form(id=str(schema.get("id") or name), fields=fields, schema=schema)


def _fields(components: object, prefix: str, hide: tuple[str, ...], depth: int, name: str) -> Iterator[Field]:
    if depth > MAX_DEPTH:
        raise Refused(f"表单 {name} 嵌套超过 {MAX_DEPTH} 层。", f"Form {name} nests deeper than {MAX_DEPTH} levels.")
    for component in components if isinstance(components, list) else []:
        if not isinstance(component, dict):
            raise Refused(f"表单 {name} 有一个部件不是对象。", f"Form {name} has a component that is not an object.")
        kind = str(component.get("type"))
        where = str(component.get("label") or component.get("key") or component.get("id") or kind)
        conditional = component.get("conditional")
        condition = conditional.get("hide") if isinstance(conditional, dict) else None
        hidden = (*hide, condition) if isinstance(condition, str) and condition.strip() else hide
        if kind == "group":
            path = str(component.get("path") or "")
            yield from _fields(
                component.get("components"), f"{prefix}{path}." if path else prefix, hidden, depth + 1, name
            )
        elif kind == "dynamiclist":
            path = str(component.get("path") or "")
            if not path:
                raise Refused(
                    f"表单 {name} 的列表“{where}”没有 path。", f"The list “{where}” of form {name} has no path."
                )
            children = tuple(_fields(component.get("components"), "", (), depth + 1, name))
            yield Field(f"{prefix}{path}", kind, str(component.get("label") or path), component, hidden, children)
        elif kind in INPUTS:
            key = component.get("key")
            if not isinstance(key, str) or not key:
                raise Refused(
                    f"表单 {name} 的“{where}”没有 key。", f"The component “{where}” of form {name} has no key."
                )
            if not all(re.fullmatch(r"\w+", part) for part in key.split(".")):
                raise Refused(
                    f"表单 {name} 的“{where}”的 key“{key}”只能用字母、数字、汉字和下划线。",
                    f"The key “{key}” of “{where}” in form {name} may hold only letters, digits and underscores.",
                )
            label = str(component.get("label") or component.get("dateLabel") or component.get("timeLabel") or key)
            yield Field(f"{prefix}{key}", kind, label, component, hidden, (), *_options(component, kind))
        elif kind not in STATIC:
            raise Refused(
                f"表单 {name} 用了不认识的部件“{kind}”。", f"Form {name} uses an unknown component type “{kind}”."
            )


def _options(component: Mapping[str, Any], kind: str) -> tuple[tuple[Option, ...] | None, str | None, str | None]:
    if kind not in CHOICES:
        return None, None, None
    if isinstance(component.get("valuesExpression"), str):
        return None, None, str(component["valuesExpression"])
    if isinstance(component.get("valuesKey"), str):
        return None, str(component["valuesKey"]), None
    values = component.get("values")
    found = []
    for value in values if isinstance(values, list) else []:
        if isinstance(value, dict):
            found.append(Option(str(value.get("label", value.get("value", ""))), value.get("value")))
        else:
            found.append(Option(str(value), value))
    return tuple(found), None, None


def _no_twins(fields: tuple[Field, ...], name: str) -> None:
    seen: dict[str, Field] = {}
    for one in fields:
        other = seen.get(one.key)
        if other is not None and not (one.hide and other.hide):
            raise Refused(
                f"表单 {name} 有两处用了同一个 key“{one.key}”（{other.label}、{one.label}）。",
                f"Form {name} uses the key “{one.key}” twice ({other.label}, {one.label}).",
            )
        seen[one.key] = one
        _no_twins(one.children, name)
