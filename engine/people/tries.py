"""How often something may be tried: passwords, codes, looking a case up. Counted in the store, for all processes.

Two kinds of limit. A plain one shuts for the rest of its window. A growing one (`first`) only slows: after `most`
tries each further one has to wait, twice as long every time, so that a guesser gets nowhere and nobody is shut out for
a quarter of an hour by somebody else's guessing (OWASP ASVS 5.0, 6.3.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.errors import Refused
from engine.store import Work
from engine.store.models import Throttle


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` tries in `window`; with `first`, from then on a wait that doubles up to `longest`, forgotten `window`
    after the last try."""

    most: int
    window: timedelta
    first: timedelta | None = None
    longest: timedelta = timedelta(minutes=15)


LIMITS = {
    # a password: on a device that has signed in as this person before; from elsewhere by address; from everywhere else
    "login-device": Limit(10, timedelta(minutes=15), timedelta(seconds=10), timedelta(minutes=1)),
    "login-from": Limit(5, timedelta(hours=1), timedelta(seconds=30)),
    "login": Limit(20, timedelta(hours=1), timedelta(seconds=5), timedelta(minutes=1)),
    # the old password, asked once more of somebody who is signed in; a second factor, after the right password
    "own-password": Limit(5, timedelta(minutes=15), timedelta(seconds=30)),
    "factor": Limit(5, timedelta(minutes=15), timedelta(seconds=30)),
    "reset-link": Limit(20, timedelta(minutes=10)),
    "address": Limit(50, timedelta(minutes=15), timedelta(seconds=2), timedelta(seconds=30)),
    # a code by text message: each costs money and rings somebody's telephone
    "code": Limit(1, timedelta(minutes=1)),
    "code-phone": Limit(4, timedelta(minutes=10)),
    "code-day": Limit(10, timedelta(days=1)),
    "code-device": Limit(6, timedelta(minutes=10)),
    "code-address": Limit(20, timedelta(minutes=10)),
    "proof": Limit(3, timedelta(days=1)),
    # what one person sends in
    "apply": Limit(20, timedelta(hours=1)),
    "apply-day": Limit(60, timedelta(days=1)),
    # one who is told with many others, and has no account
    "told": Limit(3, timedelta(days=1)),
    "objection": Limit(6, timedelta(hours=1)),
    "track": Limit(20, timedelta(minutes=10)),
    "verify": Limit(60, timedelta(minutes=10)),
    "upload": Limit(120, timedelta(hours=1)),
    # six digits of a hand-over: of one link, whoever tries; of one person, over all links
    "handover": Limit(5, timedelta(minutes=15)),
    "handover-by": Limit(20, timedelta(hours=1)),
    # bonds: codes shown, codes typed, requests sent; texts to one telephone
    "bond-code": Limit(10, timedelta(hours=1)),
    "bond-typed": Limit(10, timedelta(hours=1)),
    "bond-asked": Limit(5, timedelta(days=1)),
    "bond-texts": Limit(3, timedelta(days=1)),
}


class TooMany(Refused):
    """Expected fewer tries in this time, but there were too many."""

    status = 429
    slug = "too-many"


def within(work: Work, what: str, key: str, *, now: datetime) -> None:
    """Refuse when there were as many tries as may be."""
    limit = LIMITS[what]
    row = work.session.get(Throttle, _name(what, key))
    if row is None or row.count < limit.most or row.since_at + limit.window <= now:
        return
    until = row.since_at + (limit.window if limit.first is None else _wait(limit, row.count))
    if until <= now:
        return
    seconds = math.ceil((until - now).total_seconds())
    if seconds <= 60:
        raise TooMany(f"尝试次数过多，请 {seconds} 秒后再试。", f"Too many tries: wait {seconds} second(s).", minutes=1)
    wait = math.ceil(seconds / 60)
    raise TooMany(f"尝试次数过多，请 {wait} 分钟后再试。", f"Too many tries: wait {wait} minute(s).", minutes=wait)


def _wait(limit: Limit, count: int) -> timedelta:
    assert limit.first is not None
    doubled = min(count - limit.most, 20)
    return min(limit.longest, limit.first * (1 << doubled))


def count(work: Work, what: str, key: str, *, now: datetime) -> None:
    """Remember one try."""
    limit, name = LIMITS[what], _name(what, key)
    row = work.session.get(Throttle, name)
    if row is None:
        work.session.add(Throttle(key=name, since_at=now, count=1))
    elif row.since_at + limit.window <= now:
        row.since_at, row.count = now, 1
    else:
        row.count += 1
        if limit.first is not None:
            row.since_at = now  # the wait is counted from the last try
    work.session.flush()


def so_far(work: Work, what: str, key: str, *, now: datetime) -> int:
    """How many tries are remembered."""
    row = work.session.get(Throttle, _name(what, key))
    return 0 if row is None or row.since_at + LIMITS[what].window <= now else row.count


def forget(work: Work, what: str, key: str) -> None:
    """The right one was given: what was tried before counts no more."""
    row = work.session.get(Throttle, _name(what, key))
    if row is not None:
        work.session.delete(row)


def _name(what: str, key: str) -> str:
    return f"{what}:{key}"[:120]
