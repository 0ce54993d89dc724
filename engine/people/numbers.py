"""A telephone number is not a person: carriers give numbers out again. What an account may have by its number alone.

An account whose number was another person's before says so (`User.number_at`: since when it is theirs). Nothing from
before that moment is theirs by the number, and nothing afterwards by the number without their name.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.store import Work, keys
from engine.store.models import Case, Notice, User


def says_who(user: User) -> bool:
    """Whether the number alone says who they are: nobody else is known to have had it."""
    return not user.name and user.number_at is None


def from_before(user: User, at: datetime | None) -> bool:
    """Whether something of this moment is from before the number was theirs."""
    return user.number_at is not None and (at is None or at <= user.number_at)


def not_for(work: Work, notice: Notice) -> bool:
    """Whether a text message is for who had its number before: whoever has it now must not read it."""
    if notice.channel != "sms" or not notice.address:
        return False
    of_number = User.phone_index.in_(keys.blinds("phone", notice.address))
    holder = work.session.execute(
        select(User.id, User.number_at).where(of_number, User.kind == "resident", User.number_at.is_not(None))
    ).one_or_none()
    if holder is None or notice.user_id == holder.id:
        return False
    if notice.user_id is not None or notice.created_at <= holder.number_at:
        return True
    if notice.case_id is None:
        return False
    received = work.session.execute(
        select(Case.received_at, Case.applicant_id).where(Case.id == notice.case_id)
    ).one_or_none()
    return received is not None and received.applicant_id != holder.id and received.received_at <= holder.number_at
