"""The worker's own time: a machine's clock may be wrong, the seconds since its start are not.

At every beat the worker compares what the wall clock says with what it must say: the last beat plus the seconds that
really passed (counted from the machine's start, sleep included). Small differences are the wall clock being set right
and are followed, never backwards. A jump is not followed: the worker goes on by its own time, so nothing fires early or
twice, and the jump is in the audit until a person confirms it (or the wall clock comes back by itself).

Across a restart of the machine nothing can be measured: a later wall clock is time that passed switched off, an earlier
one is a jump.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import select

from engine.people import SYSTEM, Actor
from engine.records import audit
from engine.store import Database, Work
from engine.store.models import Beat

#: A difference up to this is the wall clock being set right; beyond it is a jump.
TOLERANCE = timedelta(seconds=60)
#: A beat is written this often.
WRITE_EVERY = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the machine says at one moment."""

    machine: str
    boot_id: str
    boot_s: float  # seconds since the machine started
    wall_at: datetime  # aware UTC


@dataclass(frozen=True, slots=True)
class Trusted:
    """The time to go by."""

    now: datetime  # aware UTC
    jump: timedelta | None = None  # the wall clock is off by this; None: it is followed


def read(machine: str) -> Reading:
    """The machine's clocks, for the edge: the only place that reads them."""
    seconds = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
    return Reading(machine, _boot_id(), seconds, datetime.now(UTC))


@cache
def _boot_id() -> str:
    """Which start of the machine this is: the same as long as this process lives."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return boot.read_text().strip() if boot.exists() else ""


def judge(last: Beat | None, reading: Reading) -> Trusted:
    """The time to go by, from the last beat and what the machine says now. Pure."""
    if last is None:
        return Trusted(reading.wall_at)
    # Two workers of one machine may read a moment apart and write in the other order: that is no restart.
    same_start = last.boot_id == reading.boot_id and reading.boot_s >= last.boot_s - TOLERANCE.total_seconds()
    passed = timedelta(seconds=max(reading.boot_s - (last.boot_s if same_start else 0.0), 0.0))
    if not same_start and reading.wall_at >= last.trusted_at - TOLERANCE:
        return Trusted(max(reading.wall_at, last.trusted_at))
    expected = last.trusted_at + passed
    jump = reading.wall_at - expected
    if abs(jump) <= TOLERANCE:
        return Trusted(max(reading.wall_at, last.trusted_at))
    return Trusted(expected, jump)


def beat(work: Work, reading: Reading) -> Trusted:
    """Judge and remember one beat. A jump is written to the audit when it begins, changes or ends, not at each beat."""
    last = work.session.get(Beat, reading.machine, with_for_update=True)
    trusted = judge(last, reading)
    before = last.jump_s if last else None
    after = trusted.jump.total_seconds() if trusted.jump is not None else None
    if last is None:
        last = Beat(machine=reading.machine, calendar="")
        work.session.add(last)
    last.boot_id, last.boot_s = reading.boot_id, reading.boot_s
    last.wall_at, last.trusted_at, last.jump_s = reading.wall_at, trusted.now, after
    if (before is None) != (after is None) or abs((before or 0.0) - (after or 0.0)) > TOLERANCE.total_seconds():
        facts = {"machine": reading.machine, "seconds": round(after or 0.0), "wall_at": reading.wall_at.isoformat()}
        kind = audit.Kind.CLOCK_JUMPED if after is not None else audit.Kind.CLOCK_BACK
        audit.record(work, kind, by=SYSTEM, now=trusted.now, facts=facts)
    work.session.flush()
    return trusted


class Watch:
    """A worker's own time. A beat is written every few seconds and whenever a jump begins or ends, not at each look."""

    def __init__(self, machine: str, look: Callable[[str], Reading] = read) -> None:
        self.machine = machine
        self._look = look
        self._last: Beat | None = None
        self._said: datetime | None = None

    def now(self, database: Database) -> datetime:
        """The time to go by; it never goes back while the worker lives."""
        reading = self._look(self.machine)
        last = self._last
        fresh = last is not None and abs(reading.boot_s - last.boot_s) < WRITE_EVERY.total_seconds()
        trusted = judge(last, reading)
        if not fresh or last is None or (trusted.jump is None) != (last.jump_s is None):
            with database.unit_of_work() as work:
                trusted = beat(work, reading)
            jump_s = trusted.jump.total_seconds() if trusted.jump is not None else None
            self._last = Beat(
                machine=self.machine,
                boot_id=reading.boot_id,
                boot_s=reading.boot_s,
                wall_at=reading.wall_at,
                trusted_at=trusted.now,
                jump_s=jump_s,
            )
        self._said = max(trusted.now, self._said or trusted.now)
        return self._said


class Follower:
    """What a process that serves people goes by: its machine's clock, and in a jump the time of the machine's worker.

    Nothing is written. While the clock jumps and a worker of the same machine does not follow it either, the seconds
    that really passed count; once the worker follows the new time (it came back, or a person confirmed it), so do we.
    Without a worker on this machine there is nobody to ask, and the wall clock is followed.
    """

    def __init__(self, database: Database, machine: str, look: Callable[[str], Reading] = read) -> None:
        self._database = database
        self._machine = machine
        self._look = look
        self._last: Beat | None = None
        self._asked_s: float | None = None

    def __call__(self) -> datetime:
        reading = self._look(self._machine)
        trusted = judge(self._last, reading)
        if trusted.jump is not None and not self._asked_lately(reading):
            self._asked_s = reading.boot_s
            with self._database.reading() as work:
                row = work.session.get(Beat, self._machine)
            fresh = row is not None and row.boot_id == reading.boot_id and abs(reading.boot_s - row.boot_s) < 60
            if row is None or not fresh:
                trusted = Trusted(reading.wall_at)
            else:
                trusted = judge(row, reading)  # as the worker will, even when it has not looked since the jump
        self._last = Beat(boot_id=reading.boot_id, boot_s=reading.boot_s, trusted_at=trusted.now)
        return trusted.now

    def _asked_lately(self, reading: Reading) -> bool:
        return self._asked_s is not None and 0 <= reading.boot_s - self._asked_s < 5


def jumps(work: Work) -> list[Beat]:
    """Machines whose wall clock is not followed at the moment."""
    return list(work.session.scalars(select(Beat).where(Beat.jump_s.is_not(None)).order_by(Beat.machine)))


def confirm(work: Work, machine: str, *, by: Actor, now: datetime) -> None:
    """A person says that the wall clock is right: the worker follows it from the next beat on."""
    last = work.session.get(Beat, machine, with_for_update=True)
    if last is None or last.jump_s is None:
        return
    audit.record(
        work,
        audit.Kind.CLOCK_CONFIRMED,
        by=by,
        now=now,
        facts={"machine": machine, "seconds": round(last.jump_s), "wall_at": last.wall_at.isoformat()},
    )
    last.trusted_at, last.jump_s, last.confirmed_by_id = last.wall_at, None, by.id
