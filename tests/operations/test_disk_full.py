"""A disk that is full: one sentence, nothing half stored, no temporary file left."""

import errno
import os
import sqlite3

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from engine.records import files
from engine.store import disk
from engine.store.models import File
from web import backups
from web.app import create_app
from web.settings import Settings


def no_room(*given):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def left(folder):
    return [one for one in folder.rglob("*") if one.is_file()]


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_file_that_finds_no_room_leaves_neither_row_nor_bytes(sqlite, clock, tmp_path, monkeypatch, where):
    monkeypatch.setattr(files.os, where, no_room)
    with pytest.raises(OSError, match="No space"), sqlite.unit_of_work() as work:
        files.store(work, b"a photo", "照片.jpg", "image/jpeg", now=clock())
    monkeypatch.undo()
    with sqlite.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(File)) == 0
    assert left(tmp_path / "files") == []


def test_a_backup_that_finds_no_room_is_no_backup(sqlite, settings_of, clock, tmp_path, monkeypatch):
    with sqlite.unit_of_work() as work:
        files.store(work, b"a photo", "照片.jpg", "image/jpeg", now=clock())
    to = tmp_path.parent / f"{tmp_path.name}-copy"
    monkeypatch.setattr(backups, "_write", no_room)
    with pytest.raises(OSError, match="No space"):
        backups.backup(settings_of(sqlite), to, now=clock())
    assert not to.exists() and not list(to.parent.glob(f".{to.name}*"))


def test_a_restore_that_finds_no_room_leaves_an_empty_home(
    sqlite, settings_of, home_elsewhere, clock, tmp_path, monkeypatch
):
    with sqlite.unit_of_work() as work:
        files.store(work, b"a photo", "照片.jpg", "image/jpeg", now=clock())
    to = tmp_path.parent / f"{tmp_path.name}-copy"
    backups.backup(settings_of(sqlite), to, now=clock())
    monkeypatch.setattr(backups, "_write", no_room)
    with pytest.raises(OSError, match="No space"):
        backups.restore(home_elsewhere, to, now=clock)
    assert list(home_elsewhere.home.iterdir()) == []
    monkeypatch.undo()
    assert backups.restore(home_elsewhere, to, now=clock).verdict.faults == ()


def sqlite_full():
    error = sqlite3.OperationalError("database or disk is full")
    return OperationalError("INSERT", {}, error)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), OSError(errno.EDQUOT, "Quota"), sqlite_full()]
)
def test_who_sent_something_is_told_in_one_sentence(sqlite, clock, tmp_path, monkeypatch, error):
    app = create_app(
        Settings(home=tmp_path, database_url="", secret_key="test"), database=sqlite, clock=clock, testing=True
    )

    def fails():
        raise error

    monkeypatch.setitem(app.view_functions, "resident.home", _guarded_like(app.view_functions["resident.home"], fails))
    answer = app.test_client().get("/")
    assert answer.status_code == 507 and "存储空间满了" in answer.text
    program = app.test_client().get("/", headers={"Accept": "application/json"})
    assert program.status_code == 507 and program.json["type"] == "/problems/no-room"


def _guarded_like(view, fails):
    def instead():
        fails()

    instead.__dict__.update(view.__dict__)
    return instead


def test_other_errors_are_not_taken_for_a_full_disk():
    assert not disk.full(OSError(errno.EACCES, "denied"))
    assert not disk.full(OperationalError("BEGIN", {}, sqlite3.OperationalError("database is locked")))
