"""Bring a database to the newest tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from engine.store.db import Database

HERE = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found
    return found


def known(revision: str) -> bool:
    """Whether this program has that revision, and so can bring a database from it to the newest tables."""
    return any(one.revision == revision for one in ScriptDirectory.from_config(_config()).walk_revisions())


def current(database: Database) -> str | None:
    """The revision the database is at; None when it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> bool:
    """Run what is missing. True when something was. All migrations run in one transaction."""
    if current(database) == head():
        return False
    with database._writer.connect() as connection, _tables_made_anew(connection), connection.begin():
        if database.dialect == "postgresql":  # two machines that start at once: one migrates, the other waits
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7266001)")
        command.upgrade(_config(connection), "head")
        if database.dialect == "sqlite":
            torn = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if torn is not None:
                raise RuntimeError(f"Expected rows that point to rows, but after migrating one does not: {torn}")
    return True


@contextmanager
def _tables_made_anew(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew, which rows of others that point to it forbid. They are looked at once,
    at the end; the switch works only outside a transaction."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.dbapi_connection
    assert raw is not None
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def new_revision(database: Database, message: str, revision: str) -> Any:
    """Write a migration from the difference between the models and this database (for developers)."""
    with database.engine.connect() as connection:
        return command.revision(_config(connection), message, autogenerate=True, rev_id=revision)
