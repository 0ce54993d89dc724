"""自由跳转: one token goes on from another node, and nothing is left that a join would wait for in vain."""

from __future__ import annotations

from engine.errors import NotFound, NotNow
from engine.process.language.texts import exact
from engine.process.machine.back import cancel_after, open_forks
from engine.process.machine.case import Case
from engine.process.machine.compensation import give_up
from engine.process.machine.events import BoundaryEvent, CatchEvent, StartEvent
from engine.process.machine.gateways import Parallel
from engine.process.machine.net import NodeSpec
from engine.process.step import ClosedTask, Jump


def jump(case: Case, input: Jump) -> None:
    """From an open task to a node of its own (sub-)process or of one around it. Live branches it leaves are
    cancelled."""
    token = case.open_task(input.task_id)
    body = token.parent or token
    here = body
    while input.to_element not in {spec.name for spec in here.scope.spec.nodes}:
        holder = here.scope.holder()
        if holder is None or here.scope.root:
            raise NotFound(
                f"「{body.task_spec.title}」所在的流程里没有环节 {input.to_element}。",
                f'There is no element {input.to_element} around "{body.task_spec.title}".',
                element=input.to_element,
            )
        here = holder.parent or holder
    scope = here.scope
    target = scope.process.task_specs[input.to_element]
    _may_be_entered(target)
    starved = _starved(target)
    if starved is not None:
        raise NotNow(
            f"不能跳到「{target.title}」：后面的汇合「{starved.title}」会一直等别的分支。请跳到分支之前或汇合之后。",
            f'Cannot jump to "{target.title}": the join "{starved.title}" behind it would wait for branches that never '
            "come. Jump to before the fork or after the join.",
            element=target.name,
        )
    for name, value in input.variables.items():
        body.assign(name, exact(value))
    forks = [f for f in open_forks(case, here.at) if case.path.records[f][2] == scope.id]
    why = body.task_spec.name
    at = here.at
    if token.internal_data.pop("task", None) is not None:
        case.closed.append(ClosedTask(token.id, token.task_spec.name, "jumped", target.name))
    new = case.token(target, scope, at)  # first, so that the scope is never empty between
    give_up(case, here)
    case.cancel_token(here, "cancelled", why)
    if forks:
        before = case.path.parents(forks[-1])
        new.at = before[0] if before else ""
        cancel_after(case, forks[-1], why)
    case.make_ready(new)


def _may_be_entered(target: NodeSpec) -> None:
    handler = target.node.for_compensation or (target.node.scope is not None and target.node.scope.triggered_by_event)
    link = isinstance(target, CatchEvent) and target.node.event_kind == "link"
    if handler or link or isinstance(target, (BoundaryEvent, StartEvent)):
        raise NotNow(
            f"「{target.title}」不能从外面进入，只能由它的事件触发。请选它后面的环节。",
            f'"{target.title}" cannot be entered: only its event starts it. Choose the element behind it.',
            element=target.name,
        )


def _starved(target: NodeSpec) -> NodeSpec | None:
    """A parallel join ahead that some flow can no longer reach."""
    ahead: set[str] = set()
    todo = [target]
    while todo:
        spec = todo.pop()
        if spec.name in ahead:
            continue
        ahead.add(spec.name)
        todo += [flow.target for flow in spec.outs]
        todo += getattr(spec, "boundaries", [])
        todo += [
            spec.scope.links[t.definition.link]
            for t in getattr(spec, "throws", ())
            if t.definition.link in spec.scope.links
        ]
    for name in sorted(ahead):
        spec = target.process.task_specs[name]
        if isinstance(spec, Parallel) and len(spec.ins) > 1 and any(f.source.name not in ahead for f in spec.ins):
            return spec
    return None
