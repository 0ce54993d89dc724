"""Checks a form-js schema as its designer would want it checked: every fault, with the line where it stands. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine import feel
from engine.errors import Refused
from engine.findings import Finding, Severity, in_order
from engine.forms.kinds import CHECKS
from engine.forms.schema import CONTAINERS, INPUTS, MAX_BYTES, MAX_DEPTH, STATIC, load

#: Checks that need more than the text: a signature binds the answers, a date is held against today.
_CHECKS = frozenset(CHECKS) | {"signature", "past"}

#: Properties of a component that hold FEEL when their text begins with "=".
_MAY_BE_FEEL = (
    "readonly",
    "label",
    "description",
    "source",
    "url",
    "text",
    "content",
    "html",
    "dataSource",
    "rowCount",
)
_OF_VALIDATION = ("required", "min", "max", "minLength", "maxLength", "pattern")


def check(data: bytes, file: str = "") -> list[Finding]:
    """Everything a designer should look at in a .form file, in the order of its lines. Never raises."""
    return _Notes(data, file).all()


def ids(data: bytes, file: str = "") -> list[str]:
    """The names a user task may call this form by: its id, and its file's name without .form."""
    stem = re.split(r"[\\/]", file)[-1].removesuffix(".form")
    try:
        schema = json.loads(data)
    except (ValueError, RecursionError):
        schema = {}
    own = schema.get("id") if isinstance(schema, dict) else None
    return list(dict.fromkeys(name for name in (own if isinstance(own, str) else "", stem) if name))


class _Notes:
    def __init__(self, data: bytes, file: str) -> None:
        self.data = data
        self.file = file
        self.findings: list[Finding] = []
        self.text = data.decode("utf-8", "replace")

    def say(
        self, rule: str, zh: str, en: str, component: Mapping[str, Any] | None = None, severity: Severity = "error"
    ) -> None:
        component = component or {}
        key = str(component.get("key") or component.get("path") or component.get("id") or "")
        name = component.get("label")
        self.findings.append(
            Finding(
                self.file,
                key[:200],
                name[:200] if isinstance(name, str) else "",
                self.line(component),
                rule,
                severity,
                zh,
                en,
            )
        )

    def line(self, component: Mapping[str, Any]) -> int:
        """Where the component's key (or id) is written; 0 when that cannot be told."""
        for field in ("key", "path", "id"):
            value = component.get(field)
            if isinstance(value, str) and value:
                found = re.search(rf'"{field}"\s*:\s*{re.escape(json.dumps(value, ensure_ascii=False))}', self.text)
                if found:
                    return self.text.count("\n", 0, found.start()) + 1
        return 0

    def all(self) -> list[Finding]:
        if len(self.data) > MAX_BYTES:
            self.say("too-large", "表单超过 2 MB。请拆成几个。", "The form is larger than 2 MB. Split it.")
            return self.findings
        try:
            schema = json.loads(self.data)
        except (ValueError, RecursionError) as problem:
            line = getattr(problem, "lineno", 0)
            why = str(problem)[:160]
            self.findings.append(
                Finding(
                    self.file,
                    "",
                    "",
                    line,
                    "not-json",
                    "error",
                    f"文件不是合法的 JSON（{why}）。请用表单编辑器重新保存。",
                    f"The file is not JSON ({why}). Save it again from the form editor.",
                )
            )
            return self.findings
        if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
            self.say(
                "not-a-form",
                "缺少 components 列表，不是 form-js 表单。",
                "There is no list of components: this is no form-js form.",
            )
            return self.findings
        if not isinstance(schema.get("id"), str) or not schema["id"]:
            self.say(
                "form-without-id",
                "表单没有 id，用户任务只能按文件名找到它。请填写 id。",
                "The form has no id; user tasks find it only by its file name. Give it one.",
                severity="warning",
            )
        self.level(schema["components"], {}, 0, ())
        if not any(f.severity == "error" for f in self.findings):
            try:  # whatever the reader would refuse beyond the above
                load(self.data, self.file)
            except Refused as refused:
                self.say("form", refused.zh, refused.en)
        return in_order(self.findings)

    def level(
        self, components: object, seen: dict[str, Mapping[str, Any]], depth: int, prefix: tuple[str, ...]
    ) -> None:
        if depth > MAX_DEPTH:
            self.say(
                "too-deep",
                f"嵌套超过 {MAX_DEPTH} 层。请减少分组。",
                f"It nests deeper than {MAX_DEPTH}. Use fewer groups.",
            )
            return
        for component in components if isinstance(components, list) else ():
            if not isinstance(component, dict):
                self.say("not-a-component", "components 里有一项不是对象。", "An entry of components is no object.")
                continue
            self.one(component, seen, prefix)
            kind = component.get("type")
            path = component.get("path")
            inner = (*prefix, path) if isinstance(path, str) and path else prefix
            if kind == "group":
                self.level(component.get("components"), seen, depth + 1, inner)
            elif kind == "dynamiclist":
                if not (isinstance(path, str) and path):
                    self.say(
                        "key-missing",
                        (
                            f"列表「{component.get('label') or component.get('id') or ''}」没有 path，填的内容无处"
                            "存放。请填写 path。"
                        ),
                        f'The list "{component.get("label") or component.get("id") or ""}" has no path, so '
                        "what is typed is lost. "
                        "Fill it in.",
                        component,
                    )
                self.level(component.get("components"), {}, depth + 1, ())

    def one(self, component: dict[str, Any], seen: dict[str, Mapping[str, Any]], prefix: tuple[str, ...]) -> None:
        kind, key = component.get("type"), component.get("key")
        label = component.get("label")
        name = label if isinstance(label, str) and label else str(key or component.get("id") or kind)
        if not isinstance(kind, str) or kind not in INPUTS | STATIC | CONTAINERS:
            self.say(
                "unknown-component",
                f"部件「{name}」的类型“{str(kind)[:40]}”不认识。请换成表单编辑器里有的部件。",
                f'Component "{name}" has the unknown type "{str(kind)[:40]}". Use one the form editor offers.',
                component,
            )
        elif kind in INPUTS:
            if not isinstance(key, str) or not key:
                self.say(
                    "key-missing",
                    f"部件「{name}」没有 key，填的内容无处存放。请填写 key。",
                    f'Component "{name}" has no key, so what is typed is lost. Fill it in.',
                    component,
                )
            elif not all(re.fullmatch(r"\w+", part) for part in key.split(".")):
                self.say(
                    "bad-key",
                    f"部件「{name}」的 key“{key[:60]}”只能用字母、汉字、数字、下划线，以点分层。",
                    (
                        f'Component "{name}" has the key "{key[:60]}"; use letters, digits and underscores, dots '
                        "for levels."
                    ),
                    component,
                )
            else:
                full = ".".join((*prefix, key))
                other = seen.get(full)
                if other is not None and not (_hides(component) and _hides(other)):
                    self.say(
                        "duplicate-key",
                        (
                            f"部件「{name}」与「{other.get('label') or full}」的 key 都是“{full}”，"
                            "后填的会盖掉先填的。请改掉其中一个。"
                        ),
                        f'Components "{name}" and "{other.get("label") or full}" share the key "{full}": one '
                        "overwrites the other. "
                        "Change one.",
                        component,
                    )
                seen.setdefault(full, component)
        for where, text in _expressions(component):
            self.feel(component, name, where, text)
        validation = component.get("validate")
        pattern = validation.get("pattern") if isinstance(validation, dict) else None
        if isinstance(pattern, str) and not pattern.startswith("="):
            try:
                re.compile(pattern)
            except (re.error, RecursionError, OverflowError) as problem:
                self.say(
                    "bad-pattern",
                    f"部件「{name}」的格式“{pattern[:60]}”不是正则表达式：{problem}",
                    f'Component "{name}" has the pattern "{pattern[:60]}", which is no regular expression: {problem}',
                    component,
                )
        properties = component.get("properties")
        named = properties.get("check") if isinstance(properties, dict) else None
        if named is not None and not (isinstance(named, str) and named in _CHECKS):
            self.say(
                "unknown-check",
                f"部件「{name}」的校验“{str(named)[:40]}”不存在。可用：{', '.join(sorted(_CHECKS))}。",
                f'Component "{name}" names the check "{str(named)[:40]}", which does not exist. There are: '
                f"{', '.join(sorted(_CHECKS))}.",
                component,
            )

    def feel(self, component: Mapping[str, Any], name: str, where: str, text: str) -> None:
        text = text.strip().removeprefix("=")
        try:
            feel.compile(text)
        except feel.FeelError as problem:
            self.say(
                "feel-syntax",
                f"部件「{name}」的 {where}“{text[:60]}”不是正确的 FEEL：{problem.zh}",
                f'Component "{name}" has "{text[:60]}" as its {where}, which is not right FEEL: {problem.en}',
                component,
            )
            return
        differences = getattr(feel, "browser_differences", None)
        for difference in differences(text) if differences is not None else ():
            zh, en = getattr(difference, "zh", str(difference)), getattr(difference, "en", str(difference))
            self.say(
                "browser-differs",
                f"部件「{name}」的 {where}“{text[:60]}”在浏览器里的结果可能不同：{zh}",
                f'Component "{name}" has "{text[:60]}" as its {where}; the browser may give another result: {en}',
                component,
                severity="warning",
            )


def _hides(component: Mapping[str, Any]) -> bool:
    conditional = component.get("conditional")
    return isinstance(conditional, dict) and bool(conditional.get("hide"))


def _expressions(component: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(property, text) of every FEEL expression of a component."""
    conditional = component.get("conditional")
    hide = conditional.get("hide") if isinstance(conditional, dict) else None
    if isinstance(hide, str) and hide.strip():
        yield "conditional.hide", hide
    for name in ("expression", "valuesExpression", "columnsExpression"):
        text = component.get(name)
        if isinstance(text, str) and text.strip():
            yield name, text
    for name in _MAY_BE_FEEL:
        text = component.get(name)
        if isinstance(text, str) and text.startswith("="):
            yield name, text
    validation = component.get("validate")
    for name in _OF_VALIDATION if isinstance(validation, dict) else ():
        text = validation.get(name)  # type: ignore[union-attr]
        if isinstance(text, str) and text.startswith("="):
            yield f"validate.{name}", text
