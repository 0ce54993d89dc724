"""A page that is not so any more: it says who was first, what they did and when; not whoever has the task now."""

from __future__ import annotations

import pytest

from engine.commands import cases
from engine.errors import AlreadyDone
from engine.store.models import Task
from tests.commands import acting


@pytest.fixture
def seen(database, cast, clock):
    """(case, task, version) as 陈 saw it: the first step, nobody has taken it."""
    case_id = acting.submit(database, cast.zhang, clock())
    task = acting.now_open(database, case_id)
    return case_id, task.id, task.version


def refusal(database, cast, clock, task_id: int, version: int) -> AlreadyDone:
    with pytest.raises(AlreadyDone) as caught, database.unit_of_work() as work:
        cases.claim(work, task_id, version=version, by=cast.chen, now=clock.on(minutes=5))
    return caught.value


def version_of(database, task_id: int) -> int:
    with database.reading() as work:
        return work.session.get_one(Task, task_id).version


def test_whoever_took_it_is_named_with_the_moment(database, cast, clock, seen):
    case_id, task_id, version = seen
    acting.claim(database, case_id, cast.lin, clock())
    at = clock()
    found = refusal(database, cast, clock, task_id, version)
    assert (found.facts["what"], found.facts["when"]) == ("签收", at) and found.facts["who"].startswith("林")
    assert "签收，请刷新" in found.zh and "claimed it at" in found.en


def test_whoever_handed_it_on_is_named_not_who_has_it_now(database, cast, clock, seen):
    case_id, task_id, version = seen
    acting.claim(database, case_id, cast.chen, clock())
    version = version_of(database, task_id)
    with database.unit_of_work() as work:
        cases.transfer(work, task_id, cast.users["lin"], "出差", version=version, by=cast.qian, now=clock.on(minutes=7))
    at = clock()
    found = refusal(database, cast, clock, task_id, version)
    assert (found.facts["what"], found.facts["when"]) == ("转办", at) and found.facts["who"].startswith("钱")


def test_whoever_gave_it_back_is_named(database, cast, clock, seen):
    case_id, task_id, _ = seen
    acting.claim(database, case_id, cast.lin, clock())
    version = version_of(database, task_id)
    with database.unit_of_work() as work:
        cases.unclaim(work, task_id, version=version, by=cast.lin, now=clock.on(minutes=9))
    found = refusal(database, cast, clock, task_id, version)
    assert (found.facts["what"], found.facts["when"]) == ("退签", clock.now.replace(minute=clock.now.minute - 5))
    assert found.facts["who"].startswith("林")


def test_the_applicant_who_withdrew_is_named_for_the_step_that_is_gone(database, cast, clock, seen):
    case_id, task_id, version = seen
    with database.unit_of_work() as work:
        cases.withdraw(work, case_id, "不用了", by=cast.zhang, now=clock.on(minutes=3))
    at = clock()
    found = refusal(database, cast, clock, task_id, version)
    assert (found.facts["what"], found.facts["when"]) == ("取消", at) and found.facts["who"].startswith("张")
