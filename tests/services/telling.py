"""A story of a matter told on a test's own database, with the tests' cast: up to a step, for what is tried from there
on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from engine import matters, people
from engine.matters import stories
from engine.people import holders, units
from engine.proof.county import Hall
from engine.proof.playing import Player
from engine.records import library
from engine.store import Database
from engine.store.models import Holding, Post, Unit, User
from tests import cast as the_cast
from tests.services import mediating

ROOT = Path(__file__).resolve().parent.parent.parent


def hire_everybody(database: Database, package: matters.Package, now: datetime) -> SimpleNamespace:
    """The usual cast, and one clerk who holds every post this matter's diagram names, everywhere."""
    with database.unit_of_work() as work:
        cast = the_cast.hire(work, now, ())
        library.publish(work, package, by=people.SYSTEM, now=now)
        county = cast.county
        wanted = {package.info.office, *(g.at for g in package.info.groups.values())}
        for n, code in enumerate(sorted(wanted), 1900):
            if code.isupper() and f"350526-{code}" not in units.tree(work).by_code:
                units.add(
                    work,
                    code=f"350526-{code}",
                    name=f"{code}局",
                    kind="office",
                    parent=county,
                    number=str(n),
                    word="德",
                )
        clerk = User(kind="staff", login="everyone", name="万能工", created_at=now)
        other = User(kind="staff", login="another", name="帮手", created_at=now)  # where the first must keep away
        work.session.add_all([clerk, other])
        work.session.flush()
        posts = {p.code: p.id for p in work.session.scalars(select(Post))}
        for group in package.info.groups.values():
            if group.post not in posts:
                post = Post(code=group.post, name=group.name or group.post, name_en=group.post, role="clerk")
                work.session.add(post)
                work.session.flush()
                posts[group.post] = post.id
        places = list(work.session.scalars(select(Unit.id)))
        work.session.add_all(
            Holding(user_id=who.id, unit_id=place, post_id=posts[post])
            for who in (clerk, other)
            for place in places
            for post in {g.post for g in package.info.groups.values()}
        )
        work.session.flush()
        units.forget(work)
        holders.forget(work)
        mediators = {}
        if package.name == "tiaojie":
            office = units.by_code(work, "350526-SF").id
            mediators = mediating.hire_mediators(work, office, now)
            mediating.open_room(work, office, now.date(), now)
        return SimpleNamespace(users=cast.users, clerk=clerk.id, other=other.id, mediators=mediators)


class Teller(Player):
    """Tells one story by the player's own commands; nothing falls due in between unless the story waits."""

    def __init__(self, database: Database, name: str, story: stories.Story) -> None:
        package = matters.load(ROOT, name)
        self.who = hire_everybody(database, package, story.at.astimezone(UTC))
        hall = Hall(self.who.users["zhang"], self.who.clerk, self.who.other, self.who.clerk, "350526106201")
        super().__init__(database, hall, package, story)

    def tell(self) -> int:
        self.submit()
        for step in self.story.steps:
            self.do(step)
        return self.case_id

    def actor(self, work: Any, user_id: int) -> people.Actor:
        return people.load(work, user_id, now=self.now)
