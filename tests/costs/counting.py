"""Counting what an act costs the database: its statements, each with the place of our code that asked for it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import event

from engine.people import units
from engine.store import Database

ROOT = Path(__file__).resolve().parents[2]
#: The machinery that every statement comes through says nothing of who asked.
SKIPPED = ("engine/store/db.py", "web/edge.py", "web/store.py")


@dataclass
class Cost:
    """What one act cost. BEGIN and COMMIT are no statements (SQLite alone says them aloud); a savepoint is two."""

    statements: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    commits: int = 0

    def __len__(self) -> int:
        return len(self.statements)

    def __str__(self) -> str:
        return "\n".join(f"{text}\n      {place}" for text, place in zip(self.statements, self.places, strict=True))


def _place() -> str:
    """Where in our code it was asked for: the four calls nearest to it."""
    found = []
    for frame in traceback.extract_stack():
        name = frame.filename.removeprefix(f"{ROOT}/")
        if name.startswith(("engine/", "web/")) and name not in SKIPPED:
            found.append(f"{name.removeprefix('engine/')}:{frame.lineno} {frame.name}")
    return " < ".join(reversed(found[-4:]))


def _short(text: str) -> str:
    said = " ".join(text.split())
    if said.startswith("SELECT") and " FROM " in said:
        columns, _, rest = said.partition(" FROM ")
        said = f"{columns[:40]} … FROM {rest}"
    return said[:180]


@contextmanager
def counting(database: Database) -> Iterator[Cost]:
    """Counts the statements and commits between here and there. What the whole hall keeps in memory (its units, its
    calendar) is there before: a process reads it once a minute at most."""
    with database.reading() as work:
        units.tree(work)
        _ = work.calendar
    cost = Cost()

    def statement(_connection, _cursor, text, _parameters, _context, _many):
        if not text.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            cost.statements.append(_short(text))
            cost.places.append(_place())

    def commit(_connection):
        cost.commits += 1

    event.listen(database.engine, "before_cursor_execute", statement)
    event.listen(database.engine, "commit", commit)
    try:
        yield cost
    finally:
        event.remove(database.engine, "before_cursor_execute", statement)
        event.remove(database.engine, "commit", commit)
