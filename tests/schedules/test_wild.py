"""Schedules under random acts and time: whatever happens, no turn of a unit comes twice, and none is forgotten."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine import people
from engine.commands import schedules
from engine.errors import Refused
from engine.matters import recurring
from engine.records import library
from engine.store.models import Case, Schedule, ScheduleRun
from engine.workdays import china
from tests.between.small import publish, work_off
from tests.conftest import NOW, fresh_database
from tests.schedules.small import REPORT, matter
from tests.schedules.test_runs import go

RULES = ("每周一 08:00", "每月5日 08:00", "每月第一个工作日 08:00", "R/2026-01-05T08:00/P10D")
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 10)),
        st.tuples(st.sampled_from(("work", "pause", "resume", "withdraw", "publish", "now", "crash")), st.just(0)),
        st.tuples(st.just("rule"), st.integers(0, len(RULES) - 1)),
    ),
    min_size=3,
    max_size=9,
)


def versions(missed: str):
    plain = REPORT.replace("    if_closed: next\n", "") + f"    missed: {missed}\n"
    return [matter(more=plain.replace("每月5日 08:00", rule)) for rule in RULES]


def play(database, acts, missed):
    from tests import cast as the_cast

    with database.unit_of_work() as work:
        cast = the_cast.hire(work, NOW, ())
    packages, now = versions(missed), NOW
    publish(database, now, packages[1])
    owed = 0  # turns of the simple rule that a worker who never rests would have opened, while nothing else happened
    calm = True
    for act, n in acts:
        now += timedelta(seconds=1)
        with database.reading() as work:
            row = work.session.scalars(select(Schedule)).one()
        try:
            if act == "wait":
                before = now
                now += timedelta(days=n)
                if calm:
                    owed += turns_between(packages[1], before, now)
            elif act == "work":
                go(database, now)
            elif act == "rule":
                calm = calm and n == 1
                publish(database, now, packages[n])
            elif act == "publish":
                publish(database, now, packages[1])
                calm = calm and row.rule["every"] == RULES[1] and row.active
            elif act == "withdraw":
                calm = False
                with database.unit_of_work() as work:
                    library.withdraw(work, "yuebao", by=people.SYSTEM, now=now)
            elif act == "crash":  # a turn is opened, and nobody comes to begin its runs until later
                schedules.open_due(database, now=now)
            else:
                calm = False
                with database.unit_of_work() as work:
                    verb = {"pause": schedules.pause, "now": schedules.run_now}.get(act)
                    if verb is not None:
                        verb(work, row.id, "试", by=cast.operator, now=now)
                    else:
                        schedules.resume(work, row.id, by=cast.operator, now=now)
        except Refused:
            pass  # it was not the moment for it, and nothing changed
        check(database)
    now += timedelta(seconds=1)
    go(database, now)
    for _ in range(12):  # runs of a unit begin one after the other
        now += schedules.runs.AGAIN
        work_off(database, now)
    check(database)
    with database.reading() as work:
        runs = work.session.scalars(select(ScheduleRun)).all()
        row = work.session.scalars(select(Schedule)).one()
        assert not [r for r in runs if r.state == "waiting"]
        assert not (row.active and row.paused_at is None and row.next_at is not None and row.next_at <= now)
        if calm and missed == "each":
            assert len(runs) == owed * 2  # nothing was forgotten


def turns_between(package, after, until):
    every = recurring.read(RULES[1])
    turn, n = every.due_after(after, china()), 0
    while turn is not None and turn.due <= until:
        turn, n = every.after(turn.turn, china()), n + 1
    return n


def check(database):
    with database.reading() as work:
        runs = work.session.scalars(select(ScheduleRun)).all()
        assert max(Counter((r.unit_id, r.due_at) for r in runs if r.asked_by_id is None).values(), default=0) <= 1
        done = [r.case_id for r in runs if r.state == "done"]
        cases = work.session.scalars(select(Case.id).where(Case.matter == "yuebao")).all()
        assert sorted(done) == sorted(cases) and len(set(done)) == len(done)
        for unit in {r.unit_id for r in runs}:  # in order
            own = sorted(
                (r for r in runs if r.unit_id == unit and r.case_id and r.asked_by_id is None), key=lambda r: r.turn_at
            )
            assert [r.case_id for r in own] == sorted(r.case_id for r in own)


SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(acts=ACTS, missed=st.sampled_from(("each", "last")))
def test_no_turn_twice_and_none_forgotten(request, tmp_path_factory, acts, missed):
    with fresh_database(request, tmp_path_factory.mktemp("wild"), "sqlite") as database:
        play(database, acts, missed)


@settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(acts=ACTS, missed=st.sampled_from(("each", "last")))
def test_the_same_on_postgresql(request, tmp_path_factory, acts, missed):
    with fresh_database(request, tmp_path_factory.mktemp("wild"), "postgres") as database:
        play(database, acts, missed)


@pytest.mark.wide
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(acts=ACTS, missed=st.sampled_from(("each", "last")))
def test_no_turn_twice_and_none_forgotten_at_length(request, tmp_path_factory, acts, missed):
    with fresh_database(request, tmp_path_factory.mktemp("wild"), "sqlite") as database:
        play(database, acts, missed)
