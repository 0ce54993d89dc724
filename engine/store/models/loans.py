"""Loans (借还) of things in a register, and who reserved a title."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed

LIVE = text("ended_at is null")
READY = text("state = 'ready'")
#: Over, and still known whose it was.
KEPT = text("ended_at is not null and forgotten_at is null")
FORGOTTEN_BOND = "forgotten_at is null or bond_id is null"
FORGOTTEN = (
    "forgotten_at is null or (ended_at is not null and user_id is null and guardian_id is null and phone is null "
    "and id_number is null and guardian_phone is null and who_ref = '')"
)


class _Borrows:
    """Who it is: with an account or without. The guardian of a child is told, and may act, too; so is whoever stands
    behind them by the bond by which it was asked for."""

    loans: Mapped[str] = mapped_column(String(81))  # the declaration's key
    post: Mapped[str] = mapped_column(String(40))  # of its desk
    title: Mapped[str] = mapped_column(String(80))  # the value by which one reserves
    who_ref: Mapped[str] = mapped_column(String(60))
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    id_number: Mapped[str | None] = mapped_column(Sealed)
    guardian_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    guardian_phone: Mapped[str | None] = mapped_column(Sealed)
    bond_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("bond.id"), index=True)  # by which another asked
    unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)  # where it is lent, kept
    place_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)  # where the person belongs
    version: Mapped[int] = mapped_column(default=1)
    ended_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]  # from then on nobody knows who it was


class Loan(_Borrows, Base):
    """One copy in one person's hands."""

    __tablename__ = "loan"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigId, ForeignKey("register_entry.id"))
    #: Its place among those the person has: 1 to `most`. The database counts by it.
    n: Mapped[int]
    most: Mapped[int]
    lent_at: Mapped[datetime]
    lent_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    due_on: Mapped[date]
    renewed: Mapped[int] = mapped_column(default=0)
    recalled_at: Mapped[datetime | None]
    next_on: Mapped[date | None]  # when the worker looks at it again
    missed_at: Mapped[datetime | None]  # lost, or not brought back for long: its case
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), unique=True)
    ended_how: Mapped[str | None] = mapped_column(String(12))

    __table_args__ = (
        CheckConstraint("n between 1 and most", name="limit"),
        CheckConstraint("renewed >= 0", name="renewed"),
        CheckConstraint("ended_how is null or ended_how in ('returned','replaced','paid','waived')", name="how"),
        CheckConstraint("(ended_at is null) = (ended_how is null)", name="ended"),
        CheckConstraint(FORGOTTEN, name="forgotten"),
        CheckConstraint(FORGOTTEN_BOND, name="forgotten_bond"),
        Index("ix_loan_kept", "ended_at", "id", sqlite_where=KEPT, postgresql_where=KEPT),
        Index("ix_loan_times", "loans", "title"),
        Index("uq_loan_copy", "entry_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index("uq_loan_person", "loans", "who_ref", "n", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_loan_due", "next_on", "id", sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_loan_title", "loans", "title", sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_loan_entry_id", "entry_id", "id"),
    )


class LoanHold(_Borrows, Base):
    """Somebody waits for any copy of a title; when one comes back it is kept for them some days."""

    __tablename__ = "loan_hold"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    asked_at: Mapped[datetime]
    entry_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("register_entry.id"), index=True)  # kept for them
    until_on: Mapped[date | None]  # its last day

    __table_args__ = (
        CheckConstraint("state in ('waiting','ready','lent','cancelled','expired')", name="state"),
        CheckConstraint("(state in ('waiting','ready')) = (ended_at is null)", name="ended"),
        CheckConstraint(FORGOTTEN, name="forgotten"),
        CheckConstraint(FORGOTTEN_BOND, name="forgotten_bond"),
        Index("ix_loan_hold_kept", "ended_at", "id", sqlite_where=KEPT, postgresql_where=KEPT),
        CheckConstraint("state <> 'ready' or (entry_id is not null and until_on is not null)", name="ready"),
        Index(
            "uq_loan_hold_person", "loans", "title", "who_ref", unique=True, sqlite_where=LIVE, postgresql_where=LIVE
        ),
        Index("uq_loan_hold_copy", "entry_id", unique=True, sqlite_where=READY, postgresql_where=READY),
        Index("ix_loan_hold_title_state", "title", "state"),
        Index("ix_loan_hold_who_ref_state", "who_ref", "state"),
        Index("ix_loan_hold_until", "until_on", "id", sqlite_where=READY, postgresql_where=READY),
    )
