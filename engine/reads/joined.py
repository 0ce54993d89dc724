"""同一件事: which cases are about the same thing, by their numbers.

For the hall's people only: a resident learns of no other case.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select

from engine.store import Work
from engine.store.models import Case, CaseJoin


@dataclass(frozen=True, slots=True)
class Same:
    """Another case about the same thing."""

    number: str
    earlier: bool  # this one waits for it; else it waits for this one
    case: Case


def of_case(work: Work, case_id: int) -> tuple[Same, ...]:
    """The earlier one first, then those joined to this one in the order of their numbers."""
    rows = work.session.execute(
        select(Case, CaseJoin.case_id)
        .join(CaseJoin, or_(CaseJoin.case_id == Case.id, CaseJoin.other_id == Case.id))
        .where(or_(CaseJoin.case_id == case_id, CaseJoin.other_id == case_id), Case.id != case_id)
    )
    found = [Same(case.number, joined == case_id, case) for case, joined in rows]
    return tuple(sorted(found, key=lambda one: (not one.earlier, one.number)))


def target(work: Work, case_id: int) -> str:
    """The number of the earlier case that this one waits for."""
    number = select(Case.number).join(CaseJoin, CaseJoin.other_id == Case.id).where(CaseJoin.case_id == case_id)
    return work.session.scalar(number) or ""
