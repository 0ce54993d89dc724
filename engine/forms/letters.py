"""The letters a form takes: those that the hall's papers can print, told while the person can still choose another.

Which they are the fonts know, two rooms above. They say so here (`drawn_by`) when they are loaded; a process that
prints nothing, such as a check of forms alone, asks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

#: Of no shape of their own: marks of direction that come along with a pasted number, and the selectors that ask for
#: another drawing of the same character. The character itself is what was written.
_UNSEEN = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufe00-\ufe0e\U000e0100-\U000e01ef]")


def _none(text: str) -> Sequence[str]:
    return ()


_missing: Callable[[str], Sequence[str]] = _none


def drawn_by(missing: Callable[[str], Sequence[str]]) -> None:
    """From now on the letters of a text that cannot be printed are those this function names."""
    global _missing
    _missing = missing


def seen(text: str) -> str:
    """The text without what has no shape."""
    return _UNSEEN.sub("", text)


def unprintable(text: str) -> tuple[str, ...]:
    """The letters no paper can print, in order, each once."""
    return tuple(_missing(text))
