"""Activities: the work a node does, with the loop around it and the boundary events on it (BPMN 2.0, 10.3 and 13.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from engine import feel
from engine.errors import Refused
from engine.process.language.model import EventDefinition, Node
from engine.process.language.schedules import ZONE, end_of, moment_of
from engine.process.language.texts import Text, exact, text
from engine.process.machine.case import Case, ScopeRun, Token
from engine.process.machine.compensation import undone
from engine.process.machine.events import BoundaryEvent, Catching, EventGateway, StartEvent, nested, outputs
from engine.process.machine.loops import LoopPlan
from engine.process.machine.net import IN_VAIN, Failure, FlowSpec, NodeSpec, ProcessSpec, ScopeSpec, reach_back
from engine.process.machine.spiff import STARTED, WAITING
from engine.process.machine.throwing import throw
from engine.process.machine.triggers import Trigger
from engine.process.step import ClosedTask, Decided, Effect


class Activity(NodeSpec):
    """What all activities share. A token that loops is the loop's body; each instance is a child token of it."""

    is_activity = True

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        self.loop = LoopPlan(node.loop, names) if node.loop is not None else None
        self.boundaries: list[BoundaryEvent] = []
        self.undo: NodeSpec | None = None  # the compensation handler joined to it

    # -------- coming in

    def arrive(self, case: Case, scope: ScopeRun, flow: FlowSpec | None, at: str) -> None:
        need = self.node.start_quantity
        if need <= 1 or flow is None:
            case.ready_token(self, scope, at)
            return
        for token in scope.tokens.values():
            if token.task_spec is self and token.state == WAITING:
                break
        else:
            token = case.token(self, scope, at)
            token.become(WAITING)
            token.internal_data["arrived"] = {}
        arrived = token.internal_data["arrived"].setdefault("", [])
        arrived.append(at)
        if len(arrived) >= need:
            self.gathered(token)

    def release(self, token: Token) -> bool:
        return False

    def gathered(self, token: Token) -> None:
        """Enough have come: one token goes on for them."""
        case = token.workflow
        case.clear_incident(token)
        arrived = token.internal_data.pop("arrived")[""]
        token.at = case.path.join([["", a] for a in arrived], self.name, token.scope)
        case.make_ready(token)

    def hopes(self, token: Token, stands: Callable[[frozenset[str]], bool]) -> bool:
        return stands(self.before)

    @cached_property
    def before(self) -> frozenset[str]:
        """The nodes from which a token can still come."""
        return frozenset().union(*(reach_back(self, flow) for flow in self.ins))

    def in_vain(self, token: Token) -> Failure:
        if "arrived" not in token.internal_data:
            return super().in_vain(token)
        come, need = len(token.internal_data["arrived"][""]), self.node.start_quantity
        return Failure(
            IN_VAIN,
            (
                f"「{self.title}」要等 {need} 个令牌（startQuantity），只来了 {come} 个，不会再来了。要么撤销本件；"
                "要么重试，不再等。请也改正图。"
            ),
            f'"{self.title}" waits for {need} tokens (startQuantity), {come} came and no more can. Cancel the '
            "case, or retry: "
            "then it waits no longer. Mend the diagram too.",
        )

    def retried(self, token: Token, code: str) -> bool:
        if "arrived" in token.internal_data:
            self.gathered(token)
            return True
        return self.loop is not None and "body" in token.internal_data and self.loop.resume(token)

    def run(self, token: Token) -> bool | None:
        if "leaving" in token.internal_data:
            return True
        token.become(STARTED)
        inner = token.is_inner
        if not inner and "undo" not in token.internal_data:
            self.watch(token)
            if token.id not in token.workflow.tasks:
                return None  # a condition that held already interrupted it
        if self.loop is not None and not inner:
            return self.loop.open(token)
        return self.enter(token)

    def watch(self, token: Token) -> None:
        """Boundary events begin to wait."""
        for boundary in self.boundaries:
            try:
                boundary.listen_on(token.workflow, token)
            except Failure as failure:
                failure.at = boundary
                raise
        if token.workflow.touched and self.boundaries:
            token.workflow.touched = False
            token.workflow.look_at_conditions()

    def enter(self, token: Token) -> bool | None:
        """One instance begins: its input mappings, then its work."""
        for target, source in self.inputs_map:
            name, *rest = target.split(".")
            token.data[name] = nested(token.data.get(name), rest, token.evaluate(source))
        return self.work(token)

    def work(self, token: Token) -> bool | None:
        """True: done at once. None: something will complete the token later."""
        return True

    # -------- going out

    def complete(self, token: Token) -> None:
        case = token.workflow
        if "body" in token.internal_data:  # the loop is over: it leaves as one
            self.remember(token)
            case.leave(token)
            return
        if self.loop is not None and token.is_inner:
            self.loop.collect(token)
        outputs(token)
        if "undo" in token.internal_data:
            undone(token)
        elif self.loop is not None and token.is_inner:
            case.trace.append(self.name)
            self.remember(token)
            self.loop.closed(token)
        else:
            self.remember(token)
            case.leave(token)

    def remember(self, token: Token) -> None:
        """Keep what compensation would need, if anything compensates this activity."""
        if self.undo is None or "body" in token.internal_data:
            return
        done = token.scope.done
        if not (done and done[-1].get("token") == token.id):  # leaving again after an incident is no second time
            done.append({"node": self.name, "token": token.id, "data": dict(token.data), "at": token.at})


class Task(Activity):
    """An abstract task: done at once."""


class UserTask(Activity):
    """A user or manual task: waits for a person."""

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        x = node.extension
        self.kind = "manual" if node.kind == "manualTask" else "user"
        self.assignee = text(x.assignee)
        self.groups = text(x.candidate_groups)
        self.users = text(x.candidate_users)
        self.due = text(x.due_date)
        self.follow_up = text(x.follow_up_date)
        self.asks_calendar = any(when is not None and when.asks_calendar for when in (self.due, self.follow_up))
        self.priority = text(x.priority)
        self.form = x.form
        self.headers = dict(x.headers)
        self.properties = dict(x.properties)

    def enter(self, token: Token) -> bool | None:
        # one round an entry into the node: instances of one multi-instance share it, a retry does not count again
        case, body = token.workflow, token.parent or token
        if "round" not in body.internal_data:
            body.internal_data["round"] = case.rounds[self.name] = case.rounds.get(self.name, 0) + 1
        return super().enter(token)

    def work(self, token: Token) -> bool | None:
        case = token.workflow
        facts: dict[str, Any] = {"n": (token.parent or token).internal_data["round"]}
        self.name_hands(token, facts)
        for short, when in (("d", self.due), ("f", self.follow_up)):
            if when is not None:
                facts[short] = self.moment(token.feel(when), when, ends=short == "d")
                if (asked := when.remembered(token, case.now)) is not None:
                    facts[f"{short}-asked"] = asked
        if self.priority is not None:
            value = str(token.evaluate(self.priority))
            if re.fullmatch(r"-?[0-9]{1,9}", value):
                facts["p"] = max(0, min(100, int(value)))
        token.internal_data["task"] = facts
        case.opened.append(token.id)
        return None

    def name_hands(self, token: Token, facts: dict[str, Any]) -> None:
        """Who is meant to do it."""
        named = {
            "a": _word(token.evaluate(self.assignee)) if self.assignee is not None else None,
            "g": _words(token.evaluate(self.groups)) if self.groups is not None else None,
            "u": _words(token.evaluate(self.users)) if self.users is not None else None,
        }
        for short, text_ in (("a", self.assignee), ("g", self.groups), ("u", self.users)):
            facts.pop(short, None)
            if text_ is not None:
                facts[short] = named[short]

    def moment(self, value: Any, when: Text, *, ends: bool = False) -> str | None:
        """The value of a date's text as an ISO moment; None when it has none. Failure when it is no date. `ends`: a day
        without a time is due when it ends, not when it begins."""
        if value is None or value == "":
            return None
        moment = end_of(value, ZONE) if ends else moment_of(value, ZONE)
        if moment is None:
            raise Failure(
                "timer",
                f"「{self.title}」的日期 {when.text} 不是日期，或不在日历之内(得到 {value})。",
                f'The date {when.text} of "{self.title}" is no date, or lies outside the calendar (got {value}).',
            )
        return moment.isoformat()

    def complete(self, token: Token) -> None:
        case = token.workflow
        if token.internal_data.pop("task", None) is not None:
            case.closed.append(ClosedTask(token.id, self.name, "completed"))
        # one record an entry into the node: a multi-instance leaves one, as a whole
        if not token.is_inner and "undo" not in token.internal_data:
            tasks = [id for _, id in token.internal_data.get("done", ())] or [token.id]
            token.at = case.path.user(token.at, self.name, token.scope, token.id, tasks)
        super().complete(token)


def _word(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _words(value: Any) -> list[str]:
    """A comma-separated text or a list."""
    if value is None:
        return []
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        value = [value]
    return [str(v).strip() for v in value if str(v).strip()]


class ScriptTask(Activity):
    """A script task: a FEEL expression whose value goes to the result variable."""

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        self.script = text(node.extension.script, always_feel=True)
        self.result = node.extension.result

    def work(self, token: Token) -> bool | None:
        if self.script is not None:
            value = token.evaluate(self.script)
            if self.result:
                _store(token, self.result, value)
        return True


def _store(token: Token, name: str, value: Any) -> None:
    """A result variable: local when output mappings read it, else straight to the scopes."""
    if token.task_spec.outputs_map:
        token.data[name] = value
    else:
        token.assign(name, value)


class ServiceTask(Activity):
    """A service, send or business rule task that says what it wants done outside: an Effect."""

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        self.kind = text(node.extension.task_type)
        self.headers = dict(node.extension.headers)
        self.awaited = self.headers.get("await", "").strip().lower() == "true"
        self.send: Trigger | None = None
        if node.kind == "sendTask" and self.kind is None:
            self.send = Trigger(EventDefinition("message", node.id, ref=node.message, operation=node.operation), names)

    def work(self, token: Token) -> bool | None:
        case = token.workflow
        if self.send is not None:
            throw(token, self.send)
            return True
        kind = str(token.evaluate(self.kind)) if self.kind is not None else self.node.kind
        awaited = self.awaited or case.definition.awaits(kind)
        effect = Effect(case.new_id("e"), self.name, self.title, kind, exact(dict(token.data)), self.headers, awaited)
        case.effects.append(effect)
        if awaited:
            token.internal_data["effect"] = effect.id
            return None
        return True


class RuleTask(Activity):
    """A business rule task that calls a decision."""

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        self.decision = text(node.extension.decision)
        self.result = node.extension.result

    def work(self, token: Token) -> bool | None:
        case = token.workflow
        assert self.decision is not None
        decision = str(token.evaluate(self.decision))
        model = case.definition.decisions.get(decision)
        if model is None:
            raise Failure(
                "decision",
                f"「{self.title}」要用的决策「{decision}」不存在。",
                f'The decision "{decision}" that "{self.title}" calls does not exist.',
                error="decision",
            )
        inputs = {k: feel.from_json(v) for k, v in token.everything().items()}
        try:
            result = model.evaluate(decision, inputs, case.env)
        except (feel.FeelError, Refused) as error:
            raise Failure(
                "decision",
                f"「{self.title}」的决策「{decision}」没有得出结果：{error.zh}",
                f'The decision "{decision}" of "{self.title}" gave no result: {error.en}',
                error="decision",
            ) from error
        value = exact(feel.to_json(result.value))
        rules = tuple(hit.as_json() for hit in result.hits)
        case.decisions.append(Decided(self.name, decision, rules, value))
        if self.result:
            _store(token, self.result, value)
        return True


class ReceiveTask(Activity, Catching):
    """A receive task: waits for its message. One that instantiates is done at once when it starts its process."""

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        definition = EventDefinition("message", node.id, ref=node.message, operation=node.operation)
        self.catches = (Trigger(definition, names),)

    def work(self, token: Token) -> bool | None:
        if token.internal_data.pop("caught", None):
            return True
        self.listen_on(token.workflow, token)
        return None

    def happened(self, case: Case, on: Any, variables: dict[str, Any]) -> None:
        token = on
        if isinstance(token.task_spec, EventGateway):
            token.task_spec.chose(case, token, self, variables)
            return
        case.merge(token, variables)
        token.complete()


class SubProcess(Activity):
    """An embedded sub-process or transaction."""

    inside: ScopeSpec

    def work(self, token: Token) -> bool | None:
        case = token.workflow
        scope = case.open_scope(self.inside, token.scope.process, token, root=False, variables={})
        case.begin(scope, token.at)
        return None

    def scope_done(self, token: Token, scope: ScopeRun) -> None:
        """Its last token is gone."""
        self.keep(token, scope)
        token.workflow.drop_scope(scope)
        token.internal_data.pop("scope", None)
        token.complete()

    def keep(self, token: Token, scope: ScopeRun) -> None:
        """What could be undone later: its own finished activities, or its compensation event sub-process."""
        handler = next((s for s in self.inside.event_subs if s.compensates), None)
        if (scope.done or handler is not None) and self.undo is None:
            token.scope.done.append(
                {
                    "node": self.name,
                    "data": dict(token.data),
                    "at": token.at,
                    "inside": scope.done,
                    "vars": scope.variables,
                }
            )


class EventSubProcess(Activity):
    """An event sub-process: not reached by a flow; its start event waits in the scope around it (10.3)."""

    inside: ScopeSpec

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        self.start: Catching | None = None

    def finish(self) -> None:
        self.start = next((n for n in self.inside.nodes if isinstance(n, StartEvent)), None)

    @property
    def compensates(self) -> bool:
        return self.start is not None and self.start.node.event_kind == "compensate"

    def listen(self, case: Case, scope: ScopeRun) -> None:
        if self.start is not None:
            self.start.listen_on(case, scope)

    def start_by(self, case: Case, scope: ScopeRun, start: NodeSpec, variables: dict[str, Any]) -> Token:
        """Its start event happened in this run of the scope around it. Its way begins here: 退回 does not lead out."""
        token = case.token(self, scope, "")
        if start.node.interrupting:
            case.unwait(scope=scope.id)
            case.cancel_scope_tokens(scope, keep=token, reason=self.name)
        token.become(STARTED)
        token.internal_data["given"] = variables
        with case.blaming(token):
            self.work(token)
        return token

    def work(self, token: Token) -> bool | None:
        """Its inside begins with what its start event brought. What fails there is its own, not of what set it off."""
        case = token.workflow
        assert self.start is not None
        inner = case.open_scope(self.inside, token.scope.process, token, root=False, variables={})
        begun = case.token(self.start, inner, "")
        case.merge(begun, token.internal_data.pop("given", {}))
        case.make_ready(begun)
        return None

    def scope_done(self, token: Token, scope: ScopeRun) -> None:
        token.workflow.drop_scope(scope)
        token.internal_data.pop("scope", None)
        token.complete()

    def complete(self, token: Token) -> None:
        if "undo" in token.internal_data:
            undone(token)
        else:
            token.workflow.leave(token, [])


class CallActivity(Activity):
    """Calls another process, or a global task, with its own variables."""

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        x = node.extension
        self.called = text(x.called_process or node.called_element)
        plain_bpmn = x.called_process is None
        self.give_all = x.propagate_all_parent or plain_bpmn
        self.take_all = (x.propagate_all_child or plain_bpmn) and not self.outputs_map

    def work(self, token: Token) -> bool | None:
        case = token.workflow
        called = str(token.evaluate(self.called)) if self.called is not None else ""
        process = case.definition.processes.get(called)
        if process is None:
            raise Failure(
                "call",
                f"「{self.title}」要调用的流程「{called}」不存在。",
                f'The process "{called}" that "{self.title}" calls does not exist.',
                error="call",
            )
        depth, scope = 0, token.scope
        while scope.owner is not None and (holder := scope.holder()) is not None:
            depth, scope = depth + 1, holder.scope
        if depth > 100:
            raise Failure(
                "limit",
                f"「{self.title}」的调用嵌套超过 100 层，请检查是否自己调用自己。",
                f'The calls of "{self.title}" nest more than 100 deep. Check whether it calls itself.',
            )
        given = token.everything() if self.give_all else dict(token.data)
        run = case.open_scope(process.scope, process, token, root=True, variables=given)
        case.begin(run, token.at)
        return None

    def scope_done(self, token: Token, scope: ScopeRun) -> None:
        variables = scope.variables
        token.workflow.drop_scope(scope)
        token.internal_data.pop("scope", None)
        if self.take_all:
            # The counts and results of a loop around the call are not the called process's to bring back: it had
            # copies.
            ours = {*token.data, *(token.parent.data if token.parent is not None else ())}
            for name, value in variables.items():
                if name not in ours:
                    token.assign(name, value)
        elif self.outputs_map:
            token.data.update(variables)
        token.complete()
