"""逐条办理 for thousands: what one record costs grows with nothing, and neither does the memory. Said by the wide run:
how many seconds and how much memory it took (pytest -rP)."""

from __future__ import annotations

import resource
import time

import pytest
from sqlalchemy import event, func, select

from engine.store.models import Case, ForEachItem, RegisterEntry
from tests.between.small import publish, work_off
from tests.schedules.test_each import OPEN, RECORD, begin, matter, members, one


def played(database, cast, clock, doing, n):
    """A for-each of n records, until nothing is due. Returns the statements it took."""
    package = matter(doing)
    publish(database, clock(), package)
    members(database, package, [1 + k % 7 for k in range(n)], clock())
    begin(database, package, cast.zhou, clock(), total=n * 100)
    said = [0]

    def statement(*_of):
        said[0] += 1

    event.listen(database.engine, "before_cursor_execute", statement)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    try:
        work_off(database, clock())
    finally:
        event.remove(database.engine, "before_cursor_execute", statement)
    took, most = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (most - before) / 1024
    print(f"{database.dialect}: {n} records, {took:.1f} s, {said[0] / n:.1f} statements each, {grown:.0f} MB more")
    return said[0], grown


def lines(database):
    with database.reading() as work:
        paid = select(RegisterEntry).where(RegisterEntry.register == "fenhong.paid")
        return [entry.facts["amount"] for entry in work.session.scalars(paid.order_by(RegisterEntry.id))]


@pytest.mark.wide
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("database", "n"), [("sqlite", 2_000), ("postgres", 1_000)], indirect=["database"])
def test_a_line_for_each_of_thousands_costs_no_more_for_each_than_for_a_few(database, cast, clock, n):
    statements, grown = played(database, cast, clock, RECORD, n)
    amounts = lines(database)
    assert (one(database).state, one(database).done, len(amounts)) == ("done", n, n)
    assert round(sum(amounts), 2) == n * 100
    assert statements / n < 14
    assert grown < 60
    with database.reading() as work:
        assert work.session.scalar(select(func.count()).where(ForEachItem.state != "done")) == 0


@pytest.mark.wide
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("database", "n"), [("sqlite", 2_000), ("postgres", 1_000)], indirect=["database"])
def test_a_case_for_each_of_thousands_costs_no_more_for_each_than_for_a_few(database, cast, clock, n):
    statements, grown = played(database, cast, clock, OPEN, n)
    with database.reading() as work:
        opened = work.session.scalar(select(func.count()).where(Case.parent_id.is_not(None)))
    assert (one(database).state, one(database).total, opened) == ("doing", n, n)
    assert statements / n < 30
    assert grown < 60
