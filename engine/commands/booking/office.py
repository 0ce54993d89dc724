"""What the office does: open and close times, keep the duty roster, review blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import joinedload

from engine import booking
from engine.booking.slots import ZONE, Closure, Opening
from engine.commands import appointments, meeting_rows, seats
from engine.commands.booking import book, opening
from engine.errors import NotFound, NotNow, Refused
from engine.people import SYSTEM, Actor, require
from engine.records import audit, notices
from engine.store import Work
from engine.store.models import (
    Appointment,
    AppointmentSlot,
    Duty,
    OnlineBlock,
    Resource,
    ResourceClosure,
    ResourceOpening,
    Slot,
)
from engine.workdays import local_date

#: How long a booking that the hall moved waits for the person's word.
MOVED_HOURS = 24


def opening_of(rule: Mapping[str, Any]) -> Opening:
    """An opening rule from its data: times as "18:00", days as "2026-09-01". Raises Refused naming what is wrong."""
    known = dict(rule)
    try:
        for name in ("opens", "closes"):
            known[name] = time.fromisoformat(str(known[name]))
        for name in ("anchor", "valid_from", "valid_until"):
            if known.get(name):
                known[name] = date.fromisoformat(str(known[name]))
        for name in ("weekdays", "weeks_of_month"):
            if name in known:
                known[name] = frozenset(int(n) for n in known[name])
        return Opening(**known)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"开放规则有误：{error}", f"The opening rule is wrong: {error}") from None


def publish(work: Work, resource_id: int, *, first: date, last: date, by: Actor, now: datetime) -> int:
    """Make the slots of these days, as the opening rules and closures say. Slots that are there already stay as they
    are (people may sit in them); returns how many are new."""
    resource = work.session.get(Resource, resource_id)
    if resource is None:
        raise NotFound("没有这个可预约的项目。", "There is no such thing to book.")
    require(by, "serve", resource)
    rules = [
        opening_of(row)
        for row in work.session.scalars(
            select(ResourceOpening.rule).where(ResourceOpening.resource_id == resource.id).order_by(ResourceOpening.id)
        )
    ]
    shut = [
        Closure(row.starts_at, row.ends_at, row.reason)
        for row in work.session.scalars(select(ResourceClosure).where(ResourceClosure.resource_id == resource.id))
    ]
    rows = [
        {
            "resource_id": resource.id,
            "starts_at": s.starts_at,
            "ends_at": s.ends_at,
            "kind": s.kind,
            "public_capacity": s.public,
            "staff_capacity": s.staff,
            "public_taken": 0,
            "staff_taken": 0,
            "closed": False,
        }
        for s in booking.slots(rules, first, last, work.calendar, shut)
        if s.starts_at > now
    ]
    if not rows:
        return 0
    insert: Any = sqlite.insert if work.dialect == "sqlite" else postgresql.insert
    before = _slot_count(work, resource.id)
    for start in range(0, len(rows), 500):
        work.session.execute(insert(Slot).on_conflict_do_nothing().values(rows[start : start + 500]))
    made = _slot_count(work, resource.id) - before
    opening.give_roles(work, resource, first, last)
    audit.record(
        work,
        audit.Kind.SLOTS_PUBLISHED,
        by=by,
        now=now,
        facts={"resource": resource.code, "first": first.isoformat(), "last": last.isoformat(), "slots": made},
    )
    return made


def publish_ahead(work: Work, *, now: datetime) -> int:
    """Make the slots of every resource as far ahead as its policy lets people book, or as far as the calendar knows.
    Called by the worker every night; returns how many are new."""
    today, made = local_date(now), 0
    opening.establish(work)
    for resource in work.session.scalars(select(Resource).where(Resource.active).order_by(Resource.id)).all():
        last = work.calendar.last_known(today, today + timedelta(days=appointments.policy_of(resource).book_until_days))
        made += publish(work, resource.id, first=today, last=last, by=SYSTEM, now=now)
    return made


def _slot_count(work: Work, resource_id: int) -> int:
    return work.session.scalar(select(func.count()).select_from(Slot).where(Slot.resource_id == resource_id)) or 0


@dataclass(frozen=True, slots=True)
class Hit:
    """A booking that a closure hits, and what the person is offered instead."""

    appointment_id: int
    number: str
    starts_at: datetime
    offer: datetime | None  # None: no time of that kind is free within two weeks
    meeting: bool = False  # a meeting of a case: called off, and who leads it sets another time


def preview_closing(
    work: Work, resource_id: int, *, starts_at: datetime, ends_at: datetime, by: Actor, now: datetime
) -> list[Hit]:
    """Which bookings a closure would hit, with an offer for each. Offers are not held yet; two may name one time."""
    resource = _window(work, resource_id, starts_at, ends_at, by)
    return [
        Hit(made.id, made.number, made.starts_at, offers[0].starts_at if offers else None, made.meeting_id is not None)
        for made in _hit(work, resource.id, starts_at, ends_at, now)
        for offers in [
            []
            if made.meeting_id is not None
            else book.free_times(work, resource.id, max(now, ends_at), kind=made.kind, most=1)
        ]
    ]


def close(
    work: Work, resource_id: int, *, starts_at: datetime, ends_at: datetime, reason: str, by: Actor, now: datetime
) -> list[Appointment]:
    """Shut a resource for a time. Each booking it hits is moved to the next free time of its kind, held for the
    person's word for a day (or until two hours before); where none is free, it is cancelled. Nobody's record suffers.
    Returns the bookings it hit."""
    resource = _window(work, resource_id, starts_at, ends_at, by)
    if not reason.strip():
        raise NotNow("请写明停用的原因，会通知到已预约的人。", "Say why: those who booked will be told.")
    work.session.add(
        ResourceClosure(resource_id=resource.id, starts_at=starts_at, ends_at=ends_at, reason=reason[:200], by_id=by.id)
    )
    work.session.execute(
        update(Slot)
        .where(Slot.resource_id == resource.id, Slot.starts_at < ends_at, Slot.ends_at > starts_at)
        .values(closed=True),
        execution_options={"synchronize_session": "fetch"},
    )
    audit.record(
        work,
        audit.Kind.RESOURCE_CLOSED,
        by=by,
        now=now,
        facts={"resource": resource.code, "from": starts_at.isoformat(), "until": ends_at.isoformat()},
    )
    hit = _hit(work, resource.id, starts_at, ends_at, now, lock=True)
    for made in hit:
        _move(work, made, reason, max(now, ends_at), by=by, now=now)
    return hit


def _move(work: Work, made: Appointment, reason: str, after: datetime, *, by: Actor, now: datetime) -> None:
    if made.meeting_id is not None:  # who leads it agrees another time with all sides
        meeting_rows.lost(work, made.meeting_id, reason, by=by, now=now)
        return
    for slot in book.free_times(work, made.resource_id, after, kind=made.kind):
        if seats.take(work, [slot.id], "public", now=now):
            continue
        before, pool = seats.taken_slots(work, made), made.pool
        seats.leave(work, made.id, [s.id for s in before], pool, made.places)
        work.session.add(AppointmentSlot(appointment_id=made.id, slot_id=slot.id))
        made.pool, made.starts_at, made.ends_at = "public", slot.starts_at, slot.ends_at
        made.state, made.by_hall, made.reason = "held", True, reason[:200]
        made.hold_until = min(now + timedelta(hours=MOVED_HOURS), slot.starts_at - timedelta(hours=2))
        if made.day_key is not None:  # the person's own limit of one a day gives way to the hall's move
            made.day_key = f"moved:{made.id}:{made.sequence}"
        made.sequence += 1
        made.version += 1
        notices.cancel(work, f"appointment:{made.id}:", now=now)
        appointments.watch(work, made, now)
        appointments.tell(work, made, "appointment-moved", now, now)
        appointments.record(work, audit.Kind.APPOINTMENT_MOVED, made, by, now)
        return
    book.let_go(work, made, "cancelled", reason, by=by, now=now, by_hall=True)
    appointments.tell(work, made, "appointment-closed", now, now)


def _hit(
    work: Work, resource_id: int, starts_at: datetime, ends_at: datetime, now: datetime, *, lock: bool = False
) -> list[Appointment]:
    query = (
        select(Appointment)
        .where(
            Appointment.resource_id == resource_id,
            Appointment.state.in_(["held", "confirmed"]),
            Appointment.starts_at < ends_at,
            Appointment.ends_at > starts_at,
            Appointment.ends_at > now,
        )
        .options(joinedload(Appointment.resource), joinedload(Appointment.case))
        .order_by(Appointment.starts_at, Appointment.id)
    )
    if lock:
        book.lock_cases(
            work,
            Appointment.id.in_(list(work.session.scalars(query.with_only_columns(Appointment.id)))),
        )
        query = query.with_for_update(of=Appointment).execution_options(populate_existing=True)
    return list(work.session.scalars(query))


def _window(work: Work, resource_id: int, starts_at: datetime, ends_at: datetime, by: Actor) -> Resource:
    resource = work.session.get(Resource, resource_id)
    if resource is None:
        raise NotFound("没有这个可预约的项目。", "There is no such thing to book.")
    require(by, "serve", resource)
    if not starts_at < ends_at:
        raise NotNow("停用的结束时间要晚于开始时间。", "A closure must end after it starts.")
    return resource


def roster(
    work: Work, *, resource_id: int, user_id: int, starts_at: datetime, ends_at: datetime, by: Actor, now: datetime
) -> Duty:
    """Put someone on duty at the unit of a resource. Confirmed bookings of that time without a clerk get them."""
    resource = _window(work, resource_id, starts_at, ends_at, by)
    row = Duty(unit_id=resource.unit_id, user_id=user_id, starts_at=starts_at, ends_at=ends_at)
    work.session.add(row)
    work.session.flush()
    work.session.execute(
        update(Appointment)
        .where(
            Appointment.resource_id == resource.id,
            Appointment.state == "confirmed",
            Appointment.duty_id.is_(None),
            Appointment.starts_at >= starts_at,
            Appointment.ends_at <= ends_at,
        )
        .values(duty_id=user_id),
        execution_options={"synchronize_session": "fetch"},
    )
    audit.record(
        work,
        audit.Kind.DUTY_ROSTERED,
        by=by,
        now=now,
        facts={"unit": resource.unit_id, "user": user_id, "from": starts_at.isoformat(), "until": ends_at.isoformat()},
    )
    return row


def unroster(work: Work, duty_id: int, *, by: Actor, now: datetime) -> None:
    """Take someone off the roster; their bookings of that time go to who is left on duty, or to nobody."""
    row = work.session.get(Duty, duty_id)
    resource = (
        work.session.scalar(select(Resource).where(Resource.unit_id == row.unit_id).limit(1))
        if row is not None
        else None
    )
    if row is None or resource is None:
        raise NotFound("没有这条值班安排。", "There is no such duty.")
    require(by, "serve", resource)
    work.session.execute(delete(Duty).where(Duty.id == duty_id))
    touched = work.session.scalars(
        select(Appointment)
        .where(
            Appointment.duty_id == row.user_id,
            Appointment.state == "confirmed",
            Appointment.starts_at >= row.starts_at,
            Appointment.ends_at <= row.ends_at,
        )
        .options(joinedload(Appointment.resource), joinedload(Appointment.case))
    ).all()
    for made in touched:
        made.duty_id = book.on_duty(work, made.resource, made.starts_at, made.ends_at)
    audit.record(work, audit.Kind.DUTY_UNROSTERED, by=by, now=now, facts={"unit": row.unit_id, "user": row.user_id})


def ask_review(work: Work, *, says: str, by: Actor, now: datetime) -> OnlineBlock:
    """The person asks a human to look at their block (PIPL 24)."""
    row = work.session.scalar(
        select(OnlineBlock)
        .where(OnlineBlock.user_id == by.id, OnlineBlock.until_at > now, OnlineBlock.lifted.is_(False))
        .order_by(OnlineBlock.until_at.desc())
        .limit(1)
    )
    if row is None:
        raise NotFound("您的网上预约没有被暂停。", "Your online booking is not paused.")
    if row.asked_at is not None and row.reviewed_at is None:
        raise NotNow("已经收到您的复核申请，请等工作人员答复。", "Your request is being looked at already.")
    if row.reviewed_at is not None:
        raise NotNow(f"已经复核过：{row.answer}", f"This was reviewed: {row.answer}")
    row.asked, row.asked_at = says.strip()[:500], now
    audit.record(work, audit.Kind.BOOKING_REVIEW_ASKED, by=by, now=now, facts={"block": row.id})
    return row


def review(work: Work, block_id: int, *, lift: bool, answer: str, by: Actor, now: datetime) -> OnlineBlock:
    """A supervisor's answer to a request for review: lift the block, or keep it, with a reason."""
    row = work.session.get(OnlineBlock, block_id)
    if row is None:
        raise NotFound("没有这条记录。", "There is no such block.")
    require(by, "supervise", row)
    if row.reviewed_at is not None:
        raise NotNow("这条申请已经复核过了。", "This was reviewed already.")
    if not answer.strip():
        raise NotNow("请写明理由，申请人会看到。", "Give a reason: the person will read it.")
    row.reviewed_at, row.reviewed_by_id, row.lifted, row.answer = now, by.id, lift, answer.strip()[:500]
    audit.record(work, audit.Kind.BOOKING_REVIEWED, by=by, now=now, facts={"block": row.id, "lifted": lift})
    return row


def local(day: date, at: time) -> datetime:
    """A wall-clock moment of the hall in UTC."""
    return datetime.combine(day, at, ZONE).astimezone(UTC)
