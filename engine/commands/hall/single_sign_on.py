"""统一登录: who the county's single sign-on says somebody is, matched to an account of the hall. Never a new one:
accounts and posts are given by people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from engine.commands.hall import passwords, signing_in
from engine.errors import NotNow, NotYours
from engine.people import actor as actors
from engine.people import sessions, steps
from engine.records import audit
from engine.store import Database, Work, again
from engine.store.models import User


@dataclass(frozen=True, slots=True)
class Asked:
    """Known there, and not yet here: the hall's own password of this account is asked once."""

    token: str  # of the step, for the cookie of the browser
    login: str


def match(
    database: Database, issuer: str, subject: str, name: str, *, fixed: bool, hall: str, now: datetime
) -> tuple[int, str] | Asked:
    """The account (id, log-in name) of this person: the one joined to their account there. A name that was given on to
    somebody else there (another subject) opens nothing.

    The first time there is none. Where names there are `fixed` (nobody chooses their own) the free account of this name
    is joined at once. Else whoever calls themselves that there is not therefore that one here: they show it by the
    hall's own password, once (`join`).
    """
    who = sessions.hashed(f"{issuer}\0{subject}")

    def write() -> tuple[int, str] | Asked | None:
        with database.unit_of_work() as work:
            known = _joined(work, who)
            if known is not None:
                return known
            login = name.strip().lower()
            user_id = work.session.scalar(select(User.id).where(*_free(login))) if login else None
            if user_id is None:
                return None
            if fixed:
                return (user_id, login) if _join(work, who, user_id, hall, now) else None
            return Asked(steps.begin(work, "sso-join", user_id=user_id, facts={"who": who}, now=now), login)

    found = again(write)
    if found is None:
        signing_in.failed(database, None, "sso", now=now)
        raise NotYours(
            "统一登录认出了您，但大厅里没有和您对得上的账号。请找本单位负责人核对用户名。",
            "The single sign-on knows you, but no account of the hall is yours: ask who heads your unit to look at "
            "your log-in name.",
        )
    return found


def join(work: Work, token: str, user_id: int, *, hall: str, now: datetime) -> bool:
    """Who came by the single sign-on has signed in by the hall's own means: from now on that opens this account. False
    when it was asked for another account, or too long ago."""
    try:
        step = steps.take(work, "sso-join", token, now=now)
    except NotNow:
        return False
    return step.user_id == user_id and _join(work, str(step.facts["who"]), user_id, hall, now)


def _joined(work: Work, who: str) -> tuple[int, str] | None:
    row = work.session.execute(
        select(User.id, User.login).where(
            User.sso_subject == who, User.kind == "staff", User.disabled_at.is_(None), User.login.is_not(None)
        )
    ).one_or_none()
    return None if row is None else (row[0], str(row[1]))


def _free(login: str) -> tuple[ColumnElement[bool], ...]:
    """The account of this name that no account there is joined to."""
    return (User.login == login, User.kind == "staff", User.disabled_at.is_(None), User.sso_subject.is_(None))


def _join(work: Work, who: str, user_id: int, hall: str, now: datetime) -> bool:
    done = work.session.execute(
        update(User)
        .where(User.id == user_id, User.disabled_at.is_(None), User.sso_subject.is_(None))
        .values(sso_subject=who),
        execution_options={"synchronize_session": False},
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return False
    audit.record(work, audit.Kind.SSO_JOINED, by=actors.load(work, user_id, now=now), now=now)
    zh, en = "从现在起，统一登录能进您的账号。", "The single sign-on opens your account from now on."
    passwords.tell(work, user_id, zh, en, hall=hall, now=now)
    return True
