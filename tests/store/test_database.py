"""What the database itself holds to: transactions, constraints, and records nobody can change."""

import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from engine import crypto
from engine.people import SYSTEM, units
from engine.records import audit
from engine.store import db, keys
from engine.store.models import Counter, Event, Task, Unit, User
from tests.conftest import NOW


def test_a_unit_of_work_that_raises_leaves_nothing(database):
    with pytest.raises(RuntimeError), database.unit_of_work() as work:
        units.add(work, code="350526", name="德化县", kind="county")
        raise RuntimeError("no")
    with database.reading() as work:
        assert work.session.scalars(select(Unit)).all() == []


def test_what_waits_for_the_commit_is_done_only_after_it(database):
    said = []
    with database.unit_of_work() as work:
        work.after_commit(lambda: said.append("done"))
        assert said == []
    assert said == ["done"]
    with pytest.raises(RuntimeError), database.unit_of_work() as work:
        work.after_commit(lambda: said.append("never"))
        raise RuntimeError("no")
    assert said == ["done"]


def test_a_rehearsal_keeps_nothing(database):
    with database.rehearsal() as work:
        units.add(work, code="350526", name="德化县", kind="county")
    with database.reading() as work:
        assert work.session.scalars(select(Unit)).all() == []


@pytest.mark.parametrize("verb", ["UPDATE event SET kind = 'x'", "DELETE FROM event"])
def test_an_event_is_neither_changed_nor_deleted_by_anyone_who_speaks_sql(database, verb):
    with database.unit_of_work() as work:
        audit.record(work, audit.Kind.LOGIN, by=SYSTEM, now=NOW)
    with pytest.raises(DBAPIError, match="append-only"), database.unit_of_work() as work:
        work.session.execute(text(verb))
    with database.reading() as work:
        assert work.session.scalars(select(Event.kind)).all() == ["person.logged-in"]


def test_an_event_alone_in_its_transaction_is_written(database):
    with database.unit_of_work() as work:
        for _ in range(2):
            audit.record(work, audit.Kind.LOGIN, by=SYSTEM, now=NOW)
    with database.reading() as work:
        assert work.session.scalars(select(Event.seq).order_by(Event.seq)).all() == [1, 2]


def test_a_task_without_its_case_is_refused(database):
    task = Task(
        case_id=7,
        key="k",
        element="e",
        name="n",
        round=1,
        opened_at=NOW,
        variables={},
        candidates=[],
        headers={},
        properties={},
        delegated=[],
    )
    with pytest.raises(IntegrityError), database.unit_of_work() as work:
        work.session.add(task)


def test_a_task_ends_only_with_how_it_ended(database, cast, clock):
    from tests.commands import acting

    acting.submit(database, cast.zhang, clock())
    with pytest.raises(IntegrityError), database.unit_of_work() as work:
        work.session.execute(text("UPDATE task SET state = 'ended'"))


def test_two_writers_count_without_losing_one(database):
    from engine.records import counters

    def count():
        for _ in range(10):
            with database.unit_of_work() as work:
                counters.take(work, "series")

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.reading() as work:
        assert work.session.get(Counter, "series").value == 30


def test_a_name_is_sealed_and_found_by_its_blind_index(database):
    with database.unit_of_work() as work:
        index = keys.blind("phone", "13800000009")
        work.session.add(User(kind="resident", name="李四", phone="13800000009", phone_index=index, created_at=NOW))
    with database.reading() as work:
        column = "quote(name)" if database.dialect == "sqlite" else "encode(name, 'hex')"
        raw = work.session.scalar(text(f'SELECT {column} FROM "user"'))
        assert "李四".encode().hex() not in str(raw).lower()
        found = work.session.scalar(select(User).where(User.phone_index == keys.blind("phone", " 138 0000 0009 ")))
        assert found.name == "李四"


def test_a_value_that_is_not_ours_is_refused_though_a_file_of_keys_lies_beside_the_key_of_the_environment(
    tmp_path, monkeypatch
):
    sealed = keys.current().seal("张三".encode(), b"text")
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path))
    monkeypatch.setattr(keys, "_read_from", (1, 1))  # this process had its key from a file before
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "data.key").write_bytes(b"?")
    with pytest.raises(crypto.NotOpened):
        keys.current().open(sealed, b"json")


def test_a_sealed_value_cannot_be_moved_to_another_kind_of_column():
    sealed = keys.current().seal("张三".encode(), b"text")
    with pytest.raises(crypto.NotOpened):
        keys.current().open(sealed, b"json")


def test_sqlite_syncs_fully_keeps_a_write_ahead_log_and_checks_foreign_keys(tmp_path):
    database = db.connect(f"sqlite:///{tmp_path / 'own.db'}")  # not the tests' own, which waits for no disk
    with database.engine.connect() as connection:
        found = {
            p: connection.exec_driver_sql(f"PRAGMA {p}").scalar()
            for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    database.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
