"""One module a sub-command of `yizhan`; each defines `command`, a click command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def refusing() -> Iterator[None]:
    """A refusal, and a disk that is full, are a sentence and exit code 1, no traceback."""
    import sys

    from engine.errors import Refused
    from engine.store import disk

    try:
        yield
    except Refused as refused:
        sys.exit(f"[一站] {refused.zh}\n       {refused.en}")
    except OSError as error:
        if not disk.full(error):
            raise
        sys.exit(f"[一站] {disk.ZH}\n       {disk.EN}")
