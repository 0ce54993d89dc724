"""Bonds between persons (关系), and the codes by which they are made or proved."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId, Sealed, SealedJson, kept_by_day, kept_by_since

#: A bond that is over.
ENDED = "state = 'ended'"


class Bond(Base):
    """One person (`holder`) may do something for another (`subject`), from one day to another.

    Either may be without an account: then they are known by their words, found again by blind index, and joined to
    their
    account when they have one. `subject_ref` and `holder_ref` say who it is in one short word
    (engine.people.bonds.ref),
    so that the database itself refuses a second bond of one kind between two persons, and more than `most` of a person.
    Never deleted: it ends, with a reason.
    """

    __tablename__ = "bond"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(80))  # of the hall (family), or the declaration's key
    state: Mapped[str] = mapped_column(String(8))

    subject_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    subject_ref: Mapped[str] = mapped_column(String(60))
    subject_name: Mapped[str] = mapped_column(Sealed)
    subject_phone: Mapped[str | None] = mapped_column(Sealed)
    subject_id_number: Mapped[str | None] = mapped_column(Sealed)
    subject_name_index: Mapped[str] = mapped_column(String(32), index=True)
    subject_phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    subject_id_index: Mapped[str | None] = mapped_column(String(32), index=True)

    holder_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    holder_ref: Mapped[str] = mapped_column(String(60))
    holder_name: Mapped[str] = mapped_column(Sealed)
    holder_phone: Mapped[str | None] = mapped_column(Sealed)
    holder_id_number: Mapped[str | None] = mapped_column(Sealed)
    holder_name_index: Mapped[str] = mapped_column(String(32), index=True)
    holder_phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    holder_id_index: Mapped[str | None] = mapped_column(String(32), index=True)

    #: What it is limited to, for the database's rules: "" of a bond for all, "case:12" of a mandate in one case.
    scope: Mapped[str] = mapped_column(String(28), default="")
    team: Mapped[str] = mapped_column(String(80), default="", server_default="")  # of a leader and a member: its name
    team_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("team.id"), index=True)
    #: Its place among those of this kind that the subject has: 1 to `most`. The database counts by it.
    n: Mapped[int]
    most: Mapped[int]
    lets: Mapped[list[str]]  # see, apply, book, fetch, sign
    matters: Mapped[list[str] | None]  # only these; None: all
    offers: Mapped[list[str] | None]
    entries: Mapped[list[str] | None]  # of registers
    proof: Mapped[Any] = mapped_column(SealedJson)  # what was shown; the photo's file; words
    revocable: Mapped[bool]  # either side may end it; else only a counter
    from_on: Mapped[date]
    until_on: Mapped[date]  # its last day

    how: Mapped[str] = mapped_column(String(8))
    made_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)  # where it was made
    place_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)  # where the subject lives
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    ended_how: Mapped[str | None] = mapped_column(String(12))
    keep_until: Mapped[date | None]  # the day on which what it says of people goes; None: not over, or not dated yet
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    __table_args__ = (
        *kept_by_day("bond", ENDED),
        CheckConstraint("state in ('asked','held','ended')", name="state"),
        CheckConstraint("how in ('counter','code','phone','case')", name="how"),
        CheckConstraint(
            "ended_how is null or ended_how in ('subject','holder','guardian','counter','case','expired','closed',"
            "'died','declined')",
            name="ended_how",
        ),
        CheckConstraint("(state = 'ended') = (ended_at is not null)", name="ended"),
        CheckConstraint("(state = 'ended') = (ended_how is not null)", name="ended_with_a_reason"),
        CheckConstraint("state <> 'held' or confirmed_at is not null", name="confirmed"),
        CheckConstraint("n between 1 and most", name="place"),
        CheckConstraint("(kind = 'leader') = (team <> '')", name="team"),
        CheckConstraint("from_on <= until_on", name="window"),
        CheckConstraint("subject_ref <> holder_ref", name="two_persons"),
        Index(
            "uq_bond_live",
            "kind",
            "subject_ref",
            "holder_ref",
            "scope",
            unique=True,
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
        Index(
            "uq_bond_place",
            "kind",
            "subject_ref",
            "scope",
            "n",
            unique=True,
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
        Index("ix_bond_subject_ref", "subject_ref"),
        Index("ix_bond_kind_until_on", "kind", "until_on"),
        Index(
            "ix_bond_until_on",
            "until_on",
            "id",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
    )


class Team(Base):
    """A team (团队): its name, which no other of its unit has, and who leads it, one or two. Its members are bonds."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # where its leader lives
    name: Mapped[str] = mapped_column(String(80))
    leader_ref: Mapped[str] = mapped_column(String(60))
    leader_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    second_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    __table_args__ = (
        kept_by_since("team", "ended_at", "ended_at is not null"),
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("second_id is null or leader_id is null or second_id <> leader_id", name="two"),
        Index(
            "uq_team_name",
            "unit_id",
            "name",
            unique=True,
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
        Index("ix_team_leader_ref", "leader_ref"),
    )


class BondCode(Base):
    """Six digits that one person's phone shows and another types (绑定码), or says at a door (接人码): short-lived,
    used
    once, hashed."""

    __tablename__ = "bond_code"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(8))
    code_hash: Mapped[str] = mapped_column(String(64))
    issuer_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)  # whose phone shows it
    phone_index: Mapped[str | None] = mapped_column(String(32), index=True)  # of the issuer: typed with the code
    kind: Mapped[str] = mapped_column(String(80))
    subject_ref: Mapped[str] = mapped_column(String(60), index=True)  # whom the bond is about; who is fetched
    asked: Mapped[Any] = mapped_column(SealedJson)  # what the bond will let, its last day; who comes to fetch
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("purpose in ('bind','fetch')", name="purpose"),)
