#!/usr/bin/env python3
"""What the hall stands on: the licence of every package it needs, and the faults known of them.

Faults are asked of pip-audit, which asks PyPI's advisory service. Where that cannot be reached, or does not know the
packages (a mirror without advisories answers so), this says that nothing is known, which is not the same as that there
is none, and fails nothing. A fault that is known fails.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
#: Seconds to wait for the advisory service, for one answer and for all.
ANSWER, ALL = 5, 90


def needed() -> list[str]:
    """The names in the lock that serving is installed from."""
    return re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)


def licence(name: str) -> str:
    """What the package itself says, in few words: its SPDX expression, else its classifiers, else its field."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return "not installed here (another Python or system)"
    if expression := said.get("License-Expression"):
        return str(expression)
    classifiers = [c.split(" :: ")[-1] for c in said.get_all("Classifier") or [] if c.startswith("License ::")]
    if classifiers and classifiers != ["OSI Approved"]:
        return " / ".join(sorted(classifiers))
    field = str(said.get("License") or "").strip().splitlines()
    return field[0][:60] if field and field[0] else "not said"


def licences() -> None:
    """Print each licence with its packages."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in needed():
        found[licence(name)].append(name)
    print(f"Licences of the {sum(map(len, found.values()))} packages in {LOCK.name}, as they say themselves:")
    for text, names in sorted(found.items(), key=lambda one: (-len(one[1]), one[0])):
        print(f"  {text}: {', '.join(sorted(names))}")


def faults() -> int:
    """Ask for known faults; 1 when there are any."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(LOCK), "--no-deps", "--disable-pip", "-f", "json"]
    command += ["--progress-spinner", "off", "--timeout", str(ANSWER)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ALL, check=False)
        rows = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return unknown(f"no answer within {ALL} s")
    except (json.JSONDecodeError, KeyError):
        return unknown((done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:200])
    asked = [row for row in rows if "skip_reason" not in row]
    if not asked:
        return unknown(f"it knows none of the {len(rows)} packages")
    bad = [row for row in asked if row["vulns"]]
    for row in bad:
        for one in row["vulns"]:
            mended = ", ".join(one["fix_versions"]) or "nothing yet"
            print(f"  {row['name']} {row['version']}: {one['id']}, mended in {mended}")
    print(
        f"Known faults: {len(bad)} of {len(asked)} packages have one; {len(rows) - len(asked)} could not be looked up."
    )
    return 1 if bad else 0


def unknown(why: str) -> int:
    """Say that nothing was learnt."""
    print(f"Known faults: NOT LOOKED UP. The advisory service could not be used from here ({why}).")
    print("  Run `make packages` where PyPI can be reached, before a release.")
    return 0


if __name__ == "__main__":
    licences()
    sys.exit(faults())
