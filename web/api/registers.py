"""Registers: those one may read, their entries, one entry; added and changed by their writers. Masked as on pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from engine.commands import registers
from engine.reads import registers as reads
from web import edge
from web.api.declaring import Shape, operation


class RegisterOut(Shape):
    key: str
    title: str
    title_en: str
    about: str = Field(description="person, thing or case")
    may_write: bool


class EntryOut(Shape):
    id: int
    title: str = Field(description="masked where it is a name")
    state: str
    valid_until: date | None
    place: str
    changed_at: datetime


class EntriesOut(Shape):
    entries: list[EntryOut]
    next: int | None = Field(description="give it as `before` to read on")


class EntriesQuery(Shape):
    field: str = Field("", max_length=40, description="what is searched: name, phone, id_number, key or a field")
    text: str = Field("", max_length=80, description="the whole value")
    state: str = Field("", max_length=40)
    place_id: int | None = None
    before: int | None = None


class LineOut(Shape):
    name: str
    title: str
    text: str
    masked: bool
    rows: list[list[str]]


class EntryWhole(EntryOut):
    register_key: str
    version: int
    fields: list[LineOut]


class PersonIn(Shape):
    name: str = Field(max_length=80)
    phone: str = Field("", max_length=40)
    id_number: str = Field("", max_length=40)


class EntryIn(Shape):
    fields: dict[str, Any] = Field({}, description="field → value, as the register declares them")
    person: PersonIn | None = Field(None, description="of a register about persons")
    place_id: int | None = None
    state: str = Field("", max_length=40)


class EntryChange(Shape):
    version: int = Field(description="that was read: somebody may have changed it since")
    why: str = Field(min_length=2, max_length=200)
    fields: dict[str, Any] = Field({}, description="what is not given stays; null empties a field")
    state: str = Field("", max_length=40)


@operation("get", "/registers", who="staff", tag="registers", gives=list[RegisterOut])
def registers_mine() -> list[RegisterOut]:
    """The registers one may read."""
    return [
        RegisterOut(key=s.key, title=s.title.zh, title_en=s.title.en, about=s.about, may_write=s.may_write)
        for s in reads.for_actor(edge.work(), edge.actor())
    ]


@operation("get", "/registers/{key}/entries", who="staff", tag="registers", query=EntriesQuery, gives=EntriesOut)
def register_entries(key: str, query: EntriesQuery) -> EntriesOut:
    """Entries of a register, the newest first, fifty at a time."""
    found = reads.listed(
        edge.work(),
        edge.actor(),
        key,
        now=edge.now(),
        field=query.field,
        text=query.text,
        state=query.state,
        place=query.place_id,
        before=query.before,
    )
    rows = [
        EntryOut(
            id=row.id,
            title=row.title,
            state=row.state,
            valid_until=row.valid_until,
            place=row.place,
            changed_at=row.changed_at,
        )
        for row in found.rows
    ]
    return EntriesOut(entries=rows, next=found.next)


@operation("get", "/register-entries/{entry_id}", who="staff", tag="registers", gives=EntryWhole)
def register_entry(entry_id: int) -> EntryWhole:
    """One entry: what is about a person is masked."""
    return _whole(entry_id)


@operation(
    "post", "/registers/{key}/entries", who="staff", tag="registers", takes=EntryIn, gives=EntryWhole, status=201
)
def add_register_entry(key: str, body: EntryIn) -> EntryWhole:
    """Add an entry to a register one writes."""
    entry = registers.add(
        edge.work(),
        key,
        body.fields,
        by=edge.actor(),
        now=edge.now(),
        person=body.person.model_dump() if body.person is not None else None,
        place_id=body.place_id,
        state=body.state,
    )
    return _whole(entry.id)


@operation("post", "/register-entries/{entry_id}", who="staff", tag="registers", takes=EntryChange, gives=EntryWhole)
def change_register_entry(entry_id: int, body: EntryChange) -> EntryWhole:
    """Change an entry that is as it was read."""
    registers.change(
        edge.work(),
        entry_id,
        body.fields,
        version=body.version,
        why=body.why,
        by=edge.actor(),
        now=edge.now(),
        state=body.state,
    )
    return _whole(entry_id)


def _whole(entry_id: int) -> EntryWhole:
    card = reads.card(edge.work(), edge.actor(), entry_id, now=edge.now())
    changed = card.history[0].at if card.history else card.at
    return EntryWhole(
        id=card.id,
        title=card.title,
        state=card.state,
        valid_until=card.valid_until,
        place=card.place,
        changed_at=changed,
        register_key=card.shelf.key,
        version=card.version,
        fields=[
            LineOut(
                name=line.name,
                title=line.title.zh,
                text=line.text,
                masked=line.masked,
                rows=[list(row) for row in line.rows],
            )
            for line in card.lines
        ],
    )
