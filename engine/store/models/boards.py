"""公开栏: what the public may read, what readers said to it, and who asked to be told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed, SealedJson, SealedWords

#: review: waits to be read by somebody; shown; refused by the reviewer; withdrawn; over: its time has passed;
#: kept: from before the board had pages, never shown to the public.
STATES = ("review", "shown", "refused", "withdrawn", "over", "kept")


class BoardEntry(Base):
    """One entry of a board. What the public reads stands in it as it was published: a board that is declared otherwise
    later changes nothing that is up."""

    __tablename__ = "board_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)  # what asked for it, once
    number: Mapped[str] = mapped_column(String(20), unique=True)  # in addresses and said on the telephone
    board: Mapped[str] = mapped_column(String(80))  # the declaration's key
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # who published it
    place_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # on whose board it is
    title: Mapped[str] = mapped_column(String(300))
    words: Mapped[str] = mapped_column(String(2000), default="")  # all it says, for the search
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what is shown, by name; nothing else
    shown: Mapped[dict[str, Any]] = mapped_column(default=dict)  # how: titles and types, and the board's own title
    hidden: Mapped[Any] = mapped_column(SealedJson)  # what only staff read
    effect: Mapped[str | None] = mapped_column(String(120))  # the awaited effect that a review answers
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    review_unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))
    review_post: Mapped[str | None] = mapped_column(String(40))
    review_due_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    reviewed_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)  # why it was refused or withdrawn
    from_at: Mapped[datetime | None]  # since when it is shown
    until_at: Mapped[datetime]
    begins_on: Mapped[date | None]  # its day, when it has one
    changed: Mapped[int] = mapped_column(default=0)  # how often it was changed while it was up
    changed_at: Mapped[datetime]
    change: Mapped[str] = mapped_column(String(300), default="")  # what was changed last, in words

    __table_args__ = (
        CheckConstraint("state in ('review','shown','refused','withdrawn','over','kept')", name="state"),
        CheckConstraint("kind in ('notice','need','offer','activity','market','sharing')", name="kind"),
        CheckConstraint("state <> 'shown' or from_at is not null", name="since"),
        CheckConstraint("changed >= 0", name="changed"),
        Index("ix_board_entry_place_id_state_until_at", "place_id", "state", "until_at"),
        Index(
            "ix_board_entry_review",
            "review_unit_id",
            "review_post",
            sqlite_where=text("state = 'review'"),
            postgresql_where=text("state = 'review'"),
        ),
        Index("ix_board_entry_unit_id_asked_at", "unit_id", "asked_at"),
        Index("ix_board_entry_asked_at", "asked_at", "id"),
        Index("ix_board_entry_state_from_at", "state", "from_at"),
        Index("ix_board_entry_state_changed_at", "state", "changed_at"),
    )


class BoardObjection(Base):
    """What a reader said to an entry: it went to the case as a message, or waits for the unit when no case listens."""

    __tablename__ = "board_objection"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigId, ForeignKey("board_entry.id"), index=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    name: Mapped[str] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    words: Mapped[str] = mapped_column(Sealed)
    at: Mapped[datetime]
    heard: Mapped[bool] = mapped_column(default=False)  # the case waited for it and has it


class BoardFollow(Base):
    """A resident asked to be told: of a kind at a place, or of what becomes of one entry."""

    __tablename__ = "board_follow"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    kind: Mapped[str | None] = mapped_column(String(12))
    place_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))
    entry_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("board_entry.id"), index=True)
    since_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(
            "(entry_id is not null and kind is null and place_id is null) or "
            "(entry_id is null and kind is not null and place_id is not null)",
            name="what",
        ),
        UniqueConstraint("user_id", "entry_id"),
        UniqueConstraint("user_id", "kind", "place_id"),
        Index("ix_board_follow_kind_place_id", "kind", "place_id"),
    )


class BoardTold(Base):
    """How many text messages about boards a person had on a day: no more than a few, whatever is published."""

    __tablename__ = "board_told"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    times: Mapped[int] = mapped_column(default=0)

    __table_args__ = (CheckConstraint("times >= 0 and times <= 3", name="few"),)
