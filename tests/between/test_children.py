"""A case opens another and goes on with what came of it. Parent and child are two cases, two transactions, two ends."""

from __future__ import annotations

from sqlalchemy import select

from engine.commands import cases
from engine.reads import bundles
from engine.store.models import Awaited, Case, Event, Incident, Job
from tests.between import small
from tests.between.small import given, matter, outcome, publish, service, submit, task, waiting, work_off

CHILD = matter(
    "small_child",
    "小件",
    '<startEvent id="s"/><flow s look/>' + task("look", "初审") + "<flow look ok/>"
    '<exclusiveGateway id="ok" default="ok_yes"/><flow ok no when=\'=decision = "不行"\'/><flow ok yes/>'
    + service("no", "decide", "outcome=refuse")
    + service("yes", "decide", "outcome=approve")
    + '<flow no e1/><flow yes e2/><endEvent id="e1"/><endEvent id="e2"/>',
)
PARENT = matter(
    "small_parent",
    "联办件",
    '<startEvent id="s"/><flow s fork/><parallelGateway id="fork"/><flow fork visit/><flow fork ask/>'
    + task("visit", "现场查看")
    + service(
        "ask",
        "run-child-case",
        "matter=small_child",
        given("variables", "={applicant: {name: applicant.name}, order: order}"),
    )
    + '<boundaryEvent id="bad" attachedToRef="ask"><errorEventDefinition errorRef="err"/></boundaryEvent>'
    "<flow bad otherwise/>" + task("otherwise", "另想办法") + "<flow otherwise e2/>"
    "<flow ask read/>"
    + task("read", "看结果")
    + '<flow visit e0/><endEvent id="e0"/><flow read e1/><endEvent id="e1"/><endEvent id="e2"/>',
    '<error id="err" name="子办件未办成" errorCode="CHILD_FAILED"/>',
)
LOOSE = matter(
    "small_loose",
    "另开",
    '<startEvent id="s"/><flow s ask/>'
    + service(
        "ask", "open-child-case", "matter=small_child", given("variables", "={applicant: {name: applicant.name}}")
    )
    + '<flow ask e/><endEvent id="e"/>',
)


def opened(database, cast, clock):
    """(parent, child) with the child waiting for its first look."""
    publish(database, clock(), CHILD, PARENT, LOOSE)
    parent = submit(database, "small_parent", cast.zhang, clock(), order="7")
    assert waiting(database, parent) == {"visit"} and small.of_matter(database, "small_child") == []
    work_off(database, clock())
    (child,) = small.of_matter(database, "small_child")
    return parent, child.id


def test_a_child_is_opened_by_the_worker_and_its_result_comes_back_to_the_parent(database, cast, clock):
    parent, child = opened(database, cast, clock)
    with database.reading() as work:
        row = work.session.get(Case, child)
        assert (row.parent_id, row.channel, row.applicant_id) == (parent, "system", cast.zhang.id)
    assert small.answers(database, child)["order"] == "7"
    small.complete(database, child, "look", cast.wang, clock.on(hours=1), decision="行")
    assert outcome(database, child) == ("finished", "approve")
    assert waiting(database, parent) == {"visit"}  # nothing of the parent in the child's transaction
    work_off(database, clock())
    assert waiting(database, parent) == {"visit", "read"}
    said = small.answers(database, parent)["child"]
    assert said["outcome"] == "approve" and said["result"]["decision"] == "行"
    assert work_off(database, clock.on(hours=1)) == 0
    with database.reading() as work:
        assert work.session.scalars(select(Awaited)).all() == []


def test_a_child_that_fails_leaves_the_parent_as_it_is_and_takes_its_other_way(database, cast, clock):
    parent, child = opened(database, cast, clock)
    small.complete(database, parent, "visit", cast.wang, clock.on(hours=1), decision="看过了")
    small.complete(database, child, "look", cast.wang, clock.on(hours=1), decision="不行")
    work_off(database, clock())
    assert outcome(database, child) == ("finished", "refuse")
    assert waiting(database, parent) == {"otherwise"}
    assert small.answers(database, parent)["decision"] == "看过了"
    small.complete(database, parent, "otherwise", cast.wang, clock.on(hours=1))
    assert outcome(database, parent)[0] == "finished"


def test_a_child_that_is_taken_back_or_ended_by_a_supervisor_is_told_to_the_parent_too(database, cast, clock):
    parent, child = opened(database, cast, clock)
    with database.unit_of_work() as work:
        cases.terminate(work, child, "对方单位撤销了", by=cast.zhao, now=clock.on(hours=1))
    work_off(database, clock())
    assert waiting(database, parent) == {"visit", "otherwise"}


def test_a_child_that_cannot_even_begin_fails_with_a_reason_and_writes_nothing(database, cast, clock):
    publish(database, clock(), PARENT)  # its child's matter is not published
    parent = submit(database, "small_parent", cast.zhang, clock())
    work_off(database, clock())
    assert waiting(database, parent) == {"visit", "otherwise"}
    assert len(small.of_matter(database, "small_child")) == 0
    with database.reading() as work:
        facts = work.session.scalars(select(Event.facts).where(Event.kind == "effect.answered")).one()
        assert facts["error"] == "CHILD_FAILED"
        assert work.session.scalars(select(Incident)).all() == []


def test_a_parent_that_has_ended_hears_nothing_and_the_child_goes_on(database, cast, clock):
    parent, child = opened(database, cast, clock)
    with database.unit_of_work() as work:
        cases.withdraw(work, parent, "不办了", by=cast.zhang, now=clock.on(hours=1))
    small.complete(database, child, "look", cast.wang, clock.on(hours=1), decision="行")
    work_off(database, clock())
    assert outcome(database, parent) == ("withdrawn", "withdrawn") and outcome(database, child)[0] == "finished"


def test_a_child_that_nobody_waits_for_is_opened_once_and_the_parent_is_done_before_it(database, cast, clock):
    publish(database, clock(), CHILD, LOOSE)
    parent = submit(database, "small_loose", cast.zhang, clock())
    assert outcome(database, parent)[0] == "finished"
    work_off(database, clock())
    assert len(small.of_matter(database, "small_child")) == 1
    # The worker died after the commit and before it could say so: the job runs again and finds its case.
    with database.unit_of_work() as work:
        job = work.session.scalars(select(Job).where(Job.kind == "open-child")).one()
        job.state, job.run_after = "ready", clock()
    work_off(database, clock.on(minutes=5))
    assert len(small.of_matter(database, "small_child")) == 1


def test_the_parts_of_a_bundle_are_followed_in_one_place_by_whoever_may_see_them(sqlite, cast, clock):
    parent, child = opened(sqlite, cast, clock)
    with sqlite.reading() as work:
        whole, part = work.session.get(Case, parent), work.session.get(Case, child)
        seen = bundles.of_case(work, whole, cast.zhang)
        assert [(one.number, one.title, one.status) for one in seen.parts] == [(part.number, "小件", "running")]
        assert seen.whole is None and bundles.of_case(work, part, cast.zhang).whole.number == whole.number
        assert bundles.of_case(work, whole, cast.xu) == bundles.Bundle(), "another resident learns of nothing"
        (told,) = bundles.of_case(work, whole, cast.sun).parts
        assert (told.title, told.may_open) == ("小件", False), "another office follows it, and does not open it"
    small.complete(sqlite, child, "look", cast.wang, clock.on(hours=1), decision="不行")
    with sqlite.reading() as work:
        (one,) = bundles.of_case(work, work.session.get(Case, parent), cast.zhang).parts
        assert (one.status, one.outcome) == ("finished", "refuse")
