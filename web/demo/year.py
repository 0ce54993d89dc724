"""The rest of the demo county's year: orders of the months before those it opens with, made behind by its worker.

The first start has thirty days to make and people who wait for it; who compares months and towns wants a year. One
order at a time, by the commands that people would use, a pause after each, so that whoever uses the hall meanwhile
waits for none. What was made is kept in a file of the hall's own folder (web.progress): a worker that is stopped goes
on where it was. An order goes by a key of its own: one that was made just before a crash is not made again.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from engine import people
from engine.records import library
from engine.store import Database
from engine.store.models import User
from engine.workdays import local_date
from web import progress
from web.demo import everywhere

log = logging.getLogger("yizhan.demo")

#: Orders of a day.
A_DAY = 2
#: How far back the year goes, and where what the first start made begins.
FROM_DAYS, TO_DAYS = 365, 31
#: How the orders of months ago went: all of them are over.
ENDS = (*("glad",) * 7, "late", "partly", "slow")
#: So often the log says how far it is.
TELL_EVERY = 50


def begin(home: Path, database: Database, *, now: datetime) -> None:
    """Ask for it: from today a year back, but no day on which the matter was not in force."""
    with database.reading() as work:
        first = library.current(work, everywhere.MATTER).info.in_force.since
    days = min(FROM_DAYS, (local_date(now) - first).days) - TO_DAYS
    if days > 0:
        progress.put_year(home, progress.Year(now.isoformat(), 0, days * A_DAY))


def go_on(home: Path, database: Database, *, said: Callable[[str], None] = log.info) -> bool:
    """Make the next order; whether there was one to make."""
    year = progress.year(home)
    if year is None:
        return False
    _order(database, year.made, datetime.fromisoformat(year.began_at))
    made = year.made + 1
    progress.put_year(home, progress.Year(year.began_at, made, year.of))
    if made % TELL_EVERY == 0 or made == year.of:
        said(f"演示县：一年的工单补了 {made} / {year.of}。")
    return True


def _order(database: Database, n: int, began: datetime) -> None:
    """The n-th, the newest days first: the month before last is what is looked at first."""
    dice = random.Random(f"year {n}")
    (unit, user), end = dice.choice(everywhere.agents(database)), dice.choice(ENDS)
    at = began - timedelta(days=TO_DAYS + n // A_DAY, hours=dice.uniform(0, 8))
    with database.unit_of_work() as work:
        rows = work.session.scalars(select(User).where(User.login.in_(everywhere.CENTRE)))
        staff = {str(row.login): people.load(work, row.id, now=began) for row in rows}
        everywhere.order(
            work,
            staff,
            people.units.place(work, unit),
            people.load(work, user, now=began),
            everywhere.Call(n, end, at, f"year:{n}"),
            dice,
            database.calendar,
            began,
        )
