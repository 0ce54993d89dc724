"""What a story's case has on a board, and who may review it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import matters, people
from engine.errors import Refused
from engine.proof.county import Hall
from engine.store import Work
from engine.store.models import BoardEntry


class NothingThere(Refused):
    """Expected something of the case on the board, or somebody who may review it, but there is none."""

    slug = "story-board"


def entry(work: Work, package: matters.Package, case_id: int, board: Any, state: str) -> BoardEntry:
    """The newest entry of this case on a board, which must stand so."""
    known = package.declared("boards")
    query = select(BoardEntry).where(BoardEntry.case_id == case_id, BoardEntry.state == state)
    if board is not None:
        query = query.where(BoardEntry.board == known[str(board)].key)
    found = work.session.scalar(query.order_by(BoardEntry.id.desc()).limit(1))
    if found is None:
        zh = f"公开栏{f'“{board}”' if board else ''}上没有{'等审核' if state == 'review' else '公开着'}的内容。"
        raise NothingThere(zh, f"Nothing of this case is in the state {state} on the board.")
    return found


def reviewer(work: Work, one: BoardEntry, board: str, hall: Hall, *, now: datetime) -> people.Actor:
    actors = (people.load(work, user_id, now=now) for user_id in (hall.head, hall.second, hall.clerk))
    by = next((actor for actor in actors if people.may(actor, "review", one)), None)
    if by is None:
        raise NothingThere(f"没有人可以审核“{board}”。", f"Nobody may review what waits on {board}.")
    return by
