"""What somebody with the database and the files in hand could do, a kind each: `yizhan audit verify` names it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import select, text

from engine.commands.cases.reading import reveal
from engine.commands.worker import background
from engine.records import anchors, audit, files, inspection
from engine.store import db
from engine.store.models import Event, File, Seal, SealedEvent
from tests.commands import acting
from tests.records.test_records import equipment, work_off


@pytest.fixture
def hall(database, cast, clock):
    """A finished case with its papers, a look behind its mask, two seals, and an anchor."""
    case_id = acting.finished(database, cast, clock)
    work_off(database, equipment(), clock())
    background.seal(database, now=clock())
    with database.unit_of_work() as work:
        reveal(work, case_id, "phone", "contact", "打电话核对", by=cast.chen, now=clock())
    background.seal(database, now=clock())
    assert _found(database) == []
    return database


def _found(database):
    with database.reading() as work:
        faults = inspection.inspect(work).faults
    assert all(fault.zh and fault.en for fault in faults)
    return [fault.where for fault in faults]


def _sql(database, *statements):
    with database.unit_of_work() as work:
        if database.dialect == "sqlite":
            work.session.execute(text("PRAGMA defer_foreign_keys=ON"))
            for table in ("event", "seal", "sealed_event"):
                for verb in ("update", "delete"):
                    work.session.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{verb}"))
        else:
            work.session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            work.session.execute(text(statement))


TAMPERED = {
    "an event changed": ("UPDATE event SET by_id = 99 WHERE id = 3", "case:1#"),
    "an outcome changed": ("UPDATE \"case\" SET outcome = 'reject' WHERE id = 1", "case:1"),
    "a case opened again": ("UPDATE \"case\" SET status = 'running', finished_at = NULL WHERE id = 1", "case:1"),
    "the hash of a paper": ("UPDATE document SET sha256 = 'f' WHERE state = 'ready'", "document:"),
    "a paper made void": ("UPDATE document SET state = 'void' WHERE state = 'ready'", "document:"),
    "a look taken away": ("DELETE FROM reveal", "reveal:"),
    "a look changed": ("UPDATE reveal SET field = 'name'", "reveal:"),
    "the newest seal dropped": (
        "DELETE FROM sealed_event WHERE seal_id = 2; DELETE FROM seal WHERE id = 2",
        "seal:2",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_changed_in_the_database_is_named(hall, what):
    statements, where = TAMPERED[what]
    _sql(hall, *statements.split("; "))
    found = _found(hall)
    assert found and found[0].startswith(where), found


def test_chains_and_seals_that_were_recomputed_do_not_fit_the_anchor(hall):
    """Every hash in the database holds together again; only the key is missing."""
    _sql(hall, "UPDATE event SET by_id = 99 WHERE chain = 'case:1' AND seq = 3")
    with hall.unit_of_work() as work:
        if hall.dialect != "sqlite":
            work.session.execute(text("SET LOCAL session_replication_role = replica"))
        previous, made = audit.GENESIS, []
        for e in work.session.scalars(select(Event).where(Event.chain == "case:1").order_by(Event.seq)):
            said = (e.chain, e.seq, e.at, e.kind, e.by_id, e.for_id, e.case_id, e.task_id, e.facts, previous)
            made.append({"p": previous, "h": (previous := audit.digest(*said)), "i": e.id})
        for values in reversed(made):
            work.session.execute(text("UPDATE event SET previous = :p, hash = :h WHERE id = :i"), values)
        work.session.execute(text('UPDATE "case" SET events_head = :h WHERE id = 1'), {"h": previous})
        work.session.expire_all()
        last = audit.GENESIS
        for id, at in work.session.execute(select(Seal.id, Seal.at).order_by(Seal.id)).all():
            rows = work.session.execute(
                select(Event.id, Event.hash)
                .join(SealedEvent, SealedEvent.event_id == Event.id)
                .where(SealedEvent.seal_id == id)
                .order_by(Event.id)
            ).all()
            values = {"p": last, "h": (last := audit._seal_hash(last, at, rows)), "i": id}
            work.session.execute(text("UPDATE seal SET previous = :p, hash = :h WHERE id = :i"), values)
    with hall.reading() as work:
        assert audit.verify(work).faults == ()
    assert _found(hall) == ["seal:1", "seal:2"]


def test_random_bytes_in_a_sealed_value_are_named_with_table_and_column(hall):
    bytes_ = "x'0102030405060708090a0b0c0d0e0f10'" if hall.dialect == "sqlite" else "'\\x0102030405060708090a'::bytea"
    _sql(hall, f"UPDATE reveal SET purpose = {bytes_}")
    assert _found(hall) == ["reveal:1"]


def test_files_that_were_changed_or_taken_away_are_named(hall):
    with hall.reading() as work:
        paper, *_ = work.session.scalars(select(File).order_by(File.id))
        path, where = files._path(work, paper.sha256), f"file:{paper.id}"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert _found(hall) == [where]
    path.unlink()
    assert _found(hall) == [where]


def test_the_anchor_itself_is_proved_by_the_key(hall, clock):
    with hall.reading() as work:
        file = anchors.place(work)
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0].replace('"count": ', '"count": 1'), lines[1]]) + "\n")
    assert "anchor:1" in _found(hall)
    file.write_text("{\n")
    assert _found(hall) == ["anchor:1"]
    file.unlink()
    assert _found(hall) == ["anchor"]
    background.seal(hall, now=clock())
    assert _found(hall) == []


def test_damaged_pages_are_told_in_words(sqlite, cast, clock, tmp_path):
    acting.accepted(sqlite, cast, clock)
    copy = tmp_path / "damaged.db"
    with closing(sqlite3.connect(sqlite.engine.url.database)) as whole, closing(sqlite3.connect(copy)) as other:
        whole.backup(other)
        (root,) = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event'").fetchone()
        (size,) = other.execute("PRAGMA page_size").fetchone()
    with copy.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)
    damaged = db.connect(f"sqlite:///{copy}", files=tmp_path / "files")
    found = _found(damaged)
    damaged.close()
    assert "database" in found and "event" in found
