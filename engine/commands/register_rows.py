"""Writing entries of registers (台账): for effects, for staff by hand, for other nouns. Who may is asked above.

    entry = register_rows.put(work, one, {"skills": ["barber"]}, whom=person, by=by, now=now)
    entry = register_rows.change(work, one, entry, {"state": …}, …)

An entry is known by its key, which the database keeps unique: two who put the same one at once make one entry, and the
second changes it. Each change leaves a row of history; its first version is the entry's own. Searched values are kept
beside it, blind where they are about somebody. A new entry costs three statements, a change three, two more when what
is searched has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, insert, update
from sqlalchemy.orm.attributes import set_committed_value

from engine.commands import match_looks
from engine.errors import AlreadyDone, FieldError, Invalid, NotNow
from engine.findings import meant
from engine.matters.nouns import Declared
from engine.matters.nouns.registers import ABOUT_SOMEBODY, Register
from engine.people import Actor
from engine.reads.knowing import Person
from engine.records import registers
from engine.records.registers import Whom, find, get, matching, of_people, of_person, register_of
from engine.store import Work
from engine.store.models import RegisterChange, RegisterEntry, RegisterIndex
from engine.workdays import local_date

__all__ = ["change", "find", "get", "matching", "of_people", "of_person", "put", "set_state"]


def put(
    work: Work,
    one: Declared,
    values: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    whom: Whom | None = None,
    state: str = "",
    unit_id: int | None = None,
    place_id: int | None = None,
    case_id: int | None = None,
    options: Mapping[str, Mapping[str, str]] | None = None,
    what: str = "changed",
    why: str = "",
    at: str = "",
    add: Mapping[str, Any] | None = None,
) -> RegisterEntry:
    """A new entry; or, of a person or a thing that has one, that one changed.

    add: added to its numbers as they are at that moment: of two who take from one stock, the second takes from what
    the first has left. whom: of a register about persons. state: the register's first one for a new entry; a known one
    keeps its own.
    Raises Invalid (fields named under `at`).
    """
    register = register_of(one)
    first = {**values, **register.sums({}, add or {}, at)}
    if register.about == "case":
        return _new(work, one, register, None, first, whom, state, by, now, unit_id, place_id, case_id, options, at)[0]
    known = _known(work, one, register, values, whom, at)
    if known is None:
        key = registers.person_keys(whom)[0] if whom is not None else registers.thing_key(register, values)
        made, new = _new(work, one, register, key, first, whom, state, by, now, unit_id, place_id, case_id, options, at)
        if new:
            return made
        known = made  # another transaction made it between our look and our try
    return change(
        work,
        one,
        known,
        values,
        by=by,
        now=now,
        whom=whom,
        state=state,
        unit_id=unit_id,
        place_id=place_id,
        case_id=case_id,
        options=options,
        what=what,
        why=why,
        at=at,
        add=add,
    )


def change(
    work: Work,
    one: Declared,
    entry: RegisterEntry,
    values: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    whom: Whom | None = None,
    state: str = "",
    unit_id: int | None = None,
    place_id: int | None = None,
    case_id: int | None = None,
    options: Mapping[str, Mapping[str, str]] | None = None,
    what: str = "changed",
    why: str = "",
    at: str = "",
    add: Mapping[str, Any] | None = None,
) -> RegisterEntry:
    """Change what is given of an entry; what is not given stays, None empties a field.

    version: that the person saw; AlreadyDone when somebody changed it since. Nothing is written when nothing changes.
    Raises Invalid, NotNow (blanked).
    """
    register = register_of(one)
    if version is not None and entry.version != version:
        raise _outdated(entry)
    if entry.blanked_at is not None:
        raise NotNow(
            "这一条已过保存期限，内容已清除，不能再改。需要的请重新登记。",
            "This entry was blanked when its time was over and cannot be changed: make a new one.",
        )
    facts = dict(entry.facts) if isinstance(entry.facts, Mapping) else {}
    said = register.read({**values, **register.sums(facts, add or {}, at)}, options=options, at=at)
    before: dict[str, Any] = {}
    for name, value in said.items():
        if facts.get(name) != value:
            before[name] = [facts.get(name), value]
            if value is None:
                facts.pop(name, None)
            else:
                facts[name] = value
    if state and state != entry.state:
        _stated(register, state, at)
        before["state"] = [entry.state, state]
    new: dict[str, Any] = {
        "title": entry.title,
        "person": entry.person,
        "key": entry.key,
        "user_id": entry.user_id,
        "unit_id": unit_id if unit_id is not None else entry.unit_id,
        "place_id": place_id if place_id is not None else entry.place_id,
        "state": state or entry.state,
    }
    if whom is not None:
        told = _person(whom, entry.person)
        for name, value in told.items():
            if (entry.person or {}).get(name) != value:
                before[f"person.{name}"] = [(entry.person or {}).get(name), value]
        keys = registers.person_keys(_Known(told, entry.user_id or whom.user_id))
        if keys and keys[0].startswith("id:") and keys[0] != entry.key:
            new["key"] = keys[0]  # its identity number became known
        new |= {
            "person": told,
            "title": told.get("name"),
            "user_id": entry.user_id or registers.account(work, register, whom),
        }
    if register.about == "thing":
        new["title"] = _label(register, facts)
        new["key"] = registers.thing_key(register, facts) or entry.key
    if (entry.place_id, entry.unit_id) != (new["place_id"], new["unit_id"]):
        before["place"] = [entry.place_id, new["place_id"]]
    if not before and new["user_id"] == entry.user_id and new["key"] == entry.key:
        return entry
    ended = entry.ended_at
    if "state" in before:
        ended = (entry.ended_at or now) if register.ends(state) else None
    old_index = _index(register, entry.facts or {}, entry.person, entry.id, entry.register)
    until = register.until(facts, local_date(entry.at))
    new |= {
        "facts": facts,
        "valid_until": until,
        "version": entry.version + 1,
        "changed_at": now,
        "ended_at": ended,
        "keep_until": registers.keep_day(register, facts, at=entry.at, ended_at=ended, valid_until=until),
    }
    statement = update(RegisterEntry).where(RegisterEntry.id == entry.id, RegisterEntry.version == entry.version)
    changed = cast(
        "CursorResult[Any]",
        work.session.execute(statement.values(**new), execution_options={"synchronize_session": False}),
    )
    if changed.rowcount != 1:
        raise _outdated(entry)
    for name, value in new.items():
        set_committed_value(entry, name, value)
    work.session.add(
        RegisterChange(
            entry_id=entry.id,
            version=entry.version,
            at=now,
            by_id=by.id,
            case_id=case_id,
            what="state" if what == "changed" and set(before) == {"state"} else what,
            why=why or None,
            facts=before,
        )
    )
    if register.about == "person" and _bears_on_what_they_offer(register, before):
        match_looks.look_again(work, one.key, _about(entry), entry.version, now)
    index = _index(register, facts, entry.person, entry.id, entry.register)
    if case_id is None:  # a step of a case writes all of its rows at its end
        work.session.flush()
    if index != old_index:
        with work.session.no_autoflush:  # the entry is there already
            work.session.execute(delete(RegisterIndex).where(RegisterIndex.entry_id == entry.id))
            if index:
                work.session.execute(insert(RegisterIndex), index)
    return entry


def set_state(
    work: Work,
    one: Declared,
    entry: RegisterEntry,
    state: str,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    case_id: int | None = None,
    why: str = "",
) -> RegisterEntry:
    """Bring an entry into another state of its register: active, paused, ended."""
    _stated(register_of(one), state, "")
    return change(work, one, entry, {}, by=by, now=now, version=version, state=state, case_id=case_id, why=why)


# ---------------------------------------------------------------- the parts


def _bears_on_what_they_offer(register: Register, before: Mapping[str, Any]) -> bool:
    """How they stand, or a day until when something holds: what else may be asked is asked at the next yes, and on the
    morning, and costs this change nothing."""
    return any(name == "state" or name in register.fields and register.fields[name].type == "date" for name in before)


def _about(entry: RegisterEntry) -> Person:
    told = entry.person or {}
    return Person(str(told.get("name") or ""), told.get("phone"), told.get("id_number"), entry.user_id)


class _Known:
    """A person as an entry keeps them."""

    def __init__(self, told: Mapping[str, Any], user_id: int | None) -> None:
        self.name: str = str(told.get("name") or "")
        self.phone: str | None = told.get("phone")
        self.id_number: str | None = told.get("id_number")
        self.user_id = user_id


def _known(
    work: Work, one: Declared, register: Register, values: Mapping[str, Any], whom: Whom | None, at: str
) -> RegisterEntry | None:
    if register.about == "person":
        if whom is None or not registers.person_keys(whom):
            raise Invalid(
                [
                    FieldError(
                        f"{at}person",
                        "是谁",
                        f"台账“{register.title}”一人一条：请写明是谁（身份证号，或姓名和电话）。",
                        f"The register “{register.title_en}” has one entry a person: say who, by identity number, or "
                        "by name and telephone.",
                    )
                ]
            )
        return registers.of_person(work, one, whom, lock=True)
    given = values.get(register.key)
    if given in (None, ""):
        title = register.fields[register.key].title
        zh = f"台账“{register.title}”按“{title}”认，这一项必填。"
        en = f"An entry of “{register.title_en}” is known by “{title}”: it must be filled in."
        raise Invalid([FieldError(f"{at}{register.key}", title, zh, en)])
    read = register.read({register.key: given}, at=at)
    return registers.find(work, one, read[register.key], lock=True)


def _new(
    work: Work,
    one: Declared,
    register: Register,
    key: str | None,
    values: Mapping[str, Any],
    whom: Whom | None,
    state: str,
    by: Actor,
    now: datetime,
    unit_id: int | None,
    place_id: int | None,
    case_id: int | None,
    options: Mapping[str, Mapping[str, str]] | None,
    at: str,
) -> tuple[RegisterEntry, bool]:
    """The entry, and whether we made it: False when another transaction was first."""
    said = register.read(values, options=options, new=True, at=at)
    facts = {name: value for name, value in said.items() if value is not None}
    if register.key and key is not None:
        key = registers.thing_key(register, facts)
    state = state or register.first_state
    if state:
        _stated(register, state, at)
    told = _person(whom, None) if whom is not None else None
    row = RegisterEntry(
        register=one.key,
        key=key,
        version=1,
        state=state,
        title=told.get("name") if told else _label(register, facts),
        valid_until=register.until(facts, local_date(now)),
        case_id=case_id,
        user_id=registers.account(work, register, whom) if whom is not None else None,
        person=told,
        unit_id=unit_id,
        place_id=place_id,
        facts=facts,
        at=now,
        by_id=by.id,
        changed_at=now,
        ended_at=now if register.ends(state) else None,
    )
    row.keep_until = registers.keep_day(register, facts, at=now, ended_at=row.ended_at, valid_until=row.valid_until)
    if key is None:
        work.insert(row)
    elif work.insert_once(row, "register", "key") is None:
        there = registers.by_key(one.key, key).with_for_update().execution_options(populate_existing=True)
        return work.session.scalars(there).one(), False
    index = _index(register, facts, told, row.id, one.key)
    if index:
        work.session.execute(insert(RegisterIndex), index)
    return row, True


def _stated(register: Register, state: str, at: str) -> None:
    if state not in register.states:
        zh, en = meant(state, register.states)
        raise Invalid(
            [
                FieldError(
                    f"{at}state",
                    "状态",
                    f"台账“{register.title}”没有状态“{state}”。{zh}",
                    f"The register “{register.title_en}” has no state {state!r}. {en}",
                )
            ]
        )


def _person(whom: Whom, before: Any) -> dict[str, str]:
    """Who it is about: what is known now, and what was known before and is not said now."""
    said = {"name": whom.name, "phone": whom.phone, "id_number": whom.id_number}
    return {**(before if isinstance(before, Mapping) else {}), **{name: one for name, one in said.items() if one}}


def _label(register: Register, facts: Mapping[str, Any]) -> str | None:
    name = register.label or register.key
    value = facts.get(name) if name else None
    if value is None:
        return None
    field = register.fields[name]
    return field.options.get(str(value), str(value))[:200]


def _index(register: Register, facts: Any, person: Any, entry_id: int, name: str) -> list[dict[str, Any]]:
    """The rows of the index of an entry, in a fixed order. A person is always found by name, telephone and number."""
    found = [
        (field, registers.value_key(field, text, about_somebody=about))
        for field, text, about in register.indexed(facts if isinstance(facts, Mapping) else {})
    ]
    known = person if isinstance(person, Mapping) else {}
    for field in ("name", "phone", "id_number"):
        if known.get(field):
            found.append((field, registers.value_key(field, str(known[field]), about_somebody=True)))
    if register.about == "thing" and "name" in register.search:
        label = _label(register, facts)
        key_field = register.fields.get(register.label or register.key)
        about = key_field is not None and key_field.kind in ABOUT_SOMEBODY
        if label:
            found.append(("name", registers.value_key("name", label, about_somebody=about)))
    return [
        {"entry_id": entry_id, "register": name, "field": field, "value": value}
        for field, value in sorted(dict.fromkeys(found))
    ]


def _outdated(entry: RegisterEntry) -> AlreadyDone:
    return AlreadyDone(
        "您打开以后，这一条已被别人改过。请重新打开再改。",
        f"Expected version {entry.version} of entry {entry.id}, but it was changed since. Open it again.",
        entry=entry.id,
    )
