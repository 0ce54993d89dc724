"""Meetings of a case: which are planned and held, who can lead one, and when a room and those who lead it are free."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from engine import forms, matters
from engine.matters.taking_part import Role
from engine.store import Work
from engine.store.models import Holding, Meeting, Post, Resource, ResourceClosure, ResourceOpening, Slot, Unit, User
from engine.workdays import ZONE, UnknownYear, local_date, say

#: What a choice offers when its options are the rooms of the matter.
ROOMS = "rooms"
#: How many other times are named, and how many days ahead they are looked for.
OFFERS, OFFER_DAYS = 4, 14
#: Between these hours a meeting outside a room is offered.
DAY_FROM, DAY_UNTIL = time(9), time(17)


def time_code(user_id: int) -> str:
    """The resource that stands for a person's time: one, whatever they lead."""
    return f"time-{user_id}"


def people_of(work: Work, post: str) -> list[User]:
    """Everybody in the county who holds this post, in order of name."""
    return sorted({user.id: user for user, _unit in _posted(work, post)}.values(), key=lambda u: (u.name, u.id))


def _posted(work: Work, post: str) -> list[tuple[User, str]]:
    """Everybody who holds a post, with each unit where they do."""
    rows = work.session.execute(
        select(User, Unit.name)
        .join(Holding, Holding.user_id == User.id)
        .join(Post, Post.id == Holding.post_id)
        .join(Unit, Unit.id == Holding.unit_id)
        .where(Post.code == post, User.disabled_at.is_(None), User.kind == "staff")
        .order_by(Unit.id, User.id)
    )
    return [(user, unit) for user, unit in rows]


def room_of(work: Work, matter: str, place: str) -> Resource | None:
    """The room of this matter with this name; None: a place that nobody books (a home, the site)."""
    return work.session.scalar(
        select(Resource).where(
            Resource.kind == "room", Resource.matter == matter, Resource.name == place, Resource.active
        )
    )


def rooms(work: Work, matter: str) -> list[Resource]:
    """The rooms in which this matter's meetings are held."""
    return list(
        work.session.scalars(
            select(Resource)
            .where(Resource.kind == "room", Resource.matter == matter, Resource.active)
            .order_by(Resource.id)
        )
    )


def offering(work: Work, form: forms.Form, matter: matters.Package, *, drawn: bool = False) -> forms.Form:
    """The form, with what the hall has: the rooms that can be booked now, before the places nobody books, wherever a
    choice says `offers: rooms`; and when it is `drawn` for a person, the county's people of a role with their units
    instead of a name to type, where a field says `offers: <role>` (what is sent is checked by name, and told who there
    are)."""
    roles = offered_roles(form, matter) if drawn else {}
    wants_rooms = any(one.properties.get("offers") == ROOMS for _path, one in form.walk())
    if not wants_rooms and not roles:
        return form
    schema = copy.deepcopy(dict(form.schema))
    names = [room.name for room in rooms(work, matter.name)] if wants_rooms else []
    people = {name: _by_name(work, role.post) for name, role in roles.items()}

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
                    "values": [{"value": n, "label": f"{n}（{'、'.join(at)}）"} for n, at in people[offers].items()],
                }

    fill(schema["components"])
    return forms.load(json.dumps(schema), form.id)


def offered_roles(form: forms.Form, matter: matters.Package) -> dict[str, Role]:
    """The roles of staff whose people a field of this form offers."""
    wanted = {one.properties.get("offers") for _path, one in form.walk()}
    return {name: role for name, role in matter.info.parties.items() if role.post and name in wanted}


def _by_name(work: Work, post: str) -> dict[str, list[str]]:
    """The names of those who hold a post, each with the units where somebody of that name holds it."""
    found: dict[str, list[str]] = {}
    for user, unit in _posted(work, post):
        found.setdefault(user.name, []).append(unit)
    return found


def planned(work: Work, case_id: int) -> Meeting | None:
    """The meeting that is to come."""
    return work.session.scalar(select(Meeting).where(Meeting.case_id == case_id, Meeting.state == "planned"))


def of_case(work: Work, case_id: int) -> list[Meeting]:
    """Every meeting of a case, oldest first."""
    return list(work.session.scalars(select(Meeting).where(Meeting.case_id == case_id).order_by(Meeting.id)))


def said(at: datetime) -> str:
    """A moment as people say it: 9月22日（周二）15:00."""
    return f"{say(local_date(at))}{at.astimezone(ZONE):%H:%M}"


def free_times(
    work: Work, people: Sequence[User], room: Resource | None, minutes: int, *, after: datetime, most: int = OFFERS
) -> list[datetime]:
    """The next beginnings at which the room (or, without one, an office hour) and all these people are free."""
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
