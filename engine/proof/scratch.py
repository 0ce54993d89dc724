"""A hall in memory: migrated once a process, copied for each story, sealed with a key of its own. It touches no file of
the hall's: not its database, not its keys, not its bell.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.people import holders, units
from engine.store import Database, migrate
from engine.store.keys import Keyring, borrowing

#: Nobody's data: what is sealed with it is thrown away in the same second. Sealed all the same, as the hall does it.
_KEY = b"a scratch hall has nobody's data"

_inside: ContextVar[bool] = ContextVar("inside_a_scratch_hall", default=False)


class _Quiet(logging.Filter):
    """What fails in a scratch hall becomes a finding; the log of the real hall says nothing of it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _inside.get()


for _name in ("worker", "sweep", "between", "sharing", "notices"):
    logging.getLogger(f"yizhan.{_name}").addFilter(_Quiet())


class Scratch:
    """A database in memory that can be put back to what it was. For one thread at a time, which
    says when another may have it (`rest`); close it (or use `with`)."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="yizhan-proof-")
        self.database = Database("sqlite://", files=Path(self._folder.name) / "files")

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.database.close()
        self._folder.cleanup()

    def rest(self) -> None:
        """It holds nothing until something is put into it, in whatever thread; what it knows of statements stays."""
        self.database.engine.dispose()

    @contextmanager
    def inside(self) -> Iterator[Database]:
        """Work in this hall, with its own key."""
        token = _inside.set(True)
        try:
            with borrowing(_keyring()):
                yield self.database
        finally:
            _inside.reset(token)

    def put(self, content: bytes) -> None:
        """The database holds this and nothing else."""
        with self._connection() as raw:
            raw.deserialize(content)
        with self.database.reading() as work:
            units.forget(work)
            holders.forget(work)
        self.database.forget_calendar()

    def content(self) -> bytes:
        with self._connection() as raw:
            found: bytes = raw.serialize()
        return found

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        # In memory SQLAlchemy keeps one connection a thread: this is the one that every unit of work here gets.
        lent = self.database.engine.raw_connection()
        try:
            yield lent.driver_connection
        finally:
            lent.close()


@lru_cache(maxsize=1)
def _keyring() -> Keyring:
    return Keyring(_KEY)


@lru_cache(maxsize=1)
def empty() -> bytes:
    """A migrated database without a row, made once a process."""
    with Scratch() as scratch, scratch.inside() as database:
        migrate.upgrade(database)
        return scratch.content()
