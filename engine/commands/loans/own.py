"""What people do for themselves, and for a child they are guardian of: reserve a title, and give that up."""

from __future__ import annotations

from datetime import datetime

from engine.commands import loan_rows
from engine.errors import NotYours
from engine.matters.nouns.bonds import GUARDIAN
from engine.people import Actor
from engine.reads import loans as reads
from engine.reads.knowing import Person, of_user
from engine.records import lending
from engine.store import Work
from engine.store.models import LoanHold, User


def reserve(work: Work, key: str, title: str, *, child: int | None = None, by: Actor, now: datetime) -> LoanHold:
    """Any copy of a title, for oneself or (child: the account) for a child one is guardian of."""
    kind = lending.kind(work, key)
    return loan_rows.reserve(work, kind, title[:80], _whom(work, by, child), unit_id=None, by=by, now=now)


def _whom(work: Work, by: Actor, child: int | None) -> Person:
    if by.kind != "resident" or by.id is None:
        raise NotYours("预约请用本人的账号。", "People reserve with their own account.")
    if child is not None and not any(g.kind == GUARDIAN and g.subject_id == child for g in by.grants):
        raise NotYours("您不是他的监护人，不能替他预约。", "You are not their guardian.")
    return of_user(work.session.get_one(User, child or by.id))


def cancel(work: Work, hold_id: int, *, by: Actor, now: datetime) -> LoanHold:
    """Not wanted any more; a copy that was kept goes to the next. Twice is the same as once."""
    hold = reads.find_hold(work, hold_id, by)
    if hold.ended_at is None:
        loan_rows.drop(work, lending.kind(work, hold.loans), hold, "cancelled", by=by, now=now)
    return hold
