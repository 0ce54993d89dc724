"""A limit is told as people say it: the end of a day is that day, never the midnight of the next."""

from datetime import UTC, datetime

import pytest

from tests.hall import Open
from web import formats

AFTERNOON = datetime(2026, 9, 24, 9, 30, tzinfo=UTC)  # 17:30 in Dehua
LAST_MINUTE = datetime(2026, 9, 24, 15, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 9, 24, 16, 0, tzinfo=UTC)  # the 25th at 00:00


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (AFTERNOON, "9月24日（周四）17:30 前"),
        (LAST_MINUTE, "9月24日（周四） 前"),
        (MIDNIGHT, "9月24日（周四） 前"),
    ],
)
def test_a_limit_that_ends_with_a_day_is_told_by_that_day(hall: Open, at, said):
    with hall.app.test_request_context("/"):
        assert formats.due(at) == said


def test_what_ends_with_today_is_due_today_and_not_tomorrow(hall: Open):
    with hall.app.test_request_context("/"):
        assert formats.left(MIDNIGHT, datetime(2026, 9, 24, 1, 0, tzinfo=UTC)) == "今天到期"
