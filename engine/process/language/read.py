"""BPMN 2.0 XML -> Diagram. Safe on any bytes: no DTD, no entities, no network, a limit on size and depth.

    diagram, findings = read(data, "process.bpmn")

`diagram` is None only when the file is not a BPMN file at all; the findings say why. The reader is tolerant: it takes
what it can and leaves judging to the linter. It reads the BPMN namespace, whatever the prefix, and `zeebe:`; elements
of other namespaces are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from lxml import etree

from engine.findings import Finding, Severity
from engine.process.language import model as m

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
MODELER = "http://camunda.org/schema/modeler/1.0"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
B = f"{{{BPMN}}}"
Z = f"{{{ZEEBE}}}"

LARGEST = 16 * 1024 * 1024  # bytes; a drawing of 2,000 elements is about 2 MB
DEEPEST = 40  # sub-processes inside each other

EVENT_DEFINITIONS = {
    "messageEventDefinition": "message",
    "timerEventDefinition": "timer",
    "errorEventDefinition": "error",
    "escalationEventDefinition": "escalation",
    "signalEventDefinition": "signal",
    "conditionalEventDefinition": "conditional",
    "linkEventDefinition": "link",
    "compensateEventDefinition": "compensate",
    "cancelEventDefinition": "cancel",
    "terminateEventDefinition": "terminate",
}
TIMERS = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}
GLOBAL_TASKS = {"globalTask", "globalUserTask", "globalManualTask", "globalScriptTask", "globalBusinessRuleTask"}
CHOREOGRAPHY = {"choreography", "globalChoreographyTask", "conversation", "globalConversation"}
DATA = {"dataObject", "dataObjectReference", "dataStoreReference", "property", "dataInput", "dataOutput"}
REFERENCES = {
    "message": "messageRef",
    "signal": "signalRef",
    "error": "errorRef",
    "escalation": "escalationRef",
    "compensate": "activityRef",
}

#: What may stand before the root element: declaration, comments, processing instructions, white space.
_PROLOG = re.compile(rb"^(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)


def parse(data: bytes, file: str) -> tuple[Any | None, list[Finding]]:
    """Bytes to an lxml root element of BPMN definitions, or None and the reason."""
    if len(data) > LARGEST:
        return None, [
            _finding(
                file,
                0,
                "too-large",
                f"文件有 {len(data):,} 字节，超过上限 {LARGEST:,} 字节。请拆成几个流程，用调用活动连接。",
                (
                    f"The file has {len(data):,} bytes, more than {LARGEST:,}. Split it and join the parts with "
                    "call activities."
                ),
            )
        ]
    doctype = _finding(
        file,
        1,
        "doctype",
        "文件含有 DOCTYPE 或实体声明，为安全起见不读取。请删去 <!DOCTYPE …>。",
        "The file has a DOCTYPE or entity declarations, which are not read for safety. Remove <!DOCTYPE …>.",
    )
    start = data.replace(b"\0", b"") if b"\0" in data[:4096] else data
    if start[_PROLOG.match(start).end() :].startswith(b"<!DOCTYPE"):  # type: ignore[union-attr]
        return None, [doctype]
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True, remove_comments=True
    )
    try:
        root: Any = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as problem:
        line = int((getattr(problem, "position", None) or (0, 0))[0] or 0)
        why = " ".join(str(problem).split())[:200]
        return None, [
            _finding(
                file,
                line,
                "not-well-formed",
                f"文件不是格式正确的 XML（{why}）。请用 Camunda Modeler 重新保存。",
                f"The file is not well-formed XML ({why}). Save it again from the Camunda Modeler.",
            )
        ]
    info: Any = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        return None, [doctype]
    if root.tag != B + "definitions":
        name = etree.QName(root)
        return None, [
            _finding(
                file,
                root.sourceline or 0,
                "not-bpmn",
                f"根元素是 {name.localname}，不是 BPMN 2.0 的 definitions。请确认这是 .bpmn 文件。",
                (
                    f"The root element is {name.localname}, not the definitions of BPMN 2.0. Make sure this is a "
                    ".bpmn file."
                ),
            )
        ]
    return root, []


def read(data: bytes, file: str) -> tuple[m.Diagram | None, list[Finding]]:
    """One BPMN file as a Diagram, with what could not be read."""
    root, findings = parse(data, file)
    return (None, findings) if root is None else read_tree(root, file)


def read_tree(root: Any, file: str) -> tuple[m.Diagram, list[Finding]]:
    """The same from an element that `parse` gave."""
    reader = _Reader(file, root)
    return reader.diagram(), reader.findings


def local(reference: str | None) -> str | None:
    """The id a QName means: without prefix and white space; None when empty."""
    if reference is None:
        return None
    reference = reference.strip()
    return reference.rpartition(":")[2] or None


def _finding(
    file: str, line: int, rule: str, zh: str, en: str, element: str = "", name: str = "", severity: Severity = "error"
) -> Finding:
    return Finding(file, element, name, line, rule, severity, zh, en)


def _line(element: Any) -> int:
    return int(element.sourceline or 0)


def _name(element: Any) -> str:
    """The name on one line: the Modeler writes line breaks into long names."""
    return " ".join((element.get("name") or "").split())


def _text(element: Any | None) -> str:
    """All text of an element, trimmed (CDATA included); "" when there is none."""
    return "" if element is None else "".join(element.itertext()).strip()


def _child(element: Any, name: str) -> Any | None:
    return element.find(B + name)


def _child_text(element: Any, name: str) -> str | None:
    found = element.find(B + name)
    return None if found is None else _text(found)


def _parts(element: Any) -> Iterable[tuple[str, Any]]:
    """The children in the BPMN namespace: (local name, child)."""
    for child in element:
        if isinstance(child.tag, str) and child.tag.startswith(B):
            yield child.tag[len(B) :], child


def _only(processes: tuple[m.Process, ...]) -> tuple[m.Process, ...]:
    """BPMN says false when isExecutable is not written; tools that leave it out mean nothing by it. Who gives a file of
    one process wants that process: it runs, and check says so."""
    if len(processes) == 1 and processes[0].executable is None:
        return (replace(processes[0], executable=True, assumed=True),)
    return processes


class _Reader:
    """One pass over one file. Keeps the counters that make ids for what has none."""

    def __init__(self, file: str, root: Any) -> None:
        self.file = file
        self.root = root
        self.findings: list[Finding] = []
        self.taken: set[str] = {i for i in (e.get("id") for e in root.iter(etree.Element)) if i}
        self.shared: dict[str, m.EventDefinition] = {}
        self.made: dict[str, int] = {}

    # ------------------------------------------------------------ small values

    def make_id(self, stem: str) -> str:
        """A stable id nobody uses: the n-th of its stem in document order."""
        while True:
            self.made[stem] = self.made.get(stem, 0) + 1
            made = f"{stem}_{self.made[stem]}"
            if made not in self.taken:
                self.taken.add(made)
                return made

    def bad(self, element: Any, attribute: str, value: str, zh: str, en: str) -> None:
        kind = etree.QName(element).localname
        self.findings.append(
            _finding(
                self.file,
                _line(element),
                "bad-attribute",
                f"{kind}「{_name(element) or element.get('id') or ''}」的 {attribute} 是“{value[:40]}”，应为{zh}。",
                (
                    f'{attribute} of {kind} "{_name(element) or element.get("id") or ""}" is "{value[:40]}"; '
                    f"expected {en}."
                ),
                element.get("id") or "",
                _name(element),
            )
        )

    def flag(self, element: Any, attribute: str, default: bool) -> bool:
        value = element.get(attribute)
        if value is None:
            return default
        word = value.strip()
        if word in ("true", "1"):
            return True
        if word in ("false", "0"):
            return False
        self.bad(element, attribute, value, " true 或 false", "true or false")
        return default

    def number(self, element: Any, attribute: str, default: int) -> int:
        value = element.get(attribute)
        if value is None:
            return default
        if re.fullmatch(r"\s*[+-]?\d{1,9}\s*", value, re.ASCII):
            return int(value)
        self.bad(element, attribute, value, "整数", "a whole number")
        return default

    # ------------------------------------------------------------ the file

    def diagram(self) -> m.Diagram:
        root = self.root
        self.shared = {
            d.id: d
            for d in (
                self.event_definition(e) for name in EVENT_DEFINITIONS for e in root.iter(B + name) if e.get("id")
            )
        }
        got: dict[str, list[Any]] = {}
        for name, child in _parts(root):
            got.setdefault(name, []).append(child)
        collaborations = got.get("collaboration", [])
        return m.Diagram(
            file=self.file,
            id=root.get("id") or "",
            target_namespace=root.get("targetNamespace") or "",
            exporter=root.get("exporter") or "",
            platform=root.get(f"{{{MODELER}}}executionPlatform") or "",
            expression_language=root.get("expressionLanguage") or "",
            processes=_only(tuple(self.process(e) for e in got.get("process", []))),
            participants=tuple(self.participant(e) for c in collaborations for e in c.iterfind(B + "participant")),
            message_flows=tuple(
                m.MessageFlow(
                    e.get("id") or self.make_id("messageFlow"),
                    local(e.get("sourceRef")) or "",
                    local(e.get("targetRef")) or "",
                    _name(e),
                    _line(e),
                )
                for c in collaborations
                for e in c.iterfind(B + "messageFlow")
            ),
            messages=tuple(
                m.Message(
                    e.get("id") or self.make_id("message"),
                    _name(e),
                    self.extension(e).correlation_key,
                    local(e.get("itemRef")),
                    _line(e),
                )
                for e in got.get("message", [])
            ),
            signals=tuple(
                m.Signal(e.get("id") or self.make_id("signal"), _name(e), _line(e)) for e in got.get("signal", [])
            ),
            errors=tuple(
                m.Error(e.get("id") or self.make_id("error"), _name(e), e.get("errorCode") or None, _line(e))
                for e in got.get("error", [])
            ),
            escalations=tuple(
                m.Escalation(
                    e.get("id") or self.make_id("escalation"), _name(e), e.get("escalationCode") or None, _line(e)
                )
                for e in got.get("escalation", [])
            ),
            items=tuple(
                m.Item(
                    e.get("id") or self.make_id("item"),
                    e.get("structureRef") or "",
                    self.flag(e, "isCollection", False),
                    _line(e),
                )
                for e in got.get("itemDefinition", [])
            ),
            operations=tuple(
                m.Operation(
                    e.get("id") or self.make_id("operation"),
                    _name(e),
                    local(_child_text(e, "inMessageRef")),
                    local(_child_text(e, "outMessageRef")),
                    _line(e),
                )
                for i in got.get("interface", [])
                for e in i.iterfind(B + "operation")
            ),
            event_definitions=tuple(
                self.shared[e.get("id")] for n in EVENT_DEFINITIONS for e in got.get(n, []) if e.get("id")
            ),
            global_tasks=tuple(
                m.GlobalTask(
                    e.get("id") or self.make_id(kind),
                    kind,
                    _name(e),
                    _line(e),
                    self.extension(e),
                    _child_text(e, "script"),
                )
                for kind in sorted(GLOBAL_TASKS)
                for e in got.get(kind, [])
            ),
            data_stores=tuple(
                m.DataObject(
                    "dataStore", e.get("id") or self.make_id("dataStore"), _name(e), None, None, False, _line(e)
                )
                for e in got.get("dataStore", [])
            ),
            imports=tuple((e.get("importType") or "", e.get("location") or "") for e in got.get("import", [])),
            choreography=bool(CHOREOGRAPHY & got.keys()),
        )

    def participant(self, element: Any) -> m.Participant:
        many = _child(element, "participantMultiplicity")
        return m.Participant(
            element.get("id") or self.make_id("participant"),
            _name(element),
            local(element.get("processRef")),
            0 if many is None else self.number(many, "minimum", 0),
            1 if many is None else self.number(many, "maximum", 1),
            _line(element),
        )

    def process(self, element: Any) -> m.Process:
        scope = self.scope(element, "process", 0)
        extension = self.extension(element)
        tag = element.find(f"{B}extensionElements/{Z}versionTag")
        return m.Process(
            **{name: getattr(scope, name) for name in m.Scope.__dataclass_fields__},
            executable=None if element.get("isExecutable") is None else self.flag(element, "isExecutable", False),
            process_type=element.get("processType") or "None",
            version_tag=None if tag is None else tag.get("value"),
            properties=extension.properties,
        )

    # ------------------------------------------------------------ scopes

    def scope(self, element: Any, kind: str, depth: int) -> m.Scope:
        id = element.get("id") or self.make_id(kind)
        nodes: list[m.Node] = []
        flows: list[m.Flow] = []
        data: list[m.DataObject] = []
        associations: list[m.Association] = []
        lanes: list[m.Lane] = []
        for name, child in _parts(element):
            if name in m.NODES:
                nodes.append(self.node(name, child, depth))
            elif name == "sequenceFlow":
                flows.append(self.flow(child))
            elif name == "association":
                associations.append(self.association(child))
            elif name in DATA:
                data.append(self.data(name, child))
            elif name == "laneSet":
                lanes += [self.lane(e) for e in child.iterfind(B + "lane")]
            elif name == "ioSpecification":
                data += [self.data(n, e) for n, e in _parts(child) if n in DATA]
        incoming: dict[str, list[str]] = {}
        outgoing: dict[str, list[str]] = {}
        for flow in flows:
            outgoing.setdefault(flow.source, []).append(flow.id)
            incoming.setdefault(flow.target, []).append(flow.id)
        nodes = [
            replace(node, incoming=tuple(incoming.get(node.id, ())), outgoing=tuple(outgoing.get(node.id, ())))
            for node in nodes
        ]
        undoing = {
            n.id for n in nodes if n.kind == "boundaryEvent" and any(d.kind == "compensate" for d in n.definitions)
        }
        condition = _child(element, "completionCondition") if kind == "adHocSubProcess" else None
        return m.Scope(
            id=id,
            name=_name(element),
            kind=kind,
            line=_line(element),
            nodes=tuple(nodes),
            flows=tuple(flows),
            data=tuple(data),
            associations=tuple(associations),
            lanes=tuple(lanes),
            compensation={a.source: a.target for a in reversed(associations) if a.source in undoing},
            triggered_by_event=self.flag(element, "triggeredByEvent", False) if kind != "process" else False,
            ordering=element.get("ordering") or "Parallel",
            completion_condition=None if condition is None else _text(condition),
            cancel_remaining=self.flag(element, "cancelRemainingInstances", True)
            if kind == "adHocSubProcess"
            else True,
            method=element.get("method") or "",
        )

    def flow(self, element: Any) -> m.Flow:
        source, target = local(element.get("sourceRef")) or "", local(element.get("targetRef")) or ""
        condition = _child(element, "conditionExpression")
        given = element.get("id")
        return m.Flow(
            id=given or self.make_id(f"flow_{source}_{target}"),
            source=source,
            target=target,
            name=_name(element),
            condition=None if condition is None else _text(condition),
            language=None if condition is None else condition.get("language"),
            line=_line(element),
            given_id=bool(given),
        )

    def association(self, element: Any) -> m.Association:
        return m.Association(
            element.get("id") or self.make_id("association"),
            local(element.get("sourceRef")) or "",
            local(element.get("targetRef")) or "",
            element.get("associationDirection") or "None",
            _line(element),
        )

    def data(self, kind: str, element: Any) -> m.DataObject:
        return m.DataObject(
            kind,
            element.get("id") or self.make_id(kind),
            _name(element),
            local(element.get("dataObjectRef") or element.get("dataStoreRef")),
            local(element.get("itemSubjectRef")),
            self.flag(element, "isCollection", False),
            _line(element),
        )

    def lane(self, element: Any, depth: int = 0) -> m.Lane:
        inner: list[m.Lane] = []
        if depth < DEEPEST:
            inner = [
                self.lane(e, depth + 1) for s in element.iterfind(B + "childLaneSet") for e in s.iterfind(B + "lane")
            ]
        own = [local(_text(e)) or "" for e in element.iterfind(B + "flowNodeRef")]
        nodes = dict.fromkeys(own + [i for lane in inner for i in lane.nodes])
        return m.Lane(
            element.get("id") or self.make_id("lane"), _name(element), tuple(nodes), tuple(inner), _line(element)
        )

    # ------------------------------------------------------------ nodes

    def node(self, kind: str, element: Any, depth: int) -> m.Node:
        id = element.get("id") or self.make_id(kind)
        common: dict[str, Any] = {
            "kind": kind,
            "id": id,
            "name": _name(element),
            "line": _line(element),
            "extension": self.extension(element),
        }
        if kind in m.EVENTS:
            return self.event(common, element)
        if kind in m.GATEWAYS:
            condition = _child(element, "activationCondition")
            return m.Node(
                **common,
                default=local(element.get("default")),
                direction=element.get("gatewayDirection") or "Unspecified",
                event_gateway_type=element.get("eventGatewayType") or "Exclusive",
                instantiate=self.flag(element, "instantiate", False) if kind == "eventBasedGateway" else False,
                activation_condition=None if condition is None else _text(condition),
            )
        if kind in m.OTHER_NODES:
            return m.Node(**common)
        loops = [
            e for n, e in _parts(element) if n in ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics")
        ]
        scope: m.Scope | None = None
        if kind in m.SUB_PROCESSES:
            if depth >= DEEPEST:
                self.findings.append(
                    _finding(
                        self.file,
                        _line(element),
                        "too-deep",
                        f"子流程「{_name(element) or id}」嵌套超过 {DEEPEST} 层。请用调用活动代替。",
                        (
                            f'Sub-process "{_name(element) or id}" is nested more than {DEEPEST} deep. Use a call '
                            "activity."
                        ),
                        id,
                        _name(element),
                    )
                )
                scope = m.Scope(id=id, name=_name(element), kind=kind, line=_line(element))
            else:
                scope = self.scope(element, kind, depth + 1)
                # The scope of a sub-process without an id takes the node's.
                scope = replace(scope, id=id)
        return m.Node(
            **common,
            loop=self.loop(loops[0]) if loops else None,
            second_loop=len(loops) > 1,
            default=local(element.get("default")),
            for_compensation=self.flag(element, "isForCompensation", False),
            start_quantity=self.number(element, "startQuantity", 1),
            completion_quantity=self.number(element, "completionQuantity", 1),
            message=local(element.get("messageRef")),
            operation=local(element.get("operationRef")),
            instantiate=self.flag(element, "instantiate", False) if kind == "receiveTask" else False,
            called_element=local(element.get("calledElement")) if kind == "callActivity" else None,
            script_format=element.get("scriptFormat"),
            script=_child_text(element, "script"),
            scope=scope,
        )

    def event(self, common: dict[str, Any], element: Any) -> m.Node:
        definitions: list[m.EventDefinition] = []
        dangling: list[str] = []
        for name, child in _parts(element):
            if name in EVENT_DEFINITIONS:
                definitions.append(self.event_definition(child))
            elif name == "eventDefinitionRef":
                reference = local(_text(child)) or ""
                if reference in self.shared:
                    definitions.append(replace(self.shared[reference], shared=True))
                else:
                    dangling.append(reference)
        kind = common["kind"]
        interrupting = True
        if kind == "startEvent":
            interrupting = self.flag(element, "isInterrupting", True)
        elif kind == "boundaryEvent":
            interrupting = self.flag(element, "cancelActivity", True)
        return m.Node(
            **common,
            definitions=tuple(definitions),
            dangling_definitions=tuple(dangling),
            parallel_multiple=self.flag(element, "parallelMultiple", False) if kind in m.CATCHING else False,
            interrupting=interrupting,
            attached_to=local(element.get("attachedToRef")) if kind == "boundaryEvent" else None,
        )

    def event_definition(self, element: Any) -> m.EventDefinition:
        name = element.tag[len(B) :]
        kind = EVENT_DEFINITIONS[name]
        timer, text = None, ""
        others: list[str] = []
        if kind == "timer":
            said = [(TIMERS[part], _text(child)) for part, child in _parts(element) if part in TIMERS]
            said = [(t, words) for t, words in said if words.strip()] or said[:1]
            if said:
                (timer, text), *rest = said
                others = [t for t, _ in rest]
        elif kind == "conditional":
            text = _child_text(element, "condition") or ""
        links = (
            [local(_text(e)) or "" for n, e in _parts(element) if n in ("source", "target")] if kind == "link" else []
        )
        return m.EventDefinition(
            kind=kind,
            id=element.get("id") or self.make_id(name),
            line=_line(element),
            ref=local(element.get(REFERENCES[kind])) if kind in REFERENCES else None,
            operation=local(element.get("operationRef") or _child_text(element, "operationRef")),
            link=_name(element),
            links=tuple(links),
            timer=timer,
            text=text,
            other_timers=tuple(others),
            wait_for_completion=self.flag(element, "waitForCompletion", True),
            extension=self.extension(element),
        )

    def loop(self, element: Any) -> m.Loop:
        if element.tag == B + "standardLoopCharacteristics":
            return m.Loop(
                kind="standard",
                line=_line(element),
                test_before=self.flag(element, "testBefore", False),
                maximum=element.get("loopMaximum"),
                condition=_child_text(element, "loopCondition"),
            )
        zeebe = element.find(f"{B}extensionElements/{Z}loopCharacteristics")

        def said(attribute: str) -> str | None:
            return None if zeebe is None else zeebe.get(attribute) or None

        def item(name: str) -> str | None:
            found = _child(element, name)
            return None if found is None else found.get("name") or found.get("id")

        complex_behaviors = []
        for definition in element.iterfind(B + "complexBehaviorDefinition"):
            event = _child(definition, "event")
            inner = (
                [] if event is None else [self.event_definition(e) for n, e in _parts(event) if n in EVENT_DEFINITIONS]
            )
            complex_behaviors.append(
                m.ComplexBehavior(_child_text(definition, "condition") or "", inner[0] if inner else None)
            )
        none, one = local(element.get("noneBehaviorEventRef")), local(element.get("oneBehaviorEventRef"))
        return m.Loop(
            kind="multi",
            line=_line(element),
            sequential=self.flag(element, "isSequential", False),
            cardinality=_child_text(element, "loopCardinality"),
            completion_condition=_child_text(element, "completionCondition"),
            behavior=element.get("behavior") or "All",
            none_event=self.shared.get(none or ""),
            one_event=self.shared.get(one or ""),
            none_event_ref=none,
            one_event_ref=one,
            complex_behaviors=tuple(complex_behaviors),
            input_collection=said("inputCollection"),
            input_element=said("inputElement"),
            output_collection=said("outputCollection"),
            output_element=said("outputElement"),
            data_input=local(_child_text(element, "loopDataInputRef")),
            data_output=local(_child_text(element, "loopDataOutputRef")),
            input_item=item("inputDataItem"),
            output_item=item("outputDataItem"),
        )

    # ------------------------------------------------------------ zeebe: extension elements

    def extension(self, element: Any) -> m.Extension:
        holder = _child(element, "extensionElements")
        if holder is None:
            return m.NOTHING
        said: dict[str, Any] = {}
        unread: list[tuple[str, int]] = []
        for child in holder:
            if not isinstance(child.tag, str) or not child.tag.startswith(Z):
                continue
            name, get = child.tag[len(Z) :], child.get
            if name == "formDefinition":
                said.update(form=get("formId"), form_key=get("formKey") or get("externalReference"))
            elif name == "assignmentDefinition":
                said.update(
                    assignee=get("assignee") or None,
                    candidate_groups=get("candidateGroups") or None,
                    candidate_users=get("candidateUsers") or None,
                )
            elif name == "taskSchedule":
                said.update(due_date=get("dueDate") or None, follow_up_date=get("followUpDate") or None)
            elif name == "priorityDefinition":
                said["priority"] = get("priority") or None
            elif name == "ioMapping":
                for key, tag in (("inputs", "input"), ("outputs", "output")):
                    said[key] = said.get(key, ()) + tuple(
                        m.Io(e.get("source") or "", e.get("target") or "", _line(e)) for e in child.iterfind(Z + tag)
                    )
            elif name == "taskHeaders":
                said["headers"] = tuple(
                    (e.get("key") or "", e.get("value") or "") for e in child.iterfind(Z + "header")
                )
            elif name == "properties":
                said["properties"] = tuple(
                    (e.get("name") or "", e.get("value") or "") for e in child.iterfind(Z + "property")
                )
            elif name == "script":
                said.update(script=get("expression") or "", result=get("resultVariable") or None)
            elif name == "calledDecision":
                said.update(decision=get("decisionId") or "", result=get("resultVariable") or None)
            elif name == "taskDefinition":
                said["task_type"] = get("type") or ""
            elif name == "calledElement":
                said.update(
                    called_process=get("processId") or "",
                    propagate_all_parent=self.flag(child, "propagateAllParentVariables", True),
                    propagate_all_child=self.flag(child, "propagateAllChildVariables", True),
                )
            elif name == "subscription":
                said["correlation_key"] = get("correlationKey") or None
            elif name == "adHoc":
                said.update(
                    active_elements=get("activeElementsCollection") or None,
                    adhoc_output=(get("outputCollection") or None, get("outputElement") or None),
                )
            elif name not in ("loopCharacteristics", "versionTag", "userTask"):
                unread.append((name, _line(child)))
        return m.Extension(**said, unread=tuple(unread)) if said or unread else m.NOTHING
