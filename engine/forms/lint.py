"""Checks a form-js schema as its designer would want it checked: every fault, with the line where it stands. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from engine import feel
from engine.errors import Refused
from engine.findings import Finding, Severity, in_order, meant, nearest
from engine.forms import templates
from engine.forms.kinds import CHECKS
from engine.forms.schema import CONTAINERS, INPUTS, MAX_BYTES, MAX_DEPTH, STATIC, load

#: Checks that need more than the text: a signature binds the answers, a date is held against today.
_CHECKS = frozenset(CHECKS) | {"signature", "past"}

#: Every key of a form and of its components that form-js (schema versions to 19) or this system reads. A key nobody
#: reads
#: does nothing: a misspelt "required" would let everything through.
_OF_FORM = frozenset(
    {
        "components",
        "executionPlatform",
        "executionPlatformVersion",
        "exporter",
        "generator",
        "id",
        "schemaVersion",
        "type",
        "versionTag",
        "$schema",
    }
)
_OF_COMPONENT = frozenset(
    """acceptsFiles accept action allowAddRemove alt appearance columns columnsExpression components computeOn
    conditional
    content dataSource dateLabel decimalDigits defaultRepetitions defaultValue description disableCollapse disabled
    disallowPassedDates documentMetadata endpointKey expression height hint html id increment isRepeating key label
    layout
    maxHeight multiple nonCollapsedItems path pdfFileNamePattern properties readonly rowCount searchable security
    serializeToString showOutline source subtype text timeInterval timeLabel timeSerializingFormat title type url use24h
    validate values valuesExpression valuesKey verticalAlignment""".split()  # noqa: SIM905
)
_INSIDE = {
    "validate": frozenset(
        {"required", "min", "max", "minLength", "maxLength", "pattern", "validationType", "patternErrorMessage"}
    ),
    "conditional": frozenset({"hide"}),
    "layout": frozenset({"row", "columns"}),
    "appearance": frozenset({"prefixAdorner", "suffixAdorner"}),
}
#: Keys whose value is one of a list.
_CHOICES = {
    "subtype": frozenset({"date", "time", "datetime"}),
    "timeSerializingFormat": frozenset({"utc_offset", "utc_normalized", "no_timezone"}),
    "computeOn": frozenset({"change", "presubmit"}),
    "verticalAlignment": frozenset({"start", "center", "end"}),
}
_OF_OPTION = frozenset({"label", "value"})


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
        self.keys(schema, _OF_FORM, "表单", "The form", None)
        if schema.get("type", "default") != "default":
            line = self.line_of("type")
            zh, en = "表单的 type 应为 default。", 'The "type" of a form is default.'
            self.findings.append(Finding(self.file, "", "", line, "form-type", "error", zh, en))
        self.keys(schema.get("exporter"), frozenset({"name", "version"}), "exporter ", "The exporter", None)
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

    def keys(self, part: object, known: frozenset[str], zh: str, en: str, component: Mapping[str, Any] | None) -> None:
        """Keys that nothing reads. Near a known one it is a slip; another may be of a newer form editor."""
        for key in part if isinstance(part, Mapping) else ():
            if key in known:
                continue
            like = nearest(str(key), known)
            cure_zh = f"是不是“{like}”？" if like else "请检查拼写，或删去。"
            cure_en = f'Did you mean "{like}"?' if like else "Check the spelling, or remove it."
            found = Finding(
                self.file,
                str((component or {}).get("key") or (component or {}).get("id") or "")[:200],
                "",
                self.line_of(str(key)),
                "unknown-key",
                "error" if like else "warning",
                f"{zh}里的“{str(key)[:40]}”没有人读，写了不起作用。{cure_zh}",
                f'{en} has the key "{str(key)[:40]}", which nothing reads. {cure_en}',
            )
            self.findings.append(found)

    def line_of(self, key: str) -> int:
        """Where a key is written first."""
        found = re.search(rf"{re.escape(json.dumps(key, ensure_ascii=False))}\s*:", self.text)
        return self.text.count("\n", 0, found.start()) + 1 if found else 0

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
        self.keys(component, _OF_COMPONENT, f"部件「{name}」", f'Component "{name}"', component)
        for inside, known in _INSIDE.items():
            self.keys(
                component.get(inside), known, f"部件「{name}」的 {inside}", f'Component "{name}" ({inside})', component
            )
        for key_, words in _CHOICES.items():
            value = component.get(key_)
            if value is not None and value not in words:
                zh, en = meant(str(value), words)
                self.say(
                    "unknown-word",
                    f"部件「{name}」的 {key_} 不能是“{str(value)[:40]}”。{zh}",
                    f'Component "{name}" has "{str(value)[:40]}" as its {key_}. {en}',
                    component,
                )
        values = component.get("values")
        for option in values if isinstance(values, list) else ():
            self.keys(option, _OF_OPTION, f"部件「{name}」的选项", f'An option of "{name}"', component)
            if isinstance(option, Mapping) and "value" not in option:
                self.say(
                    "option-without-value",
                    f"部件「{name}」有一个选项没有 value。请填写。",
                    f'Component "{name}" has an option without a value. Fill it in.',
                    component,
                )
        for where, text in templates.expressions(component):
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
