"""What a command changed, in words for people: the lines of a preview and of a confirmation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One thing a command changed."""

    what: str  # opens, closes, paper, voids, notice, clock, outcome, refers, incident
    name: str
    who: str = ""  # who may take it, masked
    at: datetime | None = None  # due, or the moment
    name_en: str = ""  # of a notice: its text in English
