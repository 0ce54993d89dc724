"""Events: which trigger may stand where, what each needs, links, compensation, event sub-processes."""

from __future__ import annotations

from collections import Counter

from engine.process.language import model as m
from engine.process.language.dialect import (
    ALWAYS_INTERRUPT,
    BOUNDARY,
    CATCH,
    END,
    START_OF_EVENT_SUB_PROCESS,
    START_OF_PROCESS,
    THROW,
    words,
)
from engine.process.lint.page import Page, label, listed, operation_only, unnamed_message

_TRIGGER = {
    kind: f"{kind}EventDefinition"
    for kind in (
        "message timer error escalation signal conditional link compensate cancel terminate".split()  # noqa: SIM905
    )
}


def trigger_words(kind: str) -> tuple[str, str]:
    """What a trigger is called."""
    return words(_TRIGGER.get(kind, kind))


def check_process(page: Page, process: m.Process) -> None:
    for scope in process.all_scopes():
        for node in scope.nodes:
            if node.kind in m.EVENTS:
                _event(page, scope, node)
        _links(page, scope)
        _starts_and_ends(page, scope)
        _compensation(page, process, scope)


def _event(page: Page, scope: m.Scope, node: m.Node) -> None:
    for reference in node.dangling_definitions:
        page.error(
            "dangling-reference",
            node,
            f"引用的触发器“{reference}”不存在。请重新选择触发器。",
            f'refers to an event definition "{reference}" that does not exist. Choose the trigger again.',
        )
    allowed, where = _allowed(scope, node)
    for definition in node.definitions:
        if definition.kind not in allowed:
            zh, en = trigger_words(definition.kind)
            page.error(
                "trigger-not-allowed",
                node,
                f"的触发器是“{zh}”，{where[0]}不能用它。可用：{listed(trigger_words(k)[0] for k in sorted(allowed))}。",
                f"has the trigger {en}, which {where[1]} cannot have. Allowed: "
                f"{listed((trigger_words(k)[1] for k in sorted(allowed)), 9)}.",
            )
        else:
            _definition(page, scope, node, definition)
    waits = node.kind in ("intermediateCatchEvent", "boundaryEvent")
    if waits and not node.definitions and not node.dangling_definitions:
        page.error(
            "trigger-missing",
            node,
            "没有触发器，永远不会发生。请选择消息、定时、信号等。",
            "has no trigger and would never happen. Choose message, timer, signal or another.",
        )
    if node.kind == "boundaryEvent":
        _boundary(page, scope, node)


def _allowed(scope: m.Scope, node: m.Node) -> tuple[frozenset[str], tuple[str, str]]:
    if node.kind == "startEvent":
        if scope.kind == "process":
            return START_OF_PROCESS, ("流程的开始事件", "the start event of a process")
        if scope.triggered_by_event:
            return START_OF_EVENT_SUB_PROCESS, ("事件子流程的开始事件", "the start event of an event sub-process")
        return frozenset(), (
            "子流程的开始事件（必须没有触发器）",
            "the start event of a sub-process (it has no trigger)",
        )
    if node.kind == "endEvent":
        return END, ("结束事件", "an end event")
    if node.kind == "intermediateCatchEvent":
        return CATCH, ("中间捕获事件", "an intermediate catch event")
    if node.kind == "intermediateThrowEvent":
        return THROW, ("中间抛出事件", "an intermediate throw event")
    return BOUNDARY, ("边界事件", "a boundary event")


def _definition(page: Page, scope: m.Scope, node: m.Node, d: m.EventDefinition) -> None:
    throws = node.kind in m.THROWING
    if d.kind == "message":
        effect = throws and (node.extension.task_type or d.extension.task_type)
        if d.ref is None:
            if page.operation_message(d.operation):
                operation_only(page, node, d.line)
            elif not effect:
                page.error(
                    "message-missing",
                    node,
                    "没有指定消息。请在属性面板选择或新建消息。",
                    "names no message. Choose or make one in the properties panel.",
                    d.line,
                )
        elif (message := page.message(d.ref)) is None:
            _dangling(page, node, d, "消息", "message")
        elif not message.name and not effect:
            unnamed_message(page, node, message.id, d.line)
    elif d.kind == "signal":
        if d.ref is None:
            page.error(
                "signal-missing",
                node,
                "没有指定信号。请在属性面板选择或新建信号。",
                "names no signal. Choose or make one in the properties panel.",
                d.line,
            )
        elif page.signal(d.ref) is None:
            _dangling(page, node, d, "信号", "signal")
    elif d.kind == "error":
        error = page.thrown_error(d.ref)
        if d.ref is not None and error is None:
            _dangling(page, node, d, "错误", "error")
        elif throws and (error is None or not error.code):
            page.error(
                "error-without-code",
                node,
                "要抛出错误，但没有错误代码。请选择错误并填写代码。",
                "throws an error without a code. Choose an error and give it a code.",
                d.line,
            )
    elif d.kind == "escalation":
        escalation = page.escalation(d.ref)
        if d.ref is not None and escalation is None:
            _dangling(page, node, d, "升级", "escalation")
        elif throws and (escalation is None or not escalation.code):
            page.error(
                "escalation-without-code",
                node,
                "要抛出升级，但没有升级代码。请选择升级并填写代码。",
                "throws an escalation without a code. Choose an escalation and give it a code.",
                d.line,
            )
    elif d.kind == "conditional":
        if not d.text.strip():
            page.error(
                "condition-missing",
                node,
                "没有条件。请写 FEEL 条件，例如 =age > 60。",
                "has no condition. Write one in FEEL, such as =age > 60.",
                d.line,
            )
    elif d.kind == "timer":
        if d.timer is None or not d.text.strip():
            page.error(
                "timer-missing",
                node,
                "没有时间。请写日期、时长或周期，例如 P3D 或 =workdays(3)。",
                "has no time. Write a date, a duration or a cycle, such as P3D or =workdays(3).",
                d.line,
            )
        elif d.other_timers:
            said = (d.timer, *d.other_timers)
            page.error(
                "timer-several",
                node,
                f"同时写了{'、'.join(_TIMES[t][0] for t in said)}，只能写一种。请留下要用的，删去其余。",
                f"says {', '.join(_TIMES[t][1] for t in said)} at once; they exclude each other. Keep the one "
                f"that counts.",
                d.line,
            )
        elif d.timer == "cycle" and not throws and _fires_once(node) and not d.text.strip().startswith("R1/"):
            page.warn(
                "cycle-fires-once",
                node,
                "写的是周期，但在这里只会触发一次。请改为时长；要重复提醒，请用不中断的边界事件。",
                "has a cycle, but fires once here. Write a duration; to repeat, use a boundary event that does "
                "not interrupt.",
                d.line,
            )
    elif d.kind == "link":
        if not d.link:
            page.error(
                "link-without-name",
                node,
                "没有链接名。两端填写同一个名字。",
                "has no link name. Give both ends the same one.",
                d.line,
            )
    elif d.kind == "cancel":
        if node.kind == "endEvent" and scope.kind != "transaction":
            page.error(
                "cancel-outside-transaction",
                node,
                "是取消结束事件，只能直接放在事务子流程里。请改用错误结束事件，或把外层改为事务。",
                "is a cancel end event and stands only directly in a transaction. Use an error end event, or make it a "
                "transaction.",
                d.line,
            )
    elif d.kind == "compensate" and throws and d.ref is not None:
        _compensated(page, scope, node, d)


def _dangling(page: Page, node: m.Node, d: m.EventDefinition, zh: str, en: str) -> None:
    page.error(
        "dangling-reference",
        node,
        f"引用的{zh}“{d.ref}”不存在。请重新选择。",
        f'refers to the {en} "{d.ref}", which does not exist. Choose it again.',
        d.line,
    )


def _boundary(page: Page, scope: m.Scope, node: m.Node) -> None:
    kinds = {d.kind for d in node.definitions}
    host = scope.by_id.get(node.attached_to or "")
    if host is None or host.kind not in m.ACTIVITIES:
        there = "没有附着在活动上" if not node.attached_to else f"附着的“{node.attached_to}”不是同一层的活动"
        there_en = (
            "is attached to nothing"
            if not node.attached_to
            else f'is attached to "{node.attached_to}", which is no activity of its level'
        )
        page.error(
            "boundary-not-attached", node, f"{there}。请拖到活动的边上。", f"{there_en}. Drag it onto an activity."
        )
        return
    if host.scope is not None and host.scope.triggered_by_event:
        page.error(
            "boundary-not-attached",
            node,
            "附着在事件子流程上，事件子流程不能有边界事件。",
            "is attached to an event sub-process, which has no boundary events.",
        )
    if "cancel" in kinds and host.kind != "transaction":
        page.error(
            "cancel-outside-transaction",
            node,
            f"是取消事件，只能附着在事务子流程上，而{label(host)[0]}不是。",
            f"is a cancel event and belongs on a transaction, which {label(host)[1]} is not.",
        )
    for kind in sorted(kinds & {"error", "cancel"}):
        if not node.interrupting:
            zh, en = trigger_words(kind)
            page.error(
                "must-interrupt",
                node,
                f"是“{zh}”边界事件，只能是中断的。请设为中断。",
                f"is an {en} boundary event, which always interrupts. Make it interrupting.",
            )
    if "compensate" in kinds:
        if not node.interrupting:
            page.warn(
                "must-interrupt",
                node,
                "是补偿边界事件，cancelActivity=false 没有意义。请删去。",
                "is a compensation boundary event; cancelActivity=false means nothing. Remove it.",
            )
    elif not node.outgoing:
        page.warn(
            "dead-end",
            node,
            "没有出线，触发后什么也不做。请连到下一步。",
            "has no outgoing flow; when it happens, nothing follows. Connect the next step.",
        )
    if kinds & {"error"} and host.kind in ("task", "receiveTask"):
        page.warn(
            "never-triggered",
            node,
            f"捕获错误，但{label(host)[0]}不会抛出错误。请附着在会出错的活动或子流程上。",
            f"catches errors, but {label(host)[1]} throws none. Attach it to an activity or sub-process that does.",
        )
    if kinds & {"escalation"} and host.kind in m.TASKS:
        page.warn(
            "never-triggered",
            node,
            f"捕获升级，但{label(host)[0]}不会抛出升级。请附着在子流程或调用活动上。",
            f"catches escalations, but {label(host)[1]} throws none. Attach it to a sub-process or call activity.",
        )


def _links(page: Page, scope: m.Scope) -> None:
    throws: dict[str, list[m.Node]] = {}
    catches: dict[str, list[m.Node]] = {}
    for node in scope.nodes:
        for d in node.definitions:
            if d.kind == "link" and d.link:
                if node.kind == "intermediateThrowEvent":
                    throws.setdefault(d.link, []).append(node)
                elif node.kind == "intermediateCatchEvent":
                    catches.setdefault(d.link, []).append(node)
    for name, nodes in throws.items():
        if name not in catches:
            for node in nodes:
                page.error(
                    "link-without-partner",
                    node,
                    f"跳到链接“{name}”，但同一层没有同名的链接捕获事件。请补上，或改名。",
                    (
                        f'jumps to the link "{name}", but its level has no link catch event of that name. Add it, '
                        "or rename."
                    ),
                )
    for name, nodes in catches.items():
        if name not in throws:
            page.error(
                "link-without-partner",
                nodes[0],
                f"等链接“{name}”，但同一层没有同名的链接抛出事件。请补上，或改名。",
                f'waits for the link "{name}", but its level has no link throw event of that name. Add it, or rename.',
            )
        for node in nodes[1:]:
            page.error(
                "link-twice",
                node,
                f"与{label(nodes[0])[0]}同名“{name}”。一个链接只能有一个捕获事件。",
                f'has the same name "{name}" as {label(nodes[0])[1]}. A link has one catch event.',
            )


def _starts_and_ends(page: Page, scope: m.Scope) -> None:
    starts = scope.starts()
    if scope.kind == "adHocSubProcess":
        for node in scope.nodes:
            if node.kind in ("startEvent", "endEvent"):
                page.error(
                    "ad-hoc-events",
                    node,
                    "放在临时子流程里。临时子流程不能有开始或结束事件，请删去。",
                    "stands in an ad-hoc sub-process, which has no start or end events. Remove it.",
                )
        return
    if scope.triggered_by_event:
        if len(starts) != 1:
            page.error(
                "event-sub-process-start",
                scope,
                f"有 {len(starts)} 个开始事件，必须恰好一个。",
                f"has {len(starts)} start events; it needs exactly one.",
            )
        for node in starts:
            kinds = {d.kind for d in node.definitions}
            if not node.definitions and not node.dangling_definitions:
                page.error(
                    "trigger-missing",
                    node,
                    "是事件子流程的开始，必须有触发器。请选择消息、定时、错误等。",
                    "starts an event sub-process and needs a trigger. Choose message, timer, error or another.",
                )
            if not node.interrupting and kinds & ALWAYS_INTERRUPT:
                zh, en = trigger_words(sorted(kinds & ALWAYS_INTERRUPT)[0])
                page.error(
                    "must-interrupt",
                    node,
                    f"的触发器是“{zh}”，只能是中断的。请设为中断。",
                    f"has the trigger {en}, which always interrupts. Make it interrupting.",
                )
            if "compensate" in kinds and scope.kind == "process":
                page.warn("never-triggered", node, "不会被触发。", "is never triggered.")
    ends = [n for n in scope.nodes if n.kind == "endEvent"]
    receives = [n for n in scope.nodes if n.instantiate]
    if ends and not starts and not receives and not scope.triggered_by_event:
        page.warn(
            "no-start",
            scope,
            "有结束事件，但没有开始事件。请补上开始事件。",
            "has an end event but no start event. Add one.",
        )
    if starts and not ends:
        page.warn(
            "no-end",
            scope,
            "有开始事件，但没有结束事件。请补上结束事件。",
            "has a start event but no end event. Add one.",
        )
    none = [n for n in starts if n.event_kind == "none" and not n.dangling_definitions]
    for node in none[1:]:
        page.warn(
            "two-starts",
            node,
            (
                f"与{label(none[0])[0]}都是没有触发器的开始事件；从哪一个开始，须在启动时指明。请合并，"
                "或给其中一个触发器。"
            ),
            f"and {label(none[0])[1]} are both start events without a trigger; whoever starts must say which. "
            "Merge them, or "
            "give one a trigger.",
        )
    for node in starts:
        if not node.outgoing and len(scope.nodes) > 1:
            page.error(
                "dead-start",
                node,
                "没有出线。请连到第一步。",
                "has no outgoing flow. Connect the first step.",
            )


_TIMES = {
    "date": ("日期（timeDate）", "a date (timeDate)"),
    "duration": ("时长（timeDuration）", "a duration (timeDuration)"),
    "cycle": ("周期（timeCycle）", "a cycle (timeCycle)"),
}


def _fires_once(node: m.Node) -> bool:
    """One token comes in and one goes out; what interrupts its host does so once."""
    return node.kind == "intermediateCatchEvent" or (node.kind == "boundaryEvent" and node.interrupting)


def _undone_twice(page: Page, scope: m.Scope) -> None:
    """Which of two handlers undoes, BPMN does not say (10.5.1): it is refused, not half run."""
    first: dict[str, m.Node] = {}
    for node in scope.nodes:
        if node.kind == "boundaryEvent" and any(d.kind == "compensate" for d in node.definitions):
            host = node.attached_to or ""
            if first.setdefault(host, node) is not node and host in scope.by_id:
                page.error(
                    "two-compensations",
                    node,
                    f"和{label(first[host])[0]}都是{label(scope.by_id[host])[0]}的补偿，只能有一个。请合并成一个补偿活动（可以是子流程）。",
                    f"and {label(first[host])[1]} both undo {label(scope.by_id[host])[1]}; there may be one. "
                    f"Join them in "
                    "one handler, which may be a sub-process.",
                )
        elif node.scope is not None and node.scope.triggered_by_event:
            starts = [d.kind for start in node.scope.starts() for d in start.definitions]
            if "compensate" in starts and first.setdefault("", node) is not node:
                page.error(
                    "two-compensations",
                    node,
                    f"和{label(first[''])[0]}都是同一个子流程的补偿事件子流程，只能有一个。请合并。",
                    f"and {label(first[''])[1]} are both compensation event sub-processes of one sub-process; "
                    f"there may be "
                    "one. Join them.",
                )


def _compensation(page: Page, process: m.Process, scope: m.Scope) -> None:
    handlers = Counter(scope.compensation.values())
    _undone_twice(page, scope)
    for node in scope.nodes:
        if node.kind == "boundaryEvent" and any(d.kind == "compensate" for d in node.definitions):
            target = scope.compensation.get(node.id)
            handler = scope.by_id.get(target or "")
            if target is None:
                page.error(
                    "compensation-without-handler",
                    node,
                    "没有用关联线连到补偿活动。请连到标记为补偿的活动。",
                    "has no association to a compensation handler. Lead one to an activity marked for compensation.",
                )
            elif handler is None or handler.kind not in m.ACTIVITIES:
                page.error(
                    "compensation-without-handler",
                    node,
                    f"的关联线指向“{target}”，那不是同一层的活动。",
                    f'has an association to "{target}", which is no activity of its level.',
                )
            elif not handler.for_compensation:
                page.error(
                    "compensation-without-handler",
                    node,
                    f"连到的{label(handler)[0]}没有标记为补偿（isForCompensation）。请标记。",
                    f"leads to {label(handler)[1]}, which is not marked for compensation (isForCompensation). Mark it.",
                )
        elif node.for_compensation and node.id not in handlers:
            if node.scope is not None and node.scope.triggered_by_event:
                continue  # a compensation event sub-process: started by its event
            page.warn(
                "compensation-never-called",
                node,
                "标记为补偿，但没有补偿边界事件连到它，永远不会执行。",
                "is marked for compensation, but no compensation boundary event leads to it: it never runs.",
            )


def _compensated(page: Page, scope: m.Scope, node: m.Node, d: m.EventDefinition) -> None:
    """activityRef: an activity of this scope, or of the scope an event sub-process stands in."""
    home = page.process_of.get(node.id)
    target = None
    if home is not None:
        target = next((n for _, n in home.walk() if n.id == d.ref), None)
    if target is None or target.kind not in m.ACTIVITIES:
        page.error(
            "dangling-reference",
            node,
            f"要补偿的活动“{d.ref}”不存在。请重新选择。",
            f'compensates the activity "{d.ref}", which does not exist. Choose it again.',
            d.line,
        )
