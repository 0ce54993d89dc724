"""What the office does: make times, keep the duty roster, review blocks. What is shut: closing.py."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import joinedload

from engine import booking
from engine.booking.slots import ZONE, Closure, Opening
from engine.commands import appointments
from engine.commands.booking import book, opening
from engine.errors import FieldError, Invalid, NotFound, NotNow, Refused
from engine.people import SYSTEM, Actor, holders, require
from engine.records import audit, jobs
from engine.store import Work
from engine.store.models import (
    Appointment,
    Duty,
    OnlineBlock,
    Resource,
    ResourceClosure,
    ResourceOpening,
    Slot,
)
from engine.workdays import local_date

log = logging.getLogger(__name__)

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
    rules, shut = openings_of(work, resource.id), shut_of(work, resource.id)
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
    new = insert(Slot.__table__).on_conflict_do_nothing().returning(Slot.__table__.c.id)
    made = len(work.session.execute(new, rows).all())  # some hundred rows a statement, put into words once
    opening.give_roles(work, resource, first, last)
    if made:
        appointments.offer_new(work, resource, first, last, now=now)
    audit.record(
        work,
        audit.Kind.SLOTS_PUBLISHED,
        by=by,
        now=now,
        facts={"resource": resource.code, "first": first.isoformat(), "last": last.isoformat(), "slots": made},
    )
    return made


def openings_of(work: Work, resource_id: int) -> list[Opening]:
    """The opening rules of a resource."""
    rows = select(ResourceOpening.rule).where(ResourceOpening.resource_id == resource_id).order_by(ResourceOpening.id)
    return [opening_of(row) for row in work.session.scalars(rows)]


def shut_of(work: Work, resource_id: int) -> list[Closure]:
    """When a resource is shut, whatever its rules say."""
    rows = work.session.scalars(select(ResourceClosure).where(ResourceClosure.resource_id == resource_id))
    return [Closure(row.starts_at, row.ends_at, row.reason) for row in rows]


def publish_ahead(work: Work, *, now: datetime) -> int:
    """Make the slots of every resource as far ahead as its policy lets people book, or as far as the calendar knows.
    Called by the worker every night; returns how many are new.

    One that cannot be opened (a rule of its own that reads wrong) keeps back no other: it is tried again by a job of
    its own, which fails where who runs the hall sees it."""
    today, made = local_date(now), 0
    opening.establish(work)
    for resource in work.session.scalars(select(Resource).where(Resource.active).order_by(Resource.id)).all():
        try:
            with work.attempt():
                made += publish_one(work, resource, now=now)
        except DBAPIError:  # not this row's: the whole is done again
            raise
        except Exception:  # whatever its rule is wrong in: its own job fails with it, the others go on
            log.exception("resource %s: its times could not be made", resource.code)
            key = f"publish-slots:resource:{resource.id}:{today}"
            jobs.put_once(work, jobs.Kind.PUBLISH_SLOTS, key, {"resource": resource.id}, now=now)
    return made


def publish_one(work: Work, resource: Resource, *, now: datetime) -> int:
    """The slots of one resource, as far ahead as its policy lets people book or the calendar knows."""
    today = local_date(now)
    last = work.calendar.last_known(today, today + timedelta(days=appointments.policy_of(resource).book_until_days))
    return publish(work, resource.id, first=today, last=last, by=SYSTEM, now=now)


def window(work: Work, resource_id: int, starts_at: datetime, ends_at: datetime, by: Actor) -> Resource:
    """The resource that the actor serves, for a time that is one."""
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
    """Put one of the unit's people on duty there. Confirmed bookings of that time without a clerk get them. Invalid:
    somebody of elsewhere, or who is on duty then already."""
    resource = window(work, resource_id, starts_at, ends_at, by)
    if user_id not in holders.of(work, resource.unit_id, on=local_date(starts_at)):
        zh, en = "只能排本单位的人。请重新选择。", "Only people of this unit can be put on duty here."
        raise Invalid([FieldError("who", "谁值班", zh, en)])
    overlapping = select(Duty.id).where(
        Duty.unit_id == resource.unit_id, Duty.user_id == user_id, Duty.starts_at < ends_at, Duty.ends_at > starts_at
    )
    if work.session.scalar(overlapping.limit(1)) is not None:
        zh, en = "这个人这段时间已经排了值班。", "This person is on duty then already."
        raise Invalid([FieldError("who", "谁值班", zh, en)])
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
