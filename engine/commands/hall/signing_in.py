"""Staff come in and go out: each log-in, each failure and each end of a session is in the record.

What needs a transaction of its own (a refused try is remembered all the same) takes the database; argon2 never runs
inside one that writes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from engine.errors import NotYours
from engine.people import Actor, login, sessions
from engine.people import actor as actors
from engine.people.devices import Device
from engine.people.login import Entered
from engine.people.sessions import From, How, Limits
from engine.records import audit
from engine.store import Database, Work, again

#: Nobody yet: whoever tried. What they tried stands in the chain of the hall.
SOMEBODY = Actor(id=None, kind="visitor", name="")


def password(
    database: Database, name: str, given: str, *, now: datetime, address: str = "", device: Device | None = None
) -> Entered:
    """Who has this name and password; a wrong one is recorded. Raises NotYours; TooMany when somebody guesses."""
    try:
        return login.staff(database, name, given, now=now, address=address, device=device)
    except NotYours:
        failed(database, login.id_of(database, name), "password", now=now)
        raise


def failed(database: Database, user_id: int | None, how: How, *, now: datetime) -> None:
    """Somebody tried to come in as this person (None: as nobody whom the hall knows), and did not."""

    def write() -> None:
        with database.unit_of_work() as work:
            audit.record(
                work, audit.Kind.LOGIN_FAILED, by=SOMEBODY, now=now, facts={"user": user_id, "how": how}, later=True
            )

    again(write)


def enter(work: Work, user_id: int, how: How, *, where: From, limits: Limits | None = None, now: datetime) -> str:
    """They are in: a session of theirs, recorded. Returns its token."""
    token = sessions.begin(work, user_id, now=now, how=how, where=where, limits=limits)
    by = actors.load(work, user_id, now=now)
    audit.record(work, audit.Kind.LOGIN, by=by, now=now, facts={"how": how})
    return token


def by_program(work: Work, user_id: int, how: How, *, now: datetime, name: str) -> str:
    """A program acts in their name from now on, recorded. Returns its token."""
    token = login.new_token(work, user_id, now=now, name=name)
    by = actors.load(work, user_id, now=now)
    audit.record(work, audit.Kind.LOGIN, by=by, now=now, facts={"how": how, "program": True})
    return token


def leave(work: Work, token: str, *, by: Actor, now: datetime) -> None:
    """退出: this session is over."""
    login.close_session(work, token, now=now)
    if by.kind == "staff":
        audit.record(work, audit.Kind.LOGOUT, by=by, now=now)


def end(work: Work, kind: Literal["session", "program"], id_: int, *, by: Actor, now: datetime) -> None:
    """One of one's own log-ins elsewhere, or programs, is over at once."""
    assert by.id is not None
    (sessions.end if kind == "session" else sessions.end_program)(work, by.id, id_, now=now)
    audit.record(work, audit.Kind.SESSION_ENDED, by=by, now=now, facts={kind: id_})


def end_others(work: Work, *, this: int | None, by: Actor, now: datetime) -> int:
    """All one's own log-ins but this one, and all programs, are over at once. How many."""
    assert by.id is not None
    count = sessions.end_all(work, by.id, but=this, now=now)
    audit.record(work, audit.Kind.SESSION_ENDED, by=by, now=now, facts={"others": count})
    return count
