"""One completion over HTTP, and starting the hall: a real server process over a real SQLite file.

    figures() -> rows of {name, value, unit, baseline, ratio, target, met}

The baseline of the completion is raw SpiffWorkflow doing the same step of the same diagram in memory (its user task
completed, engine steps run, state serialised), measured in the same run; of the start, Python starting and importing
Flask.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)
ROUNDS = 25


def _row(
    name: str, value: float, unit: str, baseline: float | None = None, target: float | None = None
) -> dict[str, Any]:
    ratio = round(value / baseline, 2) if baseline else None
    judged = ratio if ratio is not None else value
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "baseline": round(baseline, 3) if baseline else None,
        "ratio": ratio,
        "target": target,
        "met": judged <= target if target is not None else None,
    }


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _post(address: str, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
    import json

    request = urllib.request.Request(
        address + path,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.load(answer))


def _up(address: str, process: subprocess.Popen[bytes], seconds: float = 60) -> float:
    """Seconds until the server answers."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            with urllib.request.urlopen(f"{address}/api/v1/matters", timeout=5):
                return time.monotonic() - began
        except (urllib.error.URLError, ConnectionError):
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with {process.returncode}") from None
            time.sleep(0.02)
    raise RuntimeError("the server did not come up")


def _cpu(pid: int) -> float:
    """CPU seconds a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def figures() -> list[dict[str, Any]]:
    from engine.people import login
    from engine.store import connect, migrate
    from tests import cast as the_cast
    from tests.commands import acting

    with tempfile.TemporaryDirectory(prefix="yizhan-bench-") as folder:
        home = Path(folder)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("YIZHAN_")}
        environment |= {
            "YIZHAN_HOME": str(home),
            "YIZHAN_PORT": str(_port()),
            "YIZHAN_DATA_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        }
        os.environ["YIZHAN_DATA_KEY"] = environment["YIZHAN_DATA_KEY"]
        database = connect(f"sqlite:///{home / 'hall.db'}", files=home / "files")
        migrate.upgrade(database)
        with database.unit_of_work() as work:
            cast = the_cast.hire(work, NOW)
        address = f"http://127.0.0.1:{environment['YIZHAN_PORT']}"
        server = subprocess.Popen([sys.executable, "-m", "web.cli", "serve"], env=environment, cwd=ROOT)
        try:
            up = _up(address, server)
            with database.unit_of_work() as work:
                clerk = login.new_token(work, cast.users["chen"], now=datetime.now(UTC))
            wall: list[float] = []
            cases = []
            for _ in range(ROUNDS + 3):
                number = acting.submit(database, cast.zhang, NOW)
                acting.claim(database, number, cast.chen, NOW)
                cases.append(acting.now_open(database, number))
            began = 0.0
            for n, task in enumerate(cases):
                if n == 3:  # the first ones load packages and compile statements
                    began = _cpu(server.pid)
                start = time.perf_counter()
                _post(
                    address,
                    f"/api/v1/tasks/{task.id}/complete",
                    {"version": task.version, "answers": acting.TAKE_IN},
                    clerk,
                )
                wall.append(time.perf_counter() - start)
            cpu = (_cpu(server.pid) - began) / ROUNDS
        finally:
            server.terminate()
            server.wait(20)
        raw = _raw_step()
        import_s = _timed([sys.executable, "-c", "import flask, sqlalchemy, lxml, SpiffWorkflow"])
        rows = [
            _row("completion over HTTP, median", statistics.median(wall[3:]) * 1000, "ms"),
            _row("completion over HTTP, CPU of the server", cpu * 1000, "ms", raw * 1000),
            _row("server start to first answer", up, "s", import_s, 8),
        ]
        rows += _statements(database, cast, acting)
        database.close()
        return rows


def _statements(database: Any, cast: Any, acting: Any) -> list[dict[str, Any]]:
    from engine.commands import cases

    for _ in range(2):
        number = acting.submit(database, cast.zhang, NOW)
        acting.claim(database, number, cast.chen, NOW)
        task = acting.now_open(database, number)
        with acting.counted(database) as seen, database.unit_of_work() as work:
            cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=cast.chen, now=NOW)
    return [
        _row("SQL statements of a completion", len(seen["statements"]), "statements", target=15),
        _row("commits of a completion", seen["commits"], "commits", target=1),
    ]


def _raw_step() -> float:
    """CPU seconds of raw SpiffWorkflow: load, complete one user task of 25, run, store; the spec is cached."""
    from tests.bench import process_bench

    whole, _alone, _size = process_bench._raw(process_bench.model(25), 12)
    return process_bench._cpu(whole) / 1000


def _timed(command: list[str]) -> float:
    start = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - start
