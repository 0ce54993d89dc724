"""Completions a second for eight clients at once, and what a finished case leaves behind.

    figures() -> rows of {name, value, unit, baseline, ratio, target, met}

The load comes from wrk (Debian package `wrk`, in C: it takes next to nothing from the server it measures): eight
connections that are kept, each with its next completion as soon as the one before was answered, until none is left.
Every answer must be 200 and every step done once, or there is no figure.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

from tests.bench import acts, served
from tests.bench.served import row

CLIENTS, WARM = 8, 100
#: So many completions of each act; goals a second by act and database: the one to reach, the least that may be.
LOADS = {"plain": 1200, "heavy": 700}
LEAST = {
    ("plain", "PostgreSQL"): 200,
    ("plain", "SQLite"): 150,
    ("heavy", "PostgreSQL"): 90,
    ("heavy", "SQLite"): 70,
}
#: Cases that are carried to their end to see what one leaves behind, and the most it may, in bytes with its indexes.
CASES, MOST_BYTES = 300, 12_000


def figures() -> list[dict[str, Any]]:
    if shutil.which("wrk") is None:
        raise RuntimeError("Expected wrk to make the load with, but it is not here: apt-get install wrk")
    rows = []
    with served.hall() as hall:
        rows += _loads("SQLite", hall)
        rows.append(row("fdatasync of 4 kB here", served.fdatasync_ms(hall.home), "ms"))
    with served.postgresql() as made:
        with served.hall(made("load")) as hall:
            rows += _loads("PostgreSQL", hall)
        with served.hall(made("bytes")) as hall:
            rows += [_bytes(hall, act) for act in acts.ACTS]
    return rows


def _loads(kind: str, hall: served.Hall) -> list[dict[str, Any]]:
    token, rows = hall.token("wang"), []
    environment = served.environment(hall.home, hall.url, served.free_port())
    with served.serving(["-m", "web.cli", "serve"], environment) as server:
        for act in acts.ACTS:
            tasks = acts.waiting(hall.database, hall.cast, act, WARM + LOADS[act.name])
            answers = json.dumps(dict(act.answers), ensure_ascii=True)
            _load(hall, server, token, answers, tasks[:WARM])
            before = server.cpu()
            seconds = _load(hall, server, token, answers, tasks[WARM:])
            busy = (server.cpu() - before) / seconds
            _all_done(hall, [id for id, _ in tasks])
            name = f"{act.name} completions a second, {CLIENTS} clients ({kind})"
            rows.append(row(name, LOADS[act.name] / seconds, "1/s", least=LEAST[act.name, kind]))
            rows.append(row(f"{name}: cores the server used", busy, "cores"))
    return rows


def _load(hall: served.Hall, server: served.Server, token: str, answers: str, tasks: list[tuple[int, int]]) -> float:
    """Seconds it took to complete them all."""
    script = hall.home.parent / "load.lua"
    listed = ",".join(f"{{{id},{version}}}" for id, version in tasks)
    script.write_text(_SCRIPT % (listed, token, answers.replace("\\", "\\\\").replace("'", "\\'")))
    address = f"http://127.0.0.1:{server.port}/"
    command = ["wrk", "-t1", f"-c{CLIENTS}", "-d60s", "--timeout", "30s", "-s", str(script), address]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=90).stdout
    _, ended, figures = said.rpartition("FIGURES ")
    told = json.loads(figures) if ended else {}
    if told.get("right") != len(tasks):
        raise RuntimeError(f"Expected {len(tasks)} completions, but {told}: {said[:500]}")
    return float(told["seconds"])


# wrk calls `request` for each request it sends and `response` for each answer, in one thread with one Lua state; the
# first request is one that it looks at and does not send. It would go on for the time it was given: the script ends it.
# When nothing is left to complete, a client asks for an address that is not there, which is answered at the door.
_SCRIPT = """
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long us; } moment; int gettimeofday(moment *, void *);")
local function now()
  local at = ffi.new("moment")
  ffi.C.gettimeofday(at, nil)
  return tonumber(at.s) + tonumber(at.us) / 1e6
end
local tasks, sent, right, wrong, began = {%s}, -1, 0, 0, 0
local head = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer %s"}
local answers = '%s'
function request()
  sent = sent + 1
  if sent == 1 then began = now() end
  local task = tasks[sent]
  if not task then return wrk.format("GET", "/none") end
  local body = '{"version":' .. task[2] .. ',"answers":' .. answers .. '}'
  return wrk.format("POST", "/api/v1/tasks/" .. task[1] .. "/complete", head, body)
end
function response(status)
  if status == 200 then right = right + 1 elseif status ~= 404 then wrong = wrong + 1 end
  if right + wrong < #tasks then return end
  io.write(string.format('FIGURES {"seconds": %%f, "right": %%d, "wrong": %%d}', now() - began, right, wrong))
  os.exit(0)
end
"""


def _all_done(hall: served.Hall, ids: list[int]) -> None:
    """What was answered was done, once each."""
    from sqlalchemy import func, select

    from engine.store.models import Event, Task

    with hall.database.reading() as work:
        ended = work.session.scalar(
            select(func.count()).where(Task.state == "ended", Task.id.between(min(ids), max(ids)))
        )
        told = work.session.scalar(
            select(func.count()).where(Event.kind == "task.completed", Event.task_id.between(min(ids), max(ids)))
        )
    if ended != len(ids) or told != len(ids):
        raise RuntimeError(f"Expected {len(ids)} steps done once each, but {ended} are done and {told} are on record")


def _bytes(hall: served.Hall, act: acts.Act) -> dict[str, Any]:
    """What a case leaves in PostgreSQL from its application to its end, with indexes: tables are packed before and
    after. What it makes of files lies elsewhere; its papers and texts are still to be done."""
    from sqlalchemy import select

    from engine import people
    from engine.commands import cases
    from engine.store.models import Task

    def carried(n: int) -> None:
        for _ in range(n):
            with hall.database.unit_of_work() as work:
                id = cases.submit(work, act.name, acts.APPLICATION, by=hall.cast.zhang, now=acts.NOW).case.id
            for answers in (act.answers, {}):
                with hall.database.unit_of_work() as work:
                    task = work.session.scalars(select(Task).where(Task.case_id == id, Task.state != "ended")).one()
                    by = people.load(work, hall.cast.users["wang"], now=acts.NOW)
                    cases.complete(work, task.id, answers, version=task.version, by=by, now=acts.NOW)

    def size() -> int:
        with hall.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM FULL")
            found = connection.exec_driver_sql(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                "'public'::regnamespace"
            )
            return int(found.scalar_one())

    carried(30)
    before = size()
    carried(CASES)
    most = MOST_BYTES if act is acts.PLAIN else None
    return row(f"bytes of a finished {act.name} case (PostgreSQL)", (size() - before) / CASES, "bytes", most=most)
