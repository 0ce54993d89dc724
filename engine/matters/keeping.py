"""How long personal data are kept (保存期限): what a matter says, and what holds where none says anything. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from engine.matters.nouns.registers import after
from engine.matters.schema import Part

DATA = Path(__file__).parent / "data" / "retention.yaml"

Years = Annotated[int, Field(ge=1, le=100)] | Literal["permanent"]


@dataclass(frozen=True, slots=True)
class House:
    """What holds in every matter that does not say it: years, and days."""

    years: int
    answerable: int  # so long a decision may be sued for
    requests: int  # days to answer a person about their own data
    drafts: int  # days that something begun and not sent is kept
    files: int  # … and a file that belongs to nothing
    codes: int  # … and a code that ran out
    told: int  # … and how many texts about boards somebody had on a day
    kinds: Mapping[str, int]  # years, of what lives outside a case


@lru_cache(maxsize=1)
def house() -> House:
    """The numbers of retention.yaml."""
    told: dict[str, dict[str, Any]] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    loose = told["unfinished"]
    return House(
        years=int(told["default"]["years"]),
        answerable=int(told["answerable"]["years"]),
        requests=int(told["requests"]["days"]),
        drafts=int(loose["drafts"]),
        files=int(loose["files"]),
        codes=int(loose["codes"]),
        told=int(loose["told"]),
        kinds=MappingProxyType({kind: int(years) for kind, years in told["outside"]["years"].items()}),
    )


class Retention(Part):
    """How long the personal data of a case are kept after its end; then they are erased."""

    years: Years = Field(
        description="办结后几年；permanent 永久 · years after the end of the case; permanent: never erased"
    )
    basis: str = Field(default="", description="依据（basis 里的 id） · the id of its basis")

    def until(self, ended: date) -> date | None:
        """The day on which a case that ended then is erased; None: never.

        >>> Retention(years=3).until(date(2024, 2, 29)), Retention(years="permanent").until(date(2026, 1, 1))
        (datetime.date(2027, 2, 28), None)
        """
        return None if self.years == "permanent" else after(ended, f"{self.years}y")


def of_house() -> Retention:
    """What holds where a matter says nothing."""
    return Retention(years=house().years)
