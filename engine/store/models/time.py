"""Time: published calendars, what an escalation did, and the worker's own clock."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed


class CalendarFile(Base):
    """A county's calendar file (日历更正), laid over the national calendar in order of id. Never changed."""

    __tablename__ = "calendar_file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text: Mapped[str] = mapped_column(Text)  # YAML, as engine/workdays/data/README.md describes it
    source: Mapped[str] = mapped_column(String(200))
    published_on: Mapped[date]
    added_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))


class Escalation(Base):
    """A step of an escalation policy that was carried out (升级): once per task, round and step."""

    __tablename__ = "escalation"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)  # case:7:task:12:1:step, written with what it did
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    task_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("task.id"))
    step: Mapped[str] = mapped_column(String(60))
    did: Mapped[str] = mapped_column(String(40))
    due_at: Mapped[datetime]  # when the policy wanted it
    fired_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ExtensionRequest(Base):
    """Somebody who handles a case asks for more time (申请延期); who may give it says yes or no. One open a case."""

    __tablename__ = "extension_request"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Sealed)
    approver: Mapped[str] = mapped_column(String(20))  # whose word the law wants: organ_head, government, supervisor
    state: Mapped[str] = mapped_column(String(12), default="open")
    answered_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Sealed)  # why it was refused

    __table_args__ = (
        CheckConstraint("state in ('open','approved','refused')", name="state"),
        CheckConstraint("(state = 'open') = (answered_at is null)", name="answered"),
        Index(
            "uq_extension_request_open",
            "case_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )


class Beat(Base):
    """The last beat of a machine's worker: against it the next one sees whether the machine's clock jumped."""

    __tablename__ = "beat"

    machine: Mapped[str] = mapped_column(String(80), primary_key=True)
    boot_id: Mapped[str] = mapped_column(String(64))  # another start of the machine counts its seconds anew
    boot_s: Mapped[float] = mapped_column(Float)  # seconds since the machine started, sleep included
    trusted_at: Mapped[datetime]  # the time the worker goes by
    wall_at: Mapped[datetime]  # what the machine's clock said
    jump_s: Mapped[float | None] = mapped_column(Float)  # a jump nobody has confirmed yet, in seconds
    calendar: Mapped[str] = mapped_column(String(12), default="")  # under which open deadlines were last computed
    confirmed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
