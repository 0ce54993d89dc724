"""The hall's own Applying: the fourth beat with the table of who carries out what. Every verb on a case begins it here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine import matters
from engine.commands import wiring
from engine.commands.applying import Applying
from engine.people import Actor
from engine.store import Work
from engine.store.models import Case, Task


def change(
    work: Work,
    case: Case,
    package: matters.Package,
    by: Actor,
    now: datetime,
    *,
    live: Iterable[Task] = (),
    for_id: int | None = None,
) -> Applying:
    """`live`: the case's tasks that have not ended. `for_id`: on whose behalf `by` acts (代理)."""
    return Applying(
        work,
        case,
        package,
        by,
        now,
        handlers=wiring.EFFECTS,
        after_case=wiring.AFTER_CASE,
        live=list(live),
        for_id=for_id,
    )
