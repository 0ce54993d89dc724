"""The agent's desk (代办员工作台): the residents one agent carries, each with the next step and until when they may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from engine import forms
from engine.people import Actor
from engine.people.access import keeps_away
from engine.reads.case_list import Brief, brief
from engine.records import library
from engine.store import Work
from engine.store.models import Case, Task
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
    authority: str  # ok, soon, over, unsigned; none: the matter knows no mandate


def carried(work: Work, actor: Actor, *, now: datetime, limit: int = 200) -> list[Carried]:
    """The running cases this actor is the agent of: those with a step of their own first, then by due day."""
    if actor.id is None or actor.kind != "staff":
        return []
    rows = list(
        work.session.scalars(
            select(Case)
            .where(Case.agent_id == actor.id, Case.status.in_(("running", "suspended")))
            .options(undefer(Case.answers))
            .order_by(Case.id)
            .limit(limit)
        )
    )
    tasks: dict[int, list[Task]] = {}
    ids = [c.id for c in rows]
    for task in work.session.scalars(
        select(Task).where(Task.case_id.in_(ids), Task.state != "ended").order_by(Task.id)
    ):
        tasks.setdefault(task.case_id, []).append(task)
    found = [_one(work, case, tasks.get(case.id, []), actor, now) for case in rows]
    never = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(found, key=lambda c: (not c.mine, c.due_at or c.case.due_at or never, c.case.number))


def _one(work: Work, case: Case, live: list[Task], actor: Actor, now: datetime) -> Carried:
    mine = next((t for t in live if t.assignee_id == actor.id or _may_claim(actor, t)), None)
    task = mine or next(iter(live), None)
    answers = case.answers if isinstance(case.answers, dict) else {}
    mandate = library.version(work, case.version_hash).info.mandate
    until = _date(forms.dig(answers, mandate.until)) if mandate is not None else None
    today = local_date(now)
    if mandate is None:
        authority = "none"
    elif not forms.dig(answers, mandate.signature):
        authority = "unsigned"
    elif until is not None and until < today:
        authority = "over"
    elif until is not None and (until - today).days <= SOON_DAYS:
        authority = "soon"
    else:
        authority = "ok"
    return Carried(
        brief(work, case, now, True),
        case.applicant_name,
        case.applicant_phone or "",
        task.name if task else "",
        mine is not None,
        task.due_at if task else None,
        until,
        authority,
    )


def _may_claim(actor: Actor, task: Task) -> bool:
    return task.state == "open" and not keeps_away(actor, task) and actor.as_whom(task.candidates, "")[0]


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None
