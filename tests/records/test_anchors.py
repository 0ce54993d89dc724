"""The hall's own anchor: a line for each seal, whatever happened to the file or the database meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, text

from engine import crypto
from engine.people import SYSTEM
from engine.records import anchors, audit
from engine.store import keys
from engine.store.keys import Keys
from engine.store.models import Seal, SealedEvent

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def sealed(database, clock):
    """Lay a seal over one event more, and write its line; how many lines were written."""

    def more() -> int:
        with database.unit_of_work() as work:
            audit.record(work, audit.Kind.BACKED_UP, by=SYSTEM, now=clock(), facts={})
        with database.unit_of_work() as work:
            audit.seal_all(work, now=clock())
        clock.on(minutes=10)
        with database.reading() as work:
            return anchors.keep(work)

    return more


def lines(database):
    with database.reading() as work:
        found = anchors.read(anchors.place(work))
        assert all(line.good for line in found)
        assert [line.hash for line in found] == list(work.session.scalars(select(Seal.hash).order_by(Seal.id)))
        return found


def test_a_line_that_a_crash_cut_off_is_written_anew(database, sealed):
    sealed()
    sealed()
    with database.reading() as work:
        file = anchors.place(work)
    file.write_bytes(file.read_bytes()[:-40])
    assert sealed() == 2
    assert len(lines(database)) == 3


def test_after_a_restore_the_numbers_of_lost_seals_are_given_again_and_their_lines_are_written(database, sealed):
    sealed()
    sealed()
    with database.unit_of_work() as work:
        lost = work.session.scalars(select(Seal.id).order_by(Seal.id.desc())).first()
        for table in ("sealed_event", "seal"):
            work.session.execute(text(f"DROP TRIGGER {table}_no_delete"))
        work.session.execute(delete(SealedEvent).where(SealedEvent.seal_id == lost))
        work.session.execute(delete(Seal).where(Seal.id == lost))
    assert sealed() == 1
    with database.reading() as work:
        found = anchors.read(anchors.place(work))
        newest = work.session.scalars(select(Seal).order_by(Seal.id.desc())).first()
    assert newest.id == lost and [line.seal for line in found] == [lost - 1, lost, lost]
    assert all(line.good for line in found) and found[-1].hash == newest.hash


def test_a_stop_while_the_lines_are_proved_anew_leaves_the_anchor_whole(database, sealed, monkeypatch):
    sealed()
    before = lines(database)

    def full(to, data):
        raise OSError("no space left")

    new = Keys(crypto.Key(b"n" * 32), crypto.Key(b"0123456789abcdef0123456789abcdef"))
    with keys.borrowing(new.ring()), database.reading() as work:
        with monkeypatch.context() as broken, pytest.raises(OSError, match="no space"):
            broken.setattr(anchors.files, "replace", full)
            anchors.prove_anew(work)
        assert [line.proof for line in anchors.read(anchors.place(work))] == [line.proof for line in before]
        assert anchors.prove_anew(work)
        assert [line.proof for line in anchors.read(anchors.place(work))] != [line.proof for line in before]
    with keys.borrowing(new.ring().alone()):
        assert lines(database)
    sealed()
