"""A designer's play (试走) of 全程代办: what a step of it costs, and all of its steps anew."""

from __future__ import annotations

import statistics
import time
from typing import Any

from engine import matters
from engine.matters import stories
from engine.plain import plain
from engine.proof.moments import Moments
from engine.proof.trying import Tries
from tests.cast import ROOT

MATTER, ROUNDS = "daiban", 5
#: A step is there before somebody wonders; a whole play well within a second. Milliseconds of CPU.
STEP_P50, STEP_P95, WHOLE = 120, 250, 800


def figures() -> list[dict[str, Any]]:
    package = matters.read(MATTER, matters.read_files(ROOT, MATTER))
    story = stories.book(package).stories[0]
    said = {"at": "2026-09-18 09:00", "answers": plain(dict(story.answers))}
    steps = [plain(dict(step)) for step in story.steps]
    taken: list[float] = []
    whole: list[float] = []
    tries = Tries()
    try:
        tries.look(package, said, content=ROOT)  # the county, the papers' templates: once a version
        for n in range(ROUNDS):
            own = {**said, "at": f"2026-09-18 09:{n:02}"}  # another play each time: nothing of it is kept
            for k in range(len(steps) + 1):
                taken.append(_timed(tries, package, {**own, "steps": steps[:k]}))
            tries.moments = Moments()
            tries.look(package, said, content=ROOT)
            whole.append(_timed(tries, package, {**own, "steps": steps}))
    finally:
        tries.close()
    taken.sort()
    p95 = taken[int(len(taken) * 0.95)]
    return [
        _row("play's step, p50 of the CPU", statistics.median(taken), STEP_P50),
        _row("play's step, p95 of the CPU", p95, STEP_P95),
        _row(f"play of {len(steps)} steps anew, CPU", statistics.median(whole), WHOLE),
    ]


def _timed(tries: Tries, package: matters.Package, said: dict[str, Any]) -> float:
    start = time.process_time()
    seen = tries.look(package, said, content=ROOT)
    assert seen.refused is None, seen.refused
    return (time.process_time() - start) * 1000


def _row(name: str, value: float, goal: float) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "ms", "target": goal, "met": value <= goal}
