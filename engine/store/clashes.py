"""Two transactions in each other's way: PostgreSQL gives one of them up, and that one is simply done again.

Two completions that each take two series of numbers, in opposite order, wait for each other for ever; the database sees
it and rolls one back (a deadlock, 40P01). Nothing of it was stored, and done again it finds the other gone.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

log = logging.getLogger("yizhan.store")

T = TypeVar("T")

#: PostgreSQL's codes for "rolled back because of another transaction; try again".
CODES = frozenset({"40001", "40P01"})
#: How often a unit of work is done at most: who loses three times in a row is told that the hall is busy.
TRIES = 3
#: Before the first further try a pause of this many seconds, or up to twice as long.
PAUSE_S = 0.05


def clashed(error: BaseException) -> bool:
    """Whether the transaction was rolled back only because another was in the way."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in CODES


def again(whole: Callable[[], T], *, prepare: Callable[[], None] | None = None) -> T:
    """Do a whole unit of work, its transaction included; once more when it clashed with another.

    `prepare` puts back, before each further try, what the last one left outside the database.
    """
    for tried in range(1, TRIES):
        try:
            return whole()
        except DBAPIError as error:
            if not clashed(error):
                raise
            log.warning("rolled back for another transaction, try %s: %s", tried, error.orig)
        # The other is only now being woken: who came back at once would stand in its way again.
        time.sleep(PAUSE_S * tried * (1 + random.random()))
        if prepare is not None:
            prepare()
    return whole()


__all__ = ["CODES", "PAUSE_S", "TRIES", "again", "clashed"]
