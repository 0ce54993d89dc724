"""Size: long chains, wide forks, many turns, pair after pair. Limits are generous; what matters is that growth is
straight."""

from __future__ import annotations

import time

from engine import process
from engine.process import Start

from .drawing import draw
from .playing import NOW, begin, complete, load, open_now, play


def test_a_chain_of_2000_tasks_runs_in_one_step() -> None:
    ids = [f"t{i}" for i in range(2000)]
    data = draw("start s", *[f"task {i}" for i in ids], "end e", " > ".join(["s", *ids, "e"]))
    step = begin(data)[1]
    assert step.finished and len(step.trace) == 2002


def test_a_fork_of_500_branches_runs_in_under_a_second() -> None:
    ids = [f"t{i}" for i in range(500)]
    data = draw(
        "start s",
        "and f",
        "and j",
        "end e",
        *[f"user {i}" for i in ids],
        "s > f",
        "j > e",
        *[f"f > {i} > j" for i in ids],
    )
    definition = load(data)
    at = time.process_time()
    step = process.start(definition, Start(), now=NOW)
    assert len(step.open_tasks) == 500
    assert time.process_time() - at < 1
    autos = draw(
        "start s",
        "and f",
        "and j",
        "end e",
        *[f"task {i}" for i in ids],
        "s > f",
        "j > e",
        *[f"f > {i} > j" for i in ids],
    )
    definition = load(autos)
    at = time.process_time()
    assert process.start(definition, Start(), now=NOW).finished
    assert time.process_time() - at < 1


def test_a_loop_of_5000_turns_finishes_with_a_small_state() -> None:
    data = draw(
        "start s",
        "script i = 0 -> n",
        "xor m",
        "script t = n + 1 -> n",
        "xor g",
        "user u",
        "s > i > m > t > g",
        "g > m [n < 5000]",
        "g > u *",
    )
    definition, step = begin(data)
    assert step.variables["n"] == 5000 and open_now(step) == ["u"] and len(step.state) < 400
    assert complete(definition, step, "u").finished


def test_twenty_parallel_pairs_one_after_the_other_start_at_once_with_a_small_state() -> None:
    lines = ["start s", "end e"]
    path = "s"
    for i in range(20):
        lines += [
            f"and f{i}",
            f"user a{i}",
            f"user b{i}",
            f"and j{i}",
            f"{path} > f{i}",
            f"f{i} > a{i} > j{i}",
            f"f{i} > b{i} > j{i}",
        ]
        path = f"j{i}"
    definition = load(draw(*lines, f"{path} > e"))
    at = time.process_time()
    step = process.start(definition, Start(), now=NOW)
    assert time.process_time() - at < 0.05 and len(step.state) < 2000
    for i in range(20):
        step = complete(definition, complete(definition, step, f"a{i}"), f"b{i}")
    assert step.finished


def test_a_drawing_that_never_stops_is_an_incident_and_keeps_its_state() -> None:
    data = draw("start s", "xor m", "task t", "s > m > t > m")
    definition = load(data, lint=False)  # the linter sees it and refuses
    step = process.start(definition, Start(), now=NOW, limit=1000)
    [incident] = step.incidents
    assert incident.code == "limit" and not step.finished and len(step.state) < 1000
    again = process.advance(definition, step.state, process.Retry(incident.id), now=NOW, limit=1000)
    assert again.incidents and again.incidents[0].id != incident.id
    assert play(data, max_steps=500, lint=False).status == "failed"


def test_sub_processes_may_lie_thirty_deep() -> None:
    lines: list[str] = ["start s", "s > h0"]
    for i in range(30):
        lines += [f"sub h{i} {{", f"start i{i}", f"i{i} > h{i + 1}"]
    lines += ["user h30", *["}"] * 30]
    definition, step = begin(draw(*lines))
    assert open_now(step) == ["h30"]
    assert complete(definition, step, "h30").finished
