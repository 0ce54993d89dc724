"""What people do with a schedule: pause, resume, run it now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from engine.commands.schedules.runs import of_unit
from engine.commands.schedules.turns import add_runs
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.matters import plans
from engine.matters.plans import Plan
from engine.people import Actor, require
from engine.records import audit, library, schedules
from engine.store import Work
from engine.store.models import Incident, Schedule
from engine.workdays import say

#: A reason is a word to whoever asks later.
LONGEST = 200


def pause(work: Work, schedule_id: int, reason: str, *, by: Actor, now: datetime) -> None:
    """暂停: it begins nothing until it is resumed, and what falls due meanwhile is left out."""
    row = _find(work, schedule_id, by)
    reason = _reason(reason)
    if row.paused_at is not None:
        raise NotNow(
            f"“{row.title}”已经暂停了。", f"Expected {row.title} to go on, but it has been paused: nothing to do."
        )
    row.paused_at, row.paused_by_id, row.pause_reason = now, by.id, reason
    _record(work, audit.Kind.SCHEDULE_PAUSED, row, by, now)


def resume(work: Work, schedule_id: int, *, by: Actor, now: datetime) -> None:
    """恢复: it goes on with the next turn. What a person paused leaves out what was due meanwhile; what failed by
    itself makes up for it."""
    row = _find(work, schedule_id, by)
    if row.paused_at is None:
        raise NotNow(f"“{row.title}”没有暂停。", f"Expected {row.title} to be paused, but it is not.")
    by_itself = row.paused_by_id is None
    row.paused_at, row.paused_by_id, row.pause_reason = None, None, ""
    plan = _plan(work, row)
    if by_itself:
        work.session.execute(
            update(Incident)
            .where(Incident.key == f"schedule:{row.key}", Incident.solved_at.is_(None))
            .values(solved_at=now)
        )
        schedules.set_next(work, row, plan)
    else:
        schedules.begin_anew(work, row, plan, now=now)
    _record(work, audit.Kind.SCHEDULE_RESUMED, row, by, now)
    work.session.flush()


def run_now(work: Work, schedule_id: int, reason: str, *, unit: str = "", by: Actor, now: datetime) -> int:
    """现在办一次: a run beside the regular ones, about the days a run of today would be about; how many. `unit`: the
    code of one unit only."""
    row = _find(work, schedule_id, by)
    reason = _reason(reason)
    if not row.active:
        raise NotNow(
            f"事项已停止办理，“{row.title}”不能再办。请先发布事项。",
            f"Expected the matter of {row.title} to be published, but it was taken off. Publish it first.",
        )
    plan = _plan(work, row)
    first, last = plan.rule.about(now, work.calendar)
    turn = {"turn_at": now, "due_at": now, "first": first, "last": last}
    made = add_runs(work, row, of_unit(work, plan, unit), turn, now=now, by=by, reason=reason)
    audit.record(
        work,
        audit.Kind.SCHEDULE_BY_HAND,
        by=by,
        now=now,
        facts={"schedule": row.key, "unit": unit, "runs": made, "period": f"{say(first)}–{say(last)}"},
    )
    work.session.flush()
    return made


def _find(work: Work, id: int, by: Actor) -> Schedule:
    row = work.session.get(Schedule, id, with_for_update=True)
    if row is None:
        raise NotFound("没有这个定期。", f"There is no schedule {id}.")
    require(by, "operate", row)
    return row


def _plan(work: Work, row: Schedule) -> Plan:
    plan = plans.find(library.current(work, row.matter), row.name) if row.active else None
    if plan is None:
        raise NotNow(
            f"事项已停止办理，或新版本不再有“{row.title}”。",
            f"The matter of {row.title} was taken off, or declares it no more.",
        )
    return plan


def _reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST:
        raise Invalid(
            [
                FieldError(
                    "reason",
                    "理由",
                    f"请写理由，最多 {LONGEST} 个字，以后查得到。",
                    f"Give a reason of at most {LONGEST} characters: it is kept.",
                )
            ]
        )
    return reason


def _record(work: Work, kind: audit.Kind, row: Schedule, by: Actor, now: datetime) -> None:
    audit.record(work, kind, by=by, now=now, facts={"schedule": row.key})
