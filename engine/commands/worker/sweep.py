"""One sweep of the worker over what is due: deadlines (cases) and timers of diagrams. Any number may run at once.

Nothing that is not due is ever read: one look at two indexes is all an idle sweep costs, however many cases are open.
(What is due of bookings are jobs: engine.commands.booking.due.)
Each case with a deadline is one transaction of its own, some timers are one together; when one of those cannot be
fired, each of them is one of its own after all. One that fails becomes an incident a person can read and waits
on the delay list; the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import bindparam, select, update

from engine.commands import cases, schedules, troubles
from engine.commands.worker import alarms
from engine.errors import Refused
from engine.people import SYSTEM
from engine.records import audit, timers
from engine.records import schedules as schedule_rows
from engine.records.timers import Lease
from engine.store import Database, Work, again, listing
from engine.store.models import Case, Incident, Timer, UtcDateTime
from engine.workdays import say_at

log = logging.getLogger("yizhan.sweep")

#: So many timers are fired in one transaction. Each takes some milliseconds, in which a clerk who wants one of these
#: cases waits (on SQLite, whoever writes).
TOGETHER = 8
#: A case whose deadline could not be handled is tried again after this long.
CASE_RETRY = timedelta(minutes=10)


class Fire(Protocol):
    """Advances the case of a due timer, in the transaction of `work`; deletes the row or gives it its next time.

    None when there was nothing to advance. Case and row are locked and read anew."""

    def __call__(self, work: Work, timer: Timer, *, now: datetime, case: Case | None = None) -> object: ...


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    alarms: int = 0  # cases whose deadlines were handled
    timers: int = 0  # timers fired
    failed: int = 0  # cases and timers that became incidents
    turns: int = 0  # turns of schedules opened
    shades: int = 0  # steps whose colour in the lists is another one now
    lost: int = 0  # timers that were fired, cleared or taken by another in the meantime

    @property
    def busy(self) -> bool:
        """Whether there may be more: sweep again at once."""
        return bool(self.alarms or self.timers or self.turns or self.failed or self.lost or self.shades)


def sweep(
    database: Database, *, now: datetime, fire: Fire = cases.fire, most: int = 50, lease: timedelta = timers.LEASE
) -> Swept:
    """Handle up to `most` due cases and `most` due timers. `now` is the worker's trusted time
    (engine.records.heartbeats)."""
    with database.reading() as work:
        cases_due, timers_due, turns_due, shades_due = work.session.execute(_DUE, {"now": now}).one()
    woken = fired = failed = lost = 0
    if cases_due is not None:
        with database.unit_of_work() as work:
            ids = alarms.claim(work, now, most, lease)
        for case_id in ids:
            ok = _wake(database, case_id, now)
            woken, failed = woken + ok, failed + (not ok)
    if timers_due is not None:
        with database.unit_of_work() as work:
            leases = timers.claim(work, now, most, lease)
        for some in _together(leases):
            for done in _fire_together(database, some, fire, now):
                fired, failed, lost = fired + (done is True), failed + (done is False), lost + (done is None)
    turns = schedules.open_due(database, now=now) if turns_due is not None else 0
    shades = 0
    if shades_due is not None:
        with database.unit_of_work() as work:
            shades = listing.turn(work.session, now=now)
    return Swept(woken, fired, failed, turns, shades, lost)


#: Whether a case, a timer, a schedule or the colour of a listed step is due: one statement, so that an idle worker
#: costs the database almost nothing.
_DUE = select(
    alarms.due(bindparam("now", type_=UtcDateTime())).scalar_subquery(),
    timers.due(bindparam("now", type_=UtcDateTime())).scalar_subquery(),
    schedule_rows.due(bindparam("now", type_=UtcDateTime())).scalar_subquery(),
    listing.due(bindparam("now", type_=UtcDateTime())).scalar_subquery(),
)


def _wake(database: Database, case_id: int, now: datetime) -> bool:
    def once() -> None:
        with database.unit_of_work() as work:
            alarms.wake(work, case_id, now=now)
            _solved(work, case_id, "deadlines", now)

    try:
        again(once)
        return True
    except Exception as error:  # whatever it is, it must not stop the sweep
        log.exception("case %s: its deadlines could not be handled", case_id)
        with database.unit_of_work() as work:
            work.session.execute(update(Case).where(Case.id == case_id).values(next_alert_at=now + CASE_RETRY))
            _incident(work, case_id, "deadlines", "", "deadline", "时限处理", error, now)
        return False


def _together(leases: Sequence[Lease]) -> Iterator[list[Lease]]:
    """Those that are fired in one transaction: of a case one, and of those that failed before each alone."""
    some: list[Lease] = []
    for each in leases:
        if len(some) == TOGETHER or each.attempts > 1 or any(one.case_id == each.case_id for one in some):
            yield some
            some = []
        some.append(each)
        if each.attempts > 1:
            yield some
            some = []
    yield some


def _fire_together(database: Database, some: list[Lease], fire: Fire, now: datetime) -> list[bool | None]:
    """All of them, committed at once. When one cannot be fired none of them was: then each is fired alone, and it is
    told of the one. So each case has all of its step or nothing, either way."""

    def once() -> list[bool | None]:
        with database.unit_of_work() as work:
            return [_fire_in(work, each, fire, now) for each in sorted(some, key=lambda each: each.case_id)]

    if len(some) > 1:
        try:
            return again(once)
        except Exception as error:  # whatever it is, it is met again by the one whose it is
            log.info("%s timers are fired one by one: %s", len(some), type(error).__name__)
    return [_fire(database, each, fire, now) for each in some]


def _fire_in(work: Work, lease: Lease, fire: Fire, now: datetime) -> bool | None:
    """True: fired. None: no longer ours, or no longer set."""
    mine = timers.still_mine(work, lease)
    if mine is None:
        return None
    case, row = mine
    key, leased_until = row.key, row.wake_at
    if fire(work, row, now=now, case=case) is None:
        # Nothing was advanced: the case has ended (the row is gone), rests (it has a later time), or waits for this
        # timer no longer.
        work.session.flush()
        left = work.session.scalar(select(Timer).where(Timer.id == lease.id))
        if left is not None and left.wake_at == leased_until:
            work.session.delete(left)
        elif left is not None:
            left.attempts = 0
    if lease.attempts > 1:
        _solved(work, lease.case_id, f"timer:{key}", now)
    return True


def _fire(database: Database, lease: Lease, fire: Fire, now: datetime) -> bool | None:
    """True: fired. False: an incident. None: no longer ours, or no longer set."""

    def once() -> bool | None:
        with database.unit_of_work() as work:
            return _fire_in(work, lease, fire, now)

    try:
        return again(once)
    except Exception as error:  # whatever it is, it must not stop the sweep
        log.exception("timer %s of case %s could not be fired", lease.id, lease.case_id)
        wake = timers.put_back(database, lease, now)
        with database.unit_of_work() as work:
            left = work.session.get(Timer, lease.id)
            if left is not None:
                later = "" if wake == timers.NEVER else f" 将于 {say_at(wake)} 重试。"
                _incident(work, lease.case_id, f"timer:{left.key}", left.element, "timer", "定时", error, now, later)
        return False


def _incident(
    work: Work,
    case_id: int,
    key: str,
    element: str,
    code: str,
    name: str,
    error: Exception,
    now: datetime,
    later: str = "",
) -> None:
    """Open an incident, or renew the one that is open: one a case and key."""
    zh = error.zh if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    en = error.en if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    row = work.session.scalar(
        select(Incident).where(Incident.case_id == case_id, Incident.key == key, Incident.solved_at.is_(None))
    )
    if row is not None:
        row.zh, row.en = f"{name}没有做成：{zh[:1500]}{later}", f"It failed: {en[:1500]}"
        return
    work.session.add(
        Incident(
            case_id=case_id,
            key=key,
            element=element,
            name=name,
            code=code,
            at=now,
            zh=f"{name}没有做成：{zh[:1500]}{later}",
            en=f"It failed: {en[:1500]}",
        )
    )
    case = work.session.get(Case, case_id)
    if case is not None:
        audit.record(work, audit.Kind.INCIDENT, by=SYSTEM, now=now, case=case, facts={"key": key, "code": code})
        troubles.tell(work, case, name, code, now=now)


def _solved(work: Work, case_id: int, key: str, now: datetime) -> None:
    """What failed before has gone well: its incident is closed."""
    work.session.execute(
        update(Incident)
        .where(Incident.case_id == case_id, Incident.key == key, Incident.solved_at.is_(None))
        .values(solved_at=now)
    )
