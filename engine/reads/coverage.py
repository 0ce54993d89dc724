"""How far each village is from the nearest facility of each kind (十五分钟服务圈), from a register of ways measured.

What nobody measured is unknown, and shown as unknown: it is neither near nor far. A way or a facility that was not
looked at again in time is unknown too; when it was last measured is told beside. Of several ways the best counts.
A read opens the ways of whom it is about, never a case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import or_, select

from engine.errors import NotFound
from engine.matters import Package
from engine.matters.nouns import Declared
from engine.matters.nouns.registers import RegisterReach, as_text, day
from engine.people import Actor, require, shelves, units
from engine.people.units import Place
from engine.reads import registers as reads
from engine.records import library, registers, sheets
from engine.store import Work
from engine.store.models import RegisterEntry
from engine.workdays import local_date

#: Ways read at most: some four thousand are a county with two hundred villages and twenty kinds.
MOST = 10_000
#: Facilities of a kind that a resident is shown.
SHOWN = 5
#: near: in the first circle; further: in the second; beyond: measured, and outside of both.
State = Literal["near", "further", "beyond", "unknown"]
STATES: tuple[State, ...] = ("near", "further", "beyond", "unknown")


@dataclass(frozen=True, slots=True)
class Nearest:
    """A way to a facility, as somebody measured it."""

    facility: str
    minutes: float
    mode: str  # in words
    measured_on: date | None
    key: str = ""  # of the facility, where it has an entry of its own


@dataclass(frozen=True, slots=True)
class Reached:
    """How one village stands with one kind; of an unknown one the way that was measured and is out of date, if any."""

    state: State
    way: Nearest | None = None


UNKNOWN = Reached("unknown")


@dataclass(frozen=True, slots=True)
class Village:
    """One village, kind by kind."""

    code: str
    name: str
    near: tuple[Reached, ...]

    def count(self, state: State) -> int:
        return sum(one.state == state for one in self.near)


@dataclass(frozen=True, slots=True)
class Town:
    """A town's villages, and of each kind how many of them stand how."""

    code: str
    name: str
    villages: tuple[Village, ...]
    counts: tuple[Mapping[State, int], ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Villages by kinds of facility, town by town."""

    shelf: reads.Shelf
    limit: int
    further: int
    on_foot: tuple[str, ...]  # ways of going that count for the first circle, in words; none: all do
    kinds: tuple[str, ...]
    towns: tuple[Town, ...]
    counts: tuple[Mapping[State, int], ...]
    places: str  # the register of the facilities
    tells: str  # the matter by which people say what is missing or wrong

    @property
    def villages(self) -> list[Village]:
        return [village for town in self.towns for village in town.villages]

    @property
    def states(self) -> tuple[State, ...]:
        """What a village can be here: without a second circle nothing is in it."""
        return tuple(state for state in STATES if state != "further" or self.further)

    def within(self, code: str) -> Coverage:
        """The same of one town. NotFound."""
        towns = tuple(town for town in self.towns if town.code == code)
        if not towns:
            raise NotFound("您的单位下面没有这个乡镇。", f"There is no town {code[:20]!r} of yours.")
        return replace(self, towns=towns, counts=towns[0].counts)

    def lacking(self) -> list[tuple[Village, list[tuple[str, Nearest]]]]:
        """Who is outside of every circle for which kinds, as far as anybody measured; the most first."""
        found = []
        for village in self.villages:
            pairs = zip(self.kinds, village.near, strict=True)
            lacks = [(kind, one.way) for kind, one in pairs if one.state == "beyond" and one.way is not None]
            if lacks:
                found.append((village, lacks))
        return sorted(found, key=lambda one: (-len(one[1]), one[0].code))


def of(work: Work, actor: Actor, key: str, *, now: datetime) -> Coverage:
    """The table for one of the hall's people: the villages they reach. NotFound: the register measures no ways."""
    one, package = reads.declared(work, key)
    require(actor, "reveal", shelves.Kept(one))
    positions = shelves.reading(actor, registers.register_of(one))
    tree = units.tree(work)
    mine = [
        p for p in tree.standing if p.kind in units.VILLAGES and any(p.path.startswith(q.unit_path) for q in positions)
    ]
    ways = _Ways(work, one, package)
    codes = {p.code for p in mine}
    ids = {i for q in positions for i in _below(tree, q.unit_path)} if len(mine) < len(_villages(tree)) else set()
    near = ways.near(codes, ids, on=local_date(now))
    under: dict[Place | None, list[Village]] = {}
    for place in sorted(mine, key=lambda p: p.code):
        village = Village(place.code, place.name, tuple(near.get((place.code, kind), UNKNOWN) for kind in ways.kinds))
        under.setdefault(tree.level(place, "town"), []).append(village)
    towns = tuple(
        Town(
            town.code if town is not None else "",
            town.name if town is not None else "",
            tuple(villages),
            _counted(villages, len(ways.kinds)),
        )
        for town, villages in under.items()
    )
    modes = ways.modes
    return Coverage(
        reads.shelf(one, package, actor),
        ways.reach.limit,
        ways.reach.further,
        tuple(modes.get(mode, mode) for mode in ways.reach.on_foot),
        tuple(ways.kinds.values()),
        towns,
        _counted([v for town in towns for v in town.villages], len(ways.kinds)),
        ways.places.key if ways.places is not None else "",
        ways.reach.tells,
    )


def _villages(tree: units.Tree) -> list[Place]:
    return [p for p in tree.standing if p.kind in units.VILLAGES]


def _below(tree: units.Tree, path: str) -> Iterator[int]:
    return (p.id for p in tree if p.path.startswith(path))


def _counted(villages: Sequence[Village], kinds: int) -> tuple[Mapping[State, int], ...]:
    return tuple({state: sum(v.near[n].state == state for v in villages) for state in STATES} for n in range(kinds))


def sheet(found: Coverage) -> bytes:
    """The table as a spreadsheet: villages by kinds, and who lacks what."""
    words = said(found.limit, found.further)
    rows: list[list[Any]] = [["乡镇", "村（社区）", "代码", *found.kinds]]
    lines: list[list[Any]] = [["乡镇", "村（社区）", "缺什么", "最近的", "几分钟", "怎么去", "哪天量的"]]
    for town in found.towns:
        for village in town.villages:
            rows.append([town.name, village.name, village.code, *(_cell(one, words) for one in village.near)])
            for kind, one in zip(found.kinds, village.near, strict=True):
                if one.state == "beyond" and one.way is not None:
                    way = one.way
                    measured = way.measured_on.isoformat() if way.measured_on else ""
                    lines.append([town.name, village.name, kind, way.facility, way.minutes, way.mode, measured])
    totals = [[words[state], "", "", *(count[state] for count in found.counts)] for state in found.states]
    return sheets.write([("各村六样", [*rows, *totals]), ("够不着的", lines)])


def said(limit: int, further: int) -> Mapping[State, str]:
    """What each state is called, in Chinese."""
    return {
        "near": f"{limit}分钟够得着",
        "further": f"{further}分钟够得着",
        "beyond": f"{further or limit}分钟够不着",
        "unknown": "不清楚",
    }


def _cell(one: Reached, words: Mapping[State, str]) -> str:
    if one.state == "unknown" or one.way is None:
        return words["unknown"]
    return f"{words[one.state]}：{one.way.facility} {as_text(one.way.minutes)}分钟 {one.way.mode}".strip()


# ---------------------------------------------------------------- what is near me


@dataclass(frozen=True, slots=True)
class Shown:
    """One field of a facility that residents read."""

    title: reads.Title
    text: str
    telephone: bool


@dataclass(frozen=True, slots=True)
class Facility:
    """One facility as residents see it; `way` None: nobody measured how far it is from their village."""

    key: str
    name: str
    shown: tuple[Shown, ...]
    way: Nearest | None
    checked: bool  # looked at again in time


@dataclass(frozen=True, slots=True)
class Near:
    """What is near one village: kind -> how it stands, and the facilities."""

    village: Place
    limit: int
    further: int
    tells: str
    kinds: tuple[tuple[str, str, Reached, tuple[Facility, ...]], ...]  # value, words, …


def public(work: Work) -> tuple[Declared, Package] | None:
    """The register of ways that is shown to residents."""
    for one, package in library.declared(work, "registers").values():
        reach = registers.register_of(one).reach
        if reach is not None and reach.shows:
            return one, package
    return None


def near(work: Work, village: Place, *, now: datetime) -> Near:
    """What is near this village, for everybody. NotFound: the hall shows no facilities."""
    found = public(work)
    if found is None:
        raise NotFound("大厅还没有登记服务点。", "The hall has no register of facilities that everybody reads.")
    ways, on = _Ways(work, *found), local_date(now)
    measured = ways.read({village.code}, {village.id}, on=on, of={village.id})
    standing = ways.standing({village.code: measured}, on)
    best = {kind: standing.get((village.code, kind), UNKNOWN) for kind in ways.kinds}
    ranked: dict[str, list[tuple[float, Facility]]] = {kind: [] for kind in ways.kinds}
    # A place that was not looked at again is shown all the same, with a word to ring first: its way is still known.
    known = {way.spot: way for way in measured if way.valid}
    for entry in ways.entries.values():
        if entry.ended_at is not None:
            continue
        way = known.get(str(entry.key))
        if way is None and entry.place_id != village.id:
            continue
        minutes = way.minutes if way is not None else float("inf")
        one = ways.facility(entry, ways.told(way) if way is not None else None, on)
        for kind in ways.kinds_of(entry):
            ranked[kind].append((minutes, one))
    return Near(
        village,
        ways.reach.limit,
        ways.reach.further,
        ways.reach.tells,
        tuple(
            (kind, words, best[kind], tuple(one for _, one in sorted(ranked[kind], key=lambda p: p[0])[:SHOWN]))
            for kind, words in ways.kinds.items()
        ),
    )


# ---------------------------------------------------------------- ways


@dataclass(frozen=True, slots=True)
class _Way:
    """One entry of the register of ways, with what is known of its facility."""

    village: str
    spot: str  # the key, or without a register of facilities its name
    kinds: tuple[str, ...]
    facility: str
    minutes: float
    mode: str
    measured_on: date | None
    valid: bool  # the way itself was measured in time …
    fresh: bool  # … and its facility looked at in time


class _Ways:
    """A register of ways with its facilities."""

    def __init__(self, work: Work, one: Declared, package: Package) -> None:
        self.work, self.one, self.package = work, one, package
        self.register = registers.register_of(one)
        self.reach = reach_of(one)
        self.places = package.declared("registers")[self.reach.places] if self.reach.places else None
        of = self.places or one
        field = registers.register_of(of).fields[self.reach.kind]
        self.kinds: Mapping[str, str] = registers.options(of, package).get(self.reach.kind) or field.options
        mode = self.register.fields.get(self.reach.mode)
        self.modes: Mapping[str, str] = mode.options if mode is not None else {}
        self.entries: dict[str, RegisterEntry] = {}  # the facilities that were read, by their key

    def near(self, codes: Collection[str], places: Collection[int], *, on: date) -> Mapping[tuple[str, str], Reached]:
        """(village, kind) -> how it stands; what nobody measured is not there. places: where the ways belong; none
        given: anywhere."""
        found: dict[str, list[_Way]] = {}
        for way in self.read(codes, places, on=on):
            found.setdefault(way.village, []).append(way)
        return self.standing(found, on)

    def read(
        self, codes: Collection[str], places: Collection[int], *, on: date, of: Collection[int] = ()
    ) -> list[_Way]:
        """The ways of these villages. of: the facilities of these places are read too, whether or not a way leads
        there. Two statements."""
        rows = self.work.session.execute(
            select(RegisterEntry.facts, RegisterEntry.valid_until)
            .where(*registers.conditions(self.one, places=places), RegisterEntry.ended_at.is_(None))
            .order_by(RegisterEntry.id.desc())
            .limit(MOST)
        ).all()
        mine = [(facts, until) for facts, until in rows if facts and facts.get(self.reach.village) in codes]
        if self.places is not None:
            self._read_places({str(facts.get(self.reach.facility)) for facts, _ in mine}, of)
        return [way for facts, until in mine if (way := self._way(facts, until, on)) is not None]

    def _read_places(self, keys: Collection[str], of: Collection[int]) -> None:
        assert self.places is not None
        wanted = [RegisterEntry.place_id.in_(of)] if of else []
        some = sorted(keys)
        if len(some) <= registers.MOST:  # else every facility of the county is read, which is not many more
            wanted.append(RegisterEntry.key.in_(some))
            asked = [*registers.conditions(self.places), or_(*wanted)]
        else:
            asked = registers.conditions(self.places)
        found = self.work.session.scalars(select(RegisterEntry).where(*asked).limit(MOST))
        self.entries = {str(entry.key): entry for entry in found}

    def _way(self, facts: Mapping[str, Any], until: date | None, on: date) -> _Way | None:
        reach, minutes = self.reach, facts.get(self.reach.minutes)
        spot = str(facts.get(reach.facility) or "")
        if minutes is None:
            return None
        valid = fresh = until is None or until >= on
        if self.places is None:
            kinds: tuple[str, ...] = (str(facts.get(reach.kind)),)
            name = spot
        else:
            entry = self.entries.get(spot)
            if entry is None or entry.ended_at is not None:
                return None  # it is no more: nobody goes there
            kinds, name = self.kinds_of(entry), entry.title or spot
            fresh = fresh and _fresh(entry, on)
        return _Way(
            str(facts[reach.village]),
            spot,
            kinds,
            name,
            float(minutes),
            str(facts.get(reach.mode) or "") if reach.mode else "",
            day(facts.get(reach.measured_on)) if reach.measured_on else None,
            valid,
            fresh,
        )

    def kinds_of(self, entry: RegisterEntry) -> tuple[str, ...]:
        said = (entry.facts or {}).get(self.reach.kind) or []
        return tuple(kind for kind in (said if isinstance(said, list) else [said]) if kind in self.kinds)

    def standing(self, ways: Mapping[str, Iterable[_Way]], on: date) -> Mapping[tuple[str, str], Reached]:
        """Of each village and kind the best way that is fresh; else the last that was."""
        best: dict[tuple[str, str], tuple[int, float]] = {}
        found: dict[tuple[str, str], Reached] = {}
        for village, several in ways.items():
            for way in several:
                state = self._state(way)
                since = -(way.measured_on or date.min).toordinal()
                rank = (STATES.index(state), way.minutes if way.fresh else since)
                for kind in way.kinds:
                    if (village, kind) not in best or rank < best[village, kind]:
                        best[village, kind] = rank
                        found[village, kind] = Reached(state, self.told(way))
        return found

    def _state(self, way: _Way) -> State:
        reach = self.reach
        if not way.fresh:
            return "unknown"
        if way.minutes <= reach.limit and (not reach.on_foot or way.mode in reach.on_foot):
            return "near"
        if reach.further and way.minutes <= reach.further:
            return "further"
        return "beyond"

    def told(self, way: _Way) -> Nearest:
        key = way.spot if self.places is not None else ""
        return Nearest(way.facility, way.minutes, self.modes.get(way.mode, way.mode), way.measured_on, key)

    def facility(self, entry: RegisterEntry, way: Nearest | None, on: date) -> Facility:
        assert self.places is not None
        register, facts = registers.register_of(self.places), entry.facts or {}
        shown = []
        for name in self.reach.shows:
            field = register.fields[name]
            text = reads.text_of(field, facts.get(name), None)
            if text:
                title = reads.Title(field.title, field.title_en)
                shown.append(Shown(title, text, field.check == "cn-phone"))
        return Facility(str(entry.key), entry.title or str(entry.key), tuple(shown), way, _fresh(entry, on))


def _fresh(entry: RegisterEntry, on: date) -> bool:
    return entry.valid_until is None or entry.valid_until >= on


def reach_of(one: Declared) -> RegisterReach:
    reach = registers.register_of(one).reach
    if reach is None:
        raise NotFound("这个台账不量路程。", f"The register {one.key} measures no ways.")
    return reach
