"""What a change is, and how two tables of words differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

What = Literal["added", "changed", "gone", "moved"]

#: Where a change belongs, in the order people read it.
AREAS: dict[str, tuple[str, str]] = {
    "steps": ("环节", "Steps"),
    "ways": ("走向和条件", "Ways and conditions"),
    "forms": ("表单", "Forms"),
    "decisions": ("决策表", "Decision tables"),
    "limits": ("时限", "Time limits"),
    "notices": ("通知", "Notices"),
    "papers": ("文书", "Papers"),
    "matter": ("事项说明", "What the matter is"),
    "nouns": ("共用的台账等", "Shared registers and the like"),
    "stories": ("故事和条款", "Stories and clauses"),
    "words": ("英文", "English"),
    "other": ("其他", "Other"),
    "moved": ("只挪了位置", "Only moved"),
}

#: A label in both languages.
Label = tuple[str, str]

#: So much of a value is shown.
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is other."""

    what: What
    area: str  # a key of AREAS
    file: str
    element: str  # id on the drawing; "": it stands on none
    where: str  # what it is called; Chinese, as it stands in the files
    where_en: str
    zh: str
    en: str


def shown(value: Any, *, english: bool = False) -> str:
    """A value as it is read aloud in a change.

    >>> shown("看材料"), shown(True), shown([1, "甲"]), shown(False, english=True)
    ('“看材料”', '是', '1、甲', 'no')
    """
    if isinstance(value, list):
        text = (", " if english else "、").join(_bare(one, english) for one in value)
    else:
        text = f"“{value}”" if isinstance(value, str) else _bare(value, english)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _bare(value: Any, english: bool) -> str:
    if isinstance(value, bool):
        return ("yes" if value else "no") if english else ("是" if value else "否")
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_bare(one, english)}" for key, one in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(_bare(one, english) for one in value) + "]"
    return str(value)


def differences(before: Mapping[Label, Any], after: Mapping[Label, Any]) -> Iterator[tuple[str, str]]:
    """Each value that is other, as words in both languages. A label that is not there has no value."""
    for label in dict.fromkeys((*before, *after)):
        one, other = before.get(label), after.get(label)
        if one == other:
            continue
        yield said(label, one, other)


def said(label: Label, one: Any, other: Any) -> Label:
    """That this value was the one and is the other.

    >>> said(("谁来办", "who"), None, "代办员")
    ('谁来办：新写“代办员”', 'who: now “代办员”')
    >>> said(("岗位", "posts"), ["甲"], ["甲", "乙"])[0]
    '岗位：加了 乙'
    """
    zh, en = label
    if _nothing(one):
        return f"{zh}：新写{shown(other)}", f"{en}: now {shown(other, english=True)}"
    if _nothing(other):
        return f"{zh}：去掉了{shown(one)}", f"{en}: {shown(one, english=True)} is taken away"
    if isinstance(one, list) and isinstance(other, list):
        return _of_lists(label, one, other)
    return (
        f"{zh}：{shown(one)} 改为 {shown(other)}",
        f"{en}: {shown(one, english=True)} is now {shown(other, english=True)}",
    )


def _nothing(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _of_lists(label: Label, one: list[Any], other: list[Any]) -> Label:
    zh, en = label
    new, gone = [x for x in other if x not in one], [x for x in one if x not in other]
    if not new and not gone:
        return f"{zh}：次序变为 {shown(other)}", f"{en}: now in the order {shown(other, english=True)}"
    parts = [("加了", "added", new), ("去掉了", "took away", gone)]
    return (
        f"{zh}：" + "，".join(f"{verb} {shown(values)}" for verb, _, values in parts if values),
        f"{en}: " + ", ".join(f"{verb} {shown(values, english=True)}" for _, verb, values in parts if values),
    )
