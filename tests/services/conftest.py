"""The cast in a SQLite hall: these tests are about the services, not the stores."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import cast as the_cast


@pytest.fixture
def hired(sqlite, clock) -> SimpleNamespace:
    return the_cast.hired(sqlite, clock())
