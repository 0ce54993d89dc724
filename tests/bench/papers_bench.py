"""Papers: CPU of a one-page receipt against plain WeasyPrint on the same HTML, and receipts a second.

Plain WeasyPrint means what the manual shows: HTML(string).write_pdf() on one self-contained page, with the fonts the
system has. Both run warm, alternating, in this process; CPU is process time, the median of several rounds.
"""

from __future__ import annotations

import base64
import re
import statistics
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

CODE = "222J-62S6-2N52-G42B"
URL = "https://hall.example.cn/v/222J62S62N52G42B"
NOW = datetime(2026, 9, 18, 1, 42, tzinfo=UTC)
ROUNDS = 9
BATCH = 24


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

        pages.warm()
        mine, theirs = measure(ours, plain)
        made, usual = ours(), plain()
        signer = papers.sign(made.pdf, identity, now=NOW)
        rows = [
            row("one-page receipt, CPU", mine * 1000, "ms", theirs * 1000, 0.7),
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
    return rows


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
