"""Many things of one night: one that fails keeps back no other.

Each is done in a transaction of its own, or, where they come as a small batch, in a part of one that may be undone
alone. One that fails is logged, and put into a job of its own, which fails where who runs the hall sees it; the others
go on. Where the database itself fails, it is not that one's doing: the whole is done again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from engine.store import Database, Work, again

log = logging.getLogger("yizhan.worker")

Thing = TypeVar("Thing")


def _of_the_database(error: Exception) -> bool:
    """Whether the database failed (it is gone, or two waited for each other), and not a rule of it that a row broke."""
    return isinstance(error, DBAPIError) and not isinstance(error, (IntegrityError, DataError))


def each(
    database: Database,
    things: Iterable[Thing],
    do: Callable[[Work, Thing], object],
    *,
    said: str,
    instead: Callable[[Work, Thing], object],
) -> int:
    """Do this to each, in a transaction of its own; how many went well. said: what is done, for the log. instead: what
    is kept of one that failed."""

    def once(one: Thing) -> None:
        with database.unit_of_work() as work:
            do(work, one)

    done = 0
    for one in things:
        try:
            again(lambda one=one: once(one))  # type: ignore[misc]
            done += 1
        except Exception as error:  # whatever is wrong with it
            if _of_the_database(error):
                raise
            log.exception("%s: %s failed", said, one)
            with database.unit_of_work() as work:
                instead(work, one)
    return done


def batch(
    work: Work,
    things: Iterable[Thing],
    do: Callable[[Thing], object],
    *,
    said: Callable[[Thing], str],
    instead: Callable[[Thing], object],
) -> int:
    """The same of a small batch, in this transaction."""
    done = 0
    for one in things:
        try:
            with work.attempt():
                do(one)
                work.session.flush()
            done += 1
        except Exception as error:  # whatever is wrong with it
            if _of_the_database(error):
                raise
            log.exception("%s failed", said(one))
            instead(one)
    return done
