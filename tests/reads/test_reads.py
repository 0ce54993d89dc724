"""What clerks, supervisors, residents and strangers see of the same case."""

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import NotFound
from engine.reads import case_list, case_page, inbox, overview, tracking
from engine.store.models import Case, Incident, Task, Timer
from tests.cast import DAIBAN


@pytest.fixture
def case_id(database, cast, clock):
    with database.unit_of_work() as work:
        return cases.submit(work, "daiban", DAIBAN, by=cast.zhang, now=clock()).case.id


def _task(work, case_id):
    return work.session.scalar(select(Task).where(Task.case_id == case_id, Task.state != "ended"))


def test_an_open_task_is_in_the_inbox_of_those_who_may_claim_it_and_of_no_one_else(database, cast, clock, case_id):
    with database.reading() as work:
        for actor, count in ((cast.chen, 1), (cast.lin, 1), (cast.huang, 0), (cast.wang, 0), (cast.zhang, 0)):
            assert len(inbox.tasks_for(work, actor, now=clock(), box="open").rows) == count, actor.name
        (row,) = inbox.tasks_for(work, cast.chen, now=clock(), box="open").rows
        assert (row.applicant, row.step, row.colour) == ("张*丰", "代办收件", "green")


def test_claiming_moves_it_from_open_to_mine(database, cast, clock, case_id):
    with database.unit_of_work() as work:
        task = _task(work, case_id)
        cases.claim(work, task.id, version=task.version, by=cast.chen, now=clock())
    with database.reading() as work:
        assert inbox.tasks_for(work, cast.lin, now=clock(), box="open").rows == ()
        assert [r.case_id for r in inbox.tasks_for(work, cast.chen, now=clock()).rows] == [case_id]
        counts = inbox.counts(work, cast.chen, now=clock())
        assert counts.boxes["mine"] == 1 and counts.boxes["open"] == 0
        assert counts.colours == {"green": 1}
        assert counts.matters[0][0] == "daiban"


def test_pages_go_on_where_the_last_ended(database, cast, clock):
    with database.unit_of_work() as work:
        made = [cases.submit(work, "daiban", DAIBAN, by=cast.zhang, now=clock.on(minutes=n)).case.id for n in range(7)]
    with database.reading() as work:
        seen, after = [], None
        while True:
            page = inbox.tasks_for(work, cast.chen, now=clock(), box="open", after=after, limit=3)
            seen += [r.case_id for r in page.rows]
            after = page.next
            if after is None:
                break
        assert sorted(seen) == made and len(set(seen)) == 7


def test_the_case_page_says_where_it_stands(database, cast, clock, case_id):
    with database.reading() as work:
        page = case_page.page(work, case_id, actor=cast.chen, now=clock())
        assert "苏洋村待签收“代办收件”" in page.where.zh
        assert page.applicant == "张*丰" and page.lit == (
            "take_in",
            "expires",
        )  # the step, and the end of the authority that is waited for
        assert page.desk is not None and page.desk.form_id == "take_in"
        own = case_page.page(work, case_id, actor=cast.zhang, now=clock())
        assert own.applicant == "张三丰" and own.desk is None and own.can == ("withdraw", "revoke")
        assert all(line.kind != "task.claimed" for line in own.record)


def test_a_stranger_and_a_clerk_of_another_unit_do_not_see_it(database, cast, clock, case_id):
    with database.reading() as work:
        for actor in (cast.xu, cast.huang, cast.sun):
            with pytest.raises(NotFound):
                case_page.page(work, case_id, actor=actor, now=clock())
        assert case_page.page(work, case_id, actor=cast.qian, now=clock()).id == case_id  # the town above the village


def test_search_finds_by_number_name_phone_and_identity_number_within_sight(database, cast, clock, case_id):
    with database.reading() as work:
        number = case_page.page(work, case_id, actor=cast.wu, now=clock()).number
        for text in (number, number.replace("-", ""), "张三丰", "13800000001", "350526195003071239"):
            found = case_list.search(work, text, actor=cast.qian, now=clock())
            assert [b.id for b in found] == [case_id], text
            assert case_list.search(work, text, actor=cast.huang, now=clock()) == []


def test_tracking_needs_the_number_and_the_phone(database, cast, clock, case_id):
    with database.reading() as work:
        number = case_page.page(work, case_id, actor=cast.wu, now=clock()).number
        assert tracking.track(work, number, "13800000001").stage == "代办收件"
        with pytest.raises(NotFound):
            tracking.track(work, number, "13800000002")


def test_my_cases_are_mine(database, cast, clock, case_id):
    with database.reading() as work:
        assert [b.id for b in case_list.mine(work, cast.zhang, now=clock())] == [case_id]
        assert case_list.mine(work, cast.xu, now=clock()) == []


def test_the_board_counts_what_its_reader_may_see(database, cast, clock, case_id):
    with database.reading() as work:
        seen = overview.numbers(work, cast.wu, now=clock())
        assert (seen.total.open, seen.total.overdue, seen.total.received) == (1, 0, 1)
        assert overview.numbers(work, cast.sun, now=clock()).total.open == 0


def test_what_was_taken_back_is_not_counted_as_done_in_time(database, cast, clock, case_id):
    with database.unit_of_work() as work:
        cases.withdraw(work, case_id, "自己去办了", by=cast.zhang, now=clock())
    with database.reading() as work:
        total = overview.numbers(work, cast.wu, now=clock()).total
        assert (total.open, total.received, total.done, total.in_time) == (0, 1, 0, 0)
        assert overview.behind(work, cast.wu, which="done", now=clock()) == ([], 0)


def stopped(work, case_id, clock, *, incident):
    """The case without a task, as after a fault: nobody can go on with it."""
    work.session.get(Case, case_id).subscriptions = []
    task = _task(work, case_id)
    task.state, task.ended, task.ended_at = "ended", "CANCELLED", clock()
    for timer in work.session.scalars(select(Timer).where(Timer.case_id == case_id)):
        work.session.delete(timer)
    if incident:
        work.session.add(
            Incident(
                case_id=case_id,
                key="t1",
                element="review",
                name="审核",
                code="no-rule",
                zh="决策表没有一行符合",
                en="no rule fits",
                at=clock(),
            )
        )
    work.session.flush()


@pytest.mark.parametrize("incident", [True, False])
def test_a_case_that_nobody_can_go_on_with_says_so_to_the_resident_and_whom_to_call(
    database, cast, clock, case_id, incident
):
    with database.unit_of_work() as work:
        stopped(work, case_id, clock, incident=incident)
        case = work.session.get(Case, case_id)
        shown = case_page.page(work, case_id, actor=cast.zhang, now=clock())
        followed = tracking.by_word(work, case.number, tracking.word_of(case.number), now=clock())
        for where in (shown.where, followed.where):
            assert where.blocked and "消息" not in where.zh and "message" not in where.en
            assert shown.office_phone and shown.office_phone in where.zh and shown.office_phone in where.en
            assert ("大厅已经收到提醒" if incident else "请告诉大厅") in where.zh
            assert "决策表" not in where.zh, "what failed inside is for the operator"
        staff = case_page.page(work, case_id, actor=cast.chen, now=clock()).where
        assert staff.blocked and ("决策表没有一行符合" if incident else "请联系运维") in staff.zh


def test_what_the_resident_can_do_comes_before_a_fault_elsewhere(database, cast, clock, case_id):
    with database.unit_of_work() as work:
        task = _task(work, case_id)
        task.state, task.assignee_id = "claimed", cast.zhang.id
        work.session.add(
            Incident(case_id=case_id, key="t1", element="x", name="", code="c", zh="坏了", en="broken", at=clock())
        )
        work.session.flush()
        shown = case_page.page(work, case_id, actor=cast.zhang, now=clock())
        assert shown.where.zh.startswith("等您办理")
        task.assignee_id = cast.chen.id
        work.session.flush()
        assert "出了故障" in case_page.page(work, case_id, actor=cast.zhang, now=clock()).where.zh
