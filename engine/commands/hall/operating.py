"""What an operator does: another try for what failed (`cases.retry`), and a word that a machine's clock is right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.commands import cases
from engine.errors import NotNow
from engine.people import Actor, require
from engine.records import heartbeats
from engine.store import Work
from engine.store.models import Beat, Incident


def retry(work: Work, incident_id: int, *, by: Actor, now: datetime) -> Incident | None:
    """Try what failed again. The incident it left when it failed once more; None when it went well or was put back."""
    require(by, "operate")
    before = work.session.get(Incident, incident_id)
    case_id = before.case_id if before is not None else None
    cases.retry(work, incident_id, by=by, now=now)
    assert before is not None
    if before.job_id is not None or before.code in ("timer", "deadline") or case_id is None:
        return None
    # The process names a new failure anew: what this case left since is what the second try left.
    new = select(Incident).where(Incident.case_id == case_id, Incident.solved_at.is_(None), Incident.id > before.id)
    return work.session.scalar(new.order_by(Incident.id).limit(1))


def confirm_clock(work: Work, machine: str, *, by: Actor, now: datetime) -> None:
    """确认时钟: this machine's clock is right; its worker follows it from the next beat on."""
    require(by, "operate")
    beat = work.session.get(Beat, machine)
    if beat is None or beat.jump_s is None:
        raise NotNow(
            "这台机器的时间没有待确认的跳变，可能已经自己恢复，或有人确认过。",
            f"Expected a jump of {machine} to confirm, but there is none: it came back, or somebody confirmed it.",
        )
    heartbeats.confirm(work, machine, by=by, now=now)
    work.session.flush()
