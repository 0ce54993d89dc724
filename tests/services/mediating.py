"""What a hall needs for 说事评理: mediators, and a room that is open whenever somebody might meet."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine import matters, people
from engine.commands import booking, register_rows
from engine.people import holders
from engine.reads.knowing import Person
from engine.store import keys
from engine.store.models import Holding, Post, Resource, ResourceOpening, User
from tests.cast import ROOT

ROOM = "说事评理室"
#: The roll that mediators are chosen from.
ROLL = matters.load(ROOT, "tiaojie").declared("registers")["mediator"]
NAMES = ("赖炳根", "苏清福", "涂世明")


def post_of(work: Any) -> Post:
    found = work.session.scalar(select(Post).where(Post.code == "mediator"))
    if found is None:
        found = Post(code="mediator", name="人民调解员", name_en="mediator", role="clerk")
        work.session.add(found)
        work.session.flush()
    return found


def hire_mediators(work: Any, unit_id: int, now: datetime, names: tuple[str, ...] = NAMES) -> dict[str, int]:
    """People with the post of a mediator at this unit, on the roll; name -> id. Who is there already stays."""
    post, made = post_of(work), {}
    known = {u.name: u.id for u in work.session.scalars(select(User).join(Holding).where(Holding.post_id == post.id))}
    for n, name in enumerate(names, len(known)):
        if name in known:
            made[name] = known[name]
            register_rows.put(work, ROLL, {}, by=people.SYSTEM, now=now, whom=Person(name, None, None, known[name]))
            continue
        phone = f"1370000{n:04d}"
        user = User(
            kind="staff",
            login=f"mediator{n}",
            name=name,
            phone=phone,
            phone_index=keys.blind("phone", phone),
            created_at=now,
        )
        work.session.add(user)
        work.session.flush()
        work.session.add(Holding(user_id=user.id, unit_id=unit_id, post_id=post.id))
        made[name] = user.id
        register_rows.put(work, ROLL, {}, by=people.SYSTEM, now=now, whom=Person(name, phone, None, user.id))
    work.session.flush()
    holders.forget(work)
    return made


def open_room(work: Any, unit_id: int, first: date, now: datetime, *, days: int = 90, name: str = ROOM) -> int:
    """A mediation room, open from nine to nine on any day in half hours."""
    room = Resource(
        code=f"mediation-{name}",
        unit_id=unit_id,
        kind="room",
        name=name,
        matter="",
        offer="mediation-room",
    )
    work.session.add(room)
    work.session.flush()
    rule = {
        "opens": "09:00",
        "closes": "21:00",
        "minutes": 30,
        "public": 0,
        "staff": 1,
        "kind": "normal",
        "days": "any",
    }
    work.session.add(ResourceOpening(resource_id=room.id, rule=rule))
    work.session.flush()
    booking.publish(work, room.id, first=first, last=first + timedelta(days=days), by=people.SYSTEM, now=now)
    return room.id
