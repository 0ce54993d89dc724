"""Papers: CPU of a one-page receipt against plain WeasyPrint on the same HTML, and receipts a second.

Plain WeasyPrint means what the manual shows: HTML(string).write_pdf() on one self-contained page, with the fonts the
system has. Both run warm, alternating, in this process; CPU is process time, the median of several rounds.
"""

from __future__ import annotations

import base64
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import wait
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.records import papers
from engine.records.papers import fonts, pages
from tests.papers.facts import FACTS, seal

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = "222J-62S6-2N52-G42B"
URL = "https://hall.example.cn/v/222J62S62N52G42B"
NOW = datetime(2026, 9, 18, 1, 42, tzinfo=UTC)
ROUNDS = 9
BATCH = 24
WAITS = 15
#: A paper is ready this many seconds after the completion that asked for it.
READY_S = 2.0
#: The first one, for whom a worker that has just started loads its fonts and forms.
FIRST_S = 1.5


def plain_html() -> str:
    """The receipt as one self-contained page: style sheet inside, pictures as data, the system's fonts by name."""
    shared = papers.library()
    kind = shared.kind("receipt")
    facts = FACTS["receipt"]
    composed = papers.compose(kind, facts, check_code=CODE, verify_url=URL, seal=seal(kind, facts), shared=shared)
    html = composed.html
    for url, picture in composed.assets.items():
        html = html.replace(url, "data:image/svg+xml;base64," + base64.b64encode(picture.svg).decode())
    css = re.sub(r'"Yizhan (Fang|Song|Hei|Kai|Title)",\s*', "", shared.css)
    return html.replace("</head>", f"<style>{css}</style></head>")


def measure(*works: Callable[[], Any]) -> list[float]:
    """Median CPU seconds of each, taken in turns."""
    taken: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(ROUNDS):
        for n, work in enumerate(works):
            start = time.process_time()
            work()
            taken[n].append(time.process_time() - start)
    return [statistics.median(values) for values in taken]


def figures() -> list[dict[str, Any]]:
    from weasyprint import HTML

    if not fonts.ready():
        fonts.build()
    kind, facts = papers.library().kind("receipt"), FACTS["receipt"]
    html = plain_html()
    mark = seal(kind, facts)
    with tempfile.TemporaryDirectory() as folder:
        identity = papers.demo_identity(Path(folder), "德化县行政服务中心", now=NOW)

        def ours() -> papers.Rendered:
            return papers.render(kind, facts, check_code=CODE, verify_url=URL, seal=mark)

        def plain() -> bytes:
            return bytes(HTML(string=html).write_pdf())

        def tagged() -> bytes:
            return bytes(HTML(string=html).write_pdf(pdf_tags=True))

        pages.warm()
        mine, theirs, theirs_tagged = measure(ours, plain, tagged)
        made, usual = ours(), plain()
        signer = papers.sign(made.pdf, identity, now=NOW)
        rows = [
            row("one-page receipt with tags, CPU (plain WeasyPrint without)", mine * 1000, "ms", theirs * 1000, 0.7),
            row(
                "one-page receipt with tags, CPU (plain WeasyPrint with)", mine * 1000, "ms", theirs_tagged * 1000, 0.7
            ),
            row("one-page receipt, size", len(made.pdf) / 1000, "kB", len(usual) / 1000, 0.7),
        ]
        from engine.records.papers import signing

        key = signing.signer(identity)
        (sign,) = measure(lambda: papers.sign(made.pdf, key, now=NOW))
        rows.append(row("PAdES signature, CPU", sign * 1000, "ms"))
        rows[-1] |= {"note": f"{len(signer) - len(made.pdf)} bytes"}
        for processes in (1, 2):
            rows.append(row(f"signed receipts a second, {processes} process(es)", pace(identity, processes), "1/s"))
        rows[-1] |= {"baseline": rows[-2]["value"], "ratio": rows[-1]["value"] / rows[-2]["value"]}
    return rows + waits()


def waits() -> list[dict[str, Any]]:
    """How long people wait for their papers: a real worker process on SQLite, from the commit to state=ready."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ.setdefault("YIZHAN_DATA_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
        hall = _Hall(home)
        started = hall.accept(hall.receive())  # four papers wait for a worker that is not there yet
        start = time.monotonic()
        command = [sys.executable, "-m", "web.cli", "worker"]
        with (home / "worker.log").open("wb") as log:
            worker = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, "YIZHAN_HOME": folder}, stdout=log, stderr=log
            )
            try:
                first, all_ = hall.ready(started, start)
                three, one = [], []
                for _ in range(WAITS):
                    time.sleep(1 + random.random())  # at any moment between two looks of an idle worker
                    case_id = hall.receive()
                    hall.ready(case_id, time.monotonic())  # its receipt
                    time.sleep(1)
                    hall.accept(case_id)
                    three.append(hall.ready(case_id, time.monotonic())[1])
                    time.sleep(1 + random.random())
                    hall.decide(case_id)
                    one.append(hall.ready(case_id, time.monotonic())[1])
            finally:
                worker.terminate()
                worker.wait(30)
                hall.database.close()
    median = statistics.median
    return [
        _within("one paper, from the commit to ready (median)", median(one)),
        _within("one paper, from the commit to ready (slowest)", max(one)),
        _within("the last of three papers, from the commit to ready (median)", median(three)),
        _within("the last of three papers, from the commit to ready (slowest)", max(three)),
        _within("first paper after the worker's start", first, FIRST_S),
        row("fourth paper after the worker's start", all_, "s"),
    ]


def _within(name: str, seconds: float, most: float = READY_S) -> dict[str, Any]:
    return {**row(name, seconds, "s"), "target": f"<= {most:g}", "met": seconds <= most}


class _Hall:
    """A staffed hall in a folder, as the web sees it."""

    def __init__(self, home: Path) -> None:
        from engine.store import connect, migrate
        from tests import cast

        self.database = connect(f"sqlite:///{home / 'hall.db'}", files=home / "files")
        migrate.upgrade(self.database)
        with self.database.unit_of_work() as work:
            self.cast = cast.hire(work, datetime.now(UTC))

    def receive(self) -> int:
        """A case that has just asked for its receipt."""
        from tests.commands import acting

        return acting.submit(self.database, self.cast.zhang, datetime.now(UTC))

    def accept(self, case_id: int) -> int:
        """Its acceptance, which asks for three papers."""
        from tests.commands import acting

        self._answer(case_id, self.cast.chen, acting.TAKE_IN)
        self._answer(case_id, self.cast.wang, acting.ACCEPT)
        return case_id

    def decide(self, case_id: int) -> None:
        """Its registration, which asks for one paper."""
        from tests.commands import acting

        self._answer(case_id, self.cast.wang, acting.REGISTER)

    def _answer(self, case_id: int, by: Any, answers: dict[str, Any]) -> None:
        from tests.commands import acting

        acting.claim(self.database, case_id, by, datetime.now(UTC))
        acting.complete(self.database, case_id, answers, by, datetime.now(UTC))

    def ready(self, case_id: int, start: float) -> tuple[float, float]:
        """(seconds until the first, until the last) of the case's papers that were not ready yet."""
        from sqlalchemy import select

        from engine.store.models import Document

        first, before = 0.0, None
        while True:
            with self.database.reading() as work:
                states = list(work.session.scalars(select(Document.state).where(Document.case_id == case_id)))
            waiting = [state for state in states if state != "ready"]
            before = len(waiting) if before is None else before
            if len(waiting) < before and not first:
                first = time.monotonic() - start
            if not waiting:
                return first, time.monotonic() - start
            if "failed" in waiting or time.monotonic() - start > 60:
                raise RuntimeError(f"Expected the papers of case {case_id} to be ready, but they are {states}")
            time.sleep(0.005)


def pace(identity: papers.Identity, processes: int) -> float:
    """Signed receipts a second through the press, warm."""
    kind, facts = papers.library().kind("receipt"), FACTS["receipt"]
    job = papers.Job("receipt", facts, CODE, URL, seal(kind, facts), signed_at=NOW)
    with papers.Press(processes, identity=identity, seconds=120) as press:
        wait([press.submit(job) for _ in range(4 * processes)])
        start = time.perf_counter()
        for future in [press.submit(job) for _ in range(BATCH)]:
            future.result()
        return BATCH / (time.perf_counter() - start)


def row(
    name: str, value: float, unit: str, baseline: float | None = None, target: float | None = None
) -> dict[str, Any]:
    ratio = value / baseline if baseline else None
    met = ratio <= target if ratio is not None and target is not None else None
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "baseline": baseline,
        "ratio": ratio,
        "target": target,
        "met": met,
    }
