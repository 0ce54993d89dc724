"""Until when cases are kept: what will be erased soon, who keeps a case back, and what is left of an erased one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, func, select

from engine.errors import NotFound
from engine.matters import BadMatter
from engine.matters.keeping import house
from engine.people import Actor, may, units
from engine.reads import sight
from engine.records import audit, kept, library
from engine.store import Work
from engine.store.models import Case, Document, Event, LegalHold, User
from engine.workdays import local_date

#: How far ahead a preview looks.
AHEAD = timedelta(days=30)
#: Cases that a list names at most.
MOST = 100


@dataclass(frozen=True, slots=True)
class Due:
    """What of one matter will be erased."""

    matter: str
    title: str
    years: str  # as the matter says today; "" when it is published no more
    count: int
    oldest: date  # when the first of them ended


@dataclass(frozen=True, slots=True)
class Named:
    """One of them, for a head of its units."""

    number: str
    title: str
    ended_on: date
    keep_until: date


@dataclass(frozen=True, slots=True)
class Hold:
    """Who keeps a case back, and why."""

    number: str
    title: str
    reason: str  # "" for whoever may not see the case
    who: str
    from_at: datetime
    until_on: date
    over: bool  # its last day has passed: it keeps nothing back any more


@dataclass(frozen=True, slots=True)
class Outside:
    """What lives outside cases, of one kind of retention.yaml."""

    kind: str
    years: int  # after it was over, when its declaration says nothing
    now: int
    soon: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What the next nights erase, and what they do not."""

    now: int  # due tonight
    soon: int  # … and within AHEAD
    by_matter: tuple[Due, ...]  # both together
    named: tuple[Named, ...]  # those the actor heads
    held: tuple[Hold, ...]
    held_count: int
    undated: int  # ended, and their day is given tonight
    erased: int  # ever
    outside: tuple[Outside, ...]


def preview(work: Work, actor: Actor, *, now: datetime) -> Preview:
    """For who runs the hall: how many; for heads: which, too."""
    today = local_date(now)
    going = and_(~Case.confidential, *kept.cases_due(today + AHEAD, today=today))
    rows = work.session.execute(
        select(Case.matter, func.max(Case.matter_name), func.count(), func.min(Case.finished_at))
        .where(going)
        .group_by(Case.matter)
        .order_by(func.count().desc(), Case.matter)
    ).all()
    tonight = work.session.scalar(select(func.count()).select_from(Case).where(going, Case.keep_until <= today)) or 0
    total = sum(row[2] for row in rows)
    heads = "supervisor" in actor.roles
    seen = sight.of_cases(work, actor) if heads else false()
    named = work.session.execute(
        select(Case.number, Case.matter_name, Case.finished_at, Case.keep_until)
        .where(going, seen)
        .order_by(Case.keep_until, Case.id)
        .limit(MOST)
    ).all()
    return Preview(
        now=tonight,
        soon=total - tonight,
        by_matter=tuple(
            Due(matter, title, _years(work, matter), count, local_date(oldest))
            for matter, title, count, oldest in rows
            if oldest is not None
        ),
        named=tuple(
            Named(number, title, local_date(ended), until)
            for number, title, ended, until in named
            if ended is not None and until is not None
        ),
        held=_holds(work, seen, today),
        held_count=work.session.scalar(
            select(func.count())
            .select_from(LegalHold)
            .where(LegalHold.ended_at.is_(None), LegalHold.until_on >= today, sight.open_ones(LegalHold.case_id))
        )
        or 0,
        undated=work.session.scalar(
            select(func.count())
            .select_from(Case)
            .where(Case.finished_at.is_not(None), Case.keep_until.is_(None), ~Case.confidential)
        )
        or 0,
        erased=work.session.scalar(
            select(func.count()).select_from(Case).where(Case.erased_at.is_not(None), ~Case.confidential)
        )
        or 0,
        outside=_outside(work, today),
    )


def _outside(work: Work, today: date) -> tuple[Outside, ...]:
    now, until = kept.counts(work, today=today, ahead=today + AHEAD)
    return tuple(Outside(kind, years, now[kind], until[kind] - now[kind]) for kind, years in house().kinds.items())


def _years(work: Work, matter: str) -> str:
    try:
        return str(library.current(work, matter).info.retention.years)
    except (NotFound, BadMatter):
        return ""


def _holds(work: Work, seen: ColumnElement[bool], today: date) -> tuple[Hold, ...]:
    rows = work.session.execute(
        select(LegalHold, Case.number, Case.matter_name, User.name)
        .join(Case, Case.id == LegalHold.case_id)
        .join(User, User.id == LegalHold.by_id)
        .where(LegalHold.ended_at.is_(None), seen)
        .order_by(LegalHold.until_on, LegalHold.id)
        .limit(MOST)
    ).all()
    return tuple(
        Hold(number, title, row.reason, who, row.from_at, row.until_on, row.until_on < today)
        for row, number, title, who in rows
    )


def hold_of(work: Work, case_id: int, *, now: datetime) -> Hold | None:
    """Who keeps this case back today; None: nobody."""
    row = work.session.execute(
        select(LegalHold, Case.number, Case.matter_name, User.name)
        .join(Case, Case.id == LegalHold.case_id)
        .join(User, User.id == LegalHold.by_id)
        .where(LegalHold.case_id == case_id, LegalHold.ended_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    held, number, title, who = row
    return Hold(number, title, held.reason, who, held.from_at, held.until_on, held.until_on < local_date(now))


@dataclass(frozen=True, slots=True)
class Erased:
    """What is left of a case whose time was over: what it was, and that it was erased."""

    number: str
    title: str
    status: str
    outcome: str
    office: str
    place: str
    received_at: datetime
    finished_at: datetime
    erased_at: datetime
    why: str  # retention, asked
    papers: tuple[tuple[str, str], ...]  # title, number
    events: int


def erased(work: Work, number: str, *, actor: Actor) -> Erased | None:
    """What is left of it; None: it is not erased, or not this actor's to see."""
    case = work.session.scalar(select(Case).where(Case.number == number.strip()))
    if case is None or case.erased_at is None or case.finished_at is None or not may(actor, "see", case):
        return None
    why = work.session.scalar(
        select(Event.facts).where(Event.case_id == case.id, Event.kind == audit.Kind.CASE_ERASED.value)
    )
    papers = work.session.execute(
        select(Document.title, Document.number).where(Document.case_id == case.id).order_by(Document.id)
    ).all()
    return Erased(
        number=case.number,
        title=case.matter_name,
        status=case.status,
        outcome=case.outcome,
        office=units.place(work, case.office_id).name,
        place=units.tree(work).full_name(units.place(work, case.place_id)),
        received_at=case.received_at,
        finished_at=case.finished_at,
        erased_at=case.erased_at,
        why=str((why or {}).get("why", "retention")),
        papers=tuple((title, paper or "") for title, paper in papers),
        events=case.events_count,
    )
