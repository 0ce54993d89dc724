"""离职移交: everything of a person to another, as shown, by who heads them; each task on record."""

import pytest
from sqlalchemy import select

from engine.commands.hall import handover
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.records import audit
from engine.store.models import Event, Notice, NoticeCase, Task
from tests.commands import acting


def two_in_hand(database, cast, clock):
    """Two registrations in the hands of 王丽; their cases."""
    found = []
    for _ in range(2):
        case_id = acting.accepted(database, cast, clock)
        acting.claim(database, case_id, cast.wang, clock())
        found.append(case_id)
    return found


def shown(database, cast, clock, who="wang", to="li", by="zhao"):
    with database.reading() as work:
        return handover.plan(work, cast.users[who], cast.users[to], by=getattr(cast, by), now=clock())


def do(database, cast, clock, expect, *, who="wang", to="li", by="zhao", reason="调离"):
    with database.unit_of_work() as work:
        return handover.hand_over(
            work, cast.users[who], cast.users[to], reason, expect=expect, by=getattr(cast, by), now=clock()
        )


def test_everything_in_hand_goes_and_each_is_on_record(database, cast, clock):
    cases_ = two_in_hand(database, cast, clock)
    plan = shown(database, cast, clock)
    assert [i.case_id for i in plan.goes] == cases_ and plan.stays == () and not plan.more
    do(database, cast, clock, plan.token)
    with database.reading() as work:
        tasks = list(work.session.scalars(select(Task).where(Task.state != "ended")))
        assert {t.assignee_id for t in tasks} == {cast.users["li"]}
        for case_id in cases_:
            last = list(audit.history(work, case_id))[-1]
            assert (last.kind, last.by_id, last.facts["to"]) == (
                "task.transferred",
                cast.users["zhao"],
                cast.users["li"],
            )
        event = work.session.scalar(select(Event).where(Event.kind == "person.handed-over"))
        assert event.facts["tasks"] == [i.task_id for i in plan.goes] and event.by_id == cast.users["zhao"]
        # two cases, one cause: one notice, which leads to both
        (told,) = work.session.scalars(select(Notice).where(Notice.kind == "transferred"))
        assert told.user_id == cast.users["li"] and told.text.startswith("有 2 件已转给您办理，第一件 ")
        about = select(NoticeCase.case_id).where(NoticeCase.notice_id == told.id).order_by(NoticeCase.case_id)
        assert list(work.session.scalars(about)) == sorted(cases_)
        assert audit.verify(work).faults == ()
    with pytest.raises(NotNow):
        do(database, cast, clock, plan.token)


def test_a_plan_that_changed_moves_nothing(database, cast, clock):
    first, _ = two_in_hand(database, cast, clock)
    plan = shown(database, cast, clock)
    acting.complete(database, first, acting.REGISTER, cast.wang, clock())
    with pytest.raises(NotNow):
        do(database, cast, clock, plan.token)
    with database.reading() as work:
        held = select(Task.assignee_id).where(Task.element == "register", Task.state != "ended")
        assert list(work.session.scalars(held)) == [cast.users["wang"]]


def test_only_who_heads_the_person_and_only_to_somebody_who_works_here(database, cast, clock):
    two_in_hand(database, cast, clock)
    for stranger in ("qian", "li", "wang"):
        with pytest.raises(NotYours):
            shown(database, cast, clock, by=stranger)
    for to, words in (("zhang", "没有这位"), ("wang", "不能交给本人"), ("zhao", "不能交给自己")):
        with pytest.raises(Invalid) as caught:
            shown(database, cast, clock, to=to)
        assert words in caught.value.fields[0].zh
    with pytest.raises(NotFound):
        shown(database, cast, clock, who="zhang")
    plan = shown(database, cast, clock)
    with pytest.raises(Invalid):
        do(database, cast, clock, plan.token, reason=" ")


def test_what_is_not_of_a_unit_one_heads_stays(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    acting.claim(database, case_id, cast.chen, clock())
    with database.unit_of_work() as work:  # 王丽 of the office happens to hold a village's task
        task = acting.task_of(work, case_id)
        task.assignee_id = cast.users["wang"]
    plan = shown(database, cast, clock)
    assert plan.goes == () and [i.why_not[0] for i in plan.stays] == ["不在您管理的单位"]
