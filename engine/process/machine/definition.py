"""A Definition: processes compiled and ready to run, and the decisions they call. Instances share it; it never
changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.findings import Finding
from engine.process.language import effects
from engine.process.language import model as m
from engine.process.machine.net import ProcessSpec


class Definition:
    """Processes ready to run, and the decisions they call. Never changed by running."""

    def __init__(
        self,
        hash: str,
        processes: Mapping[str, ProcessSpec],
        diagrams: list[m.Diagram],
        decisions: Mapping[str, Any],
        findings: list[Finding],
        await_effects: bool,
    ) -> None:
        self.hash = hash  # of the files' bytes
        self.processes = processes  # by id; global tasks stand here as processes of one task
        self.diagrams = diagrams
        self.decisions = decisions
        self.findings = findings
        self.await_effects = await_effects
        #: Whether a timer or a date anywhere in it counts working days: a new calendar may move it.
        self.asks_calendar = any(node.asks_calendar for p in processes.values() for node in p.task_specs.values())

    def awaits(self, kind: str) -> bool:
        """Whether a service task of this type waits for its answer."""
        known = effects.find(kind)
        return self.await_effects or (known is not None and known.awaited)

    def executable(self) -> list[m.Process]:
        return [p for d in self.diagrams for p in d.executable()]
