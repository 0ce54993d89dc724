"""借还: what was lost is settled by the end of its case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.commands import loan_rows
from engine.errors import NotNow
from engine.process import Effect
from engine.records import lending
from engine.store.models import Loan

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def end(a: Applying, effect: Effect) -> None:
    """The loan of this case ends as the task says. One that ended already (the book turned up at a desk) stays so."""
    loan = a.work.session.scalar(
        select(Loan).where(Loan.case_id == a.case.id).with_for_update().execution_options(populate_existing=True)
    )
    if loan is None:
        raise NotNow(
            "这个办件不是一笔借阅开出的，没有借阅可以了结。",
            "This case was not opened by a loan: there is none to end.",
        )
    if loan.ended_at is not None:
        return
    entry = loan_rows.locked(a.work, loan.entry_id)
    kind = lending.kind(a.work, loan.loans)
    loan_rows.end(a.work, kind, loan, entry, effect.headers["how"], by=a.by, now=a.now)
