"""How far a change of the data key has come (密钥轮换)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId


class KeyTurn(Base):
    """One change of the data key: where it stands, so that it goes on after a stop. At most one is open."""

    __tablename__ = "key_turn"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    begun_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    #: Begun when every machine indexed by the new key already: once it replaces nothing, nothing is left to replace.
    again: Mapped[bool] = mapped_column(default=False)
    stage: Mapped[str] = mapped_column(String(8), default="find")
    place: Mapped[str] = mapped_column(String(60), default="")  # the table that is being gone through
    after: Mapped[list[Any]] = mapped_column(default=list)  # the key of the last row done there
    sealed: Mapped[int] = mapped_column(default=0)  # values
    files: Mapped[int] = mapped_column(default=0)
    indexed: Mapped[int] = mapped_column(default=0)
    left: Mapped[int] = mapped_column(default=0)  # indexes of which no text is kept

    __table_args__ = (CheckConstraint("stage in ('find','seal','index','done')", name="stage"),)


class KeyMove(Base):
    """An index by the old key and what it is by the new one; only while the key is being changed."""

    __tablename__ = "key_move"

    old: Mapped[str] = mapped_column(String(60), primary_key=True)
    new: Mapped[str | None] = mapped_column(String(60))
