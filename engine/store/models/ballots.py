"""Votes (表决): who may vote, who has voted, and, apart from that, what was voted.

A secret ballot keeps three things apart. `ballot_mark` says that a voter has voted, and not when or what.
`ballot_box` holds the votes of one body as one sealed value of one length, written anew with every vote: no row is
anybody's vote, so there is none to join by id, time or transaction. `ballot_key` opens the votes and is destroyed with
the box when they are counted (engine.records.urn).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.models.base import Base, BigId, Sealed, SealedBytes, SealedJson, SealedWords


class Ballot(Base):
    """One vote (一次表决), from its notice to its result."""

    __tablename__ = "ballot"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)  # in its address; says nothing by itself
    key: Mapped[str] = mapped_column(String(90), index=True)  # its declaration
    version_hash: Mapped[str] = mapped_column(String(64), ForeignKey("matter_version.hash"))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    effect: Mapped[str] = mapped_column(String(160), default="")  # what of the case waits for the result
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # who holds it
    place_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))  # where it belongs
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    question: Mapped[str] = mapped_column(String(300))
    words: Mapped[str] = mapped_column(Text, default="")  # the whole proposal
    options: Mapped[list[Any]] = mapped_column(default=list)  # [{"id", "name"}]; yes, no, abstain without any
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what its declaration said when it was announced
    secret: Mapped[bool]
    state: Mapped[str] = mapped_column(String(12))
    announced_at: Mapped[datetime]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)  # why it was withdrawn
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # the counts, as they are public

    __table_args__ = (
        CheckConstraint("state in ('announced','open','counted','withdrawn')", name="state"),
        CheckConstraint("announced_at <= opens_at and opens_at < closes_at", name="window"),
        CheckConstraint("(state = 'counted') = (result is not null)", name="counted_has_a_result"),
        CheckConstraint("(state in ('counted','withdrawn')) = (ended_at is not null)", name="ended"),
        Index("ix_ballot_unit_id_state", "unit_id", "state"),
        Index("ix_ballot_place_id_state", "place_id", "state"),
        Index(
            "uq_ballot_effect",
            "case_id",
            "effect",
            unique=True,
            sqlite_where=text("effect <> ''"),
            postgresql_where=text("effect <> ''"),
        ),
    )


class BallotBody(Base):
    """One body of a ballot: those of a village, who vote apart. A ballot that is not divided has one."""

    __tablename__ = "ballot_body"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ballot_id: Mapped[int] = mapped_column(BigId, ForeignKey("ballot.id"))
    n: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    heads: Mapped[int]  # how many are on its roll
    weight: Mapped[int]  # their votes together
    voted: Mapped[int] = mapped_column(default=0)  # how many have voted

    ballot: Mapped[Ballot] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("ballot_id", "n"),
        UniqueConstraint("ballot_id", "unit_id"),
        CheckConstraint("voted between 0 and heads", name="voted"),
        CheckConstraint("heads > 0 and weight >= heads", name="roll"),
    )


class BallotVoter(Base):
    """One line of the roll (选民名册), frozen when the ballot was announced."""

    __tablename__ = "ballot_voter"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ballot_id: Mapped[int] = mapped_column(BigId, ForeignKey("ballot.id"))
    body_id: Mapped[int] = mapped_column(BigId, ForeignKey("ballot_body.id"))
    n: Mapped[int]  # in the order of the names, body by body
    name: Mapped[str] = mapped_column(Sealed)
    name_index: Mapped[str] = mapped_column(String(32), index=True)
    person_index: Mapped[str] = mapped_column(String(32))  # by identity number, else by telephone and name
    phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    id_index: Mapped[str | None] = mapped_column(String(32), index=True)
    household_index: Mapped[str | None] = mapped_column(String(32))
    phone: Mapped[str | None] = mapped_column(Sealed)  # of who agreed to text messages, until the result was told
    weight: Mapped[int] = mapped_column(default=1)

    body: Mapped[BallotBody] = relationship(lazy="raise")
    ballot: Mapped[Ballot] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("ballot_id", "person_index"),
        UniqueConstraint("body_id", "n"),
        CheckConstraint("weight > 0", name="weight"),
    )


class BallotMark(Base):
    """This voter has voted: one row a voter, whatever Python does. What they voted stands here only in an open vote."""

    __tablename__ = "ballot_mark"

    voter_id: Mapped[int] = mapped_column(BigId, ForeignKey("ballot_voter.id"), primary_key=True, autoincrement=False)
    body_id: Mapped[int] = mapped_column(BigId, ForeignKey("ballot_body.id"), index=True)
    secret: Mapped[bool]
    way: Mapped[str] = mapped_column(String(8))
    proxy_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("ballot_voter.id"))  # who voted for them
    before_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # in person: the staff who was there
    witness: Mapped[str | None] = mapped_column(Sealed)
    choice: Mapped[Any | None] = mapped_column(SealedJson)  # of an open vote: the options chosen
    cast_at: Mapped[datetime | None]
    changed: Mapped[int] = mapped_column(default=0)  # how often an open vote was changed

    __table_args__ = (
        CheckConstraint("way in ('online','desk')", name="way"),
        CheckConstraint("(way = 'desk') = (before_id is not null)", name="desk"),
        # A secret mark tells neither what nor when.
        CheckConstraint("(not secret) or (choice is null and cast_at is null and changed = 0)", name="secret"),
        CheckConstraint("proxy_id is null or proxy_id <> voter_id", name="proxy"),
    )


class BallotProxy(Base):
    """A written mandate to vote for somebody (委托): one a voter; one holder has so many as `n` may reach."""

    __tablename__ = "ballot_proxy"

    voter_id: Mapped[int] = mapped_column(BigId, ForeignKey("ballot_voter.id"), primary_key=True, autoincrement=False)
    holder_id: Mapped[int] = mapped_column(BigId, ForeignKey("ballot_voter.id"))
    n: Mapped[int]  # the holder's first, second … mandate
    most: Mapped[int]
    given_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))  # staff who took it down
    file_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("file.id"))  # the signed paper

    __table_args__ = (
        UniqueConstraint("holder_id", "n"),
        CheckConstraint("n between 1 and most", name="limit"),
        CheckConstraint("voter_id <> holder_id", name="another"),
    )


class BallotBox(Base):
    """The votes of one body of a secret ballot: one sealed value, always as long as for a full house."""

    __tablename__ = "ballot_box"

    body_id: Mapped[int] = mapped_column(BigId, ForeignKey("ballot_body.id"), primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class BallotKey(Base):
    """What opens the votes of a secret ballot; destroyed when they are counted. Votes are put in by the public half."""

    __tablename__ = "ballot_key"

    ballot_id: Mapped[int] = mapped_column(BigId, ForeignKey("ballot.id"), primary_key=True, autoincrement=False)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    private: Mapped[bytes] = mapped_column(SealedBytes)
