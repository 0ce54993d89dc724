"""单位: the rows of the units' sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.commands.county.looking import Look, setting, shown
from engine.commands.county.reading import Row
from engine.errors import FieldError, Invalid
from engine.people import units
from engine.people.units import Place
from engine.records import audit
from engine.store.models import Unit

#: The first number of each kind of unit, where the file gives none.
FIRST_NUMBER = {
    "county": 1,
    "office": 1001,
    "centre": 1501,
    "town": 2001,
    "village": 3001,
    "grid": 5001,
    "community": 6001,
    "committee": 7001,
    "partner": 8001,
    "party": 8501,
}
_NAMED = {"county": ("县", "the county"), "town": ("乡镇", "a town"), "village": ("村或社区", "a village or community")}
#: What a unit of this kind stands under.
ABOVE = {
    "town": ("county",),
    "village": ("town",),
    "community": ("town",),
    "grid": ("village", "community"),
}


def units_of(look: Look) -> None:
    taken = {p.number: p.code for p in look.tree if p.number}
    named = {(look.code_of(p.parent_id), p.name): p.code for p in look.tree.standing}
    counties = [p.code for p in look.tree if p.parent_id is None]
    fresh: list[Row] = []
    for code, row in look.unit_rows.items():
        there = look.tree.by_code.get(code)
        number = row.values.get("number")
        if number and taken.setdefault(str(number), code) != code:
            zh = f"编号“{number}”已经是 {taken[str(number)]} 的，请换一个。"
            look.wrong(row, "number", zh, f"{number!r} is that of {taken[str(number)]}: choose another.")
        same = (str(row.values.get("parent", "")), str(row.values["name"]))
        if named.setdefault(same, code) != code:
            zh = f"同一个上级下面已经有“{same[1]}”（{named[same]}）。"
            look.wrong(row, "name", zh, f"There is {same[1]!r} under the same unit: {named[same]}.")
        if there is None:
            if _stands(look, row, counties):
                fresh.append(row)
        else:
            _unit_again(look, row, there)
    numbers = _Numbers(set(taken))
    for row in _parents_first(look, fresh):
        number = row.values.get("number") or numbers.free(str(row.values["kind"]))
        look.new(row, f"{row.values['code']} {row.values['name']}", _adding_unit(look, row, str(number)))


def _stands(look: Look, row: Row, counties: list[str]) -> bool:
    """Whether a new unit has its right place in the tree."""
    kind, parent = str(row.values["kind"]), str(row.values.get("parent", ""))
    if kind == "county":
        counties.append(str(row.values["code"]))
        if len(counties) > 1:
            zh, en = f"县只有一个，已经有 {counties[0]}。", f"There is one county, and it is {counties[0]}."
            look.wrong(row, "kind", zh, en)
        elif parent:
            look.wrong(row, "parent", "县没有上级，请留空。", "The county has none above it: leave this empty.")
        return len(counties) == 1 and not parent
    if not parent:
        look.wrong(row, "parent", "除了县，都要填上级代码。", "Only the county has none above it.")
        return False
    if not look.unit(row, "parent"):
        return False
    above = look.tree.by_code.get(parent)
    level = above.kind if above is not None else str(look.unit_rows[parent].values["kind"])
    wanted = ABOVE.get(kind)
    if wanted is not None and level not in wanted:
        zh, en = _NAMED[wanted[0]]
        look.wrong(row, "parent", f"上级应是{zh}。", f"Expected {en} above it.")
        return False
    return True


def _parents_first(look: Look, rows: Sequence[Row]) -> list[Row]:
    left = {str(row.values["code"]): row for row in rows}
    out: list[Row] = []
    while left:
        ready = [row for row in left.values() if str(row.values.get("parent", "")) not in left]
        if not ready:
            for row in left.values():
                look.wrong(row, "parent", "上级绕成了圈。", "These units stand under one another in a circle.")
            return out
        for row in ready:
            del left[str(row.values["code"])]
        out += ready
    return out


def _adding_unit(look: Look, row: Row, number: str) -> Callable[[], None]:
    def do() -> None:
        said = row.values
        parent = look.place(said["parent"]) if said.get("parent") else None
        place = units.add(
            look.work,
            code=str(said["code"]),
            name=str(said["name"]),
            kind=str(said["kind"]),
            parent=parent,
            name_en=str(said.get("name_en", "")),
            phone=str(said.get("phone", "")),
            address=str(said.get("address", "")),
            seal_name=said.get("seal_name"),
            number=number,
            word=str(said.get("word", "")),
            centre=str(said.get("centre", "")),
        )
        look.added[place.code] = place
        _record_unit(look, place, "added", {})

    return do


def _unit_again(look: Look, row: Row, there: Place) -> None:
    if not there.active:
        after = look.tree.today(there)
        look.wrong(row, "code", f"{there.name}已经撤销，由{after.name}接替。", f"{there.name} is no more.")
        return
    for name, now in (("kind", there.kind), ("parent", look.code_of(there.parent_id))):
        said = row.values.get(name, now)
        if said != now:
            zh = f"现在是“{shown(now)}”，不能用导入改；请在单位调整里办。"
            look.wrong(row, name, zh, f"It is {now!r} now; a file does not change it: reorganise the unit.")
            return
    before = {name: getattr(there, name) for name in ("name", "phone", "address", "name_en", "word", "number")}
    before["seal_name"] = there.seal_name
    before["centre"] = ",".join(there.centre)

    def do() -> None:
        _change_unit(look, row, there, before)

    look.compare(row, f"{there.code} {there.name}", before, do)


def _change_unit(look: Look, row: Row, there: Place, before: Mapping[str, Any]) -> None:
    said = row.values
    unit = look.work.session.get_one(Unit, there.id)
    if unit.seal_name == unit.name:  # its seal bears its name
        unit.seal_name = str(said["name"])
    setting(unit, row, *before)()
    look.work.session.flush()
    units.forget(look.work)
    changed = {name: value for name, value in before.items() if said.get(name, value) != value}
    _record_unit(look, there, "changed", changed)


def _record_unit(look: Look, place: Place, how: str, before: Mapping[str, Any]) -> None:
    facts = {"unit": place.id, "how": how, "code": place.code, "before": dict(before)}
    audit.record(look.work, audit.Kind.UNIT_CHANGED, by=look.by, now=look.now, facts=facts)


class _Numbers:
    """Four-digit numbers that no unit has."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.next = dict(FIRST_NUMBER)

    def free(self, kind: str) -> str:
        """The next one of a kind of unit, taken from now on."""
        number = self.next[kind]
        while f"{number:04d}" in self.taken:
            number += 1
        if number > 9999:
            raise Invalid([FieldError("number", "编号", "四位编号用完了。", "There is no four-digit number left.")])
        self.next[kind] = number + 1
        self.taken.add(f"{number:04d}")
        return f"{number:04d}"
