"""The clerk's inbox and search, on plain columns: no state is opened to list work. Every read is for one actor.

desk.rows(work, actor, "mine", now=now, colour="red")     rows, most urgent first
desk.counts(work, actor, now=now)                         numbers beside the lists
desk.facets(work, actor, "mine", now=now)                 numbers beside the filters
desk.find(work, actor, "13800000000")                     by number, name or phone
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import aliased

from engine import deadlines
from engine.people import Actor, masks
from engine.store import Work, keys
from engine.store.models import Case, Task, TaskCandidate, Unit, User

List = Literal["mine", "open", "done"]

#: Rows a page.
PAGE = 50
_LATE = datetime(9999, 1, 1)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an inbox: a task and what one must know of its case."""

    task_id: int
    version: int  # of the task: what a claim must carry
    case_id: int
    number: str
    matter: str
    matter_name: str
    applicant: str  # masked
    agent: str  # masked; "" when nobody acts for them
    step: str
    state: str  # open, claimed, ended
    unit: str  # who takes it
    holder: str  # masked name of who has it; "" when nobody
    mine: bool
    due_at: datetime | None  # of this step, else of the case
    colour: str  # green, yellow, red, black, paused, done
    flags: tuple[str, ...]
    at: datetime  # opened, claimed or ended, as the list asks
    status: str  # of the case


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page, and where the next one starts."""

    rows: tuple[Row, ...]
    total: int
    next: int | None  # offset of the next page


def _holders(actor: Actor) -> list[int]:
    """Whose tasks the actor has in hand: their own, and of those they act for."""
    return [i for i in (actor.id, *(a.user_id for a in actor.absences)) if i is not None]


def _which(which: List, actor: Actor) -> Any:
    if which == "mine":
        return and_(Task.state == "claimed", Task.assignee_id.in_(_holders(actor)))
    if which == "open":
        candidate = select(TaskCandidate.task_id).where(TaskCandidate.key.in_(actor.keys))
        return and_(Task.state == "open", Task.id.in_(candidate))
    return and_(Task.state == "ended", Task.ended_by_id == actor.id)


def _colour(now: datetime) -> Any:
    """The colour of a row, in SQL, as deadlines.colour says it."""
    return case(
        (Case.finished_at.is_not(None), "done"),
        (Case.paused_at.is_not(None), "paused"),
        (Case.statutory_due <= now, "black"),
        (Case.promised_due <= now, "red"),
        (or_(Case.yellow_at <= now, Task.due_at <= now), "yellow"),
        else_="green",
    )


def _narrowed(query: Any, now: datetime, colour: str, matter: str, flag: str) -> Any:
    if colour:
        query = query.where(_colour(now) == colour)
    if matter:
        query = query.where(Case.matter == matter)
    if flag == "agent":
        query = query.where(Case.agent_name.is_not(None))
    return query


def rows(
    work: Work,
    actor: Actor,
    which: List,
    *,
    now: datetime,
    colour: str = "",
    matter: str = "",
    flag: str = "",
    offset: int = 0,
    limit: int = PAGE,
) -> Page:
    """One page of a list: the most urgent first; of what is done, the latest first."""
    base = _narrowed(
        select(func.count()).select_from(Task).join(Case, Case.id == Task.case_id), now, colour, matter, flag
    )
    total = work.session.scalar(base.where(_which(which, actor))) or 0
    holder = aliased(User)
    query = _narrowed(
        select(Task, Case, Unit.name, holder.name)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(Unit, Unit.id == Task.unit_id)
        .outerjoin(holder, holder.id == Task.assignee_id),
        now, colour, matter, flag,
    ).where(_which(which, actor))  # fmt: skip
    if which == "done":
        query = query.order_by(Task.ended_at.desc(), Task.id.desc())
    else:
        due = func.coalesce(Task.due_at, Case.promised_due)
        query = query.order_by(due.is_(None), due, Task.id)
    found = work.session.execute(query.offset(offset).limit(limit)).all()
    made = tuple(_row(actor, now, which, *each) for each in found)
    return Page(made, total, offset + limit if offset + limit < total else None)


def _row(actor: Actor, now: datetime, which: str, task: Task, its: Case, unit: str | None, holder: str | None) -> Row:
    at = {"open": task.opened_at, "mine": task.claimed_at, "done": task.ended_at}.get(which) or task.opened_at
    return Row(
        task_id=task.id, version=task.version, case_id=its.id, number=its.number, matter=its.matter,
        matter_name=its.matter_name, applicant=masks.name(its.applicant_name),
        agent=masks.name(its.agent_name) if its.agent_name else "", step=task.name, state=task.state,
        unit=unit or "", holder=masks.name(holder) if holder else "", mine=task.assignee_id in _holders(actor),
        due_at=task.due_at or its.promised_due, colour=colour_of(its, task.due_at, now), flags=tuple(its.flags),
        at=at, status=its.status,
    )  # fmt: skip


def colour_of(its: Case, step_due: datetime | None, now: datetime) -> str:
    """A case's colour at this moment, from its columns."""
    if its.finished_at is not None:
        return "done"
    if its.promised_due is None and its.statutory_due is None and step_due is None and its.paused_at is None:
        return "none"
    return deadlines.colour(
        its.promised_due, its.statutory_due, step_due, its.paused_at is not None, now, its.yellow_at
    )


def counts(work: Work, actor: Actor) -> Mapping[str, int]:
    """How many tasks wait in each list: mine, open."""
    found = {}
    for which in ("mine", "open"):
        query = select(func.count()).select_from(Task).where(_which(which, actor))
        found[which] = work.session.scalar(query) or 0
    return found


@dataclass(frozen=True, slots=True)
class Facets:
    """How many rows each filter leaves: (value, words, count)."""

    colours: Mapping[str, int]
    matters: tuple[tuple[str, str, int], ...]
    agents: int


def facets(work: Work, actor: Actor, which: List, *, now: datetime) -> Facets:
    """Numbers beside the filters of a list; one statement."""
    shade = _colour(now)
    found = work.session.execute(
        select(Case.matter, func.max(Case.matter_name), shade, func.count(), func.count(Case.agent_name))
        .select_from(Task)
        .join(Case, Case.id == Task.case_id)
        .where(_which(which, actor))
        .group_by(Case.matter, shade)
    ).all()
    colours: Counter[str] = Counter()
    per_matter: Counter[tuple[str, str]] = Counter()
    agents = 0
    for matter, name, colour, number, with_agent in found:
        colours[colour] += number
        per_matter[matter, name] += number
        agents += with_agent
    listed = tuple((m, name, n) for (m, name), n in sorted(per_matter.items(), key=lambda i: (-i[1], i[0])))
    return Facets(colours, listed, agents)


@dataclass(frozen=True, slots=True)
class Found:
    """A case that a search found."""

    number: str
    matter_name: str
    applicant: str  # masked
    stage: str
    status: str
    received_at: datetime
    colour: str
    due_at: datetime | None


def find(work: Work, actor: Actor, text: str, *, now: datetime, limit: int = 50) -> list[Found]:
    """Cases by number (or a part of it), by the applicant's whole name, phone or identity number.

    Personal data are sealed, so names and phones are found whole, by their blind index. Only cases the actor may see.
    """
    text = text.strip()
    if not text or actor.kind != "staff":
        return []
    plain = text.replace("%", "").replace("_", "")
    matches = [
        Case.name_index == keys.blind("name", text),
        Case.phone_index == keys.blind("phone", text),
        Case.id_index == keys.blind("id", text),
    ]
    if len(plain) >= 4:
        matches.append(Case.number.contains(plain))
    query = (
        select(Case).where(or_(*matches), visible(actor)).order_by(Case.received_at.desc(), Case.id.desc()).limit(limit)
    )
    return [
        Found(
            c.number, c.matter_name, masks.name(c.applicant_name), c.stage, c.status, c.received_at,
            colour_of(c, c.step_due, now), c.promised_due,
        )
        for c in work.session.scalars(query)
    ]  # fmt: skip


def visible(actor: Actor) -> Any:
    """The cases a clerk may see, in SQL: those of their units and all below, and those where a task names them."""
    realm = list(actor.realm)
    named = select(Task.case_id).where(
        or_(
            Task.assignee_id == actor.id,
            Task.ended_by_id == actor.id,
            Task.id.in_(select(TaskCandidate.task_id).where(TaskCandidate.key.in_(actor.keys))),
        )
    )
    inside = or_(Case.place_id.in_(realm), Case.unit_id.in_(realm), Case.office_id.in_(realm))
    return or_(inside, Case.id.in_(named))
