"""What the law gives people over their own data, and what stops it: holds on erasure."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed


class LegalHold(Base):
    """A case that is not to be erased (保全): a suit, an inspection, a complaint. One at a time a case."""

    __tablename__ = "legal_hold"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    reason: Mapped[str] = mapped_column(Sealed)
    by_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    from_at: Mapped[datetime]
    until_on: Mapped[date]  # its last day: it is looked at again, and laid anew if need be
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))

    __table_args__ = (
        CheckConstraint("(ended_at is null) = (ended_by_id is null)", name="ended"),
        Index(
            "uq_legal_hold_live",
            "case_id",
            unique=True,
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
    )
