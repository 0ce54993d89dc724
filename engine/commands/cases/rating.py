"""评价, 查看完整信息."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.commands.cases.finding import find_case
from engine.deadlines.rating import rating_rules
from engine.errors import FieldError, Invalid, NotNow, NotYours
from engine.people import SYSTEM, Actor, require, units
from engine.records import audit, jobs
from engine.store import Work
from engine.store.models import Case, Rating
from engine.workdays import local_date


def rate(
    work: Work,
    case_id: int,
    level: int,
    *,
    by: Actor,
    now: datetime,
    tags: list[str] | None = None,
    comment: str = "",
    named: bool = False,
) -> None:
    """好差评: five levels, once a case, by the person served, never by the agent who did the work (RULES E1).

    named: they want to be called about it. A named bad rating opens the matter that says so (opened_by: bad-rating,
    RULES E3).
    """
    # find and may
    case = find_case(work, case_id)
    require(by, "withdraw", case)
    if by.kind == "staff":
        raise NotYours("评价只由群众作出，代办员不能评自己。", "Only the people served rate, never the agent.")

    # check
    if case.status == "running":
        raise NotNow("办结后才能评价。", "Expected a finished case: rate it when it is done.")
    if not 1 <= level <= 5:
        raise Invalid([FieldError("level", "评价", "请选择一个评价等级。", "Expected a level from 1 to 5.")])
    rules = rating_rules(local_date(now))
    known = work.session.scalar(select(Rating).where(Rating.case_id == case.id, Rating.step == ""))
    if known is not None and not known.default_unrated:
        raise NotNow("这个办件已经评价过，每件只能评价一次。", "This case was rated already.")
    if known is not None or (case.finished_at is not None and now > rules.until(case.finished_at)):
        raise NotNow(
            f"办结后 {rules.unrated_after_days} 天内可以评价，现在已经过了。有意见请点“我要反映”。",
            f"A case is rated within {rules.unrated_after_days} days of its end: that is over. Tell us instead.",
        )

    # apply
    named = named and rules.bad(level)
    work.session.add(
        Rating(
            case_id=case.id,
            level=level,
            tags=list(tags or []),
            comment=comment[:1000] or None,
            by_id=by.id,
            at=now,
            named=named,
        )
    )
    audit.record(work, audit.Kind.RATED, by=by, now=now, case=case, facts={"level": level, "named": named})
    if named:
        _mend(work, case, level, comment, now)
    work.session.flush()


def _mend(work: Work, case: Case, level: int, comment: str, now: datetime) -> None:
    """A named bad rating is handled: its own case, opened by the worker, from which the rated keep away."""
    office = units.place(work, case.office_id)
    rated = {
        "number": case.number,
        "matter": case.matter_name,
        "level": str(level),
        "unit": office.name,
        "comment": comment[:1000] or None,
    }
    jobs.put(
        work,
        jobs.Kind.OPEN_CHILD,
        f"mend:{case.number}",
        {"opened_by": "bad-rating", "unit": office.code, "parent": case.id, "effect": None, "by": None},
        now=now,
        case_id=case.id,
        private={"rated": rated, "applicant": {"name": case.applicant_name, "phone": case.applicant_phone}},
    )


def close_rating(work: Work, case_id: int, *, now: datetime) -> bool:
    """Nobody rated in time: kept as unrated, apart from every rate (RULES E2). Whether it was so. By the worker."""
    case = find_case(work, case_id)
    known = work.session.scalar(select(Rating.id).where(Rating.case_id == case.id, Rating.step == ""))
    if known is not None or case.status == "running":
        return False
    work.session.add(Rating(case_id=case.id, level=None, tags=[], at=now, default_unrated=True))
    audit.record(work, audit.Kind.UNRATED, by=SYSTEM, now=now, case=case)
    work.session.flush()
    return True
