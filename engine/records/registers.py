"""Entries of registers (台账), found: by key, by the person they are about, by what their register searches.

A register goes by `Declared.key`; entries of before it was renamed stand under its `formerly`. Nothing here asks who
may read: engine.people.access judges an entry, engine.reads.registers lists them for somebody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, or_, select

from engine.forms import written
from engine.matters import Package
from engine.matters.nouns import Declared
from engine.matters.nouns.registers import ABOUT_SOMEBODY, EXPIRED, Register, after, as_text, decided
from engine.people import units
from engine.store import Work, keys
from engine.store.models import RegisterEntry, RegisterIndex, User
from engine.workdays import local_date

#: Most entries that a look-up of a diagram, or another noun, is given at once.
MOST = 200


class Whom(Protocol):
    """Whom an entry is about: with an account or without (engine.reads.knowing.Person is one)."""

    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def id_number(self) -> str | None: ...
    @property
    def user_id(self) -> int | None: ...


def register_of(one: Declared) -> Register:
    """The declaration of a register."""
    if not isinstance(one.what, Register):
        raise TypeError(f"Expected a register, but {one.kind}.{one.name} is a {type(one.what).__name__}")
    return one.what


def names(one: Declared) -> tuple[str, ...]:
    """Under which names its entries stand: what it is called now first."""
    return (one.key, *register_of(one).formerly)


# ---------------------------------------------------------------- keys


def person_keys(whom: Whom) -> tuple[str, ...]:
    """By which a person's entry is known, the surest first: identity number; telephone and name together (a telephone
    alone is a family's); the account."""
    found = []
    if whom.id_number:
        found.append(f"id:{keys.blind('id', whom.id_number)}")
    if whom.phone and whom.name:
        both = f"{written.compared('phone', whom.phone)}/{written.compared('name', whom.name)}"
        found.append(f"pn:{keys.blind('person', both)}")
    if whom.user_id is not None:
        found.append(f"u:{whom.user_id}")
    return tuple(found)


def thing_key(register: Register, values: Mapping[str, Any]) -> str | None:
    """By which a thing is known: the value of the key field; blind when that is about somebody."""
    given = values.get(register.key)
    if given is None or given == "":
        return None
    text = as_text(given)
    blind = register.fields[register.key].kind in ABOUT_SOMEBODY
    return f"b:{keys.blind('key', text)}" if blind or len(text) > 80 else text


def value_key(field: str, text: str, *, about_somebody: bool) -> str:
    """A searched value as the index keeps it."""
    kind = {"name": "name", "phone": "phone", "id_number": "id"}.get(field, "value")
    if about_somebody or kind != "value":
        return keys.blind(kind, text)
    return text[:80]


# ---------------------------------------------------------------- finding


def find(work: Work, one: Declared, key: object, *, lock: bool = False) -> RegisterEntry | None:
    """The entry of a thing, by its key as people write it."""
    register = register_of(one)
    wanted = thing_key(register, {register.key: key}) if register.key else as_text(key)
    query = select(RegisterEntry).where(RegisterEntry.register.in_(names(one)), RegisterEntry.key == wanted)
    return work.session.scalars(_locked(query, lock).order_by(RegisterEntry.id).limit(1)).first()


def by_key(register: str, key: str) -> Select[RegisterEntry]:
    """The one entry that the database keeps under this key."""
    return select(RegisterEntry).where(RegisterEntry.register == register, RegisterEntry.key == key)


def get(work: Work, entry_id: int, *, lock: bool = False) -> RegisterEntry | None:
    """An entry by its id."""
    return work.session.scalar(_locked(select(RegisterEntry).where(RegisterEntry.id == entry_id), lock))


def of_person(work: Work, one: Declared, whom: Whom, *, lock: bool = False) -> RegisterEntry | None:
    """The entry of a person in one register; None without one."""
    found = of_people(work, (one,), whom, lock=lock)
    return found[0] if found else None


def of_people(work: Work, registers: Iterable[Declared], whom: Whom, *, lock: bool = False) -> list[RegisterEntry]:
    """The entries of a person in these registers, the newest first. One statement; a second when only a telephone and
    a name are known and the entry was made with an identity number."""
    listed = [name for one in registers for name in names(one)]
    if not listed:
        return []
    mine: list[ColumnElement[bool]] = [RegisterEntry.key.in_(person_keys(whom))]
    if whom.user_id is not None:
        mine.append(RegisterEntry.user_id == whom.user_id)
    query = select(RegisterEntry).where(RegisterEntry.register.in_(listed), or_(*mine))
    found = list(work.session.scalars(_locked(query, lock).order_by(RegisterEntry.id.desc())))
    found = [entry for entry in found if _same(entry, whom)]
    if not found and not whom.id_number and whom.phone and whom.name:
        query = select(RegisterEntry).where(
            RegisterEntry.register.in_(listed),
            _has(listed, "phone", keys.blinds("phone", whom.phone)),
            _has(listed, "name", keys.blinds("name", whom.name)),
        )
        found = list(work.session.scalars(_locked(query, lock).order_by(RegisterEntry.id.desc())))
    return found


def of_each(work: Work, registers: Iterable[Declared], people: Sequence[Whom]) -> list[list[RegisterEntry]]:
    """What `of_people` finds of each of these, in their order: two statements at most, however many people."""
    listed = [name for one in registers for name in names(one)]
    if not listed or not people:
        return [[] for _ in people]
    known = [set(person_keys(whom)) for whom in people]
    accounts = {whom.user_id for whom in people if whom.user_id is not None}
    query = select(RegisterEntry).where(
        RegisterEntry.register.in_(listed),
        or_(RegisterEntry.key.in_(set().union(*known)), RegisterEntry.user_id.in_(accounts)),
    )
    by_key: dict[object, list[RegisterEntry]] = {}
    for entry in work.session.scalars(query):
        for key in {entry.key, entry.user_id} - {None}:
            by_key.setdefault(key, []).append(entry)
    found = []
    for whom, mine in zip(people, known, strict=True):
        theirs = {entry.id: entry for key in (*mine, whom.user_id) for entry in by_key.get(key, ())}
        newest = sorted(theirs.values(), key=lambda entry: -entry.id)
        found.append([entry for entry in newest if _same(entry, whom)])
    _by_telephone(work, listed, people, found)
    return found


def _by_telephone(
    work: Work, listed: Sequence[str], people: Sequence[Whom], found: Sequence[list[RegisterEntry]]
) -> None:
    """Of whom only a telephone and a name are known: an entry that was made with an identity number."""
    left = [n for n, one in enumerate(people) if not found[n] and not one.id_number and one.phone and one.name]
    if not left:
        return
    phones = {n: set(keys.blinds("phone", str(people[n].phone))) for n in left}
    named = {n: set(keys.blinds("name", people[n].name)) for n in left}
    query = select(RegisterEntry, RegisterIndex.field, RegisterIndex.value).where(
        RegisterEntry.id == RegisterIndex.entry_id,
        RegisterIndex.field.in_(("phone", "name")),
        RegisterEntry.register.in_(listed),
        _has(listed, "phone", set().union(*phones.values())),
        _has(listed, "name", set().union(*named.values())),
    )
    entries: dict[int, RegisterEntry] = {}
    said: dict[int, set[tuple[str, str]]] = {}
    for entry, name, value in work.session.execute(query):
        entries[entry.id] = entry
        said.setdefault(entry.id, set()).add((name, value))
    for n in left:
        wanted = {"phone": phones[n], "name": named[n]}
        for id_ in sorted(entries, reverse=True):
            if all(any((name, value) in said[id_] for value in values) for name, values in wanted.items()):
                found[n].append(entries[id_])


def _same(entry: RegisterEntry, whom: Whom) -> bool:
    """An account, or a telephone, may be used by a family: who has another identity number, or name, is another."""
    known = entry.person if isinstance(entry.person, Mapping) else {}
    number = known.get("id_number")
    if number and whom.id_number:
        return keys.blind("id", str(number)) in keys.blinds("id", whom.id_number)
    name = known.get("name")
    return not (name and whom.name) or keys.blind("name", str(name)) in keys.blinds("name", whom.name)


def matching(
    work: Work,
    one: Declared,
    where: Mapping[str, object] | None = None,
    *,
    states: Collection[str] = (),
    places: Collection[int] = (),
    valid_on: date | None = None,
    most: int = MOST,
    before: int | None = None,
) -> list[RegisterEntry]:
    """Entries in which each of these searched fields has this value (a list: one of these), the newest first.

    states: only in one of them. places: only of these places, or kept by these units. valid_on: only valid on that day.
    most: no more than so many, ever. before: of a list read on, only ids below it.
    """
    query = select(RegisterEntry).where(*conditions(one, where, states=states, places=places, valid_on=valid_on))
    if before is not None:
        query = query.where(RegisterEntry.id < before)
    return list(work.session.scalars(query.order_by(RegisterEntry.id.desc()).limit(min(most, MOST + 1))))


def conditions(
    one: Declared,
    where: Mapping[str, object] | None = None,
    *,
    states: Collection[str] = (),
    places: Collection[int] = (),
    valid_on: date | None = None,
) -> list[ColumnElement[bool]]:
    """What `matching` asks, for a query of one's own. ValueError: a field that the register does not search."""
    register, listed = register_of(one), names(one)
    found: list[ColumnElement[bool]] = [RegisterEntry.register.in_(listed)]
    for name, wanted in (where or {}).items():
        if name not in register.search and not (register.about == "person" and name in ("name", "phone", "id_number")):
            raise ValueError(f"Expected a field that {one.key} searches ({', '.join(register.search)}), not {name!r}")
        values = list(wanted) if isinstance(wanted, list | tuple | set) else [wanted]
        if name == "key":
            found.append(RegisterEntry.key.in_([thing_key(register, {register.key: v}) or "" for v in values]))
            continue
        field = register.fields.get(name)
        about = field is None or field.kind in ABOUT_SOMEBODY
        kept = [value_key(name, as_text(v), about_somebody=about) for v in values if v is not None and v != ""]
        found.append(_has(listed, name, kept))
    if states:
        found.append(RegisterEntry.state.in_(states))
    if places:
        found.append(or_(RegisterEntry.place_id.in_(places), RegisterEntry.unit_id.in_(places)))
    if valid_on is not None:
        found.append(RegisterEntry.ended_at.is_(None))
        found.append(or_(RegisterEntry.valid_until.is_(None), RegisterEntry.valid_until >= valid_on))
    return found


def _has(listed: Sequence[str], field: str, values: Collection[str]) -> ColumnElement[bool]:
    inside = select(RegisterIndex.entry_id).where(
        RegisterIndex.register.in_(listed), RegisterIndex.field == field, RegisterIndex.value.in_(values)
    )
    return RegisterEntry.id.in_(inside)


def _locked(query: Select[RegisterEntry], lock: bool) -> Select[RegisterEntry]:
    """The row is ours until the end of the transaction (PostgreSQL; on SQLite the whole database is), as it is now."""
    return query.with_for_update().execution_options(populate_existing=True) if lock else query


def account(work: Work, register: Register, whom: Whom) -> int | None:
    """The account of this person, of the kind the register says: by identity number, else by telephone and name."""
    if whom.user_id is not None:
        return whom.user_id
    by: list[ColumnElement[bool]] = []
    if whom.id_number:
        by.append(User.id_index.in_(keys.blinds("id", whom.id_number)))
    if whom.phone:
        by.append(User.phone_index.in_(keys.blinds("phone", whom.phone)))
    if not by:
        return None
    found = work.session.scalars(
        select(User).where(User.kind == register.accounts, User.disabled_at.is_(None), or_(*by)).order_by(User.id)
    )
    for user in found:
        if user.id_number and whom.id_number:
            if keys.blind("id", user.id_number) in keys.blinds("id", whom.id_number):
                return user.id
        elif user.name and keys.blind("name", user.name) in keys.blinds("name", whom.name):
            return user.id
    return None


# ---------------------------------------------------------------- what an entry says


def state_on(entry: RegisterEntry, on: date) -> str:
    """The state on a day: `expired` when its valid_until has passed and it had not ended."""
    passed = entry.valid_until is not None and entry.valid_until < on
    return EXPIRED if passed and entry.ended_at is None else entry.state


def live(on: date) -> ColumnElement[bool]:
    """Neither ended nor expired on that day."""
    return and_(
        RegisterEntry.ended_at.is_(None), or_(RegisterEntry.valid_until.is_(None), RegisterEntry.valid_until >= on)
    )


def values(work: Work, one: Declared, entry: RegisterEntry, *, on: date) -> dict[str, Any]:
    """An entry as FEEL reads it: each field with its type, and state, valid_until, since, name or key, place."""
    register = register_of(one)
    facts = entry.facts if isinstance(entry.facts, Mapping) else {}
    place = units.tree(work).by_id.get(entry.place_id) if entry.place_id is not None else None
    return {
        **register.typed(facts),
        "name": entry.title,
        "key": facts.get(register.key) if register.key else None,
        "state": state_on(entry, on),
        "valid_until": entry.valid_until,
        "since": local_date(entry.at),
        "place": place.code if place is not None else None,
    }


def said(work: Work, one: Declared, entry: RegisterEntry, *, on: date) -> dict[str, Any]:
    """The same as JSON, with the entry's id and version: what a diagram is answered."""
    said = values(work, one, entry, on=on)
    facts = entry.facts if isinstance(entry.facts, Mapping) else {}
    said |= {name: facts.get(name) for name in register_of(one).fields}
    for name in ("valid_until", "since"):
        said[name] = said[name].isoformat() if said[name] is not None else None
    return {**said, "id": entry.id, "version": entry.version}


def options(one: Declared, package: Package) -> dict[str, dict[str, str]]:
    """Of fields whose options come from a decision of the matter: value -> words (they are the same)."""
    return {
        name: {value: value for value in decided(package.decisions, field.source, name) or ()}
        for name, field in register_of(one).fields.items()
        if field.source
    }


def keep_day(
    register: Register, facts: Mapping[str, Any], *, at: datetime, ended_at: datetime | None, valid_until: date | None
) -> date | None:
    """The day on which something of an entry is to be blanked: a field's own time, or the register's. None: nothing is
    kept only for a time, or the entry has neither ended nor an end."""
    end = local_date(ended_at) if ended_at is not None else valid_until
    if end is None and register.about == "case":
        end = local_date(at)
    if end is None:
        return None
    spans = [field.keep for name, field in register.fields.items() if field.keep and facts.get(name) is not None]
    if register.keep:
        spans.append(register.keep)
    return min((after(end, span) for span in spans), default=None)


__all__ = [
    "MOST",
    "Whom",
    "account",
    "by_key",
    "conditions",
    "find",
    "get",
    "keep_day",
    "live",
    "matching",
    "names",
    "of_people",
    "options",
    "of_person",
    "person_keys",
    "register_of",
    "said",
    "state_on",
    "thing_key",
    "value_key",
    "values",
]
