"""补正: what a diagram asks the applicant to mend, read and completed. Pure.

RULES T3, PAPERS 2: each item says which material, what is wrong with it and how to mend it, all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from engine.deadlines import Limit
from engine.errors import FieldError, Invalid

DATA = Path(__file__).parent / "data" / "correction.yaml"

_PARTS = {"material": "材料名称", "problem": "存在的问题", "fix": "如何补正"}
#: For a diagram that only lists what is missing.
_MISSING = {"problem": "没有提交，或者不符合法定形式", "fix": "按要求补齐后提交"}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to mend."""

    material: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.material}：{self.problem}：{self.fix}"

    def to_json(self) -> dict[str, str]:
        return {"material": self.material, "problem": self.problem, "fix": self.fix}


def items_of(value: object) -> tuple[Item, ...]:
    """The items of a `request-correction`. Invalid names each part that is missing.

    >>> items_of(["身份证"])[0].material
    '身份证'
    """
    rows = list(value) if isinstance(value, (list, tuple)) else [] if value in (None, "") else [value]
    found, faults = [], []
    for n, row in enumerate(rows):
        parts = {k: str(row.get(k) or "").strip() for k in _PARTS} if isinstance(row, Mapping) else {}
        if not parts:
            parts = {"material": str(row).strip(), **_MISSING}
        for name, label in _PARTS.items():
            if not parts[name]:
                faults.append(
                    FieldError(
                        f"items.{n}.{name}",
                        f"第 {n + 1} 项的{label}",
                        f"请写明第 {n + 1} 项的{label}：告知书要一次说清。",
                        f"Expected item {n + 1} to say its {name}: the notice tells everything at once.",
                    )
                )
        found.append(Item(**parts))
    if faults:
        raise Invalid(faults)
    return tuple(found)


def answered_in(item: Item, fields: Iterable[tuple[str, str]]) -> str:
    """The path of the field in which an item is most likely answered, by the words of the labels; "" when none is about
    it. fields: (path, label).

    >>> fields = [("applicant.id_number", "身份证号"), ("id_copies", "身份证照片"), ("note", "补正说明")]
    >>> answered_in(Item("居民身份证", "照片不清", "重新拍摄"), fields)
    'id_copies'
    >>> answered_in(Item("户口簿", "没有提交", "补交"), fields)
    ''
    """
    said = _pairs(f"{item.material} {item.problem} {item.fix}")
    best, most = "", 0
    for path, label in fields:
        words = _pairs(label)
        shared = len(words & said)
        if shared > most and 2 * shared >= len(words) and words & _pairs(item.material):
            best, most = path, shared
    return best


def _pairs(text: str) -> set[str]:
    """Each two characters that stand side by side."""
    return {text[n : n + 2] for n in range(len(text) - 1) if " " not in text[n : n + 2]}


def until(value: object, today: date) -> date:
    """The last day to answer: the one given, else the default of the data."""
    if value not in (None, ""):
        try:
            return date.fromisoformat(str(value)[:10])
        except ValueError:
            raise Invalid(
                [FieldError("due_on", "补正期限", f"“{value}”不是日期。", f"Expected a date, but got {value!r}.")]
            ) from None
    return today + timedelta(days=answer().n)


@lru_cache(maxsize=1)
def answer() -> Limit:
    """How long an applicant has to correct, where the diagram says nothing."""
    data: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return Limit.parse(data["answer"]["within"], "answer.within")
