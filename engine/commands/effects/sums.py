"""汇总 sum-up: counts and sums of a register's entries, of cases, of bookings or of a month's orders, by group and
time. Answered at once, capped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, case, func, select

from engine.errors import FieldError, Invalid
from engine.matters.nouns import Declared
from engine.matters.nouns.offers import DELIVERY, SELF, Offer
from engine.people import SYSTEM, units
from engine.people.units import Place
from engine.process import Effect
from engine.reads import by_place, offering, order_rates, statements
from engine.reads.order_rates import NUMBERS, PRESSED, Counted, Month
from engine.records import audit, registers
from engine.store.models import BookingPlace, Case, RegisterEntry, Resource, Slot
from engine.workdays import at_end_of_day, at_start_of_day, local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: Entries read at a time; the most that one sum reads; the most groups it gives.
PORTION, MOST, GROUPS = 500, 50_000, 500
_READ = (
    RegisterEntry.id,
    RegisterEntry.facts,
    RegisterEntry.state,
    RegisterEntry.valid_until,
    RegisterEntry.ended_at,
    RegisterEntry.place_id,
    RegisterEntry.unit_id,
    RegisterEntry.at,
)
#: Groups told from where an entry or a case belongs.
LEVELS = ("town", "village", "unit")


@dataclass(slots=True)
class Total:
    """What was counted of one group."""

    name: str = ""
    count: int = 0
    sum: Decimal = Decimal(0)
    min: Decimal | None = None
    max: Decimal | None = None
    finished: int = 0
    in_time: int = 0

    def add(self, value: Decimal | None) -> None:
        self.count += 1
        if value is not None:
            self.sum += value
            self.min = value if self.min is None else min(self.min, value)
            self.max = value if self.max is None else max(self.max, value)


def sum_up(a: Applying, effect: Effect) -> None:
    first, last = (_day(effect, name) for name in ("from", "until"))
    least = int(effect.headers.get("least") or 5)
    groups: dict[str, Total]
    if effect.headers.get("offer"):
        _of_bookings(a, effect, first, last, least)
        return
    if effect.headers.get("orders"):
        _of_orders(a, effect, first)
        return
    if effect.headers.get("register"):
        one = a.package.declared("registers")[effect.headers["register"]]
        found = _of_register(a, effect, one, first, last)
        if found is None:
            a.throw(effect, "TOO_MANY", f"超过 {MOST} 条，汇总不了，请缩小时间或范围")
            return
        total, groups = found

        def said(of: Total) -> dict[str, Any]:
            return {"count": of.count, "sum": of.sum, "min": of.min, "max": of.max, "few": of.count < least}
    else:
        total, groups = _of_cases(a, effect, first, last)

        def said(of: Total) -> dict[str, Any]:
            return {"count": of.count, "finished": of.finished, "in_time": of.in_time, "few": of.count < least}

    ordered = sorted(groups.items(), key=lambda item: (-item[1].count, item[0]))
    listed = [{"key": key, "name": group.name or key, **said(group)} for key, group in ordered[:GROUPS]]
    a.answer(effect, {"total": said(total), "groups": listed, "more": len(ordered) > GROUPS})
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "count": total.count, "groups": len(ordered)})


# ---------------------------------------------------------------- a register


def _of_register(
    a: Applying, effect: Effect, one: Declared, first: date | None, last: date | None
) -> tuple[Total, dict[str, Total]] | None:
    register = registers.register_of(one)
    value, by = effect.headers.get("value", ""), effect.headers.get("by", "")
    only_valid = effect.headers.get("only") == "valid"
    total, groups = Total(), dict[str, Total]()
    on = local_date(a.now)
    for seen, entry in enumerate(_entries(a, effect, one, first, last, on if only_valid else None), 1):
        if seen > MOST:
            return None
        facts = entry.facts if isinstance(entry.facts, Mapping) else {}
        number = _number(facts.get(value)) if value else None
        total.add(number)
        if by:
            for key, name in _keys(a, by, register, entry, facts, on):
                group = groups.setdefault(key, Total(name))
                group.add(number)
    return total, groups


def _entries(
    a: Applying, effect: Effect, one: Declared, first: date | None, last: date | None, valid_on: date | None
) -> Iterator[Any]:
    """In portions, by id, and only the columns that are counted: a year's entries never lie in memory at once."""
    query = [*wanted(a, effect, one, valid_on)]
    if first is not None:
        query.append(RegisterEntry.at >= at_start_of_day(first))
    if last is not None:
        query.append(RegisterEntry.at < at_end_of_day(last))
    reached = 0
    while True:
        rows = a.work.session.execute(
            select(*_READ).where(RegisterEntry.id > reached, *query).order_by(RegisterEntry.id).limit(PORTION)
        ).all()
        yield from rows
        if len(rows) < PORTION:
            return
        reached = rows[-1].id


def wanted(a: Applying, effect: Effect, one: Declared, valid_on: date | None) -> list[ColumnElement[bool]]:
    """Which entries: as `where`, `state` and `place` of the effect say."""
    return conditions(a.work, one, effect.arguments, valid_on)


def conditions(work: Any, one: Declared, given: Mapping[str, Any], valid_on: date | None) -> list[ColumnElement[bool]]:
    where, state = given.get("where"), given.get("state")
    states = [str(s) for s in state] if isinstance(state, list | tuple) else [str(state)] if state else []
    place = str(given.get("place") or "").strip()
    places = [p.id for p in units.tree(work).below(units.by_code(work, place))] if place else []
    return registers.conditions(
        one,
        {str(k): v for k, v in where.items() if v is not None} if isinstance(where, Mapping) else {},
        states=states,
        places=places,
        valid_on=valid_on,
    )


def _keys(a: Applying, by: str, register: Any, entry: Any, facts: Mapping[str, Any], on: date) -> list[tuple[str, str]]:
    if by in LEVELS:
        where = entry.unit_id if by == "unit" else entry.place_id
        place = _level(a, by, where)
        return [(place.code, place.name)] if place is not None else [("", "")]
    if by == "month":
        return [(f"{local_date(entry.at):%Y-%m}", "")]
    if by == "state":
        state = registers.state_on(entry, on)
        found = register.states.get(state)
        return [(state, found.title if found is not None else state)]
    values = facts.get(by)
    options = register.fields[by].options
    listed = values if isinstance(values, list) else [values]
    return [(str(v), options.get(str(v), str(v))) if v is not None else ("", "") for v in listed]


def _level(a: Applying, by: str, unit_id: int | None) -> Place | None:
    if unit_id is None:
        return None
    place = units.place(a.work, unit_id)
    return place if by == "unit" else units.tree(a.work).level(place, by)


def _number(value: Any) -> Decimal | None:
    """As it was typed, never as the machine rounds it."""
    if value is None or isinstance(value, bool):
        return None
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(str(value))


# ---------------------------------------------------------------- cases


def _of_cases(a: Applying, effect: Effect, first: date | None, last: date | None) -> tuple[Total, dict[str, Total]]:
    """Those received in the time; how many of them are finished, and in time."""
    by = effect.headers.get("by", "")
    in_time = (Case.promised_due.is_(None)) | (func.coalesce(Case.stopped_at, Case.finished_at) <= Case.promised_due)
    query = select(
        Case.place_id,
        Case.office_id,
        Case.matter,
        Case.matter_name,
        func.count(),
        func.sum(case((Case.finished_at.is_not(None), 1), else_=0)),
        func.sum(case((Case.finished_at.is_not(None) & in_time, 1), else_=0)),
    ).where(Case.id != a.case.id, ~Case.confidential, Case.submitted_by_id.is_not(None) | (Case.channel != "system"))
    if effect.headers.get("cases") == "own":
        query = query.where(Case.matter == a.case.matter)
    if first is not None:
        query = query.where(Case.received_at >= at_start_of_day(first))
    if last is not None:
        query = query.where(Case.received_at < at_end_of_day(last))
    place = str(effect.arguments.get("place") or "").strip()
    if place:
        below = [p.id for p in units.tree(a.work).below(units.by_code(a.work, place))]
        query = query.where(Case.place_id.in_(below))
    total, groups = Total(), dict[str, Total]()
    if by == "town" and not place:  # a town without a case is a town all the same
        groups = {p.code: Total(p.name) for p in units.tree(a.work) if p.kind == "town"}
    grouped = query.group_by(Case.place_id, Case.office_id, Case.matter, Case.matter_name)
    for place_id, office_id, matter, name, count, finished, timely in a.work.session.execute(grouped):
        for one in [total, *_group(a, by, groups, place_id, office_id, matter, name)]:
            one.count += count
            one.finished += int(finished or 0)
            one.in_time += int(timely or 0)
    return total, groups


def _group(
    a: Applying, by: str, groups: dict[str, Total], place_id: int, office_id: int, matter: str, name: str
) -> list[Total]:
    if not by:
        return []
    if by == "matter":
        return [groups.setdefault(matter, Total(name))]
    place = _level(a, by, office_id if by == "unit" else place_id)
    key = place.code if place is not None else ""
    return [groups.setdefault(key, Total(place.name if place is not None else "全县"))]


# ---------------------------------------------------------------- orders


def _of_orders(a: Applying, effect: Effect, first: date | None) -> None:
    """Those due in the month of `from`, by the unit they were sent to, as the page of places counts them
    (engine.reads.order_rates). A sum is of counts: the total is that of its groups."""
    if first is None:
        raise Invalid([FieldError("from", "from", "请写是哪个月的工单。", "Say of which month the orders are.")])
    month, tree = Month.of(first), units.tree(a.work)
    by, code = effect.headers.get("by", ""), str(effect.arguments.get("place") or "").strip()
    within = tree.below(units.by_code(a.work, code)) if code else list(tree)
    counted = order_rates.of(a.work, SYSTEM, month, now=a.now)
    # A town without an order is a town all the same.
    groups = {p.id: Counted() for p in within if by == p.kind == "town" and p.active}
    total = Counted()
    for place in within:
        one = counted.get(place.id)
        if one is None:
            continue
        total += one
        at = (tree.level(place, by) if by in ("town", "village") else None) or place
        if by:
            groups[at.id] = groups.get(at.id, Counted()) + one
    listed = sorted((tree.by_id[key] for key in groups), key=lambda p: (p.kind != by, p.code))
    compared = {key: one for key, one in groups.items() if by not in ("town", "village") or tree.by_id[key].kind == by}
    ranks = order_rates.ranks(compared)
    found, pressing = order_rates.pressed(a.work, SYSTEM, month, now=a.now)
    inside = {p.id for p in within}
    a.answer(
        effect,
        {
            "total": _order(total),
            "groups": [
                {"key": p.code, "name": p.name, **_order(groups[p.id]), "rank": ranks.get(p.id)}
                for p in listed[:GROUPS]
            ],
            "more": len(listed) > GROUPS,
            "pressed": [
                {
                    "number": one.number,
                    "name": tree.by_id[one.unit_id].name,
                    "why": "、".join(PRESSED[w] for w in one.why),
                }
                for one in found
                if one.unit_id in inside
            ],
            "pressing": pressing,
        },
    )
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "count": total.due, "groups": len(groups)})


def _order(one: Counted) -> dict[str, Any]:
    rates = {rate.name: by_place.said(rate.share, rate.of) for rate in (*one.three, *one.others)}
    return {
        **{name: getattr(one, name) for name in NUMBERS},
        "rates": {**rates, "overall": by_place.said(one.overall, one.due)},
        "few": one.due < order_rates.LEAST,
    }


# ---------------------------------------------------------------- bookings


def _of_bookings(a: Applying, effect: Effect, first: date | None, last: date | None, least: int) -> None:
    """Of the matter's own offers, by the day of the meal, the lesson, the ride."""
    wanted, given = effect.headers["offer"], effect.arguments
    offers = [
        offering.Declared(one.key, one.what, a.package)
        for name, one in a.package.declared("offers").items()
        if wanted in ("all", name) and isinstance(one.what, Offer)
    ]
    state = given.get("state")
    states = [str(s) for s in state] if isinstance(state, list | tuple) else [str(state)] if state else []
    strange = [one for one in states if one not in statements.OUTCOMES]
    if strange:
        zh, en = "、".join(statements.OUTCOMES), ", ".join(statements.OUTCOMES)
        raise Invalid([FieldError("state", "state", f"应为：{zh}。", f"Expected one of {en}, but got {strange[0]!r}.")])
    place = str(given.get("place") or "").strip()
    below = [p.id for p in units.tree(a.work).below(units.by_code(a.work, place))] if place else None
    by = effect.headers.get("by", "")
    found = statements.tally(
        a.work,
        offers,
        first=first,
        last=last,
        by=by,  # type: ignore[arg-type]
        states=states or statements.CHARGED,
        unit_ids=below,
        person_index=str(given.get("who") or "").strip() or None,
        chosen=_listed(given.get("chosen")),
    )
    own = [SELF, *([DELIVERY] if any(one.offer.delivered is not None for one in offers) else [])]
    carried = _carried(a, offers, first, last, below) if by == "round" else {}
    parts = [*own, *dict.fromkeys(name for one in offers for name in one.offer.subsidy)]
    lines = []
    for line in found.lines[:GROUPS]:
        one = {"key": line.key, "name": line.name, **_said(line, least, parts)}
        if by == "round":
            one["carriers"] = carried.get(line.key, 0)
        whom = found.people.get(line.key)
        if whom is not None:
            one["person"] = {
                "name": whom.name,
                "phone": whom.phone,
                "id_number": whom.id_number,
                "user": whom.user_id,
                "place": whom.place_id,
            }
        lines.append(one)
    a.answer(effect, {"total": _said(found.total, least, parts), "groups": lines, "more": len(found.lines) > GROUPS})
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "count": found.total.count, "groups": len(found.lines)})


def _carried(
    a: Applying, offers: Sequence[offering.Declared], first: date | None, last: date | None, below: list[int] | None
) -> dict[str, int]:
    """Each round -> how many have it in hand in these days."""
    keys = [by.key for one in offers if (by := offering.bringing(one)) is not None]
    where = [Resource.offer.in_(keys), BookingPlace.live.is_(True), *statements.in_days(Slot.starts_at, first, last)]
    if below is not None:
        where.append(Resource.unit_id.in_(below))
    rows = a.work.session.execute(
        select(BookingPlace.role, func.count())
        .join(Slot, Slot.id == BookingPlace.slot_id)
        .join(Resource, Resource.id == Slot.resource_id)
        .where(*where)
        .group_by(BookingPlace.role)
    )
    return {role: n for role, n in rows}


def _said(line: statements.Line, least: int, parts: Sequence[str]) -> dict[str, Any]:
    """`parts`: those that there may be, so that a paper may print each of them."""
    return {
        "count": line.count,
        "sum": statements.yuan(line.cents),
        "parts": {name: statements.yuan(line.parts.get(name, 0)) for name in [*parts, *line.parts]},
        **{name: line.outcomes.get(name, 0) for name in statements.OUTCOMES},
        "delivered": line.delivered,
        "few": line.count < least,
    }


def _listed(given: Any) -> list[str]:
    """One or several of what was chosen."""
    return [str(one) for one in (given if isinstance(given, list | tuple) else [given]) if one not in (None, "")]


def _day(effect: Effect, name: str) -> date | None:
    given = effect.arguments.get(name)
    if given in (None, ""):
        return None
    try:
        return date.fromisoformat(str(given)[:10])
    except ValueError:
        raise Invalid(
            [FieldError(name, name, f"“{given}”不是日期。", f"Expected a date, but got {given!r}.")]
        ) from None
