"""A way in that is half gone (SignInStep): begun in one request, ended in another, once, by the same browser."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select, update

from engine.errors import NotNow
from engine.people.sessions import hashed
from engine.store import Work
from engine.store.models import SignInStep

Kind = Literal["second", "passkey", "new-passkey", "sso", "sso-join"]
LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Step:
    """What was begun, and for whom (None: nobody is known yet)."""

    user_id: int | None
    facts: Mapping[str, Any]


def begin(work: Work, kind: Kind, *, user_id: int | None = None, facts: Mapping[str, Any], now: datetime) -> str:
    """A step's token, for the cookie of the browser."""
    token = secrets.token_urlsafe(24)
    work.session.add(
        SignInStep(token_hash=hashed(token), kind=kind, user_id=user_id, facts=dict(facts), expires_at=now + LASTS)
    )
    work.session.flush()
    return token


def find(work: Work, kind: Kind, token: str, *, now: datetime) -> Step:
    """What was begun. NotNow when it is over."""
    row = work.session.scalar(
        select(SignInStep).where(
            SignInStep.token_hash == hashed(token),
            SignInStep.kind == kind,
            SignInStep.used_at.is_(None),
            SignInStep.expires_at > now,
        )
    )
    if row is None:
        raise over()
    return Step(row.user_id, row.facts)


def take(work: Work, kind: Kind, token: str, *, now: datetime) -> Step:
    """The same, used up. Of two who come at once one has it."""
    step = find(work, kind, token, now=now)
    done = work.session.execute(
        update(SignInStep)
        .where(SignInStep.token_hash == hashed(token), SignInStep.used_at.is_(None))
        .values(used_at=now),
        execution_options={"synchronize_session": False},
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise over()
    return step


def over() -> NotNow:
    return NotNow("这次登录已经过时或用过了，请重新开始。", "This sign-in was used or is over: begin again.")
