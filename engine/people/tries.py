"""How often something may be tried: passwords, codes, looking a case up. Counted in the store, for all processes.

Two kinds of limit. A plain one shuts for the rest of its window. A growing one (`first`) only slows: after `most`
tries each further one has to wait, twice as long every time, so that a guesser gets nowhere and nobody is shut out for
a quarter of an hour by somebody else's guessing (OWASP ASVS 5.0, 6.3.1).
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import CursorResult, Select, bindparam, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from engine import crypto
from engine.errors import Refused
from engine.store import Work
from engine.store.models import OneTimeCode, ResetLink, SignInStep, Throttle


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` tries in `window`; with `first`, from then on a wait that doubles up to `longest`, forgotten `window`
    after the last try."""

    most: int
    window: timedelta
    first: timedelta | None = None
    longest: timedelta = timedelta(minutes=15)
    zh: str = "尝试次数过多"  # what there was too much of
    en: str = "Too many tries"


LIMITS = {
    # a password: on a device that has signed in as this person before; from elsewhere by address; from everywhere else
    "login-device": Limit(10, timedelta(minutes=15), timedelta(seconds=10), timedelta(minutes=1)),
    "login-from": Limit(5, timedelta(hours=1), timedelta(seconds=30)),
    "login": Limit(20, timedelta(hours=1), timedelta(seconds=5), timedelta(minutes=1)),
    # the old password, asked once more of somebody who is signed in; a second factor, after the right password
    "own-password": Limit(5, timedelta(minutes=15), timedelta(seconds=30)),
    "factor": Limit(5, timedelta(minutes=15), timedelta(seconds=30)),
    # by address alone: a whole office signs in behind one of a morning, so it is slowed and never shut
    "passkey": Limit(60, timedelta(minutes=10), timedelta(seconds=2), timedelta(seconds=30)),
    "sso": Limit(60, timedelta(minutes=10), timedelta(seconds=2), timedelta(seconds=30)),
    "reset-link": Limit(20, timedelta(minutes=10), timedelta(seconds=2), timedelta(seconds=30)),
    "address": Limit(50, timedelta(minutes=15), timedelta(seconds=2), timedelta(seconds=30)),
    # a code by text message: each costs money and rings somebody's telephone
    "code": Limit(1, timedelta(minutes=1), zh="验证码一分钟只发一次，刚才那个还能用", en="One code a minute is sent"),
    "code-phone": Limit(
        4,
        timedelta(minutes=10),
        zh="这个手机号刚才要的验证码太多，可能是别人在要；用登录过的手机或电脑不受影响",
        en="Too many codes were asked for this number, perhaps by others; where you signed in before it is no matter",
    ),
    "code-day": Limit(
        10,
        timedelta(days=1),
        zh="这个手机号一天里要的验证码太多，可能是别人在要；用登录过的手机或电脑不受影响，急办请到窗口",
        en="Too many codes a day for this number, perhaps by others; use where you signed in before, or the counter",
    ),
    "code-device": Limit(
        6, timedelta(minutes=10), zh="这台设备要的验证码太多", en="Too many codes were asked for on this device"
    ),
    # others behind it wait with it, so it is slowed and never shut; where one signed in before it does not matter
    "code-address": Limit(
        20,
        timedelta(minutes=10),
        timedelta(seconds=10),
        timedelta(minutes=1),
        zh="您这个网络上要验证码的人太多，可以关掉无线网、用手机流量再试",
        en="Too many codes were asked for from your network: try mobile data in place of Wi-Fi",
    ),
    # wrong codes for a telephone, wherever: counted to tell the person, they shut nobody out
    "code-wrong": Limit(1_000_000, timedelta(days=1)),
    "proof": Limit(
        3,
        timedelta(days=1),
        zh="今天核对错的次数太多。急办请带身份证到窗口",
        en="Too many wrong answers today: come to a counter with your card",
    ),
    # a change of number: by oneself; at a counter by one clerk, and what is typed off a card there
    "number-find": Limit(20, timedelta(hours=1), zh="这一小时问的号码太多", en="Too many numbers in this hour"),
    "renumber": Limit(5, timedelta(days=1), zh="一天里换号码的次数太多", en="Too many changes of number in a day"),
    "counter-code": Limit(30, timedelta(hours=1), zh="这一小时发的验证码太多", en="Too many codes in this hour"),
    "card": Limit(5, timedelta(days=1), zh="今天核对错的次数太多", en="Too many wrong numbers today"),
    "account-find": Limit(60, timedelta(hours=1), zh="这一小时查的账号太多", en="Too many accounts in this hour"),
    "merge": Limit(20, timedelta(days=1), zh="一天里合并的账号太多", en="Too many merges in a day"),
    # what one person sends in
    "apply": Limit(
        20, timedelta(hours=1), zh="一小时里提交的申请太多，填的内容还在", en="Too many applications in one hour"
    ),
    "apply-day": Limit(
        60, timedelta(days=1), zh="一天里提交的申请太多，填的内容还在", en="Too many applications in one day"
    ),
    # text messages to one telephone, codes apart: what is more than that waits
    "texts": Limit(20, timedelta(hours=1)),
    # one who is told with many others, and has no account
    "told": Limit(3, timedelta(days=1)),
    "objection": Limit(6, timedelta(hours=1)),
    # what one person asks about their own data; copies of it
    "own-data": Limit(10, timedelta(days=1)),
    "own-copy": Limit(2, timedelta(days=1)),
    # words that found nothing, written down for who keeps the words: from one address
    "missed": Limit(30, timedelta(days=1)),
    # numbers of a hall's line, by telephones that say not who they are: each browser that forgets takes another
    "number": Limit(
        30,
        timedelta(minutes=15),
        zh="这个网络上取的号太多。请在大厅的取号机上取，或者登录以后再取",
        en="Too many numbers were taken from your network: take one at the hall's machine, or sign in first",
    ),
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
    """Expected fewer tries in this time, but there were too many. `seconds`: when the next may come."""

    status = 429
    slug = "too-many"

    def __init__(self, zh: str, en: str, *, seconds: int = 3600) -> None:
        super().__init__(zh, en, seconds=seconds, minutes=math.ceil(seconds / 60))
        self.seconds = seconds


def network(address: str) -> str:
    """The address that limits count: of IPv6 the network of 64 bits that one line has, for whoever has one has all of
    its addresses.

    >>> network("2001:db8:1:2:aaaa::1"), network("::ffff:203.0.113.9"), network("203.0.113.9"), network("")
    ('2001:db8:1:2::/64', '203.0.113.9', '203.0.113.9', '')
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))


def within(work: Work, what: str, key: str, *, now: datetime) -> None:
    """Refuse when there were as many tries as may be."""
    row = _rows(work, [_name(what, key)]).get(_name(what, key))
    if row is not None:
        _judge(LIMITS[what], row, now)


def count(work: Work, what: str, key: str, *, now: datetime) -> None:
    """Remember one try. Many at once are each counted."""
    limit = LIMITS[what]
    over = Throttle.since_at <= now - limit.window
    upsert = _insert(work).values(key=_name(what, key), since_at=now, count=1)
    # a growing wait is counted from the last try
    since = now if limit.first is not None else case((over, now), else_=Throttle.since_at)
    known = {"since_at": since, "count": case((over, 1), else_=Throttle.count + 1)}
    work.session.execute(upsert.on_conflict_do_update(index_elements=["key"], set_=known), execution_options=_UNSEEN)


def spend(work: Work, wanted: Sequence[tuple[str, str]], *, now: datetime) -> None:
    """Judge and remember one try by all of these limits at once: of many that come together exactly as many get
    through as may. Refused, nothing is remembered of it. Three statements, however many limits there are."""
    limits = {_name(what, key): LIMITS[what] for what, key in sorted(wanted)}
    names = sorted(limits)  # everybody takes hold of them in one order
    if work.dialect == "postgresql":  # a row that is not there cannot be held; SQLite has one writer at a time
        work.session.execute(
            _insert(work).on_conflict_do_nothing(), [{"key": name, "since_at": now, "count": 0} for name in names]
        )
    rows = _rows(work, names, hold=True)
    for name, row in rows.items():
        _judge(limits[name], row, now)
    new = []
    for name in names:
        known, limit = rows.get(name), limits[name]
        if known is None or known.tried == 0 or known.since_at + limit.window <= now:
            new.append({"key": name, "since_at": now, "count": 1})
        else:
            since = known.since_at if limit.first is None else now
            new.append({"key": name, "since_at": since, "count": known.tried + 1})
    work.session.connection().execute(_spent(work.dialect), new)


@cache
def _spent(dialect: str) -> Any:
    """Built once: to put it together costs more than to execute it."""
    table: Any = Throttle.__table__
    made: Any = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    also = {"since_at": made.excluded.since_at, "count": made.excluded.count}
    return made.on_conflict_do_update(index_elements=["key"], set_=also)


def so_far(work: Work, what: str, key: str, *, now: datetime) -> int:
    """How many tries are remembered."""
    row = _rows(work, [_name(what, key)]).get(_name(what, key))
    return 0 if row is None or row.since_at + LIMITS[what].window <= now else row.tried


def forget(work: Work, what: str, key: str) -> None:
    """The right one was given: what was tried before counts no more."""
    work.session.execute(delete(Throttle).where(Throttle.key == _name(what, key)), execution_options=_UNSEEN)


def forget_old(work: Work, *, now: datetime) -> int:
    """Drop what counts no more, and codes, half sign-ins and links that are over: a script that tries a million names
    leaves no million rows for good. How many."""
    gone = 0
    for old in (
        delete(Throttle).where(Throttle.since_at < now - _LONGEST),
        delete(OneTimeCode).where(OneTimeCode.expires_at < now - _LONGEST),
        delete(SignInStep).where(SignInStep.expires_at < now - _LONGEST),
        delete(ResetLink).where(ResetLink.expires_at < now - _LONGEST),
    ):
        gone += cast("CursorResult[Any]", work.session.execute(old, execution_options=_UNSEEN)).rowcount
    return gone


#: No window is longer than a day.
_LONGEST = timedelta(days=1, hours=1)
#: The rows are read and written past the session: nothing in it has them.
_UNSEEN: dict[str, Any] = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class _Row:
    """What is remembered under one name."""

    key: str
    since_at: datetime
    tried: int


def _rows(work: Work, names: Sequence[str], *, hold: bool = False) -> dict[str, _Row]:
    found = work.session.execute(_asked(hold), {"names": list(names)})
    return {key: _Row(key, since_at, tried) for key, since_at, tried in found}


@cache
def _asked(hold: bool) -> Select[str, datetime, int]:
    names: Any = bindparam("names", expanding=True)
    asked = select(Throttle.key, Throttle.since_at, Throttle.count).where(Throttle.key.in_(names))
    asked = asked.order_by(Throttle.key)
    return asked.with_for_update() if hold else asked


def until(work: Work, what: str, key: str, *, now: datetime) -> datetime | None:
    """When the next may come; None: now."""
    row = _rows(work, [_name(what, key)]).get(_name(what, key))
    return None if row is None else _until(LIMITS[what], row, now)


def _until(limit: Limit, row: _Row, now: datetime) -> datetime | None:
    if row.tried < limit.most or row.since_at + limit.window <= now:
        return None
    at = row.since_at + (limit.window if limit.first is None else _wait(limit, row.tried))
    return at if at > now else None


def _judge(limit: Limit, row: _Row, now: datetime) -> None:
    at = _until(limit, row, now)
    if at is not None:
        seconds = math.ceil((at - now).total_seconds())
        zh, en = _said(seconds)
        raise TooMany(f"{limit.zh}。请 {zh}后再试。", f"{limit.en}: wait {en}.", seconds=seconds)


def _said(seconds: int) -> tuple[str, str]:
    """
    >>> _said(28), _said(61), _said(7201)
    (('28 秒', '28 second(s)'), ('2 分钟', '2 minute(s)'), ('3 小时', '3 hour(s)'))
    """
    for most, unit, zh, en in ((60, 1, "秒", "second(s)"), (7200, 60, "分钟", "minute(s)")):
        if seconds <= most:
            n = math.ceil(seconds / unit)
            return f"{n} {zh}", f"{n} {en}"
    n = math.ceil(seconds / 3600)
    return f"{n} 小时", f"{n} hour(s)"


def _wait(limit: Limit, count: int) -> timedelta:
    assert limit.first is not None
    doubled = min(count - limit.most, 20)
    return min(limit.longest, limit.first * (1 << doubled))


def _insert(work: Work) -> Any:
    return (sqlite.insert if work.dialect == "sqlite" else postgresql.insert)(Throttle.__table__)  # type: ignore[arg-type]


def _name(what: str, key: str) -> str:
    name = f"{what}:{key}"
    if len(name) <= 120 and name.isprintable():
        return name
    return f"{what}:{crypto.fingerprint(name.encode(errors='surrogatepass'))}"
