"""Meetings of a case: which are planned and held, in which rooms, and when a room and those who lead it are free."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from engine import forms
from engine.matters import Package
from engine.matters.nouns.offers import Offer
from engine.people import leaves
from engine.reads import choosable
from engine.store import Work
from engine.store.models import Appointment, Leave, Meeting, Resource, ResourceClosure, ResourceOpening, Slot, User
from engine.workdays import ZONE, UnknownYear, local_date, say

#: What a choice offers when its options are the rooms of the matter.
ROOMS = "rooms"
#: How many other times are named, and how many days ahead they are looked for.
OFFERS, OFFER_DAYS = 4, 14
#: Between these hours a meeting outside a room is offered.
DAY_FROM, DAY_UNTIL = time(9), time(17)


#: Before a user's id, the code of the resource that stands for their time.
TIME = "time-"


def time_code(user_id: int) -> str:
    """The resource that stands for a person's time: one, whatever they lead."""
    return f"{TIME}{user_id}"


def held(package: Package, kind: str) -> list[str]:
    """The keys of the offers of a kind (room, time) that this matter's meetings hold."""
    holds = package.info.meeting.holds if package.info.meeting is not None else ()
    known = package.declared("offers")
    return [
        known[name].key
        for name in holds
        if name in known and isinstance(offer := known[name].what, Offer) and offer.kind == kind
    ]


def rooms(work: Work, package: Package) -> list[Resource]:
    """The rooms in which this matter's meetings are held. A version of before meetings said what they hold has them
    all."""
    meeting = package.info.meeting
    offers = tuple(held(package, "room")) if meeting is not None and meeting.holds else None
    # The form that offers them and the effect that takes one ask in one transaction: it is read once.
    known: dict[Any, list[Resource]] = work.session.info.setdefault("rooms", {})
    if offers not in known:
        known[offers] = _rooms(work, offers)
    return known[offers]


def _rooms(work: Work, offers: Sequence[str] | None) -> list[Resource]:
    query = select(Resource).where(Resource.kind == "room", Resource.active).order_by(Resource.id)
    if offers is not None:
        query = query.where(Resource.offer.in_(offers))
    return list(work.session.scalars(query))


def room_of(work: Work, package: Package, place: str) -> Resource | None:
    """The room with this name; None: a place that nobody books (a home, the site)."""
    return next((room for room in rooms(work, package) if room.name == place), None)


def offering(work: Work, form: forms.Form, package: Package, *, on: date, drawn: bool = False) -> forms.Form:
    """The form, with what the hall has: the rooms that can be booked now, before the places nobody books, wherever a
    choice says `offers: rooms`; and when it is `drawn` for a person, those who can be chosen for a role instead of a
    name to type, where a field says `offers: <role>` (what is sent is checked, and told who there are)."""
    roles = choosable.offered_roles(form, package) if drawn else {}
    wants_rooms = any(one.properties.get("offers") == ROOMS for _path, one in form.walk())
    if not wants_rooms and not roles:
        return form
    schema = copy.deepcopy(dict(form.schema))
    names = [room.name for room in rooms(work, package)] if wants_rooms else []
    people = {name: choosable.of_role(work, package, role, on=on) for name, role in roles.items()}

    def fill(components: list[dict[str, Any]]) -> None:
        for one in components:
            fill(one.get("components") or [])
            offers = str((one.get("properties") or {}).get("offers") or "")
            if offers == ROOMS:
                places = [v for v in one["values"] if v["value"] not in names]
                one["values"] = [*({"value": n, "label": n} for n in names), *places]
            if people.get(offers):
                one.pop("validate", None)
                one |= {
                    "type": "select",
                    "validate": {"required": True},
                    "values": [
                        {"value": p.said, "label": f"{p.user.name}（{p.where}）" if p.where else p.said}
                        for p in people[offers]
                    ],
                }

    fill(schema["components"])
    return forms.load(json.dumps(schema), form.id)


def planned(work: Work, case_id: int) -> Meeting | None:
    """The meeting that is to come."""
    return work.session.scalar(select(Meeting).where(*_planned(case_id)))


def planned_with(work: Work, case_id: int) -> tuple[Meeting | None, list[Appointment]]:
    """The same, with the bookings of all that it holds."""
    rows = work.session.execute(
        select(Meeting, Appointment)
        .outerjoin(Appointment, Appointment.meeting_id == Meeting.id)
        .where(*_planned(case_id))
        .options(joinedload(Appointment.resource))
        .order_by(Appointment.id)
    ).all()
    return (rows[0][0] if rows else None), [row[1] for row in rows if row[1] is not None]


def _planned(case_id: int) -> tuple[ColumnElement[bool], ...]:
    return Meeting.case_id == case_id, Meeting.state == "planned"


def of_case(work: Work, case_id: int) -> list[Meeting]:
    """Every meeting of a case, oldest first."""
    return list(work.session.scalars(select(Meeting).where(Meeting.case_id == case_id).order_by(Meeting.id)))


def said(at: datetime) -> str:
    """A moment as people say it: 9月22日（周二）15:00."""
    return f"{say(local_date(at))}{at.astimezone(ZONE):%H:%M}"


def free_times(
    work: Work,
    people: Sequence[User],
    room: Resource | None,
    minutes: int,
    *,
    matter: str,
    after: datetime,
    most: int = OFFERS,
) -> list[datetime]:
    """The next beginnings at which the room (or, without one, an office hour) and all these people are free: nobody of
    them is on leave from this matter."""
    until, length = after + timedelta(days=OFFER_DAYS), timedelta(minutes=minutes)
    codes = [time_code(p.id) for p in people]
    persons = {r.id: r for r in work.session.scalars(select(Resource).where(Resource.code.in_(codes)))}
    ids = [*persons, *([room.id] if room else [])]
    slots = work.session.scalars(
        select(Slot).where(Slot.resource_id.in_(ids), Slot.ends_at > after, Slot.starts_at < until + length)
    ).all()
    shut = [
        (c.starts_at, c.ends_at)
        for c in work.session.scalars(select(ResourceClosure).where(ResourceClosure.resource_id.in_(list(persons))))
    ]
    shut += [
        (one.from_at, one.until_at)
        for one in work.session.scalars(
            select(Leave).where(Leave.user_id.in_([p.id for p in people]), leaves.during(after, until + length))
        )
        if leaves.about(one, matter)
    ]
    ruled = set(
        work.session.scalars(select(ResourceOpening.resource_id).where(ResourceOpening.resource_id.in_(list(persons))))
    )
    open_at: dict[int, set[tuple[datetime, datetime]]] = {i: set() for i in ids}
    for slot in slots:
        full = slot.staff_taken >= slot.staff_capacity and slot.public_taken >= slot.public_capacity
        if slot.closed or full:
            if slot.resource_id in persons:
                shut.append((slot.starts_at, slot.ends_at))
        else:
            open_at[slot.resource_id].add((slot.starts_at, slot.ends_at))
    begins = sorted(s for s, _ in open_at[room.id]) if room else list(_office_hours(work, after, until, minutes))
    found: list[datetime] = []
    for at in begins:
        if at <= after or any(a < at + length and b > at for a, b in shut):
            continue
        if room is not None and not _covers(open_at[room.id], at, at + length):
            continue
        if all(_covers(open_at[i], at, at + length) for i in ruled):
            found.append(at)
            if len(found) == most:
                break
    return found


def _covers(pieces: Iterable[tuple[datetime, datetime]], start: datetime, end_at: datetime) -> bool:
    ends = dict(pieces)
    while start < end_at:
        if start not in ends:
            return False
        start = ends[start]
    return start == end_at


def _office_hours(work: Work, after: datetime, until: datetime, minutes: int) -> Iterable[datetime]:
    day: date = local_date(after)
    while day <= local_date(until):
        try:
            works = work.calendar.is_workday(day)
        except UnknownYear:
            return
        at = datetime.combine(day, DAY_FROM, ZONE)
        while works and at + timedelta(minutes=minutes) <= datetime.combine(day, DAY_UNTIL, ZONE):
            yield at.astimezone(UTC)
            at += timedelta(minutes=60)
        day += timedelta(days=1)
