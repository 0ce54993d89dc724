"""Loading the program's modules, without the collector of cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """What is loaded stays as long as the process: nothing is looked through for garbage meanwhile (a third of what the
    two thousand modules take), and what is there in the end is never looked through again."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if before:
            gc.enable()
