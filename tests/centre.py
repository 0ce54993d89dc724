"""The city home (进城党群城市家园), whose matters the cast's county does not have from the beginning."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine import matters, people
from engine.people import units
from engine.records import library
from engine.store import Work
from engine.store.models import Holding, Post
from tests.cast import ROOT


def opened(work: Work, clerk: int, *names: str, now: datetime) -> units.Place:
    """The centre, with this clerk at its window, and these matters published."""
    county = units.by_code(work, "350526")
    centre = units.add(
        work, code="350526-FW", name="进城党群城市家园", kind="centre", parent=county, number="1500", word="德中心"
    )
    post = work.session.scalars(select(Post.id).where(Post.code == "window")).one()
    work.session.add(Holding(user_id=clerk, unit_id=centre.id, post_id=post))
    for name in names:
        library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=now)
    return centre
