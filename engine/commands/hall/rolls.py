"""名册一起办: whoever looks after a village takes one matter in for many of its people on one screen.

What is the same for all is answered once; who each is comes from the list, and every one has a case of their own, in a
transaction of its own: one that is refused says why and stops no other. Each is told by text message, or marked to be
told aloud (念给他听), and the mark goes when it was done. Nobody signs on that screen: what was taken in as their agent
is marked (委托书还没签) until they do at the visit. A roll for a time that can be booked: booking/roll.py.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import forms
from engine.commands import cases
from engine.commands.booking.roll import Listed, Rolled
from engine.commands.cases.changing import change
from engine.commands.cases.finding import find_case
from engine.commands.effects.notices import say_to
from engine.errors import FieldError, Invalid, NotNow, Refused
from engine.forms import written
from engine.matters import Package
from engine.matters.info import Notice
from engine.people import Actor, require, units
from engine.reads.aloud import ALOUD
from engine.reads.knowing import Person
from engine.records import audit, library
from engine.store import Database, Work
from engine.store.models import Case

log = logging.getLogger("yizhan.rolls")

#: Most people of one roll: each is a whole case.
MOST = 60

TAKEN_IN = Notice(
    zh="{by}替您报了“{matter}”，编号 {number}。不是您要办的，请马上打电话 {phone} 说一声。",
    en="{by} applied for you: {matter}, number {number}. If you did not want it, ring {phone} at once.",
)


@dataclass(frozen=True, slots=True)
class Common:
    """What is the same for everybody of the roll."""

    matter: str
    channel: str  # agent, counter or phone
    answers: Mapping[str, Any]
    consent: bool  # each of them was asked, and agreed
    once: str  # the page's own key: sent twice, nobody has two cases


def own_paths(package: Package) -> frozenset[str]:
    """The fields that are not the same for all: who they are, and whatever somebody signs."""
    who, form = package.info.who, package.form(package.info.apply.form)
    known = {who.name, who.phone, who.id_number, who.place, who.born_on}
    signed = {path for path, one in form.walk() if one.properties.get("check") == "signature"}
    return frozenset((known | signed) - {""})


def take_in(database: Database, people: Sequence[Listed], common: Common, *, by: Actor, now: datetime) -> list[Rolled]:
    """A case for each of them that can have one. Invalid: nobody, or too many."""
    listed = [one for one in people if one.name.strip()]
    if not listed or len(listed) > MOST:
        zh, en = f"请勾 1 到 {MOST} 个人，再多分几次办。", f"Tick 1 to {MOST} people."
        raise Invalid([FieldError("people", "名单", zh, en)])
    return [_one(database, one, common, by, now) for one in listed]


def _one(database: Database, one: Listed, common: Common, by: Actor, now: datetime) -> Rolled:
    try:
        with database.unit_of_work() as work:
            return _taken_in(work, one, common, by, now)
    except Invalid as wrong:
        zh = "；".join(f"{field.label}：{field.zh}" if field.label else field.zh for field in wrong.fields)
        return Rolled(one.name, why=zh, why_en="; ".join(field.en for field in wrong.fields))
    except Refused as refused:
        return Rolled(one.name, why=refused.zh, why_en=refused.en)
    except Exception:  # whatever it is, it must not stop the others
        log.exception("one of a roll of %s failed", common.matter)
        en = "Something broke and was recorded; this one was not taken in."
        return Rolled(one.name, why="系统出了问题，已经记下，这一个没有收件。", why_en=en)


def _taken_in(work: Work, one: Listed, common: Common, by: Actor, now: datetime) -> Rolled:
    package = library.current(work, common.matter)
    person = one.person or Person(one.name.strip(), one.phone.strip() or None)
    place = units.place(work, person.place_id) if person.place_id is not None else None
    if place is not None and place.id not in by.realm:
        raise NotNow(f"{one.name}不是您这里的人。", "This person does not live where you work.")
    done = cases.receive(
        work,
        common.matter,
        _answers(package, common.answers, person),
        consent=common.consent,
        channel=common.channel,
        place=place,
        key=f"{common.once[:30]}:{person.index[:32]}",
        signed_later=True,
        by=by,
        now=now,
    )
    voice = one.voice or not (person.phone and written.takes_texts(person.phone))
    if done.case.received_at == now:
        tell = change(work, done.case, by=by, now=now, live=(), package=package)
        if voice:
            done.case.flags = [*done.case.flags, ALOUD]
        else:
            said = {"by": by.name}
            say_to(tell, f"{done.case.number}:roll", "rolled", TAKEN_IN, "applicant", facts=said, facts_en=said)
    return Rolled(one.name, done.case.number, voice)


def _answers(package: Package, common: Mapping[str, Any], person: Person) -> dict[str, Any]:
    """The common answers with this person's own in their places, and nothing of anybody else's."""
    own, who = own_paths(package), package.info.who
    answers = _without(common, own)
    for path, value in ((who.name, person.name), (who.phone, person.phone), (who.id_number, person.id_number)):
        if path and value:
            forms.put(answers, path, value)
    return answers


def _without(answers: Mapping[str, Any], paths: frozenset[str], prefix: str = "") -> dict[str, Any]:
    return {
        key: _without(value, paths, f"{prefix}{key}.") if isinstance(value, Mapping) else value
        for key, value in answers.items()
        if f"{prefix}{key}" not in paths
    }


def told(work: Work, case_id: int, *, by: Actor, now: datetime) -> Case:
    """It was read out to them (念过了). Done twice, it stays so."""
    case = find_case(work, case_id)
    require(by, "reveal", case)
    if ALOUD in case.flags:
        case.flags = [flag for flag in case.flags if flag != ALOUD]
        audit.record(work, audit.Kind.NOTICE_SENT, by=by, now=now, case=case, facts={"aloud": True})
        case.version += 1
        work.session.flush()
    return case
