"""What many tests begin with is made once a process.

    def hall(database, clock, tmp_path):
        return once.made(database, "a finished case", lambda: acting.finished(database, cast, clock))

The first test makes it; what its database then holds is kept, with its files, and every further test begins with a
copy.
Only in SQLite: PostgreSQL is asked to make it again, for a copy there is as dear as most of what is made.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Hashable
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from engine.store import Database

Made = TypeVar("Made")


@dataclass(frozen=True)
class Kept:
    """A database's file without a journal beside it, its stored files, and what making it answered."""

    database: Path
    files: Path | None
    value: Any


_KEPT: dict[Hashable, Kept] = {}
_FOLDER: list[tempfile.TemporaryDirectory] = []  # gone with the process


def made(database: Database, key: Hashable, make: Callable[[], Made]) -> Made:
    """What `make()` answers, and `database` as it left it. The answer holds no row and no session: ids, actors, words.

    `database` is empty or the template with the cast; `key` names everything on which the result depends (the moment,
    the matters), for one module or for all.
    """
    if database.dialect != "sqlite":
        return make()
    if key in _KEPT:
        _begin_with(database, _KEPT[key])
    else:
        value = make()
        _KEPT[key] = _keep(database, _values(value))
    return _values(_KEPT[key].value)


def _keep(database: Database, value: Any) -> Kept:
    if not _FOLDER:
        _FOLDER.append(tempfile.TemporaryDirectory(prefix="yizhan-once-"))
    folder = Path(tempfile.mkdtemp(dir=_FOLDER[0].name))
    with closing(sqlite3.connect(folder / "hall.db")) as file:
        _copied(database, lambda lent: lent.backup(file))
        file.execute("PRAGMA journal_mode=DELETE")
    files = database.files
    if files is None or not files.exists():
        return Kept(folder / "hall.db", None, value)
    shutil.copytree(files, folder / "files")
    return Kept(folder / "hall.db", folder / "files", value)


def _begin_with(database: Database, kept: Kept) -> None:
    lay(kept.database, database)
    if kept.files is not None:
        assert database.files is not None
        shutil.copytree(kept.files, database.files, dirs_exist_ok=True)


def lay(file: Path, database: Database) -> None:
    """What stands in a SQLite file without a journal, into this database."""
    with closing(sqlite3.connect(file)) as kept:
        _copied(database, kept.backup)


def _copied(database: Database, copying: Callable[[sqlite3.Connection], None]) -> None:
    lent = database._writer.raw_connection()
    try:
        copying(lent.driver_connection)
    finally:
        lent.close()


def _values(value: Any) -> Any:
    """A copy as deep as tests write into what they were given: a namespace and the dictionaries in it."""
    if not isinstance(value, SimpleNamespace):
        return copy(value)
    return SimpleNamespace(**{name: _values(one) if _open(one) else one for name, one in vars(value).items()})


def _open(value: Any) -> bool:
    return isinstance(value, SimpleNamespace | dict | list)
