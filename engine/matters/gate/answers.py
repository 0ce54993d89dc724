"""What a declaration answers for the case of another matter that it opens."""

from __future__ import annotations

from collections.abc import Iterable

from engine.findings import meant
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.nouns import Declared


def answered(reading: Reading, one: Declared, rule: str, matter: str, answers: Iterable[str], *path: object) -> None:
    """Every answer needs its field in the application form of that matter: any other is lost without a word."""
    if matter == reading.name and reading.application is not None:
        known: Iterable[str] | None = paths_of(reading.application.form)
    else:
        known = reading.house.asks(matter) if reading.house.asks is not None else None
    if known is None:
        return
    fields = set(known)
    for name in answers:
        if name not in fields and not any(field.startswith(f"{name}.") for field in fields):
            zh, en = meant(name, fields, 40)
            reading.of_noun(
                one,
                rule,
                f"“{matter}”的申请表单没有字段“{name}”，填了也没有用。{zh}",
                f'The application form of "{matter}" has no field "{name}": the answer is lost. {en}',
                *path,
                name,
            )
