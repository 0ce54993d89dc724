"""From files to specs: every diagram read, every process compiled."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from engine import feel
from engine.findings import Finding
from engine.process.language import model as m
from engine.process.language.read import read
from engine.process.language.texts import text
from engine.process.machine.activities import (
    Activity,
    CallActivity,
    EventSubProcess,
    ReceiveTask,
    RuleTask,
    ScriptTask,
    ServiceTask,
    SubProcess,
    Task,
    UserTask,
)
from engine.process.machine.adhoc import AdHoc
from engine.process.machine.events import BoundaryEvent, CatchEvent, EventGateway, StartEvent, ThrowEvent
from engine.process.machine.gateways import Complex, Exclusive, Inclusive, Parallel
from engine.process.machine.net import FlowSpec, NodeSpec, ProcessSpec, ScopeSpec

#: The diagrams read, their processes by id, and what is wrong with their expressions and ids.
Compiled = tuple[list[m.Diagram], Mapping[str, ProcessSpec], list[Finding]]


def compiled(files: Mapping[str, bytes]) -> Compiled:
    diagrams: list[m.Diagram] = []
    findings: list[Finding] = []
    for name in sorted(files):
        diagram, found = read(files[name], name)
        findings += found
        if diagram is not None:
            diagrams.append(diagram)
    processes: dict[str, ProcessSpec] = {}
    for diagram in diagrams:
        names = Names(diagram, diagrams)
        for process in diagram.processes:
            processes[process.id] = _process(process, process.name, diagram, names, findings)
        for task in diagram.global_tasks:
            node = task.as_node(task.id + "__task")
            scope = m.Scope(id=task.id, name=task.name, nodes=(m.Node(**{**_fields(node), "id": task.id}),))
            processes[task.id] = _process(scope, task.name, diagram, names, findings)
    return diagrams, MappingProxyType(processes), findings


def _fields(node: m.Node) -> dict[str, Any]:
    return {name: getattr(node, name) for name in m.Node.__dataclass_fields__}


class Names:
    """Looks up what event definitions refer to, in the diagram and then in the others."""

    def __init__(self, diagram: m.Diagram, others: list[m.Diagram]) -> None:
        self._all = [diagram, *(d for d in others if d is not diagram)]

    def _find(self, table: str, ref: str | None) -> Any:
        return next((getattr(d, table)[ref] for d in self._all if ref in getattr(d, table)), None) if ref else None

    def message(self, ref: str | None, operation: str | None) -> m.Message | None:
        if ref is None and operation is not None:
            for diagram in self._all:
                for item in diagram.operations:
                    if item.id == operation:
                        ref = item.in_message
        found: m.Message | None = self._find("message_by_id", ref)
        return found

    def signal(self, ref: str | None) -> m.Signal | None:
        found: m.Signal | None = self._find("signal_by_id", ref)
        return found

    def error(self, ref: str | None) -> m.Error | None:
        found: m.Error | None = self._find("error_by_id", ref)
        return found

    def escalation(self, ref: str | None) -> m.Escalation | None:
        found: m.Escalation | None = self._find("escalation_by_id", ref)
        return found


def _process(scope: m.Scope, title: str, diagram: m.Diagram, names: Names, findings: list[Finding]) -> ProcessSpec:
    process = ProcessSpec(scope.id, title or scope.id, diagram.file)
    todo: list[tuple[m.Scope, ScopeSpec]] = [(scope, process.scope)]
    while todo:
        drawn, spec = todo.pop()
        _scope(drawn, spec, process, diagram, names, findings, todo)
    for node in process.task_specs.values():
        node.finish()
    return process


def _scope(
    drawn: m.Scope,
    spec: ScopeSpec,
    process: ProcessSpec,
    diagram: m.Diagram,
    names: Names,
    findings: list[Finding],
    todo: list[tuple[m.Scope, ScopeSpec]],
) -> None:
    spec.data = tuple(d.name or d.id for d in drawn.data if d.kind in ("dataObject", "property"))
    made: dict[str, NodeSpec] = {}
    undoers = set(drawn.compensation.values())
    for node in drawn.nodes:
        try:
            one = _node(node, process, spec, names)
        except feel.FeelError as error:
            findings.append(
                Finding(
                    diagram.file,
                    node.id,
                    node.name,
                    node.line,
                    "expression",
                    "error",
                    f"「{node.name or node.id}」的表达式有误：{error.zh}",
                    f'An expression of "{node.name or node.id}" is wrong: {error.en}',
                )
            )
            continue
        except KeyError:
            findings.append(
                Finding(
                    diagram.file,
                    node.id,
                    node.name,
                    node.line,
                    "duplicate-id",
                    "error",
                    f"编号 {node.id} 用了不止一次，请改成不同的编号。",
                    f"The id {node.id} is used more than once. Give each element its own.",
                )
            )
            continue
        made[node.id] = one
        spec.nodes.append(one)
        if node.scope is not None:
            inside = ScopeSpec(node.id, node.name or node.id, node.scope.kind)
            inside.element = one
            one.inside = inside
            todo.append((node.scope, inside))
            if isinstance(one, EventSubProcess):
                spec.event_subs.append(one)
    for flow in drawn.flows:
        if flow.source not in made or flow.target not in made:
            continue
        try:
            condition = text(flow.condition, always_feel=True)
        except feel.FeelError as error:
            findings.append(
                Finding(
                    diagram.file,
                    flow.id,
                    flow.name,
                    flow.line,
                    "expression",
                    "error",
                    f"连线「{flow.name or flow.id}」的条件有误：{error.zh}",
                    f'The condition of the flow "{flow.name or flow.id}" is wrong: {error.en}',
                )
            )
            continue
        source, target = made[flow.source], made[flow.target]
        joined = FlowSpec(flow.id, source, target, condition)
        source.outs.append(joined)
        target.ins.append(joined)
        source.connect(target)
    for boundary, handler in drawn.compensation.items():
        event = made.get(boundary)
        host = made.get(event.node.attached_to or "") if event else None
        if host is not None and handler in made:
            host.undo = made[handler]
    for one in made.values():
        if isinstance(one, BoundaryEvent) and one.node.event_kind != "compensate":
            host = made.get(one.node.attached_to or "")
            if isinstance(host, Activity):
                host.boundaries.append(one)
        elif isinstance(one, CatchEvent) and one.node.event_kind == "link":
            link = one.catches[0].definition.link
            spec.links[link] = one
            one.link_sources = tuple(
                t
                for t in made.values()
                if isinstance(t, ThrowEvent) and any(x.kind == "link" and x.definition.link == link for x in t.throws)
            )
    spec.begins = _begins(drawn, made, undoers)


def _begins(drawn: m.Scope, made: dict[str, NodeSpec], undoers: set[str]) -> list[NodeSpec]:
    """What gets a token when the scope starts: its none start events, or else whatever no flow leads to (13.1)."""
    starts = [n for n in made.values() if isinstance(n, StartEvent)]
    if drawn.kind != "adHocSubProcess" and starts:
        return [n for n in starts if not n.catches]
    return [
        n
        for n in made.values()
        if not n.ins
        and n.name not in undoers
        and not n.node.for_compensation
        and not isinstance(n, (BoundaryEvent, EventSubProcess, StartEvent))
        and not (isinstance(n, CatchEvent) and n.node.event_kind == "link")
        and not (isinstance(n, ReceiveTask) and n.node.instantiate)
        and not (isinstance(n, EventGateway) and n.node.instantiate)
    ]


_TASKS: dict[str, type[Activity]] = {
    "task": Task,
    "userTask": UserTask,
    "manualTask": UserTask,
    "scriptTask": ScriptTask,
    "serviceTask": ServiceTask,
    "sendTask": ServiceTask,
    "receiveTask": ReceiveTask,
    "callActivity": CallActivity,
    "subProcess": SubProcess,
    "transaction": SubProcess,
    "adHocSubProcess": AdHoc,
}
_GATEWAYS: dict[str, type[NodeSpec]] = {
    "exclusiveGateway": Exclusive,
    "inclusiveGateway": Inclusive,
    "parallelGateway": Parallel,
    "eventBasedGateway": EventGateway,
    "complexGateway": Complex,
}
_EVENTS: dict[str, type[NodeSpec]] = {
    "startEvent": StartEvent,
    "endEvent": ThrowEvent,
    "intermediateCatchEvent": CatchEvent,
    "intermediateThrowEvent": ThrowEvent,
    "boundaryEvent": BoundaryEvent,
}


def _node(node: m.Node, process: ProcessSpec, scope: ScopeSpec, names: Names) -> NodeSpec:
    if node.kind == "businessRuleTask":
        made: type[Activity] = (
            RuleTask if node.extension.decision else (ServiceTask if node.extension.task_type else Task)
        )
        return made(process, scope, node, names)
    if node.kind == "serviceTask" and node.extension.task_type is None:
        return Task(process, scope, node, names)
    if node.kind in _TASKS:
        if node.scope is not None and node.scope.triggered_by_event:
            return EventSubProcess(process, scope, node, names)
        return _TASKS[node.kind](process, scope, node, names)
    if node.kind in _GATEWAYS:
        return _GATEWAYS[node.kind](process, scope, node)
    if node.kind in _EVENTS:
        return _EVENTS[node.kind](process, scope, node, names)
    return Task(process, scope, node, names)
