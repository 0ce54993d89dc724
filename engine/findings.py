"""What a check found: one thing, in one place, with what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "hint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check found in one file."""

    file: str  # as the caller named it
    element: str  # id in the drawing, key in the form, rule in the table; "" for the whole file
    element_name: str  # what the person sees the element called; "" when it has no name
    line: int  # from 1; 0 when it is not known
    rule: str  # a stable slug, such as "dangling-reference"
    severity: Severity  # "error": it cannot run right. "warning": it runs, look again. "hint": it could be better
    message_zh: str  # names the element, says what is wrong and what to do
    message_en: str

    def as_json(self) -> dict[str, Any]:
        """The finding as a plain dictionary, keys as the fields."""
        return asdict(self)


def errors(findings: list[Finding]) -> list[Finding]:
    """Only those that forbid running."""
    return [finding for finding in findings if finding.severity == "error"]


def in_order(findings: list[Finding]) -> list[Finding]:
    """Without repetitions; by file, line, element, rule."""
    return sorted(set(findings), key=lambda f: (f.file, f.line, f.element, f.rule, f.message_en))
