"""Activities: what each kind of task needs, loops, calls, sub-processes, and what exists around the file."""

from __future__ import annotations

import re

from engine.process.language import effects
from engine.process.language import model as m
from engine.process.language.dialect import ZEEBE_NAMES, ZEEBE_REFUSED
from engine.process.lint.page import Page, label, listed, unnamed_message

_BEHAVIORS = ("None", "One", "All", "Complex")
#: A variable name: letters of any script, digits, underscore.
NAME = re.compile(r"[^\W\d]\w*", re.UNICODE)
PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*", re.UNICODE)


def check_process(page: Page, process: m.Process) -> None:
    for scope, node in process.walk():
        _extension(page, node, node.extension)
        for definition in node.definitions:
            if definition.extension is not m.NOTHING:
                _extension(page, node, definition.extension)
        if node.kind in m.ACTIVITIES:
            _activity(page, scope, node)
        elif node.kind in m.THROWING and node.extension.task_type:
            _effect(page, node, node.extension)
    for task in page.diagram.global_tasks:
        if process is page.diagram.processes[0]:
            _work(page, task.as_node(task.id))


def _activity(page: Page, scope: m.Scope, node: m.Node) -> None:
    _work(page, node)
    _loop(page, node)
    for value, attribute in ((node.start_quantity, "startQuantity"), (node.completion_quantity, "completionQuantity")):
        if value < 1:
            page.error(
                "bad-quantity",
                node,
                f"的 {attribute} 是 {value}，至少应为 1。请改正或删去。",
                f"has {attribute} {value}; it must be 1 or more. Mend or remove it.",
            )
    sources = [scope.by_id[f.source] for f in scope.into(node) if f.source in scope.by_id]
    supply = sum(max(1, source.completion_quantity) for source in sources)
    if node.start_quantity > max(1, supply):
        page.warn(
            "bad-quantity",
            node,
            f"的 startQuantity 是 {node.start_quantity}，而它的入线一次只送来 {supply} 个令牌："
            f"办件可能一直等在这里。请改为 1，或让前面送来足够的。",
            f"has startQuantity {node.start_quantity}, but its flows bring {supply} at a time: the case may "
            f"wait here for "
            "ever. Make it 1, or let enough come.",
        )
    if node.kind in m.SUB_PROCESSES and node.scope is not None:
        _sub_process(page, node, node.scope)


def _work(page: Page, node: m.Node) -> None:
    """What the task itself needs to do its work."""
    said = node.extension
    if node.kind in ("userTask", "manualTask"):
        _person(page, node, said)
    elif node.kind == "scriptTask":
        if said.script is None:
            if said.task_type is not None:
                page.error(
                    "script-missing",
                    node,
                    "写的是任务类型（job worker），这里不运行外部脚本。请改用 zeebe:script 写 FEEL，或改成服务任务。",
                    (
                        "names a job worker; no outside script is run here. Write FEEL in zeebe:script, or make it "
                        "a service task."
                    ),
                )
            elif node.script is not None:
                language = f"（{node.script_format}）" if node.script_format else ""
                page.error(
                    "script-not-feel",
                    node,
                    f"里是代码{language}，不会执行。请在属性面板改成 FEEL 表达式（zeebe:script）。",
                    "holds code, which is never run. Make it a FEEL expression (zeebe:script) in the properties panel.",
                )
            else:
                page.error(
                    "script-missing",
                    node,
                    "没有 FEEL 表达式。请在属性面板填写表达式和结果变量。",
                    "has no FEEL expression. Fill in expression and result variable in the properties panel.",
                )
        elif not said.script.strip():
            page.error("script-missing", node, "的表达式是空的。请填写。", "has an empty expression. Fill it in.")
        elif not said.result:
            page.warn(
                "result-lost",
                node,
                "没有结果变量，算出的值会丢失。请填写结果变量。",
                "has no result variable: what it computes is lost. Name one.",
            )
    elif node.kind == "businessRuleTask":
        _decision(page, node, said)
    elif node.kind in ("serviceTask", "sendTask"):
        if said.task_type is not None:
            _effect(page, node, said)
        elif node.kind == "sendTask" and (node.message is not None or page.operation_message(node.operation)):
            _message(page, node)
        elif node.kind == "sendTask":
            page.error(
                "effect-missing",
                node,
                "没有说明发什么。请填写任务类型（例如 send-notice），或选择消息。",
                "does not say what to send. Fill in a task type (such as send-notice), or choose a message.",
            )
        else:
            page.error(
                "effect-missing",
                node,
                "没有任务类型，不知道要做什么。请在属性面板填写任务类型，种类见指南的效果清单。",
                "has no task type, so nothing is known to do. Fill one in; the guide lists the effects.",
            )
    elif node.kind == "receiveTask":
        if node.message is None and not page.operation_message(node.operation):
            page.error(
                "message-missing",
                node,
                "没有指定等哪个消息。请在属性面板选择或新建消息。",
                "does not say which message it waits for. Choose or make one in the properties panel.",
            )
        else:
            _message(page, node)
        if node.instantiate and node.incoming:
            page.error(
                "start-with-incoming",
                node,
                "用来启动流程（instantiate），不能有入线。",
                "starts the process (instantiate) and cannot have an incoming flow.",
            )
    elif node.kind == "callActivity":
        _call(page, node, said)


def _message(page: Page, node: m.Node) -> None:
    if node.message is None:
        return
    message = page.message(node.message)
    if message is None:
        page.error(
            "dangling-reference",
            node,
            f"引用的消息“{node.message}”不存在。请重新选择。",
            f'refers to the message "{node.message}", which does not exist. Choose it again.',
        )
    elif not message.name:
        unnamed_message(page, node, message.id)


def _person(page: Page, node: m.Node, said: m.Extension) -> None:
    if said.form_key:
        page.warn(
            "form-not-read",
            node,
            f"的表单写的是 formKey 或外部引用“{said.form_key[:60]}”，不会打开。请改为表单 id（formId）。",
            f'names its form by formKey or external reference "{said.form_key[:60]}", which is not opened. Use formId.',
        )
    forms = page.known.forms
    if said.form and said.form.startswith("="):
        page.error(
            "form-missing",
            node,
            "的表单是表达式。表单必须写定 id。",
            "has an expression as its form. A form is named by its fixed id.",
        )
    elif said.form and forms is not None and said.form not in forms:
        page.error(
            "form-missing",
            node,
            f"的表单“{said.form}”不存在。请在 forms/ 里放入该表单，或改正 formId。",
            f'opens the form "{said.form}", which does not exist. Put it into forms/, or mend the formId.',
        )
    if not (said.assignee or said.candidate_groups or said.candidate_users):
        page.warn(
            "nobody-asked",
            node,
            "没有写由谁办理。请填写办理人或候选组，否则没有人会看到它。",
            "says nobody to do it. Fill in an assignee or candidate groups, else nobody sees it.",
        )
    roles = page.known.roles
    if roles is not None and said.candidate_groups and not said.candidate_groups.startswith("="):
        for role in (part.strip() for part in said.candidate_groups.split(",")):
            if role and role not in roles:
                page.error(
                    "role-missing",
                    node,
                    f"的候选组“{role}”不存在。可用：{listed(sorted(roles), 12)}。",
                    f'asks the group "{role}", which does not exist. There are: {listed(sorted(roles), 12)}.',
                )
    if said.priority and not re.fullmatch(r"\s*(=.*|\d\d?|100)\s*", said.priority, re.ASCII | re.DOTALL):
        page.error(
            "bad-priority",
            node,
            f"的优先级“{said.priority[:20]}”应为 0 到 100 的整数，或 FEEL。",
            f'has the priority "{said.priority[:20]}"; write a whole number from 0 to 100, or FEEL.',
        )


def _decision(page: Page, node: m.Node, said: m.Extension) -> None:
    if said.decision is None:
        page.error(
            "decision-missing",
            node,
            "没有指定决策。请在属性面板选择 DMN 决策（calledDecision）。",
            "names no decision. Choose a DMN decision in the properties panel (calledDecision).",
        )
        return
    if not said.decision.strip():
        page.error("decision-missing", node, "的决策 id 是空的。请填写。", "has an empty decision id. Fill it in.")
    elif (
        page.known.decisions is not None
        and not said.decision.startswith("=")
        and said.decision not in page.known.decisions
    ):
        page.error(
            "decision-missing",
            node,
            f"的决策“{said.decision}”不存在。请放入 .dmn 文件，或改正决策 id。",
            f'calls the decision "{said.decision}", which does not exist. Add its .dmn file, or mend the id.',
        )
    if not said.result:
        page.warn(
            "result-lost",
            node,
            "没有结果变量，决策的结果会丢失。请填写结果变量。",
            "has no result variable: the decision's result is lost. Name one.",
        )


def _effect(page: Page, node: m.Node, said: m.Extension) -> None:
    type = (said.task_type or "").strip()
    if not type:
        page.error("effect-missing", node, "的任务类型是空的。请填写。", "has an empty task type. Fill it in.")
        return
    if type.startswith("="):
        page.error(
            "effect-unknown",
            node,
            "的任务类型是表达式。效果的种类必须写定，请从清单中选择。",
            "has an expression as its task type. The kind of effect must be fixed: choose it from the list.",
        )
        return
    known = page.known.effects
    kind = (effects.TYPES if known is None else known).get(type)
    if kind is None:
        if type.startswith(effects.TRIAL) and known is None:
            return
        (page.warn if known is None else page.error)(
            "effect-unknown",
            node,
            f"的任务类型“{type}”不在效果清单里，没有人会去做。请改用：{listed(sorted(effects.TYPES), 40)}。",
            f'has the task type "{type}", which is not in the list of effects: nobody would carry it out. Use one of: '
            f"{listed(sorted(effects.TYPES), 40)}.",
        )
        return
    headers = dict(said.headers)
    for header in kind.headers:
        value = headers.get(header.key)
        if value is None or not value.strip():
            if header.required:
                page.error(
                    "header-missing",
                    node,
                    f"（{kind.zh}）缺少参数 {header.key}（{header.zh}）。请在属性面板的 Headers 里填写。",
                    f"({kind.en}) lacks the header {header.key} ({header.en}). Fill it in under Headers.",
                )
        elif header.choices and value not in dict(header.choices):
            page.error(
                "header-value",
                node,
                f"（{kind.zh}）的 {header.key} 是“{value[:40]}”，应为："
                f"{listed((f'{v}（{zh}）' for v, zh in header.choices), 12)}。",
                (
                    f'({kind.en}) has "{value[:40]}" as its {header.key}; use one of: '
                    f"{listed((v for v, _ in header.choices), 12)}."
                ),
            )
    for key in headers:
        if kind.header(key) is None and key != effects.AWAIT:
            page.warn(
                "header-unknown",
                node,
                f"（{kind.zh}）不读参数 {key}。可用：{listed(h.key for h in kind.headers) or '无'}。",
                (
                    f"({kind.en}) does not read the header {key}. It reads: "
                    f"{listed(h.key for h in kind.headers) or 'none'}."
                ),
            )
    given = {io.target.split(".")[0] for io in said.inputs}
    for argument in kind.arguments:
        if argument.required and argument.name not in given:
            page.error(
                "argument-missing",
                node,
                (
                    f"（{kind.zh}）缺少输入 {argument.name}（{argument.zh}）。请在输入映射中添加目标为 "
                    f"{argument.name} 的一行。"
                ),
                f"({kind.en}) lacks the input {argument.name} ({argument.en}). Add an input mapping with that target.",
            )
    for name in sorted(given):
        if name and kind.argument(name) is None:
            page.warn(
                "argument-unknown",
                node,
                f"（{kind.zh}）不读输入 {name}。可用：{listed(a.name for a in kind.arguments) or '无'}。",
                (
                    f"({kind.en}) does not read the input {name}. It reads: "
                    f"{listed(a.name for a in kind.arguments) or 'none'}."
                ),
            )


def _call(page: Page, node: m.Node, said: m.Extension) -> None:
    called = said.called_process if said.called_process is not None else node.called_element
    if not (called or "").strip():
        page.error(
            "call-missing",
            node,
            "没有指定被调用的流程。请填写流程 id（calledElement）。",
            "names no process to call. Fill in the process id (calledElement).",
        )
        return
    assert called is not None
    if called.startswith("=") or called in page.known.global_tasks:
        return
    process = page.known.processes.get(called)
    if process is None:
        page.error(
            "call-missing",
            node,
            f"调用的流程“{called}”不存在。请一并提供它的文件，或改正流程 id。",
            f'calls the process "{called}", which does not exist. Give its file too, or mend the id.',
        )
    elif not process.executable:
        page.error(
            "call-missing",
            node,
            f"调用的流程“{called}”没有设为可执行。",
            f'calls the process "{called}", which is not executable.',
        )
    elif process.starts() and not process.starts("none"):
        page.error(
            "call-without-start",
            node,
            f"调用的流程“{called}”没有无触发器的开始事件，调用进不去。请给它加一个。",
            f'calls the process "{called}", which has no start event without a trigger. Add one there.',
        )


def _loop(page: Page, node: m.Node) -> None:
    loop = node.loop
    if loop is None:
        return
    if node.second_loop:
        page.error(
            "two-loops",
            node,
            "同时有两种循环标记。只能用一种；需要两层时，请把其中一层放进子流程。",
            "has two loop markers. Use one; for two levels put the inner one into a sub-process.",
            loop.line,
        )
    if node.scope is not None and node.scope.triggered_by_event:
        page.error(
            "loop-not-allowed",
            node,
            "是事件子流程，不能循环或多实例。",
            "is an event sub-process and cannot loop.",
            loop.line,
        )
    if loop.kind == "standard":
        if loop.maximum is not None and not re.fullmatch(r"\s*\+?0*[1-9]\d{0,8}\s*", loop.maximum, re.ASCII):
            page.error(
                "bad-loop",
                node,
                f"的最多次数 loopMaximum 是“{loop.maximum[:20]}”，应为 1 以上的整数。",
                f'has loopMaximum "{loop.maximum[:20]}"; it must be a whole number of 1 or more.',
                loop.line,
            )
        if loop.condition is None and loop.maximum is None:
            page.error(
                "endless-loop",
                node,
                "的循环既没有条件也没有最多次数，永远停不下来。请填写 loopCondition 或 loopMaximum。",
                "loops without a condition and without a maximum: it never ends. Fill in loopCondition or loopMaximum.",
                loop.line,
            )
        return
    if loop.cardinality is None and loop.input_collection is None and loop.data_input is None:
        page.error(
            "multi-instance-collection",
            node,
            "是多实例，但没有说明几个。请填写输入集合（inputCollection）或个数（loopCardinality）。",
            "is multi-instance but does not say how many. Fill in inputCollection or loopCardinality.",
            loop.line,
        )
    cardinality = (loop.cardinality or "").strip()
    if loop.cardinality is not None and not re.fullmatch(r"=.*|\d{1,9}", cardinality, re.ASCII | re.DOTALL):
        page.error(
            "bad-loop",
            node,
            f"的个数 loopCardinality 是“{cardinality[:40]}”，应为不小于 0 的整数，或 FEEL（以 = 开头）。",
            f'has loopCardinality "{cardinality[:40]}"; write a whole number of 0 or more, or FEEL (with =).',
            loop.line,
        )
    if loop.input_element and loop.input_collection is None:
        page.warn(
            "multi-instance-collection",
            node,
            "有输入元素（inputElement），但没有输入集合。",
            "has an input element but no input collection.",
            loop.line,
        )
    if bool(loop.output_collection) != bool(loop.output_element):
        page.error(
            "multi-instance-output",
            node,
            "的输出集合（outputCollection）和输出元素（outputElement）要么都填，要么都不填。",
            "has only one of output collection and output element; fill in both or none.",
            loop.line,
        )
    if loop.output_collection and not NAME.fullmatch(loop.output_collection.strip()):
        page.error(
            "bad-name",
            node,
            f"的输出集合“{loop.output_collection[:40]}”不是变量名（不要写 =）。",
            f'has the output collection "{loop.output_collection[:40]}", which is no variable name (write no =).',
            loop.line,
        )
    if loop.behavior not in _BEHAVIORS:
        page.error(
            "bad-loop",
            node,
            f"的 behavior 是“{loop.behavior[:20]}”，应为 None、One、All 或 Complex。",
            f'has behavior "{loop.behavior[:20]}"; use None, One, All or Complex.',
            loop.line,
        )
    for behavior, event, reference in (
        ("None", loop.none_event, loop.none_event_ref),
        ("One", loop.one_event, loop.one_event_ref),
    ):
        if loop.behavior == behavior and event is None:
            attribute = f"{behavior.lower()}BehaviorEventRef"
            page.error(
                "dangling-reference",
                node,
                f"的 behavior 是 {behavior}，需要 {attribute} 指向一个触发器定义"
                + (f"，而“{reference}”不存在。" if reference else "。"),
                f"has behavior {behavior} and needs {attribute} to name an event definition"
                + (f'; "{reference}" does not exist.' if reference else "."),
                loop.line,
            )
    if loop.behavior == "Complex" and not loop.complex_behaviors:
        page.error(
            "bad-loop",
            node,
            "的 behavior 是 Complex，但没有 complexBehaviorDefinition。",
            "has behavior Complex but no complexBehaviorDefinition.",
            loop.line,
        )
    for complex_behavior in loop.complex_behaviors:
        if not complex_behavior.condition.strip() or complex_behavior.event is None:
            page.error(
                "bad-loop",
                node,
                "的 complexBehaviorDefinition 要有条件和事件。",
                "has a complexBehaviorDefinition that lacks its condition or event.",
                loop.line,
            )


def _sub_process(page: Page, node: m.Node, scope: m.Scope) -> None:
    activities = [n for n in scope.nodes if n.kind in m.ACTIVITIES]
    if scope.kind == "adHocSubProcess":
        if not activities:
            page.error(
                "empty",
                node,
                "里没有活动。临时子流程至少要有一个活动。",
                "holds no activity; an ad-hoc sub-process needs at least one.",
            )
        if scope.ordering not in ("Parallel", "Sequential"):
            page.error(
                "bad-attribute",
                node,
                f"的 ordering 是“{scope.ordering[:20]}”，应为 Parallel 或 Sequential。",
                f'has ordering "{scope.ordering[:20]}"; use Parallel or Sequential.',
            )
    elif not scope.nodes and not scope.triggered_by_event:
        page.warn("empty", node, "是空的，会直接通过。", "is empty and is passed at once.")
    if scope.kind == "transaction" and scope.method not in ("", "##Compensate", "compensate", "Compensate"):
        page.warn(
            "not-read",
            node,
            f"的 method 是“{scope.method[:40]}”，取消时总是用补偿。",
            f'has method "{scope.method[:40]}"; a cancel always compensates.',
        )


def _extension(page: Page, node: m.Node, said: m.Extension) -> None:
    for name, line in said.unread:
        if name in ZEEBE_REFUSED:
            zh, en = ZEEBE_REFUSED[name]
            page.error(
                "unsupported",
                node,
                f"里的 zeebe:{name} 不支持，{zh}。",
                f"has zeebe:{name}, which is not supported: {en}.",
                line,
            )
        elif name not in ZEEBE_NAMES:
            page.warn(
                "not-read",
                node,
                f"里的 zeebe:{name} 不会读取。",
                f"has zeebe:{name}, which is not read.",
                line,
            )
    for io in said.inputs + said.outputs:
        spaced = PATH.fullmatch("_".join(io.target.split())) is not None
        if not PATH.fullmatch(io.target.strip()):
            (page.warn if spaced else page.error)(
                "bad-name",
                node,
                f"的映射目标“{io.target[:40]}”不是变量名。请用字母、汉字、数字、下划线，以点分层。",
                (
                    f'maps to "{io.target[:40]}", which is no variable name. Use letters, digits and underscores, '
                    "dots for levels."
                ),
                io.line,
            )
    if said.result is not None and not PATH.fullmatch(said.result.strip()):
        page.error(
            "bad-name",
            node,
            f"的结果变量“{said.result[:40]}”不是变量名（不要写 =）。",
            f'has the result variable "{said.result[:40]}", which is no variable name (write no =).',
        )
    if node.kind in m.TASKS:
        for is_there, name, kinds in (
            (said.form, "formDefinition", ("userTask",)),
            (said.script is not None, "script", ("scriptTask",)),
            (said.decision is not None, "calledDecision", ("businessRuleTask",)),
        ):
            if is_there and node.kind not in kinds:
                page.warn(
                    "not-read",
                    node,
                    f"里的 zeebe:{name} 不会读取：{label(node)[0]}不用它。",
                    f"has zeebe:{name}, which is not read there.",
                )
