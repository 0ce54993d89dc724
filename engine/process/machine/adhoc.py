"""Ad-hoc sub-processes (BPMN 2.0, 10.3 and 13.3.5): activities without a fixed order."""

from __future__ import annotations

from typing import Any

from engine.process.language.model import Node
from engine.process.language.texts import text
from engine.process.machine.activities import SubProcess
from engine.process.machine.case import ScopeRun, Token
from engine.process.machine.net import Failure, NodeSpec, ProcessSpec, ScopeSpec
from engine.process.machine.spiff import STARTED


class AdHoc(SubProcess):
    """All its first activities are ready at once (parallel) or one after the other (sequential).

    `activeElementsCollection` (FEEL, a list of ids) picks which; without it all. After each activity the completion
    condition is asked; when true the rest is cancelled, or awaited when cancelRemainingInstances is false.
    """

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any) -> None:
        super().__init__(process, scope, node, names)
        inside = node.scope
        assert inside is not None
        self.sequential = inside.ordering == "Sequential"
        self.done_when = text(inside.completion_condition, always_feel=True)
        self.cancel_rest = inside.cancel_remaining
        self.active = text(node.extension.active_elements, always_feel=True)
        self.into, each = node.extension.adhoc_output
        self.each = text(each)

    def work(self, token: Token) -> bool | None:
        case = token.workflow
        firsts = self.inside.begins
        if self.active is not None:
            wanted = token.evaluate(self.active)
            by_id = {spec.name: spec for spec in firsts}
            if not isinstance(wanted, list) or any(w not in by_id for w in wanted):
                raise Failure(
                    "ad-hoc",
                    f"「{self.title}」要启动的活动 {wanted} 不都在其中。",
                    f'The activities {wanted} that "{self.title}" should start are not all in it.',
                )
            firsts = [by_id[w] for w in wanted]
        scope = case.open_scope(self.inside, token.scope.process, token, root=False, variables={})
        if self.into:
            scope.variables[self.into] = []
        if self.sequential:
            scope.memory.update(left=[spec.name for spec in firsts], at=token.at)
            self.goes_on(token, scope)
        else:
            at = case.path.fork(token.at, self.name, scope, []) if len(firsts) > 1 else token.at
            for spec in firsts:
                case.ready_token(spec, scope, at)
        if not scope.tokens:
            case.emptied.append(scope)
        return None

    def goes_on(self, token: Token, scope: ScopeRun) -> bool:
        """One after the other: the next begins when the one before, and all that followed it, is over (13.3.5)."""
        if scope.memory.get("asked"):
            return True  # what one of them gave could not be reckoned: it waits for that, not for more of them
        left = scope.memory.get("left")
        if not left:
            return False
        scope.case.ready_token(scope.process.task_specs[left.pop(0)], scope, scope.memory["at"])
        return True

    def inner_done(self, holder: Token, scope: ScopeRun, spec: NodeSpec) -> None:
        """One of the activities inside has completed. What cannot be reckoned then is a fault of the whole."""
        scope.memory.setdefault("asked", []).append(spec.name)
        self.ask(holder, scope)

    def ask(self, holder: Token, scope: ScopeRun) -> None:
        case = scope.case
        case.clear_incident(holder)
        holder.force(STARTED)
        asked = scope.memory["asked"]
        with case.blaming(holder):
            while asked:
                into, each = self.into, self.each
                given = case.evaluate(self, each, scope) if into and each is not None else None
                enough = self.done_when is not None and case.holds(self, self.done_when, scope)
                asked.pop(0)
                if into and each is not None:
                    scope.variables[into] = [*scope.variables[into], given]
                if enough:
                    scope.memory["left"] = []
                    if self.cancel_rest:
                        case.unwait(scope=scope.id)
                        case.cancel_scope_tokens(scope, reason=self.name)
        if not asked:
            del scope.memory["asked"]

    def retried(self, token: Token, code: str) -> bool:
        scope = token.workflow.scopes.get(token.internal_data.get("scope", "-"))
        if scope is None or "asked" not in scope.memory:
            return False
        self.ask(token, scope)
        if not scope.tokens:
            token.workflow.emptied.append(scope)
        return True

    def scope_done(self, token: Token, scope: ScopeRun) -> None:
        if self.into:
            token.assign(self.into, scope.variables[self.into])
        super().scope_done(token, scope)
