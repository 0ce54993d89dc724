"""统一登录: who the county's single sign-on says somebody is, matched to an account of the hall. Never a new one:
accounts and posts are given by people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from engine.commands.hall import passwords, signing_in
from engine.errors import NotYours
from engine.people import actor as actors
from engine.people import sessions
from engine.records import audit
from engine.store import Database, Work, again
from engine.store.models import User


def match(database: Database, issuer: str, subject: str, name: str, *, hall: str, now: datetime) -> tuple[int, str]:
    """The account (id, log-in name) of this person: the one joined to their account there; else, the first time, the
    one with this log-in name, which is joined to it from then on, and told so. A name that was given on to somebody
    else there (another subject) opens nothing."""
    who = sessions.hashed(f"{issuer}\0{subject}")

    def write() -> tuple[int, str] | None:
        with database.unit_of_work() as work:
            return _joined(work, who) or _join(work, who, name, hall, now)

    found = again(write)
    if found is None:
        signing_in.failed(database, None, "sso", now=now)
        raise NotYours(
            "统一登录认出了您，但大厅里没有和您对得上的账号。请找本单位负责人核对用户名。",
            "The single sign-on knows you, but no account of the hall is yours: ask who heads your unit to look at "
            "your log-in name.",
        )
    return found


def _joined(work: Work, who: str) -> tuple[int, str] | None:
    row = work.session.execute(
        select(User.id, User.login).where(
            User.sso_subject == who, User.kind == "staff", User.disabled_at.is_(None), User.login.is_not(None)
        )
    ).one_or_none()
    return None if row is None else (row[0], str(row[1]))


def _join(work: Work, who: str, name: str, hall: str, now: datetime) -> tuple[int, str] | None:
    login = name.strip().lower()
    if not login:
        return None
    free = (User.login == login, User.kind == "staff", User.disabled_at.is_(None), User.sso_subject.is_(None))
    user_id = work.session.scalar(select(User.id).where(*free))
    if user_id is None:
        return None
    done = work.session.execute(
        update(User).where(User.id == user_id, *free).values(sso_subject=who),
        execution_options={"synchronize_session": False},
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return None
    audit.record(work, audit.Kind.SSO_JOINED, by=actors.load(work, user_id, now=now), now=now)
    zh, en = "从现在起，统一登录能进您的账号。", "The single sign-on opens your account from now on."
    passwords.tell(work, user_id, zh, en, hall=hall, now=now)
    return user_id, login
