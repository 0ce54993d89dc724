"""Answers to begin a play with: as the matter's stories have them, else made up so that the form takes them.

Made-up people are those of the house's examples; nobody has their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine import feel, forms
from engine.matters.stories import Story
from engine.plain import dumps, plain
from engine.proof import storing
from engine.workdays import ZONE

#: A pen's path with enough ink.
INK = "M20 60 L40 80 L60 70 L90 120 L120 60 L150 130 L190 70 L230 120 L270 60 L310 110"
#: What stands in a field with this check.
_CHECKED = {
    "cn-id": "350526195102030045",
    "cn-mobile": "13800001234",
    "cn-phone": "13800001234",
    "uscc": "91350526M0001A0L1C",
    "bank-card": "6222020000000000007",
    "isbn": "9787020002207",
    "signature": INK,
}
#: What a field is about, by a word in its label.
_WORDS = (
    ("姓名", "苏玉兰"),
    ("名字", "苏玉兰"),
    ("电话", "13800001234"),
    ("手机", "13800001234"),
    ("地址", "霞碧村12号"),
)


@dataclass(frozen=True, slots=True)
class Example:
    """Answers that a story has."""

    name: str  # of the story
    answers: Mapping[str, Any]


def applications(told: Iterable[Story]) -> list[Story]:
    """The stories whose application is taken in."""
    return [one for one in told if not one.refused]


def of_task(told: Iterable[Story], element: str) -> list[Example]:
    """What stories answer in this step, each answer once, the first story that has it first."""
    found: dict[str, Example] = {}
    for story in told:
        for step in story.steps:
            if step.get("task") == element and not step.get("refused") and not step.get("error"):
                answers = plain(dict(step.get("answers") or {}))
                found.setdefault(dumps(answers, sort=True), Example(story.name, answers))
    return list(found.values())


def others(told: Iterable[Story], key: str, name: str) -> list[dict[str, Any]]:
    """The steps of stories that say this (`message`, `answer`) of this, each once."""
    found: dict[str, dict[str, Any]] = {}
    for story in told:
        for step in story.steps:
            if step.get(key) == name:
                plainly = {k: v for k, v in storing.step_of(step).items() if k not in ("at", "wait", "open", "says")}
                found.setdefault(dumps(plainly, sort=True), plainly)
    return list(found.values())


#: Steps that have a place of their own on the page.
_SHOWN = frozenset({"task", "return", "message", "answer", "extend", "follow"})


def nouns(told: Iterable[Story]) -> list[dict[str, Any]]:
    """The other things that happen in stories: a vote, a booking, a review."""
    found: dict[str, dict[str, Any]] = {}
    for story in told:
        for step in story.steps:
            plainly = {k: v for k, v in storing.step_of(step).items() if k not in ("at", "wait", "open", "says")}
            if plainly and not _SHOWN & plainly.keys():
                found.setdefault(dumps(plainly, sort=True), plainly)
    return list(found.values())[:40]


def made_up(form: forms.Form, known: Mapping[str, Any] | None = None, *, now: datetime) -> dict[str, Any]:
    """Something in every field that must be filled in, which the form takes as far as this can tell."""
    answers: dict[str, Any] = {}
    _fill(form.fields, answers, dict(known or {}), now)
    return answers


def _fill(fields: Iterable[forms.Field], into: dict[str, Any], scope: dict[str, Any], now: datetime) -> None:
    env = feel.Env(now=now)
    for one in fields:
        if one.readonly or one.type == "expression" or forms.hidden(one, {**scope, **into}, env):
            continue
        must = bool(one.validation.get("required"))
        if one.type == "dynamiclist":
            row: dict[str, Any] = {}
            _fill(one.children, row, {**scope, **into}, now)
            if row:
                least = one.validation.get("min")
                forms.put(into, one.key, [row] * max(1, least if isinstance(least, int) else 1))
        elif must or one.type in ("radio", "select"):
            value = _value(one, {**scope, **into}, env, now)
            if value is not None:
                forms.put(into, one.key, value)


def _value(one: forms.Field, scope: Mapping[str, Any], env: Any, now: datetime) -> Any:
    check = one.properties.get("check")
    if check in _CHECKED:
        return _CHECKED[str(check)]
    if one.type in ("radio", "select", "checklist", "taglist"):
        choices = [value for value, _label in forms.options_of(one, scope, env)]
        many = one.type in ("checklist", "taglist")
        return (choices[:1] if many else choices[0]) if choices else None
    if one.type == "checkbox":
        return True
    if one.type == "number":
        least = one.validation.get("min")
        return least if isinstance(least, (int, float)) and least > 1 else 1
    if one.type == "datetime":
        return _moment(one, now)
    if one.type == "filepicker":
        return ["材料.pdf" if "pdf" in str(one.component.get("accept") or "pdf") else "照片.jpg"]
    label = one.label
    for word, text in _WORDS:
        if word in label:
            return text
    text, most = f"{label[:30]}（试走）", one.validation.get("maxLength")
    if isinstance(most, int):
        text = text[:most]
    least = one.validation.get("minLength")
    return text + "。" * max(0, (least if isinstance(least, int) else 0) - len(text))


def _moment(one: forms.Field, now: datetime) -> str:
    local = now.astimezone(ZONE)
    day = local.date() + timedelta(days=0 if one.properties.get("check") == "past" else 3)
    if "出生" in one.label:
        day = day.replace(year=1951, day=min(day.day, 28))
    kind = one.component.get("subtype")
    if kind == "time":
        return "10:00"
    return f"{day.isoformat()}T10:00" if kind == "datetime" else day.isoformat()
