"""Turns to write on SQLite: those who want to write stand in a queue, threads and processes alike.

SQLite lets one writer in at a time, and its own way of waiting is to sleep and try again, longer each time: two busy
workers got less done than one, and under a crowd the unlucky one tried until it was out of time. Here a writer waits at
two locks of the operating system, in files beside the database: at the door, where only one may stand, then for the
room. Who has just left the room finds somebody at the door, so the others are always served first. A process that dies,
however it dies, leaves no lock behind; SQLite's own lock stays what keeps the file whole, so where no such file can be
made the writers still only wait as SQLite has them wait.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections import deque
from types import TracebackType

from sqlalchemy.exc import OperationalError

#: The files' names are the database's with these behind.
DOOR, ROOM = "-door", "-room"

#: Locks that are open now: a fork must not inherit them, or they would outlive the process that took them.
_held: set[int] = set()


def _forget() -> None:
    while _held:
        os.close(_held.pop())


os.register_at_fork(after_in_child=_forget)


class _Line:
    """The threads of this process stand in a line: whoever came first is next. A plain lock goes to whoever happens to
    run, and of thirty that wanted it one could wait half a minute while others had it again and again."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._owner: int | None = None
        self._depth = 0
        self._line: deque[tuple[int, threading.Event]] = deque()

    def enter(self, wait_s: float) -> bool:
        """Whether it is this thread's turn, which it may have already; False when the time was up first."""
        me, called = threading.get_ident(), threading.Event()
        with self._mutex:
            if self._owner in (me, None):
                self._owner, self._depth = me, self._depth + 1
                return True
            self._line.append((me, called))
        try:
            if called.wait(wait_s):
                return True
        except BaseException:
            if not self._step_out(me, called):
                self.leave()
            raise
        return not self._step_out(me, called)

    def leave(self) -> None:
        with self._mutex:
            self._depth -= 1
            if self._depth:
                return
            self._owner = None
            if self._line:
                self._owner, called = self._line.popleft()
                self._depth = 1
                called.set()

    def _step_out(self, me: int, called: threading.Event) -> bool:
        """Out of the line; False: it was called in this very moment, and has its turn."""
        with self._mutex:
            if called.is_set():
                return False
            self._line.remove((me, called))
            return True


class Turn:
    """`with turn:` waits until this thread may write; a thread that has its turn may take it again.

    `path` is the database's file, None when it has none. After `wait_s` seconds OperationalError is raised, as SQLite
    itself would: nothing was begun.
    """

    def __init__(self, path: str | None, wait_s: float) -> None:
        self._path = path
        self._wait_s = wait_s
        self._threads = _Line()
        self._depth = 0
        self._room: int | None = None

    def __enter__(self) -> None:
        until = time.monotonic() + self._wait_s
        if not self._threads.enter(self._wait_s):
            raise _busy()
        try:
            if self._depth == 0 and self._path is not None:
                self._room = self._enter(self._path, until)
            self._depth += 1
        except BaseException:
            self._threads.leave()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth == 0 and self._room is not None:
            room, self._room = self._room, None
            _close(room)
        self._threads.leave()

    def _enter(self, path: str, until: float) -> int | None:
        """The lock of the room; None where there can be none."""
        door = _open(path + DOOR)
        if door is None:
            return None
        if not _lock(door, until):
            raise _busy()
        try:
            room = _open(path + ROOM)
            if room is not None and not _lock(room, until):
                raise _busy()
            return room
        finally:
            _close(door)


def _open(name: str) -> int | None:
    try:
        found = os.open(name, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:  # a folder in which nothing may be made: SQLite's own lock has to do
        return None
    _held.add(found)
    return found


def _close(file: int) -> None:
    if file in _held:  # not so in a child that was forked in the middle
        _held.discard(file)
        fcntl.flock(file, fcntl.LOCK_UN)  # a copy in a process just being started must not keep it
        os.close(file)


def _lock(file: int, until: float) -> bool:
    """Lock the file; False, and the file is closed, when the time was up first.

    The system's lock knows no time limit. So when it is not free a thread waits for it in our place: that costs a tenth
    of a millisecond, and looking again and again costs more. It waits with a number of its own for the same open file:
    ours may be closed meanwhile and be another file's. Should it get the lock after we gave up, its number is the last,
    and with it the lock is gone at once.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        pass
    ours, its_own = threading.Event(), fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 0)
    _held.add(its_own)

    def wait() -> None:
        try:
            fcntl.flock(its_own, fcntl.LOCK_EX)
            ours.set()
        finally:
            _held.discard(its_own)
            os.close(its_own)

    threading.Thread(target=wait, name="turn", daemon=True).start()
    try:
        if ours.wait(until - time.monotonic()):
            return True
    except BaseException:
        _close(file)
        raise
    _close(file)
    return False


def _busy() -> OperationalError:
    return OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))
