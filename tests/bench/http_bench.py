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
        floors = _floors(hall, asked)
        asked["application"] = [
            (token, "/api/v1/cases", {"matter": "heavy", "answers": acts.APPLICATION})
            for token in hall.applicants((WARM + PARTS * ROUNDS) // EACH + 1)
            for _ in range(EACH)
        ][: WARM + PARTS * ROUNDS]
        port = served.free_port()
        with served.serving(["-m", "web.cli", "serve"], served.environment(hall.home, hall.url, port)) as server:
            spent = {name: _spent(server, requests) for name, requests in asked.items()}
            up = server.up_s
        _done(hall, 2 * (WARM + PARTS * ROUNDS))
        for act in acts.ACTS:
            (wall, cpu), floor = spent[act.name], floors[act.name]
            name = f"{act.name} completion over HTTP"
            plain = act is acts.PLAIN
            rows.append(row(f"{name}: floor, CPU of an empty POST with the same SQL", floor, "ms"))
            rows.append(row(f"{name}: CPU of the server", cpu, "ms", most=MOST[act.name]))
            rows.append(row(f"{name}: CPU beside the floor", cpu, "ms", floor, ratio=1.8 if plain else None))
            rows.append(row(f"{name}: CPU beside raw SpiffWorkflow's step", cpu, "ms", raw, ratio=6 if plain else None))
            rows.append(row(f"{name}: median", wall, "ms"))
            rows += _statements(hall, act)
        cpu = spent["application"][1]
        rows.append(row("an application (heavy): CPU of the server", cpu, "ms", most=MOST["application"]))
        rows.append(row("fdatasync of 4 kB here", served.fdatasync_ms(hall.home), "ms"))
    rows.append(row("server start to first answer", up, "s", _imports_s(), ratio=8))
    return rows


def _floors(hall: served.Hall, asked: dict[str, list[Request]]) -> dict[str, float]:
    """CPU milliseconds of the floor under each act: its statements over a copy of the hall, which then goes."""
    every = [one for requests in asked.values() for one in requests]
    recording, serving = hall.copy("recording"), hall.copy("floor")
    plan = hall.home.parent / "plan.json"
    plan.write_text(json.dumps({"copy": str(recording), "requests": every}))
    environment = served.environment(serving, "sqlite", served.free_port())
    found, first = {}, 0
    with served.serving(["-m", "tests.bench.floor", str(plan)], environment, "/up") as server:
        for name, requests in asked.items():
            numbered = [(token, f"/{first + n}", body) for n, (token, _path, body) in enumerate(requests)]
            found[name] = _spent(server, numbered)[1]
            first += len(requests)
    return found


def _spent(server: served.Server, requests: list[Request]) -> tuple[float, float]:
    """(median of the waits, CPU of the server: median of the parts) of a request, in milliseconds."""
    asker = served.Asker(server.port)
    for one in requests[:WARM]:
        asker.post(*one)
    waits, parts, rest = [], [], requests[WARM:]
    size = len(rest) // PARTS
    for n in range(PARTS):
        before = server.cpu()
        for one in rest[n * size : (n + 1) * size]:
            start = time.perf_counter()
            asker.post(*one)
            waits.append(time.perf_counter() - start)
        parts.append((server.cpu() - before) / size)
    return statistics.median(waits) * 1000, statistics.median(parts) * 1000


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
