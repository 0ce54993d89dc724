"""Registers (台账): entries that outlive a case, what they are searched by, and how they came to be so."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed, SealedJson


def _as_made(context: Any) -> datetime:
    """An entry that nobody changed was last changed when it was made."""
    made: datetime = context.get_current_parameters()["at"]
    return made


class RegisterEntry(Base):
    """One entry of a register: a person's, a thing's, or a line that a case left (a visit, hours of service …)."""

    __tablename__ = "register_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    register: Mapped[str] = mapped_column(String(80))  # as declared: volunteer, books.book; of old lines a title
    #: By which it is known again: blind of a person, the thing's own key (blind when it is about somebody). A line of a
    #: case has none.
    key: Mapped[str | None] = mapped_column(String(80))
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(40), default="")
    title: Mapped[str | None] = mapped_column(Sealed)  # the person's name, the thing's label
    valid_until: Mapped[date | None]
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)  # that made it
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # whom it is about, with an account
    person: Mapped[Any] = mapped_column(SealedJson, nullable=True)  # name, phone, id_number of whom it is about
    unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))  # who keeps it
    place_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))  # where it belongs: a village
    facts: Mapped[Any] = mapped_column(SealedJson)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    changed_at: Mapped[datetime] = mapped_column(default=_as_made)
    ended_at: Mapped[datetime | None]
    told_for: Mapped[date | None]  # the valid_until of which somebody was told that it comes near …
    told_over: Mapped[date | None]  # … and that it has passed
    keep_until: Mapped[date | None]  # when something of it is to be blanked next
    blanked_at: Mapped[datetime | None]  # everything about a person was blanked

    __table_args__ = (
        UniqueConstraint("register", "key"),
        CheckConstraint("version >= 1", name="version"),
        Index("ix_register_entry_register_at", "register", "at"),
        Index("ix_register_entry_register_place_id", "register", "place_id", "id"),
        Index("ix_register_entry_register_unit_id", "register", "unit_id", "id"),
        Index("ix_register_entry_register_state", "register", "state", "id"),
        Index("ix_register_entry_user_id", "user_id"),
        Index("ix_register_entry_valid_until", "register", "valid_until", "id"),
        Index(
            "ix_register_entry_keep_until",
            "keep_until",
            sqlite_where=text("keep_until IS NOT NULL"),
            postgresql_where=text("keep_until IS NOT NULL"),
        ),
    )


class RegisterIndex(Base):
    """A value that an entry is found by: of each field its register searches. Blind where it is about somebody."""

    __tablename__ = "register_index"

    entry_id: Mapped[int] = mapped_column(BigId, ForeignKey("register_entry.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(80), primary_key=True)
    register: Mapped[str] = mapped_column(String(80))

    __table_args__ = (Index("ix_register_index_value", "register", "field", "value", "entry_id"),)


class RegisterChange(Base):
    """How an entry was changed: which fields from what to what. Its first version is the entry's own."""

    __tablename__ = "register_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigId, ForeignKey("register_entry.id"))
    version: Mapped[int]  # that the change made
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"))
    what: Mapped[str] = mapped_column(String(12))
    why: Mapped[str | None] = mapped_column(Sealed)
    facts: Mapped[Any] = mapped_column(SealedJson, nullable=True)  # field -> [before, after]; None: blanked

    __table_args__ = (
        UniqueConstraint("entry_id", "version"),
        CheckConstraint("what in ('changed','state','imported','blanked')", name="what"),
    )
