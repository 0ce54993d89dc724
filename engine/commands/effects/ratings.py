"""好差评: asking for a rating, and setting a mistaken one aside."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.commands.effects.facts import key_of
from engine.commands.effects.notices import RATING, say_to
from engine.deadlines.rating import rating_rules
from engine.process import Effect
from engine.records import audit, jobs
from engine.store.models import Rating
from engine.workdays import local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def ask(a: Applying, effect: Effect) -> None:
    template = a.package.info.notices.get("rating") or RATING
    say_to(a, key_of(a, effect), "rating", template, "applicant", channels=("screen",))
    until = rating_rules(local_date(a.now)).until(a.now)
    jobs.put(
        a.work,
        jobs.Kind.CLOSE_RATING,
        f"unrated:{key_of(a, effect)}",
        {"case": a.case.id},
        now=a.now,
        case_id=a.case.id,
        after=until + timedelta(minutes=1),
    )


def set_aside(a: Applying, effect: Effect) -> None:
    """An appeal was upheld by the unit above: the rating of the parent case counts no more (RULES E3)."""
    rating = a.work.session.scalar(select(Rating).where(Rating.case_id == a.case.parent_id, Rating.step == ""))
    if rating is not None:  # a case that no rating opened (tried out by hand) has none to set aside
        rating.mistaken = True
    a.record(audit.Kind.RATING_SET_ASIDE, facts={"rating": rating.id if rating is not None else None})
