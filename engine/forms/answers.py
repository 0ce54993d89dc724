"""What was sent, held against the form: (form, raw, rights) -> answers, or Invalid with every field that is wrong.

The browser checks too, for comfort; this is the check that counts. Values that come out: str, Decimal, bool, list,
dict, ISO text for dates and times. A hidden field has no answer; a read-only one keeps what is already known.
"""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from engine import feel
from engine.errors import FieldError, Invalid
from engine.forms import letters, signing, templates
from engine.forms.kinds import CHECKS, Wrong
from engine.forms.schema import CHOICES, Field, Form
from engine.plain import dig

MAX_TEXT = 10_000
MAX_ROWS = 200


@dataclass(frozen=True, slots=True)
class Rights:
    """What this person may do with the fields at this node. Paths are as in `Form.walk`."""

    read_only: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    all_read_only: bool = False

    def sees(self, path: str) -> bool:
        """True when the field may be shown."""
        return not _covered(path, self.hidden)

    def writes(self, path: str) -> bool:
        """True when the field may be answered."""
        return not self.all_read_only and self.sees(path) and not _covered(path, self.read_only)


def _covered(path: str, paths: frozenset[str]) -> bool:
    parts = path.split(".")
    return any(".".join(parts[: i + 1]) in paths for i in range(len(parts)))


EVERYTHING = Rights()


@dataclass(slots=True)
class _Run:
    """One check in progress: the errors found so far, and what expressions may read."""

    rights: Rights
    env: feel.Env | None
    known: Mapping[str, Any]
    draft: bool
    errors: list[FieldError] = field(default_factory=list)

    def wrong(self, path: str, one: Field, zh: str, en: str) -> None:
        self.errors.append(FieldError(path, one.label, zh, en))

    def feel(self, text: str, context: Mapping[str, Any]) -> Any:
        return feel.evaluate(text.strip().removeprefix("="), context, self.env)


def check(
    form: Form,
    raw: Mapping[str, Any],
    rights: Rights | None = None,
    env: feel.Env | None = None,
    *,
    known: Mapping[str, Any] | None = None,
    draft: bool = False,
) -> dict[str, Any]:
    """The answers in `raw`, checked and normalised.

    `known`: what the case holds already; read-only and hidden fields are left as they are there, and expressions see
    it. `draft`: keep what can be kept, refuse nothing (暂存). Names in `raw` that the form does not have are dropped.
    Raises Invalid with one FieldError a field: `field` is the dotted path, with a position for rows of a list
    (`parties.0.name`).
    """
    run = _Run(rights or EVERYTHING, env, known or {}, draft)
    scope: dict[str, Any] = copy.deepcopy(dict(run.known))
    _merge(scope, raw)
    answers = _level(run, form.fields, raw, run.known, scope, "", "")
    if run.errors and not draft:
        raise Invalid(run.errors)
    return answers


def _level(
    run: _Run,
    fields: Iterable[Field],
    raw: Mapping[str, Any],
    known: Mapping[str, Any],
    scope: dict[str, Any],
    path: str,
    schema_path: str,
) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for one in fields:
        here, there = f"{path}{one.key}", f"{schema_path}{one.key}"
        if any(run.feel(condition, scope) is True for condition in one.hide):
            put(scope, one.key, None)
            continue
        if templates.reading(one.label):  # what is wrong is said by the name the person sees
            one = replace(one, label=templates.filled(one.label, scope, run.env))
        if one.type == "expression":
            value = feel.to_json(run.feel(str(one.component.get("expression") or "null"), scope))
        elif not run.rights.writes(there) or one.readonly:
            value = dig(known, one.key)
            if value is None and one.readonly and run.rights.sees(there):
                value = one.component.get("defaultValue")
            put(scope, one.key, value)
            continue  # nothing is written: the case keeps what it has
        else:
            value = _value(run, one, dig(raw, one.key), dig(known, one.key), scope, here, there)
        if value is None and dig(known, one.key) is None and one.type != "expression":
            put(scope, one.key, None)
            continue
        put(answers, one.key, value)
        put(scope, one.key, value)
    return answers


def _value(run: _Run, one: Field, raw: Any, known: Any, scope: dict[str, Any], here: str, there: str) -> Any:
    if one.type == "dynamiclist":
        return _rows(run, one, raw, known, scope, here, there)
    if isinstance(raw, str):
        raw = raw.replace("\r\n", "\n").replace("\x00", "").strip()
    if raw is None or raw == "" or raw == []:
        if one.validation.get("required") and one.type != "checkbox":
            verb = (
                "请选择" if one.type in CHOICES | {"datetime"} else "请上传" if one.type == "filepicker" else "请填写"
            )
            run.wrong(here, one, f"{verb}“{one.label}”。", f"“{one.label}” is needed.")
        if one.type == "checkbox" and one.validation.get("required"):
            run.wrong(here, one, f"请勾选“{one.label}”。", f"Please tick “{one.label}”.")
        return False if one.type == "checkbox" else None
    reader = _READERS[one.type]
    return reader(run, one, raw, scope, here)


def _rows(run: _Run, one: Field, raw: Any, known: Any, scope: dict[str, Any], here: str, there: str) -> Any:
    if raw is None:
        raw = []
    if not isinstance(raw, list) or not all(isinstance(row, Mapping) for row in raw):
        run.wrong(here, one, f"“{one.label}”的内容无法识别，请重新填写。", f"“{one.label}” should be a list of rows.")
        return None
    if len(raw) > MAX_ROWS:
        run.wrong(here, one, f"“{one.label}”最多 {MAX_ROWS} 行。", f"“{one.label}” takes {MAX_ROWS} rows at most.")
        return None
    least, most = one.validation.get("min"), one.validation.get("max")
    if isinstance(least, int) and len(raw) < least:
        run.wrong(here, one, f"“{one.label}”至少填 {least} 项。", f"“{one.label}” needs at least {least}.")
    if isinstance(most, int) and len(raw) > most:
        run.wrong(here, one, f"“{one.label}”最多填 {most} 项。", f"“{one.label}” takes {most} at most.")
    old = known if isinstance(known, list) else []
    rows = []
    for index, row in enumerate(raw):
        before = old[index] if index < len(old) and isinstance(old[index], Mapping) else {}
        inner = dict(scope) | dict(row) | {"this": dict(row), "parent": scope}
        answered = _level(run, one.children, row, before, inner, f"{here}.{index}.", f"{there}.")
        kept = {k: v for k, v in before.items() if k not in answered}
        rows.append({**kept, **answered})
    return rows


def _text(run: _Run, one: Field, raw: Any, scope: dict[str, Any], here: str) -> Any:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float, Decimal)):
        run.wrong(here, one, f"“{one.label}”应填写文字。", f"“{one.label}” should be text.")
        return None
    text = str(raw)
    rules = one.validation
    if one.properties.get("check") == "signature":
        return _signature(run, one, text, scope, here)
    check = one.properties.get("check") or ("cn-phone" if rules.get("validationType") == "phone" else None)
    checked = check is not None
    if checked:  # before the length: spaces and +86 are no places of a number
        verdict = CHECKS[str(check)](text)
        if isinstance(verdict, Wrong):
            run.wrong(here, one, verdict.zh, verdict.en)
            return text
        text = verdict
    text = letters.seen(text)
    absent = letters.unprintable(text)
    if absent:
        shown = "、".join(f"“{char}”" if char.isprintable() else f"U+{ord(char):04X}" for char in absent[:8])
        run.wrong(
            here,
            one,
            f"“{one.label}”里有文书打印不出的字符：{shown}。请去掉或换成别的写法，例如表情用文字说。",
            f"“{one.label}” has characters that no paper can print: {shown}. Leave them out or write them otherwise.",
        )
        return text
    least, most = rules.get("minLength"), rules.get("maxLength", MAX_TEXT)
    if isinstance(least, int) and len(text) < least:
        run.wrong(
            here,
            one,
            f"“{one.label}”至少 {least} 个字，现在 {len(text)} 个。",
            f"“{one.label}” needs at least {least} characters, this has {len(text)}.",
        )
        return text
    if isinstance(most, int) and len(text) > most:
        run.wrong(
            here,
            one,
            f"“{one.label}”最多 {most} 个字，现在 {len(text)} 个。",
            f"“{one.label}” takes {most} characters at most, this has {len(text)}.",
        )
        return text
    if checked:
        return text
    if rules.get("validationType") == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        run.wrong(here, one, "电子邮箱不对，例如 name@example.com。", "This is not an e-mail address.")
    pattern = rules.get("pattern")
    if (
        isinstance(pattern, str)
        and pattern
        and run.feel("matches(text, pattern)", {"text": text, "pattern": pattern}) is not True
    ):
        told = one.properties.get("pattern_hint")
        hint = f"应为：{told}" if told else "请按要求填写。"
        run.wrong(here, one, f"“{one.label}”的格式不对，{hint}", f"“{one.label}” is not in the form asked for.")
    return text


def _signature(run: _Run, one: Field, path: str, scope: dict[str, Any], here: str) -> Any:
    """Bound to what the case holds, under the names of the custom property `signs` (comma-separated)."""
    if not signing.readable(path):
        run.wrong(here, one, f"请在“{one.label}”处手写签名，写得完整一些。", f"Please sign “{one.label}” by hand.")
        return None
    names = [name.strip() for name in str(one.properties.get("signs") or "").split(",") if name.strip()]
    data = {**scope, **run.known}  # what is signed is what the case holds, whatever the browser says it is
    return signing.signed(path, data, names, run.env.now if run.env is not None else None)


def _number(run: _Run, one: Field, raw: Any, scope: dict[str, Any], here: str) -> Any:
    try:
        if isinstance(raw, bool):
            raise InvalidOperation
        number = Decimal(str(raw).replace(",", "").replace("，", ""))
        if not number.is_finite() or number.adjusted() > 30:
            raise InvalidOperation
    except InvalidOperation:
        run.wrong(here, one, f"“{one.label}”应填数字。", f"“{one.label}” should be a number.")
        return raw if isinstance(raw, str) else None
    digits = one.component.get("decimalDigits")
    if isinstance(digits, int) and number != round(number, digits):
        allowed = "整数" if digits == 0 else f"最多 {digits} 位小数"
        run.wrong(here, one, f"“{one.label}”应为{allowed}。", f"“{one.label}” takes {digits} decimal places at most.")
    least, most = _bound(run, one, "min", scope), _bound(run, one, "max", scope)
    if least is not None and number < least:
        run.wrong(here, one, f"“{one.label}”不能小于 {least}。", f"“{one.label}” should be at least {least}.")
    if most is not None and number > most:
        run.wrong(here, one, f"“{one.label}”不能大于 {most}。", f"“{one.label}” should be at most {most}.")
    return str(number) if one.component.get("serializeToString") else number


def _bound(run: _Run, one: Field, rule: str, scope: dict[str, Any]) -> Decimal | None:
    """A number or a FEEL expression of the field's rules."""
    bound = one.validation.get(rule)
    if isinstance(bound, str) and bound.startswith("="):
        bound = run.feel(bound, scope)
    is_number = isinstance(bound, (int, float, Decimal)) and not isinstance(bound, bool)
    return Decimal(str(bound)) if is_number else None


def _checkbox(run: _Run, one: Field, raw: Any, scope: dict[str, Any], here: str) -> Any:
    value = {"true": True, "on": True, "1": True, "false": False, "0": False}.get(str(raw).lower())
    if value is None:
        run.wrong(here, one, f"“{one.label}”应为是或否。", f"“{one.label}” should be yes or no.")
    if value is False and one.validation.get("required"):
        run.wrong(here, one, f"请勾选“{one.label}”。", f"Please tick “{one.label}”.")
    return value


def options_of(one: Field, scope: Mapping[str, Any], env: feel.Env | None = None) -> list[tuple[Any, str]]:
    """(value, label) of every choice of a field, with what is known in `scope`."""
    if one.options is not None:
        return [(option.value, option.label) for option in one.options]
    if one.options_expression is not None:
        found = feel.evaluate(one.options_expression.strip().removeprefix("="), scope, env)
    else:
        found = dig(scope, one.options_key or "")
    pairs = []
    for item in found if isinstance(found, list) else []:
        if isinstance(item, Mapping):
            pairs.append((item.get("value"), str(item.get("label", item.get("value")))))
        else:
            pairs.append((item, str(item)))
    return pairs


def _choice(run: _Run, one: Field, raw: Any, scope: dict[str, Any], here: str) -> Any:
    for value, _ in options_of(one, scope, run.env):
        if value == raw or (isinstance(raw, str) and str(value) == raw):
            return value
    run.wrong(
        here, one, f"“{one.label}”选的不是所给的选项，请重新选择。", f"“{one.label}” should be one of the options."
    )
    return None


def _choices(run: _Run, one: Field, raw: Any, scope: dict[str, Any], here: str) -> Any:
    raw = raw if isinstance(raw, list) else [raw]
    allowed = options_of(one, scope, run.env)
    picked = []
    for item in raw:
        match = [value for value, _ in allowed if value == item or (isinstance(item, str) and str(value) == item)]
        if not match:
            run.wrong(
                here, one, f"“{one.label}”有一项不在选项里，请重新选择。", f"“{one.label}” has one not in the options."
            )
            return None
        if match[0] not in picked:
            picked.append(match[0])
    least, most = one.validation.get("minLength"), one.validation.get("maxLength")
    if isinstance(least, int) and len(picked) < least:
        run.wrong(here, one, f"“{one.label}”至少选 {least} 项。", f"“{one.label}” needs at least {least}.")
    if isinstance(most, int) and len(picked) > most:
        run.wrong(here, one, f"“{one.label}”最多选 {most} 项。", f"“{one.label}” takes {most} at most.")
    return picked


def _datetime(run: _Run, one: Field, raw: Any, scope: dict[str, Any], here: str) -> Any:
    kind = str(one.component.get("subtype") or "date")
    example = {"date": "2026-11-25", "time": "09:30", "datetime": "2026-11-25T09:30"}[kind]
    try:
        text = str(raw)
        if kind == "date":
            day = _day(text, run.env)
            shown = day.isoformat()
        elif kind == "time":
            moment = datetime.time.fromisoformat(text)
            day, shown = None, moment.isoformat("minutes") if moment.tzinfo is None else moment.isoformat()
        else:
            when = datetime.datetime.fromisoformat(text)
            if when.tzinfo is not None and run.env is not None:
                when = when.astimezone(run.env.zone)  # whatever zone the browser is in, its day and hour are ours
                if one.component.get("timeSerializingFormat") == "no_timezone":
                    when = when.replace(tzinfo=None)
            day, shown = when.date(), when.isoformat(timespec="minutes")
    except ValueError:
        run.wrong(
            here, one, f"“{one.label}”不是有效的日期或时间，例如 {example}。", f"“{one.label}” is no date: {example}."
        )
        return None
    if day is not None and run.env is not None and run.env.now is not None:
        today = run.env.now.astimezone(run.env.zone).date()
        if one.component.get("disallowPassedDates") and day < today:
            run.wrong(here, one, f"“{one.label}”不能早于今天。", f"“{one.label}” cannot be before today.")
        if one.properties.get("check") == "past" and day > today:
            run.wrong(here, one, f"“{one.label}”不能晚于今天。", f"“{one.label}” cannot be after today.")
    return shown


def _day(text: str, env: feel.Env | None) -> datetime.date:
    """A day; sent as a moment with a zone, the county's day at that moment. ValueError: it is none."""
    if len(text) <= 10:
        return datetime.date.fromisoformat(text)
    when = datetime.datetime.fromisoformat(text)
    if when.tzinfo is not None and env is not None:
        when = when.astimezone(env.zone)
    return when.date()


_FILE = re.compile(r"[0-9a-zA-Z:_-]{1,200}")


def _files(run: _Run, one: Field, raw: Any, scope: dict[str, Any], here: str) -> Any:
    """References to files already uploaded; whether they exist and are the sender's is the command's check."""
    refs = raw if isinstance(raw, list) else [raw]
    if not all(isinstance(ref, str) and _FILE.fullmatch(ref) for ref in refs):
        run.wrong(
            here, one, f"“{one.label}”的文件没有传上来，请重新上传。", f"The files of “{one.label}” did not arrive."
        )
        return None
    if len(refs) > 1 and not one.component.get("multiple"):
        run.wrong(here, one, f"“{one.label}”只能传一个文件。", f"“{one.label}” takes one file.")
    return refs


_READERS = {
    "textfield": _text,
    "textarea": _text,
    "number": _number,
    "checkbox": _checkbox,
    "radio": _choice,
    "select": _choice,
    "checklist": _choices,
    "taglist": _choices,
    "datetime": _datetime,
    "filepicker": _files,
}


def hidden(one: Field, scope: Mapping[str, Any], env: feel.Env | None = None) -> bool:
    """Whether a field is not shown with these values, and so has no answer."""
    return any(feel.evaluate(c.strip().removeprefix("="), scope, env) is True for c in one.hide)


def put(data: dict[str, Any], path: str, value: Any) -> None:
    """Write a value at a dotted path, making what it stands in."""
    *parents, last = path.split(".")
    for part in parents:
        inner = data.get(part)
        if not isinstance(inner, dict):
            inner = data[part] = {}
        data = inner
    data[last] = value


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def changed(fields: Sequence[Field], answers: Any, of: Callable[[Field, Any], Any]) -> None:
    """Put what `of` says in place of every answer that is there, in rows of rows too. `of` gives back what it leaves as
    it is."""
    for one in fields:
        *parents, last = one.key.split(".")
        inside = dig(answers, ".".join(parents)) if parents else answers
        if not isinstance(inside, dict) or not inside.get(last):
            continue
        if one.type == "dynamiclist":
            for row in inside[last] if isinstance(inside[last], list) else ():
                changed(one.children, row, of)
        else:
            inside[last] = of(one, inside[last])
