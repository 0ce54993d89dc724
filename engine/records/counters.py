"""Gap-free series: the next number is taken in the transaction that uses it, so a rollback gives it back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.store import Work
from engine.store.models import Counter


def take(work: Work, name: str, count: int = 1) -> int:
    """The next number of a series, from 1; of `count` numbers taken at once, the last. On PostgreSQL others who want
    the same series wait for our commit."""
    return int(work.session.connection().execute(_taken(work.dialect), {"name": name, "count": count}).scalar_one())


@cache
def _taken(dialect: str) -> Any:
    """Built once: to put it together costs more than to execute it."""
    table: Any = Counter.__table__
    count: Any = bindparam("count", type_=table.c.value.type)
    made: Any = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    made = made.values(name=bindparam("name"), value=count)
    made = made.on_conflict_do_update(index_elements=["name"], set_={"value": table.c.value + count})
    return made.returning(table.c.value)


def give_back(work: Work, name: str) -> None:
    """The number this transaction has just taken is not used. Nobody took one since: they wait for our commit."""
    work.session.execute(update(Counter).where(Counter.name == name).values(value=Counter.value - 1))


#: How far the series go on after a restore: more than a hall gives out between two backups.
LEAP, LEAP_OF_TICKETS = 1000, 100
_DAY = re.compile(r":(\d{8}|\d{6})\Z")


def leap(work: Work, unit_ids: Iterable[int], *, today: date) -> int:
    """The hall was put back from a backup: numbers given out since are on people's papers, and must not be given out
    again. Every series that still runs goes on further up, and those of today that were not begun at the backup begin
    there; how many. Series of past days take no number any more."""
    long, short = f"{today:%Y%m%d}", f"{today:%y%m%d}"
    rows = {row.name: row for row in work.session.scalars(select(Counter).order_by(Counter.name))}
    begun = [f"case:{unit}:{long}" for unit in unit_ids]
    begun += [f"{kind}:{unit}:{short}" for unit in unit_ids for kind in ("appointment", "offer", "match")]
    moved = 0
    for name in sorted({*rows, *begun}):
        day = _DAY.search(name)
        if day is not None and day[1] not in (long, short):
            continue
        row = rows.get(name)
        if row is None:
            row = Counter(name=name, value=0)
            work.session.add(row)
        row.value += LEAP_OF_TICKETS if name.startswith("ticket:") else LEAP
        moved += 1
    work.session.flush()
    return moved
