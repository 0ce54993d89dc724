"""Standing orders (长期预订): a person's own, and those of a unit's kitchen or hall; each with its days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from engine.errors import NotFound
from engine.people import Actor, masks, may
from engine.reads import bonds, choosing, offering
from engine.store import Work
from engine.store.models import Appointment, Resource, Standing, StandingDay
from engine.workdays import local_date

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Most orders of a unit on one page.
MOST = 300


@dataclass(frozen=True, slots=True)
class Day:
    """One day of an order that has been dealt with."""

    day: date
    state: str  # wanted, booked, skipped, full, missed; cancelled: its booking was given back
    booking_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Order:
    """One standing order."""

    id: int
    name: str  # of the person, masked for staff
    place: str
    place_en: str
    at: str
    days_zh: str
    days_en: str
    from_on: date
    until_on: date
    state: str
    reason: str
    days: tuple[Day, ...]  # from today on
    who: str  # whose it is, for somebody else than them
    mine: bool  # the reader may change it
    asks: bool  # its offer asks a form, so that a day may be other than the rest


def in_words(weekdays: str, working: bool) -> tuple[str, str]:
    """Weekdays as people say them.

    >>> in_words("135", False)
    ('周一、周三、周五', 'Mon, Wed, Fri')
    """
    zh = "、".join(WEEKDAYS[int(n) - 1] for n in weekdays)
    en = ", ".join(WEEKDAYS_EN[int(n) - 1] for n in weekdays)
    return (f"{zh}的工作日", f"{en} (working days)") if working else (zh, en)


def mine(work: Work, actor: Actor, *, now: datetime) -> list[Order]:
    """The orders that go on: the actor's own, and of those who let them book or see that. Two statements."""
    if actor.id is None:
        return []
    by_bond = [bonds.theirs(g, Standing) for g in actor.grants if g.case_id is None and {"book", "see"} & g.lets]
    rows = work.session.scalars(
        select(Standing)
        .where(or_(Standing.user_id == actor.id, *by_bond), Standing.state == "active")
        .options(joinedload(Standing.resource))
        .order_by(Standing.id)
    ).all()
    return _shown(work, [row for row in rows if may(actor, "see", row)], actor, now)


def of_unit(work: Work, actor: Actor, *, now: datetime) -> list[Order]:
    """Those of the actor's units that go on."""
    rows = work.session.scalars(
        select(Standing)
        .join(Resource, Resource.id == Standing.resource_id)
        .where(Resource.unit_id.in_(actor.realm), Standing.state == "active")
        .options(joinedload(Standing.resource))
        .order_by(Standing.id)
        .limit(MOST)
    ).all()
    return _shown(work, rows, actor, now)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one day of an order is asked, and what was answered for it."""

    form: Any
    answers: dict[str, Any]
    name: str


def day(work: Work, actor: Actor, standing_id: int, on: date, *, now: datetime) -> Asked:
    """The form of one day of the actor's order. NotFound."""
    row = work.session.scalar(select(Standing).where(Standing.id == standing_id).options(joinedload(Standing.resource)))
    if row is None or not may(actor, "work", row):
        raise NotFound("没有这个长期预订。", "There is no such order.")
    what = offering.of(work, row.resource.offer)
    form = choosing.form(work, what, now=now)
    if form is None:
        raise NotFound("这一项没有要填的。", "Nothing is asked here.")
    known = work.session.get(StandingDay, (row.id, on))
    given = known.answers if known is not None and known.answers is not None else row.answers
    return Asked(form, dict(given or {}), row.resource.name)


def _shown(work: Work, rows: Sequence[Standing], actor: Actor, now: datetime) -> list[Order]:
    masked = actor.kind == "staff"
    days: dict[int, list[Day]] = {}
    for one, state in work.session.execute(
        select(StandingDay, Appointment.state)
        .outerjoin(Appointment, Appointment.id == StandingDay.appointment_id)
        .where(StandingDay.standing_id.in_([row.id for row in rows]), StandingDay.day >= local_date(now))
        .order_by(StandingDay.standing_id, StandingDay.day)
    ).all():
        gone = one.state == "booked" and state in ("cancelled", "expired", "no_show")
        shown = Day(one.day, "cancelled" if gone else one.state, one.appointment_id, one.reason)
        days.setdefault(one.standing_id, []).append(shown)
    asking = {what.key for what in offering.declared(work).values() if what.offer.answered}
    out = []
    for row in rows:
        zh, en = in_words(row.weekdays, row.working)
        out.append(
            Order(
                row.id,
                masks.name(row.name) if masked else row.name,
                row.resource.name,
                row.resource.name_en,
                row.at,
                zh,
                en,
                row.from_on,
                row.until_on,
                row.state,
                row.reason,
                tuple(days.get(row.id, ())),
                "" if masked or row.user_id == actor.id else row.name,
                may(actor, "work", row),
                row.resource.offer in asking,
            )
        )
    return out
