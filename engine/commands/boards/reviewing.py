"""审核, 撤下: what staff do with an entry."""

from __future__ import annotations

from datetime import datetime

from engine.commands import board_rows as rows
from engine.commands import cases
from engine.commands.effects.boards import REFUSED, results
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound
from engine.people import Actor, may, require
from engine.records import audit
from engine.store import Work
from engine.store.models import BoardEntry


def approve(work: Work, number: str, *, changed: int, by: Actor, now: datetime) -> BoardEntry:
    """It goes up as it was read. `changed`: which writing of it was read; AlreadyDone when it is another by now."""
    entry = _waiting(work, number, changed, by)
    entry.reviewed_by_id, entry.reviewed_at = by.id, now
    rows.show(work, entry, now=now)
    audit.record(work, audit.Kind.BOARD_PUBLISHED, by=by, now=now, facts={"entry": number, "board": entry.board})
    if entry.case_id is not None and entry.effect is not None:
        cases.answer(work, entry.case_id, entry.effect, results(entry), by=by, now=now)
    return entry


def refuse(work: Work, number: str, reason: str, *, changed: int, by: Actor, now: datetime) -> BoardEntry:
    """It does not go up; the case hears why."""
    entry = _waiting(work, number, changed, by)
    reason = _reason(reason)
    entry.reviewed_by_id, entry.reviewed_at = by.id, now
    rows.take_down(work, entry, "refused", now=now, reason=reason)
    audit.record(work, audit.Kind.BOARD_REFUSED, by=by, now=now, facts={"entry": number, "board": entry.board})
    if entry.case_id is not None and entry.effect is not None:
        said = {"refused_because": reason}
        cases.answer(work, entry.case_id, entry.effect, said, by=by, now=now, error=(REFUSED, reason))
    return entry


def withdraw(work: Work, number: str, reason: str, *, by: Actor, now: datetime) -> BoardEntry:
    """It comes down at once; who followed it is told why. What waits to be reviewed is refused instead."""
    entry = rows.find(work, number, lock=True)
    if not may(by, "see", entry):
        raise NotFound(f"公开栏没有编号 {number}，或您不能查看。", f"There is no entry {number} you may see.")
    require(by, "withdraw", entry)
    if entry.state != "shown":
        rows.only_up(entry)
        raise AlreadyDone(
            "它还在等审核，没有公开。不让它公开，请在审核时写理由退回。",
            "Expected an entry that is up, but it waits to be reviewed: refuse it there, with a reason.",
        )
    rows.take_down(work, entry, "withdrawn", now=now, reason=_reason(reason))
    audit.record(work, audit.Kind.BOARD_WITHDRAWN, by=by, now=now, facts={"entry": number, "board": entry.board})
    return entry


def _waiting(work: Work, number: str, changed: int, by: Actor) -> BoardEntry:
    entry = rows.find(work, number, lock=True)
    if not may(by, "see", entry):
        raise NotFound(f"公开栏没有编号 {number}，或您不能查看。", f"There is no entry {number} you may see.")
    require(by, "review", entry)
    if entry.state != "review" or entry.changed != changed:
        raise AlreadyDone(
            "您看过以后它已经有变化：被别人审过，或内容改了。请再看一遍。",
            "Expected the entry as you read it, but somebody reviewed it or it was changed. Read it again.",
        )
    return entry


def _reason(text: str) -> str:
    text = text.strip()
    if not text or len(text) > rows.MOST_REASON:
        zh = f"请写理由，不超过 {rows.MOST_REASON} 字：发布的人和关注的人都看得到。"
        en = f"Expected a reason of at most {rows.MOST_REASON} characters: who published it and who follows read it."
        raise Invalid([FieldError("reason", "理由", zh, en)])
    return text
