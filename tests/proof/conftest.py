"""One scratch hall for the tests of a file: it is put back for each story."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.proof import Scratch


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with Scratch() as made:
        yield made
