"""Notices from before the board had pages are kept by the migration, sealed, and nobody outside reads them."""

from __future__ import annotations

import json
import os

import pytest
from alembic import command
from sqlalchemy import select, text

from engine.store import db, migrate
from engine.store.models import BoardEntry

#: Workers of one run share the server: each has a database of its own.
NAME = f"old_boards_{os.getpid()}"


def at_revision(database, revision):
    with database._writer.begin() as connection:
        command.upgrade(migrate._config(connection), revision)


@pytest.fixture(params=["sqlite", "postgres"])
def old(request, tmp_path):
    """An empty database of the tables before boards."""
    if request.param == "sqlite":
        database = db.connect(f"sqlite:///{tmp_path / 'old.db'}")
    else:
        import psycopg

        server = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {NAME}")
        database = db.connect(_named(server))
    at_revision(database, "0014")
    yield database
    database.close()


def _named(server):
    from sqlalchemy.engine import make_url

    return make_url(server).set(database=NAME).render_as_string(hide_password=False)


def test_an_old_notice_is_kept_and_shown_to_nobody(old):
    facts = {"name": "张三丰", "phone": "13800138000"}
    with old._writer.begin() as connection:
        unit = text(
            "INSERT INTO unit (id, code, name, name_en, kind, path, phone, address, seal_name, word, active) VALUES"
            " (1, '350526', '德化县', '', 'county', '/1/', '', '', '', '', true)"
        )
        connection.execute(unit)
        row = text(
            "INSERT INTO public_notice (id, key, case_id, unit_id, kind, facts, from_at, until_at) VALUES"
            " (7, 'k7', NULL, 1, 'allowance', :facts, '2026-09-18 01:00:00', '2026-09-25 15:59:59')"
        )
        connection.execute(row, {"facts": json.dumps(facts, ensure_ascii=False)})
    assert migrate.upgrade(old) is True
    with old.reading() as work:
        entry = work.session.scalars(select(BoardEntry)).one()
        assert (entry.key, entry.number, entry.state, entry.board) == ("k7", "20260000007", "kept", "allowance")
        assert (entry.facts, entry.hidden, entry.until_at.day) == ({}, facts, 25)
        raw = work.session.execute(text("SELECT hidden FROM board_entry")).scalar_one()
    assert "张三丰".encode() not in bytes(raw) and b"13800138000" not in bytes(raw)
