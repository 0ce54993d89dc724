"""What is kept: events, papers, files, notices, jobs, counters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.models.base import Base, BigId, Sealed, SealedJson, SealedWords, kept_by_since

#: A notice that is in no case and waits for nothing; a look at what is in none.
NOTICE_OVER = "not (case_id is not null) and state in ('sent','failed','cancelled')"
CASELESS = "not (case_id is not null)"
#: How the field of a look at whom a booking is of begins, when a list of them was taken out; its number follows.
BOOKING = "booking:"


class Event(Base):
    """A fact that happened (审计事件). Append-only: triggers refuse UPDATE and DELETE; each holds its predecessor's
    hash.

    There is a chain a case (`case:7`) and a chain a person outside cases (`user:3`), so two clerks never wait for
    each other's chain; seals bind all chains together from time to time.
    """

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chain: Mapped[str] = mapped_column(String(40))
    seq: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(60))
    by_id: Mapped[int | None] = mapped_column(BigId, index=True)
    for_id: Mapped[int | None] = mapped_column(BigId)  # 代理: on whose behalf
    case_id: Mapped[int | None] = mapped_column(BigId, index=True)
    task_id: Mapped[int | None] = mapped_column(BigId)
    facts: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # no personal data: names and numbers stay in their tables
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: Keyed hash of the hash: until a seal lies over the event, nobody without the data key makes another one. None: it
    #: is from before there were any.
    proof: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        Index(  # what others did for somebody: most events are nobody else's
            "ix_event_for_id",
            "for_id",
            "id",
            sqlite_where=text("for_id is not null"),
            postgresql_where=text("for_id is not null"),
        ),
    )


class Seal(Base):
    """A seal over the events since the last one (封存): no event can vanish or change without breaking it."""

    __tablename__ = "seal"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    count: Mapped[int]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    public: Mapped[str | None] = mapped_column(
        String(120)
    )  # the key that signed it; None: before there were signatures
    signature: Mapped[str | None] = mapped_column(String(120))


class SealedEvent(Base):
    """Which seal covers an event."""

    __tablename__ = "sealed_event"

    event_id: Mapped[int] = mapped_column(BigId, ForeignKey("event.id"), primary_key=True)
    seal_id: Mapped[int] = mapped_column(BigId, ForeignKey("seal.id"), index=True)


class File(Base):
    """A stored file (文件): content-addressed, outside the database and the web root."""

    __tablename__ = "file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    type: Mapped[str] = mapped_column(String(80))  # sniffed from the content, never the browser's word
    name: Mapped[str] = mapped_column(Sealed)  # what the person called it
    owner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    field: Mapped[str] = mapped_column(String(120), default="")
    uploaded_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]  # when a camera says that it was taken; None: no camera said


class Document(Base):
    """A paper the hall issues (文书). Its facts are frozen when it is issued; the worker renders it from them."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))  # who signs it; of old ones not known
    key: Mapped[str] = mapped_column(String(160), unique=True)  # what asked for it: never issued twice
    kind: Mapped[str] = mapped_column(String(60))  # 受理通知书 …
    title: Mapped[str] = mapped_column(String(120))
    number: Mapped[str | None] = mapped_column(String(80), unique=True)  # 文号; some kinds have none
    check_code: Mapped[str] = mapped_column(String(40), unique=True)  # what a stranger types to verify it
    template: Mapped[str] = mapped_column(String(160))
    version_hash: Mapped[str | None] = mapped_column(String(64), ForeignKey("matter_version.hash"))
    state: Mapped[str] = mapped_column(String(12), default="pending")
    facts: Mapped[Any] = mapped_column(SealedJson)
    public: Mapped[bool] = mapped_column(default=True)  # the applicant may have it
    file_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("file.id"), index=True)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    issued_at: Mapped[datetime]
    rendered_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)

    file: Mapped[File | None] = relationship(foreign_keys=[file_id], lazy="raise")

    __table_args__ = (
        CheckConstraint("state in ('pending','ready','failed','void')", name="state"),
        CheckConstraint("state <> 'ready' or (file_id is not null and sha256 is not null)", name="ready_has_a_file"),
    )


class Notice(Base):
    """A message to a person (通知), in the outbox."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)  # what asked for it: never sent twice
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str | None] = mapped_column(Sealed)  # phone number
    kind: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Sealed)
    text_en: Mapped[str | None] = mapped_column(Sealed)  # the same for an English page
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    created_at: Mapped[datetime]
    send_after: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)  # what the gateway said
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    __table_args__ = (
        kept_by_since("notice", "created_at", NOTICE_OVER),
        CheckConstraint("state in ('waiting','held','sent','failed','cancelled')", name="state"),
        CheckConstraint("channel in ('sms','screen','wechat','mail')", name="channel"),
        # By how the key begins (`Work.begins`): PostgreSQL needs an index of its own for patterns.
        Index("ix_notice_key_begins", "key", postgresql_ops={"key": "text_pattern_ops"}),
        Index("ix_notice_user_id_created_at", "user_id", "created_at"),
        Index(
            "ix_notice_failed",
            "created_at",
            sqlite_where=(state == "failed"),
            postgresql_where=(state == "failed"),
        ),
        Index("ix_notice_held", "id", sqlite_where=(state == "held"), postgresql_where=(state == "held")),
    )


class NoticeCase(Base):
    """The cases that one notice is about: many of one cause are one notice (engine.records.notices.put_for_cause)."""

    __tablename__ = "notice_case"

    notice_id: Mapped[int] = mapped_column(BigId, ForeignKey("notice.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), primary_key=True)

    __table_args__ = (Index("ix_notice_case_case_id", "case_id"),)


class Job(Base):
    """Work for the worker (后台作业): a leased row."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(200), unique=True)  # what asked for it: never queued twice
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)  # ids and keys
    private: Mapped[Any | None] = mapped_column(SealedJson)  # what is about a person; None when nothing is
    state: Mapped[str] = mapped_column(String(12), default="ready")
    created_at: Mapped[datetime]
    run_after: Mapped[datetime]  # not before; during a lease: when the lease ends
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)  # grows with each lease: a worker that slept too long is refused
    worker: Mapped[str] = mapped_column(String(80), default="")
    error: Mapped[str] = mapped_column(SealedWords, default="", nullable=True)  # it may quote what somebody said
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('ready','leased','done','failed')", name="state"),
        Index(
            "ix_job_key_begins",
            "key",
            postgresql_ops={"key": "text_pattern_ops"},
            sqlite_where=text("state in ('ready','leased')"),
            postgresql_where=text("state in ('ready','leased')"),
        ),
        Index(
            "ix_job_due",
            "run_after",
            sqlite_where=text("state in ('ready','leased')"),
            postgresql_where=text("state in ('ready','leased')"),
        ),
        Index(
            "ix_job_failed",
            "ended_at",
            sqlite_where=text("state = 'failed'"),
            postgresql_where=text("state = 'failed'"),
        ),
    )


class Counter(Base):
    """A gap-free series (编号序列): the next number is taken in the transaction that uses it."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    value: Mapped[int]


class Reveal(Base):
    """Someone looked behind a mask, and why (查看记录)."""

    __tablename__ = "reveal"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    by_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("register_entry.id"), index=True)  # of a register
    field: Mapped[str] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(Sealed)
    at: Mapped[datetime]
    erased_at: Mapped[datetime | None]  # its time was over: from then on it says of nobody who it was

    __table_args__ = (kept_by_since("reveal", "at", CASELESS),)
