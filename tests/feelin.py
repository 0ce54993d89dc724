"""The browser's FEEL beside ours: npm feelin in an embedded V8, for measuring. Only where the front end is
installed."""

from __future__ import annotations

import json
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

MODULES = Path(__file__).resolve().parent.parent / "web" / "frontend" / "node_modules"

_CALL = """
function run(text, context) {
  const found = feelin.evaluate(text, JSON.parse(context));
  return JSON.stringify(found.value === undefined ? null : found.value);
}
"""


@lru_cache(maxsize=2)
def script(package: str) -> str | None:
    """The package ("feelin", or "@bpmn-io/feelin" as form-js uses it) in one script; None where it is not installed."""
    entry = MODULES / package / "dist" / "index.js"
    esbuild = MODULES / ".bin" / "esbuild"
    if not entry.exists() or not esbuild.exists():
        return None
    made = subprocess.run(
        [
            str(esbuild),
            str(entry),
            "--bundle",
            "--minify",
            "--format=iife",
            "--global-name=feelin",
            "--log-level=error",
        ],
        capture_output=True,
        timeout=60,
        check=False,
    )
    return made.stdout.decode() if made.returncode == 0 and made.stdout else None


class Feelin:
    """One V8 with feelin in it."""

    def __init__(self, source: str) -> None:
        from py_mini_racer import MiniRacer

        self.v8 = MiniRacer()
        self.v8.eval(source)
        self.v8.eval(_CALL)

    def close(self) -> None:
        """Give the V8 back now; left to the interpreter's end, its threads may keep the process waiting."""
        self.v8.close()

    def evaluate(self, text: str, context: dict[str, Any] | None = None) -> Any:
        """The value as JSON holds it; "ERROR" where feelin throws."""
        try:
            return json.loads(self.v8.call("run", text, json.dumps(context or {})))
        except Exception as error:
            if type(error).__name__ not in ("JSEvalException", "JSParseException"):
                raise
            return "ERROR"
