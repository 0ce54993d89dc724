#!/usr/bin/env python3
"""The process tests against other versions of SpiffWorkflow than the locked one: `make spiff`.

Each version is installed by pip, without its dependencies, into a temporary folder that goes before the environment.
Where no index can be reached the version is skipped, and the last lines say so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
#: The one before the locked 3.2.0, and whatever newer 3.x there is.
WANTED = ("spiffworkflow==3.1.2", "spiffworkflow>=3.2,<4")
#: What raw SpiffWorkflow does wrong is told of the locked version alone.
ONLY_LOCKED = "tests/process/test_traps.py"


def install(wanted: str, folder: Path) -> str | None:
    """The version that pip installed; None when it could not."""
    done = subprocess.run(
        [PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stderr.strip()[-600:], file=sys.stderr)
        return None
    found = next(folder.glob("[sS]piff[wW]orkflow-*.dist-info"))
    return found.name.split("-")[1].removesuffix(".dist")


def tried(folder: Path, version: str) -> bool:
    """Whether the process tests pass with it. The first line proves which one was imported."""
    there = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    said = subprocess.run(
        [PYTHON, "-c", "import SpiffWorkflow; print(SpiffWorkflow.__file__)"],
        env=there,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    if not said.startswith(str(folder)):
        raise SystemExit(f"Expected SpiffWorkflow {version} from {folder}, but {said} was imported")
    return not subprocess.run(
        [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/process", f"--ignore={ONLY_LOCKED}"],
        env=there,
        cwd=ROOT,
        check=False,
    ).returncode


def main() -> int:
    results: list[tuple[str, str]] = []
    for wanted in WANTED:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            version = install(wanted, folder)
            if version is None:
                results.append((wanted, "SKIPPED: pip could not install it (no index reachable?)"))
            else:
                print(f"== SpiffWorkflow {version}", flush=True)
                results.append((f"{wanted} ({version})", "passed" if tried(folder, version) else "FAILED"))
    print()
    for wanted, result in results:
        print(f"{wanted}: {result}")
    return 1 if any(result == "FAILED" for _, result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
