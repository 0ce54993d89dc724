"""What `make soak` runs: how long it goes on, and what is already done of it.

Whole, or as short as SOAK_TIMES says (a look before a release). As a plugin of pytest (`-p tests.soaking`, with
SOAK_BOOK naming a file) it writes down each test as it ends and leaves out those that the file says have passed: hours
that were broken off go on where they were.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

#: Rounds that a test which takes hours makes at most: what is broken off in the middle is lost.
AT_ONCE = 100


def times(whole: int) -> int:
    """So many rounds, calls or texts."""
    return min(whole, int(os.environ.get("SOAK_TIMES") or whole))


def one_in(short: int) -> int:
    """Of what is tried one by one: every one, or with SOAK_TIMES one in so many."""
    return short if os.environ.get("SOAK_TIMES") else 1


def parts(whole: int, at_once: int = AT_ONCE) -> list[tuple[int, int]]:
    """Which part it is (from one on) and how many rounds it has.

    >>> parts(250)
    [(1, 100), (2, 100), (3, 50)]
    """
    whole = times(whole)
    return [(n, min(at_once, whole - done)) for n, done in enumerate(range(0, whole, at_once), 1)]


def read(book: Path) -> dict[str, dict[str, Any]]:
    """What the book says of each test, the last it says. A line that was being written when the power went is none."""
    found = {}
    for line in book.read_text(encoding="utf-8").splitlines() if book.exists() else ():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        found[said["test"]] = said
    return found


def _book() -> Path | None:
    return Path(os.environ["SOAK_BOOK"]) if os.environ.get("SOAK_BOOK") else None


@pytest.hookimpl(trylast=True)  # after -m has chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    book = _book()
    if book is None:
        return
    said = read(book)
    done = [item for item in items if said.get(item.nodeid, {}).get("outcome") == "passed"]
    if done:
        config.hook.pytest_deselected(items=done)
        items[:] = [item for item in items if item not in done]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    book = _book()
    if book is None or report.when != "call" and report.passed:
        return
    said = (report.capstdout.strip().splitlines() or [""])[-1]
    line = {"test": report.nodeid, "outcome": report.outcome, "seconds": round(report.duration), "said": said}
    if report.failed:
        line["why"] = report.longreprtext[-4000:]
    book.parent.mkdir(parents=True, exist_ok=True)
    with book.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(f"\n[一站] {report.outcome} after {report.duration:.0f} s: {report.nodeid} {said}", flush=True)
