"""Halls, their windows, and who waits there (取号). Halls stand apart from units: a village's window may be in town."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.models.base import Base, BigId, Sealed, SealedJson
from engine.store.models.people import Unit

#: In a line: waiting or parked. At a window: called or serving.
LIVE = "state in ('waiting','called','parked','serving')"
AT_WINDOW = "state in ('called','serving')"


class Hall(Base):
    """A place where people come to windows (大厅)."""

    __tablename__ = "hall"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)  # who runs it
    address: Mapped[str] = mapped_column(String(200), default="")
    hours: Mapped[dict[str, Any] | None]  # as engine.workdays.OpeningHours reads them; None: the common ones
    active: Mapped[bool] = mapped_column(default=True)

    unit: Mapped[Unit] = relationship(lazy="raise")
    #: 2 before 10: as the numbers above the windows are read.
    windows: Mapped[list[Window]] = relationship(
        back_populates="hall", order_by=lambda: (func.length(Window.code), Window.code), lazy="raise"
    )


class Window(Base):
    """A window of a hall (窗口): whose it is, and who sits there now."""

    __tablename__ = "hall_window"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    hall_id: Mapped[int] = mapped_column(BigId, ForeignKey("hall.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)  # whose window it is
    code: Mapped[str] = mapped_column(String(8))  # what is painted above it: 3
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(80), default="")
    low: Mapped[bool] = mapped_column(default=False)  # a low counter, for a wheelchair
    active: Mapped[bool] = mapped_column(default=True)
    #: Who sits there. One person sits at one window: the database's rule.
    clerk_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), unique=True)
    since_at: Mapped[datetime | None]

    hall: Mapped[Hall] = relationship(back_populates="windows", lazy="raise")

    __table_args__ = (
        UniqueConstraint("hall_id", "code"),
        CheckConstraint("(clerk_id is null) = (since_at is null)", name="sits"),
    )


class TicketLine(Base):
    """One line on one day: the row that whoever calls holds, so that two calls are made one after the other."""

    __tablename__ = "ticket_line"

    hall_id: Mapped[int] = mapped_column(BigId, ForeignKey("hall.id"), primary_key=True)
    queue: Mapped[str] = mapped_column(String(81), primary_key=True)  # the declaration's key
    day: Mapped[date] = mapped_column(primary_key=True)
    made: Mapped[int] = mapped_column(default=0)  # how many calls
    called: Mapped[list[Any]] = mapped_column(default=list)  # the last of them: [class, waited too long]

    __table_args__ = (CheckConstraint("made >= 0", name="made"),)


class Ticket(Base):
    """One number (号), from taken to done. What says who it is goes at night; the times stay, for the counts."""

    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    hall_id: Mapped[int] = mapped_column(BigId, ForeignKey("hall.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # of the window, once called; else of the hall
    place_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))  # where the person belongs, if known
    queue: Mapped[str] = mapped_column(String(81))
    day: Mapped[date]
    serial: Mapped[int]  # without a gap in its hall and day
    number: Mapped[str] = mapped_column(String(8))  # what is printed and called: A012
    code: Mapped[str] = mapped_column(String(32), unique=True)  # in the QR of the slip; says nothing by itself
    letter: Mapped[str] = mapped_column(String(1))  # the class
    matter: Mapped[str] = mapped_column(String(40), default="")  # what for, when they said so
    channel: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    version: Mapped[int] = mapped_column(default=1)
    #: who:queue while it is live: one number a person and line is the database's rule. None: nobody said who they are.
    live_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    name: Mapped[str | None] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    id_number: Mapped[str | None] = mapped_column(Sealed)
    needs: Mapped[list[str] | None] = mapped_column(SealedJson)  # what they said of themselves: about health, too
    note: Mapped[str | None] = mapped_column(Sealed)  # from one window to the next
    taken_at: Mapped[datetime]
    since_at: Mapped[datetime]  # from when they count as waiting: when they came, or the time they booked
    behind: Mapped[int] = mapped_column(default=0)  # not before the line has made so many calls
    calls: Mapped[int] = mapped_column(default=0)
    returns: Mapped[int] = mapped_column(default=0)  # how often they came back after a missed call
    first_called_at: Mapped[datetime | None]
    called_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    serving_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    window_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("hall_window.id"))  # that calls or serves
    wanted_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("hall_window.id"))  # passed on to this one
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)  # what it became
    appointment_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("appointment.id"), unique=True)
    forgotten_at: Mapped[datetime | None]  # from then on it says of nobody who it was

    hall: Mapped[Hall] = relationship(lazy="raise")
    window: Mapped[Window | None] = relationship(foreign_keys=[window_id], lazy="raise")

    __table_args__ = (
        UniqueConstraint("hall_id", "day", "serial"),
        CheckConstraint("state in ('waiting','called','parked','serving','done','gone')", name="state"),
        CheckConstraint("channel in ('kiosk','phone','staff','booking','case')", name="channel"),
        CheckConstraint("(state in ('done','gone')) = (ended_at is not null)", name="ended"),
        CheckConstraint("state not in ('called','serving') or window_id is not null", name="window"),
        CheckConstraint("state not in ('done','gone') or live_key is null", name="live"),
        CheckConstraint(
            "forgotten_at is null or (name is null and phone is null and id_number is null and needs is null "
            "and note is null and user_id is null and live_key is null)",
            name="forgotten",
        ),
        Index("ix_ticket_window_id_state", "window_id", "state"),
        Index("ix_ticket_hall_id_day_state", "hall_id", "day", "state"),
        # a window has one person before it
        Index(
            "uq_ticket_at_window",
            "window_id",
            unique=True,
            sqlite_where=text(AT_WINDOW),
            postgresql_where=text(AT_WINDOW),
        ),
        # what the night looks for
        Index(
            "ix_ticket_unforgotten",
            "day",
            sqlite_where=text("forgotten_at is null"),
            postgresql_where=text("forgotten_at is null"),
        ),
    )
