"""Every command on a case: works, wrong person, wrong moment, twice, two at once, what was recorded, what the clock
says."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select

from engine.commands import cases
from engine.commands.cases import changing
from engine.commands.hall import absences
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow, NotYours
from engine.people import actor as actors
from engine.people import bonds
from engine.records import audit, notices
from engine.store.models import Case, Document, Draft, Event, Job, Listed, Notice, Reveal, Task, Timer
from engine.workdays import ZONE, local_date
from tests import listed
from tests.cast import DAIBAN
from tests.commands import acting


def case_of(database, case_id):
    with database.reading() as work:
        return work.session.get(Case, case_id)


def kinds_of(database, case_id):
    with database.reading() as work:
        return [e.kind for e in audit.history(work, case_id)]


# ---------------------------------------------------------------- 提交


def test_an_application_gets_a_number_a_task_a_due_day_and_an_event(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    case = case_of(database, case_id)
    assert case.number == "350526-20260918-3201-0001-8"
    assert (case.status, case.stage, case.applicant_name) == ("running", "代办收件", "张三丰")
    assert case.flags == ["老年"] and case.colour == "green"
    assert case.promised_due is not None or case.deemed_at is not None or case.step_due is not None
    assert kinds_of(database, case_id) == ["case.submitted", "case.clock", "document.issued"]


def test_numbers_of_an_office_and_day_have_no_gaps_even_after_a_refusal(database, cast, clock):
    acting.submit(database, cast.zhang, clock())
    with pytest.raises(Invalid), database.unit_of_work() as work:
        cases.submit(work, "daiban", {**DAIBAN, "agree": False}, by=cast.zhang, now=clock())
    second = acting.submit(database, cast.zhang, clock())
    assert case_of(database, second).number.split("-")[3] == "0002"


def test_each_fault_of_an_application_is_named_by_its_field(database, cast, clock):
    bad = {**DAIBAN, "applicant": {**DAIBAN["applicant"], "id_number": "350526195003071238", "name": ""}}
    with pytest.raises(Invalid) as refused, database.unit_of_work() as work:
        cases.submit(work, "daiban", bad, by=cast.zhang, now=clock())
    faults = refused.value.by_field()
    assert set(faults) == {"applicant.id_number", "applicant.name"}
    assert faults["applicant.name"].zh == "请填写“姓名”。" and "校验码" in faults["applicant.id_number"].zh


def test_the_same_request_sent_twice_makes_one_case(database, cast, clock):
    first = acting.submit(database, cast.zhang, clock(), key="form-1")
    assert acting.submit(database, cast.zhang, clock(), key="form-1") == first
    assert acting.submit(database, cast.xu, clock(), key="form-1") != first


def test_an_unknown_matter_is_not_found(database, cast, clock):
    with pytest.raises(NotFound), database.unit_of_work() as work:
        cases.submit(work, "nowhere", {}, by=cast.zhang, now=clock())


def test_an_agent_applies_for_a_villager(database, cast, clock):
    case_id = acting.submit(database, cast.chen, clock(), channel="agent", applicant_id=cast.users["zhang"])
    case = case_of(database, case_id)
    with database.reading() as work:
        agent = bonds.mandate(work, case, local_date(clock()))
        assert (agent.holder_name, agent.subject_id, agent.scope) == ("陈小云", cast.users["zhang"], f"case:{case_id}")
    assert "代办" in case.flags and case.applicant_id == cast.users["zhang"]


def test_personal_data_is_not_readable_in_the_database(sqlite, clock):
    from engine import people
    from tests import cast as the_cast

    with sqlite.unit_of_work() as work:
        zhang = people.load(work, the_cast.hire(work, clock()).users["zhang"], now=clock())
    acting.submit(sqlite, zhang, clock())
    sqlite.close()
    folder = sqlite.files.parent
    held = b"".join(path.read_bytes() for path in folder.glob("hall.db*"))
    for secret in ("张三丰", "13800000001", "350526195003071239", "苏洋村12号"):
        assert secret.encode() not in held


# ---------------------------------------------------------------- 签收, 退签, 暂存


def test_the_second_claimer_is_told_who_has_it(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task = acting.now_open(database, case_id)
    acting.claim(database, case_id, cast.chen, clock())
    with pytest.raises(AlreadyDone) as refused, database.unit_of_work() as work:
        cases.claim(work, task.id, version=task.version, by=cast.lin, now=clock())
    assert refused.value.facts["who"] == "陈*云" and "签收" in refused.value.zh


def test_an_agent_of_another_village_is_refused(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    with pytest.raises(NotYours):
        acting.claim(database, case_id, cast.huang, clock())


def test_unclaiming_gives_it_back_to_all_candidates(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task_id = acting.claim(database, case_id, cast.chen, clock())
    with database.unit_of_work() as work:
        cases.unclaim(work, task_id, version=None, by=cast.chen, now=clock())
    with database.reading() as work:
        assert [task for task, _key in listed.candidates(work)] == [task_id]
    acting.claim(database, case_id, cast.lin, clock())


@pytest.mark.parametrize("lost", [False, True], ids=["as they were", "one row lost before"])
def test_who_may_claim_the_next_step_is_written_over_who_might_have_claimed_this_one(database, cast, clock, lost):
    case_id = acting.submit(database, cast.zhang, clock())
    if lost:
        with database.unit_of_work() as work:
            work.session.execute(delete(Listed))
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())
    with database.reading() as work:
        tasks = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state == "open")).all()
        wanted = [(task.id, key) for task in tasks for key in task.candidates]
        assert wanted and listed.candidates(work) == sorted(wanted)
    listed.must_be_right(database, clock())


@pytest.mark.parametrize("cleared", [["a"], ["gone"], ["a", "gone"]])
def test_a_timer_that_is_set_takes_the_row_of_one_that_is_cleared_and_a_worker_finds_its_fence_grown(
    database, cast, clock, cleared
):
    case_id = acting.submit(database, cast.zhang, clock())
    due = clock() + timedelta(days=1)

    def timer(key):
        return Timer(case_id=case_id, key=key, element="e", kind="date", due_at=due, wake_at=due, fence=3, attempts=2)

    with database.unit_of_work() as work:
        work.session.add(timer("a"))
    with database.unit_of_work() as work:
        applying = changing.change(work, work.session.get(Case, case_id), by=cast.chen, now=clock())
        news = [
            Timer(case_id=case_id, key=f"new {n}", element="f", kind="date", due_at=due, wake_at=due)
            for n in range(len(cleared))
        ]
        applying._set_timers(cleared, news)
    with database.reading() as work:
        kept = {t.key: t for t in work.session.scalars(select(Timer).where(Timer.case_id == case_id))}
    assert {k for k, t in kept.items() if t.element == "f"} == {f"new {n}" for n in range(len(cleared))}
    assert ("a" in kept) == ("a" not in cleared)
    assert all(t.attempts == 0 for t in kept.values() if t.element == "f")
    if cleared == ["a"]:
        assert kept["new 0"].fence == 4


def test_a_draft_survives_and_goes_when_the_task_is_done(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task_id = acting.claim(database, case_id, cast.chen, clock())
    with database.unit_of_work() as work:
        cases.save_draft(work, f"task:{task_id}", {"decision": "acc"}, by=cast.chen, now=clock())
    with database.reading() as work:
        assert cases.draft_of(work, f"task:{task_id}", by=cast.chen) == {"decision": "acc"}
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())
    with database.reading() as work:
        assert work.session.scalars(select(Draft.id)).all() == []


# ---------------------------------------------------------------- 办理


def test_completing_keeps_the_answers_and_opens_the_next_step(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with database.reading() as work:
        taken, first, second = work.session.scalars(select(Task).where(Task.case_id == case_id).order_by(Task.id)).all()
        assert (taken.element, taken.ended_by_id) == ("take_in", cast.users["chen"])
        assert (first.state, first.ended, first.ended_by_id) == ("ended", "APPROVED", cast.users["wang"])
        assert first.result["decision"] == "accept"
        assert (second.element, second.state) == ("register", "open")
    assert kinds_of(database, case_id) == [
        "case.submitted",
        "case.clock",
        "document.issued",
        "task.claimed",
        "task.completed",
        "bond.made",
        "effect.asked",
        "document.issued",
        "document.issued",
        "effect.answered",
        "task.claimed",
        "task.completed",
        "case.clock",
        "case.accepted",
        "document.issued",
    ]


def test_a_paper_and_its_notice_are_queued_in_the_same_commit(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with database.reading() as work:
        papers = work.session.scalars(select(Document).where(Document.case_id == case_id).order_by(Document.id)).all()
        assert [p.kind for p in papers] == ["receipt", "authority", "proxy_acceptance", "acceptance"]
        paper = papers[-1]
        assert (paper.kind, paper.state, paper.number) == ("acceptance", "pending", "德医保受〔2026〕1号")
        assert paper.facts["deadline"]["promised_on"] and paper.facts["applicant"]["name"] == "张三丰"
        assert sorted(j.kind for j in work.session.scalars(select(Job))) == ["render-paper"] * 4 + ["send-notice"]
        assert {n.channel for n in work.session.scalars(select(Notice))} == {"sms", "screen"}


def test_wrong_answers_change_nothing(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    acting.claim(database, case_id, cast.chen, clock())
    before = case_of(database, case_id)
    with pytest.raises(Invalid):
        acting.complete(database, case_id, {"identity_checked": True}, cast.chen, clock())
    after = case_of(database, case_id)
    assert (after.version, after.events_count) == (before.version, before.events_count)


def test_somebody_who_has_not_claimed_it_cannot_complete_it(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    acting.claim(database, case_id, cast.chen, clock())
    with pytest.raises(AlreadyDone):
        acting.complete(database, case_id, acting.TAKE_IN, cast.lin, clock())
    with pytest.raises(NotYours):
        acting.complete(database, case_id, acting.TAKE_IN, cast.huang, clock())


def test_a_task_done_already_says_by_whom_and_when(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task_id = acting.claim(database, case_id, cast.chen, clock())
    seen = acting.now_open(database, case_id).version
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())
    with pytest.raises(AlreadyDone) as refused, database.unit_of_work() as work:
        cases.complete(work, task_id, acting.TAKE_IN, version=seen, by=cast.chen, now=clock())
    assert refused.value.facts["who"] == "陈*云" and refused.value.facts["when"] == clock()


def test_two_who_complete_the_same_task_at_the_same_moment_one_wins_the_other_is_told(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task = acting.now_open(database, case_id)
    ready, outcomes = threading.Barrier(2), {}

    def act(name, actor):
        ready.wait()
        try:
            with database.unit_of_work() as work:
                cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=actor, now=clock())
            outcomes[name] = "won"
        except AlreadyDone as refused:
            outcomes[name] = refused.facts["who"]

    threads = [threading.Thread(target=act, args=a) for a in (("chen", cast.chen), ("lin", cast.lin))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    winner = next(name for name, outcome in outcomes.items() if outcome == "won")
    loser = next(name for name in outcomes if name != winner)
    assert outcomes[loser] == {"chen": "陈*云", "lin": "林*强"}[winner]
    with database.reading() as work:
        kinds = list(work.session.scalars(select(Document.kind).where(Document.case_id == case_id)))
        assert sorted(kinds) == ["authority", "proxy_acceptance", "receipt"]  # each exactly once
        assert kinds_of(database, case_id).count("task.completed") == 1


def test_the_loser_whose_transaction_overlaps_waits_and_is_told(database, cast, clock):
    """The interleaving by hand: the second begins while the first has not committed."""
    case_id = acting.submit(database, cast.zhang, clock())
    task = acting.now_open(database, case_id)
    outcome = []

    def second():
        try:
            with database.unit_of_work() as work:
                cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=cast.lin, now=clock())
            outcome.append("won")
        except AlreadyDone as refused:
            outcome.append(refused.facts["who"])

    thread = threading.Thread(target=second)
    with database.unit_of_work() as work:
        cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=cast.chen, now=clock())
        thread.start()
        thread.join(0.5)
        assert outcome == []  # it waits at the door
    thread.join(60)
    assert outcome == ["陈*云"]


# ---------------------------------------------------------------- 预览


def test_a_preview_says_what_would_happen_and_changes_nothing(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    acting.claim(database, case_id, cast.chen, clock())
    task = acting.now_open(database, case_id)
    before = kinds_of(database, case_id)
    with database.rehearsal() as work:
        plan = cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=cast.chen, now=clock())
    said = [(c.what, c.name) for c in plan.changes]
    assert ("opens", "受理审查") in said and ("paper", "代办收件单") in said and ("closes", "代办收件") in said
    assert kinds_of(database, case_id) == before
    with database.unit_of_work() as work:
        cases.complete(
            work, task.id, acting.TAKE_IN, version=task.version, by=cast.chen, now=clock(), expect=plan.token
        )


def test_a_plan_that_changed_since_the_preview_is_refused(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    acting.claim(database, case_id, cast.chen, clock())
    task = acting.now_open(database, case_id)
    with database.rehearsal() as work:
        plan = cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=cast.chen, now=clock())
    other = {"agent_conflict": True}
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.complete(work, task.id, other, version=task.version, by=cast.chen, now=clock(), expect=plan.token)


# ---------------------------------------------------------------- 补正


def test_the_applicant_corrects_and_the_office_looks_again(database, cast, clock):
    case_id = acting.taken_in(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    acting.complete(database, case_id, acting.CORRECT, cast.wang, clock.on(hours=2))
    task = acting.now_open(database, case_id)
    assert (task.element, task.state, task.assignee_id) == ("correct", "claimed", cast.users["zhang"])
    raw = {"applicant": DAIBAN["applicant"], "correction_note": "已重新拍摄"}
    acting.complete(database, case_id, raw, cast.zhang, clock.on(days=3))
    task = acting.now_open(database, case_id)
    assert (task.element, task.round) == ("accept", 2)
    acting.claim(database, case_id, cast.li, clock())
    acting.complete(database, case_id, acting.ACCEPT, cast.li, clock())
    with database.reading() as work:
        kinds = [d.kind for d in work.session.scalars(select(Document).order_by(Document.id))]
        assert kinds == ["receipt", "authority", "proxy_acceptance", "correction", "acceptance"]


def test_a_refusal_says_why_and_how_to_appeal(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    no = {"result": "refuse", "findings": "已在外省参保。", "reason": "同一年度不得重复参保。"}
    acting.complete(database, case_id, {"registration": no}, cast.wang, clock())
    with database.reading() as work:
        paper = work.session.scalars(select(Document).order_by(Document.id)).all()[-1]
        assert (paper.kind, paper.facts["reason"]) == ("refusal", "同一年度不得重复参保。")
        assert paper.facts["remedies"] == {"reconsideration": "德化县人民政府", "court": "德化县人民法院"}
    acting.handed_over(database, case_id, cast.chen, clock)
    acting.visited(database, case_id, cast.zhou, clock)
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome) == ("finished", "refuse")


def test_an_application_is_declined_with_its_ground(database, cast, clock):
    case_id = acting.taken_in(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    no = {"ground": "not_needed", "reason": "已参加职工医保。"}
    acting.complete(database, case_id, {"decision": "decline", "decline": no}, cast.wang, clock())
    with database.reading() as work:
        kinds = list(work.session.scalars(select(Document.kind).order_by(Document.id)))
        assert kinds == ["receipt", "authority", "proxy_acceptance", "rejection"]
        task = work.session.scalars(select(Task).where(Task.element == "accept")).one()
        assert task.ended == "REJECTED"
    acting.handed_over(database, case_id, cast.chen, clock)
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome) == ("finished", "declined")


# ---------------------------------------------------------------- 退回, 撤回, 撤销


def test_returning_goes_back_and_the_returned_task_says_so(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    task = acting.now_open(database, case_id)
    with database.reading() as work:
        assert cases.return_targets(work, task.id) == [("accept", "受理审查"), ("take_in", "代办收件")]
    with database.unit_of_work() as work:
        cases.return_(work, task.id, "accept", "户籍信息不一致", version=task.version, by=cast.wang, now=clock())
    again = acting.now_open(database, case_id)
    assert (again.element, again.round) == ("accept", 2)
    with database.reading() as work:
        returned = work.session.get(Task, task.id)
        assert (returned.ended, returned.reason) == ("RETURNED", "户籍信息不一致")


def test_returning_needs_a_reason_and_a_step_that_was_done(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    task = acting.now_open(database, case_id)
    with pytest.raises(Invalid), database.unit_of_work() as work:
        cases.return_(work, task.id, "accept", " ", version=task.version, by=cast.wang, now=clock())
    with pytest.raises((NotNow, NotFound)), database.unit_of_work() as work:
        cases.return_(work, task.id, "hand_over", "理由", version=task.version, by=cast.wang, now=clock())


def test_the_one_who_completed_may_recall_while_nobody_has_opened_the_next_step(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task_id = acting.claim(database, case_id, cast.chen, clock())
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())
    with pytest.raises(NotYours), database.unit_of_work() as work:
        cases.recall(work, task_id, by=cast.lin, now=clock())
    with database.unit_of_work() as work:
        cases.recall(work, task_id, by=cast.chen, now=clock.on(minutes=1))
    task = acting.now_open(database, case_id)
    assert (task.element, task.state, task.assignee_id) == ("take_in", "claimed", cast.users["chen"])
    assert "task.recalled" in kinds_of(database, case_id)


def test_a_step_somebody_has_opened_cannot_be_recalled(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with database.reading() as work:
        first = work.session.scalar(select(Task).where(Task.case_id == case_id, Task.element == "accept"))
    acting.claim(database, case_id, cast.li, clock())
    with pytest.raises(AlreadyDone) as refused, database.unit_of_work() as work:
        cases.recall(work, first.id, by=cast.wang, now=clock())
    assert refused.value.facts["who"] == "李*"


def test_the_applicant_withdraws_and_the_number_stays(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with pytest.raises(NotYours), database.unit_of_work() as work:
        cases.withdraw(work, case_id, "", by=cast.xu, now=clock())
    with database.unit_of_work() as work:
        cases.withdraw(work, case_id, "自己去办了", by=cast.zhang, now=clock())
    case = case_of(database, case_id)
    assert (case.status, case.outcome, case.colour, case.next_alert_at) == ("withdrawn", "withdrawn", "done", None)
    with database.reading() as work:
        last = work.session.scalars(select(Task).where(Task.case_id == case_id).order_by(Task.id)).all()[-1]
        assert (last.ended, last.state) == ("CANCELLED", "ended")
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.withdraw(work, case_id, "", by=cast.zhang, now=clock())


# ---------------------------------------------------------------- 转办, 委派, 代理, 催办


def test_a_transferred_task_is_the_other_ones(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    task = acting.now_open(database, case_id)
    with database.unit_of_work() as work:
        cases.transfer(work, task.id, cast.users["li"], "出差", version=task.version, by=cast.wang, now=clock())
    with pytest.raises(AlreadyDone):
        acting.complete(database, case_id, acting.REGISTER, cast.wang, clock())
    acting.complete(database, case_id, acting.REGISTER, cast.li, clock())
    with database.reading() as work:
        told = work.session.scalars(select(Notice).where(Notice.user_id == cast.users["li"])).all()
        assert [n.kind for n in told] == ["transferred"]


def test_a_supervisor_of_the_unit_may_transfer_but_one_of_another_may_not(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    task = acting.now_open(database, case_id)
    with pytest.raises(NotYours), database.unit_of_work() as work:
        cases.transfer(work, task.id, cast.users["li"], "理由", version=None, by=cast.qian, now=clock())
    with database.unit_of_work() as work:
        cases.transfer(work, task.id, cast.users["li"], "均衡工作", version=None, by=cast.zhao, now=clock())


def test_a_delegate_gives_an_opinion_and_decides_nothing(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    task = acting.now_open(database, case_id)
    with database.unit_of_work() as work:
        cases.delegate(work, task.id, cast.users["sun"], "是否低保？", version=task.version, by=cast.wang, now=clock())
    with pytest.raises(NotNow):
        acting.complete(database, case_id, acting.REGISTER, cast.sun, clock())
    with database.unit_of_work() as work:
        cases.give_opinion(work, task.id, "是低保户", version=None, by=cast.sun, now=clock())
    with database.reading() as work:
        back = work.session.get(Task, task.id)
        assert back.assignee_id == cast.users["wang"] and back.variables["_opinions"][0]["opinion"] == "是低保户"
    acting.complete(database, case_id, acting.REGISTER, cast.wang, clock())


def test_while_one_is_away_the_agent_acts_for_them_and_it_is_recorded(database, cast, clock):
    with database.unit_of_work() as work:
        absences.take_leave(
            work,
            hall="一站",
            user_id=cast.users["chen"],
            agent_id=cast.users["huang"],
            from_at=clock(),
            until_at=clock() + timedelta(days=3),
            by=cast.chen,
            now=clock(),
        )
        huang = actors.load(work, cast.users["huang"], now=clock())
    case_id = acting.submit(database, cast.zhang, clock())
    acting.claim(database, case_id, huang, clock())
    acting.complete(database, case_id, acting.TAKE_IN, huang, clock())
    with database.reading() as work:
        claimed = next(e for e in audit.history(work, case_id) if e.kind == "task.claimed")
        assert (claimed.by_id, claimed.for_id) == (cast.users["huang"], cast.users["chen"])
        later = actors.load(work, cast.users["huang"], now=clock() + timedelta(days=4))
        assert later.absences == ()


def test_a_task_is_reminded_once_in_four_hours(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    task = acting.now_open(database, case_id)
    due = case_of(database, case_id).promised_due
    with database.unit_of_work() as work:
        cases.remind(work, task.id, by=cast.zhang, now=clock())
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.remind(work, task.id, by=cast.zhang, now=clock.on(hours=3))
    with database.unit_of_work() as work:
        cases.remind(work, task.id, by=cast.zhang, now=clock.on(hours=1))
    assert case_of(database, case_id).promised_due == due
    with database.reading() as work:
        told = {n.user_id for n in work.session.scalars(select(Notice).where(Notice.kind == "remind"))}
        assert told == {cast.users["chen"], cast.users["lin"]}


# ---------------------------------------------------------------- 挂起


def test_a_case_is_not_suspended_for_a_cause_the_law_does_not_list(database, cast, clock):
    from engine.errors import Refused

    case_id = acting.accepted(database, cast, clock)
    with pytest.raises(Refused), database.unit_of_work() as work:
        cases.suspend(work, case_id, "holiday", "5wd", "告知书1号", by=cast.zhao, now=clock())
    assert case_of(database, case_id).status == "running"


# ---------------------------------------------------------------- 评价, 查看


def test_a_finished_case_is_rated_once_by_its_applicant(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.rate(work, case_id, 5, by=cast.zhang, now=clock())
    acting.claim(database, case_id, cast.wang, clock())
    acting.complete(database, case_id, acting.REGISTER, cast.wang, clock())
    acting.claim(database, case_id, cast.chen, clock())
    acting.complete(database, case_id, acting.HAND_OVER, cast.chen, clock())
    acting.visited(database, case_id, cast.zhou, clock)
    with database.unit_of_work() as work:
        cases.rate(work, case_id, 4, by=cast.zhang, now=clock(), comment="很好")
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.rate(work, case_id, 1, by=cast.zhang, now=clock())
    with pytest.raises(NotYours), database.unit_of_work() as work:
        cases.rate(work, case_id, 1, by=cast.xu, now=clock())


def test_looking_behind_a_mask_needs_a_purpose_and_is_recorded(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    with pytest.raises(Invalid), database.unit_of_work() as work:
        cases.reveal(work, case_id, "phone", "contact", "", by=cast.chen, now=clock())
    with database.unit_of_work() as work:
        assert cases.reveal(work, case_id, "phone", "contact", "电话核实", by=cast.chen, now=clock()) == "13800000001"
    with pytest.raises(NotYours), database.unit_of_work() as work:
        cases.reveal(work, case_id, "phone", "contact", "只是好奇", by=cast.huang, now=clock())
    assert kinds_of(database, case_id)[-1] == "person.revealed"
    with database.reading() as work:  # what for stands beside who and what, in the record and for the applicant (Y1)
        kept = work.session.scalars(select(Reveal).where(Reveal.case_id == case_id)).one()
        assert (kept.by_id, kept.field) == (cast.chen.id, "phone")
        assert kept.purpose.endswith("：电话核实") and len(kept.purpose) > len("：电话核实")
        event = work.session.scalars(select(Event).where(Event.kind == "person.revealed")).one()
        assert event.facts == {"field": "phone", "purpose": "contact"}


@pytest.mark.parametrize(
    ("at", "sent"),
    [
        ("2026-09-18 20:59:59", "2026-09-18 20:59:59"),
        ("2026-09-18 21:00:00", "2026-09-19 08:00:00"),
        ("2026-09-18 23:30:00", "2026-09-19 08:00:00"),
        ("2026-09-19 00:10:00", "2026-09-19 08:00:00"),
        ("2026-09-19 07:59:59", "2026-09-19 08:00:00"),
        ("2026-09-19 08:00:00", "2026-09-19 08:00:00"),
    ],
)
def test_no_text_leaves_in_the_quiet_hours_but_a_code(database, at, sent):
    moment, morning = (datetime.fromisoformat(one).replace(tzinfo=ZONE) for one in (at, sent))
    with database.unit_of_work() as work:
        text = notices.put(work, "quiet", "已办好", kind="done", now=moment, address="13800000001")
        code = notices.put(work, "code", "123456", kind="code", now=moment, address="13800000001", urgent=True)
        screen = notices.put(work, "screen", "已办好", kind="done", now=moment, channel="screen")
        assert (text.send_after, code.send_after, screen.send_after) == (morning, moment, moment)
        work.session.flush()
        due = {job.key: job.run_after for job in work.session.scalars(select(Job))}  # and the worker waits as long
        assert due == {"notice:quiet": morning, "notice:code": moment}
