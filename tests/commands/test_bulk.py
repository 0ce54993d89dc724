"""批量: each row a transaction and a result of its own."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.commands.cases import bulk
from engine.commands.cases.bulk import Picked
from engine.errors import NotNow
from engine.store.models import Task
from tests.between import small
from tests.between.small import matter, outcome, publish, submit, task

MANY = matter(
    "small_many",
    "多件",
    '<startEvent id="s"/><flow s look/>'
    + task("look", "看一眼", batch=True)
    + "<flow look sign/>"
    + task("sign", "签发")
    + '<flow sign e/><endEvent id="e"/>',
)


def three(database, cast, clock):
    """Three cases, and their rows as a list shows them now."""
    publish(database, clock(), MANY)
    return [submit(database, "small_many", cast.zhang, clock()) for _ in range(3)]


def rows(database, *case_ids):
    with database.reading() as work:
        found = select(Task.id, Task.version).where(Task.case_id.in_(case_ids), Task.state != "ended").order_by(Task.id)
        return [Picked(*row) for row in work.session.execute(found)]


def claim(by, now):
    return lambda work, one: cases.claim(work, one.task_id, version=one.version, by=by, now=now)


def test_all_are_signed_for_and_the_one_another_took_first_says_who_has_it(database, cast, clock):
    picked = rows(database, *three(database, cast, clock))
    with database.unit_of_work() as work:
        cases.claim(work, picked[1].task_id, version=None, by=cast.li, now=clock.on(minutes=1))
    results = bulk.each(database, picked, claim(cast.wang, clock.on(minutes=1)))
    assert [one.done for one in results] == [True, False, True]
    assert "李*" in results[1].zh and "签收" in results[1].zh and results[1].en
    with database.reading() as work:
        held = work.session.scalars(select(Task.assignee_id).order_by(Task.id)).all()
    assert held == [cast.wang.id, cast.li.id, cast.wang.id]


def test_one_answer_does_them_all_where_the_diagram_allows_it_and_nowhere_else(database, cast, clock):
    ids = three(database, cast, clock)
    results = bulk.each(
        database,
        rows(database, *ids),
        lambda work, one: bulk.complete(work, one, {"decision": "行"}, by=cast.wang, now=clock.on(minutes=1)),
    )
    assert [one.done for one in results] == [True] * 3
    assert [small.answers(database, i)["decision"] for i in ids] == ["行"] * 3
    results = bulk.each(
        database,
        rows(database, *ids),
        lambda work, one: bulk.complete(work, one, {"decision": "行"}, by=cast.wang, now=clock.on(minutes=1)),
    )
    assert [one.done for one in results] == [False] * 3 and "逐件办" in results[0].zh
    assert [small.waiting(database, i) for i in ids] == [{"sign"}] * 3


def test_a_row_that_is_refused_or_that_breaks_leaves_the_others_done(database, cast, clock):
    ids = three(database, cast, clock)
    picked = rows(database, *ids)

    def verb(work, one):
        bulk.complete(work, one, {"decision": "行"}, by=cast.wang, now=clock())
        if one == picked[0]:
            raise RuntimeError("a fault of the program")
        if one == picked[1]:
            raise NotNow("这一行不行。", "Not this one.")

    results = bulk.each(database, picked, verb)
    assert [one.done for one in results] == [False, False, True]
    assert "系统出了问题" in results[0].zh and results[1].zh == "这一行不行。"
    assert [small.waiting(database, i) for i in ids] == [{"look"}, {"look"}, {"sign"}]


def test_a_stranger_gets_nothing_done_and_a_row_picked_twice_is_done_once(database, cast, clock):
    ids = three(database, cast, clock)
    picked = rows(database, *ids)
    results = bulk.each(database, picked, claim(cast.sun, clock()))
    assert not any(one.done for one in results)
    results = bulk.each(database, [picked[0], picked[0]], claim(cast.wang, clock()))
    assert [one.done for one in results] == [True]
    assert outcome(database, ids[0])[0] == "running"


def test_more_than_a_page_at_once_is_refused(database, cast, clock):
    with pytest.raises(NotNow):
        bulk.each(database, [Picked(n, 1) for n in range(bulk.MOST + 1)], claim(cast.wang, clock()))
