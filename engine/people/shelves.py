"""An entry of a register as it is judged: its declaration, and where it belongs (engine.people.access asks for it)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Row, select

from engine.matters.nouns import Declared
from engine.matters.nouns.bonds import GUARDIAN
from engine.matters.nouns.registers import SENSITIVE, Register, RegisterField
from engine.people import apart, units
from engine.people.actor import Actor, Position
from engine.people.bonds import Grant
from engine.store import Work
from engine.store.models import Case, RegisterEntry


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry, or (without `paths`) the register as such: whether there can be any for this actor."""

    one: Declared
    paths: tuple[str, ...] | None = None  # of the units it belongs to
    user_id: int | None = None  # whom it is about
    #: A line of a restricted case: paths are those of who handles it, and only these read it, no one above (Y3).
    restricted: bool = False

    @property
    def register(self) -> Register:
        assert isinstance(self.one.what, Register)
        return self.one.what


def of(work: Work, one: Declared, entry: RegisterEntry) -> Kept:
    """An entry with the units it belongs to."""
    tree = units.tree(work)
    ids = [i for i in (entry.place_id, entry.unit_id) if i is not None]
    case = _restricted(work, one, entry)
    if case is not None:
        ids = sorted(apart.handle(case.office_id, case.handled_by))
    paths = tuple(tree.by_id[i].path for i in ids if i in tree.by_id)
    return Kept(one, paths, entry.user_id, case is not None)


def _restricted(work: Work, one: Declared, entry: RegisterEntry) -> Row[int, str] | None:
    """The restricted case that left it as a line. Entries about persons and things have the readers that their
    register names, whichever case wrote them."""
    if entry.case_id is None or not isinstance(one.what, Register) or one.what.about != "case":
        return None
    found = select(Case.office_id, Case.handled_by).where(Case.id == entry.case_id, Case.restricted)
    return work.session.execute(found).one_or_none()


def at(work: Work, one: Declared, unit_ids: Iterable[int]) -> Kept:
    """An entry that is to be: where it would belong."""
    return Kept(one, tuple(units.place(work, i).path for i in unit_ids))


def reading(actor: Actor, register: Register) -> list[Position]:
    """The positions by which they read the register: their posts, and those of whom they stand in for in everything.
    Lines that cases left are read by heads too, of their units."""
    return [
        p
        for p in _whole(actor)
        if p.post in register.readers or p.post in register.writers or (register.about == "case" and heads(p))
    ]


def writing(actor: Actor, register: Register) -> list[Position]:
    return [p for p in _whole(actor) if p.post in register.writers]


def of_field(actor: Actor, register: Register, field: RegisterField) -> list[Position]:
    """The positions by which they read a field."""
    if not field.readers:
        return reading(actor, register)
    return [p for p in _whole(actor) if p.post in field.readers]


def heads(position: Position) -> bool:
    return position.role == "supervisor" and position.for_id is None


def _whole(actor: Actor) -> list[Position]:
    if actor.kind != "staff":
        return []
    return [p for p in actor.positions_in_all if p.reads]


def covers(positions: Iterable[Position], kept: Kept) -> bool:
    """Whether one of these positions is at a unit of the entry, or above one."""
    if kept.paths is None:
        return any(True for _ in positions)
    if kept.restricted:  # and no leave lends it, as none lends the case
        return any(p.unit_path in kept.paths and p.for_id is None for p in positions)
    return any(path.startswith(p.unit_path) for p in positions for path in kept.paths)


def may(actor: Actor, verb: str, kept: Kept) -> bool:
    """see: its readers, and whom it is about. work: its writers. reveal: its readers. take-out: its readers, all at
    once, where they also write or head the unit."""
    if verb == "see" and (_own(actor, kept) or granted(actor, kept) is not None):
        return True
    if verb in ("see", "reveal"):
        return covers(reading(actor, kept.register), kept)
    if verb == "work":
        return covers(writing(actor, kept.register), kept)
    if verb == "supervise":
        return covers([p for p in reading(actor, kept.register) if heads(p)], kept)
    return False


def _own(actor: Actor, kept: Kept) -> bool:
    return actor.id is not None and kept.user_id == actor.id


def granted(actor: Actor, kept: Kept) -> Grant | None:
    """关系: the bond by which they see an entry about somebody who lets them."""
    if kept.user_id is None:
        return None
    return next((g for g in actor.grants if g.subject_id == kept.user_id and g.over_entry(kept.one.key)), None)


def may_read_field(actor: Actor, kept: Kept, name: str) -> bool:
    """Whether they read this field of the entry at all, masked or not. Of health and children by a bond: a guardian,
    and
    who was let see this very register; "everything" was not said of those."""
    if _own(actor, kept):
        return True
    grant = granted(actor, kept)
    if grant is not None:
        sensitive = kept.register.fields[name].kind in SENSITIVE
        return not sensitive or grant.kind == GUARDIAN or grant.entries is not None
    return covers(of_field(actor, kept.register, kept.register.fields[name]), kept)
