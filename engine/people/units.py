"""The county's tree of units, kept in memory: it is read on every request and changes a few times a year."""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from engine.errors import NotFound
from engine.store import Database, Work
from engine.store.models import Unit
from engine.workdays import OpeningHours

#: A community is a village in a town: whatever is asked of the one is asked of the other.
VILLAGES = ("village", "community")

#: What a neighbourhood's centre (邻里中心) may be, in pairs that shut each other out: a code and its word.
CENTRE: tuple[Mapping[str, str], ...] = (
    {"gathered": "集中", "scattered": "分散"},
    {"gated": "封闭", "ungated": "开放"},
    {"trade": "商业", "resettled": "移民"},
)

#: Another process's change of a unit is seen after this many seconds at the latest.
FRESH_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """One unit, as a plain value."""

    id: int
    code: str
    name: str
    name_en: str
    kind: str  # county, office, town, village, community, grid, centre, committee, partner, party
    parent_id: int | None
    path: str  # /1/4/17/
    phone: str
    address: str
    seal_name: str  # its legal name, as on its seal; "": it has no seal and signs no paper
    number: str | None  # four digits, part of case numbers
    word: str  # how its papers' numbers begin: 德医保
    hours: Mapping[str, Any] | None = field(
        default=None, hash=False, compare=False
    )  # opening hours; None: the common ones
    active: bool = True  # False: it is no more; what it did stays under its name
    successor_id: int | None = None  # who took over what it had
    centre: tuple[str, ...] = ()  # the type of its centre: codes of CENTRE; (): none is said


def alike(kind: str) -> tuple[str, ...]:
    """The kinds of units that a kind means; `village` also means a community."""
    return VILLAGES if kind == "village" else (kind,)


class Tree:
    """All units, also those that are no more: what they did stays under their names. `standing` are the others."""

    def __init__(self, places: list[Place]) -> None:
        self.by_id = {p.id: p for p in places}
        self.by_code = {p.code: p for p in places}
        self.read_at = time.monotonic()

    def __iter__(self) -> Iterator[Place]:
        return iter(self.by_id.values())

    @property
    def county(self) -> Place:
        for place in self:
            if place.parent_id is None:
                return place
        raise NotFound("县级单位还没有建立，请先运行 yizhan init。", "There is no county yet: run `yizhan init` first.")

    @property
    def standing(self) -> list[Place]:
        """The units that there are today: where something may go, and what may be chosen."""
        return [p for p in self if p.active]

    def today(self, place: Place) -> Place:
        """The unit itself; of one that is no more who took over from it, else the next unit above that there is."""
        seen: set[int] = set()
        while not place.active and place.id not in seen:
            seen.add(place.id)
            after = self.by_id.get(place.successor_id or place.parent_id or 0)
            if after is None:
                break
            place = after
        return place

    def above(self, place: Place) -> list[Place]:
        """The unit itself, then its ancestors up to the county."""
        return [self.by_id[int(i)] for i in reversed(place.path.strip("/").split("/"))]

    def below(self, place: Place) -> list[Place]:
        """The unit itself and all under it."""
        return [p for p in self if p.path.startswith(place.path)]

    def level(self, place: Place, kind: str) -> Place | None:
        """The unit of this kind on the way from the place up to the county; `village` also means a community."""
        return next((p for p in self.above(place) if p.kind in alike(kind)), None)

    def nearest(self, place: Place, kind: str) -> Place | None:
        """The unit of this kind that is the place itself, belongs to it, or to the next one above that has one."""
        for one in self.above(place):
            if one.kind == kind and one.active:
                return one
            found = [p for p in self.standing if p.parent_id == one.id and p.kind == kind]
            if found:
                return min(found, key=lambda p: p.code)
        return None

    def full_name(self, place: Place) -> str:
        """龙门滩镇苏洋村: the names from the town down; the county's own units keep their name."""
        return "".join(p.name for p in reversed(self.above(place)) if p.kind != "county") or place.name


_trees: weakref.WeakKeyDictionary[Database, Tree] = weakref.WeakKeyDictionary()


def tree(work: Work) -> Tree:
    """The tree, read at most once a minute."""
    found = _trees.get(work.database)
    if found is None or time.monotonic() - found.read_at > FRESH_S:
        found = _trees[work.database] = _read(work)
    return found


def forget(work: Work) -> None:
    """Read the tree again the next time: a unit was added or changed here."""
    _trees.pop(work.database, None)


def place(work: Work, unit_id: int) -> Place:
    found = tree(work).by_id.get(unit_id)
    if found is None:  # perhaps added by another process since we read
        forget(work)
        found = tree(work).by_id.get(unit_id)
    if found is None:
        raise NotFound(f"没有编号为 {unit_id} 的单位。", f"There is no unit {unit_id}.")
    return found


def by_code(work: Work, code: str) -> Place:
    found = tree(work).by_code.get(code)
    if found is None:
        forget(work)
        found = tree(work).by_code.get(code)
    if found is None:
        raise NotFound(f"没有代码为“{code}”的单位。", f"There is no unit with code {code!r}.")
    return found


def add(
    work: Work,
    *,
    code: str,
    name: str,
    kind: str,
    parent: Place | None = None,
    name_en: str = "",
    phone: str = "",
    address: str = "",
    seal_name: str | None = None,
    number: str | None = None,
    word: str = "",
    centre: str = "",
) -> Place:
    """A new unit under its parent. `seal_name`: its legal name; without one its own, and none for a partner body or
    for a grid, which is a part of its village."""
    if seal_name is None:
        seal_name = "" if kind in ("partner", "grid") else name
    row = Unit(
        code=code,
        name=name,
        name_en=name_en,
        kind=kind,
        parent_id=parent.id if parent else None,
        path="",
        phone=phone,
        address=address,
        seal_name=seal_name,
        number=number,
        word=word,
        centre=centre,
    )
    work.session.add(row)
    work.session.flush()
    row.path = f"{parent.path if parent else '/'}{row.id}/"
    work.session.flush()
    forget(work)
    return _place(row)


def set_hours(work: Work, place: Place, hours: Mapping[str, Any] | None) -> None:
    """The opening hours of a unit, checked: deadlines of its cases end when it closes. None: the common hours."""
    if hours is not None:
        OpeningHours.read(hours, work.calendar)
    row = work.session.get(Unit, place.id)
    assert row is not None
    row.hours = dict(hours) if hours is not None else None
    work.session.flush()
    forget(work)


def opening_hours(work: Work, unit_id: int) -> OpeningHours | None:
    """When a unit is open; None when it keeps the common hours."""
    hours = place(work, unit_id).hours
    return OpeningHours.read(hours, work.calendar) if hours else None


def _place(row: Unit) -> Place:
    return Place(
        row.id,
        row.code,
        row.name,
        row.name_en,
        row.kind,
        row.parent_id,
        row.path,
        row.phone,
        row.address,
        row.seal_name,
        row.number,
        row.word,
        row.hours,
        row.active,
        row.successor_id,
        tuple(one for one in row.centre.split(",") if one),
    )


def _read(work: Work) -> Tree:
    return Tree([_place(row) for row in work.session.scalars(select(Unit).order_by(Unit.path))])
