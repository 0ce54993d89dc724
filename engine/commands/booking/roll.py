"""A roll (名单): staff book many people for one time on one screen, from a register's list or typed. Who cannot have a
place is named with the reason and the others have theirs; who gets no text message is marked to be told by voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.commands import offer_rows
from engine.commands.booking import book as bookings
from engine.commands.booking import claim
from engine.commands.offer_rows import Wish
from engine.errors import FieldError, Invalid, NotNow
from engine.forms import written
from engine.people import Actor, may, require
from engine.reads import offers as reads
from engine.reads.knowing import Person
from engine.store import Work
from engine.store.models import Appointment

#: Most people of one roll.
MOST = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a roll. `voice`: they are told by voice, whatever telephone they have."""

    name: str
    phone: str = ""
    voice: bool = False
    person: Person | None = None  # who it is, when a register says so
    answers: Mapping[str, Any] | None = None  # of the offer's form, other than the roll's


@dataclass(frozen=True, slots=True)
class Rolled:
    """What became of one line."""

    name: str
    number: str = ""
    by_voice: bool = False
    why: str = ""
    why_en: str = ""


def book(
    work: Work,
    slot_id: int,
    people: Sequence[Listed],
    *,
    role: str = "",
    answers: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
) -> list[Rolled]:
    """Book all of them that can be: each by themselves. `answers`: what the offer asks, of all of them but those whose
    line has its own. Where the offer is another unit's, an agent books for the people of their own village.
    NotFound, NotYours, Invalid."""
    slot = offer_rows.find_slot(work, slot_id)
    theirs = may(by, "serve", slot.resource)
    if not theirs:
        require(by, "book", slot.resource)
    what = reads.of(work, slot.resource.offer)
    listed = [one for one in people if one.name.strip()]
    if not listed or len(listed) > MOST:
        zh, en = f"请写 1 到 {MOST} 个人，一人一行。", f"List 1 to {MOST} people, a line each."
        raise Invalid([FieldError("people", "名单", zh, en)])
    common = claim.check(work, what, answers or {}, now=now) if any(one.answers is None for one in listed) else {}
    out = []
    for one in listed:
        person = one.person or claim.known_person(work, one.name, one.phone)
        if not theirs and person.place_id not in by.realm:
            en = "They do not live where you work: their own agent books for them."
            out.append(Rolled(one.name, why="不是您这里的人，请由他那里的代办员订。", why_en=en))
            continue
        voice = one.voice or not (person.phone and written.takes_texts(person.phone))
        try:
            own = claim.check(work, what, one.answers, now=now) if one.answers is not None else common
            wish = Wish(slot_id, ((person, role),), answers=own)
            with work.session.begin_nested():
                made = offer_rows.book(work, [wish], channel="phone", by=by, now=now)[0]
        except Invalid as wrong:
            zh = "；".join(f"{field.label}：{field.zh}" for field in wrong.fields)
            out.append(Rolled(one.name, why=zh, why_en="; ".join(field.en for field in wrong.fields)))
            continue
        except NotNow as refused:
            out.append(Rolled(one.name, why=refused.zh, why_en=refused.en))
            continue
        if voice:
            made.by_voice = "wanted"
        out.append(Rolled(one.name, made.number, voice))
    return out


def told(work: Work, appointment_id: int, *, by: Actor, now: datetime) -> Appointment:
    """It was read out to them (念给听): by the desk, or by the agent who booked it."""
    made = bookings.find(work, appointment_id, "see", by=by)
    if not may(by, "serve", made):
        require(by, "book", made)
    if made.by_voice == "wanted":
        made.by_voice = "told"
    return made
