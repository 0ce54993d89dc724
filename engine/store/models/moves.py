"""迁移: running cases that go on under another version of their matter, and how to put them back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, SealedBytes, SealedWords

GOES_ON = text("state in ('moving','undoing')")
MOVED = text("state = 'moved'")


class VersionMove(Base):
    """One plan: to which version, what became of which element, and how far the worker is with it."""

    __tablename__ = "version_move"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    matter: Mapped[str] = mapped_column(String(40))
    to_hash: Mapped[str] = mapped_column(String(64), ForeignKey("matter_version.hash"))
    #: Version a case comes from -> "process/element" -> what a person said that it is now; "" is nothing.
    chosen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    why: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    state: Mapped[str] = mapped_column(String(8), default="moving")
    #: Of one case, by a head of its office or who runs the hall: no designer's plan, and not shown as one.
    alone: Mapped[bool] = mapped_column(default=False, server_default=false())
    made_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('moving','done','stopped','undoing')", name="state"),
        Index("ix_version_move_matter", "matter", "id"),
        # one at a time of each matter: two plans would move each other's cases
        Index("uq_version_move_goes_on", "matter", unique=True, sqlite_where=GOES_ON, postgresql_where=GOES_ON),
    )


class MovedCase(Base):
    """One case of a plan, and what came of it."""

    __tablename__ = "moved_case"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    move_id: Mapped[int] = mapped_column(BigId, ForeignKey("version_move.id"))
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    from_hash: Mapped[str] = mapped_column(String(64), ForeignKey("matter_version.hash"))
    #: waiting; moved; refused: it could not; kept: it was not put back, for somebody has acted since; undone.
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    #: Why it could not, or what is to be known of it: [[Chinese, English], …]. Of steps, never of people.
    told: Mapped[list[Any]] = mapped_column(default=list)
    at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    #: What the rows said before, and versions of the case and its live steps after: it is put back only from there.
    before: Mapped[bytes | None] = mapped_column(SealedBytes, deferred=True)
    after: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (
        UniqueConstraint("move_id", "case_id"),
        CheckConstraint("state in ('waiting','moved','refused','kept','undone')", name="state"),
        Index("ix_moved_case_state", "move_id", "state", "id"),
        Index("ix_moved_case_case_id", "case_id", sqlite_where=MOVED, postgresql_where=MOVED),
    )
