"""A disk that is full: one sentence, nothing half stored, no temporary file left."""

import errno
import io
import os
import random
import shutil
import sqlite3
import subprocess

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from engine.records import audit, files
from engine.store import db, disk
from engine.store.models import Case, File
from tests import cast as the_cast
from tests.hall import open_hall
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


# ---------------------------------------------------------------- on a real disk that is full


@pytest.fixture
def small_disk(tmp_path):
    """A disk of sixteen megabytes of this test's own; only root may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk: not run")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine mounts no small disk: not run")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def picture(n):
    """A picture of some fifty kilobytes, each another."""
    out = io.BytesIO()
    Image.frombytes("RGB", (130, 130), random.Random(n).randbytes(130 * 130 * 3)).save(out, "PNG")
    return out.getvalue()


def fill(place, leave):
    """Take all but so many bytes of the disk."""
    free = os.statvfs(place)
    (place / "filler").write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - leave)))


def test_on_a_full_disk_nothing_acknowledged_is_lost_and_nothing_half_is_kept(
    _sqlite_templates, small_disk, clock, caplog
):
    shutil.copy(_sqlite_templates / "empty.db", small_disk / "hall.db")
    database = db.connect(f"sqlite:///{small_disk / 'hall.db'}", files=small_disk / "files")
    hall = open_hall(database, clock, small_disk)
    hall.app.config["PROPAGATE_FAULTS"] = False
    ask = hall.program("zhang")
    client, token = hall.app.test_client(), hall.client("zhang")
    kept, refused = [], 0
    fill(small_disk, leave=600_000)
    for n in range(60):
        clock.on(minutes=30)  # what is counted by the hour is not what is tried here
        sent = {"matter": "daiban", "answers": the_cast.DAIBAN, "consent": True, "key": f"full-{n}"}
        answer = ask("POST", "/cases", sent)
        if answer.status_code == 201:
            kept.append(answer.json["number"])
        else:
            assert answer.status_code == 507 and answer.json["type"] == "/problems/no-room", answer.text
            refused += 1
        uploaded = token.post("/files", data={"file": (io.BytesIO(picture(n)), "a.png")})
        assert uploaded.status_code in (200, 201, 507), uploaded.text
        if refused >= 3:
            break
    assert kept and refused >= 3
    files_now = {one.name for one in left(small_disk / "files")}
    with database.reading() as work:
        assert {one.sha256 for one in work.session.scalars(select(File))} >= files_now  # no file without its row
        numbers = set(work.session.scalars(select(Case.number)))
        assert numbers == set(kept)
        assert work.session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    assert not [one for one in left(small_disk) if one.name.startswith("tmp")]
    (small_disk / "filler").unlink()  # the operator makes room: the same application, sent again, is taken
    again = ask("POST", "/cases", {**sent, "key": "again"})
    assert again.status_code == 201, again.text
    with database.reading() as work:
        assert audit.verify(work).faults == ()
    assert client.get("/").status_code == 200
    database.close()
