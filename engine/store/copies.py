"""A whole copy of the database while the hall runs, and such a copy put into an empty place.

SQLite copies itself (its online backup: one moment of the database, writers go on). PostgreSQL brings pg_dump and
pg_restore; counts are read in the snapshot that is dumped, so they are of the same moment.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.engine import URL

from engine.errors import NotNow
from engine.store.db import Database, connect

Found = TypeVar("Found")

#: What the copy is called in its folder.
NAMES = {"sqlite": "hall.db", "postgresql": "hall.dump"}


def copy(database: Database, to: Path, look: Callable[[Connection], Found]) -> Found:
    """Write the database as it is at one moment into the file `to`; what `look` finds in it at that moment."""
    return _copy_sqlite(database, to, look) if database.dialect == "sqlite" else _dump(database, to, look)


def _copy_sqlite(database: Database, to: Path, look: Callable[[Connection], Found]) -> Found:
    source = database.url.database
    assert source, "a database in memory has no backup"
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(to)) as copied:
        live.backup(copied)  # all pages in one reading transaction: in WAL nobody who writes waits for it
        copied.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        whole = copied.execute("PRAGMA integrity_check").fetchone()[0]
    if whole != "ok":
        raise NotNow(
            f"数据库本身已经损坏（{whole}），备份没有做成。请先用最近一次完好的备份恢复。",
            f"Expected a whole database, but SQLite says {whole}: restore the last good backup.",
        )
    _synced(to)
    engine = create_engine(f"sqlite:///{to}")
    try:
        with engine.connect() as connection:
            return look(connection)
    finally:
        engine.dispose()


def _dump(database: Database, to: Path, look: Callable[[Connection], Found]) -> Found:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        found = look(connection)
        _run(
            database.url,
            "pg_dump",
            ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={to}"],
        )
    _synced(to)
    return found


def put_back(source: Path, url: URL) -> None:
    """Put a copy into this empty database."""
    if url.get_backend_name() == "sqlite":
        assert url.database
        shutil.copyfile(source, url.database)
        os.chmod(url.database, 0o600)
        _synced(Path(url.database))
        return
    _run(
        url,
        "pg_restore",
        ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--dbname={url.database}"],
        str(source),
    )


def empty(url: URL) -> bool:
    """Whether there is no table yet."""
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        return True
    database = connect(url.render_as_string(hide_password=False))
    try:
        return not inspect(database.engine).get_table_names()
    finally:
        database.close()


def _run(url: URL, program: str, arguments: list[str], *more: str) -> None:
    """PostgreSQL's own tool. The password goes by the environment: a list of processes shows arguments."""
    if shutil.which(program) is None:
        raise NotNow(
            f"找不到 {program}。请安装 PostgreSQL 的客户端工具（版本不低于服务器），并放进 PATH。",
            f"Expected {program} in PATH: install PostgreSQL's client tools, no older than the server.",
        )
    told: dict[str, Any] = {
        "PGHOST": url.query.get("host") or url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
    }
    environment = {**os.environ, **{name: str(value) for name, value in told.items() if value}}
    done = subprocess.run([program, *arguments, *more], env=environment, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip()[-600:]
        raise NotNow(f"{program} 没有做成：{said}", f"{program} failed: {said}")


def _synced(file: Path) -> None:
    """On the disk, not in a cache: what comes next relies on it."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
