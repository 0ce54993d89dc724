"""What the worker does when a case's deadline comes near or passes. The actor is the system; everything is audited.

`wake` does all that is due for one case in one transaction: acceptance by silence (RULES T3), the colour, and the steps
of the matter's escalation policy, each once per task and round. A crash leaves all of it undone, and the case is still
due; two workers that meet at one case find the second time nothing missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select, update

from engine.commands import candidates
from engine.deadlines import Account, Event, Ledger
from engine.people import SYSTEM, apart, holders, units
from engine.records import audit, clocks, library, notices
from engine.records.clocks import Planned
from engine.store import Work
from engine.store.models import Case, Escalation, Task, Timer
from engine.workdays import local_date, say_whole

#: A case that was taken and not finished is looked at again after this long.
LEASE = timedelta(minutes=2)


def due(now: ColumnElement[datetime]) -> Select[int]:
    """Whether any case is due: one look at the index."""
    return select(Case.id).where(Case.next_alert_at <= now).limit(1)


def claim(work: Work, now: datetime, limit: int = 50, lease: timedelta = LEASE) -> list[int]:
    """Take up to `limit` due cases, the longest due first. Commit at once; then `wake` each in its own transaction."""
    ready = select(Case.id, Case.next_alert_at).where(Case.next_alert_at <= now)
    ready = ready.order_by(Case.next_alert_at, Case.id).limit(limit).with_for_update(skip_locked=True)
    ids = [row.id for row in work.session.execute(ready)]
    if ids:
        work.session.execute(
            update(Case)
            .where(Case.id.in_(ids))
            .values(next_alert_at=now + lease)
            .execution_options(synchronize_session=False)
        )
    return ids


def wake(work: Work, case_id: int, *, now: datetime) -> list[str]:
    """Do what is due for one case; what was done, in words of the audit."""
    case = work.session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        return []
    if case.finished_at is not None:
        case.next_alert_at = None
        return []
    matter = library.version(work, case.version_hash).info
    policy, did = matter.policy(), []
    ledger = clocks.ledger(work, case, matter.limits.rules(local_date(case.received_at)))
    account = ledger.account(now)
    if account.deemed_due:
        ledger = _deem(work, case, ledger, account, now)
        account = ledger.account(now)
        did.append("deemed_accepted")
    colour = case.colour
    planned = clocks.plan(case.id, policy, ledger, account, clocks.open_tasks(work, case))
    for step in clocks.missing(work, case, [p for p in planned if p.at <= now]):
        did.append(_carry_out(work, case, account, step, now))
    clocks.settle(work, case, ledger, policy, now=now)
    if case.colour != colour:
        audit.record(
            work, audit.Kind.COLOUR, by=SYSTEM, now=now, case=case, facts={"before": colour, "after": case.colour}
        )
        did.append(case.colour)
    return did


def _deem(work: Work, case: Case, ledger: Ledger, account: Account, now: datetime) -> Ledger:
    """Silence has become acceptance: recorded, backdated, and told to the applicant and the supervisor."""
    event = Event("deemed_accepted", now)
    ledger = ledger.with_event(event)
    clocks.keep(work, case, [event], by=SYSTEM)
    assert account.accepted_on is not None
    case.accepted_at = case.received_at if account.accepted_on == account.received_on else now
    audit.record(
        work,
        audit.Kind.CASE_ACCEPTED,
        by=SYSTEM,
        now=now,
        case=case,
        facts={"way": "deemed", "accepted_on": account.accepted_on.isoformat(), "law": ledger.rules.regime.source},
    )
    day = account.accepted_on
    text = f"您的办件 {case.number}（{case.matter_name}）逾期未告知补正，依法自 {say_whole(day)}起视为受理。"
    info = library.version(work, case.version_hash).info
    if case.applicant_id is not None:
        notices.put(
            work,
            f"case:{case.id}:deemed",
            text,
            text_en=(
                f"Your case {case.number} ({info.name_en}) counts as accepted since {day}: nobody asked for "
                "corrections in time."
            ),
            kind="deemed-accepted",
            now=now,
            channel="screen",
            user_id=case.applicant_id,
            case_id=case.id,
        )
    for user_id in holders.supervisors(work, case.office_id, apart.read(case.apart), on=local_date(now)):
        notices.put(
            work,
            f"case:{case.id}:deemed:{user_id}",
            f"办件 {case.number}（{case.matter_name}）超过受理期限未处理，已记为自 {day} 起视为受理。",
            text_en=f"Case {case.number} ({info.name_en}) was not seen to in time: it counts as accepted since {day}.",
            kind="deemed-accepted",
            now=now,
            channel="screen",
            user_id=user_id,
            case_id=case.id,
        )
    return ledger


def _carry_out(work: Work, case: Case, account: Account, planned: Planned, now: datetime) -> str:
    """One step of the policy. Its row and its deed are one transaction: neither is ever there without the other."""
    step, task = planned.step, planned.task
    match step.do:
        case "remind_assignee":
            told = _tell(work, case, account, planned, holders.of_task(work, task, on=local_date(now)), now)
            if task is not None:
                task.reminded_at = now
            facts: dict[str, object] = {"told": told}
        case "tell_supervisor":
            at = units.tree(work).county.id if step.to == "county" else (task.unit_id if task else None)
            away = apart.read(case.apart)
            told = holders.supervisors(work, at or case.office_id, away, on=local_date(now))
            facts = {"told": _tell(work, case, account, planned, told, now)}
        case "reassign":
            facts = _reassign(work, case, task, step.to, now)
        case _:
            facts = _fire_timer(work, case, step.timer, now)
    work.session.add(
        Escalation(
            key=planned.key,
            case_id=case.id,
            task_id=task.id if task else None,
            step=step.id,
            did=step.do,
            due_at=planned.at,
            fired_at=now,
            facts=facts,
        )
    )
    audit.record(
        work,
        audit.Kind.ESCALATED,
        by=SYSTEM,
        now=now,
        case=case,
        task_id=task.id if task else None,
        facts={"step": step.id, "at": step.at, "do": step.do, "round": task.round if task else 0, **facts},
    )
    work.session.flush()
    return step.do


def _tell(work: Work, case: Case, account: Account, planned: Planned, users: Iterable[int], now: datetime) -> list[int]:
    told = sorted(set(users))
    if case.confidential:  # no head above, and no stand-in
        told = sorted(set(told) & set(holders.of(work, case.office_id, on=local_date(now))))
    name = f"“{planned.task.name}”" if planned.task else ""
    package = library.version(work, case.version_hash)
    step = f", {package.english.get(planned.task.name, planned.task.name)}" if planned.task else ""
    title = package.info.name_en
    zh = notices.Words(
        f"办件 {case.number}（{case.matter_name}）{name}：{account.countdown()}。",
        f"今天有 {{count}} 件“{case.matter_name}”{name}临近或者超过时限，第一件 {{number}}。",
    )
    en = notices.Words(
        f"Case {case.number} ({title}{step}): {account.countdown('en')}.",
        f"{{count}} cases ({title}{step}) come near or are past their limit today, the first {{number}}.",
    )
    at = planned.task.element if planned.task else ""
    for user_id in told:
        notices.put_for_cause(
            work,
            f"deadline:{case.matter}:{at}:{planned.step.id}",
            zh,
            en,
            kind="deadline",
            now=now,
            user_id=user_id,
            case=case,
        )
    return told


def _reassign(work: Work, case: Case, task: Task | None, post: str, now: datetime) -> dict[str, object]:
    """The task goes to another post of its unit, unclaimed, or of the nearest above where somebody holds it today; who
    had it sees so."""
    if task is None or case.confidential:
        return {"to": None}
    before = task.assignee_id
    unit = units.place(work, task.unit_id or case.office_id)
    away = apart.read(task.apart)
    day = local_date(now)
    unit = holders.nearest(work, units.tree(work).today(unit), post, away, on=day)
    if not holders.held(work, unit.id, post, away, on=day):  # nobody, or only who must keep away
        unit, post = candidates.supervisor_of(work, unit, away, on=day)
    key = f"p:{unit.id}:{post}"
    task.assignee_id, task.acting_for_id, task.claimed_at, task.state = None, None, None, "open"
    task.bond_id = None
    task.candidates, task.version = [key], task.version + 1
    return {"from": before, "to": key}


def _fire_timer(work: Work, case: Case, element: str, now: datetime) -> dict[str, object]:
    """The drawing's own path for being late: its timer is due now."""
    found = list(work.session.scalars(select(Timer).where(Timer.case_id == case.id, Timer.element == element)))
    for timer in found:
        timer.wake_at = min(timer.wake_at, now)
    return {"element": element, "timers": len(found)}
