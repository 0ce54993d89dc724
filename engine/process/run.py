"""start and advance: one input in, one Step out. Pure: no clock, no file, no database."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from engine import feel
from engine.errors import NotFound, NotNow
from engine.process.language.texts import exact
from engine.process.machine import state as store
from engine.process.machine.activities import UserTask
from engine.process.machine.back import reopen, send_back
from engine.process.machine.case import Case, Token
from engine.process.machine.definition import Definition
from engine.process.machine.jump import jump
from engine.process.machine.matching import Matched
from engine.process.machine.moving import move as try_move
from engine.process.machine.net import Failure
from engine.process.machine.redate import redate, shift
from engine.process.machine.spiff import STARTED
from engine.process.machine.standstill import tell_standstill
from engine.process.machine.starts import begin_beside, gateway_of
from engine.process.machine.throwing import hear, throw_error
from engine.process.step import (
    Amend,
    Answer,
    Cancel,
    ClosedTask,
    Complete,
    Deliver,
    Fire,
    Input,
    Jump,
    Moved,
    OpenTask,
    Redate,
    Reopen,
    Retry,
    Return,
    Shift,
    Signal,
    Start,
    Step,
    Subscription,
    Throw,
    Timer,
)

LIMIT = 100_000  # moves of tokens in one advance


def start(
    definition: Definition, start: Start, *, now: datetime, env: feel.Env | None = None, limit: int = LIMIT
) -> Step:
    """A new instance. Raises NotFound for an unknown process or start event, NotNow when it cannot begin."""
    id = start.process_id
    if id is None:
        runnable = definition.executable() or [p for d in definition.diagrams for p in d.processes]
        if len(runnable) != 1:
            raise NotFound(
                f"文件中有 {len(runnable)} 个可执行的流程，请说明启动哪一个。",
                f"The files hold {len(runnable)} executable processes. Say which one to start.",
            )
        id = runnable[0].id
    process = definition.processes.get(id)
    if process is None:
        raise NotFound(f"没有编号为 {id} 的流程。", f"There is no process {id}.")
    case = Case(definition, process, throw_error)
    _prepare(case, now, env, limit)
    only = None
    if start.element is not None:
        only = process.task_specs.get(start.element)
        if only is None:
            raise NotFound(
                f"流程 {id} 没有编号为 {start.element} 的启动事件。",
                f"Process {id} has no start event {start.element}.",
            )
    try:
        scope = case.open_scope(
            process.scope, process, None, root=True, variables={k: exact(v) for k, v in start.variables.items()}
        )
        if only is None and not process.scope.begins:
            only = next((n for n in process.scope.nodes if n.node.kind == "startEvent"), None)
        case.begin(scope, "", only)
        if only is not None and (only.node.instantiate or gateway_of(only) is not None):
            next(iter(scope.tokens.values())).internal_data["caught"] = 1  # what starts it has come
            begin_beside(case, scope, only)
        case.go()
    except Failure as failure:
        raise NotNow(failure.zh, failure.en) from failure
    tell_standstill(case)
    return _step(case, set())


def advance(
    definition: Definition,
    state: bytes,
    input: Input,
    *,
    now: datetime,
    env: feel.Env | None = None,
    limit: int = LIMIT,
) -> Step:
    """One input to a running instance. Raises NotNow or NotFound when it does not fit; the state is then unchanged."""
    case = store.loads(definition, state)
    _prepare(case, now, env, limit)
    before = {w.id for w in case.waits.values() if w.kind == "timer"}
    if case.completed and not isinstance(input, (Fire, Signal)):
        raise NotNow("流程已经结束。", "The process has ended.")
    try:
        _apply(case, input)
        if case.touched:
            case.touched = False
            case.look_at_conditions()
        case.go()
    except Failure as failure:
        raise NotNow(failure.zh, failure.en) from failure
    tell_standstill(case)
    return _step(case, before)


def move(
    old: Definition,
    new: Definition,
    matched: Matched,
    state: bytes,
    *,
    now: datetime,
    env: feel.Env | None = None,
) -> Moved:
    """The running instance under another version of its drawing: where it stands, or why it cannot. Nothing moves."""
    moving = try_move(old, new, matched, state, lambda case: _prepare(case, now, env, LIMIT))
    if moving.old.completed:
        raise NotNow("流程已经结束。", "The process has ended.")
    before = {w.id for w in moving.old.waits.values() if w.kind == "timer"}
    step = _step(moving.moved, before) if moving.moved is not None else None
    return Moved(step, tuple(moving.hindrances), tuple(moving.notes), moving.lacks, moving.forms)


def waiting(definition: Definition, state: bytes) -> tuple[OpenTask, ...]:
    """The tasks that are open now. Nothing moves."""
    case = store.loads(definition, state)
    seen: dict[str, dict[str, Any]] = {}
    return tuple(_open_task(t, seen) for t in case.tasks.values() if "task" in t.internal_data and t.state == STARTED)


def _prepare(case: Case, now: datetime, env: feel.Env | None, limit: int) -> None:
    if now.tzinfo is None:
        raise ValueError("Expected an aware datetime, but now has no time zone")
    case.now = now
    case.env = feel.Env(now=now) if env is None else (env if env.now == now else dataclasses.replace(env, now=now))
    case.moves_left = limit


def _apply(case: Case, input: Input) -> None:
    match input:
        case Complete():
            token = case.open_task(input.task_id)
            case.merge(token, dict(input.variables))
            token.complete()
        case Answer():
            token = _awaiting(case, input.effect_id)
            del token.internal_data["effect"]
            case.merge(token, dict(input.variables))
            token.complete()
        case Throw():
            _throw(case, input)
        case Deliver():
            _deliver(case, input)
        case Signal():
            hear(case, input.name, dict(input.variables))
        case Fire():
            wait = case.waits.get(input.timer_id)
            if wait is not None and wait.kind == "timer":
                case.trigger(wait, {})
        case Return():
            send_back(case, input)
        case Jump():
            jump(case, input)
        case Reopen():
            reopen(case, input)
        case Retry():
            _retry(case, input)
        case Redate():
            redate(case)
        case Shift():
            shift(case, input.since, input.by)
        case Amend():
            case.scopes[""].variables.update({k: exact(v) for k, v in input.variables.items()})
            case.touched = True
        case Cancel():
            for token in list(case.tasks.values()):
                if token.id in case.tasks:
                    case.cancel_token(token, "cancelled", input.reason)
            case.waits.clear()
            case.incidents.clear()
            case.incident_of.clear()
            case.completed = True
        case _:
            raise TypeError(f"Expected an input of a process, but got {type(input).__name__}")


def _awaiting(case: Case, effect_id: str) -> Token:
    for token in case.tasks.values():
        if token.internal_data.get("effect") == effect_id and token.state == STARTED:
            return token
    raise NotNow(
        f"没有环节在等待 {effect_id} 的结果。", f"Nothing waits for the result of {effect_id}.", effect=effect_id
    )


def _throw(case: Case, input: Throw) -> None:
    token = case.tasks.get(input.id)
    if token is None or token.state != STARTED or "task" not in token.internal_data:
        token = _awaiting(case, input.id)
    if throw_error(case, token, input.code, dict(input.variables)):
        return
    spec = token.task_spec
    said = f":{input.message}" if input.message else ""
    said_en = f": {input.message}" if input.message else ""
    failure = Failure(
        "uncaught-error",
        f"「{spec.title}」报告了错误「{input.code}」{said},没有事件捕获它。请在图上加错误边界事件，或改正原因后重试。",
        f'"{spec.title}" reported the error "{input.code}"{said_en}, and no event catches it. '
        "Add an error boundary event, or mend the cause and retry.",
    )
    case.failed(_closed(case, token, input.code), failure, catch=False)


def _closed(case: Case, token: Token, reason: str) -> Token:
    """An open task that failed is open no more: it closes, and a retry opens another. An effect stays as it is."""
    if token.internal_data.pop("task", None) is None:
        return token
    spec = token.task_spec
    case.closed.append(ClosedTask(token.id, spec.name, "cancelled", reason))
    other = case.token(spec, token.scope, token.at, token.parent)
    other.data, other.internal_data = token.data, token.internal_data
    case.forget(token)
    return other


def _deliver(case: Case, input: Deliver) -> None:
    for wait in case.waits.values():
        if wait.kind == "message" and wait.facts["name"] == input.name and wait.facts.get("key") == input.key:
            case.trigger(wait, {k: exact(v) for k, v in input.variables.items()})
            return
    raise NotNow(
        f"没有环节在等待消息「{input.name}」。", f'Nothing waits for the message "{input.name}".', message=input.name
    )


def _retry(case: Case, input: Retry) -> None:
    token_id = next((t for t, i in case.incident_of.items() if i == input.incident_id), None)
    token = case.tasks.get(token_id or "")
    if token is None:
        raise NotNow(f"异常 {input.incident_id} 已经不在。", f"Incident {input.incident_id} is not open any more.")
    for name, value in input.variables.items():
        token.assign(name, exact(value))
    code = case.incidents[input.incident_id].code
    case.clear_incident(token)
    with case.blaming(token):
        _again(case, token, code)


def _again(case: Case, token: Token, code: str) -> None:
    """What had an incident is done again, from where it failed."""
    if token.internal_data.pop("leaving", None):
        token.force(STARTED)
        token.complete()
        return
    if token.task_spec.retried(token, code):
        return
    case.unwait(token=token.id)
    half = case.scopes.get(token.internal_data.get("scope", "-"))
    if half is not None:  # it failed while it opened
        case.cancel_scope_tokens(half)
        case.drop_scope(half)
    for what in ("task", "effect", "body", "scope"):
        token.internal_data.pop(what, None)
    case.make_ready(token)


# ---------------------------------------------------------------- the Step


def _step(case: Case, timers_before: set[str]) -> Step:
    seen: dict[str, dict[str, Any]] = {}
    open_tasks = tuple(
        _open_task(t, seen) for t in case.tasks.values() if "task" in t.internal_data and t.state == STARTED
    )
    opened = set(case.opened)
    timers, subscriptions = [], []
    for wait in case.waits.values():
        if wait.kind == "timer":
            due = datetime.fromisoformat(wait.facts["due"])
            timers.append(Timer(wait.id, wait.node, due, wait.facts["form"]))
        elif wait.kind in ("message", "signal"):
            subscriptions.append(Subscription(wait.id, wait.node, wait.kind, wait.facts["name"], wait.facts.get("key")))
    now_set = {t.id for t in timers}
    top = case.scopes.get("")
    return Step(
        state=store.dumps(case),
        finished=bool(case.completed),
        variables=dict(top.variables) if top is not None else {},
        open_tasks=open_tasks,
        opened=tuple(t for t in open_tasks if t.id in opened),
        closed=tuple(c for c in case.closed if c.id not in opened),
        effects=tuple(case.effects),
        timers=tuple(timers),
        timers_set=tuple(t for t in timers if t.id not in timers_before),
        timers_cleared=tuple(sorted(timers_before - now_set)),
        subscriptions=tuple(subscriptions),
        awaited=tuple(
            (t.internal_data["effect"], t.task_spec.name)
            for t in case.tasks.values()
            if "effect" in t.internal_data and t.state == STARTED
        ),
        incidents=tuple(case.incidents.values()),
        decisions=tuple(case.decisions),
        redated=tuple(case.redated),
        trace=tuple(case.trace),
        flows=tuple(case.flows),
    )


def _open_task(token: Token, seen: dict[str, dict[str, Any]]) -> OpenTask:
    spec = token.task_spec
    assert isinstance(spec, UserTask)
    facts = token.internal_data["task"]
    if token.data or token.is_inner:
        variables = token.everything()
    else:
        scope = token.scope
        variables = seen.get(scope.id) or seen.setdefault(scope.id, scope.everything())
    due, follow_up = facts.get("d"), facts.get("f")
    return OpenTask(
        id=token.id,
        element=spec.name,
        name=spec.node.name,
        kind=spec.kind,
        round=facts["n"],
        form=spec.form,
        assignee=facts.get("a"),
        candidate_groups=tuple(facts.get("g", ())),
        candidate_users=tuple(facts.get("u", ())),
        due=datetime.fromisoformat(due) if due else None,
        follow_up=datetime.fromisoformat(follow_up) if follow_up else None,
        priority=facts.get("p", 50),
        headers=spec.headers,
        properties=spec.properties,
        variables=variables,
        instance=token.data.get("loopCounter") if token.is_inner else None,
        scope=token.scope.id,
    )
