"""What people do for themselves, and for whom a bond lets them book: reserve a title, and give that up."""

from __future__ import annotations

from datetime import datetime

from engine.commands import loan_rows
from engine.errors import NotYours
from engine.people import Actor
from engine.reads import bonds
from engine.reads import loans as reads
from engine.reads.knowing import Person, of_user
from engine.records import lending
from engine.store import Work
from engine.store.models import LoanHold, User


def reserve(work: Work, key: str, title: str, *, bond_id: int | None = None, by: Actor, now: datetime) -> LoanHold:
    """Any copy of a title, for oneself or, by a bond, for a child or an elder, with an account or without: what they
    have and may have is counted on them."""
    kind = lending.kind(work, key)
    whom = _whom(work, by, kind.key, bond_id)
    return loan_rows.reserve(work, kind, title[:80], whom, unit_id=None, bond_id=bond_id, by=by, now=now)


def _whom(work: Work, by: Actor, key: str, bond_id: int | None) -> Person:
    if by.kind != "resident" or by.id is None:
        raise NotYours("预约请用本人的账号。", "People reserve with their own account.")
    if bond_id is not None:
        return bonds.for_offer(work, by, bond_id, key)
    return of_user(work.session.get_one(User, by.id))


def cancel(work: Work, hold_id: int, *, by: Actor, now: datetime) -> LoanHold:
    """Not wanted any more; a copy that was kept goes to the next. Twice is the same as once."""
    hold = reads.find_hold(work, hold_id, by)
    if hold.ended_at is None:
        loan_rows.drop(work, lending.kind(work, hold.loans), hold, "cancelled", by=by, now=now)
    return hold
