"""From `yizhan run` to the first page, the second time: the hall is there, and nothing in it is new.

    figures() -> rows of {name, value, unit, baseline, ratio, target, met}

The home is a demo county's that was started once and stopped when its first page stood. The baseline is Python starting
and importing what we stand on, in the same run.
"""

from __future__ import annotations

import http.client
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import served
from tests.bench.http_bench import _imports_s
from tests.bench.served import row

TIMES, MOST_S = 3, 2.0


def figures() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="yizhan-bench-") as folder:
        first = _first_page_s(Path(folder))
        again = [_first_page_s(Path(folder)) for _ in range(TIMES)]
    imports = statistics.median(_imports_s() for _ in range(TIMES))
    return [
        row("`make run`, first start to first page", first, "s", imports),
        row("`make run`, second start to first page", statistics.median(again), "s", imports, most=MOST_S),
    ]


def _first_page_s(home: Path) -> float:
    """Seconds until the first page of a hall that is started now; it is stopped afterwards."""
    port, began = served.free_port(), time.monotonic()
    environment = served.environment(home, "sqlite", port)
    command = [sys.executable, "-m", "web.cli", "run"]
    process = subprocess.Popen(command, env=environment, cwd=served.ROOT, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                served.Asker(port).get("/")
                return time.monotonic() - began
            except (OSError, http.client.HTTPException):
                if process.poll() is not None:
                    raise RuntimeError(f"the hall ended with {process.returncode}") from None
                if time.monotonic() - began > 180:
                    raise RuntimeError("no page in three minutes") from None
                time.sleep(0.02)
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(60)
