"""我的账号: what somebody of the hall's people sees of their own log-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.people import Actor, sessions
from engine.people.sessions import Listed
from engine.store import Work
from engine.store.models import User


@dataclass(frozen=True, slots=True)
class Account:
    """One's own account."""

    login: str
    sessions: tuple[Listed, ...]

    @property
    def others(self) -> int:
        """How many log-ins and programs there are beside this one."""
        return sum(1 for one in self.sessions if not one.this)


def account(work: Work, actor: Actor, *, this: int | None, now: datetime) -> Account:
    """The account of whoever asks; `this`: the session they ask in."""
    assert actor.id is not None
    user = work.session.get_one(User, actor.id)
    return Account(user.login or "", sessions.listed(work, actor.id, this=this, now=now))
