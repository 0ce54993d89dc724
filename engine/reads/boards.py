"""Numbers first: what is open, late and done, for the units an actor supervises. Each number opens into a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from engine.people import Actor, units
from engine.reads import sight
from engine.store import Work
from engine.store.models import Case, Rating


@dataclass(frozen=True, slots=True)
class Overview:
    """One screen of numbers."""

    by_status: dict[str, int]
    by_colour: dict[str, int]  # running cases only
    by_matter: tuple[tuple[str, str, int, int], ...]  # (matter, name, running, all)
    by_place: tuple[tuple[str, int, int], ...]  # (unit, running, late)
    on_time: float | None  # share of finished cases that ended within the promise; None: none finished
    rating: float | None  # mean of real ratings, 1 to 5; None: none yet
    ratings: int


def overview(work: Work, actor: Actor, *, now: datetime) -> Overview:
    """The numbers of all cases the actor may see, at this moment."""
    seen = sight.of_cases(work, actor)
    running = Case.status.in_(("running", "suspended"))
    status = {
        str(k): int(n)
        for k, n in work.session.execute(select(Case.status, func.count()).where(seen).group_by(Case.status))
    }
    colours = {
        str(k): int(n)
        for k, n in work.session.execute(select(Case.colour, func.count()).where(seen, running).group_by(Case.colour))
    }
    open_count = func.count().filter(running)
    matters = work.session.execute(
        select(Case.matter, func.max(Case.matter_name), open_count, func.count())
        .where(seen)
        .group_by(Case.matter)
        .order_by(func.count().desc())
    ).all()
    late = func.count().filter(running, Case.promised_due <= now)
    places = work.session.execute(
        select(Case.place_id, open_count, late)
        .where(seen)
        .group_by(Case.place_id)
        .order_by(open_count.desc())
        .limit(50)
    ).all()
    finished = func.count().filter(Case.finished_at.is_not(None), Case.promised_due.is_not(None))
    in_time = func.count().filter(func.coalesce(Case.stopped_at, Case.finished_at) <= Case.promised_due)
    total, good = work.session.execute(select(finished, in_time).where(seen, Case.status == "finished")).one()
    mean, count = work.session.execute(
        select(func.avg(Rating.level), func.count())
        .join(Case, Case.id == Rating.case_id)
        .where(seen, Rating.default_unrated.is_(False), Rating.mistaken.is_(False))
    ).one()
    return Overview(
        by_status=status, by_colour=colours, by_matter=tuple((m, n, o, a) for m, n, o, a in matters),
        by_place=tuple((units.place(work, p).name, o, x) for p, o, x in places),
        on_time=good / total if total else None, rating=float(mean) if mean is not None else None, ratings=count,
    )  # fmt: skip
