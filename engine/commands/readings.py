"""That somebody of the hall read what only its handlers may (RULES Y3): a restricted case, its papers, health values
that a step looked up. Kept with what for, and shown to the person it is about (个人信息保护法 51)."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import select

from engine.people import Actor
from engine.records import audit
from engine.store import Work
from engine.store.models import Case, Reveal
from engine.workdays import ZONE, local_date


def note(work: Work, case: Case, field: str, what_for: str, *, by: Actor, now: datetime) -> None:
    """Who, what, what for, when: once a day for each purpose. Nobody's own data, and nothing that the system does by
    itself, is noted. `field` begins with reveals.OPENED; what for stays out of the record, for a step may tell how
    somebody is."""
    if by.kind != "staff" or by.id is None:
        return
    purpose = f"办理：{what_for}"[:200] if what_for else "查看办件"
    today = datetime.combine(local_date(now), time.min, ZONE)
    before = select(Reveal.purpose).where(
        Reveal.case_id == case.id, Reveal.by_id == by.id, Reveal.field == field, Reveal.at >= today
    )
    if purpose in work.session.scalars(before).all():
        return
    work.session.add(Reveal(by_id=by.id, case_id=case.id, field=field, purpose=purpose, at=now))
    audit.record(work, audit.Kind.REVEALED, by=by, now=now, case=case, facts={"field": field})
