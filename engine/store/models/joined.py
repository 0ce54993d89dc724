"""同一件事: cases that are about the same thing as an earlier one and wait for its answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed


class CaseJoin(Base):
    """One case joined to an earlier one. It waits as long as its effect is awaited; the row stays for the record."""

    __tablename__ = "case_join"

    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    #: The two of them in the order of their ids: of two clerks who join each to the other, the database refuses one.
    low_id: Mapped[int] = mapped_column(BigId)
    high_id: Mapped[int] = mapped_column(BigId)
    key: Mapped[str] = mapped_column(String(80))  # the effect that waits
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("low_id", "high_id"),
        CheckConstraint("case_id <> other_id", name="other"),
        CheckConstraint("low_id < high_id", name="ordered"),
        Index("ix_case_join_other_id", "other_id"),
    )


class CaseAnswer(Base):
    """What a case answered to all who are joined to it: who joins later is answered with it at once."""

    __tablename__ = "case_answer"

    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), primary_key=True)
    answer: Mapped[str] = mapped_column(Sealed)
    at: Mapped[datetime]
