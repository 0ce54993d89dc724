"""The agent's desk (代办员工作台): the residents one agent carries, each with the next step and until when they may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from engine.people import Actor
from engine.people.access import keeps_away
from engine.reads.case_list import Brief, brief
from engine.records import library
from engine.store import Work
from engine.store.models import Bond, Case, Task
from engine.workdays import local_date

#: An authority that ends within so many days is shown as ending (P).
SOON_DAYS = 7


@dataclass(frozen=True, slots=True)
class Carried:
    """One case an agent carries."""

    case: Brief
    principal: str  # the agent knows whom they act for: not masked
    phone: str
    next: str  # the open step; "" when the case waits for a day
    mine: bool  # the step is the agent's own
    due_at: datetime | None  # of the step
    until: date | None  # 委托期限
    authority: str  # ok, soon, over; none: the matter says of no mandate until when


def carried(work: Work, actor: Actor, *, now: datetime, limit: int = 200) -> list[Carried]:
    """The running cases this actor is the agent of: those with a step of their own first, then by due day."""
    if actor.id is None or actor.kind != "staff":
        return []
    rows = work.session.execute(
        select(Case, Bond)
        .join(Bond, Bond.id == Case.mandate_id)
        .where(Bond.holder_id == actor.id, Case.status.in_(("running", "suspended")))
        .order_by(Case.id)
        .limit(limit)
    ).all()
    tasks: dict[int, list[Task]] = {}
    ids = [case.id for case, _ in rows]
    for task in work.session.scalars(
        select(Task).where(Task.case_id.in_(ids), Task.state != "ended").order_by(Task.id)
    ):
        tasks.setdefault(task.case_id, []).append(task)
    found = [_one(work, case, bond, tasks.get(case.id, []), actor, now) for case, bond in rows]
    never = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(found, key=lambda c: (not c.mine, c.due_at or c.case.due_at or never, c.case.number))


def _one(work: Work, case: Case, bond: Bond, live: list[Task], actor: Actor, now: datetime) -> Carried:
    acts = "apply" in bond.lets and bond.until_on >= local_date(now)
    theirs = {f"b:{bond.id}", *([f"u:{case.applicant_id}"] if case.applicant_id is not None else [])} if acts else set()
    own = (t for t in live if t.assignee_id == actor.id or _may_claim(actor, t) or theirs & set(t.candidates))
    mine = next(own, None)
    task = mine or next(iter(live), None)
    known = library.version(work, case.version_hash).info.mandate is not None
    left = (bond.until_on - local_date(now)).days
    authority = "none" if not known else "over" if left < 0 else "soon" if left <= SOON_DAYS else "ok"
    return Carried(
        brief(work, case, now, True),
        case.applicant_name,
        case.applicant_phone or "",
        task.name if task else "",
        mine is not None,
        task.due_at if task else None,
        bond.until_on if known else None,
        authority,
    )


def _may_claim(actor: Actor, task: Task) -> bool:
    return task.state == "open" and not keeps_away(actor, task) and actor.as_whom(task.candidates, "")[0]
