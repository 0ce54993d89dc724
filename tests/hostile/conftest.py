"""One hall for all hostile inputs of a file: none of them changes anything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import db
from tests.conftest import NOW, Clock
from tests.hall import Open, open_hall


@pytest.fixture(scope="module")
def hall(_sqlite_templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The application on SQLite with the fixed cast; requests need no CSRF token."""
    home = tmp_path_factory.mktemp("hostile")
    shutil.copy(_sqlite_templates / "empty.db", home / "hall.db")
    database = db.connect(f"sqlite:///{home / 'hall.db'}", files=home / "files")
    yield open_hall(database, Clock(NOW), home)
    database.close()
