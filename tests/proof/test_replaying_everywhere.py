"""Ended stories of every matter, replayed on the version they went by: none is said to differ from itself, and one that
cannot be replayed says why."""

from __future__ import annotations

import pytest

from engine import matters
from engine.proof import Scratch, playing, replaying
from engine.proof.proving import Stage
from engine.store.models import Case
from tests.cast import ROOT

#: In every run; the others in the wide one.
NEAR = ("daiban",)
#: So many ended stories of each matter.
STORIES = 2


def recorded(package: matters.Package, scratch: Scratch) -> list[replaying.Record]:
    """What a hall keeps of the matter's first stories that come to an end."""
    stage, found = Stage(package, scratch), []
    for story in stage.book.stories:
        if len(found) == STORIES or not story.end.get("finished") or story.refused:
            continue
        with scratch.inside() as database:
            hall = stage.set(story)
            played = playing.play(database, hall, package, story)
            with database.reading() as work:
                if work.session.get_one(Case, played.case_id).finished_at is not None:
                    found.append(replaying.record(work, played.case_id))
    return found


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in NEAR else pytest.mark.wide) for name in matters.names(ROOT)]
)
def test_no_case_differs_from_itself_on_its_own_version(scratch, name):
    package = matters.load(ROOT, name)
    records = recorded(package, scratch)
    with replaying.Replay(package, package) as replay:
        went = [replay.of(one) for one in records]
    assert [one.differences for one in went if one.differences] == []
    assert all(one.hindered is None or all(one.hindered) for one in went)
    if name in NEAR:
        assert records and [one.hindered for one in went] == [None] * len(records)
