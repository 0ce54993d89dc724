"""挂起, 激活, 延期: the clock of a case, by hand. `expect`: a preview's token; another plan is refused."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from sqlalchemy import select

from engine import process
from engine.commands.applying import Applying, Done, env_of
from engine.commands.cases import asking
from engine.commands.cases.changing import change
from engine.commands.cases.finding import as_planned, find_case, must_run
from engine.commands.effects import time_limits
from engine.deadlines import Event as ClockEvent
from engine.deadlines import Limit
from engine.errors import NotNow
from engine.people import Actor, extending, require
from engine.records import audit
from engine.store import Work
from engine.store.models import Timer


def suspend(
    work: Work,
    case_id: int,
    cause: str,
    needs: str,
    notice: str = "",
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    prepare: str = "",
    expect: str | None = None,
) -> Done:
    """挂起: the clock stops, only for a cause the law lists, told in writing with the time needed (RULES T6).

    `cause`: an id of the regime's closed list. `needs`: the time needed, as "10wd". `notice`: the number of a notice
    that was written elsewhere; without it 特别程序告知书 is issued here and now. The applicant is told either way.
    `prepare`: what they should get ready.
    """
    case = find_case(work, case_id)
    require(by, "direct", case)
    must_run(case)
    applying = change(work, case, by=by, now=now)
    event = ClockEvent("paused", now, cause=cause, needs=needs, notice=notice or "…", reason=reason)
    applying.ledger.with_event(event)  # refused here, before a number is used up
    takes = Limit.parse(needs, "needs")
    if not notice:
        key, more = f"{case.number}:suspended:{case.version}", {"prepare": prepare or None}
        row = time_limits.suspension_paper(applying, key, cause, takes, more)
        notice = row.number or row.title
    applying.clock(dataclasses.replace(event, notice=notice))
    case.status, case.version = "suspended", case.version + 1
    applying.record(audit.Kind.CASE_SUSPENDED, facts={"cause": cause, "needs": needs, "notice": notice})
    time_limits.tell_suspended(applying, f"{case.number}:suspended:{case.version}", cause, takes)
    return as_planned(applying.finish(), expect)


def resume(work: Work, case_id: int, *, by: Actor, now: datetime, expect: str | None = None) -> Done:
    """激活: the clock runs again; the due day has moved by the working days of the pause."""
    case = find_case(work, case_id)
    require(by, "direct", case)
    if case.status != "suspended":
        raise NotNow("这个办件没有挂起。", "Expected a suspended case, but it is not.")
    applying = change(work, case, by=by, now=now)
    before, stood_since = applying.ledger, case.paused_at or now
    applying.clock(ClockEvent("resumed", now))
    _timers_later(applying, stood_since)
    time_limits.steps_later(applying, before, stood_since)
    case.status, case.version = "running", case.version + 1
    applying.record(audit.Kind.CASE_RESUMED)
    time_limits.tell_resumed(applying, f"{case.number}:resumed:{case.version}")
    return as_planned(applying.finish(), expect)


def _timers_later(applying: Applying, since: datetime) -> None:
    """What the drawing waits for by time stood still with the case: it does not fall due at once."""
    case, work, now = applying.case, applying.work, applying.now
    rows = work.session.scalars(select(Timer).where(Timer.case_id == case.id).with_for_update()).all()
    if not rows:
        return
    shifted = process.Shift(since, now - since)
    env = env_of(work, now, applying.office)
    step = process.advance(applying.package.definition, case.state or b"", shifted, now=now, env=env)
    case.state = step.state
    moved = {one.id: one.after for one in step.redated if one.what == "timer"}
    for timer in rows:
        timer.due_at = moved.get(timer.key, timer.due_at)
        timer.wake_at = timer.due_at  # while it stood, it was looked at each hour
        timer.fence += 1


def extend(
    work: Work,
    case_id: int,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    approver_role: str | None = None,
    expect: str | None = None,
) -> Done:
    """延期: once, by who the law names, with a reason told to the applicant. `approver_role`: without it, the one whose
    word the law wants; a government's word is given by a supervisor of the county (RULES T5), a dispatcher's by the
    head of the unit that sent the order out (W4). Whoever asked for it (`cases.ask_extension`) has their answer with
    that."""
    case = find_case(work, case_id)
    require(by, "supervise", case)
    must_run(case)
    applying = change(work, case, by=by, now=now)
    rule = applying.ledger.rules.regime.extend
    approver_role = approver_role or (rule.approver if rule else "")
    if not extending.gives_word(by, approver_role, case):
        raise asking.not_theirs(approver_role, rule.approver_zh if rule else "本级人民政府负责人")
    if approver_role == "both_parties" and (refusal := applying.ledger.no_extension(now)) is not None:
        raise refusal
    before = applying.ledger
    applying.clock(ClockEvent("extended", now, reason=reason, approver=by.name, approver_role=approver_role))
    time_limits.tell_extended(applying, f"{case.number}:extended:{case.version}", before, reason)
    case.version += 1
    asking.granted(applying)
    return as_planned(applying.finish(), expect)


def approve_extension(work: Work, request_id: int, *, by: Actor, now: datetime, expect: str | None = None) -> Done:
    """批准延期: the case is extended with the reason that was asked with."""
    case, row = asking.find_request(work, request_id)
    asking.may_answer(by, case, row)
    asking.still_open(work, row)
    return extend(work, case.id, row.reason, by=by, now=now, expect=expect)
