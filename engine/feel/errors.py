"""What FEEL says when a text cannot be read, or asks for more than it may have."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import Refused


class FeelError(Refused):
    """Expected a FEEL expression within the limits, but the text is not one (or asks for too much).

    `code` is "syntax" or "limit"; `position` counts characters from 0 in `text`; `expected` and `hint` may be empty.
    Evaluation never raises this for data, only for limits: wrong data is null and a warning, as DMN 1.5 says.
    """

    status = 422
    slug = "feel"

    def __init__(
        self,
        zh: str,
        en: str,
        *,
        code: str = "syntax",
        text: str = "",
        position: int = 0,
        expected: str = "",
        hint_zh: str = "",
        hint_en: str = "",
    ) -> None:
        super().__init__(zh, en, code=code, position=position)
        self.code = code
        self.text = text
        self.position = position
        self.expected = expected
        self.hint_zh = hint_zh
        self.hint_en = hint_en

    @property
    def line(self) -> int:
        """The line of the position, from 1."""
        return self.text.count("\n", 0, self.position) + 1

    @property
    def column(self) -> int:
        """The column of the position, from 1."""
        return self.position - (self.text.rfind("\n", 0, self.position) + 1) + 1

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON: code, position, line, column, expected, zh, en, hint_zh, hint_en."""
        return {
            "code": self.code,
            "position": self.position,
            "line": self.line,
            "column": self.column,
            "expected": self.expected,
            "zh": self.zh,
            "en": self.en,
            "hint_zh": self.hint_zh,
            "hint_en": self.hint_en,
        }


@dataclass(frozen=True, slots=True)
class Warning:
    """One thing that made a value null while evaluating."""

    code: str  # "type", "name", "argument", "value", "arithmetic"
    zh: str
    en: str
    position: int  # character in the text, from 0

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"code": self.code, "zh": self.zh, "en": self.en, "position": self.position}


def limit(zh: str, en: str, position: int = 0, text: str = "") -> FeelError:
    """A refusal because the expression asks for more than an expression may have."""
    return FeelError(zh, en, code="limit", position=position, text=text)
