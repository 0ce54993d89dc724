"""What people see of bookings: free times for residents, a week for the office, one booking, the calendar file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import icalendar
from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select, true
from sqlalchemy.orm import joinedload

from engine.booking.slots import ZONE
from engine.errors import NotFound
from engine.people import Actor, holders, masks, may
from engine.people.access import booked_for
from engine.people.bonds import Grant
from engine.reads import bonds, offering
from engine.reads.ordering import by_sound
from engine.store import Work
from engine.store.models import (
    Appointment,
    Duty,
    Meeting,
    OnlineBlock,
    Resource,
    ResourceOpening,
    Slot,
    Unit,
    User,
    Waiting,
)
from engine.workdays import UnknownYear


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that can be booked."""

    id: int
    code: str
    name: str
    unit: str
    address: str
    phone: str
    items: tuple[tuple[str, str], ...]  # (code, name)
    kind: str  # window, person, room, session, seat
    matter: str = ""  # whose process a booking starts
    offer: str = ""  # the declared offer it belongs to


@dataclass(frozen=True, slots=True)
class Day:
    """One day in the resident's calendar."""

    day: date
    workday: bool | None  # None: that year's calendar is not published yet
    times: int  # slots that day
    free: int  # seats that residents may take now
    kinds: tuple[str, ...]  # of the free ones


@dataclass(frozen=True, slots=True)
class Time:
    """One time of a day."""

    starts_at: datetime
    ends_at: datetime
    kind: str
    free: int


@dataclass(frozen=True, slots=True)
class Booked:
    """One booking, as this actor may see it."""

    id: int
    number: str
    code: str  # "" for those who may only look
    state: str
    version: int
    resource_id: int
    place: str
    address: str
    phone: str
    item: str
    bring: tuple[str, ...]  # what to bring for it
    starts_at: datetime
    ends_at: datetime
    kind: str
    name: str  # masked for staff
    person_phone: str  # masked
    channel: str
    duty: str
    case_id: int | None
    hold_until: datetime | None
    calls: int
    reason: str
    sequence: int
    row: bool = False  # of an offer whose bookings are rows: engine.reads.offers says the rest
    comes: str = ""  # whose it is, for somebody else than them
    meeting: bool = False  # of a case: the time is held for people whom the week does not name


def places(work: Work, *, item: str = "", staff: Actor | None = None, near: int | None = None) -> list[Place]:
    """Everything that residents may book (some opening rule has public places), optionally only where this item is
    done; for `staff`: whatever their units have, rooms and people's time too. What is nearest to the unit `near` (a
    village, its town, the county) comes first."""
    rows = work.session.execute(
        select(Resource, Unit).join(Unit, Unit.id == Resource.unit_id).where(Resource.active).order_by(Resource.id)
    ).all()
    if staff is not None:
        rows = [row for row in rows if row[1].id in staff.realm]
    else:
        rules = work.session.execute(select(ResourceOpening.resource_id, ResourceOpening.rule)).all()
        public = {resource_id for resource_id, rule in rules if rule.get("public")}
        rows = [row for row in rows if row[0].id in public and (row[0].matter or not row[0].offer)]
    found = []
    home = work.session.get(Unit, near) if near is not None else None

    def order(row: tuple[Resource, Unit]) -> tuple[int, bytes, bytes, int]:
        shared = len(os.path.commonprefix([home.path.split("/"), row[1].path.split("/")])) if home is not None else 0
        return -shared, by_sound(row[0].name), by_sound(row[1].name), row[0].id

    for resource, unit in sorted(rows, key=order):
        items = tuple((str(i.get("code")), str(i.get("name"))) for i in resource.items)
        if not item or any(code == item for code, _ in items):
            found.append(
                Place(
                    resource.id,
                    resource.code,
                    resource.name,
                    unit.name,
                    unit.address,
                    unit.phone,
                    items,
                    resource.kind,
                    resource.matter,
                    resource.offer,
                )
            )
    return found


def next_times(work: Work, ids: Sequence[int], *, now: datetime) -> dict[int, datetime]:
    """The next time of each of these that has a public place and may still be booked; one statement."""
    closing = {key: what.offer for key, what in offering.declared(work).items() if what.offer.cut_off}
    late = [
        and_(Resource.offer == key, Slot.starts_at < offering.opens_from(offer, now)) for key, offer in closing.items()
    ]
    rows = work.session.execute(
        select(Slot.resource_id, func.min(Slot.starts_at))
        .join(Resource, Resource.id == Slot.resource_id)
        .where(
            Slot.resource_id.in_(ids),
            Slot.starts_at > now,
            *(not_(one) for one in late),
            Slot.closed.is_(False),
            Slot.public_taken < Slot.public_capacity,
        )
        .group_by(Slot.resource_id)
    )
    return {resource_id: at for resource_id, at in rows}


def _opens_from(work: Work, resource_id: int, now: datetime) -> datetime:
    """Before which beginning none of its times can be booked any more: an offer may close some time before."""
    resource = work.session.get(Resource, resource_id) if resource_id else None
    what = offering.declared(work).get(resource.offer) if resource is not None and resource.offer else None
    return offering.opens_from(what.offer, now) if what is not None else now


def days(work: Work, resource_id: int, first: date, last: date, *, now: datetime) -> list[Day]:
    """Every day from `first` to `last` with its free seats. One statement; expired holds count as taken until swept.
    What begins too soon to be booked any more is left out."""
    left = case((Slot.closed, 0), else_=Slot.public_capacity - Slot.public_taken)
    rows = work.session.execute(
        select(Slot.starts_at, Slot.kind, left.label("left")).where(
            Slot.resource_id == resource_id,
            Slot.starts_at > now,
            Slot.starts_at >= _opens_from(work, resource_id, now),
            Slot.starts_at >= _midnight(first),
            Slot.starts_at < _midnight(last + timedelta(days=1)),
        )
    ).all()
    found: dict[date, list[tuple[str, int]]] = {}
    for starts_at, kind, free in rows:
        found.setdefault(starts_at.astimezone(ZONE).date(), []).append((kind, free))
    out = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        times = found.get(day, [])
        kinds = tuple(dict.fromkeys(kind for kind, free in times if free > 0))
        out.append(Day(day, _workday(work, day), len(times), sum(max(f, 0) for _, f in times), kinds))
    return out


def times(work: Work, resource_id: int, day: date, *, now: datetime) -> list[Time]:
    """The times of one day that may still be booked, full ones too."""
    rows = work.session.scalars(
        select(Slot)
        .where(
            Slot.resource_id == resource_id,
            Slot.starts_at > now,
            Slot.starts_at >= _opens_from(work, resource_id, now),
            Slot.starts_at >= _midnight(day),
            Slot.starts_at < _midnight(day + timedelta(days=1)),
            Slot.closed.is_(False),
        )
        .order_by(Slot.starts_at)
    )
    return [Time(s.starts_at, s.ends_at, s.kind, s.public_capacity - s.public_taken) for s in rows]


def mine(work: Work, actor: Actor, *, past: bool = False, now: datetime) -> list[Booked]:
    """The actor's own bookings: those to come (and held), or the last fifty that are over."""
    by_bond = [_by_bond(g) for g in actor.grants if g.case_id is None and {"book", "see"} & g.lets]
    query = _query().where(or_(Appointment.user_id == actor.id, *by_bond))
    if past:
        query = query.where(
            (Appointment.ends_at <= now) | Appointment.state.in_(["cancelled", "no_show", "expired", "served"])
        )
        query = query.order_by(Appointment.starts_at.desc()).limit(50)
    else:
        query = query.where(
            Appointment.ends_at > now, Appointment.state.in_(["held", "confirmed", "checked_in", "called"])
        ).order_by(Appointment.starts_at)
    return [_booked(row, actor) for row in work.session.scalars(query) if may(actor, "see", row)]


def _by_bond(grant: Grant) -> ColumnElement[bool]:
    """关系: bookings of somebody who lets them see or book. A little wide: `may` judges each, name and all."""
    what = [Appointment.matter == ""] if grant.offers is not None or grant.matters is None else []
    what.append(Appointment.matter.in_(sorted(grant.matters)) if grant.matters is not None else true())
    return and_(bonds.theirs(grant, Appointment), or_(*what))


def one(work: Work, actor: Actor, appointment_id: int) -> Booked:
    """One booking that the actor may see."""
    row = work.session.scalar(_query().where(Appointment.id == appointment_id))
    if row is None or not may(actor, "see", row):
        raise NotFound("没有这个预约。", "There is no such booking.")
    return _booked(row, actor)


def by_code(work: Work, actor: Actor, code: str) -> Booked:
    """The booking of a QR code or number."""
    row = work.session.scalar(_query().where((Appointment.code == code) | (Appointment.number == code.upper())))
    if row is None or not may(actor, "see", row):
        raise NotFound("没有找到这个预约码。", "No booking has this code.")
    return _booked(row, actor)


def board(work: Work, actor: Actor, first: date, last: date) -> list[Booked]:
    """The office's bookings of these days, in order of time."""
    query = (
        _query()
        .where(
            Resource.unit_id.in_(actor.realm),
            Appointment.starts_at >= _midnight(first),
            Appointment.starts_at < _midnight(last + timedelta(days=1)),
            Appointment.state.not_in(["expired", "cancelled"]),
        )
        .join(Resource, Resource.id == Appointment.resource_id)
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return _meetings_once(work, [_booked(row, actor) for row in work.session.scalars(query)])


def _meetings_once(work: Work, rows: list[Booked]) -> list[Booked]:
    """A meeting books its room and everybody who leads it: on the week it is one line, with its place and who leads
    it."""
    meetings = {
        appointment_id: (meeting_id, place)
        for appointment_id, meeting_id, place in work.session.execute(
            select(Appointment.id, Meeting.id, Meeting.place)
            .join(Meeting, Meeting.id == Appointment.meeting_id)
            .where(Appointment.id.in_([r.id for r in rows if not r.name]))
        ).all()
    }
    leading: dict[int, list[str]] = {}
    for row in rows:
        if row.id in meetings and row.duty not in leading.setdefault(meetings[row.id][0], []):
            leading[meetings[row.id][0]].append(row.duty)
    out, seen = [], set()
    for row in rows:
        if row.id not in meetings:
            out.append(row)
        elif meetings[row.id][0] not in seen:
            meeting_id, place = meetings[row.id]
            seen.add(meeting_id)
            out.append(replace(row, place=place, duty="、".join(leading[meeting_id]), meeting=True))
    return out


@dataclass(frozen=True, slots=True)
class Load:
    """How full a resource is on a day."""

    resource_id: int
    name: str
    kind: str
    day: date
    capacity: int
    taken: int
    closed: int


def load(work: Work, actor: Actor, first: date, last: date) -> list[Load]:
    """Seats and bookings of the actor's units, a row a resource and day."""
    rows = work.session.execute(
        select(Resource.id, Resource.name, Resource.kind, Slot)
        .join(Slot, Slot.resource_id == Resource.id)
        .where(
            Resource.unit_id.in_(actor.realm),
            Slot.starts_at >= _midnight(first),
            Slot.starts_at < _midnight(last + timedelta(days=1)),
        )
    ).all()
    totals: dict[tuple[int, str, str, date], list[int]] = {}
    for resource_id, name, kind, slot in rows:
        sums = totals.setdefault((resource_id, name, kind, slot.starts_at.astimezone(ZONE).date()), [0, 0, 0])
        sums[0] += 0 if slot.closed else slot.public_capacity + slot.staff_capacity
        sums[1] += slot.public_taken + slot.staff_taken
        sums[2] += slot.closed
    return [Load(*key, *sums) for key, sums in sorted(totals.items(), key=lambda item: (item[0][3], item[0][0]))]


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Someone on the roster."""

    id: int
    user_id: int
    name: str
    starts_at: datetime
    ends_at: datetime


def roster(work: Work, actor: Actor, first: date, last: date) -> list[OnDuty]:
    """Who is on duty in the actor's units."""
    rows = work.session.execute(
        select(Duty, User)
        .join(User, User.id == Duty.user_id)
        .where(
            Duty.unit_id.in_(actor.realm),
            Duty.ends_at > _midnight(first),
            Duty.starts_at < _midnight(last + timedelta(days=1)),
        )
        .order_by(Duty.starts_at)
    ).all()
    return [OnDuty(d.id, u.id, u.name, d.starts_at, d.ends_at) for d, u in rows]


def may_be_on_duty(work: Work, actor: Actor, *, on: date) -> list[tuple[int, str]]:
    """The people of the actor's own units who may be put on duty, by name."""
    units_ = {p.unit_id for p in actor.positions}
    ids = {user for unit in units_ for user in holders.of(work, unit, on=on)}
    rows = work.session.execute(select(User.id, User.name).where(User.id.in_(ids))).all()
    return sorted(((id, name) for id, name in rows), key=lambda one: one[1])


def at(day: str, clock: str) -> datetime | None:
    """A moment that a page sent as a day and a time of the hall; None: not one."""
    try:
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), ZONE)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Waits:
    """A place on a waiting list, for the person or who may book for them."""

    id: int
    resource_id: int
    place: str
    day: date
    role: str
    state: str  # waiting; offered: a place is kept, to be confirmed
    appointment_id: int | None  # the place that is kept
    who: str  # whose it is, for somebody else than them
    mine: bool  # the reader may give it up


def waiting(work: Work, actor: Actor) -> list[Waits]:
    """Where the actor waits for a place, and those who let them book or see that."""
    by_bond = [bonds.theirs(g, Waiting) for g in actor.grants if g.case_id is None and {"book", "see"} & g.lets]
    rows = work.session.execute(
        select(Waiting, User.name)
        .outerjoin(User, User.id == Waiting.user_id)
        .where(or_(Waiting.user_id == actor.id, *by_bond), Waiting.state.in_(["waiting", "offered"]))
        .options(joinedload(Waiting.resource))
        .order_by(Waiting.day, Waiting.id)
    ).all()
    return [
        Waits(
            row.id,
            row.resource_id,
            row.resource.name,
            row.day,
            row.role,
            row.state,
            row.appointment_id,
            "" if row.user_id == actor.id else row.name or name or "",
            may(actor, "work", row),
        )
        for row, name in rows
        if may(actor, "see", row)
    ]


def block_of(work: Work, actor: Actor, *, now: datetime) -> OnlineBlock | None:
    """Whether the actor's online booking is shut, and until when."""
    return work.session.scalar(
        select(OnlineBlock)
        .where(OnlineBlock.user_id == actor.id, OnlineBlock.until_at > now, OnlineBlock.lifted.is_(False))
        .order_by(OnlineBlock.until_at.desc())
        .limit(1)
    )


def reviews(work: Work, actor: Actor) -> list[OnlineBlock]:
    """Requests for review that wait for a supervisor."""
    rows = work.session.scalars(
        select(OnlineBlock)
        .where(OnlineBlock.asked_at.is_not(None), OnlineBlock.reviewed_at.is_(None))
        .order_by(OnlineBlock.asked_at)
    )
    return [row for row in rows if may(actor, "supervise", row)]


def counts(work: Work, actor: Actor, day: date) -> dict[str, int]:
    """How many bookings of that day are in which state, in the actor's units."""
    rows = work.session.execute(
        select(Appointment.state, func.count())
        .join(Resource, Resource.id == Appointment.resource_id)
        .where(
            Resource.unit_id.in_(actor.realm),
            Appointment.starts_at >= _midnight(day),
            Appointment.starts_at < _midnight(day + timedelta(days=1)),
        )
        .group_by(Appointment.state)
    ).all()
    return {state: number for state, number in rows}


def calendar_file(booked: Booked, *, now: datetime) -> bytes:
    """The booking as an .ics file (RFC 5545): one event with a reminder two hours before; a change keeps the UID and
    raises the sequence, a cancelled one says so. Nothing personal is in it but the number."""
    event = icalendar.Event()
    event.add("uid", f"{booked.number}@yizhan")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", booked.starts_at.astimezone(UTC))
    event.add("dtend", booked.ends_at.astimezone(UTC))
    event.add("summary", f"到{booked.place}办事")
    event.add("description", f"预约编号 {booked.number}。请带本人身份证件，到场后出示预约码。")
    event.add("location", booked.address or booked.place)
    event.add("sequence", booked.sequence)
    event.add("status", "CANCELLED" if booked.state in ("cancelled", "expired", "no_show") else "CONFIRMED")
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", f"两小时后到{booked.place}办事")
    alarm.add("trigger", timedelta(hours=-2))
    event.add_component(alarm)
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Yizhan//appointments//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _query() -> Select[Appointment]:
    return select(Appointment).options(
        joinedload(Appointment.resource).joinedload(Resource.unit), joinedload(Appointment.duty)
    )


#: What whoever comes to a counter brings, whatever it is about.
ALWAYS = ("本人身份证件",)


def bring(row: Appointment) -> list[str]:
    """What to bring to a counter for what the booking is about; nothing to where nobody chooses what it is about."""
    if not row.resource.items:
        return []
    more = next((one.get("bring") or () for one in row.resource.items if str(one.get("code")) == row.item), ())
    return [*ALWAYS, *(str(one) for one in more)]


def _booked(row: Appointment, actor: Actor) -> Booked:
    # Whoever may move it for them reads it as they do (关系).
    own = actor.id is not None and (row.user_id == actor.id or booked_for(actor, "work", row) is not None)
    names = {str(i.get("code")): str(i.get("name")) for i in row.resource.items}
    return Booked(
        id=row.id,
        number=row.number,
        code=row.code if own or may(actor, "serve", row) else "",
        state=row.state,
        version=row.version,
        resource_id=row.resource_id,
        place=row.resource.name,
        address=row.resource.unit.address,
        phone=row.resource.unit.phone,
        item=names.get(row.item, row.item),
        bring=tuple(bring(row)),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        kind=row.kind,
        name=row.name if own else masks.name(row.name),
        person_phone=masks.phone(row.phone),
        channel=row.channel,
        duty=row.duty.name if row.duty is not None else "",
        case_id=row.case_id,
        hold_until=row.hold_until,
        calls=row.calls,
        reason=row.reason,
        sequence=row.sequence,
        row=bool(row.resource.offer) and not row.resource.matter,
        comes="" if row.user_id == actor.id or actor.kind == "staff" else row.name if own else masks.name(row.name),
    )


def _workday(work: Work, day: date) -> bool | None:
    try:
        return work.calendar.is_workday(day)
    except UnknownYear:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, ZONE).astimezone(UTC)
