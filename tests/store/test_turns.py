"""Writers of SQLite queue: threads and processes, one after the other, and a dead one holds nobody up."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from engine.store import db
from engine.store.models import Counter
from engine.store.turns import Turn

HOLDS = """
import sys, time
from engine.store.turns import Turn
with Turn(sys.argv[1], 30):
    print("mine", flush=True)
    time.sleep(60)
"""
TAKES_TURNS = """
import sys, time
from engine.store.turns import Turn
turn = Turn(sys.argv[1], 30)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(40):
    with turn:
        with open(sys.argv[2], "a") as log:
            log.write(sys.argv[3])
        time.sleep(0.005)  # the work: long enough for the other to come to the door
"""


def process(script: str, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_who_just_wrote_lets_the_other_process_go_first(tmp_path):
    path, log = str(tmp_path / "hall.db"), tmp_path / "log"
    both = [process(TAKES_TURNS, path, str(log), name) for name in "ab"]
    for each in both:
        assert each.stdout.readline() == "ready\n"
    for each in both:
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in both:
        each.communicate()
        assert each.returncode == 0
    text = log.read_text()
    assert sorted(text) == ["a"] * 40 + ["b"] * 40
    changes = sum(x != y for x, y in zip(text, text[1:], strict=False))
    assert changes >= 50, text  # one after the other; at the two ends one of them may be alone


def test_a_process_killed_in_its_turn_leaves_nothing_locked(tmp_path):
    path = str(tmp_path / "hall.db")
    holder = process(HOLDS, path)
    assert holder.stdout.readline() == "mine\n"
    with pytest.raises(OperationalError, match="locked"), Turn(path, 0.05):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with Turn(path, 5):
        pass
    with Turn(path, 5):  # nor did the one that gave up keep anything
        pass


def test_a_child_forked_in_the_middle_of_a_turn_does_not_keep_it(tmp_path):
    path = str(tmp_path / "hall.db")
    with Turn(path, 5):
        child = os.fork()
        if child == 0:
            time.sleep(30)
            os._exit(0)
    try:
        with Turn(path, 5):
            entered = True
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert entered


def test_a_thread_that_has_its_turn_may_take_it_again_and_others_wait(tmp_path):
    turn, order = Turn(str(tmp_path / "hall.db"), 5), []

    def other():
        with turn:
            order.append("other")

    thread = threading.Thread(target=other)
    with turn, turn:
        thread.start()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_without_a_file_or_a_folder_to_write_in_only_the_threads_queue(tmp_path):
    with Turn(None, 1):
        pass
    with Turn(str(tmp_path / "no such folder" / "hall.db"), 1):
        pass
    database = db.connect("sqlite://")
    with database.unit_of_work() as work:
        assert work.session.scalar(select(1)) == 1
    database.close()


def test_two_halls_on_one_file_write_without_waiting_for_sqlite_to_try_again(sqlite):
    url = sqlite.url.render_as_string(hide_password=False)
    halls = [db.connect(url), db.connect(url)]
    for hall in halls:  # SQLite itself would not wait at all
        with hall.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=0")
    errors = []

    def write(hall, name):
        try:
            for i in range(30):
                with hall.unit_of_work() as work:
                    work.session.add(Counter(name=f"{name}{i}", value=1))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(hall, name)) for hall, name in zip(halls, "ab", strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with sqlite.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(Counter)) == 60
    for hall in halls:
        hall.close()


def test_the_threads_of_a_process_have_their_turns_in_the_order_in_which_they_came(tmp_path):
    turn, came = Turn(str(tmp_path / "hall.db"), 30), []

    def write(n: int) -> None:
        with turn, turn:  # a turn may be taken again
            came.append(n)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(20)]
    with turn:
        for n, one in enumerate(threads):
            one.start()
            while len(turn._threads._line) <= n:  # each is in the line before the next comes
                time.sleep(0)
    for one in threads:
        one.join()
    assert came == list(range(20))


def test_a_thread_whose_time_is_up_steps_out_of_the_line(tmp_path):
    turn, after = Turn(str(tmp_path / "hall.db"), 30), []
    with turn:
        turn._wait_s = 0.01
        hasty = threading.Thread(target=_taken, args=(turn, after))
        hasty.start()
        hasty.join()
    assert after == ["database is locked"] and not turn._threads._line
    with turn:
        pass


def _taken(turn: Turn, after: list[str]) -> None:
    try:
        with turn:
            after.append("taken")
    except OperationalError as error:
        after.append(str(error.orig))
