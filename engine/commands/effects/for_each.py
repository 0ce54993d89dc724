"""逐条办理 for-each: what the case asks for is written down here; the job does it (engine.commands.schedules.each)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.process import Effect
from engine.records import audit, jobs
from engine.store.models import ForEach

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: How the key begins by which a case that was opened for an item knows it.
KEY = "each:"


def begin(a: Applying, effect: Effect) -> None:
    row = ForEach(
        case_id=a.case.id,
        effect=effect.id,
        element=effect.element,
        name=(effect.name or effect.element)[:120],
        does=dict(effect.headers),
        given={**effect.arguments, "by": a.by.id},
        began_at=a.now,
    )
    a.work.insert(row)
    jobs.put(a.work, jobs.Kind.FOR_EACH, f"for-each:{row.id}", {"for_each": row.id}, now=a.now, case_id=a.case.id)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "element": effect.element})
