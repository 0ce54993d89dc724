"""Who works where: taking a post, the end of a term, an account that is disabled. Open work follows at once."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from engine.commands.hall import following
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import Actor, holders, units
from engine.records import audit
from engine.store import Work
from engine.store.models import Holding, Post, Session, User
from engine.workdays import local_date, say


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
    """任职: this person holds this post in this unit, from a day until a day (the last). By who heads the unit."""
    _may(by, unit_id)
    user, unit = work.session.get(User, user_id), units.place(work, unit_id)
    kind = work.session.scalar(select(Post).where(Post.code == post))
    if user is None or user.kind != "staff" or user.disabled_at is not None:
        raise _wrong("user", "人员", "没有这位工作人员，或账号已停用。", "There is no such clerk.")
    if not unit.active:
        raise _wrong("unit", "单位", f"{unit.name}已经撤销。", f"{unit.name} is no more.")
    if kind is None:
        raise _wrong("post", "岗位", f"没有岗位“{post}”。", f"There is no post {post!r}.")
    if from_on is not None and until_on is not None and until_on < from_on:
        raise _wrong("until", "到哪天", "最后一天要不早于第一天。", "Expected the last day not before the first.")
    same = select(Holding).where(Holding.user_id == user_id, Holding.unit_id == unit_id, Holding.post_id == kind.id)
    row = work.session.scalar(same)
    if row is None:
        row = Holding(user_id=user_id, unit_id=unit_id, post_id=kind.id)
        work.session.add(row)
    row.from_on, row.until_on = from_on, until_on
    _changed(work, row, post, by, now)
    return row


def end(work: Work, holding_id: int, last: date, *, by: Actor, now: datetime) -> Holding:
    """任期结束: the last day on which the post is held. By who heads the unit."""
    row = work.session.get(Holding, holding_id)
    if row is None:
        raise NotFound("没有这次任职。", f"There is no holding {holding_id}.")
    _may(by, row.unit_id)
    if row.until_on is not None and row.until_on < local_date(now):
        raise NotNow(
            f"这次任职已于{say(row.until_on)}结束。", f"Expected a term that lasts, but it ended on {row.until_on}."
        )
    row.until_on = last
    _changed(work, row, work.session.get_one(Post, row.post_id).code, by, now)
    return row


def disable(work: Work, user_id: int, *, by: Actor, now: datetime) -> User:
    """停用账号: they can log in no more, and have nothing in hand. By who heads each unit they work in."""
    user = work.session.get(User, user_id)
    if user is None or user.kind != "staff":
        raise NotFound("没有这位工作人员。", f"There is no such clerk: {user_id}.")
    if user_id == by.id:
        raise NotNow("不能停用自己的账号。", "Expected somebody else than yourself.")
    for unit_id in work.session.scalars(select(Holding.unit_id).where(Holding.user_id == user_id)):
        _may(by, unit_id)
    if user.disabled_at is not None:
        raise NotNow("这个账号已经停用了。", "Expected an account in use, but it is disabled.")
    user.disabled_at = now
    for session in work.session.scalars(select(Session).where(Session.user_id == user_id, Session.ended_at.is_(None))):
        session.ended_at = now
    audit.record(work, audit.Kind.ACCOUNT_DISABLED, by=by, now=now, facts={"user": user_id})
    _follow(work, by, now)
    return user


def _changed(work: Work, row: Holding, post: str, by: Actor, now: datetime) -> None:
    work.session.flush()
    term = [day.isoformat() if day is not None else None for day in (row.from_on, row.until_on)]
    audit.record(
        work,
        audit.Kind.POST_CHANGED,
        by=by,
        now=now,
        facts={"user": row.user_id, "unit": row.unit_id, "post": post, "term": term},
    )
    _follow(work, by, now)


def _follow(work: Work, by: Actor, now: datetime) -> None:
    work.session.flush()
    holders.forget(work)
    work.after_commit(lambda: holders.forget(work))
    work.session.info.pop("gone", None)
    following.follow_all(work, following.affected(work, on=local_date(now)), by=by, now=now)


def _may(by: Actor, unit_id: int) -> None:
    if by.kind != "system" and not by.supervises(unit_id):
        raise NotYours("只能安排您管理的单位的岗位。", "Expected a unit you head.")


def _wrong(field: str, label: str, zh: str, en: str) -> Invalid:
    return Invalid([FieldError(field, label, zh, en)])
