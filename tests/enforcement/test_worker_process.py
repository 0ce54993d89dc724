"""`yizhan worker`, the real process: it finds what is due in the rows, does it, and ends cleanly."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import select

from engine.store.models import Beat, Case, Escalation, Timer
from tests.enforcement import hall as halls
from tests.enforcement import timed
from tests.enforcement.hall import at

ROOT = Path(__file__).resolve().parent.parent.parent


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
