"""The worker makes the months before those that the demo county opens with: one order at a time, and it goes on where
it was."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands.equipment import Equipment
from engine.commands.worker.sweep import sweep
from engine.records import library
from engine.store.models import Case, Incident, Task
from engine.workdays import local_date
from tests import once
from tests.cast import ROOT
from web import demo, progress
from web.demo import everywhere, year
from web.worker import Worker


@pytest.fixture
def county(sqlite, clock, tmp_path: Path):
    def make() -> None:
        demo.people_it(sqlite, now=clock())
        with sqlite.unit_of_work() as work:
            library.publish(work, matters.load(ROOT, everywhere.MATTER), by=people.SYSTEM, now=clock())

    once.made(sqlite, "the demo county's people and its orders", make)
    year.begin(tmp_path, sqlite, now=clock())
    return sqlite


def made(database) -> list[Case]:
    with database.reading() as work:
        return list(work.session.scalars(select(Case).order_by(Case.id)))


def test_each_order_is_of_a_day_before_the_first_start_made_and_all_of_it_is_over(county, clock, tmp_path):
    for _order in range(6):
        assert year.go_on(tmp_path, county)
    found = made(county)
    assert len(found) == 6 and progress.year(tmp_path).made == 6
    latest = clock() - timedelta(days=year.TO_DAYS - 7)  # a call of a holiday is taken when the office opens
    assert all(one.received_at < latest for one in found)
    assert {one.status for one in found} == {"finished"}
    with county.reading() as work:
        assert work.session.scalars(select(Task).where(Task.state != "ended")).all() == []
    assert sweep(county, now=clock()).failed == 0
    with county.reading() as work:
        assert work.session.scalars(select(Incident)).all() == []


def test_the_matter_is_in_force_on_every_day_of_it(county, clock, tmp_path):
    since = matters.load(ROOT, everywhere.MATTER).info.in_force.since
    whole = progress.year(tmp_path)
    assert whole.of == ((local_date(clock()) - since).days - year.TO_DAYS) * year.A_DAY
    progress.put_year(tmp_path, progress.Year(whole.began_at, whole.of - 1, whole.of))
    told: list[str] = []
    assert year.go_on(tmp_path, county, said=told.append)
    assert made(county)[0].received_at.date() >= since
    assert told == [f"演示县：一年的工单补了 {whole.of} / {whole.of}。"]
    assert progress.year(tmp_path) is None and not year.go_on(tmp_path, county)  # it is whole


def test_an_order_made_just_before_a_crash_is_not_made_again(county, tmp_path):
    before = progress.year(tmp_path)
    year.go_on(tmp_path, county)
    progress.put_year(tmp_path, before)  # what the crash left
    year.go_on(tmp_path, county)
    year.go_on(tmp_path, county)
    assert len(made(county)) == 2


def test_a_look_of_the_worker_goes_before_and_a_worker_that_stops_makes_none(county, clock):
    worker = Worker(county, Equipment(press=None), clock=clock)  # type: ignore[arg-type]
    called: list[int] = []
    between = worker.between_looks(lambda: called.append(1))
    with worker.turn:
        between()
    assert called == []
    between()
    worker.stopping.set()
    between()
    assert called == [1]
