"""How often something may be tried: passwords, codes, looking a case up. Counted in the store, for all processes."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.errors import Refused
from engine.store import Work
from engine.store.models import Throttle

#: (what is counted) -> (how many, in how long).
LIMITS = {
    "login": (5, timedelta(minutes=15)),
    "address": (50, timedelta(minutes=15)),
    "code": (1, timedelta(minutes=1)),
    "code-day": (10, timedelta(days=1)),
    "track": (20, timedelta(minutes=10)),
    "verify": (60, timedelta(minutes=10)),
    "upload": (120, timedelta(hours=1)),
}


class TooMany(Refused):
    """Expected fewer tries in this time, but there were too many."""

    status = 429
    slug = "too-many"


def within(work: Work, what: str, key: str, *, now: datetime) -> None:
    """Refuse when there were as many tries as may be."""
    most, window = LIMITS[what]
    row = work.session.get(Throttle, _name(what, key))
    if row is not None and row.since_at + window > now and row.count >= most:
        wait = int((row.since_at + window - now).total_seconds() // 60) + 1
        raise TooMany(f"尝试次数过多，请 {wait} 分钟后再试。", f"Too many tries: wait {wait} minute(s).", minutes=wait)


def count(work: Work, what: str, key: str, *, now: datetime) -> None:
    """Remember one try."""
    name = _name(what, key)
    row = work.session.get(Throttle, name)
    if row is None:
        work.session.add(Throttle(key=name, since_at=now, count=1))
    elif row.since_at + LIMITS[what][1] <= now:
        row.since_at, row.count = now, 1
    else:
        row.count += 1
    work.session.flush()


def forget(work: Work, what: str, key: str) -> None:
    """The right one was given: what was tried before counts no more."""
    row = work.session.get(Throttle, _name(what, key))
    if row is not None:
        work.session.delete(row)


def _name(what: str, key: str) -> str:
    return f"{what}:{key}"[:120]
