"""What it costs to move running cases onto another version (迁移), one transaction each, as the worker does it; and to
put them back. By CPU on one core, the embedded database's with it: a busy machine tells the same.

    figures() -> rows of {name, value, unit, baseline, ratio, target, met}
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from engine.commands import moving
from engine.people import SYSTEM
from engine.store import Database
from engine.store.models import Case, MovedCase
from tests import versions
from tests.bench import halls
from tests.commands import acting

CASES = 1000


def figures() -> list[dict[str, Any]]:
    with halls.with_cast() as (database, cast, clock):
        for _ in range(CASES):
            acting.taken_in(database, cast, clock)
        to = versions.publish(database, "daiban", versions.renamed("accept", "look"), by=SYSTEM, now=clock())
        with database.unit_of_work() as work:
            cases = {id: frm for id, frm in work.session.execute(select(Case.id, Case.version_hash))}
            plan = moving.begin(work, "daiban", to, {}, cases, "测量", by=cast.designer, now=clock()).id
        with database.reading() as work:
            ids = list(work.session.scalars(select(MovedCase.id).where(MovedCase.move_id == plan)))
        moved = _each(ids, lambda one: moving.one_case(database, plan, one, "moving", clock()))
        _all(database, plan, "moved")
        with database.unit_of_work() as work:
            moving.stop(work, plan, by=cast.designer, now=clock())
            moving.undo(work, plan, by=cast.designer, now=clock())
        back = _each(ids, lambda one: moving.one_case(database, plan, one, "undoing", clock()))
        _all(database, plan, "undone")
    return [*_rows("a case moved to another version", moved), *_rows("a move put back", back)]


def _all(database: Database, plan: int, state: str) -> None:
    with database.reading() as work:
        found = set(work.session.scalars(select(MovedCase.state).where(MovedCase.move_id == plan)))
        assert found == {state}, found


def _each(ids: list[int], do: Callable[[int], None]) -> list[float]:
    took = []
    for one in ids:
        began = time.process_time()
        do(one)
        took.append(time.process_time() - began)
    return sorted(took)


def _rows(name: str, took: list[float]) -> list[dict[str, Any]]:
    def row(what: str, value: float, unit: str) -> dict[str, Any]:
        return {"name": f"{name}, {what}", "value": value, "unit": unit, "target": "", "met": None}

    n = len(took)
    return [
        row(f"p50 of {n:,}", took[n // 2] * 1000, "ms of CPU"),
        row(f"p95 of {n:,}", took[n * 95 // 100] * 1000, "ms of CPU"),
        row("rate", n / sum(took), "cases/s of CPU"),
    ]
