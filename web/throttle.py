"""How often one address may try: looking a case up, verifying a paper. Counted in the store, so for all web processes."""

from __future__ import annotations

from datetime import timedelta

from flask import request

from engine.people.login import TooMany
from engine.store.models import Throttle
from web import edge

#: what -> (how many, in how long)
LIMITS = {
    "track": (20, timedelta(minutes=10)),
    "verify": (60, timedelta(minutes=10)),
    "upload": (120, timedelta(hours=1)),
}


def count(what: str, key: str = "") -> None:
    """Count one try; TooMany when there were too many. A transaction of its own: a refused try counts."""
    most, window = LIMITS[what]
    now = edge.now()
    name = f"{what}:{key or request.remote_addr}"[:120]
    with edge.hall().database.unit_of_work() as work:
        row = work.session.get(Throttle, name)
        if row is None:
            work.session.add(Throttle(key=name, since_at=now, count=1))
            return
        if row.since_at + window <= now:
            row.since_at, row.count = now, 1
            return
        if row.count < most:
            row.count += 1
            return
        wait = int((row.since_at + window - now).total_seconds() // 60) + 1
    raise TooMany(f"查得太频繁，请 {wait} 分钟后再试。", f"Too many tries: wait {wait} minute(s).", minutes=wait)
