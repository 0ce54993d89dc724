"""Bookable resources and who booked them (预约). What opens when is data; what fits is held by the database.

A resource is one opened offer (供给): a counter, a kitchen's lunch, one village's need of two barbers. Which
declaration it follows says `offer`; a room or a person's time has none. It opens a case for each booking only where it
names a matter.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.models.base import Base, BigId, Sealed, SealedJson, SealedWords, kept_by_day, kept_by_since
from engine.store.models.cases import Case
from engine.store.models.people import Unit, User

#: A booking without a case of its own that came to its end; an order; a place in a waiting list: its day says it.
BOOKING_OVER = "not (case_id is not null) and state in ('served','cancelled','no_show','expired')"
ALOUD = text("by_voice = 'wanted'")
ORDER_OVER = "ended_at is not null"


class Resource(Base):
    """Something that can be booked (可预约资源): a window, a duty clerk, a room, a session, a seat.

    `kind` is how its time is kept; what it is to people (a meal, a volunteer job) the declaration of its offer says.
    """

    __tablename__ = "resource"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    matter: Mapped[str] = mapped_column(String(40))  # whose process a booking starts; "": a booking is a row
    items: Mapped[list[Any]] = mapped_column(default=list)  # what may be done there: [{"code", "name"}]
    policy: Mapped[dict[str, Any]] = mapped_column(default=dict)  # its own numbers over the default policy
    prefix: Mapped[str] = mapped_column(String(4), default="Y")  # of its tickets
    active: Mapped[bool] = mapped_column(default=True)
    offer: Mapped[str] = mapped_column(String(81), default="", index=True)  # key of the declaration; "": none
    place_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)  # where; None: at the unit's
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)  # the case that opened it
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("resource.id"), index=True)  # the event it is of
    about: Mapped[str] = mapped_column(String(500), default="")  # what it is, for whoever may book it
    address: Mapped[str | None] = mapped_column(Sealed)  # where exactly: only for who booked it, and the unit's staff
    covered: Mapped[bool] = mapped_column(default=False)  # the case that opened it was told that every place is taken
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[str] = mapped_column(String(200), default="")

    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id], lazy="raise")

    __table_args__ = (
        CheckConstraint("kind in ('window','person','room','session','seat')", name="kind"),
        # What is open now, among everything that ever was: an event of a village is a row too.
        Index("ix_resource_active_matter", "active", "matter", "id"),
    )


class ResourceOpening(Base):
    """One opening rule of a resource, as `engine.booking.Opening` reads it."""

    __tablename__ = "resource_opening"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    resource_id: Mapped[int] = mapped_column(BigId, ForeignKey("resource.id"), index=True)
    rule: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ResourceClosure(Base):
    """A time in which a resource is shut (停用), with the reason that residents are told."""

    __tablename__ = "resource_closure"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    resource_id: Mapped[int] = mapped_column(BigId, ForeignKey("resource.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))

    __table_args__ = (CheckConstraint("starts_at < ends_at", name="window"),)


class Duty(Base):
    """Who is on duty (值班) in a unit, from when to when."""

    __tablename__ = "duty"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("unit_id", "user_id", "starts_at"),
        CheckConstraint("starts_at < ends_at", name="window"),
        Index("ix_duty_unit_id_starts_at", "unit_id", "starts_at"),
    )


class Slot(Base):
    """One bookable time of a resource (号源). The checks hold the capacity, whatever Python does."""

    __tablename__ = "slot"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    resource_id: Mapped[int] = mapped_column(BigId, ForeignKey("resource.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    public_capacity: Mapped[int]
    public_taken: Mapped[int] = mapped_column(default=0)
    staff_capacity: Mapped[int] = mapped_column(default=0)
    staff_taken: Mapped[int] = mapped_column(default=0)
    closed: Mapped[bool] = mapped_column(default=False)
    held: Mapped[str | None] = mapped_column(Sealed)  # 先不收新到的: why nobody else is let in just now

    resource: Mapped[Resource] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("resource_id", "starts_at"),
        CheckConstraint("public_taken between 0 and public_capacity", name="public"),
        CheckConstraint("staff_taken between 0 and staff_capacity", name="staff"),
        CheckConstraint("kind in ('normal','after_hours','non_working_day')", name="kind"),
        CheckConstraint("starts_at < ends_at", name="window"),
    )


class SlotPlace(Base):
    """The places of one role (理发、帮手) in a slot whose places are by role. They add up to the slot's own."""

    __tablename__ = "slot_place"

    slot_id: Mapped[int] = mapped_column(BigId, ForeignKey("slot.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)  # in which order they are shown
    title: Mapped[str] = mapped_column(String(40))
    title_en: Mapped[str] = mapped_column(String(80), default="")
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    who: Mapped[str] = mapped_column(String(500), default="")  # FEEL: who may take it
    who_says: Mapped[str] = mapped_column(String(200), default="")  # the same in words
    who_says_en: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (CheckConstraint("taken between 0 and capacity", name="taken"),)


class Appointment(Base):
    """One booking (预约) from hold to served. Never deleted."""

    __tablename__ = "appointment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)  # in the QR the resident shows; says nothing by itself
    resource_id: Mapped[int] = mapped_column(BigId, ForeignKey("resource.id"))
    matter: Mapped[str] = mapped_column(String(40))
    item: Mapped[str] = mapped_column(String(80), default="")
    state: Mapped[str] = mapped_column(String(12))
    version: Mapped[int] = mapped_column(default=1)
    pool: Mapped[str] = mapped_column(String(8), default="public")
    channel: Mapped[str] = mapped_column(String(12), default="online")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    person_index: Mapped[str] = mapped_column(String(32))  # blind index of ID number, else phone
    name: Mapped[str] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    duty_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)  # who will receive them
    #: The meeting that it is part of: booked, moved and given back together with the rest of it.
    meeting_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("meeting.id"), index=True)
    #: person:date while it is live and made online: one a day a person is the database's rule. None otherwise.
    day_key: Mapped[str | None] = mapped_column(String(60), unique=True)
    booked_at: Mapped[datetime]
    hold_until: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    checked_in_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    calls: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int] = mapped_column(default=0)  # of the calendar entry: grows with every change
    reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    by_hall: Mapped[bool] = mapped_column(default=False)  # the hall ended or moved it: not held against the person
    places: Mapped[int] = mapped_column(default=1)  # how many it takes in each of its slots
    team: Mapped[str] = mapped_column(String(80), default="")  # the team that booked, when a team did
    answers: Mapped[Any | None] = mapped_column(SealedJson)  # of the offer's form
    chosen: Mapped[str] = mapped_column(String(80), default="")  # the thing that was chosen: a dish, by its key
    round: Mapped[str] = mapped_column(String(40), default="")  # by which round it is brought; "": they come for it
    price: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as its decision said when it was booked
    cents: Mapped[int | None]  # what it costs in all; its parts (BookingPart) add up to it; None: it has no price
    booked_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # who did it, when for another
    by_voice: Mapped[str] = mapped_column(String(8), default="")  # wanted: still to be read out to them; told: it was
    keep_until: Mapped[date | None]  # the day on which what it says of people goes; None: not over, or not dated yet
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    resource: Mapped[Resource] = relationship(lazy="raise")
    case: Mapped[Case | None] = relationship(lazy="raise")
    duty: Mapped[User | None] = relationship(foreign_keys=[duty_id], lazy="raise")

    __table_args__ = (
        *kept_by_day("appointment", BOOKING_OVER),
        CheckConstraint(
            "state in ('held','confirmed','checked_in','called','served','cancelled','no_show','expired')", name="state"
        ),
        CheckConstraint("pool in ('public','staff')", name="pool"),
        CheckConstraint("channel in ('online','phone','counter','walk_in')", name="channel"),
        CheckConstraint("(state = 'held') = (hold_until is not null)", name="hold"),
        Index("ix_appointment_person_index_booked_at", "person_index", "booked_at"),
        Index("ix_appointment_resource_id_starts_at", "resource_id", "starts_at"),
        Index("ix_appointment_by_voice", "booked_by_id", sqlite_where=ALOUD, postgresql_where=ALOUD),
        Index(
            "ix_appointment_hold_until",
            "hold_until",
            sqlite_where=text("hold_until is not null"),
            postgresql_where=text("hold_until is not null"),
        ),
    )


class AppointmentSlot(Base):
    """The slots that a live booking takes. The rows go when its seats are given back."""

    __tablename__ = "appointment_slot"

    appointment_id: Mapped[int] = mapped_column(BigId, ForeignKey("appointment.id"), primary_key=True)
    slot_id: Mapped[int] = mapped_column(BigId, ForeignKey("slot.id"), primary_key=True, index=True)


class BookingPlace(Base):
    """Who takes one place of a slot, and as what: a row a person. One claim a person a slot is the database's rule."""

    __tablename__ = "booking_place"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    appointment_id: Mapped[int] = mapped_column(BigId, ForeignKey("appointment.id"), index=True)
    slot_id: Mapped[int] = mapped_column(BigId, ForeignKey("slot.id"))
    role: Mapped[str] = mapped_column(String(40), default="")
    person_index: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    #: By which bond a team's leader put them down: when it ends, so does their place in what is still to come.
    bond_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("bond.id"), index=True)
    live: Mapped[bool] = mapped_column(default=True)  # false: the place was given back
    checked_in_at: Mapped[datetime | None]
    checked_out_at: Mapped[datetime | None]
    #: Whole minutes from one to the other as they count: a day may have at most so many (OfferHours.a_day).
    minutes: Mapped[int | None]
    fetched_by: Mapped[str | None] = mapped_column(Sealed)  # with whom they left
    brought_by: Mapped[str | None] = mapped_column(Sealed)  # who handed them over when they came
    handed_to: Mapped[str | None] = mapped_column(Sealed)  # who took at the door what was brought there
    came_how: Mapped[str] = mapped_column(String(12), default="")  # a word of the offer's check_in
    came_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # who signed them in
    left_how: Mapped[str] = mapped_column(String(12), default="")
    left_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    noted: Mapped[Any | None] = mapped_column(SealedJson)  # at the door, as the offer's `door` asks

    __table_args__ = (
        Index(
            "uq_booking_place_slot_id_person_index",
            "slot_id",
            "person_index",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
        Index("ix_booking_place_person_index", "person_index"),
        Index("ix_booking_place_slot_id", "slot_id"),  # the one above is of live ones alone, and not every plan sees it
    )


class BookingPart(Base):
    """Who pays which part of a booking's price, in whole cents. They stay as they were when it was booked."""

    __tablename__ = "booking_part"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    appointment_id: Mapped[int] = mapped_column(BigId, ForeignKey("appointment.id"), index=True)
    part: Mapped[str] = mapped_column(String(40))  # self, or a name of the offer's subsidy
    cents: Mapped[int]
    payer_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))  # the unit that pays it

    __table_args__ = (
        UniqueConstraint("appointment_id", "part", "payer_id"),
        CheckConstraint("cents >= 0", name="cents"),
    )


class Standing(Base):
    """A standing order (长期预订): the days of the week on which somebody has a place, from one day until another.

    The worker makes bookings of it, some weeks ahead, and keeps each day it has looked at (StandingDay)."""

    __tablename__ = "standing"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    resource_id: Mapped[int] = mapped_column(BigId, ForeignKey("resource.id"))
    at: Mapped[str] = mapped_column(String(5))  # when its time of the day begins: 11:00
    weekdays: Mapped[str] = mapped_column(String(7))  # ISO: "12345"
    working: Mapped[bool] = mapped_column(default=False)  # on working days only
    from_on: Mapped[date]
    until_on: Mapped[date]
    role: Mapped[str] = mapped_column(String(40), default="")
    answers: Mapped[Any | None] = mapped_column(SealedJson)  # of the offer's form, the same for each day
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    person_index: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    made_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # who did it, when for another
    bond_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("bond.id"), index=True)  # by which they could
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="active")
    version: Mapped[int] = mapped_column(default=1)
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)  # why it ended
    looked_at: Mapped[datetime | None]  # when the worker last made bookings of it
    keep_until: Mapped[date | None]  # the day on which what it says of people goes; None: not over, or not dated yet
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    resource: Mapped[Resource] = relationship(lazy="raise")

    __table_args__ = (
        *kept_by_day("standing", ORDER_OVER),
        CheckConstraint("from_on <= until_on", name="days"),
        CheckConstraint("weekdays <> ''", name="weekdays"),
        CheckConstraint("state in ('active','ended')", name="state"),
        CheckConstraint("(state = 'ended') = (ended_at is not null)", name="ended"),
        Index(
            "uq_standing_person",
            "resource_id",
            "person_index",
            "at",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index("ix_standing_state_id", "state", "id"),
    )


class StandingDay(Base):
    """What became of one day of a standing order: a day is looked at once, and booked at most once."""

    __tablename__ = "standing_day"

    standing_id: Mapped[int] = mapped_column(BigId, ForeignKey("standing.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(8))  # wanted: a day beside its weekdays, not booked yet
    appointment_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("appointment.id"), unique=True)
    reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    answers: Mapped[Any | None] = mapped_column(SealedJson)  # of the offer's form, other than the order's on this day

    __table_args__ = (
        CheckConstraint("state in ('wanted','booked','skipped','full','missed')", name="state"),
        CheckConstraint("state <> 'booked' or appointment_id is not null", name="booked"),
    )


class BookingTrouble(Base):
    """What went otherwise than booked, of one place: nobody came, or somebody was still there. Each is dealt with once,
    by the database's rule."""

    __tablename__ = "booking_trouble"

    place_id: Mapped[int] = mapped_column(BigId, ForeignKey("booking_place.id"), primary_key=True)
    what: Mapped[str] = mapped_column(String(16), primary_key=True)  # missed, nobody, unsigned, left 17:40
    at: Mapped[datetime]
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"))  # that it opened


class Waiting(Base):
    """Someone waits for a place (候补) on a day of a resource: they themselves, or who may book for them (关系)."""

    __tablename__ = "waiting"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    resource_id: Mapped[int] = mapped_column(BigId, ForeignKey("resource.id"))
    day: Mapped[date]
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    person_index: Mapped[str] = mapped_column(String(32), index=True)  # as of their bookings
    name: Mapped[str | None] = mapped_column(Sealed)  # of somebody without an account
    phone: Mapped[str | None] = mapped_column(Sealed)
    made_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # who joined, when for another
    bond_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("bond.id"), index=True)  # by which they may
    item: Mapped[str] = mapped_column(String(80), default="")
    role: Mapped[str] = mapped_column(String(40), default="")  # of a slot with places by role
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    since_at: Mapped[datetime]
    appointment_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("appointment.id"))  # the hold offered
    keep_until: Mapped[date | None]  # the day on which what it says of people goes; None: not over, or not dated yet
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    resource: Mapped[Resource] = relationship(lazy="raise")

    __table_args__ = (
        *kept_by_day("waiting"),
        UniqueConstraint("resource_id", "day", "user_id"),
        UniqueConstraint("resource_id", "day", "person_index"),
        CheckConstraint("state in ('waiting','offered','taken','left')", name="state"),
        Index("ix_waiting_resource_id_day_state", "resource_id", "day", "state"),
    )


class OnlineBlock(Base):
    """Online booking shut for a person (暂停网上预约), open to review by a person."""

    __tablename__ = "online_block"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_index: Mapped[str] = mapped_column(String(32), index=True)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    offer: Mapped[str] = mapped_column(String(81), default="")  # of this offer alone; "": of all that open a case
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    reason_zh: Mapped[str] = mapped_column(String(200))
    reason_en: Mapped[str] = mapped_column(String(200))
    #: What the person says in asking for a review.
    asked: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    asked_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    lifted: Mapped[bool] = mapped_column(default=False)
    answer: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    __table_args__ = (kept_by_since("online_block", "until_at"),)
