"""What is thrown inside an instance finds what catches it: errors, escalations, signals, compensation, cancel,
terminate."""

from __future__ import annotations

from typing import Any

from engine.process.machine.case import Case, ScopeRun, Token
from engine.process.machine.compensation import cancel_transaction, compensate
from engine.process.machine.net import Failure, NodeSpec
from engine.process.machine.triggers import Trigger
from engine.process.step import Effect


def throw(token: Token, trigger: Trigger) -> bool:
    """Throw one event definition at a token. False when the token must wait (compensation) or is gone."""
    case, spec = token.workflow, token.task_spec
    kind = trigger.kind
    if kind == "message":
        name = str(token.evaluate(trigger.name)) if trigger.name else ""
        arguments: dict[str, Any] = {"name": name, "variables": dict(token.data)}
        if trigger.key is not None:
            key = token.evaluate(trigger.key)
            arguments["key"] = key if key is None or isinstance(key, str) else str(key)
        case.effects.append(
            Effect(case.new_id("e"), spec.name, spec.title, "message", arguments, dict(spec.node.extension.headers))
        )
    elif kind == "signal":
        name = str(token.evaluate(trigger.name)) if trigger.name else ""
        case.effects.append(
            Effect(case.new_id("e"), spec.name, spec.title, "signal", {"name": name, "variables": dict(token.data)})
        )
        hear(case, name, dict(token.data))
    elif kind == "error":
        if not throw_error(case, token, trigger.code, {}):
            raise Failure(
                "uncaught-error",
                (
                    f"「{spec.title}」抛出的错误「{trigger.code}」没有被任何事件捕获。请在外层加上错误边界事件或错"
                    "误事件子流程。"
                ),
                f'The error "{trigger.code}" thrown by "{spec.title}" is caught by no event. '
                "Add an error boundary event or an error event sub-process around it.",
            )
    elif kind == "escalation":
        escalate(case, token, trigger.code)
    elif kind == "compensate":
        return compensate(token, trigger)
    elif kind == "cancel":
        return cancel_transaction(token)
    elif kind == "terminate":
        # all other tokens of this process or sub-process end; this one leaves, and the scope is done (10.5)
        case.unwait(scope=token.scope.id)
        case.cancel_scope_tokens(token.scope, keep=token, reason=spec.name)
    return token.id in case.tasks


def hear(case: Case, name: str, variables: dict[str, Any]) -> None:
    """A signal reaches everything in the instance that waits for it at this moment."""
    for wait in [w for w in case.waits.values() if w.kind == "signal" and w.facts["name"] == name]:
        if wait.id in case.waits:
            case.trigger(wait, variables)


def throw_error(case: Case, token: Token, code: str | None, variables: dict[str, Any]) -> bool:
    """An error goes outwards from a token to the innermost that catches it (10.5). False when none does."""
    inside: Token | None = token
    first = True
    while inside is not None:
        body = inside.parent or inside
        if not first or hasattr(body.task_spec, "boundaries"):
            boundary = _boundary(body, "error", code)
            if boundary is not None:
                boundary.strike(case, body, variables, interrupt=True)
                return True
        first = False
        scope = body.scope
        sub = _event_sub(scope, "error", code, body)
        if sub is not None:
            sub.start_by(case, scope, sub.start, variables)
            return True
        inside = scope.holder()
    return False


def escalate(case: Case, token: Token, code: str | None) -> None:
    """An escalation goes outwards likewise; nobody catching it is no failure."""
    scope: ScopeRun | None = token.scope
    here = token
    while scope is not None:
        sub = _event_sub(scope, "escalation", code, here)
        if sub is not None:
            sub.start_by(case, scope, sub.start, {})
            return
        holder = scope.holder()
        if holder is None:
            return
        body = holder.parent or holder
        boundary = _boundary(body, "escalation", code)
        if boundary is not None:
            boundary.strike(case, body, {})
            return
        here, scope = body, body.scope


def _boundary(body: Token, kind: str, code: str | None) -> Any:
    """The boundary event on this activity that catches the code; one that names it goes before one that catches all."""
    found: Any = None
    on: list[NodeSpec] = getattr(body.task_spec, "boundaries", [])
    for boundary in on:
        for trigger in boundary.catches:
            if trigger.kind == kind and trigger.meets(code):
                if trigger.code == code and code is not None:
                    return boundary
                found = found or boundary
    return found


def _event_sub(scope: ScopeRun, kind: str, code: str | None, thrower: Token) -> Any:
    """The event sub-process of this scope that catches the code. One that runs in this scope throws past its
    sisters."""
    if thrower.task_spec in scope.spec.event_subs:
        return None
    found = None
    for sub in scope.spec.event_subs:
        if sub.start is None:
            continue
        for trigger in sub.start.catches:
            if trigger.kind == kind and trigger.meets(code):
                if trigger.code == code and code is not None:
                    return sub
                found = found or sub
    return found
