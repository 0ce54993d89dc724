"""What somebody's own cases left in registers that have a `curve`: for that person, and for nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from engine.matters.nouns.registers import Register, day
from engine.people import Actor
from engine.reads.registers import Title
from engine.records import library, registers
from engine.store import Work
from engine.store.models import Case, RegisterEntry

#: The latest times that a page shows.
MOST = 100


@dataclass(frozen=True, slots=True)
class Curve:
    """One register, as its person sees it."""

    title: Title
    lines: tuple[Title, ...]
    times: tuple[tuple[date, tuple[Decimal | None, ...]], ...]  # the oldest first: the day, and the number of each line


def mine(work: Work, actor: Actor) -> list[Curve]:
    """The reader's own; of registers in which nothing of theirs stands there is none."""
    if actor.kind != "resident" or actor.id is None:
        return []
    declared = {
        name: registers.register_of(one)
        for one, _package in library.declared(work, "registers").values()
        if registers.register_of(one).curve is not None
        for name in registers.names(one)
    }
    if not declared:
        return []
    rows = work.session.scalars(
        select(RegisterEntry)
        .join(Case, Case.id == RegisterEntry.case_id)
        .where(
            RegisterEntry.register.in_(list(declared)),
            RegisterEntry.blanked_at.is_(None),
            Case.applicant_id == actor.id,
        )
        .order_by(RegisterEntry.id.desc())
        .limit(MOST)
    ).all()
    found: dict[int, tuple[Register, list[RegisterEntry]]] = {}
    for row in rows:
        register = declared[row.register]
        found.setdefault(id(register), (register, []))[1].append(row)
    drawn = [_curve(register, entries) for register, entries in found.values()]
    return [one for one in drawn if one.times]


def _curve(register: Register, entries: list[RegisterEntry]) -> Curve:
    assert register.curve is not None
    times = []
    for entry in entries:
        facts = entry.facts if isinstance(entry.facts, Mapping) else {}
        on = day(facts.get(register.curve.on))
        numbers = tuple(_number(facts.get(name)) for name in register.curve.lines)
        if on is not None and any(number is not None for number in numbers):
            times.append((on, entry.id, numbers))
    titles = tuple(Title(register.fields[name].title, register.fields[name].title_en) for name in register.curve.lines)
    ordered = tuple((on, numbers) for on, _id, numbers in sorted(times, key=lambda one: one[:2]))
    return Curve(Title(register.curve.title, register.curve.title_en), titles, ordered)


def _number(value: object) -> Decimal | None:
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None
