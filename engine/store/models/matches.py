"""Needs and supplies that look for each other (撮合), what a supply has left on each leg, and their pairs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.models.base import Base, BigId, Sealed, SealedJson, SealedWords

#: A pair that holds: asked, and not answered yet; or both have said yes.
LIVE_PAIR = "state in ('asked','agreed')"
AGREED = "state = 'agreed'"


class MatchSide(Base):
    """One supply (供) or one need (求): who, from where to where, on which day, between which times."""

    __tablename__ = "match_side"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    match: Mapped[str] = mapped_column(String(81))  # the declaration's key
    side: Mapped[str] = mapped_column(String(6))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # where it was entered; else as `place_id`
    place_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # where it begins
    to_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # where it ends
    day: Mapped[date]
    starts_at: Mapped[datetime]  # not before this
    until_at: Mapped[datetime]  # and not after this
    places: Mapped[int]  # that it has, or wants
    state: Mapped[str] = mapped_column(String(9), default="open")
    version: Mapped[int] = mapped_column(default=1)
    channel: Mapped[str] = mapped_column(String(7))
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    entered_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    bond_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("bond.id"), index=True)  # by which another said it
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    #: The case that was opened because nobody took it in time: once.
    opened_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), unique=True)
    person_index: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    id_number: Mapped[str | None] = mapped_column(Sealed)
    guardian: Mapped[str | None] = mapped_column(Sealed)  # who comes with somebody under age
    answers: Mapped[dict[str, Any] | None] = mapped_column(SealedJson)
    #: who:side:day:n while it is open: how many a person may have in a day is the database's rule.
    day_key: Mapped[str | None] = mapped_column(String(190), unique=True)
    made_at: Mapped[datetime]
    told_at: Mapped[datetime | None]  # nothing was found in time, and they know
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    forgotten_at: Mapped[datetime | None]  # from then on it says of nobody who it was

    legs: Mapped[list[MatchLeg]] = relationship(order_by="MatchLeg.n", lazy="raise")

    __table_args__ = (
        CheckConstraint("side in ('supply','need')", name="side"),
        CheckConstraint("state in ('open','matched','cancelled','over')", name="state"),
        CheckConstraint("channel in ('online','counter')", name="channel"),
        CheckConstraint("side = 'need' or state <> 'matched'", name="matched"),
        CheckConstraint("starts_at <= until_at", name="window"),
        CheckConstraint("places >= 1", name="places"),
        CheckConstraint("(state in ('cancelled','over')) = (ended_at is not null)", name="ended"),
        CheckConstraint("ended_at is null or day_key is null", name="live"),
        CheckConstraint(
            "forgotten_at is null or (name is null and phone is null and id_number is null and guardian is null "
            "and answers is null and user_id is null and person_index is null)",
            name="forgotten",
        ),
        Index("ix_match_side_match_day", "match", "day", "side", "state"),
        Index("ix_match_side_place_id_day", "place_id", "day"),
        Index("ix_match_side_unit_id_day", "unit_id", "day"),
    )


class MatchLeg(Base):
    """One leg of a supply's way, from a stop to the next: never more taken than there is."""

    __tablename__ = "match_leg"

    side_id: Mapped[int] = mapped_column(BigId, ForeignKey("match_side.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)  # 0 is the first
    from_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    to_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)

    __table_args__ = (CheckConstraint("taken >= 0 and taken <= capacity", name="taken"),)


class MatchPair(Base):
    """A need and a supply: one asked, the other says yes or no."""

    __tablename__ = "match_pair"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    need_id: Mapped[int] = mapped_column(BigId, ForeignKey("match_side.id"))
    supply_id: Mapped[int] = mapped_column(BigId, ForeignKey("match_side.id"))
    asked_by: Mapped[str] = mapped_column(String(6))  # which side asked
    state: Mapped[str] = mapped_column(String(9), default="asked")
    version: Mapped[int] = mapped_column(default=1)
    first: Mapped[int]  # the legs it rides
    last: Mapped[int]
    places: Mapped[int]
    asked_at: Mapped[datetime]
    agreed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)
    absent: Mapped[str | None] = mapped_column(String(6))  # which side did not come, as the other says

    arrived_at: Mapped[datetime | None]  # somebody said that they arrived
    arrived_by: Mapped[str | None] = mapped_column(String(6))  # which side said so; desk: who telephoned
    called: Mapped[int] = mapped_column(
        default=0, server_default="0"
    )  # nobody said so: 1 both were told, 2 the family, 3 the posts

    #: The case that was opened because nobody said that they arrived: once.
    opened_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"))
    charged_at: Mapped[datetime | None]  # the need says that the supply asked for money
    #: The case that finds out: once.
    charged_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"))
    late: Mapped[str | None] = mapped_column(String(6))  # which side was late, or called off too late
    late_at: Mapped[datetime | None] = mapped_column(index=True)
    #: The case in which somebody talks with them: of the time that was once too often.
    late_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"))

    need: Mapped[MatchSide] = relationship(foreign_keys=[need_id], lazy="raise")
    supply: Mapped[MatchSide] = relationship(foreign_keys=[supply_id], lazy="raise")

    __table_args__ = (
        CheckConstraint("asked_by in ('supply','need')", name="asked_by"),
        CheckConstraint("state in ('asked','agreed','refused','withdrawn','cancelled','over')", name="state"),
        CheckConstraint("(state in ('asked','agreed')) = (ended_at is null)", name="ended"),
        CheckConstraint("state <> 'agreed' or agreed_at is not null", name="agreed"),
        CheckConstraint("first >= 0 and first <= last", name="legs"),
        CheckConstraint("places >= 1", name="places"),
        CheckConstraint("absent is null or (absent in ('supply','need') and agreed_at is not null)", name="absent"),
        CheckConstraint("(arrived_at is null) = (arrived_by is null)", name="arrived"),
        CheckConstraint("arrived_by is null or arrived_by in ('supply','need','desk')", name="arrived_by"),
        CheckConstraint("called between 0 and 3", name="called"),
        Index("ix_match_pair_need_id", "need_id"),
        Index("uq_match_pair_opened_id", "opened_id", unique=True),
        Index("uq_match_pair_charged_id", "charged_id", unique=True),
        Index("uq_match_pair_late_id", "late_id", unique=True),
        Index("ix_match_pair_supply_id", "supply_id"),
        # a need asks a supply once at a time, and rides with one
        Index(
            "uq_match_pair_live",
            "need_id",
            "supply_id",
            unique=True,
            sqlite_where=text(LIVE_PAIR),
            postgresql_where=text(LIVE_PAIR),
        ),
        Index(
            "uq_match_pair_need",
            "need_id",
            unique=True,
            sqlite_where=text(AGREED),
            postgresql_where=text(AGREED),
        ),
    )


class MatchApart(Base):
    """Somebody said: not again with this person. Blind on both sides: it tells nobody who they are."""

    __tablename__ = "match_apart"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    match: Mapped[str] = mapped_column(String(81))  # the declaration's key
    by_index: Mapped[str] = mapped_column(String(64))  # who said so
    of_index: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    #: Of which trip: all that is left to know it by, once that is forgotten. None: said before this was kept.
    pair_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("match_pair.id"), index=True)

    __table_args__ = (
        Index("uq_match_apart_match", "match", "by_index", "of_index", unique=True),
        Index("ix_match_apart_of_index", "of_index"),
        CheckConstraint("by_index <> of_index", name="two"),
    )
