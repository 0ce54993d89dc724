"""好差评: how long one may rate, and what is a bad rating. Dated data with its source (data/rating.yaml). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import yaml

_FILE = Path(__file__).parent / "data" / "rating.yaml"


@dataclass(frozen=True, slots=True)
class RatingRules:
    """The rules in force on a day."""

    valid_from: date
    source: str
    grade: str
    unrated_after_days: int  # calendar days after the case was finished (RULES E2)
    bad_at_most: int  # this level and those below are bad (RULES E3)

    def until(self, finished_at: datetime) -> datetime:
        """The last moment one may rate a case that was finished then."""
        return finished_at + timedelta(days=self.unrated_after_days)

    def bad(self, level: int) -> bool:
        """Whether a level is a bad rating."""
        return level <= self.bad_at_most


@lru_cache(maxsize=1)
def _all() -> tuple[RatingRules, ...]:
    rows = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return tuple(sorted((RatingRules(**row) for row in rows), key=lambda r: r.valid_from))


def rating_rules(on: date) -> RatingRules:
    """The rules in force on this day; before the first, the first.

    >>> rating_rules(date(2026, 9, 18)).unrated_after_days
    7
    """
    return next((r for r in reversed(_all()) if r.valid_from <= on), _all()[0])
