"""Parcels on their way: the cast's county with a station in the county seat, a carrier and a receiver."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.handovers import moving


@pytest.fixture
def hall(database: Any, cast: SimpleNamespace, clock: Any) -> Iterator[moving.Moving]:
    yield moving.opened(database, clock)
