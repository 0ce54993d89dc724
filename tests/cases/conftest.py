"""Where the field's cases happen: at the desk and the counter, on SQLite (the kind of database does not matter)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import Database
from tests.appointments.conftest import hall as counter  # noqa: F401
from tests.conftest import Clock, fresh_database
from tests.hall import Open, open_hall


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty SQLite database, under the name the cast and the counter ask for."""
    with fresh_database(request, tmp_path, "sqlite") as made:
        yield made


@pytest.fixture
def hall(database: Database, clock: Clock, tmp_path: Path) -> Open:
    """The application with the fixed cast."""
    return open_hall(database, clock, tmp_path)
