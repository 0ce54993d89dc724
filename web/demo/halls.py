"""The demo county's halls, alive: clerks at their windows, some served this morning, some who wait now."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine import people
from engine.commands import queues
from engine.errors import Refused
from engine.people import Actor
from engine.reads import tickets
from engine.store import Database
from engine.store.models import Hall, Window

#: Who sits where: window's code -> log-in.
SITS = {"1": "chenxl", "2": "linjh", "3": "xuhy", "5": "huangcl"}
SERVED, WAITING = 9, 6


def fill(database: Database, staff: Mapping[str, Actor], dice: random.Random, now: datetime) -> int:
    """Numbers of today; how many. None where no line is published (a county whose matters were left out)."""
    with database.reading() as work:
        own = tickets.lines(work)
        if not own:
            return 0
        key, at = own[0].key, own[0].queue.at
        needs = [*own[0].queue.needs, "", "", "", ""]
        hall = work.session.scalar(select(Hall).where(Hall.code == at))
        rows = list(work.session.scalars(select(Window).where(Window.hall_id == hall.id))) if hall is not None else []
        windows = {row.code: row.id for row in rows}
    made = 0

    def do(function: Any, *args: Any, **more: Any) -> Any:
        with database.unit_of_work() as work:
            return function(work, *args, **more)

    for code, login in SITS.items():
        do(queues.sit, windows[code], by=staff[login], now=now - timedelta(hours=2))
    for n in range(SERVED + WAITING):
        need = dice.choice(needs)
        taken = now - timedelta(minutes=100 - 6 * n)
        do(queues.take_for, key, person=None, needs=[need] if need else [], by=people.SYSTEM, now=taken)
        made += 1
    for n in range(SERVED):
        code, login = list(SITS.items())[n % 2]
        at_moment = now - timedelta(minutes=60 - 5 * n)
        given = {"by": staff[login], "now": at_moment}
        try:
            called = do(queues.call_next, windows[code], **given)
            if called is None:
                break
            do(queues.serve, called.id, version=called.version, **given)
            if n < SERVED - 1:
                given["now"] = at_moment + timedelta(minutes=dice.randrange(2, 5))
                do(queues.done, called.id, version=called.version + 1, **given)
        except Refused:
            break
    return made
