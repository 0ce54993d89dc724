"""The dialect as tables: every BPMN 2.0 element, what we read of it, what we do with it. The linter and the guide
(docs/dialect.md, written by engine/process/language/guide.py) both come from here, so neither can say what the other
does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

#: runs: executed as BPMN 2.0 says. drawn: for the picture and the reader only, no effect on the run, and none expected.
#: passed over: it could be expected to do something, and it does not; the check warns. refused: the check says no.
State = Literal["runs", "drawn", "passed over", "refused"]


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the BPMN 2.0 namespace."""

    name: str  # BPMN's own
    group: str
    zh: str  # what the Modeler's Chinese users call it
    en: str
    state: State
    note_zh: str = ""  # what is read, and what is refused
    note_en: str = ""


GROUPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "task": ("任务", "Tasks"),
        "sub": ("子流程与调用", "Sub-processes and calls"),
        "event": ("事件", "Events"),
        "trigger": ("事件的触发器", "Event definitions"),
        "gateway": ("网关与连线", "Gateways and flows"),
        "loop": ("循环与多实例", "Loops and multi-instance"),
        "frame": ("流程、泳道、公共定义", "Processes, pools and definitions"),
        "data": ("数据", "Data"),
        "picture": ("图面说明", "Notes and layout"),
        "other": ("不支持的图种与要素", "What is not for this engine"),
    }
)

_ROWS: tuple[tuple[str, str, str, str, State, str, str], ...] = (
    # ------------------------------------------------------------ tasks
    (
        "task",
        "task",
        "任务",
        "task",
        "runs",
        "没有类型的任务：不做事，直接通过。输出映射照常计算。",
        "A task without a type does no work and is passed at once; its mappings are evaluated.",
    ),
    (
        "userTask",
        "task",
        "用户任务",
        "user task",
        "runs",
        "读 formDefinition（formId）、assignmentDefinition（assignee、candidateGroups、candidateUsers）、"
        "taskSchedule（dueDate、followUpDate）、priorityDefinition、ioMapping、taskHeaders、properties。",
        "Reads formDefinition (formId), assignmentDefinition (assignee, candidateGroups, candidateUsers), taskSchedule "
        "(dueDate, followUpDate), priorityDefinition, ioMapping, taskHeaders, properties.",
    ),
    (
        "manualTask",
        "task",
        "人工任务",
        "manual task",
        "runs",
        "在系统外完成的事：打开一个没有表单的任务，由人点“完成”。读法同用户任务，表单除外。",
        (
            "Work outside the system: opens a task without a form that a person ticks off. Read as a user task, "
            "but no form."
        ),
    ),
    (
        "scriptTask",
        "task",
        "脚本任务",
        "script task",
        "runs",
        "读 zeebe:script（expression、resultVariable），表达式是 FEEL。bpmn:script 里的代码从不执行，会被拒绝。",
        (
            "Reads zeebe:script (expression, resultVariable); the expression is FEEL. Code in bpmn:script is never "
            "run: refused."
        ),
    ),
    (
        "businessRuleTask",
        "task",
        "业务规则任务",
        "business rule task",
        "runs",
        "读 calledDecision（decisionId、resultVariable）：计算 DMN 决策，命中的规则随办件保存。",
        "Reads calledDecision (decisionId, resultVariable): evaluates a DMN decision; the rules that hit are stored.",
    ),
    (
        "serviceTask",
        "task",
        "服务任务",
        "service task",
        "runs",
        "读 taskDefinition（type）、taskHeaders、ioMapping：提出一个“效果”，种类见下面的清单。",
        "Reads taskDefinition (type), taskHeaders, ioMapping: asks for one effect of the closed list below.",
    ),
    (
        "sendTask",
        "task",
        "发送任务",
        "send task",
        "runs",
        "同服务任务；没有 taskDefinition 而有 messageRef 时发出该消息。",
        "As a service task; without a taskDefinition but with a messageRef it throws that message.",
    ),
    (
        "receiveTask",
        "task",
        "接收任务",
        "receive task",
        "runs",
        "等待 messageRef 指的消息；instantiate 时由消息启动流程。没有消息的被拒绝。",
        (
            "Waits for the message of messageRef; with instantiate the message starts the process. Without a "
            "message: refused."
        ),
    ),
    # ------------------------------------------------------------ sub-processes
    (
        "subProcess",
        "sub",
        "子流程",
        "sub-process",
        "runs",
        "嵌入子流程，有自己的变量范围（输入映射的变量只在其中）；triggeredByEvent 时是事件子流程。",
        (
            "An embedded sub-process with a scope of its own for input mappings; with triggeredByEvent an event "
            "sub-process."
        ),
    ),
    (
        "transaction",
        "sub",
        "事务子流程",
        "transaction",
        "runs",
        "取消结束事件会补偿已完成的活动，再从取消边界事件离开。",
        "A cancel end event compensates what was completed, then leaves by the cancel boundary event.",
    ),
    (
        "adHocSubProcess",
        "sub",
        "临时子流程",
        "ad-hoc sub-process",
        "runs",
        (
            "读 ordering（Parallel、Sequential）、completionCondition、cancelRemainingInstances。"
            "里面不能有开始或结束事件。"
        ),
        (
            "Reads ordering (Parallel, Sequential), completionCondition, cancelRemainingInstances. No start or end "
            "events inside."
        ),
    ),
    (
        "callActivity",
        "sub",
        "调用活动",
        "call activity",
        "runs",
        "读 calledElement（processId 可以是 FEEL，propagateAllParentVariables、propagateAllChildVariables）和 "
        "ioMapping；"
        "也读 BPMN 自己的 calledElement，可调用全局任务。",
        "Reads calledElement (processId, may be FEEL; propagateAllParentVariables, propagateAllChildVariables) "
        "and ioMapping; "
        "BPMN's own calledElement too, also for global tasks.",
    ),
    # ------------------------------------------------------------ events
    (
        "startEvent",
        "event",
        "开始事件",
        "start event",
        "runs",
        (
            "流程：无、消息、定时、信号、条件、多重。事件子流程：消息、定时、错误、升级、信号、条件、补偿；读 "
            "isInterrupting。"
        ),
        "Of a process: none, message, timer, signal, conditional, multiple. Of an event sub-process: message, "
        "timer, error, "
        "escalation, signal, conditional, compensation; reads isInterrupting.",
    ),
    (
        "endEvent",
        "event",
        "结束事件",
        "end event",
        "runs",
        "无、消息、错误、升级、信号、补偿、取消（只在事务中）、终止、多重。",
        "None, message, error, escalation, signal, compensation, cancel (in a transaction only), terminate, multiple.",
    ),
    (
        "intermediateCatchEvent",
        "event",
        "中间捕获事件",
        "intermediate catch event",
        "runs",
        "消息、定时、信号、条件、链接、多重（任一或并行全部）。",
        "Message, timer, signal, conditional, link, multiple (any, or all with parallelMultiple).",
    ),
    (
        "intermediateThrowEvent",
        "event",
        "中间抛出事件",
        "intermediate throw event",
        "runs",
        "无、消息、升级、信号、补偿、链接、多重。",
        "None, message, escalation, signal, compensation, link, multiple.",
    ),
    (
        "boundaryEvent",
        "event",
        "边界事件",
        "boundary event",
        "runs",
        "消息、定时、错误、升级、信号、条件、补偿、取消（只在事务上）、多重；读 attachedToRef、cancelActivity。",
        "Message, timer, error, escalation, signal, conditional, compensation, cancel (on a transaction), "
        "multiple; reads "
        "attachedToRef, cancelActivity.",
    ),
    (
        "implicitThrowEvent",
        "event",
        "隐式抛出事件",
        "implicit throw event",
        "refused",
        "多实例 Complex 行为之外不用。",
        "Not used outside a Complex multi-instance behaviour.",
    ),
    # ------------------------------------------------------------ triggers
    (
        "messageEventDefinition",
        "trigger",
        "消息",
        "message",
        "runs",
        "读 messageRef；消息的 subscription correlationKey（FEEL）。抛出时若有 taskDefinition，则作为效果。",
        (
            "Reads messageRef, and the message's subscription correlationKey (FEEL). A throw with a taskDefinition "
            "is an effect."
        ),
    ),
    (
        "timerEventDefinition",
        "trigger",
        "定时器",
        "timer",
        "runs",
        "读 timeDate、timeDuration、timeCycle 三者之一：ISO 8601 或 FEEL。",
        "Reads one of timeDate, timeDuration, timeCycle: ISO 8601 or FEEL.",
    ),
    (
        "errorEventDefinition",
        "trigger",
        "错误",
        "error",
        "runs",
        "读 errorRef 的 errorCode；捕获时不写 errorRef，就捕获一切错误。总是中断。",
        "Reads the errorCode of errorRef; a catch without an errorRef catches every error. Always interrupts.",
    ),
    (
        "escalationEventDefinition",
        "trigger",
        "升级",
        "escalation",
        "runs",
        "读 escalationRef 的 escalationCode；捕获时不写 escalationRef，就捕获一切升级。",
        "Reads the escalationCode of escalationRef; a catch without one catches every escalation.",
    ),
    (
        "signalEventDefinition",
        "trigger",
        "信号",
        "signal",
        "runs",
        "读 signalRef 的名字；同一办件和一起部署的流程都能听到。",
        "Reads the name of signalRef; every waiting catcher of the case, and of processes deployed together, hears it.",
    ),
    (
        "conditionalEventDefinition",
        "trigger",
        "条件",
        "conditional",
        "runs",
        "读 condition（FEEL）：变量改变后重新判断，为 true 时触发。",
        "Reads condition (FEEL): looked at again when variables change, fires when it is true.",
    ),
    (
        "linkEventDefinition",
        "trigger",
        "链接",
        "link",
        "runs",
        "同一层内按名字从抛出跳到捕获；多个抛出可以对一个捕获。",
        "Jumps by name from throw to catch on the same level; several throws may share one catch.",
    ),
    (
        "compensateEventDefinition",
        "trigger",
        "补偿",
        "compensation",
        "runs",
        "读 activityRef、waitForCompletion；补偿处理由关联线指向 isForCompensation 的活动。",
        "Reads activityRef, waitForCompletion; an association leads to the handler, marked isForCompensation.",
    ),
    ("cancelEventDefinition", "trigger", "取消", "cancel", "runs", "只用于事务子流程。", "In transactions only."),
    (
        "terminateEventDefinition",
        "trigger",
        "终止",
        "terminate",
        "runs",
        "只用于结束事件：这一层的一切立即结束。",
        "Only in an end event: everything of its level ends at once.",
    ),
    (
        "eventDefinitionRef",
        "trigger",
        "引用的触发器",
        "event definition reference",
        "runs",
        "引用文件顶层的触发器定义。",
        "Names a trigger defined at the top of the file.",
    ),
    # ------------------------------------------------------------ gateways and flows
    (
        "exclusiveGateway",
        "gateway",
        "排他网关",
        "exclusive gateway",
        "runs",
        "按文件中的顺序取第一个条件为 true 的连线，否则走 default；都没有则成为故障。",
        "Takes the first flow, in the order of the file, whose condition is true, else the default; else an incident.",
    ),
    (
        "inclusiveGateway",
        "gateway",
        "包容网关",
        "inclusive gateway",
        "runs",
        "取所有条件为 true 的连线；汇合时等所有还可能到来的令牌。",
        "Takes every flow whose condition is true; a join waits for all tokens that may still come.",
    ),
    (
        "parallelGateway",
        "gateway",
        "并行网关",
        "parallel gateway",
        "runs",
        "全部分出；汇合时每条入线各等一个令牌。连线上的条件不看。",
        "Takes every flow; a join waits for one token on each flow. Conditions on its flows are not looked at.",
    ),
    (
        "eventBasedGateway",
        "gateway",
        "事件网关",
        "event-based gateway",
        "runs",
        "后面只能是消息、定时、信号、条件捕获事件或接收任务；先发生的一个胜出。读 instantiate、eventGatewayType。",
        "Followed only by message, timer, signal, conditional catch events or receive tasks; the first to "
        "happen wins. Reads "
        "instantiate, eventGatewayType.",
    ),
    (
        "complexGateway",
        "gateway",
        "复杂网关",
        "complex gateway",
        "runs",
        "汇合读 activationCondition（可读 activationCount），没有就等所有入线；分出同包容网关。",
        "A join reads activationCondition (it may read activationCount) and waits for all without one; a split "
        "is like the "
        "inclusive one.",
    ),
    (
        "sequenceFlow",
        "gateway",
        "连线",
        "sequence flow",
        "runs",
        "读 sourceRef、targetRef、conditionExpression（FEEL）。没有 id 也可以。",
        "Reads sourceRef, targetRef, conditionExpression (FEEL). It may lack an id.",
    ),
    (
        "conditionExpression",
        "gateway",
        "连线条件",
        "condition",
        "runs",
        "FEEL，以 = 开头，结果是 true 才通过。",
        "FEEL, begins with =, passes only when it gives true.",
    ),
    # ------------------------------------------------------------ loops
    (
        "standardLoopCharacteristics",
        "loop",
        "标准循环",
        "standard loop",
        "runs",
        "读 loopCondition（FEEL）、testBefore、loopMaximum；可读 loopCounter。",
        "Reads loopCondition (FEEL), testBefore, loopMaximum; loopCounter may be read.",
    ),
    (
        "multiInstanceLoopCharacteristics",
        "loop",
        "多实例",
        "multi-instance",
        "runs",
        "读 isSequential、loopCardinality、completionCondition、behavior（None、One、All、Complex）和 zeebe:"
        "loopCharacteristics"
        "（inputCollection、inputElement、outputCollection、outputElement）。",
        "Reads isSequential, loopCardinality, completionCondition, behavior (None, One, All, Complex) and "
        "zeebe:loopCharacteristics (inputCollection, inputElement, outputCollection, outputElement).",
    ),
    # ------------------------------------------------------------ frames and definitions
    (
        "definitions",
        "frame",
        "文件",
        "definitions",
        "runs",
        "一个文件可以有几个流程。",
        "One file may hold several processes.",
    ),
    (
        "process",
        "frame",
        "流程",
        "process",
        "runs",
        "isExecutable=true 的才运行；文件里唯一的流程没有写，按可执行处理并提醒。",
        "Runs when isExecutable is true; the only process of a file also when it does not say, with a warning.",
    ),
    (
        "collaboration",
        "frame",
        "协作",
        "collaboration",
        "drawn",
        "几个池在一个文件里一起部署。",
        "Several pools in one file are deployed together.",
    ),
    ("participant", "frame", "池", "pool", "drawn", "processRef 指的流程。", "The process of processRef."),
    ("participantMultiplicity", "frame", "参与者个数", "participant multiplicity", "drawn", "", ""),
    (
        "messageFlow",
        "frame",
        "消息流",
        "message flow",
        "drawn",
        "只是图面；消息按名字和关联键送达。",
        "A picture; messages travel by name and correlation key.",
    ),
    ("laneSet", "frame", "泳道组", "lane set", "drawn", "", ""),
    (
        "lane",
        "frame",
        "泳道",
        "lane",
        "drawn",
        "只是图面；谁来办由 candidateGroups 决定。",
        "A picture; candidateGroups decide who does the work.",
    ),
    ("message", "frame", "消息定义", "message", "runs", "name、subscription correlationKey。", ""),
    ("signal", "frame", "信号定义", "signal", "runs", "name。", ""),
    ("error", "frame", "错误定义", "error", "runs", "errorCode。", ""),
    ("escalation", "frame", "升级定义", "escalation", "runs", "escalationCode。", ""),
    ("globalTask", "frame", "全局任务", "global task", "runs", "由调用活动调用。", "Called by call activities."),
    ("globalUserTask", "frame", "全局用户任务", "global user task", "runs", "", ""),
    ("globalManualTask", "frame", "全局人工任务", "global manual task", "runs", "", ""),
    ("globalScriptTask", "frame", "全局脚本任务", "global script task", "runs", "", ""),
    ("globalBusinessRuleTask", "frame", "全局业务规则任务", "global business rule task", "runs", "", ""),
    (
        "import",
        "frame",
        "导入",
        "import",
        "passed over",
        "不读取别的文件；把要用的文件一起检查、一起部署。",
        "Other files are not followed; check and deploy the files you need together.",
    ),
    ("interface", "frame", "接口", "interface", "drawn", "", ""),
    ("operation", "frame", "操作", "operation", "drawn", "", ""),
    ("endPoint", "frame", "端点", "end point", "drawn", "", ""),
    ("itemDefinition", "frame", "数据类型", "item definition", "drawn", "类型不强制。", "Types are not enforced."),
    ("correlationProperty", "frame", "关联属性", "correlation property", "passed over", "改用 correlationKey。", ""),
    ("correlationKey", "frame", "关联键", "correlation key", "passed over", "改用消息的 correlationKey（zeebe）。", ""),
    ("correlationSubscription", "frame", "关联订阅", "correlation subscription", "passed over", "", ""),
    ("partnerEntity", "frame", "伙伴", "partner entity", "drawn", "", ""),
    ("partnerRole", "frame", "伙伴角色", "partner role", "drawn", "", ""),
    ("resource", "frame", "资源", "resource", "drawn", "", ""),
    (
        "resourceRole",
        "frame",
        "资源角色",
        "resource role",
        "passed over",
        "改用 assignmentDefinition。",
        "Use assignmentDefinition.",
    ),
    (
        "performer",
        "frame",
        "执行者",
        "performer",
        "passed over",
        "改用 assignmentDefinition。",
        "Use assignmentDefinition.",
    ),
    (
        "humanPerformer",
        "frame",
        "执行人",
        "human performer",
        "passed over",
        "改用 assignmentDefinition 的 assignee。",
        "Use the assignee of assignmentDefinition.",
    ),
    (
        "potentialOwner",
        "frame",
        "可办人",
        "potential owner",
        "passed over",
        "改用 assignmentDefinition 的 candidateGroups。",
        "Use the candidateGroups of assignmentDefinition.",
    ),
    # ------------------------------------------------------------ data
    (
        "dataObject",
        "data",
        "数据对象",
        "data object",
        "drawn",
        "图面说明；变量本身就是数据。",
        "A picture; variables are the data.",
    ),
    ("dataObjectReference", "data", "数据对象引用", "data object reference", "drawn", "", ""),
    ("dataStore", "data", "数据存储", "data store", "drawn", "", ""),
    ("dataStoreReference", "data", "数据存储引用", "data store reference", "drawn", "", ""),
    ("dataState", "data", "数据状态", "data state", "drawn", "", ""),
    ("property", "data", "属性", "property", "drawn", "", ""),
    (
        "ioSpecification",
        "data",
        "输入输出规格",
        "input/output specification",
        "drawn",
        "数据进出用 ioMapping。",
        "ioMapping moves the data.",
    ),
    ("dataInput", "data", "数据输入", "data input", "drawn", "", ""),
    ("dataOutput", "data", "数据输出", "data output", "drawn", "", ""),
    ("inputSet", "data", "输入集", "input set", "drawn", "", ""),
    ("outputSet", "data", "输出集", "output set", "drawn", "", ""),
    (
        "dataInputAssociation",
        "data",
        "数据输入关联",
        "data input association",
        "drawn",
        "图面上的虚线；带 assignment 或 transformation 的会警告，改用 ioMapping。",
        "A dotted line; with an assignment or transformation the check warns: use ioMapping.",
    ),
    ("dataOutputAssociation", "data", "数据输出关联", "data output association", "drawn", "", ""),
    ("assignment", "data", "赋值", "assignment", "passed over", "改用 ioMapping。", "Use ioMapping."),
    ("transformation", "data", "转换", "transformation", "passed over", "改用 ioMapping。", "Use ioMapping."),
    ("ioBinding", "data", "输入输出绑定", "input/output binding", "drawn", "", ""),
    # ------------------------------------------------------------ picture
    ("textAnnotation", "picture", "文字注释", "text annotation", "drawn", "", ""),
    (
        "association",
        "picture",
        "关联线",
        "association",
        "drawn",
        "从补偿边界事件出发的有含义，其余只是图面。",
        "From a compensation boundary event it names the handler; else a picture.",
    ),
    ("group", "picture", "分组", "group", "drawn", "", ""),
    ("category", "picture", "类别", "category", "drawn", "", ""),
    ("categoryValue", "picture", "类别值", "category value", "drawn", "", ""),
    ("documentation", "picture", "说明", "documentation", "drawn", "", ""),
    ("extensionElements", "picture", "扩展元素", "extension elements", "runs", "只读 zeebe: 的。", "Only zeebe: ones."),
    ("extension", "picture", "扩展声明", "extension", "drawn", "", ""),
    ("relationship", "picture", "关系", "relationship", "drawn", "", ""),
    ("auditing", "picture", "审计说明", "auditing", "drawn", "", ""),
    ("monitoring", "picture", "监控说明", "monitoring", "drawn", "", ""),
    # ------------------------------------------------------------ other
    ("choreography", "other", "编排图", "choreography", "refused", "", ""),
    ("globalChoreographyTask", "other", "全局编排任务", "global choreography task", "refused", "", ""),
    ("choreographyTask", "other", "编排任务", "choreography task", "refused", "", ""),
    ("subChoreography", "other", "子编排", "sub-choreography", "refused", "", ""),
    ("callChoreography", "other", "调用编排", "call choreography", "refused", "", ""),
    ("conversation", "other", "会话", "conversation", "passed over", "", ""),
    ("globalConversation", "other", "全局会话", "global conversation", "passed over", "", ""),
    ("subConversation", "other", "子会话", "sub-conversation", "passed over", "", ""),
    ("callConversation", "other", "调用会话", "call conversation", "passed over", "", ""),
    ("conversationLink", "other", "会话线", "conversation link", "drawn", "", ""),
)

ELEMENTS: Mapping[str, Element] = MappingProxyType({row[0]: Element(*row) for row in _ROWS})

#: Names of parts that never stand alone: children read with their parent, or without meaning of their own.
PARTS = frozenset(
    """activationCondition artifactRef body calledChoreographyRef categoryValueRef childLaneSet choreographyRef
    completionCondition complexBehaviorDefinition condition conversationAssociation conversationNodeRef
    correlationPropertyBinding correlationPropertyRef correlationPropertyRetrievalExpression dataInputRefs \
dataOutputRefs
    dataPath endPointRef errorRef event eventDefinition flowNodeRef from inMessageRef incoming innerConversationNodeRef
    inputDataItem inputSetRefs interfaceRef loopCardinality loopCondition loopDataInputRef loopDataOutputRef
    messageFlowAssociation messageFlowRef messagePath operationRef optionalInputRefs optionalOutputRefs outMessageRef
    outgoing outputDataItem outputSetRefs participantAssociation participantRef partitionElement rendering
    resourceAssignmentExpression resourceParameter resourceParameterBinding resourceRef formalExpression expression
    script source sourceRef supportedInterfaceRef supports target targetRef text timeCycle timeDate timeDuration to
    whileExecutingInputRefs whileExecutingOutputRefs innerParticipantRef outerParticipantRef partnerEntityRef
    partnerRoleRef relationshipDirection messageRef eventDefinitions correlationKeyRef artifact flowElement
    flowNode baseElement rootElement definitionalCollaborationRef parentConversation""".split()  # noqa: SIM905
)


def words(kind: str) -> tuple[str, str]:
    """What an element is called, in Chinese and English."""
    element = ELEMENTS.get(kind)
    return (element.zh, element.en) if element else (kind, kind)


# ---------------------------------------------------------------- which trigger may stand where (BPMN 2.0 table 10.93)

START_OF_PROCESS = frozenset({"message", "timer", "conditional", "signal"})
START_OF_EVENT_SUB_PROCESS = frozenset(
    {"message", "timer", "error", "escalation", "signal", "conditional", "compensate"}
)
CATCH = frozenset({"message", "timer", "conditional", "link", "signal"})
THROW = frozenset({"message", "escalation", "compensate", "link", "signal"})
END = frozenset({"message", "error", "escalation", "cancel", "compensate", "signal", "terminate"})
BOUNDARY = frozenset({"message", "timer", "error", "escalation", "cancel", "compensate", "conditional", "signal"})
#: Triggers that always interrupt (error, cancel) or never do (compensation runs after its activity).
ALWAYS_INTERRUPT = frozenset({"error", "cancel", "compensate"})

# ---------------------------------------------------------------- zeebe: extension elements

#: (name, attributes read, Chinese, English)
ZEEBE: tuple[tuple[str, str, str, str], ...] = (
    ("formDefinition", "formId", "表单（forms/ 里 .form 文件的 id）", "the form: id of a .form file in forms/"),
    (
        "assignmentDefinition",
        "assignee, candidateGroups, candidateUsers",
        "谁来办；固定文字（逗号分隔）或 FEEL",
        "who does it; plain text (commas between) or FEEL",
    ),
    (
        "taskSchedule",
        "dueDate, followUpDate",
        "到期、跟进时间：ISO 8601 日期，或给出日期的 FEEL，例如 =workdays(3)",
        "when it is due: an ISO 8601 date, or FEEL that gives one, such as =workdays(3)",
    ),
    ("priorityDefinition", "priority", "优先级 0 到 100，默认 50", "priority, 0 to 100; 50 without it"),
    (
        "ioMapping",
        "input/output: source, target",
        "变量映射；source 是 FEEL（以 = 开头）或固定文字",
        "variables in and out; source is FEEL (with =) or plain text",
    ),
    ("taskHeaders", "header: key, value", "固定参数，不是 FEEL", "fixed parameters, not FEEL"),
    (
        "properties",
        "property: name, value",
        "这一步的办法：operations（允许的操作，逗号分开）、write、readonly、hidden（字段）、"
        "decision（哪一项是同意与否）、"
        "batch=true（可以批量办理）；别的给界面和报表看",
        "how the step is worked: operations (what may be done, by commas), write, readonly, hidden (fields), decision "
        "(the answer that says yes or no), batch=true (many cases at once); others are for pages and reports",
    ),
    ("script", "expression, resultVariable", "FEEL 脚本", "a FEEL script"),
    ("calledDecision", "decisionId, resultVariable", "DMN 决策", "a DMN decision"),
    ("taskDefinition", "type", "效果的种类", "the kind of effect"),
    (
        "calledElement",
        "processId, propagateAllParentVariables, propagateAllChildVariables",
        "被调用的流程；两个开关默认为 true；有输出映射时只带回映射的变量",
        "the process called; both switches are true without a word; with output mappings only those come back",
    ),
    ("subscription", "correlationKey", "消息的关联键（FEEL）", "the message's correlation key (FEEL)"),
    (
        "loopCharacteristics",
        "inputCollection, inputElement, outputCollection, outputElement",
        "多实例的集合",
        "the collections of a multi-instance",
    ),
    (
        "adHoc",
        "activeElementsCollection, outputCollection, outputElement",
        "临时子流程先打开哪些活动",
        "which activities of an ad-hoc sub-process open first",
    ),
    ("userTask", "", "标记，可有可无", "a mark; may be there or not"),
    ("versionTag", "value", "版本标签", "a label of the version"),
    (
        "userTaskForm",
        "",
        "嵌在图中的表单：不读，请存为 .form 文件",
        "a form inside the drawing: not read, save it as .form",
    ),
)
ZEEBE_NAMES = frozenset(row[0] for row in ZEEBE)
#: zeebe: elements that would do something in Camunda and do nothing here: refused.
ZEEBE_REFUSED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "executionListeners": ("请改用服务任务", "use a service task instead"),
        "taskListeners": ("请改用服务任务", "use a service task instead"),
        "conditionalFilter": ("请把条件写进 condition", "write it into the condition"),
        "linkedResources": ("请把文件放进事项目录", "put the file into the matter's folder"),
    }
)

# ---------------------------------------------------------------- variables the engine sets by itself

#: (name, where it can be read, Chinese, English)
VARIABLES: tuple[tuple[str, str, str, str], ...] = (
    ("loopCounter", "standard loop, multi-instance", "第几次，从 1 起", "which turn, from 1"),
    ("numberOfInstances", "completionCondition, complexBehaviorDefinition", "实例总数", "all instances"),
    ("numberOfActiveInstances", "completionCondition, complexBehaviorDefinition", "还在进行的", "still active"),
    ("numberOfCompletedInstances", "completionCondition, complexBehaviorDefinition", "已完成的", "completed"),
    ("numberOfTerminatedInstances", "completionCondition, complexBehaviorDefinition", "被终止的", "terminated"),
    ("activationCount", "activationCondition", "已到达复杂网关的令牌数", "tokens that have arrived"),
)
LOOP_VARIABLES = frozenset(name for name, *_ in VARIABLES)

#: (kind, example, Chinese, English)
TIMERS: tuple[tuple[str, str, str, str], ...] = (
    ("date", "2026-10-08T09:00:00+08:00", "到这一刻", "at this moment"),
    ("date", '=date and time(date(hearing.on), time("09:00:00"))', "FEEL 给出的时刻", "at the moment FEEL gives"),
    ("duration", "P3D", "3 天后（日历日）", "after 3 calendar days"),
    ("duration", "PT2H", "2 小时后", "after 2 hours"),
    ("duration", "=workdays(3)", "3 个工作日后（当天不算）", "after 3 working days; the first day does not count"),
    ("cycle", "R3/PT24H", "每 24 小时一次，共 3 次", "every 24 hours, 3 times"),
    ("cycle", "R/P1W", "每周一次，不停", "every week, for ever"),
    ("cycle", "R5/2026-10-08T09:00:00+08:00/P1D", "从这一刻起每天，共 5 次", "from this moment daily, 5 times"),
)

# ---------------------------------------------------------------- what the check says

#: rule -> (what it is about in Chinese, in English). Every rule of the linter is here; a test looks.
RULES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "not-well-formed": ("文件不是正确的 XML", "the file is not well-formed XML"),
        "doctype": ("文件含 DOCTYPE 或实体", "the file has a DOCTYPE or entities"),
        "too-large": ("文件太大", "the file is too large"),
        "too-deep": ("子流程嵌套太深", "sub-processes nest too deep"),
        "not-bpmn": ("不是 BPMN 2.0 文件", "not a BPMN 2.0 file"),
        "no-process": ("没有流程", "no process"),
        "not-executable": ("没有设为可执行", "not executable"),
        "executable-not-said": ("没有写是否可执行", "whether it is executable is not written"),
        "public-process": ("公开流程设成了可执行", "a public process is executable"),
        "empty": ("流程或子流程是空的", "an empty process or sub-process"),
        "duplicate-id": ("id 重复", "an id used twice"),
        "duplicate-process": ("两个文件里有同 id 的流程", "two files with the same process"),
        "bad-attribute": ("属性值不合规定", "an attribute with a wrong value"),
        "unknown-element": ("不是 BPMN 2.0 的要素", "no element of BPMN 2.0"),
        "misplaced": ("要素放错了地方", "an element in the wrong place"),
        "unsupported": ("不支持的要素", "not supported"),
        "not-read": ("写了但不会读取", "written but not read"),
        "dangling-reference": ("引用的东西不存在", "a reference to nothing"),
        "dangling-flow": ("连线的一端悬空", "a flow with a loose end"),
        "dangling-default": ("默认连线不是自己的出线", "a default flow that leaves another element"),
        "default-with-condition": ("默认连线带条件", "a default flow with a condition"),
        "flow-crosses-scope": ("连线穿过子流程边界", "a flow across the border of a sub-process"),
        "flow-crosses-pool": ("连线穿过池边界", "a flow across the border of a pool"),
        "flow-not-declared": ("incoming / outgoing 与连线不符", "incoming / outgoing do not match the flows"),
        "message-flow": ("消息流的两端不合规定", "a message flow with wrong ends"),
        "multiplicity": ("池的参与者数不对", "a wrong multiplicity of a pool"),
        "start-with-incoming": ("开始事件有入线", "a start event with an incoming flow"),
        "end-with-outgoing": ("结束事件有出线", "an end event with an outgoing flow"),
        "boundary-with-incoming": ("边界事件有入线", "a boundary event with an incoming flow"),
        "boundary-not-attached": ("边界事件没有附着在活动上", "a boundary event on no activity"),
        "event-sub-process-flow": ("事件子流程有连线", "an event sub-process with flows"),
        "event-sub-process-start": ("事件子流程的开始事件不是一个", "an event sub-process without exactly one start"),
        "compensation-flow": ("补偿事件或补偿活动有连线", "compensation with sequence flows"),
        "compensation-without-handler": ("补偿边界事件没有补偿活动", "a compensation event without a handler"),
        "compensation-never-called": ("补偿活动没有人调用", "a compensation handler nobody calls"),
        "link-flow": ("链接事件的连线方向不对", "a link event with a flow on the wrong side"),
        "link-without-name": ("链接没有名字", "a link without a name"),
        "link-without-partner": ("链接没有另一端", "a link without its other end"),
        "link-twice": ("一个链接有两个捕获事件", "two catch events for one link"),
        "trigger-missing": ("缺少触发器", "a trigger is missing"),
        "trigger-not-allowed": ("这里不能用这个触发器", "a trigger that may not stand there"),
        "must-interrupt": ("必须是中断的", "it must interrupt"),
        "never-triggered": ("永远不会触发", "it is never triggered"),
        "cancel-outside-transaction": ("取消事件不在事务里", "cancel outside a transaction"),
        "ad-hoc-events": ("临时子流程里有开始或结束事件", "start or end events in an ad-hoc sub-process"),
        "no-start": ("没有开始事件", "no start event"),
        "no-end": ("没有结束事件", "no end event"),
        "two-starts": ("两个没有触发器的开始事件", "two start events without a trigger"),
        "dead-start": ("开始事件没有出线", "a start event that leads nowhere"),
        "dead-end": ("路径默默结束", "a path that ends without a word"),
        "unconnected": ("没有连线", "not connected"),
        "unreachable": ("走不到", "never reached"),
        "deadlock": ("汇合会永远等待", "a join that waits for ever"),
        "endless-loop": ("循环没有出口", "a loop without a way out"),
        "useless-gateway": ("网关既不分支也不汇合", "a gateway that neither splits nor joins"),
        "gateway-direction": ("gatewayDirection 与连线不符", "gatewayDirection does not match the flows"),
        "event-gateway": ("事件网关后面的要素不对", "what follows an event-based gateway"),
        "flow-without-condition": ("分支没有条件也不是默认", "a branch without a condition"),
        "no-default": ("没有默认连线", "no default flow"),
        "condition-not-read": ("条件写在不看条件的地方", "a condition nobody looks at"),
        "condition-on-event": ("事件的出线带条件", "a condition on a flow out of an event"),
        "activation-missing": ("复杂网关没有激活条件", "a complex gateway without an activation condition"),
        "message-missing": ("没有指定消息", "no message named"),
        "message-without-name": ("消息没有名字", "a message without a name"),
        "message-by-operation": ("只写了操作，没有写消息", "an operation instead of a message"),
        "signal-missing": ("没有指定信号", "no signal named"),
        "error-without-code": ("抛出的错误没有代码", "an error thrown without a code"),
        "escalation-without-code": ("抛出的升级没有代码", "an escalation thrown without a code"),
        "condition-missing": ("条件事件没有条件", "a conditional event without a condition"),
        "timer-missing": ("定时器没有时间", "a timer without a time"),
        "bad-time": ("时间既不是 ISO 8601 也不是 FEEL", "a time that is neither ISO 8601 nor FEEL"),
        "expression-empty": ("表达式是空的", "an empty expression"),
        "expression-not-feel": ("不是 FEEL 表达式", "not a FEEL expression"),
        "expression-without-equals": ("FEEL 前面没有 =", "FEEL without its ="),
        "expression-language": ("文件写明了别的表达式语言", "another expression language is named"),
        "feel-syntax": ("FEEL 写错了", "wrong FEEL"),
        "unknown-function": ("没有这个函数", "a function that does not exist"),
        "juel": ("别的引擎的表达式（${…}）", "an expression for another engine (${…})"),
        "other-engine": ("Camunda 7、Flowable、Activiti 的写法", "written for Camunda 7, Flowable or Activiti"),
        "unset-variable": ("读取了没人设置的变量", "a variable nobody sets"),
        "bad-name": ("不是变量名", "no variable name"),
        "form-missing": ("表单不存在", "a form that does not exist"),
        "form-not-read": ("表单写法不支持", "a form reference that is not read"),
        "nobody-asked": ("没有写谁来办", "nobody is asked"),
        "role-missing": ("候选组不存在", "a group that does not exist"),
        "bad-priority": ("优先级不对", "a wrong priority"),
        "script-missing": ("脚本任务没有 FEEL", "a script task without FEEL"),
        "script-not-feel": ("脚本不是 FEEL", "a script that is not FEEL"),
        "result-lost": ("结果没有存入变量", "a result that is lost"),
        "decision-missing": ("决策不存在", "a decision that does not exist"),
        "effect-missing": ("没有说明要做什么", "no effect named"),
        "effect-unknown": ("效果不在清单里", "an effect outside the list"),
        "header-missing": ("效果缺少固定参数", "an effect without a required header"),
        "header-value": ("固定参数的值不对", "a header with a wrong value"),
        "header-unknown": ("效果不读这个参数", "a header the effect does not read"),
        "argument-missing": ("效果缺少输入", "an effect without a required input"),
        "argument-unknown": ("效果不读这个输入", "an input the effect does not read"),
        "paper-missing": ("文书没有列在事项里", "a paper the matter does not list"),
        "notice-missing": ("通知没有内容", "a notice without a text"),
        "call-missing": ("被调用的流程不存在", "a called process that does not exist"),
        "call-without-start": ("被调用的流程进不去", "a called process without a plain start"),
        "bad-loop": ("循环或多实例的设置不对", "a loop set wrongly"),
        "two-loops": ("两种循环标记", "two loop markers"),
        "loop-not-allowed": ("这里不能循环", "no loop allowed here"),
        "multi-instance-collection": ("多实例没有说明几个", "a multi-instance of unknown size"),
        "multi-instance-output": ("多实例的输出只填了一半", "half an output of a multi-instance"),
        "timer-several": ("一个定时写了几种时间", "a timer that says several times"),
        "cycle-fires-once": ("周期在这里只触发一次", "a cycle that fires once"),
        "two-compensations": ("同一活动有两个补偿", "two compensations of one activity"),
        "bad-quantity": ("startQuantity / completionQuantity 不对", "a wrong startQuantity or completionQuantity"),
        "data": ("数据部分不合标准（不影响运行）", "data that breaks the standard (the run does not change)"),
        "check-failed": ("检查程序自身出错", "the check itself failed"),
    }
)
