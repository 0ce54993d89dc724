"""Who is away and who stands in: for the person, for whoever acts for them, and for who heads the unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from engine.people import Actor
from engine.records import library
from engine.store import Work
from engine.store.models import Holding, Leave, User

#: Absences shown of each list.
MOST = 100


@dataclass(frozen=True, slots=True)
class Away:
    """One absence."""

    id: int
    who: str
    agent: str
    from_at: datetime
    until_at: datetime
    matters: tuple[str, ...] | None  # names; None: all
    reason: str
    state: str  # now, coming, over
    ended_at: datetime | None  # earlier than planned


@dataclass(frozen=True, slots=True)
class Absences:
    """What a person sees."""

    mine: tuple[Away, ...]  # who stands in for me, now and to come
    for_others: tuple[Away, ...]  # for whom I stand in, now and to come
    unit: tuple[Away, ...]  # of those I head
    past: tuple[Away, ...]  # mine, over


def absences(work: Work, *, actor: Actor, now: datetime) -> Absences:
    """Everything about this person's absences."""
    open_ = and_(Leave.ended_at.is_(None), Leave.until_at > now)
    staff: tuple[Away, ...] = ()
    if "supervisor" in actor.roles:
        theirs = select(Holding.user_id).where(Holding.unit_id.in_(actor.realm))
        staff = _list(work, and_(open_, Leave.user_id.in_(theirs), Leave.user_id != actor.id), now)
    return Absences(
        mine=_list(work, and_(open_, Leave.user_id == actor.id), now),
        for_others=_list(work, and_(open_, Leave.agent_id == actor.id), now),
        unit=staff,
        past=_list(work, and_(Leave.user_id == actor.id, or_(Leave.ended_at.is_not(None), Leave.until_at <= now)), now),
    )


def _list(work: Work, where: ColumnElement[bool], now: datetime) -> tuple[Away, ...]:
    user, agent = aliased(User), aliased(User)
    rows = work.session.execute(
        select(Leave, user.name, agent.name)
        .join(user, user.id == Leave.user_id)
        .join(agent, agent.id == Leave.agent_id)
        .where(where)
        .order_by(Leave.from_at.desc())
        .limit(MOST)
    ).all()
    names = {p.name: p.info.name for p in library.published(work)} if rows else {}
    found = []
    for row, who, acts in rows:
        over = row.ended_at is not None or row.until_at <= now
        found.append(
            Away(
                row.id,
                who,
                acts,
                row.from_at,
                row.until_at,
                None if row.matters is None else tuple(names.get(m, m) for m in row.matters),
                row.reason,
                "over" if over else "now" if row.from_at <= now else "coming",
                row.ended_at,
            )
        )
    return tuple(found)
