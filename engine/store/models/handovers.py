"""交接: things that go from hand to hand. A chain, its links, who signed each, and what went wrong on the way.

A link is written when it opens and not changed afterwards but for how it ended; what was signed is rows of its own. The
hash of an ended link stands in the audit, so that a change afterwards is found.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.models.base import Base, BigId, Sealed, SealedJson


class Handover(Base):
    """A thing on its way. Exactly one end has it at any moment: the holder."""

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"))
    kind: Mapped[str] = mapped_column(String(90))  # key of the declaration
    item: Mapped[str] = mapped_column(String(80), default="")  # which of several things of a case
    name: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(120))
    thing_kind: Mapped[str] = mapped_column(String(12))
    thing: Mapped[Any] = mapped_column(SealedJson)  # lines of words
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    place_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    links: Mapped[int] = mapped_column(default=0)  # how many were opened
    holder_end: Mapped[str] = mapped_column(String(40))
    holder_key: Mapped[str] = mapped_column(String(60), index=True)
    holder_name: Mapped[str] = mapped_column(Sealed)
    held_by_link: Mapped[int] = mapped_column(default=0)  # the link that brought it there; 0: the first giver
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]  # said to be lost, and not given once more since: nobody is asked for it

    __table_args__ = (
        UniqueConstraint("case_id", "kind", "item"),
        CheckConstraint("held_by_link between 0 and links", name="held"),
    )


class HandoverLink(Base):
    """One link: from whose hand into whose."""

    __tablename__ = "handover_link"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    handover_id: Mapped[int] = mapped_column(BigId, ForeignKey("handover.id"))
    n: Mapped[int]  # from 1
    tag: Mapped[str] = mapped_column(String(16), unique=True)  # its name in a QR: means nothing to whoever reads it
    secret: Mapped[str] = mapped_column(Sealed)  # codes and tokens of both ends come from it
    effect: Mapped[str | None] = mapped_column(String(80))  # what the case waits for
    giver_end: Mapped[str] = mapped_column(String(40))
    giver_key: Mapped[str] = mapped_column(String(60))  # u:<user>, p:<unit>:<post>, or t:<blind telephone>
    giver_name: Mapped[str] = mapped_column(Sealed)
    giver_phone: Mapped[str | None] = mapped_column(Sealed)
    receiver_end: Mapped[str] = mapped_column(String(40))
    receiver_key: Mapped[str] = mapped_column(String(60))
    receiver_name: Mapped[str] = mapped_column(Sealed)
    receiver_phone: Mapped[str | None] = mapped_column(Sealed)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # where it happens
    place_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    proof: Mapped[list[str]]
    photo: Mapped[str] = mapped_column(String(10))
    witness: Mapped[bool] = mapped_column(default=True)  # in person: somebody else must be named
    post: Mapped[str] = mapped_column(String(40), default="")  # in person: before whom; "" not at all
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(10), default="open")
    ended_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(Sealed)
    files: Mapped[list[Any]] = mapped_column(default=list)  # ids of photos
    hash: Mapped[str] = mapped_column(String(64), default="")  # of all that was said, when it ended

    handover: Mapped[Handover] = relationship(lazy="raise")
    signs: Mapped[list[HandoverSign]] = relationship(lazy="raise", order_by="HandoverSign.side")

    __table_args__ = (
        UniqueConstraint("handover_id", "n"),
        CheckConstraint("state in ('open','done','different','refused','dropped')", name="state"),
        CheckConstraint("(state = 'open') = (ended_at is null)", name="ended"),
        CheckConstraint("giver_key <> receiver_key", name="two"),
        Index(
            "uq_handover_link_open",
            "handover_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_handover_link_giver_key", "giver_key", "state", "due_at"),
        Index("ix_handover_link_giver_begins", "giver_key", postgresql_ops={"giver_key": "text_pattern_ops"}),
        Index("ix_handover_link_receiver_key", "receiver_key", "state", "due_at"),
        Index("ix_handover_link_unit_id", "unit_id", "state", "due_at"),
    )


class HandoverSign(Base):
    """That one end of a link signed, and by what."""

    __tablename__ = "handover_sign"

    link_id: Mapped[int] = mapped_column(BigId, ForeignKey("handover_link.id"), primary_key=True)
    side: Mapped[str] = mapped_column(String(8), primary_key=True)
    proof: Mapped[str] = mapped_column(String(10))
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # who acted, or wrote it down
    signature: Mapped[str | None] = mapped_column(Sealed)
    witness: Mapped[str | None] = mapped_column(Sealed)
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("side in ('giver','receiver')", name="side"),
        CheckConstraint("proof in ('account','qr','code','signature','photo','person')", name="proof"),
    )


class HandoverTrouble(Base):
    """What was said of a thing on its way outside its links: lost, damaged; settled: what became of a thing that was
    under way when its case ended."""

    __tablename__ = "handover_trouble"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    handover_id: Mapped[int] = mapped_column(BigId, ForeignKey("handover.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(Sealed)
    files: Mapped[list[Any]] = mapped_column(default=list)
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    at: Mapped[datetime]

    __table_args__ = (CheckConstraint("kind in ('lost','damaged','settled')", name="kind"),)
