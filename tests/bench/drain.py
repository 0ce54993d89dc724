"""A worker process for the figures: waits for a line on its input, sweeps until nothing is due (or its time is up),
prints what it fired."""

from __future__ import annotations

import json
import sys
import time

from engine.commands.worker.sweep import sweep
from engine.store import db
from tests.enforcement import timed


def main(url: str, seconds: float) -> None:
    database = db.connect(url)
    with database.reading() as work:
        _ = work.calendar
    print("ready", flush=True)
    sys.stdin.readline()
    fired, start = 0, time.monotonic()
    while time.monotonic() - start < seconds and (swept := sweep(database, now=timed.DUE)).busy:
        fired += swept.timers
    print(json.dumps({"fired": fired, "seconds": time.monotonic() - start}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
