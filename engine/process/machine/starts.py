"""What starts a process from outside: messages, signals, timers and conditions at its start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine import feel
from engine.process.machine.case import Case, ScopeRun
from engine.process.machine.definition import Definition
from engine.process.machine.events import Catching, EventGateway, StartEvent
from engine.process.machine.net import NodeSpec, ProcessSpec
from engine.process.machine.triggers import Trigger


@dataclass(frozen=True, slots=True)
class StartTrigger:
    """One way a process is started. `element` goes into Start.element."""

    process_id: str
    element: str
    kind: str  # message, signal, timer, conditional
    name: str  # of the message or signal; the text of the timer or condition
    index: int  # which of the element's definitions
    needs_all: int  # more than 1: a parallel multiple start event waits for that many triggers
    trigger: Trigger


class _Nothing:
    """No variables are there before a process starts."""

    def sees(self, name: str) -> bool:
        return False

    def look(self, name: str) -> Any:
        return None

    def everything(self) -> dict[str, Any]:
        return {}


def start_triggers(definition: Definition, env: feel.Env | None = None) -> Iterator[StartTrigger]:
    """Everything that starts one of the executable processes, in the order of the files."""
    for drawn in definition.executable():
        process = definition.processes[drawn.id]
        for spec in _starters(process):
            for index, trigger in enumerate(spec.catches):
                if trigger.kind not in ("message", "signal", "timer", "conditional"):
                    continue
                said = trigger.name or trigger.timer or trigger.condition
                name = str(said.json(_Nothing(), env)) if trigger.name is not None and said is not None else ""
                needs = len(spec.catches) if spec.node.parallel_multiple else 1
                yield StartTrigger(process.name, spec.name, trigger.kind, name, index, needs, trigger)


def _starters(process: ProcessSpec) -> list[Catching]:
    found: list[Catching] = []
    for spec in process.scope.nodes:
        if isinstance(spec, StartEvent) or (isinstance(spec, Catching) and spec.node.instantiate):
            found.append(spec)
        elif isinstance(spec, EventGateway) and spec.node.instantiate and not spec.ins:
            found += [f.target for f in spec.outs if isinstance(f.target, Catching)]
    return [s for s in found if s.catches]


def gateway_of(spec: NodeSpec) -> EventGateway | None:
    """The instantiating event-based gateway before a node, if there is one."""
    for flow in spec.ins:
        if isinstance(flow.source, EventGateway) and flow.source.node.instantiate:
            return flow.source
    return None


def begin_beside(case: Case, scope: ScopeRun, caught: NodeSpec) -> None:
    """A parallel instantiating gateway waits for its other events too, each with a token of its own (10.6)."""
    gateway = gateway_of(caught)
    if gateway is None or gateway.node.event_gateway_type != "Parallel":
        return
    for flow in gateway.outs:
        if flow.target is not caught:
            case.ready_token(flow.target, scope, "")
