"""What a check found: one thing, in one place, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
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


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was most likely meant; "" when none is near.

    >>> nearest("windwo", ["window", "reviewer"]), nearest("colour", ["window"])
    ('window', '')
    """
    words = [one for one in known if one != word]
    for one in words:  # in a short word two letters are half of it
        if swapped(one, word):
            return one
    found = get_close_matches(word, words, 1, 0.72) or get_close_matches(
        word.lower(), [w.lower() for w in words], 1, 0.72
    )
    return next((one for one in words if found and one.lower() == found[0].lower()), "")


def swapped(one: str, other: str) -> bool:
    """Whether two words differ by two neighbouring letters written the wrong way round.

    >>> swapped("window", "widnow"), swapped("window", "widow")
    (True, False)
    """
    if len(one) != len(other):
        return False
    at = [n for n in range(len(one)) if one[n] != other[n]]
    return len(at) == 2 and at[0] + 1 == at[1] and one[at[0]] == other[at[1]] and one[at[1]] == other[at[0]]


def meant(word: str, known: Iterable[str], most: int = 12) -> tuple[str, str]:
    """What to do about a word nobody knows, as the end of a sentence in both languages: the nearest known one, and what
    there is.

    >>> meant("windwo", ["window", "reviewer"])[1]
    'Did you mean "window"? There are: reviewer, window.'
    >>> meant("x", [])
    ('这里没有可用的。', 'There are none here.')
    """
    words = sorted(set(known))
    if not words:
        return "这里没有可用的。", "There are none here."
    like = nearest(word, words)
    listed, more = words[:most], " …" if len(words) > most else ""
    zh, en = f"可用：{'、'.join(listed)}{more}。", f"There are: {', '.join(listed)}{more}."
    return (f"是不是“{like}”？{zh}", f'Did you mean "{like}"? {en}') if like else (zh, en)
