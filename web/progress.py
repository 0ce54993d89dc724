"""How far a start is with what its pages need not wait for: two small files in the hall's own folder.

`progress.json` says what is being done, for a line on the pages; `demo.wanted` stands from the demo county's first row
until its life is begun, so that a start that was broken off is taken up by the next.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_TOLD, _WANTED = "progress.json", "demo.wanted"


def say(home: Path, what: str, done: int = 0, of: int = 0) -> None:
    """`proving` or `life`, and how many of how many."""
    new = home / f"{_TOLD}.new"
    new.write_text(json.dumps({"what": what, "done": done, "of": of}), encoding="utf-8")
    new.replace(home / _TOLD)


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
