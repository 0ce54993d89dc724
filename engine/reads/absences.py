"""Who is away and who stands in: for the person, for whoever acts for them, and for who heads the unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased, contains_eager

from engine.people import Actor, may
from engine.records import library
from engine.store import Work
from engine.store.models import Appointment, Case, Holding, Leave, Meeting, Resource, User

#: Absences shown of each list.
MOST = 100


@dataclass(frozen=True, slots=True)
class Stands:
    """Something that is booked with somebody who is away: their own time, or a booking they would receive."""

    starts_at: datetime
    what: str
    place: str
    number: str  # of its case, for whoever may see that


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
    stands: tuple[Stands, ...] = ()  # what was agreed with people for that time before, and nobody moved yet


@dataclass(frozen=True, slots=True)
class Absences:
    """What a person sees."""

    mine: tuple[Away, ...]  # who stands in for me, now and to come
    for_others: tuple[Away, ...]  # for whom I stand in, now and to come
    unit: tuple[Away, ...]  # of those I head
    past: tuple[Away, ...]  # mine, over


def absences(work: Work, *, actor: Actor, now: datetime) -> Absences:
    """Everything about this person's absences; with each of theirs, and of those they head, what still stands."""
    open_ = and_(Leave.ended_at.is_(None), Leave.until_at > now)
    staff: tuple[Away, ...] = ()
    if "supervisor" in actor.roles:
        theirs = select(Holding.user_id).where(Holding.unit_id.in_(actor.realm))
        staff = _list(work, and_(open_, Leave.user_id.in_(theirs), Leave.user_id != actor.id), now, actor)
    return Absences(
        mine=_list(work, and_(open_, Leave.user_id == actor.id), now, actor),
        for_others=_list(work, and_(open_, Leave.agent_id == actor.id), now),
        unit=staff,
        past=_list(work, and_(Leave.user_id == actor.id, or_(Leave.ended_at.is_not(None), Leave.until_at <= now)), now),
    )


def standing(work: Work, row: Leave, *, now: datetime) -> list[tuple[Appointment, str]]:
    """What is booked with somebody for the time of their leave, with the name of its place, in order of time."""
    found = work.session.execute(
        select(Appointment, Resource.name, Meeting.place, Case)
        .join(Resource, Resource.id == Appointment.resource_id)
        .outerjoin(Meeting, Meeting.id == Appointment.meeting_id)
        .outerjoin(Case, Case.id == Appointment.case_id)
        .where(
            Appointment.duty_id == row.user_id,
            Appointment.state.in_(("held", "confirmed")),
            Appointment.ends_at > max(now, row.from_at),
            Appointment.starts_at < row.until_at,
            (Appointment.meeting_id.is_(None)) | (Resource.kind == "person"),  # of a meeting once, not its room too
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(MOST)
        .options(contains_eager(Appointment.case))
    )
    return [
        (made, meets or place)
        for made, place, meets, case in found
        if row.matters is None or (case is not None and case.matter in row.matters)
    ]


def _stands(work: Work, row: Leave, actor: Actor, now: datetime) -> tuple[Stands, ...]:
    found = []
    for made, place in standing(work, row, now=now):
        case = made.case
        seen = case is not None and may(actor, "see", case)
        found.append(Stands(made.starts_at, made.item, place, case.number if case is not None and seen else ""))
    return tuple(found)


def _list(work: Work, where: ColumnElement[bool], now: datetime, actor: Actor | None = None) -> tuple[Away, ...]:
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
                _stands(work, row, actor, now) if actor is not None and not over else (),
            )
        )
    return tuple(found)
