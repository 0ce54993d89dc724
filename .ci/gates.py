#!/usr/bin/env python3
"""Run gates one after another; stop at the first that does not hold.

    python3 .ci/gates.py lint packages test share

Each gate is a target of the Makefile. Its own output is shown as it comes, nothing after it: the last lines of a green
run are pytest's own, and those of a red one say which gate it was.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(gates: list[str]) -> int:
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    began = time.monotonic()
    for gate in gates:
        print(f"[一站] gate {gate} (after {time.monotonic() - began:.0f} s)", flush=True)
        done = subprocess.run(["make", "--no-print-directory", gate], cwd=ROOT, env=environment, check=False)
        if done.returncode:
            print(
                f"[一站] gate {gate} does not hold (exit {done.returncode}); the gates after it were not run.",
                flush=True,
            )
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
