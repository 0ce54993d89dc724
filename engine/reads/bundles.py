"""一件事: the cases that one case opened, and the case that opened one, so that all is followed in one place.

Whoever follows the whole for an office sees of each part whose it is and where it stands, and opens those that are
theirs to see; of a restricted case, and to residents, nothing is told that they may not open. What a list opened one by
one (逐条办理) is followed in its list.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from engine.people import Actor, may, units
from engine.store import Work
from engine.store.models import Case

#: How many parts are shown. A bundle has a handful.
MOST = 30


@dataclass(frozen=True, slots=True)
class Part:
    """A case of the same bundle."""

    number: str
    title: str
    office: str
    status: str
    outcome: str
    stage: str
    due_at: datetime | None
    may_open: bool


@dataclass(frozen=True, slots=True)
class Bundle:
    """What belongs together with a case: the whole it is a part of, and its own parts."""

    whole: Part | None = None
    parts: tuple[Part, ...] = ()


def of_case(work: Work, case: Case, actor: Actor) -> Bundle:
    rows = work.session.scalars(
        select(Case)
        .where(
            or_(
                Case.id == case.parent_id,
                (Case.parent_id == case.id) & (Case.parent_key.is_(None) | Case.parent_key.not_like("each:%")),
            )
        )
        .order_by(Case.id)
        .limit(MOST + 1)
    ).all()
    told = {one.id: _part(work, one, may(actor, "see", one)) for one in rows}
    seen = [one for one in rows if told[one.id].may_open or (actor.kind == "staff" and not one.restricted)]
    whole = next((told[one.id] for one in seen if one.id == case.parent_id), None)
    return Bundle(whole, tuple(told[one.id] for one in seen if one.id != case.parent_id))


def _part(work: Work, one: Case, may_open: bool) -> Part:
    return Part(
        one.number,
        one.matter_name,
        units.place(work, one.office_id).name,
        one.status,
        one.outcome,
        one.stage,
        one.promised_due,
        may_open,
    )
