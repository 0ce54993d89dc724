"""An entry added or changed by hand: by a post that the register names as a writer, where the entry belongs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.commands import register_rows
from engine.errors import FieldError, Invalid
from engine.forms.kinds import CHECKS, Wrong
from engine.matters.nouns.registers import Register
from engine.people import Actor, require, shelves
from engine.reads import registers as reads
from engine.reads.knowing import Person
from engine.records import audit, registers
from engine.store import Work
from engine.store.models import RegisterEntry

#: The shortest reason for a change by hand.
LEAST_WORDS = 2


def add(
    work: Work,
    key: str,
    values: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    person: Mapping[str, str] | None = None,
    place_id: int | None = None,
    state: str = "",
) -> RegisterEntry:
    """A new entry. Of a person or thing that is there already: Invalid, naming where it is found.

    place_id: the village it belongs to; the writer's own unit without one.
    """
    one, package = reads.declared(work, key)
    register = registers.register_of(one)
    unit = unit_of(by, register)
    place = place_id or unit
    kept = shelves.at(work, one, [place] if place is not None else [])
    require(by, "work", kept)
    whom = person_of(person) if register.about == "person" else None
    there = None
    if whom is not None:
        there = registers.of_person(work, one, whom)
    elif register.key and values.get(register.key) not in (None, ""):
        there = registers.find(work, one, values[register.key])
    if there is not None:
        zh = "台账里已经有这一条，请打开它来改。"
        at = "person.id_number" if whom is not None else register.key
        raise Invalid(
            [FieldError(at, "已经有了", zh, "There is such an entry already: open it to change it.")], entry=there.id
        )
    entry = register_rows.put(
        work,
        one,
        _allowed(by, kept, values),
        by=by,
        now=now,
        whom=whom,
        state=state,
        unit_id=unit,
        place_id=place,
        options=registers.options(one, package),
    )
    _record(work, one.key, entry, "added", by, now)
    return entry


def change(
    work: Work,
    entry_id: int,
    values: Mapping[str, Any],
    *,
    version: int,
    why: str,
    by: Actor,
    now: datetime,
    person: Mapping[str, str] | None = None,
    state: str = "",
) -> RegisterEntry:
    """Change an entry that is as it was seen; what is not given stays. Why is kept in its history."""
    entry, one, package = reads.found(work, entry_id, lock=True)
    kept = shelves.of(work, one, entry)
    require(by, "work", kept)
    why = why.strip()
    if len(why) < LEAST_WORDS:
        raise Invalid([FieldError("why", "为什么改", "请写明为什么改。", "Say why it is changed.")])
    given = {k: v for k, v in (person or {}).items() if v and v.strip()}
    known = entry.person if isinstance(entry.person, Mapping) else {}
    before = entry.version
    done = register_rows.change(
        work,
        one,
        entry,
        _allowed(by, kept, values),
        version=version,
        by=by,
        now=now,
        whom=person_of({**known, **given}) if given else None,
        state=state,
        options=registers.options(one, package),
        why=why[:200],
    )
    if done.version != before:
        _record(work, one.key, done, "changed", by, now)
    return done


def set_state(
    work: Work, entry_id: int, state: str, *, version: int, why: str, by: Actor, now: datetime
) -> RegisterEntry:
    """Bring an entry into another state."""
    return change(work, entry_id, {}, version=version, why=why, by=by, now=now, state=state)


def _record(work: Work, key: str, entry: RegisterEntry, what: str, by: Actor, now: datetime) -> None:
    facts = {"register": key, "entry": entry.id, "version": entry.version, "what": what}
    audit.record(work, audit.Kind.REGISTER_CHANGED, by=by, now=now, facts=facts)


def unit_of(by: Actor, register: Register) -> int | None:
    """The writer's unit: who keeps the entry."""
    return next((p.unit_id for p in shelves.writing(by, register)), by.unit_id)


def _allowed(by: Actor, kept: shelves.Kept, values: Mapping[str, Any]) -> dict[str, Any]:
    """Only what they may read may they write: nobody overwrites what they cannot see."""
    wrong = [name for name in values if name in kept.register.fields and not shelves.may_read_field(by, kept, name)]
    if wrong:
        title = kept.register.fields[wrong[0]].title
        zh, en = f"“{title}”不归您的岗位看，也不能改。", "This field is not your post's to read, nor to change."
        raise Invalid([FieldError(wrong[0], title, zh, en)])
    return dict(values)


def person_of(person: Mapping[str, Any] | None) -> Person:
    """Whom it is about, checked as forms check a name, a telephone and a number. Invalid."""
    said = {key: str((person or {}).get(key) or "").strip() for key in ("name", "phone", "id_number")}
    wrong = []
    if not said["name"]:
        wrong.append(FieldError("person.name", "姓名", "请填姓名。", "Give the name."))
    for key, check, label in (("phone", "cn-phone", "电话"), ("id_number", "cn-id", "身份证号")):
        if said[key]:
            found = CHECKS[check](said[key])
            if isinstance(found, Wrong):
                wrong.append(FieldError(f"person.{key}", label, found.zh, found.en))
            else:
                said[key] = found
    if not said["phone"] and not said["id_number"]:
        zh = "电话和身份证号至少填一个，才认得出是谁。"
        wrong.append(FieldError("person.phone", "电话", zh, "Give a telephone or an identity number."))
    if wrong:
        raise Invalid(wrong)
    return Person(said["name"], said["phone"] or None, said["id_number"] or None)
