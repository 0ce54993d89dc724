"""要不要告诉我: a resident asks to be told of a kind at a place, or of what becomes of one entry, and stops again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete
from sqlalchemy.dialects import postgresql, sqlite

from engine.commands import board_rows as rows
from engine.errors import FieldError, Invalid, NotFound, NotYours
from engine.matters.nouns.boards import KINDS
from engine.people import Actor, units
from engine.records import audit
from engine.store import Work
from engine.store.models import BoardFollow

#: How many kinds and places one person may follow: enough for every kind of a few places.
FOLLOWED = 40


def follow(work: Work, kind: str, place: str, *, by: Actor, now: datetime) -> None:
    """Tell me of what is published of this kind for this place (a unit's code). Asked twice it is asked once."""
    user_id = _resident(by)
    if kind not in KINDS:
        zh = f"没有“{kind[:20]}”这一类。请从列出的里面选。"
        en = f"Expected one of {', '.join(KINDS)}, but it is {kind[:20]!r}."
        raise Invalid([FieldError("kind", "哪一类", zh, en)])
    _put(work, user_id, now, kind=kind, place_id=units.by_code(work, place).id)
    audit.record(work, audit.Kind.BOARD_FOLLOWED, by=by, now=now, facts={"kind": kind, "place": place})


def follow_entry(work: Work, number: str, *, by: Actor, now: datetime) -> None:
    """Tell me when this one is changed or called off."""
    user_id = _resident(by)
    entry = rows.find(work, number)
    if entry.state != "shown" or entry.until_at <= now:
        raise NotFound(f"公开栏没有编号 {number}，或者已经撤下。", f"There is no entry {number} that is up.")
    _put(work, user_id, now, entry_id=entry.id)
    audit.record(work, audit.Kind.BOARD_FOLLOWED, by=by, now=now, facts={"entry": number})


def unfollow(work: Work, *, kind: str = "", place: str = "", number: str = "", by: Actor, now: datetime) -> int:
    """Tell me no more: of this kind and place, of this entry, or of anything when nothing is named. How many ended."""
    query = delete(BoardFollow).where(BoardFollow.user_id == _resident(by))
    if number:
        query = query.where(BoardFollow.entry_id == rows.find(work, number).id)
    elif kind or place:
        query = query.where(BoardFollow.kind == kind, BoardFollow.place_id == units.by_code(work, place).id)
    done = cast("CursorResult[Any]", work.session.execute(query))
    audit.record(work, audit.Kind.BOARD_UNFOLLOWED, by=by, now=now, facts={"kind": kind, "entry": number})
    return done.rowcount


def _resident(by: Actor) -> int:
    if by.kind != "resident" or by.id is None:
        raise NotYours("请先用手机号登录，才能提醒您。", "Expected a resident who is signed in: sign in first.")
    return by.id


def _put(work: Work, user_id: int, now: datetime, **what: Any) -> None:
    insert = sqlite.insert(BoardFollow) if work.dialect == "sqlite" else postgresql.insert(BoardFollow)
    work.session.execute(insert.values(user_id=user_id, since_at=now, **what).on_conflict_do_nothing())
