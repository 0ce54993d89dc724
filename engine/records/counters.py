"""Gap-free series: the next number is taken in the transaction that uses it, so a rollback gives it back."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from engine.store import Work
from engine.store.models import Counter


def take(work: Work, name: str, count: int = 1) -> int:
    """The next number of a series, from 1; of `count` numbers taken at once, the last. On PostgreSQL others who want
    the same series wait for our commit."""
    insert = sqlite.insert(Counter) if work.dialect == "sqlite" else postgresql.insert(Counter)
    made = insert.values(name=name, value=count).on_conflict_do_update(
        index_elements=["name"], set_={"value": Counter.__table__.c.value + count}
    )
    return int(work.session.execute(made.returning(Counter.value)).scalar_one())


def give_back(work: Work, name: str) -> None:
    """The number this transaction has just taken is not used. Nobody took one since: they wait for our commit."""
    work.session.execute(update(Counter).where(Counter.name == name).values(value=Counter.value - 1))
