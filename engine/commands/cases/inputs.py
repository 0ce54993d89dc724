"""What reaches a case from outside: timers, messages, outcomes of effects, a second try."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select

from engine import process
from engine.commands.applying import Done
from engine.commands.cases.changing import advance, carry_out
from engine.commands.cases.finding import find_case
from engine.errors import NotFound
from engine.people import SYSTEM, Actor, require
from engine.people import may as may_
from engine.records import audit, jobs, timers
from engine.store import Work
from engine.store.models import Awaited, Case, Incident, Subscription, Timer


def fire(work: Work, timer: Timer, *, now: datetime, case: Case | None = None) -> Done | None:
    """A timer of the diagram is due. None when it is no longer set. `case`, when the caller has it locked already."""
    case = find_case(work, timer.case_id) if case is None else case
    if case.status == "suspended":
        # A suspended case does not run on; its timers wait with it.
        timer.wake_at = now + timedelta(hours=1)
        return None
    if case.status != "running":
        work.session.execute(delete(Timer).where(Timer.id == timer.id))
        return None
    facts = {"element": timer.element, "due": timer.due_at.isoformat()}
    key = timer.key
    step, applying = advance(work, case, process.Fire(key), by=SYSTEM, now=now)
    applying.record(audit.Kind.TIMER_FIRED, facts=facts)
    if not any(t.id == key for t in step.timers):
        work.session.execute(delete(Timer).where(Timer.case_id == case.id, Timer.key == key))
    else:  # a cycle: the same timer, at its next time
        again = next(t for t in step.timers if t.id == key)
        timer.due_at = timer.wake_at = again.due
        timer.attempts = 0
    applying.step(_without(step, key))
    return applying.finish()


def _without(step: process.Step, key: str) -> process.Step:
    """The step without what `fire` has done itself for the timer's own row."""
    return dataclasses.replace(
        step,
        timers_set=tuple(t for t in step.timers_set if t.id != key),
        timers_cleared=tuple(k for k in step.timers_cleared if k != key),
    )


def deliver(
    work: Work,
    case_id: int,
    name: str,
    variables: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    by: Actor,
    now: datetime,
) -> Done | None:
    """A message for a case. None, and nothing changes, when nothing in it waits for one of this name and key."""
    case = find_case(work, case_id)
    waits = select(Subscription.id).where(
        Subscription.case_id == case.id, Subscription.name == name, Subscription.kind == "message"
    )
    if key is not None:
        waits = waits.where(or_(Subscription.correlation == key, Subscription.correlation.is_(None)))
    if case.status not in ("running", "suspended") or work.session.scalar(waits.limit(1)) is None:
        return None
    said = process.Deliver(name, key, dict(variables or {}))
    return carry_out(work, case, said, audit.Kind.MESSAGE, by=by, now=now, facts={"message": name})


def deliver_to_waiting(work: Work, case: Case, name: str, *, by: Actor, now: datetime) -> Done | None:
    """The one who waits for this message in the case hears it, whatever key it has. None: nothing in it waits."""
    waits = work.session.scalars(
        select(Subscription)
        .where(Subscription.case_id == case.id, Subscription.name == name, Subscription.kind == "message")
        .order_by(Subscription.id)
        .limit(1)
    ).first()
    return deliver(work, case.id, name, {}, key=waits.correlation, by=by, now=now) if waits is not None else None


def hear(
    work: Work, case_id: int, name: str, variables: Mapping[str, Any] | None = None, *, by: Actor, now: datetime
) -> Done | None:
    """A signal for a case. None, and nothing changes, when nothing in it waits for one of this name any more."""
    case = find_case(work, case_id)
    waits = select(Subscription.id).where(
        Subscription.case_id == case.id, Subscription.name == name, Subscription.kind == "signal"
    )
    if case.status not in ("running", "suspended") or work.session.scalar(waits.limit(1)) is None:
        return None
    said = process.Signal(name, dict(variables or {}))
    return carry_out(work, case, said, audit.Kind.MESSAGE, by=by, now=now, facts={"signal": name})


def answer(
    work: Work,
    case_id: int,
    effect: str,
    variables: Mapping[str, Any] | None = None,
    *,
    by: Actor,
    now: datetime,
    error: tuple[str, str] | None = None,
) -> Done | None:
    """The outcome of an awaited effect, or a BPMN error (code, message). None when nobody waits for it any more."""
    case = find_case(work, case_id)
    waits = work.session.scalar(select(Awaited).where(Awaited.case_id == case.id, Awaited.key == effect))
    if waits is None or case.status not in ("running", "suspended"):
        return None
    given = dict(variables or {})
    input_: process.Input = process.Throw(effect, error[0], error[1], given) if error else process.Answer(effect, given)
    facts = {"kind": waits.kind, "element": waits.element, "error": error[0] if error else ""}
    work.session.delete(waits)
    return carry_out(work, case, input_, audit.Kind.EFFECT_ANSWERED, by=by, now=now, facts=facts)


def retry(
    work: Work, incident_id: int, *, by: Actor, now: datetime, variables: Mapping[str, Any] | None = None
) -> None:
    """Try the element of an incident again, after its cause was mended."""
    incident = work.session.get(Incident, incident_id)
    if incident is None or incident.solved_at is not None:
        raise NotFound("没有这项异常，或已经解决。", "There is no such open incident.")
    if incident.case_id is None or incident.job_id is not None:
        require(by, "operate")
        if incident.job_id is not None:
            jobs.again(work, incident.job_id, now=now)
            about = find_case(work, incident.case_id) if incident.case_id is not None else None
            facts = {"key": incident.key, "job": incident.job_id}
            audit.record(work, audit.Kind.INCIDENT_RETRIED, by=by, now=now, case=about, facts=facts)
            work.session.flush()
        return
    case = find_case(work, incident.case_id)
    if not may_(by, "operate"):
        require(by, "supervise", case)
    if incident.code in ("timer", "deadline"):  # nothing of the diagram failed: the worker looks again, now
        timers.look_again(work, case, incident.key, now=now)
        audit.record(work, audit.Kind.INCIDENT_RETRIED, by=by, now=now, case=case, facts={"key": incident.key})
        work.session.flush()
        return
    again = process.Retry(incident.key, dict(variables or {}))
    incident.solved_at, incident.solved_by_id = now, by.id
    work.session.flush()
    carry_out(work, case, again, audit.Kind.INCIDENT_SOLVED, by=by, now=now, facts={"element": incident.element})
