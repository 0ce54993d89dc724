"""How far a start is with what its pages need not wait for: three small files in the hall's own folder.

`progress.json` says what is being done, for a line on the pages; `demo.wanted` stands from the demo county's first row
until its life is begun, so that a start that was broken off is taken up by the next; `demo.year.json` says how far the
worker is with the months before those (web.demo.year).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_TOLD, _WANTED, _YEAR = "progress.json", "demo.wanted", "demo.year.json"


@dataclass(frozen=True, slots=True)
class Year:
    """How far the demo county's year is."""

    began_at: str  # the moment of the first start, from which days are counted back
    made: int
    of: int


def say(home: Path, what: str, done: int = 0, of: int = 0) -> None:
    """`proving` or `life`, and how many of how many."""
    _put(home / _TOLD, {"what": what, "done": done, "of": of})


def end(home: Path) -> None:
    (home / _TOLD).unlink(missing_ok=True)


def read(home: Path) -> dict[str, Any] | None:
    """What is being done; None when nothing is."""
    try:
        found: dict[str, Any] = json.loads((home / _TOLD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found


def want(home: Path) -> None:
    (home / _WANTED).touch()


def made(home: Path) -> None:
    (home / _WANTED).unlink(missing_ok=True)


def wanted(home: Path) -> bool:
    return (home / _WANTED).is_file()


def year(home: Path) -> Year | None:
    """None where no year is asked for, or all of it is there."""
    try:
        return Year(**json.loads((home / _YEAR).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def put_year(home: Path, how_far: Year) -> None:
    """Keep how far it is; what is whole is told no more."""
    if how_far.made < how_far.of:
        _put(home / _YEAR, asdict(how_far))
    else:
        (home / _YEAR).unlink(missing_ok=True)


def _put(file: Path, told: dict[str, Any]) -> None:
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(told), encoding="utf-8")
    new.replace(file)
