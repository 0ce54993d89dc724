"""Two completions over HTTP, an application, and starting the hall: a real server process over a real SQLite file.

    figures() -> rows of {name, value, unit, baseline, ratio, target, met}

The acts are those of `acts`: plain and heavy. What is counted is the CPU of the server's process, a completion at a
time over a connection that is kept. Baselines in the same run: the floor (`floor`: the same SQL in an empty POST), and
raw SpiffWorkflow doing a step of a diagram in memory (its user task completed, engine steps run, state serialised); of
the start, Python starting and importing Flask.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench import acts, process_bench, served
from tests.bench.served import row

#: Of each act: the first ones load packages and put statements into words; then so many parts of so many, each measured
#: for itself: the median of the parts counts.
WARM, PARTS, ROUNDS = 10, 5, 40
#: One person may send twenty applications an hour.
EACH = 20
#: Goals, in milliseconds of CPU.
MOST = {"plain": 5.0, "heavy": 9.0, "application": 15.0}

#: (token, path, body)
Request = tuple[str, str, dict[str, Any]]


def figures() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    raw = process_bench._cpu(process_bench._raw(process_bench.model(25), 12)[0])
    with served.hall() as hall:
        clerk = hall.token("wang")
        asked: dict[str, list[Request]] = {}
        for act in acts.ACTS:
            tasks = acts.waiting(hall.database, hall.cast, act, WARM + PARTS * ROUNDS)
            asked[act.name] = [
                (clerk, f"/api/v1/tasks/{id}/complete", {"version": version, "answers": dict(act.answers)})
                for id, version in tasks
            ]
        asked["application"] = [
            (token, "/api/v1/cases", {"matter": "heavy", "answers": acts.APPLICATION})
            for token in hall.applicants((WARM + PARTS * ROUNDS) // EACH + 1)
            for _ in range(EACH)
        ][: WARM + PARTS * ROUNDS]
        ours = served.environment(hall.home, hall.url, served.free_port())
        with _floor(hall, asked) as floor, served.serving(["-m", "web.cli", "serve"], ours) as server:
            spent, n = {}, 0
            for name, requests in asked.items():
                same = [(token, f"/{n + k}", body) for k, (token, _path, body) in enumerate(requests)]
                spent[name] = _spent((floor, same), (server, requests))
                n += len(requests)
            up = server.up_s
        _done(hall, 2 * (WARM + PARTS * ROUNDS))
        for act in acts.ACTS:
            (_, floor), (wall, cpu) = spent[act.name]
            name = f"{act.name} completion over HTTP"
            plain = act is acts.PLAIN
            rows.append(row(f"{name}: floor, CPU of an empty POST with the same SQL", floor, "ms"))
            rows.append(row(f"{name}: CPU of the server", cpu, "ms", most=MOST[act.name]))
            rows.append(row(f"{name}: CPU beside the floor", cpu, "ms", floor, ratio=1.8 if plain else None))
            rows.append(row(f"{name}: CPU beside raw SpiffWorkflow's step", cpu, "ms", raw, ratio=6 if plain else None))
            rows.append(row(f"{name}: median", wall, "ms"))
            rows += _statements(hall, act)
        (_, floor), (_, cpu) = spent["application"]
        rows.append(row("an application (heavy): CPU of the server", cpu, "ms", floor, most=MOST["application"]))
        rows.append(row("fdatasync of 4 kB here", served.fdatasync_ms(hall.home), "ms"))
    rows.append(row("server start to first answer", up, "s", _imports_s(), ratio=8))
    return rows


@contextmanager
def _floor(hall: served.Hall, asked: dict[str, list[Request]]) -> Iterator[served.Server]:
    """The floor under each act, served over a copy of the hall: /<n> is request n of all."""
    plan = hall.home.parent / "plan.json"
    every = [one for requests in asked.values() for one in requests]
    plan.write_text(json.dumps({"copy": str(hall.copy("recording")), "requests": every}))
    environment = served.environment(hall.copy("floor"), hall.url, served.free_port())
    with served.serving(["-m", "tests.bench.floor", str(plan)], environment, "/up") as server:
        yield server


def _spent(*servers: tuple[served.Server, list[Request]]) -> list[tuple[float, float]]:
    """Of each server: (median of the waits, CPU of the server: median of the parts) of a request, in milliseconds. Part
    by part in turns: what else the machine does meanwhile meets them alike."""
    askers = [served.Asker(server.port) for server, _ in servers]
    waits, parts = [[[] for _ in servers] for _ in range(2)]
    for n in range(-1, PARTS):
        for k, (server, requests) in enumerate(servers):
            before = server.cpu()
            some = requests[:WARM] if n < 0 else requests[WARM + n * ROUNDS : WARM + (n + 1) * ROUNDS]
            for one in some:
                start = time.perf_counter()
                askers[k].post(*one)
                waits[k].append(time.perf_counter() - start)
            parts[k].append((server.cpu() - before) / len(some))
    median = statistics.median
    return [(median(waits[k][WARM:]) * 1000, median(parts[k][1:]) * 1000) for k in range(len(servers))]


def _done(hall: served.Hall, n: int) -> None:
    """What was answered was done: so many steps are ended, and by the clerk."""
    from sqlalchemy import func, select

    from engine.store.models import Task

    with hall.database.reading() as work:
        found = work.session.scalar(
            select(func.count()).where(Task.state == "ended", Task.ended_by_id == hall.cast.users["wang"])
        )
    if found != n:
        raise RuntimeError(f"Expected {n} completed steps, but there are {found}")


def _statements(hall: served.Hall, act: acts.Act) -> list[dict[str, Any]]:
    """Of the whole transaction: who acts is found in it too."""
    from engine import people
    from engine.commands import cases
    from tests.costs.counting import counting

    for id, version in acts.waiting(hall.database, hall.cast, act, 2):
        with counting(hall.database) as cost, hall.database.unit_of_work() as work:
            by = people.load(work, hall.cast.users["wang"], now=acts.NOW)
            cases.complete(work, id, act.answers, version=version, by=by, now=acts.NOW)
    return [
        row(f"{act.name} completion: SQL statements", len(cost), "statements", most=15),
        row(f"{act.name} completion: commits", cost.commits, "commits", most=1),
    ]


def _imports_s() -> float:
    """Seconds that Python takes to start and import what we stand on."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", "import flask, sqlalchemy, lxml, SpiffWorkflow"], check=True)
    return time.monotonic() - start
