"""What one act of each noun costs: a booking, a loan, a number, a vote, a hand-over, on SQLite.

    figures() -> rows of {name, value, unit, baseline, ratio, target, met}

Its SQL statements, and the CPU of its transaction; the baseline of that is an empty POST to the same program in the
same run: one that is answered at the door.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

NOW = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)
#: The first ones load packages and put statements into words.
WARM, TIMES = 2, 10
Act = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def figures() -> list[dict[str, Any]]:
    os.environ["YIZHAN_DATA_KEY"] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    empty = _empty_post()
    nouns = {
        "a booking": (_bookings, 21),
        "a loan": (_loans, 18),
        "a number": (_tickets, 18),
        "a vote": (_votes, 18),
        "a hand-over": (_handovers, 18),
    }
    rows = []
    for name, (acts, most) in nouns.items():
        with _database() as database:
            spent, cpu = _measured(database, acts(database))
        rows.append(_row(f"{name}: SQL statements, median", spent, "statements", target=most))
        rows.append(_row(f"{name}: CPU", cpu, "ms", baseline=empty))
    return rows


def _row(
    name: str, value: float, unit: str, *, baseline: float | None = None, target: float | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "baseline": round(baseline, 3) if baseline else None,
        "ratio": round(value / baseline, 2) if baseline else None,
        "target": target,
        "met": value <= target if target is not None else None,
    }


@contextmanager
def _database() -> Iterator[Any]:
    from engine.store import connect, migrate

    with tempfile.TemporaryDirectory(prefix="yizhan-bench-") as folder:
        database = connect(f"sqlite:///{folder}/hall.db", files=Path(folder) / "files")
        migrate.upgrade(database)
        try:
            yield database
        finally:
            database.close()


def _measured(database: Any, acts: Iterator[Act]) -> tuple[float, float]:
    """The median of the statements of these acts, and of the milliseconds of CPU."""
    from tests.commands.acting import counted

    statements, cpu = [], []
    for _ in range(WARM + TIMES):
        verb, args, given = next(acts)
        with counted(database) as seen:
            began = time.process_time()
            with database.unit_of_work() as work:
                verb(work, *args, **given)
            cpu.append((time.process_time() - began) * 1000)
        statements.append(sum(not one.startswith(("BEGIN", "COMMIT")) for one in seen["statements"]))
    return statistics.median(statements[WARM:]), statistics.median(cpu[WARM:])


def _empty_post() -> float:
    from tests.conftest import Clock
    from tests.hall import open_hall

    with _database() as database, tempfile.TemporaryDirectory(prefix="yizhan-bench-") as home:
        client = open_hall(database, Clock(NOW), Path(home)).app.test_client()
        cpu = []
        for _ in range(WARM + 4 * TIMES):
            began = time.process_time()
            answer = client.post("/api/v1/tasks/1/complete", json={})
            cpu.append((time.process_time() - began) * 1000)
            assert answer.status_code == 401, answer.status_code
        return statistics.median(cpu[WARM:])


def _hired(work: Any) -> SimpleNamespace:
    from tests import cast as the_cast

    return the_cast.hire(work, NOW)


def _plain(fixture: Any) -> Callable[..., Any]:
    """What stands below pytest's decorator."""
    made: Callable[..., Any] = fixture._get_wrapped_function()
    return made


# ---------------------------------------------------------------- the acts


def _bookings(database: Any) -> Iterator[Act]:
    from sqlalchemy import select

    from engine.commands import booking
    from engine.store.models import Resource, Slot
    from tests.offers.conftest import open_hall
    from tests.offers.test_standing import FISH, publish

    hall = open_hall(database)
    publish(database)
    with database.reading() as work:
        lunch = select(Slot.id).join(Resource, Resource.id == Slot.resource_id).where(Resource.offer == "zhiyuan.lunch")
        slots = list(work.session.scalars(lunch.where(Slot.starts_at > NOW).order_by(Slot.starts_at)))[1:]
    for n, who in enumerate(hall.residents):
        yield booking.take_place, (slots[n // 2],), {"answers": FISH, "by": who, "now": NOW}


def _loans(database: Any) -> Iterator[Act]:
    from engine.commands import loans
    from tests.loans.conftest import KEY, shelf

    with database.unit_of_work() as work:
        cast = _hired(work)
    there = _plain(shelf)(database, cast)
    while True:
        yield loans.lend, (KEY, "B1", there.who("zhang")), {"by": there.actor("zhou"), "now": NOW}
        there.back("B1")


def _tickets(database: Any) -> Iterator[Act]:
    from engine.commands import queues
    from engine.people import SYSTEM
    from tests.queues.conftest import KEY, desk, hall_of_bookings

    _plain(desk)(_plain(hall_of_bookings)(database))
    while True:
        yield queues.take, (KEY,), {"by": SYSTEM, "now": NOW}


def _votes(database: Any) -> Iterator[Act]:
    from engine.commands import ballots
    from tests.ballots.world import DURING, SECRET, actor, village

    with database.unit_of_work() as work:
        cast = _hired(work)
    there = village(database, cast, SECRET, WARM + TIMES)
    for user in there.users:
        yield ballots.vote, (there.code, ["yes"]), {"by": actor(database, user), "now": DURING}


def _handovers(database: Any) -> Iterator[Act]:
    from engine.commands import handovers
    from engine.commands.handovers import Given
    from engine.records import handovers as proofs
    from tests.conftest import Clock
    from tests.handovers import moving

    with database.unit_of_work() as work:
        _hired(work)
    clock = Clock(NOW)
    hall = moving.opened(database, clock)
    by = None
    while True:
        link = hall.link(hall.submit())
        if by is None:
            from tests.ballots.world import actor

            by = actor(database, hall.users["chen"], clock())
        proof = proofs.code(link, proofs.other("giver" if link.giver_key in by.keys else "receiver"))
        yield handovers.act, (link.id, "done", Given(proof=proof)), {"by": by, "now": clock()}
