"""公示: what the public may read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.commands.effects.facts import key_of
from engine.process import Effect
from engine.records import audit
from engine.store.models import PublicNotice
from engine.workdays import at_end_of_day, local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def publish(a: Applying, effect: Effect) -> None:
    days = int(effect.headers.get("days") or 7)
    until = effect.arguments.get("until")
    last = datetime.fromisoformat(str(until)).date() if until else local_date(a.now) + timedelta(days=days)
    facts = effect.arguments.get("facts")
    a.work.session.add(
        PublicNotice(
            key=key_of(a, effect),
            case_id=a.case.id,
            unit_id=a.case.place_id,
            kind=effect.headers.get("kind", ""),
            facts=dict(facts) if isinstance(facts, Mapping) else {},
            from_at=a.now,
            until_at=at_end_of_day(last),
        )
    )
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "element": effect.element})
