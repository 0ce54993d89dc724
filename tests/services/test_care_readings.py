"""Health, children, confidence (34, 35, 37 to 41): whatever matter holds such data is read by its handlers alone, and
that somebody of the hall opened it is kept with what for (RULES Y3), once a day, and shown to whom it is about."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import select, update

from engine import matters, people
from engine.commands import cases
from engine.matters import stories
from engine.people import load
from engine.proof import county
from engine.proof.playing import Player
from engine.reads import case_page
from engine.store import Database
from engine.store.models import Case, Reveal, Task, User
from tests.cast import ROOT

#: The services of care and confidence that hold health, children or what somebody confided.
CARE = frozenset({34, 35, 37, 38, 39, 40, 41})
#: Their matters that are read as any other, and why they may be.
PLAIN = {
    "changzhe": "a name and whom to call: nothing of health",
    "ertonghui": "a session: children stand in it by their numbers alone",
    "jiangtang": "talks and courses for everybody",
}


def of_care() -> list[str]:
    found = []
    for name in matters.names(ROOT):
        info = matters.load(ROOT, name).info
        if CARE & {info.service, *info.also}:
            found.append(name)
    return found


def test_every_matter_of_care_is_read_by_its_handlers_alone_or_says_why_not() -> None:
    listed = of_care()
    assert {"jiankang", "fuer", "rizhao", "sidianban", "jieren", "kanhai", "ertongjia", "rongru"} <= set(listed)
    plain = {name for name in listed if matters.load(ROOT, name).info.readers == "normal"}
    assert plain == set(PLAIN) & set(listed)


def test_what_registers_of_care_keep_of_health_and_of_children_has_readers_of_its_own() -> None:
    seen = 0
    for name in of_care():
        for one in matters.load(ROOT, name).declared("registers").values():
            for key, field in one.what.fields.items():  # type: ignore[union-attr]
                if field.kind in ("health", "child"):
                    seen += 1
                    assert field.readers, (name, key)
    assert seen > 20


def begun(package: matters.Package) -> stories.Story | None:
    """A story that a person begins, with a step for the hall's people."""
    for story in stories.book(package).stories:
        by_hand = story.channel in ("online", "counter", "phone") and not story.schedule and not story.facts
        if by_hand and not story.refused and story.consent and any("task" in step for step in story.steps[:1]):
            return story
    return None


RESTRICTED = [name for name in of_care() if matters.load(ROOT, name).info.readers == "restricted"]


@pytest.mark.parametrize("name", [name for name in RESTRICTED if begun(matters.load(ROOT, name)) is not None])
def test_whoever_opens_a_case_of_care_leaves_what_for(sqlite: Database, name: str) -> None:
    package = matters.load(ROOT, name)
    story = begun(package)
    assert story is not None
    now = story.at.astimezone(UTC)
    with sqlite.unit_of_work() as work:
        hall = county.found(work, package, stories.book(package), now=now)
        work.session.execute(update(User).values(proved_at=now))
    player = Player(sqlite, hall, package, story)
    player.submit()
    with sqlite.unit_of_work() as work:
        case = work.session.scalars(select(Case).order_by(Case.id)).first()
        task = work.session.scalars(select(Task).where(Task.state != "ended")).first()
        assert case is not None and task is not None and case.restricted
        by = _able(work, hall, task, now)
    for _n in range(2):
        with sqlite.unit_of_work() as work:
            cases.open_case(work, case_page.by_number(work, case.number, actor=by, now=now), by=by, now=now)
    with sqlite.reading() as work:
        [kept] = work.session.execute(select(Reveal.by_id, Reveal.case_id, Reveal.field, Reveal.purpose)).all()
        assert (kept.by_id, kept.field) == (by.id, "opened:case")
        assert kept.purpose.startswith("办理：") and len(kept.purpose) > 3, kept.purpose
        if case.applicant_id is not None and case.applicant_id != by.id:
            own = case_page.by_number(work, case.number, actor=load(work, case.applicant_id, now=now), now=now)
            assert kept.purpose in str(own.reveals), "shown to whom it is about"


def _able(work: Any, hall: county.Hall, task: Task, now: Any) -> people.Actor:
    """Somebody of the hall who may do the open step."""
    for user_id in (hall.clerk, hall.second, hall.head):
        actor = load(work, user_id, now=now)
        if set(actor.keys) & set(task.candidates):
            return actor
    raise AssertionError(f"Nobody of the story's hall may do {task.element}.")
