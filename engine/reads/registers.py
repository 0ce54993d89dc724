"""Registers as somebody reads them: those they may read, their entries page by page, one entry with its history.

What is about a person is masked; what they may see whole goes the recorded way (engine.commands.registers.looking).
Health and child data are never in a list. Lists are read on by id, so a page of the millionth entry costs
what the first does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true

from engine.errors import NotFound
from engine.matters import Package
from engine.matters.nouns import Declared
from engine.matters.nouns.registers import EXPIRED, SENSITIVE, Register, RegisterColumn, RegisterField, as_text
from engine.people import Actor, masks, require, shelves, units
from engine.reads import sight
from engine.reads.knowing import Person
from engine.records import library, registers
from engine.store import Work
from engine.store.models import Case, RegisterChange, RegisterEntry, User
from engine.workdays import local_date

#: Entries on a page, and how many plain fields a list shows.
PAGE, COLUMNS = 50, 3
#: In a list: entries of which something is blanked within so long. No state is declared by this name (it has a dot).
CLEARING, SOON = "keep.soon", timedelta(days=30)
#: What is kept of whom an entry is about.
PERSON = ("name", "phone", "id_number")


@dataclass(frozen=True, slots=True)
class Title:
    """Words in both languages; English may be missing."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """One register that somebody may read."""

    key: str
    title: Title
    about: str
    matter: str  # the name of the matter that has it
    may_write: bool
    measures: bool = False  # ways from villages to facilities: there is a page of them


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a list."""

    id: int
    title: str  # masked where it is a name
    state: str
    state_title: Title
    valid_until: date | None
    place: str
    changed_at: datetime
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a register."""

    shelf: Shelf
    states: tuple[tuple[str, Title], ...]
    places: tuple[tuple[int, str], ...]  # to choose from
    searched: tuple[tuple[str, Title], ...]  # field -> what it is called
    columns: tuple[Title, ...]
    rows: tuple[Row, ...]
    next: int | None  # the id to read on from


@dataclass(frozen=True, slots=True)
class Line:
    """One field of an entry."""

    name: str  # in the declaration; person.phone of whom it is about
    title: Title
    text: str  # masked, or whole where nothing hides it
    masked: bool
    sensitive: bool
    rows: tuple[tuple[str, ...], ...] = ()  # of a field of rows
    heads: tuple[Title, ...] = ()


@dataclass(frozen=True, slots=True)
class Was:
    """One change of an entry."""

    at: datetime
    who: str
    what: str
    why: str
    lines: tuple[tuple[Title, str, str], ...]  # field, before, after
    number: int  # the version it made


@dataclass(frozen=True, slots=True)
class Card:
    """One entry, as somebody may read it."""

    id: int
    version: int
    shelf: Shelf
    title: str
    state: str
    state_title: Title
    valid_until: date | None
    place: str
    unit: str
    at: datetime
    ended_at: datetime | None
    keep_until: date | None
    blanked_at: datetime | None
    lines: tuple[Line, ...]
    history: tuple[Was, ...]
    may_write: bool
    may_reveal: bool


def declared(work: Work, key: str) -> tuple[Declared, Package]:
    """A register that a published matter declares. NotFound."""
    found = library.declared(work, "registers").get(key)
    if found is None:
        raise NotFound(f"没有台账“{key}”，或者声明它的事项没有发布。", f"There is no register {key!r}.")
    return found


def shelf(one: Declared, package: Package, actor: Actor) -> Shelf:
    register = registers.register_of(one)
    may_write = shelves.may(actor, "work", shelves.Kept(one))
    title = Title(register.title, register.title_en)
    return Shelf(one.key, title, register.about, package.info.name, may_write, register.reach is not None)


def shelf_of(work: Work, actor: Actor, key: str) -> Shelf:
    """One register that somebody may read. NotFound, NotYours."""
    one, package = declared(work, key)
    require(actor, "reveal", shelves.Kept(one))
    return shelf(one, package, actor)


def for_actor(work: Work, actor: Actor) -> list[Shelf]:
    """The registers somebody of the hall's people may read, by title."""
    found = [
        shelf(one, package, actor)
        for one, package in library.declared(work, "registers").values()
        if shelves.may(actor, "reveal", shelves.Kept(one))
    ]
    return sorted(found, key=lambda s: s.title.zh)


def visible(work: Work, actor: Actor, one: Declared) -> ColumnElement[bool]:
    """The entries of a register that this actor may read, as a condition: the rule of `shelves.may` to the database."""
    if actor.kind == "system":
        return true()
    tree = units.tree(work)
    positions = shelves.reading(actor, registers.register_of(one))
    if not positions:
        return false()
    if any(p.unit_path == tree.county.path for p in positions):
        found: ColumnElement[bool] = true()
    else:
        found = _at({p.id for p in tree for position in positions if p.path.startswith(position.unit_path)})
    if registers.register_of(one).about != "case":
        return found
    restricted = exists().where(Case.id == RegisterEntry.case_id, Case.restricted)
    handled = exists().where(
        Case.id == RegisterEntry.case_id,
        Case.restricted,
        sight.handled_by({p.unit_id for p in positions if p.for_id is None}),
    )
    return or_(and_(found, ~restricted), handled)


def _at(ids: Collection[int]) -> ColumnElement[bool]:
    return or_(RegisterEntry.place_id.in_(ids), RegisterEntry.unit_id.in_(ids))


def standing(
    work: Work,
    actor: Actor,
    key: str,
    *,
    now: datetime,
    most: int = 200,
    after: int = 0,
    only: Collection[int] | None = None,
) -> list[tuple[int, Person]]:
    """Who stands in a register about persons now, of those the actor may read, each by its entry: for a roll. Read on
    `after` an entry; or `only` these entries."""
    one, _package = declared(work, key)
    require(actor, "reveal", shelves.Kept(one))
    if registers.register_of(one).about != "person":
        raise NotFound("这个台账记的不是人。", "This register is not about persons.")
    wanted = [RegisterEntry.id.in_(only)] if only is not None else [RegisterEntry.id > after]
    rows = work.session.scalars(
        select(RegisterEntry)
        .where(visible(work, actor, one), registers.live(local_date(now)), RegisterEntry.register == one.key, *wanted)
        .order_by(RegisterEntry.id)
        .limit(most)
    ).all()
    said = [(entry, entry.person or {}) for entry in rows]
    return [
        (entry.id, Person(known["name"], known.get("phone"), known.get("id_number"), entry.user_id, entry.place_id))
        for entry, known in said
        if known.get("name")
    ]


def people(work: Work, actor: Actor, key: str, *, now: datetime, most: int = 200) -> list[Person]:
    """The same without their entries."""
    return [person for _entry, person in standing(work, actor, key, now=now, most=most)]


def listed(
    work: Work,
    actor: Actor,
    key: str,
    *,
    now: datetime,
    field: str = "",
    text: str = "",
    state: str = "",
    place: int | None = None,
    before: int | None = None,
    most: int = PAGE,
) -> Listed:
    """A page of a register: what is looked for, in a state (expired too), in a place and below; read on from an id."""
    one, package = declared(work, key)
    require(actor, "reveal", shelves.Kept(one))
    register, on, tree = registers.register_of(one), local_date(now), units.tree(work)
    searched = _searched(actor, register)
    where = {field: text.strip()} if text.strip() and field in searched else {}
    below = [p.id for p in tree.below(tree.by_id[place])] if place in tree.by_id else []
    states = [state] if state not in ("", EXPIRED, CLEARING) else []
    asked = registers.conditions(one, where, states=states, places=below)
    if state == CLEARING:
        asked.append(RegisterEntry.keep_until <= on + SOON)
    if state == EXPIRED:
        asked += [RegisterEntry.ended_at.is_(None), RegisterEntry.valid_until < on]
    if before is not None:
        asked.append(RegisterEntry.id < before)
    rows = work.session.scalars(
        select(RegisterEntry).where(visible(work, actor, one), *asked).order_by(RegisterEntry.id.desc()).limit(most + 1)
    ).all()
    columns = shown(actor, register)
    options = registers.options(one, package)
    return Listed(
        shelf(one, package, actor),
        _states(register),
        _places(work, actor, register),
        tuple((name, _called(register, name)) for name in searched),
        tuple(Title(f.title, f.title_en) for _, f in columns),
        tuple(
            Row(
                entry.id,
                name_of(register, entry),
                registers.state_on(entry, on),
                state_title(register, registers.state_on(entry, on)),
                entry.valid_until,
                _place(work, entry.place_id),
                entry.changed_at,
                tuple(text_of(f, (entry.facts or {}).get(n), options.get(n)) for n, f in columns),
            )
            for entry in rows[:most]
        ),
        rows[most - 1].id if len(rows) > most else None,
    )


def shown(actor: Actor, register: Register) -> list[tuple[str, RegisterField]]:
    """The first plain fields that they read: what a list shows beside the name."""
    plain = [
        (name, field)
        for name, field in register.fields.items()
        if field.kind == "plain"
        and field.type not in ("long", "rows")
        and name not in (register.key, register.label)
        and in_lists(actor, register, field)
    ]
    return plain[:COLUMNS]


def card(work: Work, actor: Actor, entry_id: int, *, now: datetime) -> Card:
    """One entry for one of the hall's people: masked, without what is not theirs to read. NotFound, NotYours."""
    entry, one, package = found(work, entry_id)
    kept = shelves.of(work, one, entry)
    require(actor, "see", kept)
    return _card(work, actor, one, package, entry, kept, now, whole=False)


def found(work: Work, entry_id: int, *, lock: bool = False) -> tuple[RegisterEntry, Declared, Package]:
    """An entry with the declaration of its register."""
    entry = registers.get(work, entry_id, lock=lock)
    if entry is not None:
        for one, package in library.declared(work, "registers").values():
            if entry.register in registers.names(one):
                return entry, one, package
    raise NotFound("没有这一条，或者它的台账没有发布。", f"There is no entry {entry_id} of a published register.")


def mine(work: Work, actor: Actor, *, now: datetime) -> list[Card]:
    """A resident's own entries, whole: nobody hides their own data from them."""
    user = work.session.get(User, actor.id) if actor.id is not None else None
    if user is None or user.kind != "resident":
        return []
    by_name: dict[str, tuple[Declared, Package]] = {}
    for one, package in library.declared(work, "registers").values():
        if registers.register_of(one).about == "person":
            by_name |= dict.fromkeys(registers.names(one), (one, package))
    whom = _Whom(user.name, user.phone, user.id_number, user.id)
    cards = []
    for entry in registers.of_people(work, [one for one, _ in by_name.values()], whom):
        one, package = by_name[entry.register]
        kept = shelves.Kept(one, (), actor.id)
        cards.append(_card(work, actor, one, package, entry, kept, now, whole=True))
    return cards


@dataclass(frozen=True, slots=True)
class _Whom:
    name: str
    phone: str | None
    id_number: str | None
    user_id: int | None


def _card(
    work: Work,
    actor: Actor,
    one: Declared,
    package: Package,
    entry: RegisterEntry,
    kept: shelves.Kept,
    now: datetime,
    *,
    whole: bool,
) -> Card:
    register, on = registers.register_of(one), local_date(now)
    facts = entry.facts if isinstance(entry.facts, Mapping) else {}
    options = registers.options(one, package)
    lines = list(_person_lines(entry, whole)) if register.about == "person" else []
    for name, field in register.fields.items():
        if shelves.may_read_field(actor, kept, name):
            lines.append(line_of(name, field, facts.get(name), options.get(name), whole=whole))
    state = registers.state_on(entry, on)
    return Card(
        entry.id,
        entry.version,
        shelf(one, package, actor),
        (entry.title or "") if whole else name_of(register, entry),
        state,
        state_title(register, state),
        entry.valid_until,
        _place(work, entry.place_id),
        _place(work, entry.unit_id),
        entry.at,
        entry.ended_at,
        entry.keep_until,
        entry.blanked_at,
        tuple(lines),
        () if whole else history(work, actor, one, entry, kept, options),
        not whole and shelves.may(actor, "work", kept),
        not whole and shelves.may(actor, "reveal", kept),
    )


def history(
    work: Work,
    actor: Actor,
    one: Declared,
    entry: RegisterEntry,
    kept: shelves.Kept,
    options: Mapping[str, Mapping[str, str]],
) -> tuple[Was, ...]:
    """The changes, the newest first; what is masked on the card is masked here."""
    register = registers.register_of(one)
    rows = work.session.execute(
        select(RegisterChange, User.name)
        .outerjoin(User, User.id == RegisterChange.by_id)
        .where(RegisterChange.entry_id == entry.id)
        .order_by(RegisterChange.version.desc())
        .limit(100)
    ).all()
    out = []
    for change, who in rows:
        lines = []
        for name, (before, after) in (change.facts or {}).items():
            field = register.fields.get(name)
            if field is not None and shelves.may_read_field(actor, kept, name):
                was = line_of(name, field, before, options.get(name), whole=False)
                now_ = line_of(name, field, after, options.get(name), whole=False)
                lines.append((was.title, was.text or "—", now_.text or "—"))
            elif name == "state":
                lines.append((_STATE, state_title(register, before).zh, state_title(register, after).zh))
            elif name == "place":
                lines.append((_PLACE, _place(work, before) or "—", _place(work, after) or "—"))
            elif name.startswith("person."):
                what = name.removeprefix("person.")
                lines.append((_PERSON[what], _mask(what, before), _mask(what, after)))
        out.append(Was(change.at, who or "系统", change.what, change.why or "", tuple(lines), change.version))
    return tuple(out)


_STATE, _PLACE, _EXPIRED = Title("状态", "State"), Title("村（社区）", "Village"), Title("已过期", "Expired")
_PERSON = {
    "name": Title("姓名", "Name"),
    "phone": Title("电话", "Telephone"),
    "id_number": Title("身份证号", "Identity number"),
}
_CLEARING = Title("30 天内清除", "Blanked within 30 days")
_KEY = Title("编号", "Number")


def _person_lines(entry: RegisterEntry, whole: bool) -> list[Line]:
    known = entry.person if isinstance(entry.person, Mapping) else {}
    return [
        Line(f"person.{n}", _PERSON[n], str(known[n]) if whole else _mask(n, known[n]), not whole, False)
        for n in PERSON
        if known.get(n)
    ]


def person_line(name: str, text: str) -> Line:
    """The name, telephone or number of whom an entry is about, whole."""
    return Line(f"person.{name}", _PERSON[name], text, False, False)


def line_of(name: str, field: RegisterField, value: Any, options: Mapping[str, str] | None, *, whole: bool) -> Line:
    """One field as it is shown. Health and child data are not shown at all until they are revealed."""
    title, sensitive = Title(field.title, field.title_en), field.kind in SENSITIVE
    there = value is not None and value != ""
    masked = there and not whole and (sensitive or field.masked_as != "none")
    if field.type == "rows" and there and not masked:
        heads = tuple(Title(c.title, c.title_en) for c in field.columns.values())
        rows = tuple(
            tuple(text_of(column, row.get(key), None) for key, column in field.columns.items()) for row in value
        )
        return Line(name, title, "", False, sensitive, rows, heads)
    text = text_of(field, value, options)
    if masked:
        text = "••••" if sensitive else mask(field.masked_as, text)
    return Line(name, title, text, masked, sensitive)


def mask(how: str, text: str) -> str:
    """A text behind its mask."""
    match how:
        case "none":
            return text
        case "phone":
            return masks.phone(text)
        case "id":
            return masks.id_number(text)
        case "name":
            return masks.name(text)
        case "tail":
            return "•" * 4 + text[-4:] if len(text) > 4 else "••••"
    return "••••"


def _mask(what: str, value: Any) -> str:
    return mask({"phone": "phone", "id_number": "id"}.get(what, "name"), str(value)) if value else "—"


def text_of(field: RegisterField | RegisterColumn, value: Any, options: Mapping[str, str] | None) -> str:
    """A value in words: options by their title, yes and no, a list with commas."""
    if value is None or value == "":
        return ""
    words = options or field.options
    if isinstance(value, list):
        if value and isinstance(value[0], Mapping):
            return f"{len(value)}"
        return "、".join(words.get(str(v), as_text(v)) for v in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return words.get(str(value), as_text(value))


def name_of(register: Register, entry: RegisterEntry) -> str:
    """What a list calls an entry: a person's name masked, a thing or a line by its label, a line without one by its
    day."""
    title = entry.title or ""
    if register.about == "person":
        return masks.name(title)
    if register.about == "case" and not (register.label and title):
        return local_date(entry.at).isoformat()
    field = register.fields.get(register.label or register.key)
    return mask(field.masked_as, title) if field is not None else title


def state_title(register: Register, state: str | None) -> Title:
    found = register.states.get(state or "")
    if found is not None:
        return Title(found.title, found.title_en)
    return _EXPIRED if state == EXPIRED else Title(state or "", state or "")


def in_lists(actor: Actor, register: Register, field: RegisterField) -> bool:
    """Whether a field is shown in lists, and searched: where they read it of every entry that is listed for them. Who
    reads it at one unit only looks into the entries of that."""
    reads = [p.unit_path for p in shelves.of_field(actor, register, field)]
    return all(any(p.unit_path.startswith(path) for path in reads) for p in shelves.reading(actor, register))


def _searched(actor: Actor, register: Register) -> tuple[str, ...]:
    """What may be typed into the search: people are always found by name, telephone and number. Not what they do not
    read: whom a search finds says what stands there."""
    names = tuple(dict.fromkeys((*PERSON, *register.search))) if register.about == "person" else register.search
    fields = register.fields
    return tuple(name for name in names if name not in fields or in_lists(actor, register, fields[name]))


def _called(register: Register, name: str) -> Title:
    field = register.fields.get(name)
    if field is not None:
        return Title(field.title, field.title_en)
    if name == "name" and register.label:
        return Title(register.fields[register.label].title, register.fields[register.label].title_en)
    return _PERSON.get(name, _KEY)


def _states(register: Register) -> tuple[tuple[str, Title], ...]:
    """The states to choose from; and what has expired, what is blanked soon, where there can be any."""
    found = [(name, Title(state.title, state.title_en)) for name, state in register.states.items()]
    if register.valid_until:
        found.append((EXPIRED, _EXPIRED))
    if register.keep or any(field.keep for field in register.fields.values()):
        found.append((CLEARING, _CLEARING))
    return tuple(found)


def _places(work: Work, actor: Actor, register: Register) -> tuple[tuple[int, str], ...]:
    """Towns and villages within reach, to choose from."""
    positions = shelves.reading(actor, register)
    kinds = ("town", "village", "community")
    tree = units.tree(work)
    within = [p for p in tree if p.kind in kinds and any(p.path.startswith(q.unit_path) for q in positions)]
    return tuple((p.id, tree.full_name(p)) for p in sorted(within, key=lambda p: p.path))


def _place(work: Work, unit_id: int | None) -> str:
    place = units.tree(work).by_id.get(unit_id) if unit_id is not None else None
    return units.tree(work).full_name(place) if place is not None else ""


@dataclass(frozen=True, slots=True)
class Form:
    """What is filled in to add or change an entry."""

    shelf: Shelf
    register: Register
    fields: Mapping[str, RegisterField]  # that the actor may read, and so write; options of decisions filled in
    values: Mapping[str, Any]  # what is there now, of fields nothing hides
    states: tuple[tuple[str, Title], ...]
    places: tuple[tuple[int, str], ...]


def form(work: Work, actor: Actor, one: Declared, package: Package, entry: RegisterEntry | None = None) -> Form:
    """The form of a register for one of its writers. NotYours."""
    kept = shelves.Kept(one) if entry is None else shelves.of(work, one, entry)
    require(actor, "work", kept)
    register = registers.register_of(one)
    options = registers.options(one, package)
    fields = {
        name: field.model_copy(update={"options": options[name]}) if name in options else field
        for name, field in register.fields.items()
        if shelves.may_read_field(actor, kept, name)
    }
    facts = entry.facts if entry is not None and isinstance(entry.facts, Mapping) else {}
    return Form(
        shelf(one, package, actor),
        register,
        fields,
        {name: facts.get(name) for name, field in fields.items() if field.masked_as == "none"},
        tuple((n, Title(s.title, s.title_en)) for n, s in register.states.items()),
        _places(work, actor, register),
    )


def editing(work: Work, actor: Actor, entry_id: int, *, now: datetime) -> tuple[Card, Form]:
    """An entry and the form that changes it."""
    entry, one, package = found(work, entry_id)
    return card(work, actor, entry_id, now=now), form(work, actor, one, package, entry)
