"""单位调整: a unit is closed, renamed, or merged into another, shown before it is done.

    plan = reorganising.plan(work, unit_id, into_id=other_id, by=by, now=now)     what would move; nothing is written
    reorganising.close(work, unit_id, into_id=other_id, expect=plan.token, by=by, now=now)

What is under way goes on at the successor: open cases with their clocks and their record, what waits there for a post,
places to book with their bookings, windows, residents who belong there. Who worked there works at the successor when a
merger takes them along. The unit that is no more stays in the tree, under its successor: what it did stays under its
name, and its successor may read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, true, update

from engine import crypto
from engine.commands import cases
from engine.commands.hall import following
from engine.errors import FieldError, Invalid, NotNow, NotYours
from engine.people import Actor, holders, units
from engine.people.units import Place
from engine.records import audit
from engine.store import Work
from engine.store.models import (
    BoardEntry,
    Case,
    Hall,
    Handover,
    HandoverLink,
    Holding,
    Resource,
    Ticket,
    Unit,
    User,
    Window,
)
from engine.workdays import local_date

#: At most so many open cases in one go: each is locked, and others work meanwhile.
MOST = 2000


@dataclass(frozen=True, slots=True)
class Moving:
    """An open case that would go along."""

    case_id: int
    number: str
    matter_name: str
    version: int
    due_at: datetime | None  # the same before and after
    as_what: tuple[str, ...]  # office, place, intake: as what it names the unit


@dataclass(frozen=True, slots=True)
class Plan:
    """What closing or merging a unit would do."""

    unit: Place
    into: Place
    cases: tuple[Moving, ...]
    people: tuple[int, ...]  # who holds a post there today
    along: bool  # whether they hold it at the successor from now on
    below: tuple[Place, ...]  # units under it, which stand under its successor from now on
    counts: tuple[tuple[str, int], ...]  # what else goes along: kind -> how many
    token: str


#: What names a unit while it is under way, and goes along: (its word, column, which rows).
_ALONG: tuple[tuple[str, Any, Any], ...] = (
    ("resources", Resource.unit_id, Resource.active),
    ("resources-at", Resource.place_id, Resource.active),
    ("halls", Hall.unit_id, Hall.active),
    ("windows", Window.unit_id, Window.id.is_not(None)),
    ("tickets", Ticket.unit_id, Ticket.state.in_(("waiting", "called", "serving", "parked"))),
    ("reviews", BoardEntry.review_unit_id, BoardEntry.state == "review"),
    ("handover-links", HandoverLink.unit_id, HandoverLink.state == "open"),
    ("residents", User.place_id, User.kind == "resident"),
)


def plan(
    work: Work, unit_id: int, *, into_id: int | None = None, along: bool = False, by: Actor, now: datetime
) -> Plan:
    """What closing this unit would do. `into_id`: its successor (the unit above it without one). `along`: a merger,
    whose people go along."""
    unit, into = _two(work, unit_id, into_id, by)
    tree = units.tree(work)
    names = (Case.office_id, Case.place_id, Case.unit_id)
    rows = work.session.scalars(
        select(Case)
        .where(Case.status.in_(("running", "suspended")), or_(*(name == unit.id for name in names)))
        .order_by(Case.id)
        .limit(MOST + 1)
    ).all()
    if len(rows) > MOST:
        raise NotNow(
            f"{unit.name}还有 {MOST} 件以上在办，请先移送或办结一部分。",
            f"Expected at most {MOST} open cases at {unit.name}: move or finish some first.",
        )
    open_cases = tuple(
        Moving(
            case.id,
            case.number,
            case.matter_name,
            case.version,
            case.promised_due,
            tuple(
                word
                for word, at in (("office", case.office_id), ("place", case.place_id), ("intake", case.unit_id))
                if at == unit.id
            ),
        )
        for case in rows
    )
    lasting = select(Holding.user_id).where(Holding.unit_id == unit.id, holders.lasting(local_date(now)))
    people = tuple(work.session.scalars(lasting.distinct().order_by(Holding.user_id)))
    below = tuple(p for p in tree if p.parent_id == unit.id)
    counts = tuple((word, _count(work, column, which, unit.id)) for word, column, which in _ALONG)
    text = f"{unit.id}|{into.id}|{along}|{[(c.case_id, c.version) for c in open_cases]}|{people}|{counts}"
    token = crypto.fingerprint(text.encode())[:16]
    return Plan(unit, into, open_cases, people, along, below, tuple(c for c in counts if c[1]), token)


def close(
    work: Work,
    unit_id: int,
    *,
    into_id: int | None = None,
    along: bool = False,
    expect: str,
    by: Actor,
    now: datetime,
) -> Plan:
    """撤销 or 合并: exactly what was shown; NotNow when it is otherwise by now."""
    found = plan(work, unit_id, into_id=into_id, along=along, by=by, now=now)
    if found.token != expect:
        raise NotNow(
            "预览之后有变化，请重新查看后再确认。", "Expected what you saw, but it has changed meanwhile: look again."
        )
    unit, into, session = found.unit, found.into, work.session
    row = session.get_one(Unit, unit.id)
    if found.along:
        _take_along(work, unit, into, now)
    yesterday = local_date(now) - timedelta(days=1)
    for holding in session.scalars(select(Holding).where(Holding.unit_id == unit.id, holders.lasting(local_date(now)))):
        holding.until_on = max(yesterday, holding.from_on) if holding.from_on is not None else yesterday
    for one in found.below:
        session.get_one(Unit, one.id).parent_id = into.id
    row.active, row.successor_id, row.parent_id = False, into.id, into.id
    session.flush()
    _paths(work, into)
    for _word, column, which in _ALONG:
        values = {column.key: into.id}
        session.execute(update(column.class_).where(column == unit.id, which).values(values))
    _hand_overs(work, unit, into)
    session.flush()
    _forget(work)
    for one_case in found.cases:
        cases.move_units(work, one_case.case_id, {unit.id: into.id}, by=by, now=now)
    following.follow_all(work, following.affected(work, on=local_date(now)), by=by, now=now)
    audit.record(
        work,
        audit.Kind.UNIT_CHANGED,
        by=by,
        now=now,
        facts={
            "unit": unit.id,
            "how": "closed",
            "along": found.along,
            "into": into.id,
            "cases": [one_case.case_id for one_case in found.cases],
            "people": list(found.people),
            "units": [one.id for one in found.below],
        },
    )
    session.flush()
    return found


def rename(
    work: Work, unit_id: int, name: str, *, name_en: str = "", seal_name: str | None = None, by: Actor, now: datetime
) -> Place:
    """改名: its papers bear the new name from now on; those before keep theirs. `seal_name`: as on its new seal."""
    unit = units.place(work, unit_id)
    _may(work, unit, by)
    if not name.strip() or len(name.strip()) > 80:
        raise _wrong("name", "名称", "请写单位的名称，最多 80 个字。", "Give the unit's name, at most 80 characters.")
    row = work.session.get_one(Unit, unit_id)
    before = {"name": row.name, "seal_name": row.seal_name}
    row.name, row.name_en = name.strip(), name_en.strip() or row.name_en
    if seal_name is not None:
        row.seal_name = seal_name.strip()
    elif row.seal_name == before["name"]:  # its seal bears its name
        row.seal_name = row.name
    work.session.flush()
    _forget(work)
    audit.record(
        work,
        audit.Kind.UNIT_CHANGED,
        by=by,
        now=now,
        facts={"unit": unit_id, "how": "renamed", "before": before, "after": row.name},
    )
    work.session.flush()
    return units.place(work, unit_id)


def _two(work: Work, unit_id: int, into_id: int | None, by: Actor) -> tuple[Place, Place]:
    unit = units.place(work, unit_id)
    _may(work, unit, by)
    if not unit.active:
        raise NotNow(f"{unit.name}已经撤销了。", f"{unit.name} is closed already.")
    if unit.parent_id is None:
        raise NotNow("县级单位不能撤销。", "The county cannot be closed.")
    into = units.place(work, into_id if into_id is not None else unit.parent_id)
    if into.id == unit.id or into.path.startswith(unit.path):
        zh, en = "接替的单位不能是它自己，也不能在它下面。", "The successor is another unit, and not below it."
        raise _wrong("into", "由哪个单位接替", zh, en)
    if not into.active:
        raise _wrong("into", "由哪个单位接替", f"{into.name}已经撤销，请另选。", f"{into.name} is no more.")
    return unit, into


def _may(work: Work, unit: Place, by: Actor) -> None:
    """Who heads the county: units come and go by its decision."""
    if by.kind != "system" and not by.supervises(units.tree(work).county.id):
        raise NotYours(
            f"{unit.name}的撤销、合并、改名由县级负责人办理。",
            "Expected a supervisor of the county.",
        )


def _take_along(work: Work, unit: Place, into: Place, now: datetime) -> None:
    """Who holds a post in a unit that is merged holds it at the successor."""
    there = {
        (user, post)
        for user, post in work.session.execute(
            select(Holding.user_id, Holding.post_id).where(Holding.unit_id == into.id)
        )
    }
    held = select(Holding).where(Holding.unit_id == unit.id, holders.lasting(local_date(now)))
    for one in work.session.scalars(held).all():
        if (one.user_id, one.post_id) not in there:
            work.session.add(
                Holding(
                    user_id=one.user_id,
                    unit_id=into.id,
                    post_id=one.post_id,
                    from_on=local_date(now),
                    until_on=one.until_on,
                )
            )
    work.session.flush()


def _paths(work: Work, top: Place) -> None:
    """Write the paths below a unit anew: some have come under it."""
    path = {top.id: top.path}
    waiting = [top.id]
    while waiting:
        above = waiting.pop()
        for row in work.session.scalars(select(Unit).where(Unit.parent_id == above)):
            row.path = path[row.id] = f"{path[above]}{row.id}/"
            waiting.append(row.id)
    work.session.flush()


def _hand_overs(work: Work, unit: Place, into: Place) -> None:
    """What a post of the unit has in hand, gives or waits for (交接) is its successor's."""
    was, becomes = f"p:{unit.id}:", f"p:{into.id}:"
    for column, which in (
        (Handover.holder_key, true()),
        (HandoverLink.giver_key, HandoverLink.state == "open"),
        (HandoverLink.receiver_key, HandoverLink.state == "open"),
    ):
        mine = column.startswith(was, autoescape=True)
        values = {column.key: func.replace(column, was, becomes)}
        work.session.execute(update(column.class_).where(mine, which).values(values))


def _count(work: Work, column: Any, which: Any, unit_id: int) -> int:
    counted = select(func.count()).select_from(column.class_).where(column == unit_id, which)
    return work.session.scalar(counted) or 0


def _forget(work: Work) -> None:
    """What this process keeps in memory of units and posts is read anew, now and once it is stored."""
    units.forget(work)
    holders.forget(work)
    work.session.info.pop("gone", None)
    work.after_commit(lambda: units.forget(work))
    work.after_commit(lambda: holders.forget(work))


def _wrong(field: str, label: str, zh: str, en: str) -> Invalid:
    return Invalid([FieldError(field, label, zh, en)])
