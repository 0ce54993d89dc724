"""Log-ins that last (会话): a row each, so that one that is ended is over at once, wherever its cookie lies.

A session ends for good at `expires_at`; one with an idle limit also when nobody used it for so long. When it was last
used is written once a minute, not with every page.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, or_, select, update

from engine import crypto
from engine.errors import NotFound
from engine.people import actor as actors
from engine.people.actor import Actor
from engine.store import Work
from engine.store.models import ApiToken, Session, User

#: How somebody showed who they are. "password" alone is one factor; the others are two, or as good as two.
How = Literal["password", "code", "totp", "recovery", "passkey", "sso"]

LASTS = timedelta(hours=12)
#: How old the moment of the last use may be before it is written again.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may last, and how long nobody may use it (None: as long as it lasts)."""

    lasts: timedelta = LASTS
    idle: timedelta | None = None


@dataclass(frozen=True, slots=True)
class From:
    """Where a session was begun: the browser in words, and the address."""

    device: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """A session that holds, and whose it is."""

    id: int
    actor: Actor
    how: str
    proved_at: datetime  # when the person last showed who they are
    seen_at: datetime
    idle_s: int | None = None  # how long nobody may use it

    def unseen(self, now: datetime) -> bool:
        """Whether it is time to write down that it is used."""
        return now - self.seen_at >= SEEN_EVERY


@dataclass(frozen=True, slots=True)
class Listed:
    """One of a person's own sessions, or of the programs that act in their name."""

    kind: Literal["session", "program"]
    id: int
    device: str
    address: str
    how: str
    since_at: datetime
    seen_at: datetime | None
    until_at: datetime
    this: bool


def begin(
    work: Work,
    user_id: int,
    *,
    now: datetime,
    how: How = "password",
    where: From | None = None,
    limits: Limits | None = None,
) -> str:
    """A new session's token, for a cookie. Only its hash is kept."""
    limits, where, token = limits or Limits(), where or From(), secrets.token_urlsafe(32)
    work.session.add(
        Session(
            token_hash=hashed(token),
            user_id=user_id,
            created_at=now,
            expires_at=now + limits.lasts,
            seen_at=now,
            proved_at=now,
            idle_s=int(limits.idle.total_seconds()) if limits.idle is not None else None,
            idle_at=now + limits.idle if limits.idle is not None else None,
            device=where.device[:80],
            address=where.address,
            how=how,
        )
    )
    user = work.session.get(User, user_id)
    if user is not None and user.kind == "resident":
        user.used_at, user.keep_until = now, None  # an account that is used is kept (engine.records.kept)
    work.session.flush()
    return token


def holds(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Neither ended, nor over, nor left alone for too long."""
    return and_(
        Session.ended_at.is_(None), Session.expires_at > now, or_(Session.idle_at.is_(None), Session.idle_at > now)
    )


@cache
def _by_token() -> Select[Any]:
    return actors.whoever(
        and_(Session.token_hash == bindparam("token_hash"), holds(actors.NOW)),
        join=(Session, Session.user_id == User.id),
        columns=(Session.id, Session.how, Session.proved_at, Session.seen_at, Session.created_at, Session.idle_s),
    )


def find(work: Work, token: str, *, now: datetime) -> Open | None:
    """The session of this token, with whom it stands for; None when it is unknown, ended or over. One statement."""
    found = actors.load_with(work, _by_token(), {"token_hash": hashed(token)}, now=now)
    if found is None:
        return None
    actor, (id_, how, proved_at, seen_at, created_at, idle_s) = found
    return Open(id_, actor, how, proved_at or created_at, seen_at or created_at, idle_s)


def seen(work: Work, opened: Open, *, now: datetime) -> None:
    """It is used: its idle limit begins anew. Whoever wrote that in the last minute need not again."""
    idle_at = now + timedelta(seconds=opened.idle_s) if opened.idle_s is not None else None
    work.session.execute(
        update(Session)
        .where(Session.id == opened.id, or_(Session.seen_at.is_(None), Session.seen_at <= now - SEEN_EVERY))
        .values(seen_at=now, idle_at=idle_at),
        execution_options={"synchronize_session": False},
    )


def proved(work: Work, session_id: int, *, now: datetime) -> None:
    """The person just showed again who they are."""
    work.session.execute(update(Session).where(Session.id == session_id).values(proved_at=now))


def renew(work: Work, session_id: int, how: How, *, now: datetime) -> str:
    """The person showed more of who they are: the session goes on under another token, which the one of before, that
    may lie elsewhere, does not share. Returns it."""
    token = secrets.token_urlsafe(32)
    work.session.execute(
        update(Session).where(Session.id == session_id).values(token_hash=hashed(token), how=how, proved_at=now)
    )
    return token


def listed(work: Work, user_id: int, *, this: int | None, now: datetime) -> tuple[Listed, ...]:
    """A person's sessions that hold, this one first, then the last used; and the tokens of programs."""
    rows = work.session.scalars(
        select(Session).where(Session.user_id == user_id, holds(now)).order_by(Session.id.desc())
    ).all()
    found = [
        Listed(
            "session",
            row.id,
            row.device,
            row.address or "",
            row.how,
            row.created_at,
            row.seen_at or row.created_at,
            min(row.expires_at, row.idle_at or row.expires_at),
            row.id == this,
        )
        for row in rows
    ]
    found.sort(key=lambda one: (not one.this, -(one.seen_at or one.since_at).timestamp()))
    tokens = work.session.scalars(
        select(ApiToken)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
        .order_by(ApiToken.id.desc())
    )
    return (
        *found,
        *(Listed("program", t.id, t.name, "", "", t.created_at, None, t.expires_at, False) for t in tokens),
    )


def end(work: Work, user_id: int, session_id: int, *, now: datetime) -> None:
    """End one session of this person's."""
    _one(
        work,
        update(Session)
        .where(Session.id == session_id, Session.user_id == user_id, Session.ended_at.is_(None))
        .values(ended_at=now),
    )


def end_program(work: Work, user_id: int, token_id: int, *, now: datetime) -> None:
    """Revoke one token of this person's."""
    _one(
        work,
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now),
    )


def end_all(work: Work, user_id: int, *, but: int | None = None, program: str = "", now: datetime) -> int:
    """End all sessions of this person, `but` one, and revoke the tokens of their programs, but that of this `program`.
    How many there were."""
    sessions = update(Session).where(Session.user_id == user_id, holds(now))
    if but is not None:
        sessions = sessions.where(Session.id != but)
    tokens = update(ApiToken).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    if program:
        tokens = tokens.where(ApiToken.token_hash != hashed(program))
    without = {"synchronize_session": False}
    ended = work.session.execute(sessions.values(ended_at=now), execution_options=without)
    revoked = work.session.execute(tokens.values(revoked_at=now), execution_options=without)
    return int(ended.rowcount) + int(revoked.rowcount)  # type: ignore[attr-defined]


def _one(work: Work, change: object) -> None:
    done = work.session.execute(change, execution_options={"synchronize_session": False})  # type: ignore[call-overload]
    if done.rowcount != 1:
        raise NotFound("没有这个登录，或者它已经结束了。", "Expected a session of yours that lasts, but there is none.")


def hashed(token: str) -> str:
    return crypto.fingerprint(token.encode())
