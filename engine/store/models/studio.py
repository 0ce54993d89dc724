"""What designers work on (工作室): drafts of matters, every change of them, and who is at it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Base, BigId

OPEN = text("state = 'open'")


class StudioDraft(Base):
    """A matter that designers change (草稿). One at a time of each matter: who works on it works on the same."""

    __tablename__ = "studio_draft"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    matter: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(120))
    #: The version it began from; None: a new matter. What it takes from others (shared forms and nouns) is that one's.
    based_on: Mapped[str | None] = mapped_column(String(64), ForeignKey("matter_version.hash"))
    state: Mapped[str] = mapped_column(String(10), default="open")
    #: Grows by one with every change that is kept.
    revision: Mapped[int] = mapped_column(default=0)
    made_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    #: The version that was made of it.
    published: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        CheckConstraint("state in ('open','published','dropped')", name="state"),
        Index("uq_studio_draft_open", "matter", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )


class StudioFile(Base):
    """A file of a draft, as it is now."""

    __tablename__ = "studio_file"

    draft_id: Mapped[int] = mapped_column(BigId, ForeignKey("studio_draft.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(160), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    revision: Mapped[int] = mapped_column(default=0)  # of the draft, when it was last changed
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    changed_at: Mapped[datetime]


class StudioChange(Base):
    """One change of a draft: the file as it was afterwards; None: it was taken away. Never changed but for the last
    one, while the same person goes on typing in the same file."""

    __tablename__ = "studio_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    draft_id: Mapped[int] = mapped_column(BigId, ForeignKey("studio_draft.id"))
    revision: Mapped[int]
    path: Mapped[str] = mapped_column(String(160))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    kind: Mapped[str] = mapped_column(String(10))  # begin, edit, take-away, restore, bring
    words: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("draft_id", "revision", "path"),)


class StudioReplay(Base):
    """Recorded cases replayed on a draft (发布回放), by the worker: what would be other. It holds words about steps,
    never what anybody wrote."""

    __tablename__ = "studio_replay"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    draft_id: Mapped[int] = mapped_column(BigId, ForeignKey("studio_draft.id"), index=True)
    revision: Mapped[int]  # of the draft
    before: Mapped[str] = mapped_column(String(64), ForeignKey("matter_version.hash"))  # the version they went by
    content: Mapped[bytes | None] = mapped_column(LargeBinary)  # a zip of the draft's files; None: it is over
    case_ids: Mapped[list[Any]] = mapped_column(default=list)
    done: Mapped[int] = mapped_column(default=0)  # so many of them
    found: Mapped[dict[str, Any]] = mapped_column(default=dict)  # engine.proof.replays.Found as JSON
    failed: Mapped[str] = mapped_column(Text, default="")  # why none could be replayed
    asked_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


#: What waits for a second person's word, or for its day.
WAITING = text("state in ('asked','scheduled')")


class StudioRelease(Base):
    """A version of a draft that is to be published (发布申请): frozen as it was when it was asked for. It waits for a
    second person's word where the hall wants that, and for the day it is in force from where it has one."""

    __tablename__ = "studio_release"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    matter: Mapped[str] = mapped_column(String(40))
    draft_id: Mapped[int] = mapped_column(BigId, ForeignKey("studio_draft.id"))
    revision: Mapped[int]  # of the draft
    version: Mapped[str] = mapped_column(String(64))  # the hash it will have as a version
    before: Mapped[str | None] = mapped_column(String(64))  # the version in use then; None: the matter was not offered
    content: Mapped[bytes] = mapped_column(LargeBinary)  # a zip of the package's files
    note: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    asked_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(Text, default="")  # what the second person said
    in_force_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    told: Mapped[str] = mapped_column(Text, default="")  # why it did not come into force
    told_en: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("state in ('asked','scheduled','published','refused','cancelled','failed')", name="state"),
        Index("uq_studio_release_waiting", "matter", unique=True, sqlite_where=WAITING, postgresql_where=WAITING),
    )


class StudioEditor(Base):
    """Who has a draft open, at which file, since when they were last heard of."""

    __tablename__ = "studio_editor"

    draft_id: Mapped[int] = mapped_column(BigId, ForeignKey("studio_draft.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(160), default="")
    at: Mapped[datetime]
