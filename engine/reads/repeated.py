"""同一件事又来申请: what the same person has open already of the same matter, so that the second time can say so.

It is told, never refused: two different things can be applied for one after the other, and only the person knows.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select

from engine.store import Work, keys
from engine.store.models import Case

#: How many are named; a person seldom has more than one.
SHOWN = 3


class Before(NamedTuple):
    """One that is open still."""

    number: str
    received_at: datetime


def by_account(work: Work, matter: str, user_id: int) -> list[Before]:
    """Open cases of this person's account. Online nothing else is compared: whoever writes somebody else's identity
    number into a form learns nothing of that person's cases."""
    return _open(work, matter, Case.applicant_id == user_id)


def like(work: Work, case: Case) -> list[Before]:
    """Open cases of the same matter and the same person as this one, without it: by account, identity number, or name
    and telephone. For the counter that took it in."""
    same: list[ColumnElement[bool]] = []
    if case.applicant_id is not None:
        same.append(Case.applicant_id == case.applicant_id)
    if case.applicant_id_number:
        same.append(Case.id_index.in_(keys.blinds("id", case.applicant_id_number)))
    if case.applicant_name and case.applicant_phone:
        name = Case.name_index.in_(keys.blinds("name", case.applicant_name))
        same.append(and_(name, Case.phone_index.in_(keys.blinds("phone", case.applicant_phone))))
    return _open(work, case.matter, or_(*same), Case.id != case.id) if same else []


def _open(work: Work, matter: str, *those: ColumnElement[bool]) -> list[Before]:
    found = work.session.execute(
        select(Case.number, Case.received_at)
        .where(Case.matter == matter, Case.status.in_(("running", "suspended")), *those)
        .order_by(Case.received_at.desc(), Case.id.desc())
        .limit(SHOWN)
    )
    return [Before(number, received_at) for number, received_at in found]
