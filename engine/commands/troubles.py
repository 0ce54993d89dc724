"""Somebody is told of a case that cannot go on: who heads the office that has it, and the operators, who try it again.

Sixty cases that fail for one cause on one day are one notice.
"""

from __future__ import annotations

from datetime import datetime

from engine.people import apart, holders
from engine.records import notices
from engine.store import Work
from engine.store.models import Case
from engine.workdays import local_date


def tell(work: Work, case: Case, where: str, code: str, *, now: datetime) -> None:
    """`where`: the step or the work of the hall that failed, as people know it; `code`: in which way."""
    day = local_date(now)
    away = apart.read(case.apart)
    told = {*holders.supervisors(work, case.office_id, away, on=day), *holders.of_role(work, "operator", on=day)}
    for user_id in sorted(told - set(away)):
        notices.put_for_cause(
            work,
            f"trouble:{case.matter}:{where[:60]}:{code}",
            notices.Words(
                f"办件 {case.number}（{case.matter_name}）在“{where}”出了故障，没有往下走。请打开看原因，处理后重试。",
                f"今天有 {{count}} 件“{case.matter_name}”在“{where}”出了同样的故障，没有往下走，第一件 {{number}}。"
                "请打开看原因，处理后重试。",
            ),
            notices.Words(
                f"Case {case.number} failed at {where!r} and does not go on. Look why, mend it and try again.",
                f"{{count}} cases failed today at {where!r} for the same cause and do not go on, the first {{number}}. "
                "Look why, mend it and try again.",
            ),
            kind="trouble",
            now=now,
            user_id=user_id,
            case=case,
        )
