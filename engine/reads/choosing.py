"""What is chosen with a booking (`choice` of an offer): the things of a register that there are on its day, which of
them fit the person, and the form of an offer with the choice in it, and whether it is brought to the door.

Why something does not fit is never said: an allergy is the kitchen's to know, whoever orders.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import feel, forms
from engine.errors import NotNow
from engine.matters.nouns.offers import DELIVERED, OfferChoice
from engine.reads import form_choices, knowing, offering
from engine.reads.ordering import by_sound
from engine.records import registers
from engine.store import Work
from engine.store.models import Resource, Slot
from engine.workdays import local_date, say_day


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that may be chosen that day."""

    key: str
    label: str
    fits: bool  # this person may have it
    entry: Mapping[str, Any]  # as an expression reads it


def form(work: Work, what: offering.Declared, *, now: datetime, slot: Slot | None = None) -> forms.Form | None:
    """The form of the offer with what may be chosen in it: of the slot's day, or, without one, of every day. None: it
    asks nothing."""
    asked, choice, to = what.offer.ask, what.offer.choice, what.offer.delivered
    day = local_date(slot.starts_at) if slot is not None else local_date(now)
    own = form_choices.filled(work, what.package.form(asked), what.package, on=day) if asked else None
    if choice is None and to is None:
        return own
    schema = copy.deepcopy(dict(own.schema)) if own is not None else _empty(what)
    if choice is not None:
        things = day_of(work, what, slot.resource, slot, now=now) if slot is not None else every(work, what, now=now)
        schema["components"].append(
            {
                "type": "select",
                "key": choice.register_,
                "id": f"choice_{choice.register_}",
                "label": choice.title,
                "values": [{"value": one.key, "label": one.label} for one in things],
            }
        )
    if to is not None:
        schema["components"].append({"type": "checkbox", "key": DELIVERED, "id": DELIVERED, "label": to.title})
    return forms.load(json.dumps(schema), str(schema["id"]))


def _empty(what: offering.Declared) -> dict[str, Any]:
    return {"schemaVersion": 19, "id": f"{what.key.replace('.', '-')}-choice", "type": "default", "components": []}


def _entries(work: Work, what: offering.Declared, choice: OfferChoice, on: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """(label, what the entry says) of all that hold on that day."""
    declared = what.package.declared("registers")[choice.register_]
    found = registers.matching(work, declared, valid_on=on)
    return [(one.title or str(one.key), registers.values(work, declared, one, on=on)) for one in found if one.key]


def every(work: Work, what: offering.Declared, *, now: datetime) -> list[Thing]:
    """What there is on one day or another: a standing order may name it."""
    choice = what.offer.choice
    if choice is None:
        return []
    found = _entries(work, what, choice, local_date(now))
    return sorted((Thing(str(said["key"]), label, True, said) for label, said in found), key=_by_sound)


def _by_sound(one: Thing) -> bytes:
    return by_sound(one.label)


def day_of(
    work: Work,
    what: offering.Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person | None = None,
    *,
    every: bool = False,
    now: datetime,
) -> list[Thing]:
    """What there is that day (`every`: on any day), what comes first of it first; without a person all of it fits."""
    [things] = of_each(work, what, resource, slot, [person], every=every, now=now)
    return things


def of_each(
    work: Work,
    what: offering.Declared,
    resource: Resource,
    slot: Slot,
    people: Sequence[knowing.Person | None],
    *,
    every: bool = False,
    now: datetime,
) -> list[list[Thing]]:
    """The same for many: what there is is read once, and what is known of them for all of them together."""
    choice = what.offer.choice
    if choice is None or not people:
        return [[] for _ in people]
    found = _entries(work, what, choice, local_date(slot.starts_at))
    said = [entry for _label, entry in found]
    [there] = _true(work, what, resource, slot, [None], "" if every else choice.when, said, now)
    first = [False] * len(said)
    if choice.first:
        [first] = _true(work, what, resource, slot, [None], choice.first, said, now)
    known = [one for one in people if one is not None]
    fit = iter(_true(work, what, resource, slot, known, choice.fits, said, now))
    each = []
    for one in people:
        fits = next(fit) if one is not None else [True] * len(said)
        listed = [
            (not ahead, Thing(str(entry["key"]), label, may, entry))
            for (label, entry), here, ahead, may in zip(found, there, first, fits, strict=True)
            if here
        ]
        each.append([thing for _later, thing in sorted(listed, key=lambda one: (one[0], _by_sound(one[1])))])
    return each


def _true(
    work: Work,
    what: offering.Declared,
    resource: Resource,
    slot: Slot,
    people: Sequence[knowing.Person | None],
    text: str,
    entries: Sequence[Mapping[str, Any]],
    now: datetime,
) -> list[list[bool]]:
    """For each person, and for each entry, whether the expression says yes; null is not yes."""
    if not text:
        return [[True] * len(entries) for _ in people]
    expression = feel.compile(text.removeprefix("="))
    contexts = knowing.contexts(
        work,
        expression,
        package=what.package,
        people=[one or knowing.Person("") for one in people],
        now=now,
        on=local_date(slot.starts_at),
        offer=offering.facts(work, resource, slot),
        entry=None,
    )
    env = feel.Env(now=now, calendar=work.calendar)
    return [
        [expression.evaluate({**context, "entry": entry}, env) is True for entry in entries] for context in contexts
    ]


def settled(
    work: Work,
    what: offering.Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person,
    answers: Mapping[str, Any],
    *,
    by_day: bool = False,
    now: datetime,
) -> dict[str, Any]:
    """The answers with one thing chosen: as they say, or, where they say nothing, the first that fits. `by_day`: a
    standing order's, which has the day's own where what it names is not there or does not fit.

    NotNow: what was chosen is not there that day, or cannot be had for this person, and what can; `full` where
    nothing can."""
    choice = what.offer.choice
    given = dict(answers)
    if choice is None:
        return given
    things = day_of(work, what, resource, slot, person, now=now)
    can = [one for one in things if one.fits]
    wanted = str(given.pop(choice.register_, None) or "")
    if any(one.key == wanted for one in can):
        return given | {choice.register_: wanted}
    if wanted and not by_day:
        raise _not_that(wanted, things, can, slot)
    if things and not can:
        zh, en = _nothing(slot, what.package.info.contact.phone)
        raise NotNow(zh, en, full=by_day)
    return given | ({choice.register_: can[0].key} if can else {})


def refuse_unfit(
    work: Work,
    what: offering.Declared,
    resource: Resource,
    slot: Slot,
    person: knowing.Person,
    answers: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """NotNow when what is chosen for many days cannot be had for this person, whatever the day."""
    wanted = chosen(what, answers)
    if not wanted:
        return
    things = day_of(work, what, resource, slot, person, every=True, now=now)
    can = [one for one in things if one.fits]
    if all(one.key != wanted for one in can):
        raise _not_that(wanted, things, can, slot)


def _not_that(wanted: str, things: Sequence[Thing], can: Sequence[Thing], slot: Slot) -> NotNow:
    """It is not there that day, or cannot be had for this person: in neutral words, and what can be had."""
    day = local_date(slot.starts_at)
    label = next((one.label for one in things if one.key == wanted), "")
    zh = f"“{label}”不能给这一位订。" if label else f"{say_day(day)}没有“{wanted}”。"
    en = f'"{label}" cannot be had for this person.' if label else f'There is no "{wanted}" on {day}.'
    listed = [one.label for one in can]
    zh_more = f"可以订：{'、'.join(listed)}。" if listed else "这一天没有别的可以订。"
    en_more = f"There is: {', '.join(listed)}." if listed else "There is nothing else that day."
    return NotNow(zh + zh_more, f"{en} {en_more}")


def _nothing(slot: Slot, phone: str) -> tuple[str, str]:
    day = local_date(slot.starts_at)
    ask, ask_en = (f"请打 {phone} 商量。", f"Please call {phone}.") if phone else ("请到窗口商量。", "Ask at the desk.")
    return f"{say_day(day)}没有可以给这一位订的。{ask}", f"On {day} there is nothing for this person. {ask_en}"


def chosen(what: offering.Declared, answers: Mapping[str, Any]) -> str:
    """The key of what was chosen; "" for what has no choice."""
    choice = what.offer.choice
    return str(answers.get(choice.register_) or "")[:80] if choice is not None else ""
