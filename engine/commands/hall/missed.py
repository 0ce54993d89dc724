"""Words that found nothing: kept for whoever keeps the matters' words, without saying who typed them or a name."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select

from engine.matters import searching
from engine.people import tries
from engine.store import Work, keys
from engine.store.models import Missed
from engine.workdays import local_date

#: So many people must have typed the same before anybody reads it.
PEOPLE = 3
#: What nobody typed for so long is forgotten.
KEPT = timedelta(days=90)
#: No more are kept at a time: a program that types a million words fills no table.
MOST = 2000
#: A number is never kept: it may be somebody's.
_NUMBER = re.compile(r"\d{4,}|@")
_LONGEST = 20


def note(work: Work, typed: str, asker: str, *, now: datetime) -> None:
    """Somebody looked for this and found nothing. `asker`: whatever tells people apart, such as where they are; it is
    kept blind, and only until three have typed the same. One asker adds so many words a day and no more: or a program
    would fill what is kept, and nobody else's words were written down."""
    text = searching.said(typed)
    if not 2 <= len(text) <= _LONGEST or _NUMBER.search(text):
        return
    asker = tries.network(asker)
    key = keys.blind("words", text)
    row = work.session.scalar(select(Missed).where(Missed.key == key).with_for_update())
    if row is None:
        if (work.session.scalar(select(func.count()).select_from(Missed)) or 0) >= MOST:
            return
        if tries.so_far(work, "missed", asker, now=now) >= tries.LIMITS["missed"].most:
            return
        tries.count(work, "missed", asker, now=now)
        row = Missed(key=key, askers=[], times=0)
        work.session.add(row)
    row.times, row.last_on = row.times + 1, local_date(now)
    if row.words is None:
        row.askers = sorted({*row.askers, keys.blind("words", f"{asker} {text}")})
        if len(row.askers) >= PEOPLE:
            row.words, row.askers = text, []


def forget_old(work: Work, *, now: datetime) -> int:
    """Drop what nobody typed for a while. How many."""
    old = delete(Missed).where(Missed.last_on < local_date(now) - KEPT)
    gone = work.session.execute(old, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", gone).rowcount
