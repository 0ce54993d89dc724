"""迁移: cases that run go on under another version of their matter, where they stand; or stay, with why."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from engine.commands import cases, moving
from engine.commands.equipment import Equipment
from engine.commands.worker import background
from engine.errors import AlreadyDone, Invalid, NotNow, NotYours
from engine.reads import case_page
from engine.records import audit, library
from engine.store import again
from engine.store.models import Case, MovedCase, Task, Timer, VersionMove
from tests import versions
from tests.commands import acting

#: 医保参保登记 has another id; what is a rename and nothing else.
RENAMED = versions.renamed("register", "enrol")


def step_more(text: str) -> str:
    """A step more behind 医保参保登记: 核对参保信息."""
    more = """<bpmn:userTask id="look_again" name="复核登记"><bpmn:extensionElements>
      <zeebe:formDefinition formId="register"/><zeebe:assignmentDefinition candidateGroups="医保审核"/>
      </bpmn:extensionElements></bpmn:userTask>
      <bpmn:sequenceFlow id="f-again" sourceRef="look_again" targetRef="registered_how"/>"""
    flow = re.search(r'<bpmn:sequenceFlow id="f-register-registered_how"[^>]*?/?>', text)
    assert flow is not None
    to = flow[0].replace('targetRef="registered_how"', 'targetRef="look_again"')
    return text.replace(flow[0], more + to)


def drawn(*changes):
    def change(text):
        for one in changes:
            text = one(text)
        return text

    return change


def published(database, cast, clock, drawing=str, matter=str):
    return versions.publish(
        database, "daiban", drawing, matter, by=cast.hong if hasattr(cast, "hong") else cast.zhao, now=clock()
    )


def move(database, case_id, to, by, now, chosen=None, why="新版本改了登记一步"):
    with database.unit_of_work() as work:
        return cases.move_version(work, case_id, to, chosen or {}, why, by=by, now=now)


def whole(database, case_id):
    """What is kept of a case and its steps."""
    with database.reading() as work:
        case = work.session.scalar(select(Case).where(Case.id == case_id).options(undefer(Case.state)))
        tasks = work.session.scalars(select(Task).where(Task.case_id == case_id).order_by(Task.id)).all()
        timers = work.session.scalars(select(Timer).where(Timer.case_id == case_id).order_by(Timer.key)).all()
        return (
            (case.version_hash, case.state, case.stage, case.promised_due, case.statutory_due, case.colour),
            [(t.id, t.key, t.element, t.name, t.state, t.assignee_id, t.due_at, t.candidates, t.form) for t in tasks],
            [(t.key, t.element, t.due_at, t.wake_at) for t in timers],
        )


def test_a_claimed_step_stays_the_same_row_in_the_same_hands_with_the_same_days(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    task_id = acting.claim(database, case_id, cast.wang, clock.on(minutes=5))
    before = whole(database, case_id)
    to = published(database, cast, clock, RENAMED)
    done, row = move(database, case_id, to, cast.zhao, clock.on(minutes=5))
    after = whole(database, case_id)
    assert after[0][0] == to and after[0][2:] == before[0][2:]
    one, was = after[1][-1], before[1][-1]
    assert one[0] == was[0] == task_id and (one[2], was[2]) == ("enrol", "register")
    assert one[3:8] == was[3:8] and one[5] == cast.wang.id
    assert not done.opened and row.state == "moved"
    acting.complete(database, case_id, acting.REGISTER, cast.wang, clock.on(minutes=5))
    assert acting.now_open(database, case_id).element == "hand_over"


def test_who_why_from_which_and_to_which_version_stands_in_the_record_and_the_history_stays(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with database.reading() as work:
        before, lines = work.session.get(Case, case_id).version_hash, len(list(audit.history(work, case_id)))
    to = published(database, cast, clock, RENAMED)
    move(database, case_id, to, cast.zhao, clock.on(minutes=5))
    with database.reading() as work:
        events = list(audit.history(work, case_id))
        assert len(events) == lines + 1 and events[-1].kind == audit.Kind.CASE_MIGRATED
        assert events[-1].by_id == cast.zhao.id
        told = events[-1].facts
        assert (told["from"], told["to"]) == (before, to)
        assert work.session.get(VersionMove, told["move"]).why == "新版本改了登记一步", "sealed: it may name somebody"
        assert audit.verify(work).faults == ()
        page = case_page.page(work, case_id, actor=cast.zhao, now=clock())
        assert [line.zh for line in page.record][-1].startswith("改按另一个版本办")


def test_a_step_ahead_is_done_by_a_case_that_was_moved_as_by_one_that_came_there(database, cast, clock):
    old = acting.accepted(database, cast, clock)
    to = published(database, cast, clock, step_more)
    new = acting.accepted(database, cast, clock)
    move(database, old, to, cast.zhao, clock())
    for case_id in (old, new):
        acting.claim(database, case_id, cast.wang, clock())
        acting.complete(database, case_id, acting.REGISTER, cast.wang, clock())
    first, second = (acting.now_open(database, one) for one in (old, new))
    assert first.element == second.element == "look_again"
    assert (first.candidates, first.due_at, first.form) == (second.candidates, second.due_at, second.form)


def test_what_was_promised_stays_though_the_new_version_promises_another_day(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    before = whole(database, case_id)[0][3]
    to = published(database, cast, clock, matter=versions.replaced(("promised: 5wd", "promised: 3wd")))
    move(database, case_id, to, cast.zhao, clock())
    assert whole(database, case_id)[0][3] == before
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert case.limits_before == {"regime": "insurance_registration", "promised": "5wd"}
        page = case_page.page(work, case_id, actor=cast.zhao, now=clock())
        assert page.account.leading.due_at == before
    again = published(database, cast, clock, matter=versions.replaced(("promised: 3wd", "promised: 5wd"), ("B", "B")))
    move(database, case_id, again, cast.zhao, clock())
    with database.reading() as work:
        assert work.session.get(Case, case_id).limits_before is None, "it promises what was promised"


def test_a_case_at_a_step_that_is_no_more_stays_and_says_why_until_somebody_names_another(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    before = whole(database, case_id)
    to = published(
        database, cast, clock, drawn(RENAMED, versions.replaced(("医保参保登记", "办理登记"), ('"enrol"', '"enrol"')))
    )
    with pytest.raises(cases.CannotMove) as refused:
        move(database, case_id, to, cast.zhao, clock(), {"daiban/register": ""})
    assert "停在“医保参保登记”，新版本里没有这一步" in refused.value.zh
    assert whole(database, case_id) == before
    move(database, case_id, to, cast.zhao, clock(), {"daiban/register": "enrol"})
    assert acting.now_open(database, case_id).name == "办理登记"


def test_a_new_form_is_looked_at_before_it_is_sent_and_what_was_typed_is_not_lost(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    task_id = acting.claim(database, case_id, cast.wang, clock())
    seen = acting.now_open(database, case_id).version
    to = published(database, cast, clock, versions.replaced(('formId="register"', 'formId="visit"')))
    with database.unit_of_work() as work:
        cases.save_draft(work, f"task:{task_id}", {"registration": {"number": "3505"}}, by=cast.wang, now=clock())
    with pytest.raises(cases.CannotMove, match="half filled in"):
        move(database, case_id, to, cast.zhao, clock())
    with database.unit_of_work() as work:
        cases.save_draft(work, f"task:{task_id}", {}, by=cast.wang, now=clock())
        cases.move_version(work, case_id, to, {}, "换表单", by=cast.zhao, now=clock())
    with pytest.raises(AlreadyDone), database.unit_of_work() as work:
        cases.complete(work, task_id, acting.REGISTER, version=seen, by=cast.wang, now=clock())


def test_an_unclaimed_step_waits_for_whom_the_new_version_means_and_a_claimed_one_stays(database, cast, clock):
    free, taken = acting.accepted(database, cast, clock), acting.accepted(database, cast, clock)
    acting.claim(database, taken, cast.wang, clock())
    to = published(
        database,
        cast,
        clock,
        matter=versions.replaced(
            (
                "医保审核: {post: reviewer, at: office, name: 医保审核}",
                "医保审核: {post: head, at: office, name: 医保审核}",
            )
        ),
    )
    move(database, free, to, cast.zhao, clock())
    move(database, taken, to, cast.zhao, clock())
    assert acting.now_open(database, free).candidates == [f"p:{cast.yb.id}:head"]
    assert acting.now_open(database, taken).assignee_id == cast.wang.id


def test_only_a_head_of_its_office_an_operator_or_a_designer_s_plan_moves_a_case(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    to = published(database, cast, clock, RENAMED)
    for other in (cast.wang, cast.chen, cast.zhang, cast.qian):
        with pytest.raises(NotYours):
            move(database, case_id, to, other, clock())
    with pytest.raises(Invalid):
        move(database, case_id, to, cast.zhao, clock(), why="  ")


def test_a_case_that_has_ended_or_runs_on_that_version_is_not_moved(database, cast, clock):
    case_id = acting.finished(database, cast, clock)
    to = published(database, cast, clock, RENAMED)
    with pytest.raises(NotNow, match="has ended"):
        move(database, case_id, to, cast.zhao, clock())
    fresh = acting.submit(database, cast.zhang, clock())
    with pytest.raises(NotNow, match="runs on this one"):
        move(database, fresh, to, cast.zhao, clock())


# ---------------------------------------------------------------- back again


def test_a_move_is_put_back_to_the_last_row_while_nobody_acted(database, cast, clock):
    case_id = acting.delivered(database, cast, clock)
    before = whole(database, case_id)
    to = published(
        database,
        cast,
        clock,
        drawn(versions.renamed("register", "enrol"), versions.renamed("visit", "call")),
    )
    _, row = move(database, case_id, to, cast.zhao, clock())
    assert whole(database, case_id) != before
    with database.unit_of_work() as work:
        cases.undo_move(work, row.id, by=cast.zhao, now=clock())
    assert whole(database, case_id) == before
    with database.reading() as work:
        assert list(audit.history(work, case_id))[-1].kind == audit.Kind.CASE_PUT_BACK
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.undo_move(work, row.id, by=cast.zhao, now=clock())
    acting.visited(database, case_id, cast.zhou, clock)


def test_a_move_is_not_put_back_once_somebody_has_claimed_a_step(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    to = published(database, cast, clock, RENAMED)
    _, row = move(database, case_id, to, cast.zhao, clock())
    acting.claim(database, case_id, cast.wang, clock())
    with pytest.raises(NotNow, match="has acted"), database.unit_of_work() as work:
        cases.undo_move(work, row.id, by=cast.zhao, now=clock())
    with database.reading() as work:
        assert work.session.get(Case, case_id).version_hash == to


# ---------------------------------------------------------------- many


def work_off(database, now):
    class NoPress:
        def render(self, job):
            raise AssertionError("no paper is made here")

    for _ in range(50):
        with database.unit_of_work() as work:
            from engine.records import jobs

            taken = jobs.lease(work, "test", now=now, most=1, kinds=["move-cases"])
        if not taken:
            return
        background.do(database, taken[0], Equipment(press=NoPress()), now, background.JOBS)


def planned(database, cast, clock, to, *case_ids, chosen=None, by=None):
    with database.unit_of_work() as work:
        frm = {one: work.session.get(Case, one).version_hash for one in case_ids}
        plan = moving.begin(work, "daiban", to, chosen or {}, frm, "改了登记一步", by=by or cast.designer, now=clock())
        return plan.id


def states(database, plan):
    with database.reading() as work:
        rows = work.session.scalars(select(MovedCase).where(MovedCase.move_id == plan).order_by(MovedCase.case_id))
        return {row.case_id: (row.state, [zh for zh, _ in row.told]) for row in rows}


def test_the_worker_moves_those_that_can_and_says_of_each_other_why(database, cast, clock):
    early, late = acting.taken_in(database, cast, clock), acting.accepted(database, cast, clock)
    to = published(database, cast, clock, drawn(RENAMED, versions.replaced(("医保参保登记", "办理登记"))))
    frm = whole(database, early)[0][0]
    plan = planned(database, cast, clock, to, early, late, chosen={frm: {"daiban/register": ""}})
    work_off(database, clock())
    found = states(database, plan)
    assert found[early][0] == "moved" and found[late][0] == "refused"
    assert "新版本里没有这一步" in found[late][1][0]
    with database.reading() as work:
        assert work.session.get(VersionMove, plan).state == "done"
        last = list(audit.history(work, early))[-1]
        assert (last.by_id, last.facts["why"]) == (cast.designer.id, "改了登记一步")
    assert whole(database, late)[0][0] == frm


def test_a_plan_is_stopped_goes_on_and_is_put_back_where_nobody_acted(database, cast, clock):
    one, two = acting.accepted(database, cast, clock), acting.accepted(database, cast, clock)
    before = whole(database, one), whole(database, two)
    to = published(database, cast, clock, RENAMED)
    plan = planned(database, cast, clock, to, one, two)
    with pytest.raises(NotNow, match="being moved already"):
        planned(database, cast, clock, to, one)
    with database.unit_of_work() as work:
        moving.stop(work, plan, by=cast.designer, now=clock())
    work_off(database, clock())
    assert {state for state, _ in states(database, plan).values()} == {"waiting"}
    with database.unit_of_work() as work:
        moving.go_on_again(work, plan, by=cast.designer, now=clock())
    work_off(database, clock())
    assert {state for state, _ in states(database, plan).values()} == {"moved"}
    acting.claim(database, two, cast.wang, clock())
    with database.unit_of_work() as work:
        moving.undo(work, plan, by=cast.designer, now=clock())
    work_off(database, clock())
    found = states(database, plan)
    assert found[one][0] == "undone" and found[two][0] == "kept" and "已经有人办过" in found[two][1][0]
    assert whole(database, one) == before[0] and whole(database, two)[0][0] == to != before[1][0][0]


def test_a_turn_that_is_done_twice_moves_nobody_twice(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    plan = planned(database, cast, clock, published(database, cast, clock, RENAMED), case_id)
    with database.reading() as work:
        row = work.session.scalars(select(MovedCase.id).where(MovedCase.move_id == plan)).one()
    for _ in range(2):
        moving.one_case(database, plan, row, "moving", clock())
    assert states(database, plan)[case_id][0] == "moved"
    with database.reading() as work:
        kinds = [event.kind for event in audit.history(work, case_id)]
        assert kinds.count(audit.Kind.CASE_MIGRATED) == 1


@pytest.mark.both
def test_a_move_and_an_act_at_once_are_done_one_after_the_other_and_nothing_is_lost(database, cast, clock):
    for turn in range(3):
        case_id = acting.accepted(database, cast, clock)
        acting.claim(database, case_id, cast.wang, clock())
        name = "register" if turn == 0 else f"enrol{turn}"
        to = published(database, cast, clock, versions.renamed(name, f"enrol{turn + 1}"))
        both = (
            lambda case_id=case_id: acting.complete(database, case_id, acting.REGISTER, cast.wang, clock()),
            lambda case_id=case_id, to=to: move(database, case_id, to, cast.zhao, clock()),
        )
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(again, one) for one in both]:
                done.result()
        assert whole(database, case_id)[0][0] == to
        assert acting.now_open(database, case_id).element == "hand_over"
        with database.reading() as work:
            assert audit.verify(work).faults == ()


def test_only_a_designer_makes_a_plan_and_no_choice_is_of_another_kind_or_made_twice(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    to = published(database, cast, clock, RENAMED)
    frm = whole(database, case_id)[0][0]
    for other in (cast.zhao, cast.wang, cast.zhang):
        with pytest.raises(NotYours):
            planned(database, cast, clock, to, case_id, by=other)
    for chosen in (
        {"daiban/register": "presence"},
        {"daiban/nobody": "enrol"},
        {"daiban/register": "nothing"},
        {"daiban/register": "accept", "daiban/accept": "accept"},
    ):
        with pytest.raises(Invalid):
            planned(database, cast, clock, to, case_id, chosen={frm: chosen})
    with pytest.raises(Invalid):
        planned(database, cast, clock, to)


def test_a_confidential_case_is_in_no_designer_s_plan(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with database.unit_of_work() as work:
        work.session.get(Case, case_id).confidential = True
    to = published(database, cast, clock, RENAMED)
    plan = planned(database, cast, clock, to, case_id)
    assert states(database, plan) == {}
    with database.reading() as work:
        frm = work.session.get(Case, case_id).version_hash
        assert moving.everything(work, "daiban", frm, by=cast.designer) == {}
        assert library.current(work, "daiban").version == to
