#!/usr/bin/env python3
"""The hours of `make soak`, in parts by name; what was broken off goes on where it was.

    .venv/bin/python .ci/soak.py                   every part, the longest first
    .venv/bin/python .ci/soak.py kill postgres     these
    .venv/bin/python .ci/soak.py --two             two beside each other, on a machine that has nothing else to do
    .venv/bin/python .ci/soak.py --told            what is done, and what is left to do

Each part is a file of tests; each test that ends is written at once into var/soak/<commit>.jsonl (with SOAK_TIMES, into
one of that length), and one that has passed is not run again. Files that were changed since the commit begin a book of
their own, anew each time: nobody could say what it was that had passed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

#: Longest first: what takes a night begins in the evening.
PARTS = {
    "kill": "tests/acceptance/test_kill.py",
    "postgres": "tests/acceptance/test_postgres_restarted.py",
    "worker": "tests/enforcement/test_worker_process.py",
    "operations": "tests/hostile/test_every_operation.py",
    "slips": "tests/check/test_mutations.py",
    "gateway": "tests/outside/test_bad_gateway.py",
    "flood": "tests/acceptance/test_flood.py",
    "values": "tests/web/test_hostile.py",
    "drawings": "tests/process/test_roaming.py",
    "moving": "tests/process/test_moving.py",
}
#: What measures how long others wait has the machine to itself.
ALONE = ("flood",)
#: pytest's word for "nothing is left to run".
NOTHING_LEFT = 5


def book() -> Path:
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=-changed", "--exclude", "*"]
    commit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    short = os.environ.get("SOAK_TIMES")
    return ROOT / "var" / "soak" / f"{commit}{f'-{short}' if short else ''}.jsonl"


def told(book_: Path, parts: list[str]) -> None:
    from tests import soaking

    said = soaking.read(book_)
    for part in parts:
        those = [one for test, one in said.items() if test.startswith(PARTS[part])]
        counted = ", ".join(f"{n} {what}" for what, n in Counter(one["outcome"] for one in those).items())
        print(f"[一站] {part}: {counted or 'nothing yet'}, {sum(one['seconds'] for one in those)} s")
        for one in those:
            if one["outcome"] != "passed":
                print(f"    {one['outcome']}: {one['test']}")


def main(given: list[str]) -> int:
    parts = [one for one in given if not one.startswith("--")] or list(PARTS)
    unknown = [one for one in parts if one not in PARTS]
    if unknown:
        print(f"[一站] There is no part {', '.join(unknown)}; there are: {', '.join(PARTS)}.")
        return 2
    where = book()
    if "--told" in given:
        told(where, parts)
        return 0
    if "-changed" in where.name:
        where.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment |= {"SOAK_BOOK": str(where), "PYTHONPATH": str(ROOT)}

    def run(part: str) -> bool:
        print(f"[一站] soak {part}: {where.relative_to(ROOT)}", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "soak", "-p", "tests.soaking", PARTS[part]]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        return done.returncode in (0, NOTHING_LEFT)

    beside = [one for one in parts if one not in ALONE]
    with ThreadPoolExecutor(2 if "--two" in given else 1) as lanes:
        held = list(lanes.map(run, beside))
    held += [run(one) for one in parts if one in ALONE]
    told(where, parts)
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
