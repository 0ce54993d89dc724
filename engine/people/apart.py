"""回避: who must keep away from a case or a task, as the column `apart` keeps it: /12/34/. (`past_offices` keeps the
offices a case was referred from in the same way, `handled_by` the units that handle a restricted one.)

>>> write([34, 12, 12])
'/12/34/'
>>> sorted(read("/12/34/"))
[12, 34]
>>> write([]), read("")
('', frozenset())
"""

from __future__ import annotations

from collections.abc import Iterable


def write(ids: Iterable[int]) -> str:
    """Ids of users as the column keeps them."""
    found = sorted(set(ids))
    return f"/{'/'.join(map(str, found))}/" if found else ""


def read(text: str | None) -> frozenset[int]:
    """The ids in a column."""
    return frozenset(int(part) for part in (text or "").split("/") if part)


def handle(office_id: int, handled_by: str | None) -> frozenset[int]:
    """The units that handle a restricted case: its office, the counter that took it in, those its steps name."""
    return read(handled_by) | {office_id}


def add(text: str | None, ids: Iterable[int]) -> str:
    """The column with these ids too."""
    return write(read(text) | set(ids))


def mark(user_id: int | None) -> str:
    """How one user stands in the column: what a query looks for."""
    return f"/{user_id}/"
