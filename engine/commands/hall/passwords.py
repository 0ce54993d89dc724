"""改密码、重设密码: by oneself with the old one, or by a link that whoever heads one's unit hands over.

Nobody but its owner ever sees a password, and none is sent. Argon2 takes its time outside the transactions that write;
what decides (the old hash is still there, the link is unused) is one conditional UPDATE.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.matters.county import ADMINISTRATORS
from engine.people import SYSTEM, Actor, login, may, passwords, sessions, tries
from engine.people import actor as actors
from engine.people.passwords import Whose
from engine.records import audit, notices
from engine.store import Database, Work, again
from engine.store.models import Holding, Post, ResetLink, User

#: How long a link may be used: to be handed over now, not to lie about.
LINK_LASTS = timedelta(hours=1)


#: What somebody does who is told of a help with their log-in that they did not ask for.
NOT_ASKED = "不是您要的，请马上告诉安全管理员或单位负责人。"
NOT_ASKED_EN = "If you did not ask for it, tell a security administrator or who heads your unit at once."

NOT_YOU = "不是您本人办的，请马上告诉安全管理员或单位负责人。"
NOT_YOU_EN = "If it was not you, tell a security administrator or who heads your unit at once."


@dataclass(frozen=True, slots=True)
class Offered:
    """A link that was made just now: its key, which is nowhere else, and whose it is."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may still be used, and for whom."""

    user_id: int
    login: str
    until_at: datetime


def change(database: Database, user_id: int, old: str, new: str, *, this: int | None, hall: str, now: datetime) -> int:
    """改密码: one's own, with the old one. All other log-ins of theirs end; how many there were."""
    stored = is_own(database, user_id, old, now=now)
    with database.reading() as work:
        whose = _whose(work.session.get_one(User, user_id))
    passwords.check(new, whose)
    if passwords.narrow(old) == passwords.narrow(new):
        raise Invalid([FieldError("password", "新密码", "新密码和现在的一样。", "It is the same as the present one.")])
    hashed = login.hash_password(new)

    def write() -> int:
        with database.unit_of_work() as work:
            _put(work, user_id, hashed, stored)
            by = actors.load(work, user_id, now=now)
            ended = sessions.end_all(work, user_id, but=this, now=now)
            _used_up(work, user_id, now)
            audit.record(work, audit.Kind.PASSWORD_CHANGED, by=by, now=now, facts={"ended": ended})
            tell(work, user_id, "您的登录密码改过了。", "Your password was changed.", hall=hall, now=now)
            return ended

    return again(write)


def is_own(database: Database, user_id: int, given: str, *, now: datetime) -> str:
    """The hash of their password, when this is it; Invalid by the field `old`, TooMany after some tries."""
    own = "own-password", str(user_id)

    def count() -> None:
        with database.unit_of_work() as work:
            tries.spend(work, [own], now=now)

    def forget() -> None:
        with database.unit_of_work() as work:
            tries.forget(work, *own)

    again(count)  # before it is looked at: of many guesses at once no more are looked at than may be
    with database.reading() as work:
        stored = work.session.get_one(User, user_id).password_hash
    if not login.matches(stored, given):
        raise Invalid([FieldError("old", "现在的密码", "现在的密码不对。", "This is not your present password.")])
    assert stored is not None
    again(forget)
    return stored


def offer(work: Work, user_id: int, *, hall: str, by: Actor, now: datetime) -> Offered:
    """A link by which this person sets a new password once; they are told of it. Links of before work no more. By who
    heads each unit they work in, or whoever runs the machine."""
    user = theirs(work, user_id, by)
    key = secrets.token_urlsafe(32)
    _used_up(work, user.id, now)
    work.session.add(
        ResetLink(
            token_hash=sessions.hashed(key),
            user_id=user.id,
            by_id=by.id,
            created_at=now,
            expires_at=now + LINK_LASTS,
        )
    )
    audit.record(work, audit.Kind.RESET_OFFERED, by=by, now=now, facts={"user": user.id})
    zh = f"{by.name}发了一个重设您登录密码的链接，一小时内有效，只能用一次。{NOT_ASKED}"
    en = f"{by.name} made a link that sets your password anew, once, within the hour. {NOT_ASKED_EN}"
    notices.put_of_account(work, user.id, zh, en, phones=(user.phone,), hall=hall, now=now)
    return Offered(key, user.name)


def find(work: Work, key: str, *, now: datetime) -> Link:
    """The link of this key. NotFound when it was used, replaced, or its time is over."""
    row = work.session.execute(
        select(ResetLink.user_id, User.login, ResetLink.expires_at)
        .join(User, User.id == ResetLink.user_id)
        .where(
            ResetLink.token_hash == sessions.hashed(key),
            ResetLink.used_at.is_(None),
            ResetLink.expires_at > now,
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise _over()
    return Link(row.user_id, row.login or "", row.expires_at)


def set_by_link(database: Database, key: str, new: str, *, hall: str, now: datetime) -> Link:
    """A new password, by a link. Whoever had the old one, or sits at a session of before, is out; the person is told,
    for the link may have come into other hands."""
    with database.reading() as work:
        link = find(work, key, now=now)
        whose = _whose(work.session.get_one(User, link.user_id))
    passwords.check(new, whose)
    hashed = login.hash_password(new)

    def write() -> Link:
        with database.unit_of_work() as work:
            taken = work.session.execute(
                update(ResetLink)
                .where(
                    ResetLink.token_hash == sessions.hashed(key),
                    ResetLink.used_at.is_(None),
                    ResetLink.expires_at > now,
                )
                .values(used_at=now),
                execution_options={"synchronize_session": False},
            )
            if taken.rowcount != 1:  # type: ignore[attr-defined]
                raise _over()
            _put(work, link.user_id, hashed)
            by = actors.load(work, link.user_id, now=now)
            ended = sessions.end_all(work, link.user_id, now=now)
            audit.record(work, audit.Kind.PASSWORD_CHANGED, by=by, now=now, facts={"link": True, "ended": ended})
            zh, en = "您的登录密码刚用链接重设过，别处的登录都已结束。", "Your password was set anew by a link."
            tell(work, link.user_id, zh, en, hall=hall, now=now)
            return link

    return again(write)


def tell(work: Work, user_id: int, zh: str, en: str, *, hall: str, now: datetime) -> None:
    """The person is told how they come in from now on: whoever did it had their log-in, and need not be them."""
    user = work.session.get_one(User, user_id)
    zh, en = f"{zh}{NOT_YOU}", f"{en} {NOT_YOU_EN}"
    notices.put_of_account(work, user_id, zh, en, phones=(user.phone,), hall=hall, now=now)


def _put(work: Work, user_id: int, hashed: str, stored: str | None = None) -> None:
    """`stored`: what must still be there. Two who change it at once: the second is told."""
    change = update(User).where(User.id == user_id, User.disabled_at.is_(None)).values(password_hash=hashed)
    if stored is not None:
        change = change.where(User.password_hash == stored)
    done = work.session.execute(change, execution_options={"synchronize_session": False})
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise NotNow(
            "密码刚刚在别处改过了，请用新密码登录后再试。",
            "Expected the password that was asked, but it was changed elsewhere just now: sign in by the new one.",
        )


def _used_up(work: Work, user_id: int, now: datetime) -> None:
    work.session.execute(
        update(ResetLink).where(ResetLink.user_id == user_id, ResetLink.used_at.is_(None)).values(used_at=now),
        execution_options={"synchronize_session": False},
    )


def theirs(work: Work, user_id: int, by: Actor) -> User:
    """A member of staff whose log-in `by` may help with."""
    user = work.session.get(User, user_id)
    if user is None or user.kind != "staff":
        raise NotFound("没有这位工作人员。", f"There is no such clerk: {user_id}.")
    if by is SYSTEM:
        return user
    if user_id == by.id:
        raise NotNow("自己的密码在“我的账号”里改。", "Expected somebody else: change your own in your account.")
    held = select(Holding.unit_id, Post.role).join(Post, Post.id == Holding.post_id).where(Holding.user_id == user_id)
    terms = work.session.execute(held.order_by(Holding.id)).all()
    if not may(by, "appoint") and any(role in ADMINISTRATORS for _, role in terms):
        # Whoever sets an administrator's password is that administrator: 三员分立 would be a word.
        raise NotYours("管理员的密码由安全管理员帮忙重设。", "Expected a security administrator for an administrator.")
    units: list[int | None] = [unit for unit, _ in terms]
    if not may(by, "appoint") and not all(by.supervises(unit) for unit in units or [None]):
        raise NotYours("只能帮您管理的单位的人重设。", "Expected somebody of the units you head.")
    if user.disabled_at is not None:
        raise NotNow("这个账号已停用。", "Expected an account in use, but it is disabled.")
    return user


def _whose(user: User) -> Whose:
    return Whose(user.login or "", user.name or "", user.phone or "", user.id_number or "")


def _over() -> NotFound:
    return NotFound(
        "这个链接已经用过、换过或过期了。请找本单位负责人重新发一个。",
        "Expected a link that works, but it was used, replaced, or its time is over: ask who heads your unit for one.",
    )
