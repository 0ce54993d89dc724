"""撤回 in every matter of the house, after every step of every story: it is refused and names why, or all is as before
the step. The preview and the result are the same."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import cases
from engine.errors import Refused
from engine.people import load, may
from engine.proof import playing, proving
from engine.reads import case_page
from engine.store.models import Case, Task
from tests.cast import ROOT
from tests.commands.test_recalling import as_it_is

#: Played daily; the others in the wide gate.
DAILY = {"daiban"}


class Watching(playing.Player):
    """Plays a story and, after each commit, tries to take back the step that was completed in it."""

    came: Counter[str] = Counter()

    def __init__(self, *given):
        super().__init__(*given)
        self.before = {}
        self.tried = set()

    def _until(self, moment):
        """Time has passed: a limit may be over, and reminders sent, before the next step is done."""
        super()._until(moment)
        with self.database.reading() as work:
            self.before = {case_id: as_it_is(work, case_id) for case_id in self.before}

    def watch(self, case_id, step):
        super().watch(case_id, step)
        with self.database.reading() as work:
            done = work.session.scalars(
                select(Task)
                .where(Task.case_id == case_id, Task.ended.in_(("APPROVED", "REJECTED")), Task.ended_by_id.is_not(None))
                .order_by(Task.ended_at.desc(), Task.id.desc())
                .limit(1)
            ).first()
            now = as_it_is(work, case_id)
        if done is not None and done.id not in self.tried and case_id in self.before:
            self.tried.add(done.id)
            self.take_back(case_id, done)
        self.before[case_id] = now

    def take_back(self, case_id, task):
        with self.database.reading() as work:
            by = load(work, task.ended_by_id, now=self.now)
            page = (
                case_page.page(work, case_id, actor=by, now=self.now)
                if may(by, "see", work.session.get_one(Case, case_id))
                else None
            )
            offered = page is not None and any("recall" in one.can for one in page.tasks if one.id == task.id)
        with self.database.rehearsal() as work:
            try:
                shown = cases.recall(work, task.id, by=load(work, task.ended_by_id, now=self.now), now=self.now)
            except Refused as refusal:
                assert refusal.zh and refusal.en, "a refusal says why"
                assert not offered, f"{self.story.name}: {task.element} is offered, and then refused: {refusal.zh}"
                self.came["refused"] += 1
                return
            after = as_it_is(work, case_id)
        self.came["granted"] += 1
        assert offered or page is None, f"{self.story.name}: {task.element} would be granted, but nobody is offered it"
        before = self.before[case_id]
        assert {name: after[name] for name in after} == before, f"{self.story.name}: {task.element}"
        with self.database.rehearsal() as work:
            by = load(work, task.ended_by_id, now=self.now)
            assert cases.recall(work, task.id, by=by, now=self.now, expect=shown.token).changes == shown.changes


@pytest.mark.parametrize(
    "name", [name if name in DAILY else pytest.param(name, marks=pytest.mark.wide) for name in matters.names(ROOT)]
)
def test_a_step_is_taken_back_whole_or_not_at_all(name, scratch, monkeypatch):
    monkeypatch.setattr(playing, "Player", Watching)
    Watching.came = Counter()
    verdict = proving.prove(name, matters.read_files(ROOT, name), scratch=scratch)
    assert [finding.message_zh for finding in verdict.findings if finding.severity == "error"] == []
    assert sum(Watching.came.values()) > 0
    if name == "daiban":
        assert Watching.came["granted"] > 0
