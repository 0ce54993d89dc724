"""全县一页: every town with its villages: load, what is late, in time, the three rates. A case counts where it belongs.

A town's number is that of all that belongs to it, itself and its villages. Nobody is ranked under LEAST_RANKED cases
done: too few to say anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from engine.people import Actor, units
from engine.people.units import Place
from engine.reads import overview, ratings
from engine.reads.overview import Load
from engine.reads.ratings import Rate
from engine.records import sheets
from engine.store import Work
from engine.store.models import Case

#: Fewer done than this, and a place has no rank (RULES W5; 样本不足).
LEAST_RANKED = 10
_KINDS = ("town", "village", "community")
_COUNTS = ("open", "yellow", "red", "black", "received", "done", "in_time")


@dataclass(frozen=True, slots=True)
class Spot:
    """One place."""

    place: Place
    load: Load
    three: tuple[Rate, ...]  # 响应率, 解决率, 满意率
    rank: int | None  # by the share done in time, among those of its level; None: too few cases
    below: tuple[Spot, ...]

    @property
    def any(self) -> bool:
        """Whether anything belongs to it at all: nothing is no rate of nought."""
        return bool(self.load.open or self.load.received or self.load.done)


def read(work: Work, actor: Actor, *, now: datetime) -> tuple[Spot, ...]:
    """The towns of the actor's realm, each with its villages, by code."""
    tree = units.tree(work)
    loads = overview.by(work, actor, now, Case.place_id)
    said = _said(work, actor, now)
    mine = [p for p in tree.standing if p.kind in _KINDS and actor.supervises(p.id)]
    towns = [p for p in mine if p.kind == "town"]

    def spot(place: Place, below: Sequence[Spot] = ()) -> Spot:
        ids = {p.id for p in tree.below(place)}
        counts = dict.fromkeys(_COUNTS, 0)
        for one in ids & loads.keys():
            for name, n in loads[one].items():
                counts[name] += n
        heard = [facts for where, facts in said if where in ids]
        return Spot(place, Load(str(place.id), place.name, **counts), ratings.rates(heard), None, tuple(below))

    under: dict[int | None, list[Spot]] = {}
    for place in sorted((p for p in mine if p.kind != "town"), key=lambda p: p.code):
        under.setdefault(place.parent_id, []).append(spot(place))
    found = [spot(town, _ranked(under.pop(town.id, []))) for town in sorted(towns, key=lambda p: p.code)]
    alone = [one for rest in under.values() for one in rest]  # who heads a village alone sees it alone
    return tuple([*_ranked(found), *alone])


def _said(work: Work, actor: Actor, now: datetime) -> list[tuple[int | None, Mapping[str, Any]]]:
    """(where the case belongs, what its reporter said) of everybody reached lately."""
    visits = ratings.visits(work, actor, now)
    ids = [case for case, _ in visits]
    where: dict[int, int | None] = {}
    for n in range(0, len(ids), 500):
        rows = work.session.execute(select(Case.id, Case.place_id).where(Case.id.in_(ids[n : n + 500])))
        where.update({case: place for case, place in rows})
    return [(where.get(case), facts) for case, facts in visits]


def _ranked(spots: Sequence[Spot]) -> list[Spot]:
    """The same with their ranks; those alike share one."""
    shares = {one.place.id: Fraction(one.load.in_time, one.load.done) for one in spots if one.load.done >= LEAST_RANKED}
    better = sorted(shares.values(), reverse=True)
    return [
        replace(one, rank=better.index(shares[one.place.id]) + 1) if one.place.id in shares else one for one in spots
    ]


def sheet(spots: Iterable[Spot]) -> bytes:
    """The same as a spreadsheet, a line a place."""
    heads = ["乡镇", "村（社区）", "在办", "快到期", "超承诺", "超法定", "近30天收件", "近30天办结", "按时办结"]
    rows: list[list[Any]] = [[*heads, "按时率", "名次", "响应率", "解决率", "满意率"]]
    for one in spots:
        rows.append([one.place.name, "", *_cells(one)])
        rows += [[one.place.name, two.place.name, *_cells(two)] for two in one.below]
    return sheets.write([("各镇各村", rows)])


def _cells(one: Spot) -> list[Any]:
    load = one.load
    share = "—" if not one.any else f"{load.share_in_time}%" if load.share_in_time is not None else "样本不足"
    rank = one.rank if one.rank is not None else "样本不足" if one.any else "—"
    rates = [f"{rate.share}%" if rate.share is not None else "样本不足" if rate.asked else "—" for rate in one.three]
    return [load.open, load.yellow, load.red, load.black, load.received, load.done, load.in_time, share, rank, *rates]
