"""Releasing a draft: proved, approved by a second designer, in force from a day on; broken never replaces working."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from engine.commands import studio
from engine.commands.worker import background
from engine.errors import AlreadyDone, Invalid, NotNow, NotYours
from engine.people import load
from engine.proof import drafting, playing, releases
from engine.records import library
from engine.store.models import Event, Holding, Incident, Post, StudioDraft, StudioRelease
from engine.workdays import ZONE
from tests import foreign

NAME = foreign.NAME
DRAWING = f"bpmn/{NAME}/process.bpmn"


@pytest.fixture
def content(tmp_path):
    foreign.write(tmp_path / "content")
    return tmp_path / "content"


@pytest.fixture
def designers(database, cast, clock, content):
    """Two of them, and the small matter published."""
    from engine.proof import publishing

    with database.unit_of_work() as work:
        foreign.hire(work, clock())
        post = work.session.scalars(select(Post).where(Post.code == "designer")).one()
        work.session.add(Holding(user_id=cast.users["chen"], unit_id=cast.county.id, post_id=post.id))
    plan = publishing.look(database, content, now=clock())
    publishing.publish(database, plan, by=cast.designer, note="begin", now=clock())
    with database.reading() as work:
        return cast.designer, load(work, cast.users["chen"], now=clock())


def draft(database, by, now, words="一"):
    """A draft that says something new; (id, revision)."""
    with database.unit_of_work() as work:
        made = studio.begin(work, NAME, by=by, now=now)
        text = studio.whole(work, made)[DRAWING]
        text = text.replace(b"</bpmn:definitions>", f"<!-- {words} --></bpmn:definitions>".encode())
        kept = studio.save(work, made.id, DRAWING, text, base=made.revision, by=by, now=now)
        return made.id, kept.revision


def ask(database, drawn, content, by, now, *, second=False, at=None, note="为了清楚"):
    return releases.ask(
        database,
        drawn[0],
        revision=drawn[1],
        note=note,
        in_force_at=at,
        second=second,
        content=content,
        by=by,
        now=now,
    )[1]


def current(database):
    with database.reading() as work:
        return library.current(work, NAME).version


def last(database):
    with database.reading() as work:
        found = releases.last(work, NAME)
        assert found is not None
        return found


def approve(database, content, by, now, why="看过对比和回放"):
    return releases.approve(database, last(database).id, why=why, content=content, by=by, now=now)


def events(database, kind):
    with database.reading() as work:
        return work.session.scalars(select(Event).where(Event.kind == kind)).all()


def test_without_a_second_person_it_is_in_force_at_once(database, designers, clock, content):
    before = current(database)
    drawn = draft(database, designers[0], clock())
    assert ask(database, drawn, content, designers[0], clock()) == "published"
    assert current(database) == last(database).version != before
    with database.reading() as work:
        assert work.session.get_one(StudioDraft, drawn[0]).state == "published"


def test_whoever_drew_it_cannot_approve_it_and_another_can(database, designers, clock, content):
    one, other = designers
    before, drawn = current(database), draft(database, one, clock())
    assert ask(database, drawn, content, other, clock(), second=True) == "asked"
    for by in designers:  # one drew it, the other asked for it
        with pytest.raises(NotYours):
            approve(database, content, by, clock())
    with database.unit_of_work() as work:
        releases.cancel(work, last(database).id, by=other, now=clock())
    assert ask(database, drawn, content, one, clock(), second=True) == "asked"
    assert current(database) == before
    with pytest.raises(Invalid):
        approve(database, content, other, clock(), why=" ")
    assert approve(database, content, other, clock()).good
    assert current(database) == last(database).version != before
    (told,) = events(database, "matter.release-approved")
    assert told.by_id == other.id and told.facts["note"] == "看过对比和回放"
    with pytest.raises(AlreadyDone):
        approve(database, content, other, clock())


def test_what_is_sent_back_is_not_published_and_the_draft_stays_open(database, designers, clock, content):
    before, drawn = current(database), draft(database, designers[0], clock())
    ask(database, drawn, content, designers[0], clock(), second=True)
    with database.unit_of_work() as work:
        releases.refuse(work, last(database).id, why="期限太短", by=designers[1], now=clock())
    assert (current(database), last(database).state, last(database).why) == (before, "refused", "期限太短")
    assert draft(database, designers[0], clock(), "二")[0] == drawn[0], "the same draft goes on"


def test_on_its_day_the_worker_puts_it_in_force(database, designers, clock, content):
    before, drawn = current(database), draft(database, designers[0], clock())
    at = clock().astimezone(ZONE).replace(day=25, hour=8)
    assert ask(database, drawn, content, designers[0], clock(), at=at) == "scheduled"
    background.run(database, playing.equipment(), now=clock())
    assert current(database) == before
    clock.now = at
    background.run(database, playing.equipment(), now=clock())
    assert (current(database), last(database).state) == (last(database).version, "published")
    assert [one.facts["in_force_at"] for one in events(database, "matter.release-scheduled")]


def test_approved_after_its_day_it_is_in_force_at_once(database, designers, clock, content):
    drawn = draft(database, designers[0], clock())
    at = clock().astimezone(ZONE).replace(hour=23)
    assert ask(database, drawn, content, designers[0], clock(), second=True, at=at) == "asked"
    clock.on(days=1)
    assert approve(database, content, designers[1], clock()).good
    assert last(database).state == "published"


def test_who_goes_on_with_the_draft_changes_nothing_of_what_waits(database, designers, clock, content):
    drawn = draft(database, designers[0], clock())
    at = clock().astimezone(ZONE).replace(day=25, hour=8)
    ask(database, drawn, content, designers[0], clock(), at=at)
    frozen = last(database).version
    clock.on(minutes=5)
    again = draft(database, designers[0], clock(), "二")
    clock.now = at
    background.run(database, playing.equipment(), now=clock())
    assert current(database) == frozen
    with database.reading() as work:
        row = work.session.get_one(StudioDraft, again[0])
        assert (row.state, row.based_on) == ("open", frozen), "it begins from what is in use now"


def test_when_another_version_came_into_use_meanwhile_it_is_not_put_over_it(database, designers, clock, content):
    first, drawn = current(database), draft(database, designers[0], clock())
    assert ask(database, drawn, content, designers[0], clock()) == "published"
    second = current(database)
    at = clock().astimezone(ZONE).replace(day=25, hour=8)
    ask(database, draft(database, designers[0], clock(), "二"), content, designers[0], clock(), at=at)
    drafting.choose(database, NAME, first, note="退回", by=designers[1], now=clock())
    clock.now = at
    background.run(database, playing.equipment(), now=clock())
    assert current(database) == first != second
    assert last(database).state == "failed" and "另一版" in last(database).told[0]
    with database.reading() as work:
        assert "另一版" in (work.session.scalars(select(Incident)).one().zh or "")


def test_what_is_broken_by_its_day_does_not_replace_what_works(database, designers, clock, content):
    before, drawn = current(database), draft(database, designers[0], clock())
    at = clock().astimezone(ZONE).replace(day=25, hour=8)
    ask(database, drawn, content, designers[0], clock(), at=at)
    with database.unit_of_work() as work:  # as if the program had dropped what it needs
        row = work.session.scalars(select(StudioRelease)).one()
        files = releases.files(work, last(database))
        broken = files[DRAWING].replace(b'decisionId="needs-tag"', b'decisionId="needs-nothing"')
        row.content = zipped({**files, DRAWING: broken})
    clock.now = at
    background.run(database, playing.equipment(), now=clock())
    assert (current(database), last(database).state) == (before, "failed")


def zipped(files) -> bytes:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_what_is_cancelled_is_not_published_on_its_day(database, designers, clock, content):
    before, drawn = current(database), draft(database, designers[0], clock())
    at = clock().astimezone(ZONE).replace(day=25, hour=8)
    ask(database, drawn, content, designers[0], clock(), at=at)
    with pytest.raises(NotNow):
        ask(database, drawn, content, designers[0], clock())
    with database.unit_of_work() as work:
        releases.cancel(work, last(database).id, by=designers[1], now=clock())
    with pytest.raises(AlreadyDone), database.unit_of_work() as work:
        releases.cancel(work, last(database).id, by=designers[1], now=clock())
    clock.now = at
    background.run(database, playing.equipment(), now=clock())
    assert current(database) == before


def test_days_that_are_over_or_far_away_and_no_reason_are_refused(database, designers, clock, content):
    drawn = draft(database, designers[0], clock())
    for at in (clock(), clock().replace(year=2028)):
        with pytest.raises(Invalid):
            ask(database, drawn, content, designers[0], clock(), at=at)
    with pytest.raises(Invalid):
        ask(database, drawn, content, designers[0], clock(), note=" ")


@pytest.mark.both
def test_two_who_publish_the_same_draft_at_once_publish_it_once(database, designers, clock, content):
    drawn, began, said = draft(database, designers[0], clock()), threading.Barrier(2), []
    drafting.prove_and_keep(database, drawn[0], revision=drawn[1], content=content, by=designers[0], now=clock())

    def go(by) -> None:
        began.wait()
        try:
            said.append(ask(database, drawn, content, by, clock()))
        except (AlreadyDone, NotNow, studio.Overtaken) as late:
            said.append(type(late).__name__)

    threads = [threading.Thread(target=go, args=(by,)) for by in designers]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(said)[-1] == "published" and said.count("published") == 1, said
    with database.reading() as work:
        assert len(work.session.scalars(select(StudioRelease)).all()) == 1
