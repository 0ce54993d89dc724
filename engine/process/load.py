"""From files to a Definition: checked, read, compiled. Above the linter and the machine, which do not know each
other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import crypto
from engine.errors import Refused
from engine.findings import Finding, in_order
from engine.process.lint import check
from engine.process.machine.compile import Compiled, compiled
from engine.process.machine.definition import Definition


class CannotRun(Refused):
    """Expected files that can be run, but some findings forbid it."""

    slug = "cannot-run"

    def __init__(self, findings: list[Finding]) -> None:
        bad = [f for f in findings if f.severity == "error"]
        first = bad[0] if bad else None
        super().__init__(
            f"流程不能运行：{first.message_zh}" + (f"(另有 {len(bad) - 1} 处)" if len(bad) > 1 else "")
            if first
            else "",
            f"The process cannot run: {first.message_en}" + (f" (and {len(bad) - 1} more)" if len(bad) > 1 else "")
            if first
            else "",
        )
        self.findings = findings


#: Errors of the check that forbid publishing, not running: the engine runs such a drawing and tells where it stands
#: still. Cases of a version published before the rule was known go on, and `yizhan play` shows what happens.
RUNS = frozenset({"deadlock"})


def _hindered(findings: list[Finding]) -> bool:
    return any(f.severity == "error" and f.rule not in RUNS for f in findings)


def load(
    files: Mapping[str, bytes],
    decisions: Mapping[str, Any] | None = None,
    *,
    await_effects: bool = False,
    lint: bool = True,
    forms: Any = None,
) -> Definition:
    """Read, check and compile BPMN files that belong together. Raises CannotRun with the findings.

    `decisions` maps a decision's id to a model with evaluate(). `await_effects` makes every service and send task wait
    for its answer. What RUNS names is found and does not hinder. `lint=False` leaves out the checks that need no
    compiling (for diagrams known to be checked).
    """
    digest = crypto.Hasher()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + bytes.fromhex(crypto.fingerprint(files[name])))
    hash = digest.hexdigest()
    checked = check(files, decisions=decisions, forms=forms) if lint else []
    if _hindered(checked):
        raise CannotRun(checked)
    if hash not in _compiled_files:
        if len(_compiled_files) >= MOST_COMPILED:
            _compiled_files.pop(next(iter(_compiled_files)))
        _compiled_files[hash] = compiled(files)
    diagrams, processes, found = _compiled_files[hash]
    findings = [*checked, *(f for f in in_order(found) if f not in checked)]
    if _hindered(findings):
        raise CannotRun(findings)
    return Definition(hash, processes, diagrams, dict(decisions or {}), findings, await_effects)


MOST_COMPILED = 64  # sets of files whose specs are kept
#: By the hash of the files: specs hold nothing of an instance, so every definition of the same bytes shares them.
_compiled_files: dict[str, Compiled] = {}
