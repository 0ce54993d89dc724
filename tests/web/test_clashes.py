"""Two requests in each other's way on PostgreSQL: both are done, nobody is told to try again."""

from __future__ import annotations

import io
import logging
import threading

import pytest
from flask import Blueprint, flash, g, request, session
from sqlalchemy import select

from engine.commands.equipment import Equipment
from engine.commands.worker import alarms
from engine.commands.worker.background import run as run_jobs
from engine.commands.worker.sweep import sweep
from engine.records import counters, jobs
from engine.store import clashes
from engine.store.models import Case, Counter, Incident, Job
from tests.conftest import NOW, fresh_database
from tests.enforcement import hall as halls
from tests.hall import open_hall
from web import edge

PAIRS = (("papers", "receipts"), ("receipts", "papers"))


@pytest.fixture
def postgres(request, tmp_path):
    with fresh_database(request, tmp_path, "postgres") as made:
        yield made


class Meeting:
    """Lets two wait for each other once, each with its first lock in hand; who comes again goes on alone."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(2)
        self.seen = threading.local()

    def here(self) -> None:
        if not getattr(self.seen, "once", False):
            self.seen.once = True
            self.barrier.wait(30)


def both(calls) -> None:
    errors = []

    def run(call):
        try:
            call()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_two_requests_that_take_two_series_of_numbers_in_opposite_order_both_succeed(postgres, clock, tmp_path, caplog):
    meeting, runs = Meeting(), []
    pages = Blueprint("numbers", __name__)

    @pages.post("/numbers/<first>/<second>")
    @edge.guard("anyone")
    def numbers(first, second):
        runs.append((first, bool(g.get("mark")), session.get("seen", 0), request.files["paper"].read()))
        g.mark = True
        session["seen"] = session.get("seen", 0) + 1
        flash("taken")
        one = counters.take(edge.work(), first)
        meeting.here()
        return f"{request.form['who']} {one} {counters.take(edge.work(), second)} {len(session['_flashes'])}"

    hall = open_hall(postgres, clock, tmp_path)
    hall.app.register_blueprint(pages)
    answers = {}

    def post(first, second):
        data = {"who": first, "paper": (io.BytesIO(b"scan"), "scan.pdf")}
        with hall.app.test_client() as client:
            answers[first] = client.post(f"/numbers/{first}/{second}", data=data)

    with caplog.at_level(logging.WARNING, "yizhan.store"):
        both([lambda pair=pair: post(*pair) for pair in PAIRS])
    assert {answer.status_code for answer in answers.values()} == {200}
    assert len(runs) == 3 and "try 1" in caplog.text  # one of the two was done again
    # … as if for the first time: the file from its beginning, the cookie, the messages and the request's own as they
    # came
    assert {run[1:] for run in runs} == {(False, 0, b"scan")}
    assert sorted(answer.text for answer in answers.values()) in (
        ["papers 1 1 1", "receipts 2 2 1"],
        ["papers 2 2 1", "receipts 1 1 1"],
    )
    with postgres.reading() as work:
        found = {row.name: row.value for row in work.session.scalars(select(Counter))}
    assert (found["papers"], found["receipts"]) == (2, 2)  # no number was lost


def test_who_loses_again_and_again_is_told_that_the_hall_is_busy(postgres, clock, tmp_path):
    pages = Blueprint("unlucky", __name__)
    tries = []

    @pages.post("/unlucky")
    @edge.guard("anyone")
    def unlucky():
        tries.append(1)
        edge.work().session.connection().exec_driver_sql("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")

    hall = open_hall(postgres, clock, tmp_path)
    hall.app.register_blueprint(pages)
    assert hall.app.test_client().post("/unlucky").status_code == 503
    assert len(tries) == clashes.TRIES


def test_what_fails_for_another_reason_is_not_done_again(postgres, clock, tmp_path):
    pages = Blueprint("broken", __name__)
    tries = []

    @pages.post("/broken")
    @edge.guard("anyone")
    def broken():
        tries.append(1)
        edge.work().session.connection().exec_driver_sql("SELECT nothing")

    hall = open_hall(postgres, clock, tmp_path)
    hall.app.register_blueprint(pages)
    hall.app.config["PROPAGATE_FAULTS"] = False
    assert hall.app.test_client().post("/broken").status_code == 500
    assert len(tries) == 1


def test_the_sweep_and_the_jobs_of_two_workers_too(postgres, monkeypatch):
    with postgres.unit_of_work() as work:
        hall = halls.build(work)
        case_id = halls.case(work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00", assignee=hall.chen)
        jobs.put(work, jobs.Kind.SHARE_DATA, "numbers:1", now=NOW)
    meeting, wake = Meeting(), alarms.wake

    def waking(work, case, *, now):
        counters.take(work, "papers")
        meeting.here()
        counters.take(work, "receipts")
        return wake(work, case, now=now)

    def numbers(database, job, equipment, now):
        with database.unit_of_work() as work:
            jobs.done(work, job, now=now)
            counters.take(work, "receipts")
            meeting.here()
            counters.take(work, "papers")

    monkeypatch.setattr(alarms, "wake", waking)
    late, table = halls.at("2026-10-09 17:30"), {jobs.Kind.SHARE_DATA: numbers}
    both(
        [lambda: sweep(postgres, now=late), lambda: run_jobs(postgres, Equipment(press=None), now=late, handlers=table)]
    )
    with postgres.reading() as work:
        assert work.session.scalar(select(Incident.id)) is None
        assert work.session.get(Case, case_id).colour == "red"
        job = work.session.scalar(select(Job).where(Job.key == "numbers:1"))
        assert (job.state, job.attempts) == ("done", 1)
        assert {row.value for row in work.session.scalars(select(Counter)) if row.name in PAIRS[0]} == {2}
