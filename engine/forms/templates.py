"""Texts of a form that read its data: `{{receiver.name}}` in a label, `=` before a whole text. Pure.

The browser's form library fills them from the data it is given; here they are read, so that the check knows every name,
the edge hands over just those values, and answers described in words have their labels filled too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine import feel
from engine.feel import tree
from engine.forms.schema import Form

#: Properties of a component that people read and that may hold {{...}} or, with "=", FEEL.
TEXTS = (
    "label",
    "description",
    "text",
    "content",
    "html",
    "alt",
    "title",
    "source",
    "url",
    "dateLabel",
    "timeLabel",
    "readonly",
    "dataSource",
    "rowCount",
)
_BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
OF_VALIDATION = ("required", "min", "max", "minLength", "maxLength", "pattern")


def expressions(component: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(property, FEEL) of every expression of a component: conditions, values, and what stands in its texts."""
    conditional = component.get("conditional")
    hide = conditional.get("hide") if isinstance(conditional, Mapping) else None
    if isinstance(hide, str) and hide.strip():
        yield "conditional.hide", hide.strip().removeprefix("=")
    for name in ("expression", "valuesExpression", "columnsExpression"):
        text = component.get(name)
        if isinstance(text, str) and text.strip():
            yield name, text.strip().removeprefix("=")
    for name in TEXTS:
        text = component.get(name)
        if isinstance(text, str) and text.startswith("="):
            yield name, text.strip().removeprefix("=")
        elif isinstance(text, str):
            for part in parts(text):
                yield name, part
    validation = component.get("validate")
    for name in OF_VALIDATION if isinstance(validation, Mapping) else ():
        text = validation.get(name)  # type: ignore[union-attr]
        if isinstance(text, str) and text.startswith("="):
            yield f"validate.{name}", text.strip().removeprefix("=")


def parts(text: str) -> Iterator[str]:
    """The FEEL between double braces: of a value, of `#if`, of `#loop`.

    >>> list(parts("{{#if a > 1}}{{ b.c }}{{/if}}"))
    ['a > 1', 'b.c']
    """
    for found in _BRACES.findall(text):
        inside = found.strip()
        if inside.startswith("/") or inside in ("else", "#else"):
            continue
        yield re.sub(r"^#(if|loop)\b", "", inside).strip()


def wanted(form: Form, data: Mapping[str, Any], sees: Callable[[str], bool]) -> dict[str, Any]:
    """What of the case's data the form's texts and conditions read and this person may see: just those values, so that
    the page holds no more of a case than its form shows.

    `sees`: whether a dotted path may be seen at this step.
    """
    own = {path for path, _ in form.walk()}
    found: dict[str, Any] = {}
    for path in sorted(reads(form)):
        parts = path.split(".")
        if path in own or not all(sees(".".join(parts[: n + 1])) for n in range(len(parts))):
            continue
        value: Any = data
        for part in parts:
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None or isinstance(value, Mapping) and len(parts) == 1 and _any_hidden(value, path, sees):
            continue
        here = found
        for part in parts[:-1]:
            here = here.setdefault(part, {})
        if isinstance(here, dict):
            here[parts[-1]] = value
    return found


def _any_hidden(value: Mapping[str, Any], path: str, sees: Callable[[str], bool]) -> bool:
    return any(not sees(f"{path}.{key}") for key in value)


def components(form: Form) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    """Every component of a form, with the path of the lists and groups around it."""

    def inner(some: Any, path: tuple[str, ...]) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
        for one in some if isinstance(some, list) else []:
            yield one, path
            under = one.get("path")
            yield from inner(one.get("components"), (*path, str(under)) if under else path)

    yield from inner(form.schema.get("components"), ())


def reads(form: Form) -> frozenset[str]:
    """The dotted paths that the form's texts and conditions read: its own fields, and what the case holds."""
    found: set[str] = set()
    for component, _ in components(form):
        for _, text in expressions(component):
            try:
                found |= paths(feel.compile(text).tree)
            except feel.FeelError:
                continue  # the check says it
    return frozenset(found)


def paths(node: tree.Node) -> set[str]:
    """The dotted paths an expression reads from outside: `receiver.name`, `parties`."""
    found: set[str] = set()
    waiting: list[tuple[tree.Node, frozenset[str]]] = [(node, frozenset())]
    while waiting:
        one, inside = waiting.pop()
        match one:
            case tree.Name() | tree.Path():
                path = _path(one)
                if path and path.split(".")[0] not in inside:
                    found.add(path)
                elif not path and isinstance(one, tree.Path):
                    waiting.append((one.source, inside))
            case tree.For() | tree.Quantified():
                names = inside
                for step in one.iterations:
                    waiting.append((step.source, names))
                    names |= {step.name}
                waiting.append((one.body if isinstance(one, tree.For) else one.condition, names))
            case tree.ContextOf():
                names = inside
                for key, value in zip(one.keys, one.values, strict=True):
                    waiting.append((value, names))
                    names |= {key}
            case tree.Call() if isinstance(one.function, tree.Name):
                waiting += [(argument, inside) for argument in one.arguments]
            case _:
                waiting += [(under, inside) for under in tree.children(one)]
    return found


def _path(node: tree.Node) -> str:
    """A plain path as text; "" for anything else."""
    if isinstance(node, tree.Name):
        return node.name
    if isinstance(node, tree.Path):
        source = _path(node.source)
        return f"{source}.{node.name}" if source else ""
    return ""


def reading(text: str) -> bool:
    """Whether a text reads data at all."""
    return text.startswith("=") or "{{" in text


def filled(text: str, scope: Mapping[str, Any], env: feel.Env | None = None) -> str:
    """A text with its values: what is not there leaves nothing.

    >>> filled("送给 {{receiver.name}}", {"receiver": {"name": "苏玉兰"}})
    '送给 苏玉兰'
    """
    if text.startswith("="):
        return _said(text[1:], scope, env)
    return _BRACES.sub(lambda found: _said(found[1], scope, env), text)


def _said(expression: str, scope: Mapping[str, Any], env: feel.Env | None) -> str:
    try:
        value = feel.to_json(feel.evaluate(expression.strip(), scope, env))
    except feel.FeelError:
        return ""
    return "" if value is None else str(value)
