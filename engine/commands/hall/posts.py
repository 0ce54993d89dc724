"""Who works where: an account, taking a post, the end of a term, an account that is disabled. Open work follows at
once.

Security administrators (三员分立, engine.people.administrators) give and take every account and post but their own;
who heads a unit does so with its ordinary posts. Where nobody is a security administrator yet, who heads the county
appoints the first.
"""

from __future__ import annotations

import re
import secrets
from datetime import date, datetime

from sqlalchemy import select

from engine.commands.hall import following, passwords
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import Actor, administrators, holders, may, sessions, units
from engine.records import audit, notices
from engine.store import Work
from engine.store.models import Holding, Post, User
from engine.workdays import local_date, say

#: What a log-in may be, and how that is said.
LOGIN = re.compile(r"[a-z][a-z0-9.-]{2,39}", re.ASCII)
LOGIN_SAID = (
    "登录名是 3 到 40 个小写字母、数字、点或横线，字母开头。",
    "Expected 3 to 40 small letters, digits, dots or dashes.",
)


def take(
    work: Work,
    user_id: int,
    unit_id: int,
    post: str,
    *,
    from_on: date | None = None,
    until_on: date | None = None,
    by: Actor,
    now: datetime,
) -> Holding:
    """任职: this person holds this post in this unit, from a day until a day (the last). Refused where they would hold
    two of the three administrators' posts on one day. Open work follows at once; they are told, and who heads them."""
    row = hold(work, user_id, unit_id, post, from_on=from_on, until_on=until_on, by=by, now=now)
    follow(work, by, now)
    _tell(work, row, by, now)
    return row


def hold(
    work: Work,
    user_id: int,
    unit_id: int,
    post: str,
    *,
    from_on: date | None = None,
    until_on: date | None = None,
    by: Actor,
    now: datetime,
) -> Holding:
    """One of many that are taken together: as `take`, but open work follows when the caller says so (`follow`)."""
    user, unit = work.session.get(User, user_id), units.place(work, unit_id)
    kind = work.session.scalar(select(Post).where(Post.code == post))
    _may(work, by, unit_id, kind.role if kind is not None else "", user_id, now)
    if user is None or user.kind != "staff" or user.disabled_at is not None:
        raise _wrong("user", "人员", "没有这位工作人员，或账号已停用。", "There is no such clerk.")
    if not unit.active:
        raise _wrong("unit", "单位", f"{unit.name}已经撤销。", f"{unit.name} is no more.")
    if kind is None:
        raise _wrong("post", "岗位", f"没有岗位“{post}”。", f"There is no post {post!r}.")
    if from_on is not None and until_on is not None and until_on < from_on:
        raise _wrong("until", "到哪天", "最后一天要不早于第一天。", "Expected the last day not before the first.")
    beside = administrators.held_beside(work, user_id, kind.role, from_on, until_on)
    if beside is not None:
        raise _two_of_three(user.name, kind.role, *beside)
    same = select(Holding).where(Holding.user_id == user_id, Holding.unit_id == unit_id, Holding.post_id == kind.id)
    row = work.session.scalar(same)
    if row is None:
        row = Holding(user_id=user_id, unit_id=unit_id, post_id=kind.id)
        work.session.add(row)
    row.from_on, row.until_on = from_on, until_on
    _record(work, row, post, by, now)
    return row


def open_account(work: Work, login: str, name: str, *, by: Actor, now: datetime) -> User:
    """开通账号: a member of staff, without a password: they set it by the link they are given. By a security
    administrator."""
    if by.kind != "system" and not may(by, "appoint"):
        raise NotYours("账号由安全管理员开通。", "Expected a security administrator.")
    login, name = login.strip().lower(), name.strip()
    if not LOGIN.fullmatch(login):
        raise _wrong("login", "登录名", *LOGIN_SAID)
    if not 1 <= len(name) <= 40:
        raise _wrong("name", "姓名", "请写姓名，最多 40 个字。", "Expected a name of at most 40 letters.")
    user = work.insert_once(User(kind="staff", login=login, name=name, created_at=now), "login")
    if user is None:
        raise _wrong("login", "登录名", f"已经有登录名“{login}”了，请换一个。", f"There is a log-in {login!r} already.")
    audit.record(work, audit.Kind.ACCOUNT_OPENED, by=by, now=now, facts={"user": user.id})
    return user


def end(work: Work, holding_id: int, last: date, *, by: Actor, now: datetime) -> Holding:
    """任期结束: the last day on which the post is held. They are told, and who heads them."""
    row = work.session.get(Holding, holding_id)
    if row is None:
        raise NotFound("没有这次任职。", f"There is no holding {holding_id}.")
    post = work.session.get_one(Post, row.post_id)
    _may(work, by, row.unit_id, post.role, row.user_id, now)
    if row.until_on is not None and row.until_on < local_date(now):
        raise NotNow(
            f"这次任职已于{say(row.until_on)}结束。", f"Expected a term that lasts, but it ended on {row.until_on}."
        )
    row.until_on = last
    _record(work, row, post.code, by, now)
    follow(work, by, now)
    _tell(work, row, by, now, ended=True)
    return row


def disable(work: Work, user_id: int, *, hall: str, by: Actor, now: datetime) -> User:
    """停用账号: they can log in no more, and have nothing in hand; they are told by text, and who heads them on the
    screen. By a security administrator, or by who heads each unit they work in when none of their posts is an
    administrator's."""
    user = work.session.get(User, user_id)
    if user is None or user.kind != "staff":
        raise NotFound("没有这位工作人员。", f"There is no such clerk: {user_id}.")
    if user_id == by.id:
        raise NotNow("不能停用自己的账号。", "Expected somebody else than yourself.")
    held = (
        select(Holding.unit_id, Post.role)
        .join(Post, Post.id == Holding.post_id)
        .where(Holding.user_id == user_id)
        .order_by(Holding.id)
    )
    terms: list[tuple[int | None, str]] = [(unit_id, role) for unit_id, role in work.session.execute(held)]
    for at, role in terms or [(None, "")]:
        _may(work, by, at, role, user_id, now)
    if user.disabled_at is not None:
        raise NotNow("这个账号已经停用了。", "Expected an account in use, but it is disabled.")
    user.disabled_at = now
    sessions.end_all(work, user_id, now=now)
    audit.record(work, audit.Kind.ACCOUNT_DISABLED, by=by, now=now, facts={"user": user_id})
    zh = f"{by.name}停用了您的账号 {user.login}，不能再登录。{passwords.NOT_ASKED}"
    en = f"{by.name} closed your account {user.login}: it lets nobody in. {passwords.NOT_ASKED_EN}"
    notices.put_of_account(work, user_id, zh, en, phones=(user.phone,), hall=hall, now=now)
    for head in holders.heading(work, user_id):
        if head != by.id:
            zh = f"{by.name}停用了{user.name}的账号，手里的件转给了岗位上的其他人。"
            en = f"{by.name} closed the account of {user.name}; what they had in hand went to others of the post."
            notices.put_of_account(work, head, zh, en, phones=(), hall=hall, now=now)
    follow(work, by, now)
    return user


def _record(work: Work, row: Holding, post: str, by: Actor, now: datetime) -> None:
    work.session.flush()
    term = [day.isoformat() if day is not None else None for day in (row.from_on, row.until_on)]
    audit.record(
        work,
        audit.Kind.POST_CHANGED,
        by=by,
        now=now,
        facts={"user": row.user_id, "unit": row.unit_id, "post": post, "term": term},
    )


def _tell(work: Work, row: Holding, by: Actor, now: datetime, *, ended: bool = False) -> None:
    """On the screen: what somebody may see and do has changed, and nobody learns of it from a list."""
    if by.kind == "system":
        return
    post, unit = work.session.get_one(Post, row.post_id), units.place(work, row.unit_id)
    user = work.session.get_one(User, row.user_id)
    does, does_en = ("不再任", "no longer hold the post") if ended else ("任", "hold the post")
    days, days_en = _last_day(row) if ended else _term(row)
    key = f"post:{row.id}:{secrets.token_hex(8)}"  # given, ended and given again on one day are told each
    for to in dict.fromkeys((row.user_id, *holders.supervisors(work, row.unit_id, (row.user_id,)))):
        if to == by.id:
            continue
        who, who_en = ("您", "You") if to == row.user_id else (user.name, user.name)
        zh = f"{by.name}办理：{who}{does}{unit.name}的{post.name}{days}。"
        en = f"{who_en} {does_en} of {post.name_en or post.name} at {unit.name}{days_en} (entered by {by.name})."
        notices.put(work, f"{key}:{to}", zh, text_en=en, kind=notices.ACCOUNT, now=now, channel="screen", user_id=to)


def _last_day(row: Holding) -> tuple[str, str]:
    if row.until_on is None:
        return "", ""
    return f"，最后一天是{say(row.until_on)}", f": the last day is {row.until_on}"


def _term(row: Holding) -> tuple[str, str]:
    first, last = row.from_on, row.until_on
    days = f"{f'从{say(first)}起' if first else ''}{f'到{say(last)}为止' if last else ''}"
    days_en = f"{f' from {first}' if first else ''}{f' until {last}' if last else ''}"
    return f"（{days}）" if days else "", days_en


def follow(work: Work, by: Actor, now: datetime) -> None:
    """Open work goes where the posts have gone."""
    work.session.flush()
    holders.forget(work)
    work.after_commit(lambda: holders.forget(work))
    work.session.info.pop("gone", None)
    following.follow_all(work, following.affected(work, on=local_date(now)), by=by, now=now)


def _may(work: Work, by: Actor, unit_id: int | None, role: str, user_id: int, now: datetime) -> None:
    """Refuse unless `by` may give or take a post of this role here."""
    if by.kind == "system":
        return
    own = user_id == by.id
    if may(by, "appoint"):
        if own:
            raise NotYours("不能给自己任免岗位，请另一位安全管理员办理。", "Expected somebody else than yourself.")
        return
    if role in holders.WITHOUT_CASES:
        first = role == "security" and by.supervises(None) and not own
        if first and not holders.of_role(work, "security", on=local_date(now)):
            return
        raise NotYours(
            "管理员和流程设计员的岗位由安全管理员任免。还没有安全管理员的，由县的负责人先任命一位。",
            "Expected a security administrator for this post; where there is none, who heads the county appoints one.",
        )
    if not by.supervises(unit_id):
        raise NotYours("只能安排您管理的单位的岗位。", "Expected a unit you head.")


def _two_of_three(name: str, role: str, other: str, last: date | None) -> Invalid:
    wanted, has = administrators.ROLES[role], administrators.ROLES[other]
    zh = f"{name}已经是{has[0]}{f'（到{say(last)}）' if last is not None else ''}，不能同时是{wanted[0]}："
    return _wrong(
        "post",
        "岗位",
        f"{zh}系统、安全、审计管理员要由三个人担任。请另选一位，或先结束原来的任职。",
        f"Expected another person: this one is {has[1]}, and the three administrators are three people.",
    )


def _wrong(field: str, label: str, zh: str, en: str) -> Invalid:
    return Invalid([FieldError(field, label, zh, en)])
