"""全县一页: every town with its villages, the county's own units, and the sum: load, what is late, in time, and the
rates of a month's orders.

A case counts where it belongs, an order by the unit that it was dispatched to. A town's number is that of all that
belongs to it, itself and its villages; the county's is that of its lines. Nobody is ranked under LEAST orders due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.people import Actor, units
from engine.people.units import CENTRE, Place
from engine.reads import order_rates, overview
from engine.reads.order_rates import Counted, Month
from engine.reads.overview import COUNTS, Load
from engine.records import sheets
from engine.store import Work
from engine.store.models import Case

#: code of a type of centre -> its word.
TYPES: Mapping[str, str] = {code: word for pair in CENTRE for code, word in pair.items()}


@dataclass(frozen=True, slots=True)
class Spot:
    """One place."""

    place: Place
    load: Load
    orders: Counted
    rank: int | None = None  # by 综合, among those of its level; None: too few orders
    below: tuple[Spot, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything belongs to it at all: nothing is no rate of nought."""
        return bool(self.load.open or self.load.received or self.load.done or self.orders.any)


@dataclass(frozen=True, slots=True)
class County:
    """What somebody sees of their realm."""

    month: Month
    towns: tuple[Spot, ...]  # each with its villages, by code; the villages alone, for who heads no town
    others: tuple[Spot, ...]  # units that are no town and under none: the county, its offices and centres
    whole: Spot  # all of them together
    types: tuple[tuple[str, Spot], ...]  # a type of centre -> its villages (`below`) and what they come to


def read(work: Work, actor: Actor, *, now: datetime, month: Month | None = None, centre: str = "") -> County:
    """The realm of the actor. `centre`: only villages whose centre is of this type; towns and sums are then those of
    what is shown."""
    month = month or order_rates.this_month(now)
    tree = units.tree(work)
    loads = overview.by(work, actor, now, Case.place_id)
    orders = order_rates.of(work, actor, month, now=now)
    mine = sorted((p for p in tree if actor.supervises(p.id)), key=lambda p: p.code)
    ours = {p.id for p in mine}

    def spot(place: Place, ids: Iterable[int], below: Sequence[Spot] = ()) -> Spot:
        counts, counted = dict.fromkeys(COUNTS, 0), Counted()
        for one in ids:
            for name, n in loads.get(one, {}).items():
                counts[name] += n
            counted += orders.get(one, Counted())
        return Spot(place, Load(str(place.id), place.name, **counts), counted, None, tuple(below))

    def under(place: Place) -> set[int]:
        return ours.intersection(p.id for p in tree.below(place))

    def shown(one: Spot) -> bool:  # a place that is no more keeps what it did
        return one.place.active or one.any

    villages: dict[int | None, list[Spot]] = {}
    for place in mine:
        if place.kind in units.VILLAGES and (not centre or centre in place.centre):
            one = spot(place, under(place))
            if shown(one):
                villages.setdefault(place.parent_id, []).append(one)
    towns = []
    for place in mine:
        if place.kind == "town":
            below = _ranked(villages.pop(place.id, []))
            ids = set().union(*(under(one.place) for one in below)) if centre else under(place)
            one = spot(place, ids, below)
            if below or (shown(one) and not centre):
                towns.append(one)
    alone = [one for rest in villages.values() for one in rest]  # who heads a village alone sees it alone
    lines = [*_ranked(towns), *alone]
    # of a town with a type of centre only what is shown counts; a village alone has nothing below it, and is shown
    told = set().union(*(under(v.place) for one in lines for v in ((one.below or (one,)) if centre else (one,))))
    others = [] if centre else [one for p in mine if p.id not in told and (one := spot(p, [p.id])).any]
    whole = spot(tree.county, told if centre else ours)
    every = [one for line in lines for one in (line.below or [line]) if one.place.kind in units.VILLAGES]
    types = []
    for code in TYPES:
        of = [one for one in every if code in one.place.centre]
        if of:
            types.append((code, spot(tree.county, set().union(*(under(one.place) for one in of)), of)))
    return County(month, tuple(lines), tuple(others), whole, tuple(types))


def units_of(tree: units.Tree, place: Place | None, *, alone: bool, centre: str) -> list[int] | None:
    """Which units a line counts: the place with all under it, or `alone`; of a type of centre alone when that is shown.
    None: every unit."""
    if place is None and not centre:
        return None
    below = [place] if alone and place is not None else tree.below(place) if place is not None else list(tree)
    if centre:
        kept = {p.id for v in tree if v.kind in units.VILLAGES and centre in v.centre for p in tree.below(v)}
        return [p.id for p in below if p.id in kept]
    return [p.id for p in below]


def _ranked(spots: Sequence[Spot]) -> list[Spot]:
    """The same with their ranks."""
    ranks = order_rates.ranks({one.place.id: one.orders for one in spots})
    return [replace(one, rank=ranks.get(one.place.id)) for one in spots]


#: Heads of the spreadsheet after the place, and what stands under them.
_HEADS = ("在办", "快到期", "超承诺", "超法定", "近30天收件", "近30天办结", "按时办结", "按时率")
ORDERS = (
    ("到期工单", "due"),
    ("逾期", "late"),
    ("问到响应", "asked"),
    ("响应", "answered"),
    ("问到解决", "judged"),
    ("解决", "solved"),
    ("评了星", "rated"),
    ("满意", "satisfied"),
    ("不计入", "left_out"),
    ("派出", "dispatched"),
    ("及时签收", "signed"),
    ("退单", "returned"),
    ("错派", "wrong"),
    ("办结工单", "closed"),
    ("重办", "redone"),
)
_RATES = ("响应率", "解决率", "满意率", "综合", "逾期率", "退单率", "错派率", "重办率", "及时签收率", "名次")


def sheet(found: County) -> bytes:
    """The same as a spreadsheet, a line a place, with the counts that every rate is of."""
    heads = ["乡镇、单位", "村（社区）", "中心类型", *_HEADS, *(zh for zh, _ in ORDERS), *_RATES]
    rows: list[list[Any]] = [heads]
    for one in found.towns:
        rows.append([one.place.name, "", _types(one), *_cells(one)])
        rows += [[one.place.name, two.place.name, _types(two), *_cells(two)] for two in one.below]
    rows += [[one.place.name, "", "", *_cells(one)] for one in found.others]
    rows.append(["合计", "", "", *_cells(found.whole)])
    return sheets.write([(f"{found.month} 各镇各村", rows)])


def _types(one: Spot) -> str:
    return "、".join(TYPES[code] for code in one.place.centre if code in TYPES)


def _cells(one: Spot) -> list[Any]:
    load, orders = one.load, one.orders
    share = "—" if not one.any else f"{load.share_in_time}%" if load.share_in_time is not None else "样本不足"
    rates = [said(rate.share, rate.of) for rate in orders.three]
    rates += [said(orders.overall, orders.due), *(said(rate.share, rate.of) for rate in orders.others)]
    rank = one.rank if one.rank is not None else _no_rank(one)
    numbers = [getattr(orders, name) for _, name in ORDERS]
    return [
        *(load.open, load.yellow, load.red, load.black, load.received, load.done, load.in_time, share),
        *numbers,
        *rates,
        rank,
    ]


def _no_rank(one: Spot) -> str:
    """Why it has none: it is compared with nobody, has no orders, or too few."""
    if one.place.kind not in (*units.VILLAGES, "town"):
        return "—"
    return said(None, one.orders.due)


def said(share: Any, of: int, few: str = "样本不足") -> str:
    """A rate in words: nothing is a dash, too few are said to be."""
    return f"{share}%" if share is not None else few if of else "—"
