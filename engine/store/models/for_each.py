"""For-each 逐条办理: a case that does one thing for each of many records, one commit each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed, SealedJson, SealedWords


class ForEach(Base):
    """One for-each of a case: what is done for each, how far it is. The case waits until nothing is left."""

    __tablename__ = "for_each"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    effect: Mapped[str] = mapped_column(String(80))  # which effect of the case waits for it
    element: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12), default="listing")
    does: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the effect's headers
    given: Mapped[Any] = mapped_column(SealedJson)  # its arguments
    reached: Mapped[int] = mapped_column(BigId, default=0)  # how far the records are listed
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("case_id", "effect"),
        CheckConstraint("state in ('listing','doing','done','stopped')", name="state"),
        CheckConstraint("done >= 0 and failed >= 0 and left_out >= 0", name="counts"),
        CheckConstraint("done + failed + left_out <= total", name="total"),
    )


class ForEachItem(Base):
    """One record of a for-each: done once, whoever dies. That it stands here once is a rule of this table."""

    __tablename__ = "for_each_item"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    for_each_id: Mapped[int] = mapped_column(BigId, ForeignKey("for_each.id"))
    key: Mapped[str] = mapped_column(String(80))  # of the record
    n: Mapped[int]  # from 1, in the order in which they are done
    record: Mapped[Any] = mapped_column(SealedJson)  # what is known of it
    amount: Mapped[str | None] = mapped_column(Sealed)  # its part of the total that is shared out
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), unique=True)  # what was opened for it
    error: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    reason: Mapped[str | None] = mapped_column(Sealed)  # why it was left out
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("for_each_id", "key"),
        CheckConstraint("state in ('waiting','open','done','failed','left_out')", name="state"),
        CheckConstraint("(state = 'left_out') = (reason is not null)", name="left_out"),
        Index(
            "ix_for_each_item_waiting",
            "for_each_id",
            "n",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_for_each_item_failed",
            "for_each_id",
            "n",
            sqlite_where=text("state = 'failed'"),
            postgresql_where=text("state = 'failed'"),
        ),
    )
