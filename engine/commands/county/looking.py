"""A book beside the hall: what both hold, and the steps that every sheet's rows share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine.commands.county.columns import ITEMS, OPENINGS, RESOURCES, SHEETS, UNITS, Sheet
from engine.commands.county.reading import Book, Fault, Row
from engine.findings import meant
from engine.people import Actor, units
from engine.people.units import Place
from engine.store import Work
from engine.store.models import Hall, Post, Resource, User

#: Which columns name something bookable.
OF_RESOURCE = ((RESOURCES, "code"), (ITEMS, "resource"), (OPENINGS, "resource"))


@dataclass(frozen=True, slots=True)
class Change:
    """One row that the hall would follow."""

    sheet: Sheet
    n: int  # the row of the file
    new: bool
    title: str  # which one: 350526-YB 县医疗保障局
    fields: tuple[tuple[str, str, str], ...]  # what differs: column, before, after
    do: Callable[[], None] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do."""

    changes: tuple[Change, ...]
    same: int  # rows that the hall has already
    faults: tuple[Fault, ...]
    token: str  # what was read, and what it met

    def counts(self) -> Iterator[tuple[Sheet, int, int]]:
        """Of each sheet with changes: how many are new, how many differ."""
        for sheet in SHEETS:
            here = [one.new for one in self.changes if one.sheet is sheet]
            if here:
                yield sheet, here.count(True), here.count(False)


class Look:
    """One reading of the hall beside one book."""

    def __init__(self, work: Work, book: Book, hall: str, by: Actor, now: datetime) -> None:
        self.work, self.book, self.hall, self.by, self.now = work, book, hall, by, now
        self.tree = units.tree(work)
        self.faults = list(book.faults)
        self.changes: list[Change] = []
        self.same = 0
        self.unit_rows = {str(row.values["code"]): row for row in book.of(UNITS)}
        self.added: dict[str, Place] = {}  # units of this file that are in by now
        self.users: dict[str, User] = {}
        self.posts = {row.code: row for row in work.session.scalars(select(Post))}
        self.halls = {row.code: row for row in work.session.scalars(select(Hall))}
        codes = {str(row.values[name]) for sheet, name in OF_RESOURCE for row in book.of(sheet)}
        self.resources = {
            row.code: row for row in work.session.scalars(select(Resource).where(Resource.code.in_(codes)))
        }

    def wrong(self, row: Row, name: str, zh: str, en: str) -> None:
        self.faults.append(row.fault(name, zh, en))

    def new(self, row: Row, title: str, do: Callable[[], None]) -> None:
        self.changes.append(Change(row.sheet, row.n, True, title, (), do))

    def compare(self, row: Row, title: str, now: Mapping[str, Any], do: Callable[[], None]) -> None:
        """A change where a cell says otherwise than the hall; `now`: column -> what there is."""
        fields = tuple(
            (column.zh, (column.say or shown)(before), (column.say or shown)(row.values[name]))
            for name, before in now.items()
            for column in (row.sheet.column(name),)
            if name in row.values and row.values[name] != before
        )
        if fields:
            self.changes.append(Change(row.sheet, row.n, False, title, fields, do))
        else:
            self.same += 1

    def unit(self, row: Row, name: str) -> bool:
        """Whether the cell names a unit that stands today, or that this file brings."""
        code = str(row.values.get(name, ""))
        there = self.tree.by_code.get(code)
        if there is not None and not there.active:
            after = self.tree.today(there).code
            self.wrong(
                row, name, f"{there.name}已经撤销，现在是 {after}。", f"{there.name} is no more: it is {after} now."
            )
            return False
        if self.broken(UNITS, code):
            return False
        if there is None and code not in self.unit_rows:
            zh, en = meant(code, [*(p.code for p in self.tree.standing), *self.unit_rows], 3)
            self.wrong(row, name, f"没有代码为“{code}”的单位。{zh}", f"There is no unit {code!r}. {en}")
            return False
        return True

    def broken(self, sheet: Sheet, name: str) -> bool:
        """Whether the file has it in a row that is refused: what names it needs no second complaint."""
        return name in self.book.broken.get(sheet.name, ())

    def place(self, code: Any) -> Place:
        """A unit by its code, while the file is carried out."""
        known = self.added.get(str(code)) or self.tree.by_code.get(str(code))
        return known or units.by_code(self.work, str(code))

    def code_of(self, unit_id: int | None) -> str:
        place = self.tree.by_id.get(unit_id or 0)
        return place.code if place is not None else ""


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(str(one) for one in value)
    return "" if value is None else str(value)


def now_of(there: object, *names: str) -> dict[str, Any]:
    return {name: getattr(there, name) for name in names}


def setting(there: object, row: Row, *names: str) -> Callable[[], None]:
    def do() -> None:
        for name in names:
            if name in row.values:
                setattr(there, name, row.values[name])

    return do
