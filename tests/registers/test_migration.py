"""Lines that were written before registers had keys and states stay where they were."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import select, text

from engine.store import db, keys, migrate
from engine.store.models import RegisterEntry
from tests.conftest import _with_name

AT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request, tmp_path):
    """A database without any table."""
    if request.param == "sqlite":
        database = db.connect(f"sqlite:///{tmp_path / 'old.db'}")
        yield database
        database.close()
        return
    import psycopg

    server = request.getfixturevalue("postgres_server")
    name = f"old_{tmp_path.name[-20:].lower().replace('-', '_')}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    database = db.connect(_with_name(server, name))
    yield database
    database.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_old_lines_are_still_read(empty):
    with empty._writer.begin() as connection:
        command.upgrade(migrate._config(connection), "0014")
        connection.execute(
            text(
                "INSERT INTO unit (id, code, name, name_en, word, kind, path, phone, address, seal_name, active)"
                " VALUES (1, 'X', '县', '', '', 'county', '/1/', '', '', '', :yes)"
            ),
            {"yes": True},
        )
        for _ in (1, 2):
            connection.execute(
                text("INSERT INTO register_entry (register, unit_id, facts, at) VALUES ('派单台账', 1, :facts, :at)"),
                {
                    "facts": keys.current().seal(_zipped('{"unit":"县医保局"}'), b"json"),
                    "at": AT.replace(tzinfo=None) if empty.dialect == "sqlite" else AT,
                },
            )
    assert migrate.upgrade(empty)
    with empty.unit_of_work() as work:
        rows = work.session.scalars(select(RegisterEntry).order_by(RegisterEntry.id)).all()
        assert [(r.id, r.key, r.version, r.state, r.changed_at, r.facts) for r in rows] == [
            (n, None, 1, "", AT, {"unit": "县医保局"}) for n in (1, 2)
        ]
        work.session.add(RegisterEntry(register="派单台账", unit_id=1, facts={}, at=AT))


def _zipped(said: str) -> bytes:
    import zlib

    return zlib.compress(said.encode(), 1)
