"""How long somebody was there: from check-in to check-out, without the way. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_DOWN, Decimal


def minutes(came: datetime, left: datetime) -> int:
    """Whole minutes between the two; what was begun and not finished does not count.

    >>> from datetime import UTC
    >>> minutes(datetime(2026, 9, 26, 1, 0, tzinfo=UTC), datetime(2026, 9, 26, 3, 30, 59, tzinfo=UTC))
    150
    """
    return max(0, int((left - came).total_seconds() // 60))


def counted(there: int, before: int, most: int | None) -> int:
    """Of so many minutes those that count, when so many of the same day count already and a day has at most `most`.

    >>> counted(95, 0, 480), counted(300, 240, 480), counted(60, 480, 480), counted(600, 0, None)
    (95, 240, 0, 600)
    """
    return there if most is None else max(0, min(there, most - before))


def hours(total: int) -> Decimal:
    """Minutes as a record of service writes hours: to one decimal, cut downwards, so that nothing proves more than was
    given. A sum is made of minutes, and cut once.

    >>> hours(150), hours(0), hours(63), hours(59)
    (Decimal('2.5'), Decimal('0.0'), Decimal('1.0'), Decimal('0.9'))
    """
    return (Decimal(total) / 60).quantize(Decimal("0.1"), ROUND_DOWN)
