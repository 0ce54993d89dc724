"""The worker in its own threads: woken by the bell, and several papers in hand at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import event, select

from engine.commands.worker import background
from engine.commands.worker.background import Equipment
from engine.records import jobs, papers
from engine.store.models import Document, Job
from tests.commands import acting
from web.worker import Worker

PDF = b"%PDF-1.7 made by a test"


class Together:
    """A press whose papers wait until as many as expected are in hand."""

    def __init__(self, expected: int) -> None:
        self.meeting = threading.Barrier(expected, timeout=30)

    def render(self, job: papers.Job) -> papers.Made:
        self.meeting.wait()
        return papers.Made(PDF, "", "", 1, False)


@pytest.fixture
def awake(database: Any) -> Any:
    """Starts a worker that only the bell wakes; it ends with the test."""
    running: list[tuple[Worker, threading.Thread]] = []

    def start(press: Any, hands: int) -> Worker:
        worker = Worker(database, Equipment(press=press, hands=hands))
        assert database.bell.listen()
        thread = threading.Thread(target=worker.answer_the_bell)
        thread.start()
        running.append((worker, thread))
        return worker

    yield start
    for worker, thread in running:
        worker.stopping.set()
        thread.join()
        worker.lanes.close()
    database.bell.close()


def _ready(database: Any) -> list[str]:
    with database.reading() as work:
        return [row.state for row in work.session.scalars(select(Document))]


def test_a_completion_wakes_the_worker_and_its_papers_are_made_at_the_same_time(
    database: Any, cast: Any, clock: Any, awake: Any
) -> None:
    done = threading.Event()
    case_id = acting.submit(database, cast.zhang, clock())
    acting.claim(database, case_id, cast.chen, clock())
    background.run(database, Equipment(press=Together(1)), now=clock())  # its receipt

    press = Together(2)
    worker = awake(press, 3)
    worker.clock = clock
    leave = worker.lanes._leave

    def left(lane: Any) -> None:
        leave(lane)
        if _ready(database) == ["ready"] * 3:
            done.set()

    worker.lanes._leave = left  # says when the hand that made the last paper is free
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())
    assert done.wait(30), _ready(database)
    assert not press.meeting.broken


def test_a_paper_that_fails_beside_others_fails_alone(database: Any, cast: Any, clock: Any) -> None:
    class Press:
        def render(self, job: papers.Job) -> papers.Made:
            if job.paper == "authority" or "授权" in job.paper[:200]:
                raise papers.PressFailed("文书生成进程中断。", "It died.")
            return papers.Made(PDF, "", "", 1, False)

    acting.accepted(database, cast, clock)
    worker = Worker(database, Equipment(press=Press(), hands=2), clock=clock)
    worker.tick()
    assert worker.lanes.finish(60)
    assert sorted(_ready(database)) == ["pending", "ready", "ready", "ready"]


def test_a_look_at_which_nothing_is_due_asks_twice(database: Any, clock: Any) -> None:
    worker = Worker(database, Equipment(press=Together(1)), clock=clock)
    seen: list[str] = []
    listen = lambda c, cursor, text, parameters, *rest: seen.append(text)  # noqa: E731
    event.listen(database.engine, "before_cursor_execute", listen)
    assert worker.tick() == 0
    event.remove(database.engine, "before_cursor_execute", listen)
    assert len([one for one in seen if one.startswith("SELECT")]) == 2, seen


def test_a_worker_that_is_told_to_stop_begins_nothing_new(database: Any, clock: Any) -> None:
    with database.unit_of_work() as work:
        jobs.put(work, jobs.Kind.SEND_CODE, "k", {"key": "k"}, now=clock())
    worker = Worker(database, Equipment(press=Together(1)), clock=clock)
    worker.stopping.set()
    worker.tick()
    assert worker.lanes.finish(60)
    with database.reading() as work:
        assert work.session.scalar(select(Job.state)) == "ready"
