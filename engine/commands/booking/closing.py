"""A time falls away: the office shuts it, or the county's calendar makes its day another. Whoever booked it is moved to
the next free time of its kind, or told that it is off; and what hangs on the booking goes along."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from engine import booking
from engine.booking import Opening, written
from engine.booking.slots import WorkdayCalendar
from engine.commands import appointments, meeting_rows, offer_rows, seats
from engine.commands.booking import book, opening
from engine.commands.booking.office import openings_of, shut_of, window
from engine.errors import NotNow
from engine.people import SYSTEM, Actor
from engine.records import audit, notices
from engine.store import Work
from engine.store.models import (
    Appointment,
    Resource,
    ResourceClosure,
    ResourceOpening,
    Slot,
    StandingDay,
    Waiting,
)
from engine.workdays import local_date, say_day

#: How long a booking that the hall moved waits for the person's word.
MOVED_HOURS = 24
#: Of so many free times a run is looked for that is as long as the booking.
MOST_TIMES = 500
#: … but not longer than so many hours before its new time; and where there is less time than that to answer, it stands.
ANSWER_HOURS = 2


#: What people are told whose booking moves with the calendar.
CALENDAR = "放假和上班的日子有调整"


@dataclass(frozen=True, slots=True)
class Hit:
    """A booking that a closure hits, and what the person is offered instead."""

    appointment_id: int
    number: str
    starts_at: datetime
    offer: datetime | None  # None: no time of that kind is free within two weeks, or it is not moved
    meeting: bool = False  # a meeting of a case: called off, and who leads it sets another time


def preview_closing(
    work: Work, resource_id: int, *, starts_at: datetime, ends_at: datetime, by: Actor, now: datetime
) -> list[Hit]:
    """Which bookings a closure would hit, with an offer for each. Offers are not held yet; two may name one time."""
    resource = window(work, resource_id, starts_at, ends_at, by)
    found = []
    for made in _hit(work, resource.id, [(starts_at, ends_at)], now):
        meets = made.meeting_id is not None
        runs = _runs(work, made, max(now, ends_at)) if not meets and not _row(resource) else []
        found.append(Hit(made.id, made.number, made.starts_at, runs[0][0].starts_at if runs else None, meets))
    return found


def close(
    work: Work, resource_id: int, *, starts_at: datetime, ends_at: datetime, reason: str, by: Actor, now: datetime
) -> list[Appointment]:
    """Shut a resource for a time. Each booking it hits is moved to the next free time of its kind, held for the
    person's word for a day (or until two hours before); where none is free, or a booking is a row of an offer (a meal
    is not eaten a week later), it is cancelled. Nobody's record suffers. Returns the bookings it hit."""
    resource = window(work, resource_id, starts_at, ends_at, by)
    if not reason.strip():
        raise NotNow("请写明停用的原因，会通知到已预约的人。", "Say why: those who booked will be told.")
    work.session.add(
        ResourceClosure(resource_id=resource.id, starts_at=starts_at, ends_at=ends_at, reason=reason[:200], by_id=by.id)
    )
    audit.record(
        work,
        audit.Kind.RESOURCE_CLOSED,
        by=by,
        now=now,
        facts={"resource": resource.code, "from": starts_at.isoformat(), "until": ends_at.isoformat()},
    )
    return shut(work, resource, [(starts_at, ends_at)], reason, by=by, now=now)


def shut(
    work: Work,
    resource: Resource,
    times: Sequence[tuple[datetime, datetime]],
    reason: str,
    *,
    by: Actor,
    now: datetime,
) -> list[Appointment]:
    """These times of a resource are over: nobody books them, and who had booked them is moved or told. Returns the
    bookings that were hit."""
    for starts_at, ends_at in times:
        work.session.execute(
            update(Slot)
            .where(Slot.resource_id == resource.id, Slot.starts_at < ends_at, Slot.ends_at > starts_at)
            .values(closed=True),
            execution_options={"synchronize_session": "fetch"},
        )
    hit = _hit(work, resource.id, times, now, lock=True)
    for made in hit:  # a meeting is not moved to the next free time: who leads it agrees another with all sides
        if made.meeting_id is not None:
            meeting_rows.lost(work, made.meeting_id, reason, by=by, now=now)
    others = [made for made in hit if made.meeting_id is None]
    if _row(resource):
        _call_off(work, resource, others, reason, by=by, now=now)
    else:
        for made in others:
            after = max(
                ends_at for starts_at, ends_at in times if made.starts_at < ends_at and made.ends_at > starts_at
            )
            _move(work, made, reason, max(now, after), by=by, now=now)
    _nobody_waits(work, resource, {local_date(starts_at) for starts_at, _end in times}, reason, now)
    return hit


def _row(resource: Resource) -> bool:
    """Whether its bookings are rows of an offer."""
    return bool(resource.offer) and not resource.matter


# ---------------------------------------------------------------- moved, or called off


def _move(work: Work, made: Appointment, reason: str, after: datetime, *, by: Actor, now: datetime) -> None:
    for slots in _runs(work, made, after):
        if seats.take(work, [slot.id for slot in slots], "public", now=now):
            continue
        seats.leave(work, made.id, made.pool, made.places)
        appointments.sit(work, made, slots)
        made.pool, made.starts_at, made.ends_at = "public", slots[0].starts_at, slots[-1].ends_at
        made.by_hall, made.reason = True, reason[:200]
        if made.day_key is not None:  # the person's own limit of one a day gives way to the hall's move
            made.day_key = f"moved:{made.id}:{made.sequence}"
        made.sequence += 1
        made.version += 1
        notices.cancel(work, f"appointment:{made.id}:", now=now)
        told_at = notices.next_waking(now)  # in the night nobody answers
        until = min(told_at + timedelta(hours=MOVED_HOURS), made.starts_at - timedelta(hours=ANSWER_HOURS))
        if until >= told_at + timedelta(hours=ANSWER_HOURS):
            made.state, made.hold_until = "held", until
            appointments.tell(work, made, "appointment-moved", now, now)
        else:  # too near for an answer: it stands, and who cannot come says so
            if made.state == "held":
                made.hold_until = made.starts_at
            else:
                made.duty_id = book.on_duty(work, made.resource, made.starts_at, made.ends_at)
                appointments.remind(work, made, appointments.policy_of(made.resource), now)
                book.tell_process(work, made, "moved", by=by, now=now)
            kind = "appointment-moved" if made.state == "held" else "appointment-moved-soon"
            appointments.tell(work, made, kind, now, now)
        appointments.watch(work, made, now)
        appointments.record(work, audit.Kind.APPOINTMENT_MOVED, made, by, now)
        return
    book.let_go(work, made, "cancelled", reason, by=by, now=now, by_hall=True)
    appointments.tell(work, made, "appointment-closed", now, now)


def _runs(work: Work, made: Appointment, after: datetime) -> list[list[Slot]]:
    """The next free times as long as the booking is now: so many slots that follow each other."""
    n = max(1, len(seats.taken_slots(work, made)))
    most = appointments.OFFERS if n == 1 else MOST_TIMES
    free = appointments.free_times(work, made.resource_id, after, kind=made.kind, most=most)
    runs = []
    for first in range(len(free) - n + 1):
        run = free[first : first + n]
        if all(a.ends_at == b.starts_at for a, b in itertools.pairwise(run)):
            runs.append(run)
    return runs


def _call_off(
    work: Work, resource: Resource, hit: Sequence[Appointment], reason: str, *, by: Actor, now: datetime
) -> None:
    """Bookings that are rows: off, and each person is told once, however many days they lose. A day of a standing
    order may be had again when it opens again."""
    own: dict[str, list[Appointment]] = {}
    for made in hit:
        book.let_go(work, made, "cancelled", reason, by=by, now=now, by_hall=True)
        own.setdefault(made.person_index, []).append(made)
        work.session.execute(
            update(StandingDay)
            .where(StandingDay.appointment_id == made.id, StandingDay.state == "booked")
            .values(state="full", appointment_id=None, reason=f"停开：{reason}"[:200])
        )
    for lost in own.values():
        if len(lost) == 1:
            appointments.tell(work, lost[0], "appointment-closed", now, now)
            continue
        facts = {
            "place": (resource.name, resource.name_en or resource.name),
            "reason": reason,
            "n": len(lost),
            "days": (
                "、".join(say_day(local_date(one.starts_at)) for one in lost),
                ", ".join(local_date(one.starts_at).isoformat() for one in lost),
            ),
        }
        key = f"appointment:{lost[0].id}:{lost[0].sequence}:days-closed"
        appointments.say(work, key, "days-closed", facts, user_id=lost[0].user_id, phone=lost[0].phone, now=now)


def _nobody_waits(work: Work, resource: Resource, days: Collection[date], reason: str, now: datetime) -> None:
    """Who waited for a day of which nothing is left waits no more, and is told."""
    for day in sorted(days):
        start = written.start_of(day)
        left = work.session.scalar(
            select(func.count()).where(
                Slot.resource_id == resource.id,
                Slot.starts_at >= start,
                Slot.starts_at < start + timedelta(days=1),
                Slot.closed.is_(False),
            )
        )
        if left:
            continue
        rows = work.session.scalars(
            select(Waiting)
            .where(Waiting.resource_id == resource.id, Waiting.day == day, Waiting.state == "waiting")
            .order_by(Waiting.id)
        ).all()
        facts = {
            "place": (resource.name, resource.name_en or resource.name),
            "reason": reason,
            "day": (say_day(day), day.isoformat()),
        }
        for row in rows:
            row.state = "left"
            key = f"waiting:{row.id}:closed:{now.isoformat()}"
            appointments.tell_waiting(work, row, key, "waiting-closed", facts, now=now)


def _hit(
    work: Work,
    resource_id: int,
    times: Sequence[tuple[datetime, datetime]],
    now: datetime,
    *,
    lock: bool = False,
) -> list[Appointment]:
    first, last = min(start for start, _end in times), max(end for _start, end in times)
    query = (
        select(Appointment)
        .where(
            Appointment.resource_id == resource_id,
            Appointment.state.in_(["held", "confirmed"]),
            Appointment.starts_at < last,
            Appointment.ends_at > first,
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
    return [
        made
        for made in work.session.scalars(query)
        if any(made.starts_at < end and made.ends_at > start for start, end in times)
    ]


# ---------------------------------------------------------------- one time of an offer


def call_off(work: Work, resource_id: int, *, reason: str, slot_id: int | None = None, by: Actor, now: datetime) -> int:
    """Call an offer off, or one time of what opens again and again (a kitchen's lunch of one day); how many people
    were told."""
    row = opening.find(work, resource_id, by=by)
    if not reason.strip():
        raise NotNow("请写明取消的原因，会通知到已预订的人。", "Say why: those who booked will be told.")
    if not openings_of(work, row.id):
        return offer_rows.close(work, row, reason.strip(), by=by, now=now)
    slot = _one_time(work, row, slot_id, now)
    hit = close(work, row.id, starts_at=slot.starts_at, ends_at=slot.ends_at, reason=reason.strip(), by=by, now=now)
    return len({made.person_index for made in hit})


def move_offer(
    work: Work,
    resource_id: int,
    starts_at: datetime,
    *,
    reason: str,
    slot_id: int | None = None,
    by: Actor,
    now: datetime,
) -> int:
    """Another time for an offer and its sessions, or for one time of what opens again and again; how many people were
    told."""
    row = opening.find(work, resource_id, by=by)
    if not reason.strip():
        raise NotNow("请写明改期的原因，会通知到已预订的人。", "Say why: those who booked will be told.")
    if not openings_of(work, row.id):
        return offer_rows.move(work, row, starts_at, reason.strip(), by=by, now=now)
    slot = _one_time(work, row, slot_id, now)
    there = select(Slot.id).where(Slot.resource_id == row.id, Slot.starts_at == starts_at, Slot.id != slot.id)
    if work.session.scalar(there) is not None:
        raise NotNow("那个时间已经另有一次了，请另定时间。", "There is another time of it then: choose a further one.")
    was = (slot.starts_at, slot.ends_at)
    told = offer_rows.move(work, row, starts_at, reason.strip(), only=slot.id, by=by, now=now)
    work.session.add(  # its old time is not made again in the night
        ResourceClosure(
            resource_id=row.id, starts_at=was[0], ends_at=was[1], reason=f"改期：{reason.strip()}"[:200], by_id=by.id
        )
    )
    return told


def _one_time(work: Work, row: Resource, slot_id: int | None, now: datetime) -> Slot:
    """Which time of it is meant: the one that is named, or the only one to come."""
    query = select(Slot).where(Slot.resource_id == row.id, Slot.closed.is_(False), Slot.ends_at > now).limit(2)
    if slot_id is not None:
        query = query.where(Slot.id == slot_id)
    found = work.session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
    if len(found) != 1:
        zh = "它有好几个时间，请说明是哪一次。" if found else "没有这个时间，或者已经结束、取消了。"
        raise NotNow(zh, "Say which of its times." if found else "There is no such time, or it is over.")
    return found[0]


# ---------------------------------------------------------------- the calendar became another


@dataclass(frozen=True, slots=True)
class _Otherwise:
    """The calendar with every day the other way: what a rule opens under it and not under the calendar stands only
    because its day was another when the time was made."""

    calendar: WorkdayCalendar

    def is_workday(self, day: date) -> bool:
        return not self.calendar.is_workday(day)


@dataclass(frozen=True, slots=True)
class Followed:
    """What a calendar changes of the times that can be booked, of one resource."""

    resource: Resource
    gone: tuple[tuple[datetime, datetime], ...]
    again: tuple[int, ...]  # slots that were shut for their day and are open under this calendar


def following(
    work: Work, days: Collection[date], calendar: WorkdayCalendar, *, now: datetime, only: Resource | None = None
) -> list[Followed]:
    """Times that were made for a working day which is none any more, or the other way round. Three statements, and two
    a resource that has any."""
    days = {day for day in days if day >= local_date(now)}
    if not days:
        return []
    query = (
        select(ResourceOpening.resource_id)
        .join(Resource, Resource.id == ResourceOpening.resource_id)
        .where(Resource.active)
    )
    if only is not None:
        query = query.where(Resource.id == only.id)
    found = []
    for resource_id in sorted(set(work.session.scalars(query))):
        rules = [rule for rule in openings_of(work, resource_id) if rule.days != "any"]
        if not rules:
            continue
        resource = work.session.get_one(Resource, resource_id)
        first, last = min(days), max(days)
        slots = work.session.scalars(
            select(Slot).where(
                Slot.resource_id == resource_id,
                Slot.starts_at > now,
                Slot.starts_at >= written.start_of(first),
                Slot.starts_at < written.start_of(last + timedelta(days=1)),
            )
        ).all()
        here = {local_date(slot.starts_at) for slot in slots} & days
        if not here:
            continue
        every = openings_of(work, resource_id)
        closures = shut_of(work, resource_id)
        open_now = _starts(booking.slots(every, min(here), max(here), calendar, closures))
        before = _starts(booking.slots(rules, min(here), max(here), _Otherwise(calendar), closures))
        there = [slot for slot in slots if local_date(slot.starts_at) in here]
        gone = tuple(
            (slot.starts_at, slot.ends_at)
            for slot in there
            if not slot.closed and slot.starts_at in before and slot.starts_at not in open_now
        )
        again = tuple(
            slot.id for slot in there if slot.closed and slot.starts_at in open_now and _by_day(rules, slot, calendar)
        )
        if gone or again:
            found.append(Followed(resource, gone, again))
    return found


def _starts(slots: Sequence[booking.Slot]) -> set[datetime]:
    return {slot.starts_at for slot in slots}


def _by_day(rules: Sequence[Opening], slot: Slot, calendar: WorkdayCalendar) -> bool:
    """Whether it is a rule of working days, or of days off, that opens it."""
    day = local_date(slot.starts_at)
    return slot.starts_at in _starts(booking.slots(rules, day, day, calendar))


def count_hit(work: Work, found: Sequence[Followed], *, now: datetime) -> int:
    """How many bookings that would move or call off."""
    return sum(len(_hit(work, one.resource.id, one.gone, now)) for one in found if one.gone)


def follow(work: Work, found: Sequence[Followed], reason: str, *, by: Actor, now: datetime) -> int:
    """Those times are shut, and open again; whoever booked is moved or told. How many bookings."""
    n = 0
    for one in found:
        if one.again:
            work.session.execute(
                update(Slot).where(Slot.id.in_(one.again)).values(closed=False),
                execution_options={"synchronize_session": "fetch"},
            )
            open_again = work.session.scalars(select(Slot).where(Slot.id.in_(one.again)).order_by(Slot.starts_at)).all()
            appointments.offer_all(work, one.resource, open_again, now=now)
        if one.gone:
            n += len(shut(work, one.resource, one.gone, reason, by=by, now=now))
        facts = {"resource": one.resource.code, "shut": len(one.gone), "open": len(one.again)}
        audit.record(work, audit.Kind.RESOURCE_CLOSED, by=by, now=now, facts=facts)
    return n


def resources_tonight(work: Work, *, now: datetime) -> list[int]:
    """Those of which a calendar has changed something that came with the program, or that another process had not read
    yet when it made its times."""
    return [one.resource.id for one in _tonight(work, now)]


def follow_tonight(work: Work, resource_id: int, *, now: datetime) -> int:
    """Its times follow the calendar. How many bookings moved."""
    found = [one for one in _tonight(work, now) if one.resource.id == resource_id]
    return follow(work, found, CALENDAR, by=SYSTEM, now=now)


def _tonight(work: Work, now: datetime) -> list[Followed]:
    last = work.session.scalar(select(func.max(Slot.starts_at)).where(Slot.starts_at > now))
    if last is None:
        return []
    today = local_date(now)
    days = {today + timedelta(days=n) for n in range((local_date(last) - today).days + 1)}
    known = {day for day in days if day.year in work.calendar.years}
    return following(work, known, work.calendar, now=now)
