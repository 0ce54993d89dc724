"""Schedules and their runs as people see them: operators all of them, heads those of their units; and how far a
for-each of a case is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, select, true

from engine.errors import NotFound, NotYours
from engine.matters import plans
from engine.people import Actor, masks, may, units
from engine.reads import sight
from engine.records import library
from engine.store import Work
from engine.store.models import Case, ForEach, ForEachItem, Schedule, ScheduleRun, User

#: Runs shown of one schedule, items shown of what failed.
MOST = 60


@dataclass(frozen=True, slots=True)
class Run:
    """One run."""

    id: int
    unit: str
    due_at: datetime
    first: date
    last: date
    state: str  # waiting, done, failed
    number: str | None  # of its case
    matter_state: str  # of the case: running, finished …
    error: str
    by: str  # who ran it by hand, masked; "": it began by itself
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One schedule in the list."""

    id: int
    key: str
    title: str
    matter: str
    matter_name: str
    every: str
    next_at: datetime | None
    last_at: datetime | None
    lacks_year: int | None
    active: bool
    paused_at: datetime | None
    pause_reason: str
    by_itself: bool  # it was put to rest by an error
    units: int  # that get a run each turn
    failed: int  # runs that failed and were not tried again


@dataclass(frozen=True, slots=True)
class Page:
    """One schedule with its runs."""

    row: Row
    runs: tuple[Run, ...]
    places: tuple[tuple[str, str], ...]  # code and name of the units it may be run for by hand
    may: bool  # whether the actor may pause it and run it


def sees(work: Work, actor: Actor) -> bool:
    """Whether 定期 is something for them: an operator, or a head, where anything begins by itself."""
    if not ("operator" in actor.roles or "supervisor" in actor.roles):
        return False
    return work.session.scalar(select(Schedule.id).limit(1)) is not None


def _require(actor: Actor) -> None:
    if not ("operator" in actor.roles or "supervisor" in actor.roles):
        raise NotYours("定期由运维和负责人查看。", "Schedules are seen by operators and heads.")


def listed(work: Work, *, actor: Actor) -> list[Row]:
    """Every schedule; to a head those that have a run of a unit of theirs, or are for the kind of such a unit."""
    _require(actor)
    rows = list(work.session.scalars(select(Schedule).order_by(Schedule.active.desc(), Schedule.key)))
    counted = work.session.execute(
        select(ScheduleRun.schedule_id, func.count())
        .where(ScheduleRun.state == "failed", _of_theirs(actor))
        .group_by(ScheduleRun.schedule_id)
    ).all()
    failed = {id: n for id, n in counted}
    names = {p.name: p.info for p in library.published(work)}
    found = []
    for row in rows:
        places = _places(work, row, actor)
        if not places and not may(actor, "operate", row):
            continue
        info = names.get(row.matter)
        found.append(_row(row, info.name if info is not None else row.matter, len(places), failed.get(row.id, 0)))
    return found


def _of_theirs(actor: Actor) -> ColumnElement[bool]:
    if "operator" in actor.roles:
        return true()
    return ScheduleRun.unit_id.in_([u for u in actor.realm if actor.supervises(u)])


def _places(work: Work, row: Schedule, actor: Actor) -> list[units.Place]:
    kinds = row.rule.get("for", ())
    places = [p for p in units.tree(work).standing if p.kind in kinds]
    if "operator" in actor.roles:
        return places
    return [p for p in places if actor.supervises(p.id)]


def _row(row: Schedule, matter_name: str, places: int, failed: int) -> Row:
    return Row(
        id=row.id,
        key=row.key,
        title=row.title,
        matter=row.matter,
        matter_name=matter_name,
        every=row.rule.get("every", ""),
        next_at=row.next_at,
        last_at=row.last_at,
        lacks_year=row.lacks_year,
        active=row.active,
        paused_at=row.paused_at,
        pause_reason=row.pause_reason,
        by_itself=row.paused_at is not None and row.paused_by_id is None,
        units=places,
        failed=failed,
    )


def page(work: Work, id: int, *, actor: Actor) -> Page:
    """One schedule and its newest runs."""
    _require(actor)
    row = work.session.get(Schedule, id)
    places = _places(work, row, actor) if row is not None else []
    if row is None or not (places or may(actor, "operate", row)):
        raise NotFound("没有这个定期，或不归您看。", f"There is no schedule {id} of yours.")
    found = work.session.execute(
        select(ScheduleRun, Case.number, Case.status, User.name)
        .outerjoin(Case, and_(Case.id == ScheduleRun.case_id, sight.named(work, actor)))
        .outerjoin(User, User.id == ScheduleRun.asked_by_id)
        .where(ScheduleRun.schedule_id == id, _of_theirs(actor))
        .order_by(ScheduleRun.due_at.desc(), ScheduleRun.id.desc())
        .limit(MOST)
    ).all()
    tree = units.tree(work)
    runs = tuple(
        Run(
            run.id,
            tree.full_name(tree.by_id[run.unit_id]) if run.unit_id in tree.by_id else "",
            run.due_at,
            run.first,
            run.last,
            run.state,
            number,
            status or "",
            run.error,
            masks.name(name) if name else "",
            run.reason or "",
        )
        for run, number, status, name in found
    )
    package = next((p for p in library.published(work) if p.name == row.matter), None)
    known = package is not None and plans.find(package, row.name) is not None
    failed = sum(run.state == "failed" for run in runs)
    return Page(
        _row(row, package.info.name if package is not None else row.matter, len(places), failed),
        runs,
        tuple((p.code, tree.full_name(p)) for p in sorted(places, key=lambda p: p.code)),
        known and may(actor, "operate", row),
    )


# ---------------------------------------------------------------- a for-each of a case


@dataclass(frozen=True, slots=True)
class Failed:
    """An item that failed."""

    id: int
    n: int
    what: str  # masked
    error: str
    number: str | None  # of the case that was opened for it


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a for-each is."""

    id: int
    name: str
    state: str
    total: int
    done: int
    failed: int
    left_out: int
    began_at: datetime
    ended_at: datetime | None
    items: tuple[Failed, ...]
    may: bool  # whether the actor may try again or leave out


def of_case(work: Work, case_id: int, *, actor: Actor) -> list[Progress]:
    """The for-each of a case, the newest first. Whoever may see the case sees the counts."""
    rows = list(
        work.session.scalars(select(ForEach).where(ForEach.case_id == case_id).order_by(ForEach.id.desc()).limit(20))
    )
    if not rows:
        return []
    case = work.session.get_one(Case, case_id)
    able = may(actor, "operate") or may(actor, "supervise", case)
    found = []
    for row in rows:
        failed = work.session.execute(
            select(ForEachItem, Case.number)
            .outerjoin(Case, and_(Case.id == ForEachItem.case_id, sight.named(work, actor)))
            .where(ForEachItem.for_each_id == row.id, ForEachItem.state == "failed")
            .order_by(ForEachItem.n)
            .limit(MOST)
        ).all()
        items = tuple(Failed(item.id, item.n, _what(item), item.error, number) for item, number in failed)
        found.append(
            Progress(
                row.id,
                row.name,
                row.state,
                row.total,
                row.done,
                row.failed,
                row.left_out,
                row.began_at,
                row.ended_at,
                items,
                able and row.state == "doing",
            )
        )
    return found


def _what(item: ForEachItem) -> str:
    record = item.record if isinstance(item.record, dict) else {}
    person = record.get("person")
    if isinstance(person, dict) and person.get("name"):
        return masks.name(str(person["name"]))
    said = record.get("name") or record.get("key") or record.get("title")
    return str(said)[:60] if said else f"第 {item.n} 条"


def one_of_case(work: Work, case_id: int, id: int) -> None:
    """NotFound unless this for-each is of this case."""
    if work.session.scalar(select(ForEach.id).where(ForEach.id == id, ForEach.case_id == case_id)) is None:
        raise NotFound("这个办件没有这一项逐条办理。", f"The case has no for-each {id}.")
