"""Ids, references, and where flows may lead."""

from __future__ import annotations

from collections import Counter
from typing import Any

from lxml import etree

from engine.process.language import model as m
from engine.process.language.dialect import ELEMENTS, PARTS, words
from engine.process.language.read import BPMN, B, local
from engine.process.lint.page import Page, label

#: Attributes whose value is the id of something in the file (QNames).
REFERENCES = frozenset(
    """messageRef signalRef errorRef escalationRef activityRef operationRef itemRef itemSubjectRef dataObjectRef
    dataStoreRef categoryValueRef processRef calledChoreographyRef choreographyRef definitionalCollaborationRef
    noneBehaviorEventRef oneBehaviorEventRef inputDataRef outputDataRef partitionElementRef correlationKeyRef
    correlationPropertyRef initiatingParticipantRef parameterRef""".split()  # noqa: SIM905
)
#: Child elements whose text is such an id.
REFERENCE_PARTS = frozenset(
    """incoming outgoing flowNodeRef inMessageRef outMessageRef dataInputRefs dataOutputRefs inputSetRefs outputSetRefs
    optionalInputRefs optionalOutputRefs whileExecutingInputRefs whileExecutingOutputRefs loopDataInputRef
    loopDataOutputRef participantRef resourceRef correlationPropertyRef interfaceRef
    messageFlowRef""".split()  # noqa: SIM905
)
#: Those whose dangling another rule reports on the event itself, as an error.
TOLD_ELSEWHERE = frozenset(
    {
        "messageRef",
        "signalRef",
        "errorRef",
        "escalationRef",
        "activityRef",
        "noneBehaviorEventRef",
        "oneBehaviorEventRef",
    }
)
#: Elements that hold flow nodes.
HOLDERS = frozenset({"process", "subProcess", "transaction", "adHocSubProcess", "choreography", "subChoreography"})


class _Element:
    """An XML element as a thing to report on."""

    def __init__(self, element: Any) -> None:
        self.kind = etree.QName(element).localname
        self.id: str = element.get("id") or f"line {element.sourceline}"
        self.name = " ".join((element.get("name") or "").split())
        self.line: int = element.sourceline or 0


def check_file(page: Page) -> None:
    """The whole file, element by element."""
    seen: Counter[str] = Counter()
    first: dict[str, Any] = {}
    imported = {prefix for prefix in _imported_prefixes(page.root)}
    for element in page.root.iter(etree.Element):
        id = element.get("id")
        if id:
            seen[id] += 1
            first.setdefault(id, element)
            if seen[id] == 2:
                twin = _Element(element)
                other = words(etree.QName(first[id]).localname)
                drawn = element.tag.startswith(B) and first[id].tag.startswith(B)
                (page.error if drawn else page.warn)(
                    "duplicate-id",
                    twin,
                    f"的 id 与第 {first[id].sourceline} 行的{other[0]}相同。每个 id 只能用一次，请改掉其中一个。",
                    f"has the same id as the {other[1]} in line {first[id].sourceline}. Ids are unique: change one.",
                )
    declared = False
    foreign = {e for holder in page.root.iter(B + "extensionElements") for e in holder.iterdescendants()}
    for element in page.root.iter(f"{B}*"):
        if element in foreign:
            continue
        name = element.tag[len(B) :]
        thing: Any = None
        if name in ("incoming", "outgoing"):
            declared = True
        row = ELEMENTS.get(name)
        parent = element.getparent()
        above = etree.QName(parent).localname if parent is not None else ""
        if row is None:
            if name not in PARTS:
                thing = _Element(element)
                (page.error if above in HOLDERS else page.warn)(
                    "unknown-element",
                    thing,
                    "不是 BPMN 2.0 的要素，不会被读取。请检查拼写，或删去。",
                    "is no element of BPMN 2.0 and is not read. Check the spelling, or remove it.",
                )
        elif row.state == "refused":
            page.error(
                "unsupported",
                _Element(element),
                f"不支持。{row.note_zh or '请用流程和消息来表达。'}",
                f"is not supported. {row.note_en or 'Use processes and messages instead.'}",
            )
        elif row.state == "passed over":
            page.warn(
                "not-read",
                _Element(element),
                f"不起作用。{row.note_zh}",
                f"has no effect here. {row.note_en}".rstrip(),
            )
        if name in m.NODES and above not in HOLDERS:
            page.error(
                "misplaced",
                _Element(element),
                f"放在了{words(above)[0]}里，不会被执行。请放进流程或子流程。",
                f"stands in a {words(above)[1]} and would not run. Put it into a process or sub-process.",
            )
        for attribute in REFERENCES.intersection(element.attrib) - TOLD_ELSEWHERE:
            _reference(page, element, attribute, element.get(attribute), imported)
        if name in REFERENCE_PARTS and parent is not None:
            _reference(page, parent, name, "".join(element.itertext()), imported)
    if declared:
        _declared_flows(page)
    _processes(page)
    _collaboration(page)


def _imported_prefixes(root: Any) -> list[str]:
    """Prefixes of namespaces other than the file's own: what they name lives in another file."""
    own = root.get("targetNamespace")
    return [p for p, uri in root.nsmap.items() if p and uri not in (own, BPMN)]


def _reference(page: Page, element: Any, what: str, value: str | None, imported: set[str]) -> None:
    text = (value or "").strip()
    prefix, _, _ = text.rpartition(":")
    if not text or text.startswith("#") or (prefix and prefix in imported) or local(text) in page.ids:
        return
    page.warn(
        "dangling-reference",
        _Element(element),
        f"的 {what} 指向“{text[:60]}”，文件里没有这个 id。请改正或删去。",
        f'names "{text[:60]}" as its {what}, but nothing has that id. Mend or remove it.',
    )


def _declared_flows(page: Page) -> None:
    """<incoming> and <outgoing> are redundant, but a tool that writes them must write them right."""
    said: dict[tuple[str, str], set[str]] = {}
    for name in ("incoming", "outgoing"):
        for element in page.root.iter(B + name):
            owner = element.getparent().get("id") or ""
            said.setdefault((owner, name), set()).add(local("".join(element.itertext())) or "")
    for process in page.diagram.processes:
        flows = {flow.id: flow for scope in process.all_scopes() for flow in scope.flows}
        wrong: list[m.Flow] = []
        for flow in flows.values():
            if not flow.given_id:
                continue
            if flow.id not in said.get((flow.source, "outgoing"), set()) or flow.id not in said.get(
                (flow.target, "incoming"), set()
            ):
                wrong.append(flow)
        for node in (node for _, node in process.walk()):
            for name in ("incoming", "outgoing"):
                for id in sorted(said.get((node.id, name), set()) & flows.keys()):
                    if (flows[id].source if name == "outgoing" else flows[id].target) != node.id:
                        wrong.append(flows[id])
        if wrong:
            more = f"（另有 {len(wrong) - 1} 处）" if len(wrong) > 1 else ""
            more_en = f" ({len(wrong) - 1} more)" if len(wrong) > 1 else ""
            page.warn(
                "flow-not-declared",
                wrong[0],
                (
                    f"两端的 incoming / outgoing 没有如实列出它{more}。运行以连线的起点和终点为准；请在 Modeler "
                    "中重新连接。"
                ),
                f"is not listed truly by the incoming / outgoing of its ends{more_en}. It runs by its source "
                "and target; "
                "connect it again in the Modeler.",
            )


def _processes(page: Page) -> None:
    diagram = page.diagram
    if diagram.choreography and not diagram.processes:
        return  # refused already, element by element
    if not diagram.processes:
        page.error(
            "no-process",
            None,
            "文件里没有流程。请画一个流程再检查。",
            "the file has no process. Draw one.",
            line=page.root.sourceline or 0,
        )
    elif not diagram.executable():
        process = diagram.processes[0]
        page.error(
            "not-executable",
            process,
            '没有设为可执行，不会运行。请在属性面板勾选“可执行”（isExecutable="true"）。',
            'is not executable and will not run. Tick "Executable" in the properties panel (isExecutable="true").',
        )
    for process in diagram.processes:
        if process.assumed:
            page.warn(
                "executable-not-said",
                process,
                '没有写 isExecutable，按可执行处理，因为它是文件里唯一的流程。请写明 isExecutable="true"；'
                '只供阅读的图，写 isExecutable="false"。',
                "does not say isExecutable and is taken as executable, being the only process of its file. Write "
                'isExecutable="true"; or "false" when the drawing is only to be read.',
            )
        if process.executable and process.process_type == "Public":
            page.warn(
                "public-process",
                process,
                "是公开流程（processType=Public），公开流程只作说明，不应设为可执行。请改为 Private。",
                (
                    "is a public process (processType=Public); those only describe and should not be executable. "
                    "Make it Private."
                ),
            )
        if not process.nodes and process.executable:
            page.error("empty", process, "是空的。请画出步骤。", "is empty. Draw its steps.")


def _collaboration(page: Page) -> None:
    diagram = page.diagram
    pool_of: dict[str, str] = {}
    node_of: dict[str, m.Node] = {}
    for process in diagram.processes:
        pool = next((p.id for p in diagram.participants if p.process == process.id), process.id)
        pool_of[process.id] = pool
        for _, node in process.walk():
            pool_of[node.id] = pool
            node_of[node.id] = node
    pool_of |= {p.id: p.id for p in diagram.participants}
    for who in diagram.participants:
        if who.minimum < 0:
            page.warn(
                "multiplicity",
                who,
                f"的最少参与者数是 {who.minimum}，不能为负。",
                f"has a minimum multiplicity of {who.minimum}; it must not be negative.",
            )
        if who.maximum < max(1, who.minimum):
            page.warn(
                "multiplicity",
                who,
                f"的最多参与者数是 {who.maximum}，至少应为 1 且不小于最少数。",
                f"has a maximum multiplicity of {who.maximum}; it must be 1 or more and not below the minimum.",
            )
    for flow in diagram.message_flows:
        for end, which in ((flow.source, ("起点", "source")), (flow.target, ("终点", "target"))):
            if end not in page.ids:
                page.warn(
                    "dangling-reference",
                    flow,
                    f"的{which[0]}“{end}”不存在。请重新连接。",
                    f'has a {which[1]} "{end}" that does not exist. Connect it again.',
                )
            elif end not in pool_of:
                page.warn(
                    "message-flow",
                    flow,
                    f"的{which[0]}不是池、活动或事件。消息流只能连接这些。",
                    f"has a {which[1]} that is no pool, activity or event. A message flow connects only those.",
                )
        if flow.source in pool_of and pool_of.get(flow.source) == pool_of.get(flow.target):
            page.warn(
                "message-flow",
                flow,
                "的两端在同一个池里。池内请用连线，消息流只用于两个池之间。",
                "has both ends in one pool. Use a sequence flow; a message flow joins two pools.",
            )
        source, target = node_of.get(flow.source), node_of.get(flow.target)
        if source is not None and (source.kind in m.CATCHING or source.kind in m.GATEWAYS):
            page.warn(
                "message-flow",
                flow,
                f"从{label(source)[0]}发出，但它不会发送消息。",
                f"leaves {label(source)[1]}, which sends nothing.",
            )
        elif source is not None and source.kind in m.THROWING and not _has_message(source):
            page.warn(
                "message-flow",
                flow,
                f"从{label(source)[0]}发出，但它没有消息触发器。请改为消息事件。",
                f"leaves {label(source)[1]}, which has no message trigger. Make it a message event.",
            )
        if target is not None and (target.kind in m.THROWING or target.kind in m.GATEWAYS):
            page.warn(
                "message-flow",
                flow,
                f"指向{label(target)[0]}，但它不会接收消息。",
                f"leads to {label(target)[1]}, which receives nothing.",
            )
        elif target is not None and target.kind in m.CATCHING and not _has_message(target):
            page.warn(
                "message-flow",
                flow,
                f"指向{label(target)[0]}，但它没有消息触发器。请改为消息事件。",
                f"leads to {label(target)[1]}, which has no message trigger. Make it a message event.",
            )


def _has_message(node: m.Node) -> bool:
    return any(d.kind == "message" for d in node.definitions) or bool(node.dangling_definitions)


def check_process(page: Page, process: m.Process) -> None:
    """Flows, defaults, lanes of one process."""
    home: dict[str, tuple[m.Scope, m.Node]] = {node.id: (scope, node) for scope, node in process.walk()}
    for scope in process.all_scopes():
        for flow in scope.flows:
            for end, which in ((flow.source, ("起点", "source")), (flow.target, ("终点", "target"))):
                if end in scope.by_id:
                    continue
                if not end:
                    page.error(
                        "dangling-flow",
                        flow,
                        f"没有{which[0]}。请重新连接，或删去。",
                        f"has no {which[1]}. Connect it again, or remove it.",
                    )
                elif end in home:
                    page.error(
                        "flow-crosses-scope",
                        flow,
                        f"穿过了子流程的边界：{which[0]}{label(home[end][1])[0]}在另一层。请连到子流程本身，"
                        "或用边界事件离开。",
                        f"crosses the border of a sub-process: its {which[1]}, {label(home[end][1])[1]}, is on "
                        "another level. "
                        "Connect the sub-process itself, or leave by a boundary event.",
                    )
                elif end in page.process_of:
                    page.error(
                        "flow-crosses-pool",
                        flow,
                        f"穿过了池的边界：{which[0]}在流程“{page.process_of[end].id}”里。两个池之间请用消息流。",
                        f"crosses the border of a pool: its {which[1]} is in process "
                        f'"{page.process_of[end].id}". Between pools use '
                        "a message flow.",
                    )
                else:
                    there = "不是活动、网关或事件" if end in page.ids else "不存在"
                    there_en = "is no activity, gateway or event" if end in page.ids else "does not exist"
                    page.error(
                        "dangling-flow",
                        flow,
                        f"的{which[0]}“{end}”{there}。请重新连接，或删去。",
                        f'has a {which[1]} "{end}" that {there_en}. Connect it again, or remove it.',
                    )
            _ends(page, scope, flow)
        for node in scope.nodes:
            if node.default is None:
                continue
            if node.default not in node.outgoing:
                page.error(
                    "dangling-default",
                    node,
                    f"的默认连线“{node.default}”不是从它出发的连线。请重新指定默认连线。",
                    (
                        f'names "{node.default}" as its default flow, but that does not leave it. Choose the '
                        "default again."
                    ),
                )
            elif scope.flow_by_id[node.default].condition:
                page.warn(
                    "default-with-condition",
                    scope.flow_by_id[node.default],
                    "是默认连线，它的条件不会被看。请删去条件。",
                    "is a default flow; its condition is not looked at. Remove the condition.",
                )


def _ends(page: Page, scope: m.Scope, flow: m.Flow) -> None:
    """What may not be the source or target of a flow (BPMN 2.0, 7.6.1)."""
    source, target = scope.by_id.get(flow.source), scope.by_id.get(flow.target)
    if source is not None:
        if source.kind == "endEvent":
            page.error(
                "end-with-outgoing",
                source,
                f"后面还有连线“{flow.id}”。结束事件不能有出线，请改为中间事件或删去连线。",
                (
                    f'has an outgoing flow "{flow.id}". An end event has none: make it an intermediate event, or '
                    "remove the flow."
                ),
            )
        elif source.scope is not None and source.scope.triggered_by_event:
            page.error(
                "event-sub-process-flow",
                source,
                f"有出线“{flow.id}”。事件子流程由事件启动，不能有连线。",
                f'has an outgoing flow "{flow.id}". It is started by its event and has no flows.',
            )
        elif source.kind == "boundaryEvent" and any(d.kind == "compensate" for d in source.definitions):
            page.error(
                "compensation-flow",
                source,
                f"有出线“{flow.id}”。补偿边界事件用关联线（虚线）连到补偿活动。",
                (
                    f'has an outgoing flow "{flow.id}". A compensation boundary event leads to its handler by an '
                    "association."
                ),
            )
        elif source.kind == "intermediateThrowEvent" and any(d.kind == "link" for d in source.definitions):
            page.error(
                "link-flow",
                source,
                f"是链接的起点，不能有出线“{flow.id}”；后面的步骤接在同名的链接捕获事件上。",
                (
                    f'throws a link and cannot have the outgoing flow "{flow.id}"; what follows belongs to the '
                    "link catch event."
                ),
            )
        elif source.for_compensation:
            page.error(
                "compensation-flow",
                source,
                f"是补偿活动，不能有出线“{flow.id}”。",
                f'is a compensation handler and cannot have the outgoing flow "{flow.id}".',
            )
    if target is not None:
        if target.kind == "startEvent":
            page.error(
                "start-with-incoming",
                target,
                f"前面有连线“{flow.id}”。开始事件不能有入线，请改为中间事件或删去连线。",
                (
                    f'has an incoming flow "{flow.id}". A start event has none: make it an intermediate event, or '
                    "remove the flow."
                ),
            )
        elif target.kind == "boundaryEvent":
            page.error(
                "boundary-with-incoming",
                target,
                f"有入线“{flow.id}”。边界事件只由它所在的活动触发，请把连线接到活动上。",
                f'has an incoming flow "{flow.id}". Only its activity triggers it: connect the activity.',
            )
        elif target.scope is not None and target.scope.triggered_by_event:
            page.error(
                "event-sub-process-flow",
                target,
                f"有入线“{flow.id}”。事件子流程由事件启动，不能有连线。",
                f'has an incoming flow "{flow.id}". It is started by its event and has no flows.',
            )
        elif target.kind == "intermediateCatchEvent" and any(d.kind == "link" for d in target.definitions):
            page.error(
                "link-flow",
                target,
                f"是链接的终点，不能有入线“{flow.id}”。请接到同名的链接抛出事件。",
                f'catches a link and cannot have the incoming flow "{flow.id}". Connect the link throw event.',
            )
        elif target.for_compensation:
            page.error(
                "compensation-flow",
                target,
                f"是补偿活动，不能有入线“{flow.id}”。请用关联线从补偿边界事件连来。",
                f'is a compensation handler and cannot have the incoming flow "{flow.id}". Lead an association '
                "to it from the "
                "compensation boundary event.",
            )
