"""Every story of every matter once more, for real: by the commands, on a database, with people who hold the posts.

The pure player (tests/matters) shows that a diagram goes as its designer wrote. Here the same story makes rows: its
papers are issued with every fact their kind asks for, and the record holds together.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import isodate
import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import appointments, cases
from engine.errors import Invalid
from engine.matters import stories
from engine.people import apart, holders, units
from engine.records import audit, documents, library, papers
from engine.store import Database
from engine.store.models import (
    Appointment,
    AppointmentSlot,
    Awaited,
    Case,
    Document,
    Holding,
    Post,
    Resource,
    Slot,
    Task,
    Timer,
    Unit,
    User,
)
from tests import cast as the_cast
from tests.services import mediating

ROOT = Path(__file__).resolve().parent.parent.parent


def every_story() -> Iterator[Any]:
    for name in matters.names(ROOT):
        for n, story in enumerate(stories.read(matters.load(ROOT, name))):
            yield pytest.param(name, n, id=f"{name}-{story.name}")


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


class Teller:
    """Tells one story by commands."""

    def __init__(self, database: Database, name: str, story: stories.Story) -> None:
        self.database, self.story, self.name = database, story, name
        self.now = story.at.astimezone(UTC)
        self.who = hire_everybody(database, matters.load(ROOT, name), self.now)

    def actor(self, work: Any, user_id: int) -> people.Actor:
        return people.load(work, user_id, now=self.now)

    def tell(self) -> int:
        story = self.story
        channel = story.channel
        with self.database.unit_of_work() as work:
            booked = self.booking(work, story.facts["appointment"]) if "appointment" in story.facts else None
            by = self.actor(work, self.who.clerk if channel != "online" else self.who.users["zhang"])
            done = cases.submit(
                work,
                self.name,
                story.answers,
                by=by,
                now=self.now,
                channel=channel,
                variables=story.facts,
                place=units.by_code(work, "350526106201"),
                applicant_id=self.who.users["zhang"],
                key=appointments.request_key(booked) if booked is not None else None,
            )
            if booked is not None:
                booked.case_id = done.case.id
            self.case_id, self.number = done.case.id, done.case.number
        for step in story.steps:
            self.step(step)
        return self.case_id

    def booking(self, work: Any, facts: dict[str, Any]) -> Appointment:
        """The booking that the story speaks of, as `booking.confirm` has it when it begins the case."""
        begins, ends = (datetime.fromisoformat(facts[at]).astimezone(UTC) for at in ("starts_at", "ends_at"))
        window = Resource(
            code="story", unit_id=1, kind="window", name="综合窗口", matter=self.name, items=[], policy={}
        )
        work.session.add(window)
        work.session.flush()
        slot = Slot(
            resource_id=window.id,
            starts_at=begins,
            ends_at=ends,
            kind=facts["kind"],
            public_capacity=1,
            public_taken=1,
        )
        made = Appointment(
            number=facts["number"],
            code=facts["number"],
            resource_id=window.id,
            matter=self.name,
            state="confirmed",
            channel=facts["channel"],
            starts_at=begins,
            ends_at=ends,
            kind=facts["kind"],
            user_id=self.who.users["zhang"],
            person_index="story",
            name=self.story.answers["applicant"]["name"],
            phone=self.story.answers["applicant"]["phone"],
            booked_at=self.now,
        )
        work.session.add_all([slot, made])
        work.session.flush()
        work.session.add(AppointmentSlot(appointment_id=made.id, slot_id=slot.id))
        return made

    def step(self, step: Any) -> None:
        if "at" in step:
            self.until(stories._when(step["at"]).astimezone(UTC))
        if "wait" in step:
            self.until(self.now + isodate.parse_duration(str(step["wait"])))
        with self.database.unit_of_work() as work:
            if "open" in step:
                live = work.session.scalars(
                    select(Task.element).where(Task.case_id == self.case_id, Task.state != "ended")
                )
                assert sorted(live) == sorted(step["open"])
            if "task" in step:
                self.complete(work, step)
            elif "message" in step:
                key = self.number if step.get("key") == "350526-STORY" else step.get("key")
                done = cases.deliver(
                    work, self.case_id, step["message"], step.get("variables"), key=key, by=people.SYSTEM, now=self.now
                )
                assert done is not None, f"nobody waits for {step['message']}"
            elif "answer" in step:
                waits = work.session.scalars(
                    select(Awaited).where(Awaited.case_id == self.case_id, Awaited.element == step["answer"])
                ).one()
                error = (str(step["error"]), "") if step.get("error") else None
                cases.answer(
                    work, self.case_id, waits.key, step.get("variables"), by=people.SYSTEM, now=self.now, error=error
                )
            elif "return" in step:
                task = self.task(work, step["return"])
                by = self.holder(work, task)
                if task.state == "open":
                    cases.claim(work, task.id, version=task.version, by=by, now=self.now)
                cases.return_(work, task.id, step["to"], "请补充", version=task.version, by=by, now=self.now)

    def task(self, work: Any, element: str) -> Task:
        return work.session.scalars(
            select(Task)
            .where(Task.case_id == self.case_id, Task.element == element, Task.state != "ended")
            .order_by(Task.id)
            .limit(1)  # a step that everybody does at once has as many tasks: the story does one after the other
        ).one()

    def holder(self, work: Any, task: Task) -> people.Actor:
        residents = task.candidates == [f"u:{self.who.users['zhang']}"]
        clerk = self.who.other if self.who.clerk in apart.read(task.apart) else self.who.clerk
        return self.actor(work, self.who.users["zhang"] if residents else clerk)

    def complete(self, work: Any, step: Any) -> None:
        task = self.task(work, step["task"])
        by = self.holder(work, task)
        answers = step.get("answers") or {}
        if "refused" in step:
            with pytest.raises(Invalid) as refused:
                cases.complete(work, task.id, answers, version=task.version, by=by, now=self.now)
            assert sorted(refused.value.by_field()) == sorted(step["refused"])
            work.session.rollback()
            return
        cases.complete(work, task.id, answers, version=task.version, by=by, now=self.now)

    def until(self, moment: datetime) -> None:
        while True:
            with self.database.unit_of_work() as work:
                timer = work.session.scalar(
                    select(Timer)
                    .where(Timer.case_id == self.case_id, Timer.due_at <= moment)
                    .order_by(Timer.due_at, Timer.id)
                    .limit(1)
                )
                if timer is None:
                    break
                self.now = max(self.now, timer.due_at)
                cases.fire(work, timer, now=self.now)
        self.now = max(self.now, moment)


@pytest.mark.parametrize(("name", "n"), list(every_story()))
def test_the_story_goes_as_written_in_the_database_too(sqlite, name, n):
    package = matters.load(ROOT, name)
    story = stories.read(package)[n]
    case_id = Teller(sqlite, name, story).tell()
    with sqlite.reading() as work:
        case = work.session.get(Case, case_id)
        issued = work.session.scalars(select(Document).where(Document.case_id == case_id).order_by(Document.id)).all()
        kinds = [d.kind for d in issued]
        if "papers" in story.end:
            # The hall itself gives a receipt when it takes in and when it hands over (engine.commands.effects.hall_papers).
            wanted = story.end["papers"]
            assert [k for k in kinds if k in wanted or k not in ("receipt", "service_receipt")] == wanted
        assert (case.status == "finished") == bool(story.end.get("finished"))
        if story.end.get("outcome"):
            assert case.outcome == story.end["outcome"]
        for paper in issued:
            _, kind = documents.kind_of(package, paper.kind)
            made = papers.compose(kind, paper.facts, sample=True)
            assert paper.title in made.html and "Undefined" not in made.html
        assert audit.verify(work).faults == ()
