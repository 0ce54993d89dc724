"""我的账号: what somebody of the hall's people sees of their own log-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.people import Actor, factors, sessions, steps
from engine.people.factors import Factors
from engine.people.sessions import Listed
from engine.store import Work
from engine.store.models import User


@dataclass(frozen=True, slots=True)
class Account:
    """One's own account."""

    login: str
    sessions: tuple[Listed, ...]
    factors: Factors
    has_password: bool
    begun: str  # the address of an app's secret that waits to be tried out; ""
    secret: str  # and the secret itself, to be typed in

    @property
    def others(self) -> int:
        """How many log-ins and programs there are beside this one."""
        return sum(1 for one in self.sessions if not one.this)


def account(work: Work, actor: Actor, *, this: int | None, hall: str = "", now: datetime) -> Account:
    """The account of whoever asks; `this`: the session they ask in; `hall`: what an app for codes shows beside them."""
    assert actor.id is not None
    user = work.session.get_one(User, actor.id)
    login, secret = user.login or "", factors.begun(work, actor.id, now=now) or ""
    return Account(
        login,
        sessions.listed(work, actor.id, this=this, now=now),
        factors.of(work, actor.id),
        user.password_hash is not None,
        factors.address(secret, login=login, hall=hall) if secret else "",
        secret,
    )


def half_in(work: Work, step: str, *, now: datetime) -> Factors:
    """What may be asked of somebody whose password was right. NotNow when that is too long ago."""
    found = steps.find(work, "second", step, now=now)
    assert found.user_id is not None
    return factors.of(work, found.user_id)
