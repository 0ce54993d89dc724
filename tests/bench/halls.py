"""A hall on a file of its own with the cast, for what is measured on one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from engine.store import Database, connect, migrate
from tests import cast as the_cast
from tests.conftest import Clock


@contextmanager
def with_cast(*matters: str) -> Iterator[tuple[Database, the_cast.Cast, Clock]]:
    """SQLite, these matters published (all, when none is named), a clock that stands."""
    with tempfile.TemporaryDirectory() as folder:
        database = connect(f"sqlite:///{folder}/hall.db", files=Path(folder) / "files")
        migrate.upgrade(database)
        clock = Clock(datetime(2026, 9, 18, 1, tzinfo=UTC))
        with database.unit_of_work() as work:
            the_cast.hire(work, clock(), *([matters] if matters else []))
        with database.reading() as work:
            cast = the_cast.meet(work, clock())
        yield database, cast, clock
        database.close()
