"""Looking behind a mask of an entry: for a purpose, so many an hour, and it stays on record (RULES Y1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.commands.cases.looking_at_many import look
from engine.errors import NotFound
from engine.matters.nouns.registers import SENSITIVE
from engine.people import Actor, require, shelves
from engine.reads import registers as reads
from engine.records import audit, registers
from engine.store import Work


def reveal(work: Work, entry_id: int, name: str, purpose: str, words: str, *, by: Actor, now: datetime) -> reads.Line:
    """One field whole, or `person.name`, `person.phone`, `person.id_number`. Health and child data leave a line of
    their own in the record beside."""
    entry, one, package = reads.found(work, entry_id)
    kept = shelves.of(work, one, entry)
    require(by, "reveal", kept)
    register = registers.register_of(one)
    field = register.fields.get(name)
    part = name.removeprefix("person.")
    there = part in reads.PERSON and name != part and register.about == "person"
    if not (there or (field is not None and shelves.may_read_field(by, kept, name))):
        raise NotFound("没有这一项。", f"There is no field {name!r}.")
    look(work, name, purpose, words, entry_id=entry.id, by=by, now=now, register=one.key, entry=entry.id)
    if field is None:
        known = entry.person if isinstance(entry.person, Mapping) else {}
        return reads.person_line(part, str(known.get(part) or ""))
    if field.kind in SENSITIVE:
        audit.read(work, one.key, [entry.id], [name], by=by, now=now, purpose=purpose)
    value = (entry.facts or {}).get(name)
    return reads.line_of(name, field, value, registers.options(one, package).get(name), whole=True)
