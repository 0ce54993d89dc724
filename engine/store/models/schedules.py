"""Schedules 定期: what begins by itself, and each time it did."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed, SealedWords


class Schedule(Base):
    """One schedule of a published matter, and its next turn. Follows the newest version; a matter that was taken off
    leaves it here, stopped, for the history of its runs."""

    __tablename__ = "schedule"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)  # matter.name
    matter: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(120))
    rule: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as it was declared: another rule begins anew
    active: Mapped[bool] = mapped_column(default=True)  # its matter is published and declares it
    #: The next turn: what it is named by, when it is due, the days it is about. None: there is none, or nobody knows.
    turn_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    next_first: Mapped[date | None]
    next_last: Mapped[date | None]
    lacks_year: Mapped[int | None]  # the next turn needs the holidays of this year
    counts_from: Mapped[datetime]  # turns that were due up to this moment are never opened
    last_turn_at: Mapped[datetime | None]  # the last turn that was opened: no calendar brings it back
    last_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    paused_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    pause_reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)

    __table_args__ = (
        CheckConstraint("(next_at is null) = (turn_at is null)", name="turn"),
        Index(
            "ix_schedule_due",
            "next_at",
            sqlite_where=text("active and paused_at is null"),
            postgresql_where=text("active and paused_at is null"),
        ),
    )


class ScheduleRun(Base):
    """One run: one schedule, one unit, one turn. That there is one only is a rule of this table."""

    __tablename__ = "schedule_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(BigId, ForeignKey("schedule.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    turn_at: Mapped[datetime]
    due_at: Mapped[datetime]
    first: Mapped[date]
    last: Mapped[date]
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), unique=True)
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    asked_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # by hand; None: by itself
    reason: Mapped[str | None] = mapped_column(Sealed)

    __table_args__ = (
        UniqueConstraint("schedule_id", "unit_id", "turn_at"),
        CheckConstraint("state in ('waiting','done','failed')", name="state"),
        CheckConstraint("(state = 'done') = (case_id is not null)", name="case"),
        CheckConstraint("(asked_by_id is null) = (reason is null)", name="by_hand"),
        Index("ix_schedule_run_due", "schedule_id", "due_at"),
        Index("ix_schedule_run_unit", "unit_id", "due_at"),
        Index(
            "ix_schedule_run_open",
            "schedule_id",
            "unit_id",
            "turn_at",
            sqlite_where=text("state <> 'done'"),
            postgresql_where=text("state <> 'done'"),
        ),
    )
