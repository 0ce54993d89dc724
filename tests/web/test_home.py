"""The first page says whose hall it is, and whether its counters are open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.hall import Open


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 9, 18, 1, 0, tzinfo=UTC), ("现在开着", "今天 08:00–12:00、14:30–17:30")),
        (datetime(2026, 9, 18, 5, 0, tzinfo=UTC), ("现在没开", "今天 08:00–12:00、14:30–17:30", "下班、周末也能约")),
        (datetime(2026, 9, 18, 10, 0, tzinfo=UTC), ("现在没开", "开门", "08:00")),
        (datetime(2026, 10, 2, 2, 0, tzinfo=UTC), ("现在没开", "10月8日")),  # a holiday
    ],
)
def test_whose_hall_it_is_and_whether_it_is_open_now(hall: Open, clock, at, said):
    clock.now = at
    text = hall.app.test_client().get("/").text.replace("\u2060", "")
    for words in (hall.app.settings.hall_name, *said):
        assert words in text, words


def test_of_a_year_whose_holidays_nobody_knows_nothing_is_said(hall: Open, clock):
    clock.now = datetime(2031, 9, 18, 1, 0, tzinfo=UTC)
    text = hall.app.test_client().get("/").text
    assert "现在开着" not in text and "现在没开" not in text and hall.app.settings.hall_name in text
