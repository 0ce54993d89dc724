"""The agent's desk (代办员工作台): the residents one agent carries, each with the next step and until when they may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from engine.errors import AlreadyDone, NotFound, NotNow
from engine.matters import Package
from engine.people import Actor, may
from engine.people.access import AGENT, keeps_away
from engine.people.bonds import UNSIGNED
from engine.reads.case_list import Brief, brief
from engine.reads.sight import marked
from engine.records import library
from engine.store import Work
from engine.store.models import Bond, Case, Task
from engine.workdays import local_date

OPEN = ("running", "suspended")
_NONE = ("没有这一件，或者不是您村里的。", "There is no such case in your village.")
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
    until: date  # 委托期限
    authority: str  # ok, soon, over


def carried(work: Work, actor: Actor, *, now: datetime, limit: int = 200) -> list[Carried]:
    """The running cases this actor is the agent of: those with a step of their own first, then by due day."""
    if actor.id is None or actor.kind != "staff":
        return []
    rows = work.session.execute(
        select(Case, Bond)
        .join(Bond, Bond.id == Case.mandate_id)
        .where(Bond.holder_id == actor.id, Case.status.in_(OPEN))
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


def awaiting_signing(work: Work, actor: Actor, *, now: datetime, most: int = 200) -> list[Brief]:
    """What this agent took in for people who have not signed the mandate yet, the oldest first."""
    if actor.id is None or actor.kind != "staff":
        return []
    rows = work.session.scalars(
        select(Case)
        .where(Case.submitted_by_id == actor.id, Case.status.in_(OPEN), marked(UNSIGNED))
        .order_by(Case.id)
        .limit(most)
    ).all()
    return [brief(work, case, now, True) for case in rows if _is_agent(actor, case)]


def signs(work: Work, case_id: int, actor: Actor) -> bool:
    """Whether the principal of this case may sign now, before this agent."""
    case = work.session.get(Case, case_id)
    return case is not None and case.status in OPEN and UNSIGNED in case.flags and _is_agent(actor, case)


def to_sign(work: Work, number: str, actor: Actor) -> tuple[Case, Package]:
    """A case whose mandate this agent lays before the principal, and its matter. Refused as `must_await_signing`."""
    case = work.session.scalar(select(Case).where(Case.number == number))
    if case is None:
        raise NotFound(*_NONE)
    must_await_signing(case, actor)
    return case, library.version(work, case.version_hash)


def must_await_signing(case: Case, actor: Actor) -> None:
    """NotFound for who is no agent of that village; AlreadyDone, NotNow when there is nothing to sign."""
    if not _is_agent(actor, case):
        raise NotFound(*_NONE)
    if UNSIGNED not in case.flags:
        raise AlreadyDone("这一件没有等着签的委托书，请刷新后再看。", "Expected a mandate to sign, but none is wanted.")
    if case.status not in OPEN:
        raise NotNow("这一件已经办完，不用再签委托书。", "The case is over: no mandate is signed any more.")


def _is_agent(actor: Actor, case: Case) -> bool:
    """An agent of the village the case belongs to, who may see it."""
    post = any(p.post == AGENT and p.covers(case.matter) for p in actor.positions)
    return post and case.place_id in actor.realm and not keeps_away(actor, case) and may(actor, "see", case)


def _one(work: Work, case: Case, bond: Bond, live: list[Task], actor: Actor, now: datetime) -> Carried:
    acts = "apply" in bond.lets and bond.until_on >= local_date(now)
    theirs = {f"b:{bond.id}", *([f"u:{case.applicant_id}"] if case.applicant_id is not None else [])} if acts else set()
    own = (t for t in live if t.assignee_id == actor.id or _may_claim(actor, t) or theirs & set(t.candidates))
    mine = next(own, None)
    task = mine or next(iter(live), None)
    left = (bond.until_on - local_date(now)).days
    authority = "over" if left < 0 else "soon" if left <= SOON_DAYS else "ok"
    return Carried(
        brief(work, case, now, True),
        case.applicant_name,
        case.applicant_phone or "",
        task.name if task else "",
        mine is not None,
        task.due_at if task else None,
        bond.until_on,
        authority,
    )


def _may_claim(actor: Actor, task: Task) -> bool:
    return task.state == "open" and not keeps_away(actor, task) and actor.as_whom(task.candidates, "")[0]
