"""Small verbs for the tests of hand-overs: each in a unit of work of its own, as a request would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from engine import matters, people
from engine.commands import cases, handovers
from engine.commands.handovers import Given
from engine.people import holders, units
from engine.records import files, library
from engine.records import handovers as proofs
from engine.store import Database, keys
from engine.store.models import Handover, HandoverLink, Holding, Post, Task, User
from tests.cast import ROOT

MATTER = "jisong"
YAMS = {
    "parcel": {"what": "地瓜一箱", "class": "plain", "weight": 5, "value": 50, "open": True},
    "applicant": {"name": "张三丰", "phone": "13800000001"},
    "receiver": {"name": "苏明月", "phone": "13900001234"},
}
FOUND = {"found": "yes", "carrier": {"name": "郑顺路", "phone": "13900005678"}}
#: A pen's path with enough ink in it.
INK = "M20 60 L40 80 L60 70 L90 120 L120 60 L150 130 L190 70 L230 120 L270 60 L310 110"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


@dataclass
class Moving:
    """The hall and who is there: user ids by short name."""

    database: Database
    clock: Callable[[], datetime]
    users: dict[str, int]

    def submit(self, matter: str = MATTER, **changes: Any) -> int:
        with self.database.unit_of_work() as work:
            by = people.load(work, self.users["zhang"], now=self.clock())
            return cases.submit(work, matter, {**YAMS, **changes}, by=by, now=self.clock()).case.id

    def complete(self, case_id: int, by: str, answers: dict[str, Any]) -> None:
        with self.database.unit_of_work() as work:
            actor = people.load(work, self.users[by], now=self.clock())
            task = work.session.scalar(select(Task).where(Task.case_id == case_id, Task.state != "ended"))
            assert task is not None
            cases.claim(work, task.id, version=task.version, by=actor, now=self.clock())
            cases.complete(work, task.id, answers, version=task.version, by=actor, now=self.clock())

    def link(self, case_id: int, n: int | None = None) -> HandoverLink:
        """The open link, or the nth; detached."""
        with self.database.reading() as work:
            query = (
                select(HandoverLink)
                .join(Handover)
                .where(Handover.case_id == case_id)
                .options(joinedload(HandoverLink.handover), selectinload(HandoverLink.signs))
            )
            query = query.where(HandoverLink.n == n) if n else query.where(HandoverLink.state == "open")
            found = work.session.scalar(query)
            assert found is not None, "no such link"
            work.session.expunge_all()
            return found

    def chain(self, case_id: int) -> Handover:
        with self.database.reading() as work:
            found = work.session.scalar(select(Handover).where(Handover.case_id == case_id))
            assert found is not None
            work.session.expunge_all()
            return found

    def act(self, case_id: int, by: str, outcome: Any = "done", **given: Any) -> HandoverLink:
        """The open link ends by this person, with the other end's six digits unless `given` says what is shown."""
        link = self.link(case_id)
        with self.database.unit_of_work() as work:
            actor = people.load(work, self.users[by], now=self.clock())
            if "proof" not in given and "signature" not in given and "witness" not in given:
                mine = "giver" if link.giver_key in actor.keys else "receiver"
                given["proof"] = proofs.code(link, proofs.other(mine))  # type: ignore[arg-type]
            return handovers.act(work, link.id, outcome, Given(**given), by=actor, now=self.clock())

    def photo(self, by: str) -> int:
        with self.database.unit_of_work() as work:
            actor = people.load(work, self.users[by], now=self.clock())
            return files.upload(work, PNG, "wet.png", by=actor, now=self.clock(), field="photos").id

    def carried(self) -> int:
        """A parcel that the carrier has: it is on its way to the county seat."""
        case_id = self.submit()
        self.act(case_id, "chen")
        self.complete(case_id, "chen", FOUND)
        self.act(case_id, "zheng")
        return case_id


def opened(database: Database, clock: Callable[[], datetime]) -> Moving:
    now = clock()
    with database.unit_of_work() as work:
        county = units.tree(work).county
        fw = units.add(
            work, code="350526-FW", name="城市家园", kind="centre", parent=county, number="1500", word="德家"
        )
        post = work.session.scalars(select(Post).where(Post.code == "window")).one()
        lai = User(kind="staff", login="lai", name="赖晓梅", created_at=now)
        work.session.add(lai)
        work.session.flush()
        work.session.add(Holding(user_id=lai.id, unit_id=fw.id, post_id=post.id))
        for name, phone in (("苏明月", "13900001234"), ("郑顺路", "13900005678")):
            place = units.by_code(work, "350526106201").id
            work.session.add(
                User(
                    kind="resident",
                    name=name,
                    phone=phone,
                    phone_index=keys.blind("phone", phone),
                    place_id=place,
                    created_at=now,
                )
            )
        work.session.flush()
        units.forget(work)
        holders.forget(work)
        library.publish(work, matters.load(ROOT, MATTER), by=people.SYSTEM, now=now)
        names = {"张三丰": "zhang", "许小妹": "xu", "苏明月": "ming", "郑顺路": "zheng"}
        users = {user.login or names[user.name]: user.id for user in work.session.scalars(select(User))}
    return Moving(database, clock, users)
