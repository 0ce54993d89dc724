"""消息: what the hall told somebody, on the screen or by a text about a case of theirs; each said once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from engine.people import Actor
from engine.store import Work
from engine.store.models import Case, Notice


@dataclass(frozen=True, slots=True)
class Message:
    """One message."""

    id: int
    text: str
    text_en: str
    at: datetime
    unread: bool
    number: str  # of the case it is about; ""
    matter: str  # and what it is called


def _mine(actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    """A code to sign in with is no message: it is about no case."""
    return [
        Notice.user_id == actor.id,
        or_(Notice.channel == "screen", and_(Notice.channel == "sms", Notice.case_id.is_not(None))),
        Notice.state != "cancelled",
        Notice.erased_at.is_(None),
        Notice.send_after <= now,
    ]


@dataclass(frozen=True, slots=True)
class Messages:
    """A page of them, and where the next one begins."""

    rows: tuple[Message, ...]
    before: int | None  # None: there are no earlier ones


def mine(work: Work, actor: Actor, *, now: datetime, before: int | None = None, limit: int = 30) -> Messages:
    """The newest first; `before`: where the page begins. What was said on the screen and by a text too stands once."""
    query = select(Notice, Case.number, Case.matter_name).outerjoin(Case, Case.id == Notice.case_id)
    query = query.where(*_mine(actor, now))
    if before is not None:
        query = query.where(Notice.id < before)
    rows = work.session.execute(query.order_by(Notice.id.desc()).limit(limit + 1)).all()
    found: dict[tuple[str, int | None], Message] = {}
    for row, number, matter in rows[:limit]:
        key = (row.text, row.case_id)
        new = row.channel == "screen" and row.read_at is None or (key in found and found[key].unread)
        found[key] = Message(row.id, row.text, row.text_en or "", row.created_at, new, number or "", matter or "")
    return Messages(tuple(found.values()), rows[limit - 1][0].id if len(rows) > limit else None)


def unread(work: Work, actor: Actor, *, now: datetime) -> int:
    """How many on the screen they have not opened the page of."""
    if actor.id is None:
        return 0
    query = select(func.count()).select_from(Notice)
    return (
        work.session.scalar(query.where(*_mine(actor, now), Notice.channel == "screen", Notice.read_at.is_(None))) or 0
    )
