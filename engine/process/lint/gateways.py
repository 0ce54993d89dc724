"""Gateways, and the conditions of flows."""

from __future__ import annotations

from engine.process.language import model as m
from engine.process.lint.page import Page, label

#: What may follow an event-based gateway (BPMN 2.0, 10.6.6).
_AFTER_EVENT_GATEWAY = frozenset({"message", "timer", "signal", "conditional"})


def check_process(page: Page, process: m.Process) -> None:
    for scope in process.all_scopes():
        for node in scope.nodes:
            if node.kind in m.GATEWAYS:
                _gateway(page, scope, node)
            elif len(node.outgoing) > 0 and (node.kind in m.ACTIVITIES or node.kind in m.EVENTS):
                _implicit(page, scope, node)


def _gateway(page: Page, scope: m.Scope, node: m.Node) -> None:
    into, out = scope.into(node), scope.out_of(node)
    many_in, many_out = len(into) > 1, len(out) > 1
    conditions = [f for f in out if f.condition]
    if node.kind == "eventBasedGateway":
        _event_based(page, scope, node, into, out)
    elif not out and not into:
        page.error("unconnected", node, "没有连线。请连上，或删去。", "has no flows. Connect it, or remove it.")
    elif not many_in and not many_out:
        page.warn(
            "useless-gateway",
            node,
            "既不分支也不汇合。请删去，或补上连线。",
            "neither splits nor joins. Remove it, or add the missing flow.",
        )
    said = node.direction
    if (
        said == "Converging"
        and many_out
        or said == "Diverging"
        and many_in
        or said == "Mixed"
        and not (many_in and many_out)
    ):
        zh = {"Converging": "汇合", "Diverging": "分支", "Mixed": "又汇合又分支"}[said]
        page.warn(
            "gateway-direction",
            node,
            f"写明是“{zh}”（gatewayDirection={said}），但有 {len(into)} 条入线、{len(out)} 条出线。请改正其中之一。",
            f"says gatewayDirection={said}, but has {len(into)} flows in and {len(out)} out. Mend one of them.",
        )
    if node.kind in ("parallelGateway", "eventBasedGateway"):
        for flow in conditions:
            page.warn(
                "condition-not-read",
                flow,
                f"有条件，但它从{label(node)[0]}出发，条件不会被看。请删去条件，或换成排他或包容网关。",
                (
                    f"has a condition, but {label(node)[1]} does not look at it. Remove it, or use an exclusive or "
                    "inclusive gateway."
                ),
            )
        return
    if many_out:
        for flow in out:
            if not flow.condition and flow.id != node.default:
                if node.kind == "exclusiveGateway":
                    page.error(
                        "flow-without-condition",
                        flow,
                        f"从{label(node)[0]}出发，既没有条件也不是默认连线。请写条件，或设为默认。",
                        (
                            f"leaves {label(node)[1]} without a condition and is not its default. Write one, or "
                            "make it the default."
                        ),
                    )
                else:
                    page.warn(
                        "flow-without-condition",
                        flow,
                        f"从{label(node)[0]}出发而没有条件，总会被选中。若不是本意，请写条件。",
                        (
                            f"leaves {label(node)[1]} without a condition and is always taken. If that is not "
                            "meant, write one."
                        ),
                    )
        if node.default is None and len(conditions) == len(out):
            page.warn(
                "no-default",
                node,
                "没有默认连线：若所有条件都不成立，办件会停在这里成为故障。请指定一条默认连线。",
                "has no default flow: when no condition holds, the case stops here with an incident. Choose a default.",
            )
    elif conditions and node.kind != "complexGateway":
        page.warn(
            "no-default",
            conditions[0],
            f"是{label(node)[0]}唯一的出线，却有条件：不成立时办件会停住。请删去条件，或补上默认连线。",
            f"is the only flow out of {label(node)[1]} and has a condition: when it fails the case stops. "
            "Remove it, or add a "
            "default.",
        )
    if node.kind == "complexGateway" and many_in and not (node.activation_condition or "").strip():
        page.warn(
            "activation-missing",
            node,
            (
                "汇合多条连线，但没有激活条件，会等所有入线。若不是本意，请写 activationCondition，例如 "
                "=activationCount >= 2。"
            ),
            "joins several flows without an activation condition and waits for all. If that is not meant, "
            "write one, such as "
            "=activationCount >= 2.",
        )


def _event_based(page: Page, scope: m.Scope, node: m.Node, into: list[m.Flow], out: list[m.Flow]) -> None:
    if not out:
        page.error(
            "event-gateway",
            node,
            "后面没有事件。请连到两个以上的捕获事件。",
            "is followed by nothing. Connect two or more catch events.",
        )
    elif len(out) == 1:
        page.warn(
            "event-gateway",
            node,
            "后面只有一个事件，应有两个以上。只等一个事件时不需要网关。",
            "is followed by one event; it should be two or more. To wait for one event no gateway is needed.",
        )
    if node.event_gateway_type == "Parallel" and not node.instantiate:
        page.error(
            "event-gateway",
            node,
            "是并行的（eventGatewayType=Parallel），只有用来启动流程时才可以。请改为排他，或用并行网关。",
            "is parallel (eventGatewayType=Parallel), which only one that starts the process may be. Make it "
            "exclusive, or use a "
            "parallel gateway.",
        )
    if node.instantiate and into:
        page.error(
            "event-gateway",
            node,
            "用来启动流程（instantiate），不能有入线。",
            "starts the process (instantiate) and cannot have an incoming flow.",
        )
    messages, receives = [], []
    for flow in out:
        target = scope.by_id.get(flow.target)
        if target is None:
            continue
        kinds = {d.kind for d in target.definitions}
        if target.kind == "receiveTask":
            receives.append(target)
            if target.id in scope.boundaries:
                page.error(
                    "event-gateway",
                    target,
                    f"接在{label(node)[0]}后面，不能再有边界事件。请改用消息捕获事件。",
                    f"follows {label(node)[1]} and cannot have boundary events. Use a message catch event.",
                )
        elif target.kind == "intermediateCatchEvent" and kinds <= _AFTER_EVENT_GATEWAY:
            if "message" in kinds:
                messages.append(target)
        else:
            page.error(
                "event-gateway",
                target,
                f"不能接在{label(node)[0]}后面。那里只能放消息、定时、信号、条件捕获事件或接收任务。",
                (
                    f"cannot follow {label(node)[1]}: only message, timer, signal, conditional catch events or "
                    "receive tasks may."
                ),
            )
            continue
        if len(target.incoming) > 1:
            page.warn(
                "event-gateway",
                target,
                f"接在{label(node)[0]}后面，不应再有别的入线。",
                f"follows {label(node)[1]} and should have no other incoming flow.",
            )
    if messages and receives:
        page.warn(
            "event-gateway",
            node,
            "后面同时有消息捕获事件和接收任务，应只用一种。",
            "is followed by both message catch events and receive tasks; use one kind.",
        )


def _implicit(page: Page, scope: m.Scope, node: m.Node) -> None:
    """Several flows out of an activity or event: all are taken, those with a condition only when it holds."""
    out = scope.out_of(node)
    conditions = [f for f in out if f.condition]
    if not conditions:
        return
    if node.kind in m.EVENTS:
        page.warn(
            "condition-on-event",
            conditions[0],
            f"从{label(node)[0]}出发，却有条件。条件只能写在活动或网关的出线上，请加一个排他网关。",
            (
                f"leaves {label(node)[1]} with a condition. Only activities and gateways have those: add an "
                "exclusive gateway."
            ),
        )
    elif node.default is None and len(conditions) == len(out):
        page.warn(
            "no-default",
            node,
            "的出线都有条件，又没有默认连线：都不成立时办件会停住。请指定默认连线，或改用排他网关。",
            "has only conditional flows and no default: when none holds, the case stops. Choose a default, or "
            "use an exclusive "
            "gateway.",
        )
