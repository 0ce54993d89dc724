"""Taking a place of an offer whose bookings are rows: a person, or a team with its members, by the offer's own form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import feel, forms
from engine.commands import offer_rows
from engine.commands.offer_rows import Wish
from engine.errors import FieldError, Invalid, NotYours
from engine.people import Actor, require
from engine.reads import knowing
from engine.reads import offers as reads
from engine.reads.knowing import Person
from engine.store import Work, keys
from engine.store.models import Appointment, User

#: Most people of one team.
MOST = 60


def book(
    work: Work,
    slot_id: int,
    *,
    role: str = "",
    answers: Mapping[str, Any] | None = None,
    person: Person | None = None,
    team: str = "",
    members: Sequence[tuple[str, str, str]] = (),
    channel: str = "online",
    by: Actor,
    now: datetime,
) -> Appointment:
    """Book one time, at once. Online for oneself; staff of the unit for `person`. A team: its name and its members
    (name, telephone, role), whom the one who books answers for and is one of when listed.

    Raises NotFound, NotNow (full, too late, not fit: with the reason), NotYours, Invalid (the form)."""
    slot = offer_rows.find_slot(work, slot_id)
    if channel == "online":
        if by.id is None or by.kind == "system":
            raise NotYours("请先登录再预订。", "Log in to book.")
        leader = knowing.of_user(work.session.get_one(User, by.id))
    else:
        require(by, "serve", slot.resource)
        if person is None:
            raise Invalid([FieldError("name", "姓名", "请填写来的人的姓名和电话。", "Give the name and telephone.")])
        leader = known_person(work, person.name, person.phone or "")
    what = reads.of(work, slot.resource.offer)
    given = check(work, what, answers or {}, now=now)
    listed: list[tuple[Person, str]] = [(leader, role)]
    if team:
        listed = [(known_person(work, name, phone), of) for name, phone, of in members if name.strip()]
        if not listed or len(listed) > MOST:
            zh, en = f"请写 1 到 {MOST} 名队员，一人一行。", f"List 1 to {MOST} members, a line each."
            raise Invalid([FieldError("members", "队员", zh, en)])
        # Who books answers for the team: the booking is theirs, whether or not they come themselves.
        listed.sort(key=lambda one: one[0].index != leader.index)
    wish = Wish(slot.id, tuple(listed), team.strip(), given, leader)
    return offer_rows.book(work, [wish], channel=channel, by=by, now=now)[0]


def check(work: Work, what: reads.Declared, answers: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """The answers of the offer's form; {} for what asks nothing."""
    if not what.offer.ask:
        return {}
    env = feel.Env(now=now, calendar=work.calendar)
    return forms.check(what.package.form(what.offer.ask), answers, env=env)


def known_person(work: Work, name: str, phone: str) -> Person:
    """Somebody by name and telephone: their account when they have one under both, so that nobody counts twice."""
    name, phone = name.strip()[:40], phone.strip()[:20]
    if phone:
        user = work.session.scalar(
            select(User).where(User.phone_index == keys.blind("phone", phone), User.kind == "resident").limit(1)
        )
        if user is not None and user.name == name:
            return knowing.of_user(user)
    return Person(name, phone or None)
