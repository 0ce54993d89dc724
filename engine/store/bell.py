"""The bell: work that was just stored wakes a worker of the same machine at once, instead of at its next look.

It is a named pipe beside the hall's files. Nothing depends on it: a worker looks every second anyway, so where nobody
listens, or the pipe cannot be made, people wait a second longer and that is all.
"""

from __future__ import annotations

import os
import select
from pathlib import Path


class Bell:
    """One bell for all processes of a machine that share a folder. Of several that listen, one is woken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ear: int | None = None

    def ring(self) -> None:
        """Wake one listener. Never waits and never fails."""
        try:
            pipe = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # no pipe, nobody who listens, or another user's: the next look finds the work
            return
        try:
            os.write(pipe, b"!")
        except OSError:  # full: it has been rung often enough; or the listener has just gone
            pass
        finally:
            os.close(pipe)

    def listen(self) -> bool:
        """Begin to listen; False where no pipe can be made."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                os.mkfifo(self.path, 0o600)
            # For writing too: a pipe that nobody else has open would be at its end again and again.
            self._ear = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        except (OSError, AttributeError):  # a file system without pipes, or a system (no os.mkfifo)
            return False
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until it rings, at most so long; whether it rang. Several rings count as one."""
        assert self._ear is not None, "listen first"
        if not select.select([self._ear], [], [], seconds)[0]:
            return False
        try:
            return bool(os.read(self._ear, 65536))
        except BlockingIOError:  # another listener was quicker
            return False

    def close(self) -> None:
        """Listen no more. The pipe stays for others."""
        if self._ear is not None:
            os.close(self._ear)
            self._ear = None
