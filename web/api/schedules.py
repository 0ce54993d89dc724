"""What begins by itself, for programs that watch it."""

from __future__ import annotations

from datetime import datetime

from engine.reads import schedules as reads
from web import edge
from web.api.declaring import Shape, operation


class ScheduleOut(Shape):
    key: str  # matter.name
    title: str
    every: str
    next_at: datetime | None
    last_at: datetime | None
    lacks_year: int | None  # the next turn waits for the holidays of this year
    active: bool
    paused: bool
    failed: int  # runs that failed


@operation("get", "/schedules", who="staff", tag="schedules", gives=list[ScheduleOut])
def schedules() -> list[ScheduleOut]:
    """The schedules an operator or a head sees, with their next and last turn."""
    return [
        ScheduleOut(
            key=one.key,
            title=one.title,
            every=one.every,
            next_at=one.next_at,
            last_at=one.last_at,
            lacks_year=one.lacks_year,
            active=one.active,
            paused=one.paused_at is not None,
            failed=one.failed,
        )
        for one in reads.listed(edge.work(), actor=edge.actor())
    ]
