"""Who takes part in a case, its meetings, the ties staff declared; and further limits that run in a case."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.models.base import Base, BigId, Sealed, SealedWords
from engine.store.models.booking import Resource


class CaseParty(Base):
    """One party (当事人) of a case, on whichever side, found again by blind index. Rewritten when the case's answers
    say otherwise; the answers stay what was said."""

    __tablename__ = "case_party"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    role: Mapped[str] = mapped_column(String(40))  # of matter.yaml `parties`
    n: Mapped[int]  # from 0, role by role, in the order of the form
    side: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(Sealed)
    name_index: Mapped[str] = mapped_column(String(32), index=True)
    phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    id_index: Mapped[str | None] = mapped_column(String(32), index=True)
    address_index: Mapped[str | None] = mapped_column(String(32), index=True)
    #: The account of this person, when they have one: they see the case and sign on their own telephone.
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)

    __table_args__ = (UniqueConstraint("case_id", "n"),)


class Tie(Base):
    """Who a clerk is close to, as they declared it (申报的关系). It speaks against their being chosen in every later
    case."""

    __tablename__ = "tie"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)  # the clerk
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(Sealed)
    name_index: Mapped[str] = mapped_column(String(32))
    phone_index: Mapped[str | None] = mapped_column(String(32))
    id_index: Mapped[str | None] = mapped_column(String(32))
    address_index: Mapped[str | None] = mapped_column(String(32))
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("user_id", "kind", "name_index", "phone_index"),
        CheckConstraint("kind in ('kin','household','interest')", name="kind"),
    )


class Meeting(Base):
    """What a case books together: when and where its people meet. The room and the time of who leads it are bookings
    (Appointment.meeting_id)."""

    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(Sealed)  # it may be at somebody's home
    resource_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("resource.id"))  # the room; None: elsewhere
    state: Mapped[str] = mapped_column(String(12), default="planned")
    reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)  # why it was moved or called off
    booked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    resource: Mapped[Resource | None] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("state in ('planned','held','moved','cancelled')", name="state"),
        CheckConstraint("starts_at < ends_at", name="window"),
        Index(
            "uq_meeting_planned",
            "case_id",
            unique=True,
            sqlite_where=text("state = 'planned'"),
            postgresql_where=text("state = 'planned'"),
        ),
    )


class SideClock(Base):
    """A limit that runs in a case beside its own (another regime's): 司法确认 after an agreement. Its days are counted
    anew whenever they are shown; the columns are for lists and reminders."""

    __tablename__ = "side_clock"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    regime: Mapped[str] = mapped_column(String(40))
    starts_on: Mapped[date]
    due_at: Mapped[datetime | None] = mapped_column(index=True)  # None: that year's calendar is not published yet
    stopped_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("case_id", "regime", "starts_on"),)
