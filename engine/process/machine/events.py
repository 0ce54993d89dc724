"""Events: what they wait for and what they throw (BPMN 2.0, 10.5)."""

from __future__ import annotations

from typing import Any

from engine.process.language.model import Node
from engine.process.language.schedules import Schedule, plan_of
from engine.process.language.texts import Text
from engine.process.machine import compensation
from engine.process.machine.case import Case, ScopeRun, Token, Wait
from engine.process.machine.net import Failure, FlowSpec, NodeSpec, ProcessSpec, ScopeSpec
from engine.process.machine.spiff import STARTED
from engine.process.machine.throwing import throw
from engine.process.machine.triggers import Trigger

WAITED = ("message", "timer", "signal", "conditional")  # come from outside; the others are thrown inside


def schedule(spec: NodeSpec, trigger: Trigger, on: Token | ScopeRun, case: Case) -> Schedule:
    """The schedule of a timer event, as its text stands now."""
    assert trigger.timer is not None
    text = trigger.timer
    value = case.guarded(spec, text, lambda: text.value(on, case.env))
    plan = plan_of(trigger.definition.timer or "duration", value, case.now)
    if plan is None:
        raise Failure(
            "timer",
            f"「{spec.title}」的定时 {text.text} 不是 ISO 8601 的日期、时长或周期(得到 {value})。",
            f'The timer {text.text} of "{spec.title}" is no ISO 8601 date, duration or cycle (got {value}).',
        )
    return plan


class Catching(NodeSpec):
    """A node that waits for one or more triggers."""

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        self.catches = tuple(Trigger(d, names) for d in node.definitions)
        self.asks_calendar = any(t.timer is not None and t.timer.asks_calendar for t in self.catches)

    def listen_on(self, case: Case, on: Token | ScopeRun) -> None:
        """Begin to wait for every trigger that comes from outside."""
        for index, trigger in enumerate(self.catches):
            self.listen_one(case, on, index, trigger)

    def listen_one(self, case: Case, on: Token | ScopeRun, index: int, trigger: Trigger) -> None:
        if trigger.kind == "timer":
            assert trigger.timer is not None
            plan = schedule(self, trigger, on, case)
            due = plan.first(case.now)
            if due is not None:
                facts = plan.facts()
                if (asked := trigger.timer.remembered(on, case.now)) is not None:
                    facts["asked"] = asked
                case.wait("timer", self, index, on, due=due.isoformat(), **facts)
        elif trigger.kind in ("message", "signal"):
            facts = {"name": str(self.read(case, on, trigger.name))}
            if trigger.key is not None:
                key = self.read(case, on, trigger.key)
                facts["key"] = key if key is None or isinstance(key, str) else str(key)
            case.wait(trigger.kind, self, index, on, **facts)
        elif trigger.kind == "conditional":
            case.wait("conditional", self, index, on, was=False)
            case.touched = True

    def read(self, case: Case, on: Token | ScopeRun, text: Text | None) -> Any:
        if text is None:
            return ""
        return case.guarded(self, text, lambda: text.json(on, case.env))

    def caught(self, case: Case, on: Token | ScopeRun, wait: Wait, variables: dict[str, Any]) -> None:
        """A trigger has come. A parallel multiple event needs them all."""
        if self.node.parallel_multiple and len(self.catches) > 1:
            memory = on.internal_data if hasattr(on, "internal_data") else on.memory
            got = memory.setdefault("got", {}).setdefault(self.name, [])
            if wait.index not in got:
                got.append(wait.index)
            case.waits.pop(wait.id, None)
            if len(got) < len(self.catches):
                for name, value in variables.items():
                    assign(on, name, value)
                return
            memory["got"].pop(self.name)
        elif wait.kind == "timer":
            self.rearm(case, on, wait)
        self.happened(case, on, variables)

    def rearm(self, case: Case, on: Token | ScopeRun, wait: Wait) -> None:
        """A cycle's next due time comes from its schedule, never from now: a late wake-up loses no turn."""
        case.waits.pop(wait.id, None)
        nxt = Schedule.next(wait.facts)
        if nxt is not None and self.repeats():
            case.wait("timer", self, wait.index, on, **nxt)

    def repeats(self) -> bool:
        """Whether it can happen again while its host lives."""
        return False

    def happened(self, case: Case, on: Any, variables: dict[str, Any]) -> None:
        raise NotImplementedError


def assign(on: Any, name: str, value: Any) -> None:
    level: dict[str, Any] = {}
    for level in on.levels():
        if name in level:
            break
    level[name] = value
    case = getattr(on, "case", None) or on.workflow
    case.touched = True


class StartEvent(Catching):
    """A start event. Of an event sub-process, it waits in the enclosing scope; of a process, the caller starts it."""

    def complete(self, token: Token) -> None:
        outputs(token)
        token.workflow.leave(token)

    def happened(self, case: Case, on: Any, variables: dict[str, Any]) -> None:
        holder: Any = self.scope.element
        holder.start_by(case, on, self, variables)

    def repeats(self) -> bool:
        return not self.node.interrupting


def outputs(token: Token) -> None:
    """Output mappings, from the token's own sight to what lies around it."""
    for target, source in token.task_spec.outputs_map:
        put(token, target, token.evaluate(source))


def put(token: Token, target: str, value: Any) -> None:
    """Assign outside; a dotted target makes or extends a context."""
    name, *rest = target.split(".")
    if rest:
        levels = token.levels()
        next(levels)
        old: Any = next((level[name] for level in levels if name in level), None)
        value = nested(old, rest, value)
    token.assign_outside(name, value)


def nested(old: Any, keys: list[str], value: Any) -> Any:
    """A context like `old` with the value at the dotted place."""
    if not keys:
        return value
    result = dict(old) if isinstance(old, dict) else {}
    result[keys[0]] = nested(result.get(keys[0]), keys[1:], value)
    return result


class CatchEvent(Catching):
    """An intermediate catch event."""

    link_sources: tuple[NodeSpec, ...] = ()

    def run(self, token: Token) -> bool | None:
        if not self.catches or token.internal_data.get("caught"):
            return True
        if self.node.event_kind == "link":
            return True
        token.become(STARTED)
        self.listen_on(token.workflow, token)
        return None

    def happened(self, case: Case, on: Any, variables: dict[str, Any]) -> None:
        if isinstance(on.task_spec, EventGateway):
            on.task_spec.chose(case, on, self, variables)
            return
        case.merge(on, variables)
        on.complete()

    def complete(self, token: Token) -> None:
        outputs(token)
        token.workflow.leave(token)


class BoundaryEvent(Catching):
    """An event on the edge of an activity."""

    @property
    def host(self) -> NodeSpec:
        return self.process.task_specs[self.node.attached_to or ""]

    def repeats(self) -> bool:
        return not self.node.interrupting

    def happened(self, case: Case, on: Any, variables: dict[str, Any]) -> None:
        self.strike(case, on, variables)

    def strike(self, case: Case, host: Token, variables: dict[str, Any], *, interrupt: bool | None = None) -> Token:
        """The event happens to its host: interrupt it or not, and go on from here."""
        scope = host.scope
        interrupts = self.node.interrupting if interrupt is None else interrupt
        at = host.at
        # not interrupting: both ways go on from here, which is a fork, so that 退回 before it cancels both
        if not interrupts and case.path.records.get(at, [""])[:2] != ["f", self.name]:
            at = host.at = case.path.fork(at, self.name, scope, [])
        token = case.token(self, scope, at)
        if interrupts:
            case.cancel_token(host, reason=self.name)
            if "undo" in host.internal_data:
                compensation.after(host)
        case.merge(token, variables)
        case.make_ready(token)
        return token

    def complete(self, token: Token) -> None:
        outputs(token)
        token.workflow.leave(token)


class ThrowEvent(NodeSpec):
    """An intermediate throw event or an end event: each definition is thrown, in order."""

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        self.throws = tuple(Trigger(d, names) for d in node.definitions)
        self.patient = any(t.kind == "signal" for t in self.throws)
        self.at_once = bool(self.throws) and not any(t.kind in ("compensate", "cancel") for t in self.throws)

    def run(self, token: Token) -> bool | None:
        for target, source in self.inputs_map:
            token.data[target.split(".")[0]] = nested(
                token.data.get(target.split(".")[0]), target.split(".")[1:], token.evaluate(source)
            )
        memory, trace = token.internal_data, token.workflow.trace
        if "thrown" not in memory:
            memory["thrown"] = 0
            if self.at_once:  # it is thrown before anything catches it, and the trace says so
                trace.append(self.name)
        for trigger in self.throws[memory["thrown"] :]:
            memory["thrown"] += 1
            try:
                if not throw(token, trigger):
                    return None
            except Failure:
                memory.pop("thrown")
                if self.at_once:
                    trace.pop()
                raise
        return True

    def chosen(self, token: Token) -> list[FlowSpec]:
        for trigger in self.throws:
            if trigger.kind == "link":
                target = self.scope.links.get(trigger.definition.link)
                if target is None:
                    raise Failure(
                        "link",
                        f"「{self.title}」的链接「{trigger.definition.link}」没有对应的捕获事件。",
                        f'The link "{trigger.definition.link}" of "{self.title}" has no catching event.',
                    )
                token.workflow.ready_token(target, token.scope, token.at)
                return []
        return self._uncontrolled(token)


class EventGateway(NodeSpec):
    """Waits for the first of the events behind it (10.6)."""

    def run(self, token: Token) -> bool | None:
        token.become(STARTED)
        for flow in self.outs:
            target = flow.target
            if isinstance(target, Catching):
                target.listen_on(token.workflow, token)
        return None

    def chose(self, case: Case, token: Token, target: Catching, variables: dict[str, Any]) -> None:
        scope, at = token.scope, token.at
        nxt = case.token(target, scope, at)
        nxt.become(STARTED)
        case.leave(token, [])
        case.merge(nxt, variables)
        nxt.complete()
