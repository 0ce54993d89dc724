"""`yizhan worker`, the real process: it finds what is due in the rows, does it, and ends cleanly."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from engine.records import audit
from engine.store.models import Beat, Case, Escalation, Event, Incident, Timer
from tests.enforcement import hall as halls
from tests.enforcement import timed
from tests.enforcement.hall import at
from tests.soaking import times

ROOT = Path(__file__).resolve().parent.parent.parent
FAR = at("2090-01-01 00:00")


def test_a_worker_fires_timers_rings_alarms_keeps_its_beat_and_stops_when_told(sqlite, tmp_path):
    with sqlite.unit_of_work() as work:
        hall = halls.build(work)
    with sqlite.unit_of_work() as work:
        original = timed.case(work, hall)
        ids = timed.copies(work, original, 3, due=at("2020-01-06 09:00"))
        timed.rest(work, original)
        alarmed = halls.case(
            work, hall, received="2020-03-02 09:00", accepted="2020-03-02 10:00", assignee=hall.chen
        )  # black long since
    home = {"YIZHAN_HOME": str(tmp_path), "YIZHAN_DATABASE_URL": sqlite.url.render_as_string()}
    process = subprocess.Popen([sys.executable, "-m", "web.cli", "worker"], cwd=ROOT, env=os.environ | home)
    try:
        deadline = time.monotonic() + 90
        while True:
            with sqlite.reading() as work:
                done = timed.fired(work) == dict.fromkeys(ids, 1)
                rung = work.session.scalar(select(Escalation.id).where(Escalation.case_id == alarmed)) is not None
                if done and rung:
                    break
            assert process.poll() is None, "the worker ended"
            assert time.monotonic() < deadline, "the worker did nothing in time"
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    with sqlite.reading() as work:
        assert work.session.get(Case, alarmed).colour == "black"
        assert timed.helped(work) == dict.fromkeys(ids, 1)
        assert work.session.scalar(select(Timer.id).where(Timer.wake_at < at("2090-01-01 00:00"))) is None
        beat = work.session.get(Beat, socket.gethostname())
        assert beat is not None and beat.calendar == work.calendar.version


def start(database, home: Path) -> subprocess.Popen:
    url = database.url.render_as_string(hide_password=False)
    env = os.environ | {"YIZHAN_HOME": str(home), "YIZHAN_DATABASE_URL": url}
    with (home / "worker.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "web.cli", "worker"], cwd=ROOT, env=env, stderr=log, stdout=log)


def until(database, enough, *processes: subprocess.Popen, firings: int) -> None:
    deadline = time.monotonic() + 120 + firings
    while True:
        with database.reading() as work:
            if enough(work):
                return
        assert any(p.poll() is None for p in processes), "every worker ended"
        assert time.monotonic() < deadline, "the workers are too slow"
        time.sleep(0.02)


def two_minutes_later(database) -> None:
    """What the dead held is due again: their leases have run out."""
    with database.unit_of_work() as work:
        long_ago = at("2020-01-06 09:00")
        work.session.execute(update(Timer).where(Timer.attempts > 0, Timer.wake_at < FAR).values(wake_at=long_ago))
        now = datetime.now(UTC)
        work.session.execute(update(Case).where(Case.next_alert_at > now).values(next_alert_at=long_ago))


@pytest.mark.parametrize(
    "firings",
    [
        pytest.param(60, marks=pytest.mark.wide),
        pytest.param(times(3000), marks=[pytest.mark.soak, pytest.mark.timeout(4 * 3600)]),
    ],
)
def test_real_workers_killed_in_the_middle_fire_each_timer_and_take_each_step_exactly_once(database, tmp_path, firings):
    """The drawing's own path, audited; alarms with a reminder, a supervisor told. Killed: one of two, then the last."""
    with database.unit_of_work() as work:
        hall = halls.build(work)
    with database.unit_of_work() as work:
        original = timed.case(work, hall)
        ids = timed.copies(work, original, firings, due=at("2020-01-06 09:00"))
        timed.rest(work, original)
        alarmed = [
            halls.case(work, hall, received="2020-03-02 09:00", accepted="2020-03-02 10:00", assignee=hall.chen)
            for _ in range(max(10, firings // 10))
        ]  # black long since

    def fired(work) -> int:
        return work.session.scalar(select(func.count()).select_from(Event).where(Event.kind == "timer.fired"))

    def escalated(work) -> int:
        return work.session.scalar(select(func.count()).select_from(Escalation))

    workers = [start(database, tmp_path), start(database, tmp_path)]
    try:
        until(
            database, lambda work: escalated(work) > 1, *workers, firings=firings
        )  # cases come before timers: in the middle of them
        workers[0].send_signal(signal.SIGKILL)
        workers[0].wait()
        until(database, lambda work: fired(work) >= firings // 3, *workers[1:], firings=firings)
        workers[1].send_signal(signal.SIGKILL)
        workers[1].wait()
        with database.reading() as work:
            assert fired(work) < firings, "they were too quick: raise firings"
        two_minutes_later(database)
        workers.append(start(database, tmp_path))

        def done(work) -> bool:
            told = select(func.count()).where(Escalation.case_id.in_(alarmed), Escalation.step == "black")
            rung = work.session.scalar(told) == len(alarmed)  # the timers' own cases are due before these
            return rung and work.session.scalar(select(Timer.id).where(Timer.wake_at < FAR).limit(1)) is None

        until(database, done, *workers[2:], firings=firings)
        workers[2].send_signal(signal.SIGTERM)
        assert workers[2].wait(timeout=60) == 0
    finally:
        for process in workers:
            process.kill()
            process.wait()
    with database.reading() as work:
        assert timed.fired(work) == dict.fromkeys(ids, 1)
        assert timed.helped(work) == dict.fromkeys(ids, 1)
        steps = Counter(work.session.execute(select(Escalation.case_id, Escalation.step)).all())
        assert set(steps.values()) == {1}
        taken = {case_id: {step for case, step in steps if case == case_id} for case_id in alarmed}
        assert taken[alarmed[0]] >= {"before", "red"} and all(each == taken[alarmed[0]] for each in taken.values())
        told = Counter(
            (e.case_id, e.facts["step"])
            for e in work.session.scalars(select(Event).where(Event.kind == "deadline.escalated"))
        )
        assert told == Counter({key: 1 for key in steps})
        assert work.session.scalar(select(Incident.id)) is None
        assert audit.verify(work).faults == ()
