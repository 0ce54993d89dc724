"""The cast of these tests, on SQLite only where the kind of database does not matter."""

from types import SimpleNamespace

import pytest

from tests import cast as the_cast
from tests.conftest import NOW, fresh_database


@pytest.fixture
def sqlite_cast(request, tmp_path):
    """(database, cast)"""
    asking = SimpleNamespace(fixturenames=["cast"], getfixturevalue=request.getfixturevalue)
    with fresh_database(asking, tmp_path, "sqlite") as database:
        with database.reading() as work:
            met = the_cast.meet(work, NOW)
        yield database, met
