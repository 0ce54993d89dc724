"""How far each village is from the nearest facility of each kind (十五分钟生活圈), from a register of ways measured.

What nobody measured is unknown, and shown as unknown: it is neither near nor far. Of several ways the shortest counts,
with its source of the day it was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from engine.errors import NotFound
from engine.matters.nouns import Declared
from engine.matters.nouns.registers import RegisterReach, day
from engine.people import Actor, require, shelves, units
from engine.reads import registers as reads
from engine.records import registers
from engine.store import Work
from engine.store.models import RegisterEntry
from engine.workdays import local_date

#: Ways read at most: some four thousand are a county with two hundred villages and twenty kinds.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest facility of a kind, as somebody measured it."""

    facility: str
    minutes: float
    mode: str
    measured_on: date | None
    within: bool


@dataclass(frozen=True, slots=True)
class Village:
    """One village: kind -> the nearest, None where nobody measured."""

    code: str
    name: str
    near: tuple[Nearest | None, ...]

    @property
    def unknown(self) -> int:
        return sum(one is None for one in self.near)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Villages by kinds of facility."""

    shelf: reads.Shelf
    limit: int
    kinds: tuple[str, ...]
    villages: tuple[Village, ...]
    within: tuple[int, ...]  # of each kind: villages within the limit …
    beyond: tuple[int, ...]  # … beyond it …
    unknown: tuple[int, ...]  # … and not measured


def of(work: Work, actor: Actor, key: str, *, now: datetime) -> Coverage:
    """The table for one of the hall's people: the villages they reach. NotFound: the register measures no ways."""
    one, package = reads.declared(work, key)
    require(actor, "reveal", shelves.Kept(one))
    positions = shelves.reading(actor, registers.register_of(one))
    tree = units.tree(work)
    codes = [
        p.code
        for p in tree
        if p.kind in ("village", "community") and any(p.path.startswith(q.unit_path) for q in positions)
    ]
    reach = reach_of(one)
    near = nearest(work, one, codes, on=local_date(now))
    field = registers.register_of(one).fields[reach.kind]
    options = registers.options(one, package).get(reach.kind) or field.options
    villages = tuple(
        Village(code, tree.full_name(tree.by_code[code]), tuple(near.get((code, kind)) for kind in options))
        for code in sorted(codes)
    )
    columns = list(zip(*(v.near for v in villages), strict=True)) if villages else [()] * len(options)
    return Coverage(
        reads.shelf(one, package, actor),
        reach.limit,
        tuple(options.values()),
        villages,
        tuple(sum(n is not None and n.within for n in column) for column in columns),
        tuple(sum(n is not None and not n.within for n in column) for column in columns),
        tuple(sum(n is None for n in column) for column in columns),
    )


def reach_of(one: Declared) -> RegisterReach:
    reach = registers.register_of(one).reach
    if reach is None:
        raise NotFound("这个台账不量路程。", f"The register {one.key} measures no ways.")
    return reach


def nearest(work: Work, one: Declared, codes: list[str], *, on: date) -> Mapping[tuple[str, str], Nearest]:
    """(village, kind) -> the nearest facility, of ways valid on that day; what nobody measured is not there."""
    reach = reach_of(one)
    rows = work.session.scalars(
        select(RegisterEntry.facts)
        .where(*registers.conditions(one, valid_on=on))
        .order_by(RegisterEntry.id.desc())
        .limit(MOST)
    )
    wanted, found = set(codes), dict[tuple[str, str], Nearest]()
    for facts in rows:
        code, kind, minutes = (facts.get(name) for name in (reach.village, reach.kind, reach.minutes))
        if code not in wanted or kind is None or minutes is None:
            continue
        known = found.get((code, kind))
        if known is None or float(minutes) < known.minutes:
            found[code, kind] = Nearest(
                str(facts.get(reach.facility) or ""),
                float(minutes),
                str(facts.get(reach.mode) or "") if reach.mode else "",
                day(facts.get(reach.measured_on)) if reach.measured_on else None,
                float(minutes) <= reach.limit,
            )
    return found
