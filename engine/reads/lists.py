"""The lists of live steps, and the numbers beside them, read from the kept rows (engine.store.listing).

What is an actor's own (their name, their posts, their units) is a few keys, and each a walk along an index that ends
after so many rows: it costs the same whether a list has a hundred steps or a million. What others let them see or do
(somebody away, a bond) is looked at by its own conditions beside it (`sight.by_others`); it is as much as one person
lends.

A count is exact up to MOST - 1; MOST means that many or more, and people read 999+.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, literal, or_, select, text, tuple_
from sqlalchemy.orm import aliased

from engine.people import Actor
from engine.reads import sight
from engine.store import Work
from engine.store.listing import MARKS, NEVER, SHARED, Cell
from engine.store.models import Case, Listed, Task
from engine.store.models.base import UtcDateTime

#: One more than a count ever says.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list; None: anything. `flag`: one of MARKS."""

    matter: str | None = None
    colour: str | None = None
    flag: str | None = None
    element: str | None = None
    unit_id: int | None = None

    def fits(self, cell: Cell) -> bool:
        """Whether a row of this cell is wanted, as far as the cell says it."""
        return (
            self.matter in (None, cell.matter)
            and self.colour in (None, cell.colour)
            and (self.flag is None or MARKS[self.flag] in cell.marks)
        )


Pair = tuple[str, Cell]


def colour_now(now: datetime) -> ColumnElement[str]:
    """The colour of a task at this moment, from columns (RULES T11): what the worker has not swept yet is right too."""
    return case(
        (Case.status.not_in(("running", "suspended")), "done"),
        (Case.paused_at.is_not(None), "paused"),
        (Case.statutory_due <= now, "black"),
        (Case.promised_due <= now, "red"),
        (or_(Case.yellow_at <= now, Task.due_at <= now), "yellow"),
        else_="green",
    )


def due_key() -> ColumnElement[Any]:
    """Where a live step stands in a list: as its row's sort_at."""
    return func.coalesce(Task.due_at, Case.promised_due, literal(NEVER, UtcDateTime()), type_=UtcDateTime())


# ---------------------------------------------------------------- pages


def page(
    work: Work,
    actor: Actor,
    box: sight.Box,
    wanted: Filters,
    *,
    now: datetime,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[tuple[datetime, int]]:
    """The next steps of a list, by what is due first: (due, id of the task), at most `limit`."""
    found: set[tuple[datetime, int]] = set()
    mine = sight.own_keys(work, actor, box)
    if mine.keys:
        cells: dict[str, list[str]] | None = None
        if wanted.matter or wanted.colour or wanted.flag:
            cells = {}
            for key, cell in _cells(work, mine.keys):
                if wanted.fits(cell):
                    cells.setdefault(key, []).append(str(cell))
        fresh = now if wanted.colour else None
        for key in mine.keys if cells is None else cells:
            some = None if cells is None else cells[key]
            found.update(_walk(work, key, some, mine.away, wanted, fresh=fresh, after=after, limit=limit))
        if wanted.colour:  # what has another colour than its row says
            found.update(_slowly(work, [_turned(mine, now)], wanted, now=now, after=after, limit=limit))
    others = sight.by_others(work, actor, box, mine.keys)
    if others is not None:
        found.update(_slowly(work, [others], wanted, now=now, after=after, limit=limit))
    return sorted(found)[:limit]


def _walk(
    work: Work,
    key: str,
    cells: list[str] | None,
    away: str,
    wanted: Filters,
    *,
    fresh: datetime | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[tuple[datetime, int]]:
    """The first rows of one key beyond a place, of these cells, by the index that has them in order."""
    sqlite = work.dialect == "sqlite"
    values: dict[str, Any] = {"key": key, "skipped": away, "limit": limit}
    where, joined = ["l.key = :key"], _joined(wanted, values)
    if after is not None:
        where.append("(l.sort_at, l.task_id) > (:at, :task)")
        values |= {"at": after[0], "task": after[1]}
    if fresh is not None:
        where.append("l.turns_at > :now")
        values["now"] = fresh
    where.append(_NOT_AWAY)
    order = "order by l.sort_at, l.task_id limit :limit"
    if cells is None:
        said = f"select l.sort_at, l.task_id from listed l {joined} where {' and '.join(where)} {order}"
    elif not sqlite:
        values["cells"] = cells
        each = f"select l.sort_at, l.task_id from listed l {joined} where l.cell = c.cell and {' and '.join(where)}"
        said = (
            f"select l.sort_at, l.task_id from unnest(cast(:cells as text[])) c(cell)"
            f" cross join lateral ({each} {order}) l {order}"
        )
    else:
        # Few rows are found by their cells and sorted; many soon come up in a walk along the order.
        few = _count(work, [[(key, Cell.read(cell)) for cell in cells]], (key,), away, wanted, now=fresh)[0] < MOST
        values["cells"] = json.dumps(cells)
        by = "ix_listed_cell" if few else "ix_listed_order"
        where.append("l.cell in (select value from json_each(:cells))")
        said = f"select l.sort_at, l.task_id from listed l indexed by {by} {joined} where {' and '.join(where)} {order}"
    rows = work.session.execute(_text(said, values).columns(sort_at=UtcDateTime()), values)
    return [(at, task) for at, task in rows]


def _slowly(
    work: Work,
    where: Iterable[ColumnElement[bool]],
    wanted: Filters,
    *,
    now: datetime,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[tuple[datetime, int]]:
    """The same by conditions on the step and its case."""
    key = due_key()
    query = select(key, Task.id).join(Case, Case.id == Task.case_id).where(*where, *narrowed(wanted, now))
    if after is not None:
        query = query.where(tuple_(key, Task.id) > tuple_(literal(after[0], UtcDateTime()), after[1]))
    return [(at, task) for at, task in work.session.execute(query.order_by(key, Task.id).limit(limit))]


def narrowed(wanted: Filters, now: datetime) -> list[ColumnElement[bool]]:
    """The same wishes as conditions on a step and its case."""
    out: list[ColumnElement[bool]] = []
    if wanted.matter:
        out.append(Case.matter == wanted.matter)
    if wanted.element:
        out.append(Task.element == wanted.element)
    if wanted.colour:
        out.append(colour_now(now) == wanted.colour)
    if wanted.unit_id:
        out.append(Task.unit_id == wanted.unit_id)
    if wanted.flag:
        out.append(sight.marked(wanted.flag))
    return out


def _turned(mine: sight.Own, now: datetime) -> ColumnElement[bool]:
    """Steps of these keys whose row still says the colour they had: as many as the worker has not come to yet."""
    turned = select(Listed.task_id).where(Listed.turns_at <= now, Listed.key.in_(mine.keys), *_not_away(mine.away))
    return Task.id.in_(turned)


def _not_away(away: str) -> list[ColumnElement[bool]]:
    kept = aliased(Listed)
    return [Listed.task_id.not_in(select(kept.task_id).where(kept.key == away))]


_NOT_AWAY = "l.task_id not in (select task_id from listed where key = :skipped)"


def _joined(wanted: Filters, values: dict[str, Any]) -> str:
    """What only the step itself says."""
    said = ""
    if wanted.element:
        said += " and t.element = :element"
        values["element"] = wanted.element
    if wanted.unit_id:
        said += " and t.unit_id = :unit"
        values["unit"] = wanted.unit_id
    return f"join task t on t.id = l.task_id{said}" if said else ""


def _text(said: str, values: Mapping[str, Any]) -> Any:
    moments = [bindparam(name, type_=UtcDateTime()) for name in ("at", "now") if name in values]
    return text(said).bindparams(*moments)


# ---------------------------------------------------------------- numbers


#: The cells that a key has rows of: from one to the next along the index, however many rows lie between.
_CELLS = """
    with recursive found(key, cell) as (
        select k.key, (select min(l.cell) from listed l where l.key = k.key) from ({keys}) k
        union all
        select f.key, (select min(l.cell) from listed l where l.key = f.key and l.cell > f.cell)
        from found f where f.cell is not null
    )
    select key, cell from found where cell is not null
"""
_KEYS = {
    "sqlite": "select value as key from json_each(:keys)",
    "postgresql": "select key from jsonb_array_elements_text(cast(:keys as jsonb)) j(key)",
}


def _cells(work: Work, keys: Sequence[str]) -> list[Pair]:
    if not keys:
        return []
    said = text(_CELLS.format(keys=_KEYS[work.dialect]))
    return [(key, Cell.read(cell)) for key, cell in work.session.execute(said, {"keys": json.dumps(list(keys))})]


#: How many rows there are of each group of pairs (key, cell): no more than MOST are looked at. A step that stands in
#: several of somebody's lists is counted in the first of them: `e` says those before it.
_COUNT = {
    "sqlite": """
        select c.key, (
            select count(*) from (
                select 1 from json_each(c.value) e cross join listed l indexed by ix_listed_cell {joined}
                where l.key = json_extract(e.value, '$[0]') and l.cell = json_extract(e.value, '$[1]') {fresh}
                  and {not_away}
                  and (json_array_length(e.value, '$[2]') = 0 or not exists (
                      select 1 from listed o where o.task_id = l.task_id
                      and o.key in (select value from json_each(e.value, '$[2]'))))
                limit :most
            )
        ) from json_each(:groups) c order by c.key
    """,
    "postgresql": """
        select c.n - 1, (
            select count(*) from (
                select 1 from jsonb_array_elements(c.pairs) e cross join lateral (
                    select 1 from listed l {joined}
                    where l.key = e ->> 0 and l.cell = e ->> 1 {fresh}
                      and {not_away}
                      and (jsonb_array_length(e -> 2) = 0 or not exists (
                          select 1 from listed o where o.task_id = l.task_id
                          and o.key in (select jsonb_array_elements_text(e -> 2))))
                    limit :most
                ) x limit :most
            ) y
        ) from jsonb_array_elements(cast(:groups as jsonb)) with ordinality c(pairs, n) order by c.n
    """,
}


def _count(
    work: Work,
    groups: Sequence[Sequence[Pair]],
    keys: Sequence[str],
    away: str,
    wanted: Filters,
    *,
    now: datetime | None,
) -> list[int]:
    """How many steps each group of pairs has, at most MOST each; with `now` those alone whose colour is as said."""
    if not any(groups):
        return [0] * len(groups)
    values: dict[str, Any] = {"most": MOST, "skipped": away}
    said = _COUNT[work.dialect].format(
        joined=_joined(wanted, values), fresh="and l.turns_at > :now" if now else "", not_away=_NOT_AWAY
    )
    if now:
        values["now"] = now
    before = {key: [one for one in keys if one < key] for key in keys}
    told: dict[Pair, str] = {}
    for pair in {pair for pairs in groups for pair in pairs}:
        others = before[pair[0]] if _in_several(*pair) else []
        told[pair] = json.dumps([pair[0], str(pair[1]), others], ensure_ascii=False)
    values["groups"] = f"[{','.join('[' + ','.join(map(told.__getitem__, pairs)) + ']' for pairs in groups)}]"
    return [count for _n, count in work.session.execute(_text(said, values), values)]


def _in_several(key: str, cell: Cell) -> bool:
    """Whether a step of this row may stand in another list of the same actor: units lie beside each other."""
    return SHARED in cell.kind or key.startswith("at:")


def _tally(work: Work, where: Iterable[ColumnElement[bool]], wanted: Filters, now: datetime) -> Counter[Cell]:
    """How many steps there are of each matter, colour of now, and marks, by conditions."""
    shade = colour_now(now).label("colour")
    each = (
        select(Task.id, func.min(Listed.cell).label("cell"), shade)
        .join(Case, Case.id == Task.case_id)
        .join(Listed, Listed.task_id == Task.id)
        .where(*where, *narrowed(Filters(element=wanted.element, unit_id=wanted.unit_id), now))
        .group_by(Task.id, shade)
        .subquery()
    )
    counted: Counter[Cell] = Counter()
    rows = select(each.c.cell, each.c.colour, func.count()).group_by(each.c.cell, each.c.colour)
    for cell, colour, count in work.session.execute(rows):
        counted[Cell.read(cell)._replace(colour=colour, kind="")] += count
    return counted


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many steps a list has, and would have with another choice in one group of its filters."""

    total: int
    matters: dict[str, int]
    colours: dict[str, int]
    marks: dict[str, int]  # "": whatever the marks


def numbers(work: Work, actor: Actor, box: sight.Box, wanted: Filters, *, now: datetime) -> Numbers:
    """Each is the number of rows behind it, up to MOST. A choice is one of its own group and leaves the others as they
    are, so each group is counted under the others' filters."""
    mine = sight.own_keys(work, actor, box)
    pairs = _cells(work, mine.keys)
    beside: Counter[Cell] = Counter()
    if mine.keys:
        beside = _tally(work, [_turned(mine, now)], wanted, now)
    others = sight.by_others(work, actor, box, mine.keys)
    if others is not None:
        beside += _tally(work, [others], wanted, now)
    groups: dict[tuple[str, str], list[Pair]] = {("total", ""): [], ("flag", ""): []}
    groups |= {("flag", flag): [] for flag in MARKS}
    plus: Counter[tuple[str, str]] = Counter()
    for pair in pairs:
        for group in _groups(wanted, pair[1]):
            groups.setdefault(group, []).append(pair)
    for cell, count in beside.items():
        for group in _groups(wanted, cell):
            groups.setdefault(group, [])
            plus[group] += count
    counted = _count(work, list(groups.values()), mine.keys, mine.away, wanted, now=now)
    out = {group: min(MOST, count + plus[group]) for group, count in zip(groups, counted, strict=True)}

    def of(name: str) -> dict[str, int]:
        return {value: n for (which, value), n in out.items() if which == name and (n or name == "flag")}

    return Numbers(out["total", ""], of("matter"), of("colour"), of("flag"))


def _groups(wanted: Filters, cell: Cell) -> Iterator[tuple[str, str]]:
    """The numbers that a row of this cell counts in: (group of filters, choice)."""
    matter, colour = wanted.matter in (None, cell.matter), wanted.colour in (None, cell.colour)
    flag = wanted.flag is None or MARKS[wanted.flag] in cell.marks
    if matter and colour and flag:
        yield "total", ""
    if colour and flag:
        yield "matter", cell.matter
    if matter and flag:
        yield "colour", cell.colour
    if matter and colour:
        yield "flag", ""
        yield from (("flag", one) for one, code in MARKS.items() if code in cell.marks)


def how_many(work: Work, actor: Actor, box: sight.Box) -> int:
    """How many steps a list has, up to MOST."""
    mine = sight.own_keys(work, actor, box)
    found = 0
    if mine.keys:
        each = [
            select(Listed.task_id).where(Listed.key == key, *_not_away(mine.away)).limit(MOST).subquery()
            for key in mine.keys
        ]
        first, *rest = [select(one.c.task_id) for one in each]
        ids = first.union(*rest).subquery() if rest else first.subquery()
        found = work.session.scalar(select(func.count()).select_from(ids)) or 0
    others = sight.by_others(work, actor, box, mine.keys)
    if others is not None and found < MOST:
        ids = select(Task.id).join(Case, Case.id == Task.case_id).where(others).limit(MOST).subquery()
        found += work.session.scalar(select(func.count()).select_from(ids)) or 0
    return min(found, MOST)
