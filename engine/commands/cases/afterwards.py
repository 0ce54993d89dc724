"""评价, 查看完整信息."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.commands.cases.finding import find_case, needs
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import Actor, require
from engine.records import audit
from engine.store import Work
from engine.store.models import (
    Rating,
    Reveal,
)


def rate(
    work: Work, case_id: int, level: int, *, by: Actor, now: datetime, tags: list[str] | None = None, comment: str = ""
) -> None:
    """好差评: five levels, once a case, by the person served, never by the agent who did the work (RULES E1)."""
    case = find_case(work, case_id)
    require(by, "withdraw", case)
    if by.kind == "staff":
        raise NotYours("评价只由群众作出，代办员不能评自己。", "Only the people served rate, never the agent.")
    if case.status == "running":
        raise NotNow("办结后才能评价。", "Expected a finished case: rate it when it is done.")
    if not 1 <= level <= 5:
        raise Invalid([FieldError("level", "评价", "请选择一个评价等级。", "Expected a level from 1 to 5.")])
    known = work.session.scalar(select(Rating).where(Rating.case_id == case.id, Rating.step == ""))
    if known is not None:
        raise NotNow("这个办件已经评价过，每件只能评价一次。", "This case was rated already.")
    work.session.add(
        Rating(case_id=case.id, level=level, tags=list(tags or []), comment=comment[:1000] or None, by_id=by.id, at=now)
    )
    audit.record(work, audit.Kind.RATED, by=by, now=now, case=case, facts={"level": level})
    work.session.flush()


def reveal(work: Work, case_id: int, field: str, purpose: str, *, by: Actor, now: datetime) -> str:
    """What is behind a mask: `name`, `phone` or `id_number` of the applicant. Logged with its purpose (RULES Y1)."""
    case = find_case(work, case_id)
    require(by, "reveal", case)
    needs(purpose, "purpose", "查看用途")
    values = {"name": case.applicant_name, "phone": case.applicant_phone, "id_number": case.applicant_id_number}
    if field not in values or by.id is None:
        raise NotFound("没有这一项。", f"There is no field {field!r}.")
    work.session.add(Reveal(by_id=by.id, case_id=case.id, field=field, purpose=purpose[:200], at=now))
    audit.record(work, audit.Kind.REVEALED, by=by, now=now, case=case, facts={"field": field})
    work.session.flush()
    return values[field] or ""
