"""The world of the walk, for whoever walks in it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.store import Database
from tests.wide import test_walk


@pytest.fixture
def world(sqlite: Database, clock: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> test_walk.World:
    return test_walk.put_up(sqlite, clock, tmp_path, monkeypatch)
