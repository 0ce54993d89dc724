"""What the law gives people over their own data, and what stops it: holds on erasure."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed, SealedWords, kept_by_since

ANSWERED = "answered_at is not null"


class DataRequest(Base):
    """What somebody asks about their own data (个人信息保护法 15, 46, 47): to correct it, to erase it, or what becomes
    of a case whose consent was taken back. Its office answers by a day."""

    __tablename__ = "data_request"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)  # None: all that is theirs
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # who answers
    words: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    asked_at: Mapped[datetime]
    due_on: Mapped[date]
    #: user:kind:case while it is open: nobody asks the same twice. A rule of the database.
    open_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    state: Mapped[str] = mapped_column(String(8), default="open")
    answer: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    __table_args__ = (
        kept_by_since("data_request", "answered_at", ANSWERED),
        CheckConstraint("kind in ('correct','erase','withdrawn')", name="kind"),
        CheckConstraint("state in ('open','done','refused')", name="state"),
        CheckConstraint("(state = 'open') = (answered_at is null)", name="answered"),
        CheckConstraint("(state = 'open') = (open_key is not null)", name="open"),
        Index("ix_data_request_unit_id_state", "unit_id", "state", "due_on"),
    )


class LookGrant(Base):
    """Many looks at whole data, asked of a head and granted for an hour (批量查看)."""

    __tablename__ = "look_grant"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    asker_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # whose head answers
    purpose: Mapped[str] = mapped_column(String(20))  # of engine.reads.reveals.PURPOSES
    words: Mapped[str] = mapped_column(Sealed)
    many: Mapped[int]
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="asked")
    granter_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]
    until_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    used: Mapped[int] = mapped_column(default=0)
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    __table_args__ = (
        kept_by_since("look_grant", "asked_at"),
        CheckConstraint("state in ('asked','granted','refused')", name="state"),
        CheckConstraint("many > 0 and used between 0 and many", name="used"),
        CheckConstraint("granter_id is null or granter_id <> asker_id", name="two_persons"),
        CheckConstraint(
            "(state = 'asked') = (granter_id is null) and (state = 'granted') = (until_at is not null)",
            name="answered",
        ),
        Index("ix_look_grant_asker_id_until_at", "asker_id", "until_at"),
        Index("ix_look_grant_unit_id_state", "unit_id", "state"),
        Index(
            "uq_look_grant_asked",
            "asker_id",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
    )


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
