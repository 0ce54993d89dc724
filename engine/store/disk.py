"""A disk that is full: one sentence, wherever it was met."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

ZH = "存储空间满了，没有存下，什么都没有改动。请清出空间后再试一次。"
EN = "The disk is full: nothing was stored or changed. Make room, then try again."

_ERRORS = frozenset((errno.ENOSPC, errno.EDQUOT))
#: PostgreSQL's words for it (class 53: insufficient resources).
_DISK_FULL = "53100"


def full(error: BaseException) -> bool:
    """Whether this error, or what caused it, says that there is no room left.

    >>> full(OSError(28, "No space left on device")), full(OSError(2, "No such file or directory"))
    (True, False)
    """
    return any(_says(one) for one in _causes(error))


def _says(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in _ERRORS
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or "disk is full" in str(error)
    return getattr(error, "sqlstate", None) == _DISK_FULL


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error itself, what a database said (`orig`), and what it came of."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [getattr(one, "orig", None), one.__cause__, one.__context__]
