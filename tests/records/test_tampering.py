"""What somebody with the database and the files in hand could do, more than twelve kinds, a test each: `yizhan audit
verify` names it. What lies within a case is found offline too, by tests/records/test_evidence.py."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import select, text

from engine.commands.cases.reading import reveal
from engine.commands.hall import auditing
from engine.commands.worker import background
from engine.people import Actor
from engine.people.actor import Position
from engine.records import anchors, audit, files, inspection
from engine.store import db, signing
from engine.store.models import Event, File, Seal, SealedEvent
from tests import once
from tests.commands import acting
from tests.records.test_records import equipment, work_off


@pytest.fixture
def hall(database, cast, clock):
    """A finished case with its papers, a look behind its mask, two seals, and an anchor."""

    def make():
        case_id = acting.finished(database, cast, clock)
        work_off(database, equipment(), clock())
        background.seal(database, now=clock())
        with database.unit_of_work() as work:
            reveal(work, case_id, "phone", "contact", "打电话核对", by=cast.chen, now=clock())
        background.seal(database, now=clock())
        assert _found(database) == []
        return clock()

    clock.now = once.made(database, "tampering", make)
    return database


def _found(database):
    with database.reading() as work:
        faults = inspection.inspect(work).faults
    assert all(fault.zh and fault.en for fault in faults)
    return [fault.where for fault in faults]


def _sql(database, *statements):
    with database.unit_of_work() as work:
        _change(work, *statements)


def _change(work, *statements):
    if work.dialect == "sqlite":
        work.session.execute(text("PRAGMA defer_foreign_keys=ON"))
        for table in ("event", "seal", "sealed_event"):
            for verb in ("update", "delete"):
                work.session.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{verb}"))
    else:
        work.session.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in statements:
        work.session.execute(text(statement))


class Undone(Exception):
    """What was tried is taken back: the next one is tried on the same hall."""


TAMPERED = {
    "an event changed": ("UPDATE event SET by_id = 99 WHERE id = 3", "case:1#"),
    "an outcome changed": ("UPDATE \"case\" SET outcome = 'reject' WHERE id = 1", "case:1"),
    "a case opened again": ("UPDATE \"case\" SET status = 'running', finished_at = NULL WHERE id = 1", "case:1"),
    "the hash of a paper": ("UPDATE document SET sha256 = 'f' WHERE state = 'ready'", "document:"),
    "a paper made void": ("UPDATE document SET state = 'void' WHERE state = 'ready'", "document:"),
    "a look taken away": ("DELETE FROM reveal", "reveal:"),
    "a look changed": ("UPDATE reveal SET field = 'name'", "reveal:"),
    "the signature of a seal": (f"UPDATE seal SET signature = 'ed25519:{'A' * 86}==' WHERE id = 2", "seal:2"),
    "a seal without its signature": ("UPDATE seal SET signature = NULL WHERE id = 2", "seal:2"),
    "an event taken out": ("DELETE FROM sealed_event WHERE event_id = 3; DELETE FROM event WHERE id = 3", "case:1#"),
    "the newest seal dropped": (
        "DELETE FROM sealed_event WHERE seal_id = 2; DELETE FROM seal WHERE id = 2",
        "seal:2",
    ),
}


def test_what_was_changed_in_the_database_is_named(hall):
    """Each kind by itself, and where it is."""
    found = {}
    for what, (statements, _where) in TAMPERED.items():
        with pytest.raises(Undone), hall.unit_of_work() as work:
            _change(work, *statements.split("; "))
            found[what] = [fault.where for fault in inspection.inspect(work).faults]
            raise Undone
    missed = {
        what: found[what] for what, (_, where) in TAMPERED.items() if not "".join(found[what][:1]).startswith(where)
    }
    assert missed == {}
    assert _found(hall) == []


def test_chains_and_seals_that_were_recomputed_do_not_fit_the_anchor(hall):
    """Every hash in the database holds together again, and is signed; only the data key is missing."""
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
            values = {"p": last, "h": (last := audit.seal_hash(last, at, rows)), "i": id}
            values["s"] = signing.sign(audit.seal_words(at, len(rows), last))  # they have the machine, and its key
            work.session.execute(text("UPDATE seal SET previous = :p, hash = :h, signature = :s WHERE id = :i"), values)
    with hall.reading() as work:
        assert audit.verify(work).faults == ()
    assert _found(hall) == ["seal:1", "seal:2"]


def test_an_event_that_no_seal_covers_yet_is_not_made_anew_without_the_key(hall, cast, clock):
    """The end of a chain, in the ten minutes before its seal: all that can be computed holds together again."""
    with hall.unit_of_work() as work:
        reveal(work, 1, "name", "contact", "打电话核对", by=cast.chen, now=clock())
    with hall.reading() as work:
        last = work.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
        said = (last.chain, last.seq, last.at, last.kind, 99, last.for_id, 1, last.task_id, last.facts, last.previous)
        where, hash = f"{last.chain}#{last.seq}", audit.digest(*said)
    _sql(
        hall,
        f"UPDATE event SET by_id = 99, hash = '{hash}' WHERE chain = 'case:1' AND seq = {last.seq}",
        f"UPDATE \"case\" SET events_head = '{hash}' WHERE id = 1",
    )
    assert _found(hall)[0] == where


def test_events_that_wait_too_long_for_a_seal_are_told(hall, cast, clock):
    """The newest seal dropped in the database and in the hall's own anchor: its events stand there, without one."""
    _sql(hall, "DELETE FROM sealed_event WHERE seal_id = 2", "DELETE FROM seal WHERE id = 2")
    with hall.reading() as work:
        file = anchors.place(work)
        file.write_text(file.read_text().splitlines()[0] + "\n")
        assert inspection.inspect(work, now=clock()).faults == ()
        late = inspection.inspect(work, now=clock.on(hours=2)).faults
    assert [fault.where for fault in late] == ["unsealed"]


OUTSIDE = "https://anchor.example/day"


def test_the_newest_seal_leaves_the_hall_once_a_day_and_holds_against_who_has_every_key(
    hall, clock, tmp_path, monkeypatch
):
    """The other side is away at first: it is tried again, and the file has the line once."""
    out = tmp_path / "outside" / "seals.jsonl"
    posted, away = [], [OSError("away")]

    def post(self, line, key):
        if away:
            raise away.pop()
        posted.append((json.loads(line), key))
        return "200 kept"

    monkeypatch.setattr(anchors.Outside, "_post", post)
    tools = equipment()
    tools.outside = anchors.Outside(out, OUTSIDE, "token")
    for _ in range(2):
        background.seal(hall, now=clock(), outside=True)
        work_off(hall, tools, clock())
    assert posted == [] and len(out.read_text().splitlines()) == 1
    work_off(hall, tools, clock.on(minutes=1))
    background.seal(hall, now=clock(), outside=True)
    work_off(hall, tools, clock())
    ((line, key),) = posted
    assert out.read_text().splitlines() == [json.dumps(line)]
    assert key == f"anchor:{line['day']}" and line["seal"] == 2
    with hall.reading() as work:
        event = work.session.scalars(select(Event).where(Event.kind == audit.Kind.ANCHORED)).one()
        assert event.facts == {"seal": 2, "file": "seals.jsonl", "answer": "200 kept"}
        assert inspection.inspect(work, out).faults == ()
    # Who has the data key makes the hall's own anchor anew, and who has the machine signs what they like: not this.
    _sql(hall, "UPDATE seal SET hash = 'f' WHERE id = 2")
    with hall.reading() as work:
        assert "seal:2" in [fault.where for fault in inspection.inspect(work, out).faults]
    out.write_text(json.dumps(line | {"count": 99}) + "\n")
    with hall.reading() as work:
        assert "outside:1" in [fault.where for fault in inspection.inspect(work, out).faults]
    out.unlink()
    with hall.reading() as work:
        assert "outside" in [fault.where for fault in inspection.inspect(work, out).faults]


def test_random_bytes_in_a_sealed_value_are_named_with_table_and_column(hall):
    bytes_ = "x'0102030405060708090a0b0c0d0e0f10'" if hall.dialect == "sqlite" else "'\\x0102030405060708090a'::bytea"
    _sql(hall, f"UPDATE reveal SET purpose = {bytes_}")
    assert _found(hall) == ["reveal:1"]


def test_files_that_were_changed_or_taken_away_are_named(hall):
    with hall.reading() as work:
        paper, *_ = work.session.scalars(select(File).order_by(File.id))
        path, where = files.path(work, paper.sha256), f"file:{paper.id}"
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
    assert "database" in found and "event" in found
    # An auditor who asks on the page gets the findings too, although nothing can be recorded in such a database.
    auditor = Actor(1, "staff", "auditor", (Position(1, "/1/", "county", "auditor", "auditor"),))
    seen = auditing.verify(damaged, by=auditor, now=clock())
    damaged.close()
    assert {"database", "event", "hall.audited"} <= {fault.where for fault in seen.faults}
