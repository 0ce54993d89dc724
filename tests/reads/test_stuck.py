"""Where a case is held up, in a sentence."""

from types import SimpleNamespace
from typing import Any, cast

from engine.reads import stuck
from engine.store.models import Awaited, Timer
from tests.conftest import NOW


def test_what_is_waited_for_has_the_name_a_designer_gives_it_and_no_id(database):
    case = SimpleNamespace(id=1, status="open", paused_at=None, applicant_id=None)
    account = SimpleNamespace(due_on=None, phase="running", paused_for=None)
    vote = Awaited(case_id=1, element="all_vote", kind="open-ballot", key="k", since_at=NOW)
    with database.reading() as work:
        said = stuck.sentence(
            work,
            cast(Any, case),
            [],
            cast(Any, account),
            now=NOW,
            names={},
            for_applicant=True,
            incidents=[],
            timers=[],
            awaited=[vote],
            phone="",
        )
    assert "“开启表决”的结果" in said.zh and "Open a ballot" in said.en and "all_vote" not in said.zh + said.en


def test_what_was_promised_is_done_and_only_time_is_waited_for(database):
    case = SimpleNamespace(id=1, status="running", paused_at=None, applicant_id=None)
    account = SimpleNamespace(due_on=None, phase="done", paused_for=None)
    with database.reading() as work:
        said = stuck.sentence(
            work,
            cast(Any, case),
            [],
            cast(Any, account),
            now=NOW,
            names={},
            for_applicant=True,
            incidents=[],
            timers=[Timer(case_id=1, key="k", element="over", kind="date", due_at=NOW)],
            awaited=[],
            phone="",
        )
    assert "已经办好" in said.zh and "自动继续" in said.zh and "电话" not in said.zh  # a listing waits too, for no call


def said_of(work: Any, *, paused: bool, task: SimpleNamespace, for_applicant: bool, me: int | None) -> str:
    case = SimpleNamespace(id=1, status="running", paused_at=NOW if paused else None, applicant_id=7)
    account = SimpleNamespace(due_on=None, phase="paused" if paused else "running", paused_for="补正")
    return stuck.sentence(
        work,
        cast(Any, case),
        [cast(Any, task)],
        cast(Any, account),
        now=NOW,
        names={5: "陈小云", 7: "张三丰"},
        for_applicant=for_applicant,
        incidents=[],
        timers=[],
        awaited=[],
        phone="",
        me=me,
    ).zh


def step(assignee: int, bond: int | None) -> SimpleNamespace:
    return SimpleNamespace(
        name="申请人补正", assignee_id=assignee, bond_id=bond, opened_at=NOW, state="claimed", unit_id=None
    )


def test_who_acts_for_the_applicant_is_not_called_the_applicant(database):
    with database.reading() as work:
        for reader in (False, True):
            said = said_of(work, paused=False, task=step(5, 3), for_applicant=reader, me=7 if reader else 9)
            assert "替申请人办的人（陈*云）" in said and "您" not in said
        assert "等申请人办理" in said_of(work, paused=False, task=step(7, None), for_applicant=False, me=9)
        assert "等您办理" in said_of(work, paused=False, task=step(5, 3), for_applicant=True, me=5), (
            "the agent reads it"
        )


def test_whoever_holds_up_a_clock_that_stands_still_reads_that_it_waits_for_them(database):
    with database.reading() as work:
        assert "等您办理“申请人补正”" in said_of(work, paused=True, task=step(7, None), for_applicant=True, me=7)
        assert "因补正暂停计时" in said_of(work, paused=True, task=step(7, None), for_applicant=False, me=9)
