"""The running instance: tokens, scopes, what waits, and the loop that moves them. Built on SpiffWorkflow's Workflow and
Task.

A token is a SpiffWorkflow Task; it is forgotten when it leaves its node, so state grows with what is open, not with
what was done. Ready tokens stand in one queue: nothing here calls itself along a path, so a path may be as long as it
likes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engine import feel
from engine.errors import NotNow
from engine.process.language.texts import Text, exact
from engine.process.machine.definition import Definition
from engine.process.machine.net import DATA_FAULTS, Failure, FlowSpec, NodeSpec, ProcessSpec, ScopeSpec
from engine.process.machine.path import Path
from engine.process.machine.spiff import CANCELLED, ERROR, READY, STARTED, WAITING, Run, Visit
from engine.process.step import ClosedTask, Decided, Effect, Incident, Redated


class Levels:
    """Variables as a token or scope sees them: level behind level, the nearest first."""

    def levels(self) -> Iterator[dict[str, Any]]:
        raise NotImplementedError

    def sees(self, name: str) -> bool:
        return any(name in level for level in self.levels())

    def look(self, name: str) -> Any:
        for level in self.levels():
            if name in level:
                return level[name]
        return None

    def everything(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for level in reversed(list(self.levels())):
            seen.update(level)
        return seen


class Token(Levels, Visit):
    """One token at one node. `data` holds variables local to this visit; `internal_data` what the node remembers."""

    workflow: Case
    task_spec: NodeSpec

    def __init__(self, case: Case, spec: NodeSpec, scope: ScopeRun, id: str, parent: Token | None, at: str) -> None:
        super().__init__(case, spec, id, parent)
        self.scope = scope
        self.at = at  # last record on the path that led here
        scope.tokens[id] = self

    # -------- variables: own, the loop around it, the scope, what holds the scope … up to the process

    def levels(self) -> Iterator[dict[str, Any]]:
        token: Token | None = self
        while token is not None:
            yield token.data
            if token.is_inner and (parent := token.parent) is not None:
                token = parent
                continue
            scope = token.scope
            yield scope.variables
            token = None if scope.root else scope.holder()

    def assign(self, name: str, value: Any) -> None:
        """Into the nearest level that has the name, else the process's own."""
        level: dict[str, Any] = self.data
        for level in self.levels():
            if name in level:
                break
        level[name] = value
        self.workflow.touched = True

    def assign_outside(self, name: str, value: Any) -> None:
        """The same, past this token's own variables: where an output mapping writes."""
        levels = self.levels()
        next(levels)
        level: dict[str, Any] = {}
        for level in levels:
            if name in level:
                break
        level[name] = value
        self.workflow.touched = True

    # -------- expressions

    def evaluate(self, text: Text) -> Any:
        """The JSON value of a text."""
        return self.workflow.guarded(self.task_spec, text, lambda: text.json(self, self.workflow.env))

    def feel(self, text: Text) -> Any:
        """The FEEL value of a text."""
        return self.workflow.guarded(self.task_spec, text, lambda: text.value(self, self.workflow.env))

    def holds(self, text: Text) -> bool:
        return bool(self.workflow.guarded(self.task_spec, text, lambda: text.holds(self, self.workflow.env)))


class ScopeRun(Levels):
    """A process, called process or sub-process that runs."""

    def __init__(
        self, case: Case, id: str, spec: ScopeSpec, process: ProcessSpec, owner: str | None, root: bool
    ) -> None:
        self.case = case
        self.id = id
        self.spec = spec
        self.process = process
        self.owner = owner  # id of the token that holds it
        self.root = root  # variables do not reach beyond (a process, not a sub-process)
        self.variables: dict[str, Any] = {}
        self.tokens: dict[str, Token] = {}
        self.done: list[dict[str, Any]] = []  # finished activities that could be undone, in order
        self.memory: dict[str, Any] = {}  # ad-hoc, transaction …

    def holder(self) -> Token | None:
        return self.case.tasks.get(self.owner) if self.owner is not None else None

    def levels(self) -> Iterator[dict[str, Any]]:
        yield self.variables
        if not self.root and (holder := self.holder()) is not None:
            yield from holder.levels()


@dataclass(slots=True)
class Wait:
    """Something a node waits for: a due time, a message, a signal, a condition."""

    id: str
    node: str  # the catching node
    index: int  # which of its event definitions
    kind: str  # timer, message, signal, conditional
    token: str | None  # the token that waits, or …
    scope: str | None  # … the scope whose event sub-process waits
    facts: dict[str, Any] = field(default_factory=dict)


#: Looks outwards from a token for what catches an error of this code: True when something did.
Catch = Callable[["Case", Token, str | None, dict[str, Any]], bool]


class Case(Run):
    """One instance of a process."""

    tasks: dict[str, Token]

    def __init__(self, definition: Definition, process: ProcessSpec, catch: Catch) -> None:
        super().__init__(process)
        self.definition = definition
        self.catch = catch
        self.counter = 0
        self.scopes: dict[str, ScopeRun] = {}
        self.waits: dict[str, Wait] = {}
        self.incidents: dict[str, Incident] = {}
        self.incident_of: dict[str, str] = {}  # token -> incident
        self.rounds: dict[str, int] = {}
        self.path = Path(self.new_id)
        # of this step only
        self.env: feel.Env | None = None
        self.now: datetime = datetime.min.replace(tzinfo=UTC)
        self.queue: deque[Token] = deque()
        self.patient: deque[Token] = deque()  # ready too, but they move only when nothing else is
        self.touched = False  # a variable changed: conditions must be looked at again
        self.emptied: list[ScopeRun] = []
        self.moves_left = 0
        self.opened: list[str] = []
        self.closed: list[ClosedTask] = []
        self.effects: list[Effect] = []
        self.decisions: list[Decided] = []
        self.redated: list[Redated] = []
        self.trace: list[str] = []
        self.flows: list[str] = []
        self.stopped = False

    # -------- making things

    def new_id(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    def token(self, spec: NodeSpec, scope: ScopeRun, at: str, parent: Token | None = None) -> Token:
        return Token(self, spec, scope, self.new_id("t"), parent, at)

    def ready_token(self, spec: NodeSpec, scope: ScopeRun, at: str, parent: Token | None = None) -> Token:
        token = self.token(spec, scope, at, parent)
        self.make_ready(token)
        return token

    def make_ready(self, token: Token) -> None:
        token.force(READY)
        self.enqueue(token)

    def enqueue(self, token: Token) -> None:
        (self.patient if token.task_spec.patient else self.queue).append(token)

    def open_scope(
        self, spec: ScopeSpec, process: ProcessSpec, owner: Token | None, *, root: bool, variables: dict[str, Any]
    ) -> ScopeRun:
        """A scope with its variables; its event sub-processes begin to wait."""
        id = "" if owner is None else self.new_id("s")
        scope = ScopeRun(self, id, spec, process, owner.id if owner else None, root)
        if not root:
            scope.variables = dict.fromkeys(spec.data)
        scope.variables.update(variables)
        self.scopes[id] = scope
        if owner is not None:
            owner.internal_data["scope"] = id
        for sub in spec.event_subs:
            sub.listen(self, scope)
        return scope

    def begin(self, scope: ScopeRun, at: str, only: NodeSpec | None = None) -> None:
        """Tokens for what starts the scope."""
        if only is not None:
            self.ready_token(only, scope, at)
            return
        begins = scope.spec.begins
        if len(begins) > 1:
            at = self.path.fork(at, scope.spec.id, scope, [])
        for spec in begins:
            spec.arrive(self, scope, None, at)
        if not begins:
            self.emptied.append(scope)

    def open_task(self, id: str) -> Token:
        """The open task of this id. Raises NotNow when it is not open any more."""
        token = self.tasks.get(id)
        if token is None or "task" not in token.internal_data or token.state != STARTED:
            raise NotNow(f"任务 {id} 已不在待办中。", f"Task {id} is not open any more.", task=id)
        return token

    # -------- the loop

    def go(self) -> None:
        """Move every token as far as it goes."""
        while not self.stopped:
            if self.queue or self.patient:
                token = (self.queue or self.patient).popleft()
                if token.state != READY or token.id not in self.tasks:
                    continue
                if self.moves_left <= 0:
                    self._limit(token)
                    return
                self.moves_left -= 1
                token.run()
                if self.touched:
                    self.touched = False
                    self.look_at_conditions()
            elif self.emptied:
                self.finish_scope(self.emptied.pop(0))
            elif not self.release_joins():
                return

    def _limit(self, token: Token) -> None:
        self.failed(
            token,
            Failure(
                "limit",
                (
                    f"一次办理走了太多步还没有停下来，最后停在「{token.task_spec.title}」。请检查图中是否有走不出去"
                    "的循环。"
                ),
                f'One advance took too many steps and stopped at "{token.task_spec.title}". '
                "Check the diagram for a loop without a way out.",
            ),
            catch=False,
        )

    def release_joins(self) -> bool:
        """Inclusive and complex joins that may go on now that nothing else moves (BPMN 2.0, 13.4.3). True when one
        did."""
        for token in list(self.tasks.values()):
            if token.state != WAITING:
                continue
            released = True
            with self.blaming(token):
                released = token.task_spec.release(token)
            if released:
                return True
        return False

    # -------- leaving and ending

    def leave(self, token: Token, flows: list[FlowSpec] | None = None) -> None:
        """A completed token goes on along the flows its node chooses, and is forgotten."""
        spec = token.task_spec
        flows = spec.chosen(token) if flows is None else flows
        # a loop's instances were traced one by one, a throw event as it threw
        if "body" not in token.internal_data and not spec.at_once:
            self.trace.append(spec.name)
        times = spec.node.completion_quantity
        at = token.at
        if len(flows) * times > 1:
            at = self.path.fork(at, spec.name, token.scope, [f.id for f in flows] * times)
        scope = token.scope
        self.forget(token)
        for flow in flows:
            self.flows.append(flow.id)
            for _ in range(times):
                flow.target.arrive(self, scope, flow, at)
        if scope.spec.kind == "adHocSubProcess":
            scope.memory["at"] = at
            if spec.is_activity:
                holder = scope.holder()
                assert holder is not None
                holder.task_spec.inner_done(holder, scope, spec)
        if not scope.tokens:
            self.emptied.append(scope)

    def forget(self, token: Token) -> None:
        """Take a token out, with what waits for it."""
        self.unwait(token=token.id)
        self.tasks.pop(token.id, None)
        token.scope.tokens.pop(token.id, None)
        if token.is_inner and (parent := token.parent) is not None:
            parent.lose(token.id)
        self.clear_incident(token)

    def finish_scope(self, scope: ScopeRun) -> None:
        """The last token of a scope is gone: what held the scope goes on."""
        if scope.tokens or self.scopes.get(scope.id) is not scope:
            return
        holder = scope.holder()
        if holder is not None and holder.task_spec.goes_on(holder, scope):
            return
        self.unwait(scope=scope.id)
        if holder is None:
            self.completed = True
            return
        holder.task_spec.scope_done(holder, scope)

    def drop_scope(self, scope: ScopeRun) -> None:
        self.unwait(scope=scope.id)
        self.scopes.pop(scope.id, None)

    def cancel_token(self, token: Token, how: str = "cancelled", reason: str = "") -> None:
        """End a token and everything inside it: instances of a loop, scopes it holds. What undoes something for it
        ends too. No recursion, no event."""
        stack = [token]
        while stack:
            one = stack.pop()
            if one.id not in self.tasks:
                continue
            stack += [child for child in one.children if child is not None]
            if "undoing" in one.internal_data:
                stack += self.handlers_of(one)
            inner = one.internal_data.get("scope")
            if inner is not None and inner in self.scopes:
                stack += self.scopes[inner].tokens.values()
                self.drop_scope(self.scopes[inner])
            if one.internal_data.get("task") is not None and one.state & (STARTED | ERROR):
                self.closed.append(ClosedTask(one.id, one.task_spec.name, how, reason))
            one.become(CANCELLED)
            self.forget(one)

    def handlers_of(self, thrower: Token) -> list[Token]:
        """The compensation handlers that run for one that undoes."""
        return [t for t in self.tasks.values() if t.internal_data.get("undo") == thrower.id]

    def cancel_scope_tokens(self, scope: ScopeRun, *, keep: Token | None = None, reason: str = "") -> None:
        for token in list(scope.tokens.values()):
            if token is not keep:
                self.cancel_token(token, reason=reason)

    # -------- what waits

    def wait(self, kind: str, spec: NodeSpec, index: int, on: Token | ScopeRun, **facts: Any) -> Wait:
        token, scope = (on.id, None) if isinstance(on, Token) else (None, on.id)
        wait = Wait(self.new_id("w"), spec.name, index, kind, token, scope, facts)
        self.waits[wait.id] = wait
        return wait

    def unwait(self, *, token: str | None = None, scope: str | None = None, node: str | None = None) -> None:
        """Forget what waits on a token or scope (all, or only that of one node)."""
        if not self.waits:
            return
        gone = [
            w.id
            for w in self.waits.values()
            if (w.token == token if token is not None else w.scope == scope) and (node is None or w.node == node)
        ]
        for id in gone:
            del self.waits[id]

    def waiter(self, wait: Wait) -> Token | ScopeRun | None:
        if wait.token is not None:
            return self.tasks.get(wait.token)
        return self.scopes.get(wait.scope or "")

    def spec_of(self, wait: Wait) -> NodeSpec:
        on = self.waiter(wait)
        assert on is not None
        process = on.scope.process if isinstance(on, Token) else on.process
        return process.task_specs[wait.node]

    def trigger(self, wait: Wait, variables: dict[str, Any]) -> None:
        """What was waited for has come."""
        on = self.waiter(wait)
        if on is not None and wait.id in self.waits:
            self.spec_of(wait).caught(self, on, wait, variables)

    def look_at_conditions(self) -> None:
        """Fire every conditional event whose condition became true (BPMN 2.0, 10.5)."""
        for wait in [w for w in self.waits.values() if w.kind == "conditional"]:
            on = self.waiter(wait)
            if wait.id not in self.waits or on is None:
                continue
            spec = self.spec_of(wait)
            condition = spec.catches[wait.index].condition
            try:
                now = bool(self.guarded(spec, condition, lambda c=condition, o=on: c.holds(o, self.env)))
            except Failure:
                now = False  # a variable it reads is not there yet
            before, wait.facts["was"] = wait.facts.get("was", False), now
            if now and not before:
                self.trigger(wait, {})

    # -------- failing

    def guarded(self, spec: NodeSpec, text: Text, work: Any) -> Any:
        """Run an expression; its failure speaks of the element."""
        try:
            return work()
        except feel.FeelError as error:
            zh, en = getattr(error, "zh", str(error)), getattr(error, "en", str(error))
            raise Failure(
                "expression",
                f"「{spec.title}」的表达式 {text.text} 无法求值：{zh}",
                f'The expression {text.text} of "{spec.title}" has no value: {en}',
                error="expression",
            ) from error

    def evaluate(self, spec: NodeSpec, text: Text, sight: Token | ScopeRun) -> Any:
        return self.guarded(spec, text, lambda: text.json(sight, self.env))

    def holds(self, spec: NodeSpec, text: Text, sight: Token | ScopeRun) -> bool:
        return bool(self.guarded(spec, text, lambda: text.holds(sight, self.env)))

    @contextmanager
    def blaming(self, token: Token) -> Iterator[None]:
        """What goes wrong inside is this token's fault and stays there: whoever set it going is not refused for it."""
        try:
            yield
        except Failure as failure:
            self.failed(token, failure)
        except DATA_FAULTS as fault:
            self.failed(token, token.task_spec.data_fault(fault))

    def failed(self, token: Token, failure: Failure, *, catch: bool = True) -> None:
        """A failure at a token: an error when something catches it, else an incident. A token has one incident at
        most."""
        if catch and failure.code != "no-flow" and self.catch(self, token, failure.error, {}):
            return
        if token.id not in self.tasks:
            return
        token.force(ERROR)
        self.tell(token, failure)
        if failure.code == "limit":
            self.stopped = True

    def tell(self, token: Token, failure: Failure) -> None:
        """An incident at a token, in the place of one it had."""
        self.clear_incident(token)
        at = failure.at or token.task_spec
        incident = Incident(self.new_id("i"), at.name, at.title, failure.code, failure.zh, failure.en)
        self.incidents[incident.id] = incident
        self.incident_of[token.id] = incident.id

    def incident_at(self, token: Token) -> Incident | None:
        return self.incidents.get(self.incident_of.get(token.id, ""))

    def clear_incident(self, token: Token) -> None:
        if (id := self.incident_of.pop(token.id, None)) is not None:
            self.incidents.pop(id, None)

    # -------- variables from outside

    def merge(self, token: Token, variables: dict[str, Any]) -> None:
        """Results of a task: through the output mappings when there are some, else straight to the scopes."""
        values = {k: exact(v) for k, v in variables.items()}
        if token.task_spec.outputs_map:
            token.data.update(values)
            return
        for name, value in values.items():
            token.assign(name, value)
