"""A replay that is asked for on a draft: the worker goes through it bit by bit, and the page says how far it is."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import select

from engine.commands import studio
from engine.commands.worker import background
from engine.errors import Invalid, NotNow, NotYours
from engine.proof import playing, replays
from engine.proof.replaying import Went
from engine.store.models import StudioReplay
from tests.cast import ROOT
from tests.commands import acting
from tests.proof.test_replaying import MATTER, NAME

SAME, OTHER = Went("1"), Went("2", (("“收件”的期限早 1 天", "sooner"),))


@pytest.fixture
def designer(cast):
    return cast.designer


def equipment():
    return dataclasses.replace(playing.equipment(), replay=replays.turn)


def work_off(database, now) -> None:
    while background.run(database, equipment(), now=now):
        pass


def draft(database, by, now, *, promised: str = "3wd"):
    with database.unit_of_work() as work:
        made = studio.begin(work, NAME, by=by, now=now)
        text = studio.whole(work, made)[MATTER].replace(b"promised: 5wd", f"promised: {promised}".encode())
        kept = studio.save(work, made.id, MATTER, text, base=0, by=by, now=now)
        return made.id, kept.revision


def ask(database, draft_id, revision, by, now, most=20):
    with database.unit_of_work() as work:
        return replays.ask(work, draft_id, revision=revision, most=most, content=ROOT, by=by, now=now).id


def newest(database, draft_id):
    with database.reading() as work:
        found = replays.newest(work, draft_id)
        assert found is not None
        return found


def test_ended_cases_are_replayed_by_the_worker_and_what_would_be_other_stands_in_words(
    database, cast, clock, designer
):
    for _ in range(2):
        acting.finished(database, cast, clock)
    acting.submit(database, cast.zhang, clock())
    draft_id, revision = draft(database, designer, clock())
    first = ask(database, draft_id, revision, designer, clock())
    assert ask(database, draft_id, revision, designer, clock()) == first, "it is under way"
    assert not newest(database, draft_id).over
    work_off(database, clock())
    found = newest(database, draft_id)
    assert (found.over, found.done, found.of, found.same, found.others) == (True, 2, 2, 0, 2)
    assert [(g.said[0][0][:4], g.n, len(g.numbers)) for g in found.other] in (
        [("承诺时限", 2, 2)],
        [("承诺时限", 1, 1), ("承诺时限", 1, 1)],
    )
    assert found.hindered == () and found.failed == ""
    with database.reading() as work:
        assert work.session.scalars(select(StudioReplay)).one().content is None, "what was replayed is not kept twice"


def test_a_turn_ends_after_some_cases_and_the_next_goes_on(database, cast, clock, designer, monkeypatch):
    monkeypatch.setattr(replays, "TURN", 1)
    monkeypatch.setattr(replays, "PORTION", 1)
    for _ in range(2):
        acting.finished(database, cast, clock)
    draft_id, revision = draft(database, designer, clock(), promised="5wd  # as it was")
    id_ = ask(database, draft_id, revision, designer, clock())
    assert replays.turn(database, id_, clock()) is True
    assert (newest(database, draft_id).done, newest(database, draft_id).over) == (1, False)
    assert replays.turn(database, id_, clock()) is False
    assert (newest(database, draft_id).same, newest(database, draft_id).over) == (2, True)
    assert replays.turn(database, id_, clock()) is False, "it is over"


def test_two_workers_at_one_replay_count_no_case_twice(database, cast, clock, designer):
    acting.finished(database, cast, clock)
    draft_id, revision = draft(database, designer, clock())
    id_ = ask(database, draft_id, revision, designer, clock())
    assert replays._note(database, id_, 0, [SAME]) is True
    assert replays._note(database, id_, 0, [SAME]) is False
    assert newest(database, draft_id).same == 1


def test_cases_of_which_the_same_is_said_stand_together_the_largest_first():
    found = replays.merged({}, [SAME, OTHER, dataclasses.replace(OTHER, number="3")])
    found = replays.merged(found, [dataclasses.replace(OTHER, number=""), Went("5", hindered=("清除了", "erased"))])
    assert found == {
        "same": 1,
        "other": [{"said": [["“收件”的期限早 1 天", "sooner"]], "n": 3, "numbers": ["2", "3"]}],
        "hindered": [{"said": [["清除了", "erased"]], "n": 1, "numbers": ["5"]}],
    }


def test_without_a_case_there_is_nothing_to_replay_and_it_is_over_at_once(database, cast, clock, designer):
    draft_id, revision = draft(database, designer, clock())
    ask(database, draft_id, revision, designer, clock())
    work_off(database, clock())
    assert (newest(database, draft_id).of, newest(database, draft_id).over) == (0, True)


def test_who_may_not_design_asks_for_none_and_odd_amounts_and_stale_drafts_are_refused(database, cast, clock, designer):
    draft_id, revision = draft(database, designer, clock())
    with pytest.raises(NotYours):
        ask(database, draft_id, revision, cast.chen, clock())
    with pytest.raises(Invalid):
        ask(database, draft_id, revision, designer, clock(), most=7)
    with pytest.raises(studio.Overtaken):
        ask(database, draft_id, revision - 1, designer, clock())


def test_a_worker_that_replays_nothing_leaves_it_to_another(database, cast, clock, designer):
    draft_id, revision = draft(database, designer, clock())
    ask(database, draft_id, revision, designer, clock())
    assert background.run(database, playing.equipment(), now=clock()) == 1
    assert not newest(database, draft_id).over
    clock.on(minutes=1)
    work_off(database, clock())
    assert newest(database, draft_id).over


def test_a_new_matter_has_no_cases_to_replay(database, cast, clock, designer):
    with database.unit_of_work() as work:
        made = studio.begin_new(work, "jiaxin", "寄家信", {}, by=designer, now=clock())
        with pytest.raises(NotNow):
            replays.ask(work, made.id, revision=0, most=20, content=ROOT, by=designer, now=clock())
