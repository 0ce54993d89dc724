"""Reasons and purposes that lay in clear are sealed by the migration, and no page of the database still holds them."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import psycopg
import pytest
from alembic import command
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.engine import make_url

from engine.store import db, keys, migrate
from engine.store.models import Document, Incident, Job, Leave, Meeting, Notice, Reminder, Reveal, StandingDay, Task

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
#: ASCII, so that what is looked for in the files is there byte by byte, whatever the database escapes.
SAID = "words-about-zhang-sanfeng"
BEFORE = "0044"


@pytest.fixture(params=["sqlite", "postgres"])
def old(request, tmp_path):
    """A database of before the words were sealed, empty."""
    if request.param == "sqlite":
        database = db.connect(f"sqlite:///{tmp_path / 'old.db'}", files=tmp_path / "files")
    else:
        # Workers of one run share the server: each has a database of its own.
        server, name = request.getfixturevalue("postgres_server"), f"hall_of_words_{os.getpid()}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        database = db.connect(url, files=tmp_path / "files")
    with database._writer.begin() as connection:
        command.upgrade(migrate._config(connection), BEFORE)
    yield database
    database.close()


def _fill(database, more=()):
    """Rows of tables that a person's words stood in, one task without any; what they point to is not there."""
    moment = NOW.replace(tzinfo=None) if database.dialect == "sqlite" else NOW
    day = NOW.date()
    empty = {"BOOLEAN": False, "JSON": [], "INTEGER": 1, "BIGINT": 1, "DATE": day, "SMALLINT": 1}
    rows = more or (
        ("task", {"case_id": 1, "state": "ended", "ended": "RETURNED", "key": "a", "reason": SAID, "ended_at": moment}),
        ("task", {"case_id": 1, "state": "open", "key": "b", "reason": ""}),
        ("reminder", {"task_id": 1, "text": SAID}),
        ("reveal", {"case_id": 1, "field": "phone", "purpose": SAID}),
        ("reveal", {"case_id": 1, "field": "name", "purpose": ""}),
        ("document", {"case_id": 1, "state": "void", "void_reason": SAID}),
        ("leave", {"user_id": 1, "agent_id": 2, "reason": SAID, "until_at": moment.replace(hour=9)}),
        ("standing_day", {"standing_id": 1, "day": day, "state": "wanted", "reason": SAID}),
    )
    with database._writer.connect() as connection:
        if database.dialect == "sqlite":
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        tables = MetaData()
        tables.reflect(connection)
        for table, values in rows:
            full = dict(values)
            for column in tables.tables[table].columns:
                if column.name in full or column.nullable or column.server_default is not None or column.name == "id":
                    continue
                kind = str(column.type).split("(")[0].upper()
                sealed = keys.current().seal(b"x", b"text") if kind in ("BLOB", "BYTEA") else None
                full[column.name] = sealed or empty.get(kind, "" if kind in ("VARCHAR", "TEXT") else moment)
            connection.execute(insert(tables.tables[table]).values(full))
        connection.commit()


def test_what_lay_in_clear_is_sealed_and_gone_from_the_pages(old, tmp_path):
    _fill(old)
    with old._writer.begin() as connection:
        command.upgrade(migrate._config(connection), "0052")
    with old.reading() as work:
        tasks = work.session.execute(select(Task.key, Task.reason).order_by(Task.id)).all()
        assert [tuple(t) for t in tasks] == [("a", SAID), ("b", "")]
        assert work.session.scalars(select(Reveal.purpose).order_by(Reveal.id)).all() == [SAID, ""]
        for one in (Reminder.text, Document.void_reason, Leave.reason, StandingDay.reason):
            assert work.session.scalars(select(one)).all() == [SAID]
        assert work.session.execute(text("SELECT reason FROM task WHERE key = 'b'")).scalar_one() is None
        raw = work.session.execute(text("SELECT purpose FROM reveal")).scalars().all()
        assert all(bytes(one)[:1] == b"\x01" and SAID.encode() not in bytes(one) for one in raw)
        if old.dialect == "postgresql":
            return
    old.close()  # the last to leave brings what was written into the file
    assert SAID.encode() not in (tmp_path / "old.db").read_bytes()


def test_questions_opinions_and_words_of_the_program_are_sealed_too(old, tmp_path):
    with old._writer.begin() as connection:
        command.upgrade(migrate._config(connection), "0080")
    asked = [{"from": 1, "to": 2, "question": SAID}]
    moment = NOW.replace(tzinfo=None) if old.dialect == "sqlite" else NOW
    claimed = {"case_id": 1, "state": "claimed", "assignee_id": 2}
    _fill(
        old,
        (
            ("task", {**claimed, "key": "a", "delegated": asked}),
            ("task", {**claimed, "key": "b", "delegated": []}),
            ("incident", {"key": "x", "code": "expression", "zh": SAID, "en": SAID}),
            ("job", {"kind": "erase", "key": "j", "state": "failed", "error": SAID, "ended_at": moment}),
            ("notice", {"key": "n", "channel": "sms", "state": "failed", "answer": SAID}),
            ("meeting", {"case_id": 1, "place": SAID, "state": "held", "ends_at": moment.replace(hour=9)}),
        ),
    )
    with old._writer.begin() as connection:
        command.upgrade(migrate._config(connection), "0081")
    with old.reading() as work:
        assert [tuple(t) for t in work.session.execute(select(Task.key, Task.delegated).order_by(Task.id))] == [
            ("a", asked),
            ("b", []),
        ]
        for one in (Incident.zh, Incident.en, Job.error, Notice.answer, Meeting.place):
            assert work.session.scalars(select(one)).all() == [SAID]
        assert work.session.execute(text("SELECT delegated FROM task WHERE key = 'b'")).scalar_one() is None
        if old.dialect == "postgresql":
            return
    old.close()
    assert SAID.encode() not in (tmp_path / "old.db").read_bytes()
