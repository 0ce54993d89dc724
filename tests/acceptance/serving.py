"""A real web process on a hall of its own, those who hold it up, and those who want something of it."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from engine.store import db, migrate
from tests import cast as the_cast


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("YIZHAN_") or k == "YIZHAN_DATA_KEY"}
    return {**kept, "YIZHAN_HOME": str(home), **more}


@contextmanager
def serving(home: Path, *options: str, **more: str) -> Iterator[SimpleNamespace]:
    """`yizhan serve` on a migrated hall with its cast, until the end of the block: its port, its process, its log."""
    home.mkdir(mode=0o700, exist_ok=True)
    database = db.connect(more.get("YIZHAN_DATABASE_URL") or f"sqlite:///{home / 'hall.db'}", files=home / "files")
    migrate.upgrade(database)
    with database.unit_of_work() as work:
        the_cast.hire(work, datetime.now(UTC))
    database.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = home / "serve.log"
    with log.open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "serve", *options],
            cwd=the_cast.ROOT,
            env=environment(home, YIZHAN_PORT=str(port), **more),
            stdout=said,
            stderr=said,
        )
    try:
        until = time.monotonic() + 120
        while not answers(port):
            assert process.poll() is None and time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.1)
        yield SimpleNamespace(port=port, process=process, log=log)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


#: People of the cast, by name; telephones and identity numbers, by their shape.
ANYBODY = re.compile(r"张三丰|许小妹|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)")


def names_nobody(log: Path) -> bool:
    """Whether a log of a real process holds nobody's name and number."""
    return ANYBODY.search(log.read_text("utf-8", errors="replace")) is None


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def attacked(port: int, *kinds: str) -> Iterator[subprocess.Popen[str]]:
    """With these attackers at work (tests/acceptance/attackers.py), all of them connected."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.attackers", str(port), *kinds],
        cwd=the_cast.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def ask(port: int, path: str = "/", source: str = "127.0.0.77", timeout: float = 60.0) -> int:
    """The status of one request on a connection of its own, from this address."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=(source, 0))
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def seconds(port: int, times: int, path: str = "/") -> list[float]:
    """How long each of so many requests took, one after the other, from different addresses; the shortest first."""
    took = []
    for n in range(times):
        begun = time.perf_counter()
        assert ask(port, path, f"127.0.0.{100 + n % 50}") == 200
        took.append(time.perf_counter() - begun)
    return sorted(took)


def p95(took: list[float]) -> float:
    return took[int(len(took) * 0.95)]
