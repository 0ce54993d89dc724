"""The cast in a SQLite hall: these tests are about the services, not the stores."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import cast as the_cast


@pytest.fixture
def hired(sqlite, clock) -> SimpleNamespace:
    with sqlite.unit_of_work() as work:
        the_cast.hire(work, clock())
    with sqlite.reading() as work:
        return the_cast.meet(work, clock())
