"""The check as a designer draws: after each change, for a matter of sixty elements and for the largest there is; and
the matter as a list of steps."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

from engine import matters
from engine.commands import gate
from engine.drawing.text import Drawing
from engine.matters import simple
from engine.records import papers
from tests.cast import ROOT

ROUNDS = 15
#: Answered before somebody wonders: milliseconds of CPU after one change.
CHECK, LIST = 300, 50


def figures() -> list[dict[str, Any]]:
    counts = {path.parent.name: _elements(path.parent.name) for path in (ROOT / "bpmn").glob("*/process.bpmn")}
    sixty = min(counts, key=lambda one: abs(counts[one] - 60))
    largest = max(counts, key=lambda one: counts[one])
    house, rows = gate.house(ROOT), []
    with papers.using(ROOT / "forms"):
        for name in (sixty, largest):
            check = _checking(name, house)
            rows.append(_row(f"check of {name}, {counts[name]} elements, p50 of the CPU", _p50(check), CHECK))
    shown = matters.read_files(ROOT, sixty)
    rows.append(_row(f"{sixty} as a list of steps, p50", _p50(lambda: _listed(sixty, shown)), LIST))
    return rows


def _checking(name: str, house: gate.House) -> Callable[[], None]:
    """A check of this matter, each time with one change more: nothing is known of it."""
    files = matters.read_files(ROOT, name)
    path, n = f"bpmn/{name}/process.bpmn", itertools.count()

    def check() -> None:
        files[path] += b"\n<!-- %d -->" % next(n)
        gate.check(matters.Source(name, files), None, house=house)

    return check


def _listed(name: str, files: dict[str, bytes]) -> None:
    simple.listing(name, files)


def _elements(name: str) -> int:
    """Nodes and flows of its drawing."""
    drawing = Drawing((ROOT / "bpmn" / name / "process.bpmn").read_bytes(), name)
    return sum(1 for one in drawing.process.iter() if isinstance(one.tag, str) and one.get("id"))


def _p50(act: Callable[[], None]) -> float:
    act()
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        act()
        taken.append((time.process_time() - start) * 1000)
    return statistics.median(taken)


def _row(name: str, value: float, goal: float) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "ms", "target": goal, "met": value <= goal}
