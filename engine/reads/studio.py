"""What designers see of their drafts: the files, who is at them, what was changed when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from engine.errors import NotFound
from engine.people import Actor, masks
from engine.people.access import require
from engine.store import Work
from engine.store.models import StudioChange, StudioDraft, StudioEditor, StudioFile, User

#: Who was heard of within this time has the draft open.
HERE = timedelta(seconds=40)
#: So many entries of the history are shown.
SHOWN = 60


@dataclass(frozen=True, slots=True)
class DraftFile:
    path: str
    size: int  # bytes
    revision: int
    at: datetime
    by: str  # masked; "": as in the version it began from


@dataclass(frozen=True, slots=True)
class Changed:
    """One entry of the history."""

    revision: int
    kind: str
    words: str
    paths: tuple[str, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    id: int
    matter: str
    title: str
    based_on: str | None
    revision: int
    by: str
    at: datetime
    changed_at: datetime


def open_drafts(work: Work, actor: Actor) -> tuple[Draft, ...]:
    """The drafts that are worked on, the last changed first."""
    require(actor, "design")
    rows = work.session.execute(
        select(StudioDraft, User.name)
        .join(User, User.id == StudioDraft.made_by_id)
        .where(StudioDraft.state == "open")
        .order_by(StudioDraft.changed_at.desc())
    )
    return tuple(_draft(row, name) for row, name in rows)


def of(work: Work, matter: str, actor: Actor) -> Draft | None:
    """The open draft of this matter."""
    return next((one for one in open_drafts(work, actor) if one.matter == matter), None)


def must_be(work: Work, matter: str, actor: Actor) -> Draft:
    found = of(work, matter, actor)
    if found is None:
        raise NotFound("这个事项没有正在改的草稿。", "There is no open draft of this matter.")
    return found


def row(work: Work, draft: Draft) -> StudioDraft:
    """The row behind it, for what looks at the files themselves."""
    return work.session.get_one(StudioDraft, draft.id)


def _draft(row: StudioDraft, name: str) -> Draft:
    by = masks.name(name)
    return Draft(row.id, row.matter, row.title, row.based_on, row.revision, by, row.made_at, row.changed_at)


def files(work: Work, draft: Draft) -> tuple[DraftFile, ...]:
    rows = work.session.execute(
        select(
            StudioFile.path,
            func.length(StudioFile.content),
            StudioFile.revision,
            StudioFile.changed_at,
            User.name,
        )
        .outerjoin(User, User.id == StudioFile.changed_by_id)
        .where(StudioFile.draft_id == draft.id)
        .order_by(StudioFile.path)
    )
    return tuple(DraftFile(path, size, revision, at, masks.name(name or "")) for path, size, revision, at, name in rows)


def content(work: Work, draft: Draft, path: str) -> tuple[bytes, int]:
    """(what the file says, its revision)."""
    found = work.session.get(StudioFile, (draft.id, path))
    if found is None:
        raise NotFound("草稿里没有这个文件。", "There is no such file in the draft.")
    return found.content, found.revision


def history(work: Work, draft: Draft) -> tuple[Changed, ...]:
    """What was changed, the newest first; what one act changed of several files is one entry."""
    rows = work.session.execute(
        select(
            StudioChange.revision,
            StudioChange.kind,
            StudioChange.words,
            StudioChange.path,
            User.name,
            StudioChange.at,
        )
        .join(User, User.id == StudioChange.by_id)
        .where(StudioChange.draft_id == draft.id, StudioChange.revision > draft.revision - SHOWN)
        .order_by(StudioChange.revision.desc(), StudioChange.path)
    ).all()
    out: dict[int, Changed] = {}
    for revision, kind, words, path, name, at in rows:
        known = out.get(revision)
        paths = (*(known.paths if known else ()), path)
        out[revision] = Changed(revision, kind, words, paths, masks.name(name), at)
    return tuple(out.values())


def others(work: Work, draft: Draft, actor: Actor, *, now: datetime) -> tuple[tuple[str, str], ...]:
    """(who else has it open, at which file)."""
    rows = work.session.execute(
        select(User.name, StudioEditor.path)
        .join(User, User.id == StudioEditor.user_id)
        .where(StudioEditor.draft_id == draft.id, StudioEditor.user_id != actor.id, StudioEditor.at > now - HERE)
        .order_by(StudioEditor.at.desc())
    )
    return tuple((masks.name(name), path) for name, path in rows)
