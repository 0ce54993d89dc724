"""Undoing what was done (BPMN 2.0, 10.5 and 13.5.5): handlers run one by one, the last done first."""

from __future__ import annotations

from typing import Any

from engine.process.machine.case import Case, ScopeRun, Token
from engine.process.machine.net import Failure
from engine.process.machine.spiff import STARTED
from engine.process.machine.triggers import Trigger


def compensate(token: Token, trigger: Trigger) -> bool:
    """Start to undo what the event names, or everything done in its scope. True when nothing is left to undo."""
    if "undoing" in token.internal_data:
        return run_next(token)
    scope = _reach(token)
    wanted = trigger.target
    picked = [r for r in scope.done if wanted is None or r["node"] == wanted]
    scope.done = [r for r in scope.done if r not in picked]
    records = [dict(r, scope=scope.id) for r in picked]
    if not trigger.wait_for:
        # waitForCompletion="false": the thrower goes on at once, and one beside it sees the handlers through
        beside = token.workflow.token(token.task_spec, token.scope, token.at)
        beside.internal_data.update(undoing=records, beside=1)
        beside.become(STARTED)
        if run_next(beside):
            token.workflow.forget(beside)
        return True
    token.internal_data["undoing"] = records
    token.become(STARTED)
    return run_next(token)


def _reach(token: Token) -> ScopeRun:
    """The scope whose work is undone: an event sub-process undoes what lies around it."""
    scope = token.scope
    holder = scope.holder()
    while holder is not None and getattr(holder.task_spec, "start_by", None) is not None:
        inside = holder.internal_data.get("restored")
        if inside is not None:
            scope.done = inside
            holder.internal_data["restored"] = []
            return scope
        scope = holder.scope
        holder = scope.holder()
    return scope


def run_next(thrower: Token) -> bool:
    """Begin the next handler. True when all are done."""
    case = thrower.workflow
    left: list[dict[str, Any]] = thrower.internal_data.get("undoing", [])
    while left:
        record = left.pop()
        scope = case.scopes.get(record["scope"]) or thrower.scope
        spec = thrower.scope.process.task_specs.get(record["node"]) or scope.process.task_specs[record["node"]]
        if "inside" in record:
            handler = next((s for s in spec.inside.event_subs if s.compensates), None)
            if handler is None:
                left.extend(dict(r, scope=record["scope"]) for r in record["inside"])
                continue
            token = case.token(handler, scope, "")
            token.data.update(record["data"])
            token.data.update(record["vars"])
            token.internal_data.update(undo=thrower.id, restored=record["inside"])
            case.make_ready(token)
            return False
        undo = spec.undo
        if undo is None:
            continue
        token = case.token(undo, scope, "")
        token.data.update(record["data"])
        token.internal_data["undo"] = thrower.id
        case.make_ready(token)
        return False
    thrower.internal_data.pop("undoing", None)
    return True


def undone(token: Token) -> None:
    """A handler is done: the next one, or the thrower goes on."""
    token.workflow.trace.append(token.task_spec.name)
    token.workflow.forget(token)
    after(token)


def after(token: Token) -> None:
    """A handler is gone, done or left by an event of its own: what it undid for goes on."""
    case = token.workflow
    scope = token.scope
    thrower = case.tasks.get(token.internal_data["undo"])
    if thrower is None:
        if not scope.tokens:
            case.emptied.append(scope)
        return
    if run_next(thrower):
        if "cancelling" in thrower.internal_data:
            finish_cancel(thrower)
        elif "beside" in thrower.internal_data:
            case.forget(thrower)
            if not thrower.scope.tokens:
                case.emptied.append(thrower.scope)
        else:
            case.make_ready(thrower)


def give_up(case: Case, handler: Token) -> None:
    """A person has led the case out of a handler: what it undid for ends here, it would wait for the handler for
    ever."""
    thrower = case.tasks.get(handler.internal_data.get("undo", ""))
    if thrower is not None:
        case.cancel_token(thrower, reason=handler.task_spec.name)
        if not thrower.scope.tokens:
            case.emptied.append(thrower.scope)


def cancel_transaction(token: Token) -> bool:
    """A cancel end event: end the transaction's other tokens, undo what it did, leave by the cancel boundary event."""
    case, scope = token.workflow, token.scope
    case.unwait(scope=scope.id)
    case.cancel_scope_tokens(scope, keep=token, reason=token.task_spec.name)
    token.internal_data["cancelling"] = 1
    token.internal_data["undoing"] = [dict(r, scope=scope.id) for r in scope.done]
    scope.done = []
    token.become(STARTED)
    if run_next(token):
        finish_cancel(token)
    return False


def finish_cancel(token: Token) -> None:
    case = token.workflow
    holder = token.scope.holder()
    case.trace.append(token.task_spec.name)
    body = (holder.parent or holder) if holder is not None else None
    for boundary in getattr(body.task_spec, "boundaries", ()) if body is not None else ():
        if any(t.kind == "cancel" for t in boundary.catches):
            boundary.strike(case, body, {}, interrupt=True)
            return
    spec = token.task_spec
    case.failed(
        token,
        Failure(
            "cancel",
            f"「{spec.title}」取消了事务，但事务上没有取消边界事件。",
            f'"{spec.title}" cancelled the transaction, but no cancel boundary event is on it.',
        ),
        catch=False,
    )
