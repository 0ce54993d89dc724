"""移送: a case changes its office. Its time runs on, its tasks and its papers go along, the office before keeps
sight."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import NotFound, NotNow
from engine.people import may, units
from engine.reads import case_list, case_page
from engine.records import audit, papers
from engine.store.models import Case, Document, Event, Notice, RegisterEntry, Task
from tests.between import small
from tests.between.small import complete, given, matter, publish, service, submit, task, waiting

REFER = service(
    "refer",
    "refer-case",
    inputs=given("unit", "=substring before(decision, &quot;：&quot;)")
    + given("reason", "=substring after(decision, &quot;：&quot;)"),
)
ASKS = matter(
    "small_refers",
    "移送的事",
    '<startEvent id="s"/><flow s paper/>'
    + service("paper", "issue-paper", "kind=closing", given("facts", "={result: &quot;先行告知&quot;}"))
    + "<flow paper look/>"
    + task("look", "看归谁管")
    + '<flow look split/><parallelGateway id="split"/><flow split refer/><flow split note/>'
    + task("note", "另记一笔")
    + "<flow note join/>"
    + REFER
    + "<flow refer do/>"
    + task("do", "办理")
    + '<flow do join/><parallelGateway id="join"/><flow join e/><endEvent id="e"/>',
)


@pytest.fixture
def referred(database, cast, clock):
    """`referred(to, why)`: a case that 医保局 took up and refers; its id."""
    publish(database, clock(), ASKS)

    def refer(to="MZ", why="属民政职责"):
        case_id = submit(database, "small_refers", cast.zhang, clock())
        complete(database, case_id, "look", cast.wang, clock.on(hours=1), decision=f"{to}：{why}")
        return case_id

    return refer


def test_the_new_office_has_it_with_all_that_waits_and_the_clock_runs_on(database, cast, clock, referred):
    case_id = referred()
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.office_id, case.received_at) == (cast.mz.id, case.received_at)
        tasks = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).all()
        assert {(t.element, t.state, t.unit_id, tuple(t.candidates)) for t in tasks} == {
            ("note", "open", cast.mz.id, (f"p:{cast.mz.id}:reviewer",)),
            ("do", "open", cast.mz.id, (f"p:{cast.mz.id}:reviewer",)),
        }
        kinds = [e.facts["clock"] for e in work.session.scalars(select(Event).where(Event.kind == "case.clock"))]
        assert kinds.count("received") == 1, "received once, and never again"
        assert audit.verify(work).faults == ()
    complete(database, case_id, "do", cast.sun, clock.on(minutes=5), decision="好")
    complete(database, case_id, "note", cast.sun, clock.on(minutes=5), decision="好")
    assert small.outcome(database, case_id)[0] == "finished"


def test_the_slip_says_what_goes_along_and_its_text_can_be_drawn(database, cast, clock, referred):
    case_id = referred()
    with database.reading() as work:
        slip = work.session.scalars(
            select(Document).where(Document.case_id == case_id, Document.kind == "transfer")
        ).one()
        said = slip.facts["transfer"]
        assert (said["from"], said["to"], said["reason"]) == ("德化县医疗保障局", "德化县民政局", "属民政职责")
        assert [p["title"] for p in said["papers"]] == ["办结通知单"]
        assert slip.facts["organ"]["name"] == "德化县医疗保障局", "who hands over signs"
        html = papers.compose(papers.library().kind("transfer"), slip.facts, sample=True).html
        assert "德化县民政局" in html and "不因移送重新起算" in html
        entry = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "移送台账")).one()
        assert entry.facts == {"from": "德化县医疗保障局", "to": "德化县民政局", "reason": "属民政职责"}


def test_the_receiving_office_is_told_and_the_record_says_from_whom_to_whom(database, cast, clock, referred):
    referred()
    with database.reading() as work:
        told = work.session.scalars(select(Notice).where(Notice.kind == "referred")).all()
        assert {n.user_id for n in told} == {cast.sun.id}
        assert "德化县医疗保障局移送给你们" in told[0].text
        event = work.session.scalars(select(Event).where(Event.kind == "case.referred")).one()
        assert (event.facts["from"], event.facts["to"]) == (cast.yb.id, cast.mz.id)
        assert sorted(event.facts["tasks"]) == ["do", "note"]
        assert "属民政" not in str(event.facts), "no words in the record"


def test_the_office_before_goes_on_seeing_it_and_does_nothing_more_in_it(database, cast, clock, referred):
    case_id = referred()
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        for one in (cast.wang, cast.zhao):  # who did it, and the head of that office
            assert may(one, "see", case) and not may(one, "reveal", case) and not may(one, "supervise", case)
        assert not may(cast.chen, "work", case)
        assert [c.id for c in case_list.search(work, case.number, actor=cast.zhao, now=clock())] == [case_id]
        assert case_id not in {c.id for c in case_list.listed(work, cast.zhao, now=clock())}, "on no list of theirs"
        assert case_list.search(work, case.number, actor=cast.huang, now=clock()) == []
        assert may(cast.sun, "reveal", case)
        task_id = work.session.scalar(select(Task.id).where(Task.case_id == case_id, Task.element == "do"))
    with pytest.raises(Exception, match="may not claim|没有权限签收|Not yours"), database.unit_of_work() as work:
        cases.claim(work, task_id, version=None, by=cast.wang, now=clock())


def test_a_task_somebody_holds_there_is_open_again_for_the_new_office(database, cast, clock):
    body = (
        '<startEvent id="s"/><flow s split/><parallelGateway id="split"/><flow split look/><flow split note/>'
        + task("look", "看归谁管")
        + "<flow look refer/>"
        + REFER
        + "<flow refer join/>"
        + task("note", "另记一笔")
        + '<flow note join/><parallelGateway id="join"/><flow join e/><endEvent id="e"/>'
    )
    publish(database, clock(), matter("small_held", "移送时有人在办", body))
    case_id = submit(database, "small_held", cast.zhang, clock())
    with database.unit_of_work() as work:
        note = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.element == "note")).one()
        cases.claim(work, note.id, version=note.version, by=cast.li, now=clock())
    complete(database, case_id, "look", cast.wang, clock(), decision="350526-MZ：属民政职责")
    with database.reading() as work:
        note = work.session.get(Task, note.id)
        assert (note.state, note.assignee_id, note.candidates) == ("open", None, [f"p:{cast.mz.id}:reviewer"])
    complete(database, case_id, "note", cast.sun, clock(), decision="好")
    assert small.outcome(database, case_id)[0] == "finished"


@pytest.mark.parametrize(
    "to, why, error, words",
    [
        ("XX", "属民政职责", NotFound, "XX"),
        ("YB", "属民政职责", NotNow, "already"),
        ("MZ", "", NotNow, "reason"),
    ],
)
def test_a_wrong_unit_or_no_reason_is_refused_and_nothing_is_written(
    database, cast, clock, referred, to, why, error, words
):
    with pytest.raises(error, match=words):
        referred(to, why)
    with database.reading() as work:
        case = work.session.scalars(select(Case)).one()
        assert (case.office_id, waiting(database, case.id)) == (cast.yb.id, {"look"})
        assert work.session.scalar(select(RegisterEntry.id)) is None


ORDER = service("order", "dispatch-order", inputs=given("unit", "=decision"))
DISPATCHED = matter(
    "small_dispatched",
    "派单的事",
    '<startEvent id="s"/><flow s look/>'
    + task("look", "看派给谁")
    + "<flow look split/>"
    + '<parallelGateway id="split"/><flow split order/><flow split note/>'
    + task("note", "另记一笔")
    + "<flow note join/>"
    + ORDER
    + "<flow order do/>"
    + task("do", "办理")
    + '<flow do join/><parallelGateway id="join"/><flow join which/>'
    + '<exclusiveGateway id="which" default="which_elsewhere"/>'
    + "<flow which there when='=case.office = &quot;350526-MZ&quot;'/><flow which elsewhere/>"
    + task("there", "在接单单位")
    + "<flow there e/>"
    + task("elsewhere", "还在原单位")
    + '<flow elsewhere e/><endEvent id="e"/>',
)


def dispatched(database, cast, clock):
    publish(database, clock(), DISPATCHED)
    case_id = submit(database, "small_dispatched", cast.zhang, clock())
    complete(database, case_id, "look", cast.wang, clock.on(hours=1), decision="MZ")
    return case_id


def test_steps_opened_together_with_a_dispatch_wait_for_the_office_that_it_went_to(database, cast, clock):
    case_id = dispatched(database, cast, clock)
    with database.reading() as work:
        tasks = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).all()
        assert {(t.element, t.unit_id, tuple(t.candidates)) for t in tasks} == {
            ("note", cast.mz.id, (f"p:{cast.mz.id}:reviewer",)),
            ("do", cast.mz.id, (f"p:{cast.mz.id}:reviewer",)),
        }


def test_the_preview_of_a_dispatch_names_who_will_have_the_steps(database, cast, clock):
    publish(database, clock(), DISPATCHED)
    case_id = submit(database, "small_dispatched", cast.zhang, clock())
    with database.unit_of_work() as work:
        look = work.session.scalars(select(Task).where(Task.case_id == case_id)).one()
        cases.claim(work, look.id, version=look.version, by=cast.wang, now=clock())
    with database.unit_of_work() as work:
        look = work.session.get(Task, look.id)
        done = cases.complete(
            work, look.id, {"decision": "MZ"}, version=look.version, by=cast.wang, now=clock.on(hours=1)
        )
        opens = {change.name: change.who for change in done.changes if change.what == "opens"}
    assert set(opens) == {"另记一笔", "办理"} and all("德化县民政局" in who for who in opens.values()), opens


@pytest.mark.parametrize("way", ["dispatch", "refer"])
def test_the_variable_case_says_the_office_that_has_it_now(database, cast, clock, referred, way):
    case_id = dispatched(database, cast, clock) if way == "dispatch" else referred()
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert case.answers["case"]["office"] == "350526-MZ"
        assert case.answers["case"]["number"] == case.number, "the rest stays"
        assert case.answers["case"]["unit_name"] == units.place(work, case.unit_id).name, "who took it in, by name"
    for step in ("do", "note"):
        complete(database, case_id, step, cast.sun, clock.on(minutes=5), decision="好")
    if way == "dispatch":
        assert waiting(database, case_id) == {"there"}, "conditions read it"


def test_what_happens_after_the_referral_is_not_the_office_before_s_to_read(database, cast, clock, referred):
    case_id = referred()
    left = clock()
    complete(database, case_id, "do", cast.sun, clock.on(hours=2), decision="民政的意见")
    with database.reading() as work:
        before = case_page.page(work, case_id, actor=cast.zhao, now=clock())
        assert (before.office, before.status) == ("德化县民政局", "running")
        assert [step.element for step in before.tasks] == ["look"] and before.passed == ("look",)
        assert before.record and max(line.at for line in before.record) <= left
        assert before.papers and not before.answers and before.desk is None and before.can == ()
        assert before.where.zh.startswith("已移送德化县民政局") and "民政的意见" not in str(before)
        now = case_page.page(work, case_id, actor=cast.sun, now=clock())
        assert {"look", "do", "note"} <= {step.element for step in now.tasks} and now.answers
