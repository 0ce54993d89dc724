"""Any number of workers, and any of them may die: each timer fires exactly once, on both databases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.commands import cases
from engine.commands.worker.sweep import sweep
from engine.people import SYSTEM
from engine.records import audit, timers
from engine.store.models import Case, Escalation, Event, Incident, Task, Timer
from tests.costs.counting import counting
from tests.enforcement import hall as halls
from tests.enforcement import timed
from tests.enforcement.hall import at

ROOT = Path(__file__).resolve().parent.parent.parent
LONG_AGO = at("2020-01-06 09:00")  # before the machine's real clock, by which the worker processes go


@pytest.fixture
def original(database):
    with database.unit_of_work() as work:
        hall = halls.build(work)
    with database.unit_of_work() as work:
        return timed.case(work, hall)


def worker(database) -> subprocess.Popen:
    url = database.url.render_as_string(hide_password=False)
    return subprocess.Popen([sys.executable, "-m", "tests.enforcement.worker", url], cwd=ROOT, env=dict(os.environ))


def fired_count(database) -> int:
    with database.reading() as work:
        return work.session.scalar(select(func.count()).select_from(Event).where(Event.kind == "timer.fired"))


def wait_until(database, enough: int, *processes: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while fired_count(database) < enough:
        assert time.monotonic() < deadline, "the workers are too slow"
        assert any(p.poll() is None for p in processes), "every worker ended early"
        time.sleep(0.05)


@pytest.mark.wide
def test_a_thousand_firings_with_two_workers_and_kill_9_in_the_middle_are_each_exactly_once(database, original):
    with database.unit_of_work() as work:
        ids = timed.copies(work, original, 1000, due=LONG_AGO)
        timed.rest(work, original)
    first, second = worker(database), worker(database)
    try:
        wait_until(database, 200, first, second)
        first.send_signal(signal.SIGKILL)  # in the middle, with leases in hand
        first.wait()
        wait_until(database, 500, second)
        second.send_signal(signal.SIGKILL)  # now nobody works
        second.wait()
        assert 500 <= fired_count(database) < 1000
        third = worker(database)
        assert third.wait(timeout=200) == 0
    finally:
        for process in (first, second):
            process.kill()
            process.wait()
    with database.reading() as work:
        assert timed.fired(work) == dict.fromkeys(ids, 1)
        assert work.session.scalar(select(func.count()).select_from(Escalation)) == 1000
        assert audit.verify(work).faults == ()


def test_a_worker_that_slept_past_its_lease_leaves_the_row_to_the_other(database, original):
    with database.unit_of_work() as work:
        slow = timers.claim(work, timed.DUE, lease=timedelta(seconds=60))
    with database.unit_of_work() as work:
        quick = timers.claim(work, timed.DUE + timedelta(seconds=61))
    assert [lease.id for lease in slow] == [lease.id for lease in quick]
    with database.unit_of_work() as work:
        assert timers.still_mine(work, slow[0]) is None
        assert timers.still_mine(work, quick[0]) is not None


def test_a_row_in_hand_is_nobody_else_s(database, original):
    with database.unit_of_work() as work:
        assert len(timers.claim(work, timed.DUE)) == 1
    with database.unit_of_work() as work:
        assert timers.claim(work, timed.DUE) == []


def test_a_poisoned_timer_becomes_an_incident_waits_on_the_delay_list_and_delays_nobody(database, original):
    with database.unit_of_work() as work:
        ids = timed.copies(work, original, 5)
        timed.rest(work, original)
        work.session.get(Case, ids[0]).state = b"nonsense"
    swept = sweep(database, now=timed.DUE)
    assert (swept.timers, swept.failed) == (4, 1)
    now = timed.DUE
    with database.reading() as work:
        incident = work.session.scalar(select(Incident))
        assert (incident.case_id, incident.code, incident.solved_at) == (ids[0], "timer", None)
        assert "重试" in incident.zh
        row = work.session.scalar(select(Timer).where(Timer.case_id == ids[0]))
        assert row.wake_at == now + timers.RETRIES[0]
    waits = []
    for _ in range(len(timers.RETRIES)):
        with database.reading() as work:
            wake_at = work.session.scalar(select(Timer.wake_at).where(Timer.case_id == ids[0]))
        waits.append(wake_at - now)
        now = wake_at
        assert sweep(database, now=now).failed == 1
    assert waits == list(timers.RETRIES)
    with database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(Incident)) == 1
        row = work.session.scalar(select(Timer).where(Timer.case_id == ids[0]))
        assert row.wake_at == timers.NEVER  # parked until a person retries it
        assert timed.fired(work) == dict.fromkeys(ids[1:], 1)


def test_timers_of_many_cases_are_fired_in_a_few_commits_and_each_case_s_record_is_whole(database, original):
    with database.unit_of_work() as work:
        ids = timed.copies(work, original, 16)
        timed.rest(work, original)
    with counting(database) as cost:
        assert sweep(database, now=timed.DUE).timers == 16
    assert cost.commits == 1 + 2  # the leases, and eight at a time
    with database.reading() as work:
        assert timed.fired(work) == dict.fromkeys(ids, 1) == timed.helped(work)
        assert audit.verify(work).faults == ()


def test_two_timers_of_one_case_are_fired_one_after_the_other(database, original):
    with database.unit_of_work() as work:
        (one,) = timed.copies(work, original, 1)
        timed.rest(work, original)
        (row,) = work.session.scalars(select(Timer).where(Timer.case_id == one))
        work.session.add(
            Timer(case_id=one, key="gone", element=row.element, kind=row.kind, due_at=row.due_at, wake_at=row.wake_at)
        )
    with counting(database) as cost:
        assert sweep(database, now=timed.DUE).failed == 0
    assert cost.commits == 1 + 2  # the leases, and each by itself
    with database.reading() as work:
        assert timed.helped(work) == {one: 1}
        assert work.session.scalar(select(func.count()).select_from(Timer).where(Timer.case_id == one)) == 0


def test_a_poisoned_timer_that_was_mended_closes_its_incident(database, original):
    with database.unit_of_work() as work:
        (one,) = timed.copies(work, original, 1)
        timed.rest(work, original)
        case = work.session.get(Case, one)
        good, case.state = case.state, b"nonsense"
    sweep(database, now=timed.DUE)
    with database.unit_of_work() as work:
        work.session.get(Case, one).state = good
    later = timed.DUE + timers.RETRIES[0]
    assert sweep(database, now=later).timers == 1
    with database.reading() as work:
        assert work.session.scalar(select(Incident.solved_at)) == later


def test_a_parked_timer_is_taken_up_when_a_person_says_it_was_mended(database, original):
    with database.unit_of_work() as work:
        (one,) = timed.copies(work, original, 1)
        timed.rest(work, original)
        case = work.session.get(Case, one)
        good, case.state = case.state, b"nonsense"
    sweep(database, now=timed.DUE)
    now = at("2026-10-26 09:00")
    with database.unit_of_work() as work:
        work.session.get(Case, one).state = good
        work.session.scalar(select(Timer).where(Timer.case_id == one)).wake_at = timers.NEVER
    with database.unit_of_work() as work:
        cases.retry(work, work.session.scalar(select(Incident.id)), by=SYSTEM, now=now)
    assert sweep(database, now=now).timers == 1
    with database.reading() as work:
        assert work.session.scalar(select(Incident.solved_at)) == now
        assert timed.fired(work) == {one: 1}


def test_a_timer_waits_with_its_suspended_case(database, original):
    with database.unit_of_work() as work:
        work.session.get(Case, original).status = "suspended"
    assert sweep(database, now=timed.DUE).timers == 1
    with database.reading() as work:
        row = work.session.scalar(select(Timer))
        assert row.wake_at > timed.DUE and row.due_at == timed.DUE and row.attempts == 0
        assert timed.fired(work) == {}


def test_a_timer_of_an_ended_case_is_dropped(database, original):
    with database.unit_of_work() as work:
        case = work.session.get(Case, original)
        case.status, case.finished_at, case.next_alert_at = "terminated", timed.SUBMITTED, None
    sweep(database, now=timed.DUE)
    with database.reading() as work:
        assert work.session.scalar(select(Timer.id)) is None


def test_threads_that_sweep_together_fire_each_once(database, original):
    import threading

    with database.unit_of_work() as work:
        ids = timed.copies(work, original, 40)
        timed.rest(work, original)
    swept, errors = [], []

    def run():
        try:
            while (done := sweep(database, now=timed.DUE, most=5)).busy:
                swept.append(done)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and sum(s.timers for s in swept) == 40 and sum(s.failed for s in swept) == 0
    with database.reading() as work:
        assert timed.fired(work) == dict.fromkeys(ids, 1)


def test_the_case_s_alarms_too_are_rung_once_by_many(database):
    import threading

    with database.unit_of_work() as work:
        hall = halls.build(work)
        for _ in range(12):
            halls.case(work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00", assignee=hall.chen)
    now = at("2026-10-09 17:30")
    errors = []

    def run():
        try:
            while sweep(database, now=now, most=3).busy:
                pass
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.reading() as work:
        for case in work.session.scalars(select(Case)):
            kinds = Counter(e.facts.get("step") for e in audit.history(work, case.id) if e.kind == "deadline.escalated")
            assert kinds == {"before": 1, "red": 1} and case.colour == "red"


def test_what_is_not_due_is_never_touched(database, original):
    assert not sweep(database, now=timed.DUE - timedelta(seconds=1)).busy
    with database.reading() as work:
        assert work.session.scalar(select(Timer.fence)) == 0
        assert work.session.scalar(select(Task.version)) == 1
    assert datetime.now(UTC) > LONG_AGO
