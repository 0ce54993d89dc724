"""The bell: stored work wakes one listener of this machine, and nobody is hindered where nobody listens."""

from datetime import timedelta

import pytest

from engine.records import jobs
from engine.store.bell import Bell


@pytest.fixture
def heard(database):
    assert database.bell.listen()
    yield database.bell
    database.bell.close()


def _put(work, clock, key, **more):
    jobs.put(work, "render-paper", key, now=clock(), **more)


def test_work_that_was_committed_rings_once(database, clock, heard):
    with database.unit_of_work() as work:
        for n in range(3):
            _put(work, clock, f"k{n}")
        assert not heard.wait(0)  # not before the commit: there would be nothing to find
    assert heard.wait(5)
    assert not heard.wait(0)


def test_work_that_was_rolled_back_does_not_ring(database, clock, heard):
    with pytest.raises(RuntimeError), database.unit_of_work() as work:
        _put(work, clock, "k")
        raise RuntimeError("no")
    assert not heard.wait(0)


def test_work_for_later_does_not_ring(database, clock, heard):
    with database.unit_of_work() as work:
        _put(work, clock, "k", after=clock() + timedelta(minutes=5))
    assert not heard.wait(0)


def test_work_asked_for_twice_rings_the_first_time(database, clock, heard):
    for rings in (True, False):
        with database.unit_of_work() as work:
            jobs.put_once(work, "render-paper", "k", now=clock())
        assert heard.wait(0) is rings


def test_ringing_where_nobody_listens_costs_nothing(tmp_path):
    bell = Bell(tmp_path / "worker.bell")
    bell.ring()
    assert not bell.path.exists()
    assert bell.listen()
    bell.close()
    bell.ring()  # the pipe is there; its listener has gone


def test_of_two_listeners_one_is_woken(tmp_path):
    first, second = Bell(tmp_path / "worker.bell"), Bell(tmp_path / "worker.bell")
    assert first.listen() and second.listen()
    first.ring()
    assert [first.wait(5), second.wait(0)] == [True, False]
    first.close()
    second.close()


def test_a_bell_rung_very_often_does_not_hold_up_who_rings(tmp_path):
    bell = Bell(tmp_path / "worker.bell")
    assert bell.listen()
    for _ in range(70_000):  # a pipe holds 65,536 bytes
        bell.ring()
    assert bell.wait(0)
    while bell.wait(0):
        pass
    bell.close()


def test_where_no_pipe_can_be_made_the_worker_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    assert not Bell(tmp_path / "file" / "worker.bell").listen()
