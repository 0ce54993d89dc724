"""The hall of the web tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.store import Database
from tests.conftest import Clock
from tests.hall import Open, open_hall


@pytest.fixture
def hall(sqlite: Database, clock: Clock, tmp_path: Path) -> Open:
    """The application on SQLite with the fixed cast; requests need no CSRF token."""
    return open_hall(sqlite, clock, tmp_path)
