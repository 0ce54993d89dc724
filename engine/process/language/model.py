"""What a BPMN file says, as values. Nothing here runs; nothing here knows SpiffWorkflow.

Ids are those of the drawing. Where the file gives none (legal BPMN), the reader makes a stable one: the same bytes give
the same ids. References are resolved to plain ids (a QName's prefix is dropped) but may dangle: the linter says so.
Expressions stay text: with a leading "=" they are FEEL, without one a plain value, as the Camunda Modeler writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

# ---------------------------------------------------------------- extension elements (zeebe:)


@dataclass(frozen=True, slots=True)
class Io:
    """One zeebe:input or zeebe:output: the value of `source` goes to the variable `target` (dots make a context)."""

    source: str
    target: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Extension:
    """What the zeebe: extension elements of one element say. None: not said."""

    form: str | None = None  # formDefinition formId
    form_key: str | None = None  # formDefinition formKey or externalReference: not a form we know
    assignee: str | None = None  # assignmentDefinition
    candidate_groups: str | None = None  # comma-separated, or FEEL that gives a list
    candidate_users: str | None = None
    due_date: str | None = None  # taskSchedule
    follow_up_date: str | None = None
    priority: str | None = None  # priorityDefinition
    inputs: tuple[Io, ...] = ()  # ioMapping, in order
    outputs: tuple[Io, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()  # taskHeaders
    properties: tuple[tuple[str, str], ...] = ()
    script: str | None = None  # script expression
    decision: str | None = None  # calledDecision decisionId
    result: str | None = None  # resultVariable of script or calledDecision
    task_type: str | None = None  # taskDefinition type
    called_process: str | None = None  # calledElement processId
    propagate_all_parent: bool = True  # propagateAllParentVariables
    propagate_all_child: bool = True  # propagateAllChildVariables; without a word: true, as in Camunda 8
    correlation_key: str | None = None  # subscription, on a bpmn:message
    active_elements: str | None = None  # adHoc activeElementsCollection
    adhoc_output: tuple[str | None, str | None] = (None, None)  # adHoc outputCollection, outputElement
    unread: tuple[tuple[str, int], ...] = ()  # zeebe elements we do not read: (local name, line)

    def header(self, key: str) -> str | None:
        """The value of a task header, or None."""
        return dict(self.headers).get(key)


NOTHING = Extension()


# ---------------------------------------------------------------- definitions-level items


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    name: str  # plain, or FEEL with a leading "="
    correlation_key: str | None = None  # FEEL, from zeebe:subscription
    item: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    id: str
    name: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Error:
    id: str
    name: str
    code: str | None  # None: catches any error, throws none
    line: int = 0


@dataclass(frozen=True, slots=True)
class Escalation:
    id: str
    name: str
    code: str | None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """An itemDefinition: its structure is a name, not a schema; nothing is enforced."""

    id: str
    structure: str = ""
    collection: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    name: str
    in_message: str | None = None
    out_message: str | None = None
    line: int = 0


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """One trigger of an event. `kind` decides which of the other fields speak."""

    kind: str  # message, timer, error, escalation, signal, conditional, link, compensate, cancel, terminate
    id: str
    line: int = 0
    ref: str | None = None  # id of the message, signal, error or escalation; of the activity (compensate)
    operation: str | None = None  # operationRef
    link: str = ""  # name of the link
    links: tuple[str, ...] = ()  # ids of the link definitions it names as sources or target
    timer: str | None = None  # "date", "duration" or "cycle"
    text: str = ""  # the timer's expression or the condition
    other_timers: tuple[str, ...] = ()  # further kinds of time that the same timer says; they exclude each other
    wait_for_completion: bool = True  # compensate
    shared: bool = False  # reached through an eventDefinitionRef
    extension: Extension = NOTHING


# ---------------------------------------------------------------- loops


@dataclass(frozen=True, slots=True)
class ComplexBehavior:
    """One complexBehaviorDefinition: when the condition holds as an instance ends, the event is thrown."""

    condition: str
    event: EventDefinition | None


@dataclass(frozen=True, slots=True)
class Loop:
    """standardLoopCharacteristics or multiInstanceLoopCharacteristics."""

    kind: str  # "standard" or "multi"
    line: int = 0
    # standard
    test_before: bool = False
    maximum: str | None = None
    condition: str | None = None
    # multi
    sequential: bool = False
    cardinality: str | None = None
    completion_condition: str | None = None
    behavior: str = "All"  # None, One, All, Complex
    none_event: EventDefinition | None = None
    one_event: EventDefinition | None = None
    none_event_ref: str | None = None
    one_event_ref: str | None = None
    complex_behaviors: tuple[ComplexBehavior, ...] = ()
    # multi, zeebe:loopCharacteristics
    input_collection: str | None = None
    input_element: str | None = None
    output_collection: str | None = None
    output_element: str | None = None
    # multi, BPMN's own data references
    data_input: str | None = None  # loopDataInputRef
    data_output: str | None = None
    input_item: str | None = None  # inputDataItem's name or id
    output_item: str | None = None


# ---------------------------------------------------------------- nodes and flows

TASKS = frozenset(
    {"task", "userTask", "manualTask", "scriptTask", "businessRuleTask", "serviceTask", "sendTask", "receiveTask"}
)
SUB_PROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES = TASKS | SUB_PROCESSES | {"callActivity"}
GATEWAYS = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway", "complexGateway"})
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
CATCHING = frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent"})
THROWING = frozenset({"endEvent", "intermediateThrowEvent"})
#: BPMN flow nodes we know the name of but give no execution semantics (conversation and choreography are not here).
OTHER_NODES = frozenset({"choreographyTask", "subChoreography", "callChoreography", "implicitThrowEvent"})
NODES = ACTIVITIES | GATEWAYS | EVENTS | OTHER_NODES


@dataclass(frozen=True, slots=True)
class Node:
    """One flow node. `kind` is BPMN's own element name; fields that do not belong to the kind keep their defaults."""

    kind: str
    id: str
    name: str = ""
    line: int = 0
    extension: Extension = NOTHING
    incoming: tuple[str, ...] = ()  # ids of the flows that really arrive (from the flows, not the <incoming> children)
    outgoing: tuple[str, ...] = ()
    # events
    definitions: tuple[
        EventDefinition, ...
    ] = ()  # own ones first, in file order with the shared ones (eventDefinitionRef)
    dangling_definitions: tuple[str, ...] = ()  # eventDefinitionRefs that name nothing
    parallel_multiple: bool = False
    interrupting: bool = True  # isInterrupting (start), cancelActivity (boundary)
    attached_to: str | None = None
    # activities
    loop: Loop | None = None
    second_loop: bool = False  # more than one loop marker on one activity
    default: str | None = None  # flow id; also exclusive, inclusive and complex gateways
    for_compensation: bool = False
    start_quantity: int = 1
    completion_quantity: int = 1
    message: str | None = None  # send and receive tasks: messageRef
    operation: str | None = None  # operationRef
    instantiate: bool = False  # receive task, event-based gateway
    called_element: str | None = None  # callActivity's own attribute, prefix dropped
    script_format: str | None = None
    script: str | None = None  # bpmn:script text: not run, the dialect uses zeebe:script
    # gateways
    direction: str = "Unspecified"
    event_gateway_type: str = "Exclusive"
    activation_condition: str | None = None  # complex gateway
    # sub-processes
    scope: Scope | None = None

    @property
    def definition(self) -> EventDefinition | None:
        """The only (or first) event definition; None for a none event."""
        return self.definitions[0] if self.definitions else None

    @property
    def event_kind(self) -> str:
        """`none`, the kind of the only definition, or `multiple`."""
        if not self.definitions:
            return "none"
        return self.definitions[0].kind if len(self.definitions) == 1 else "multiple"


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str | None = None  # text of the conditionExpression; None: there is none
    language: str | None = None  # the conditionExpression's own language
    line: int = 0
    given_id: bool = True  # False: the file had none and the reader made this one


@dataclass(frozen=True, slots=True)
class Association:
    id: str
    source: str
    target: str
    direction: str = "None"
    line: int = 0


@dataclass(frozen=True, slots=True)
class DataObject:
    """A dataObject, dataObjectReference, dataStoreReference, property, dataInput or dataOutput."""

    kind: str
    id: str
    name: str = ""
    ref: str | None = None  # dataObjectRef, dataStoreRef
    item: str | None = None
    collection: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    id: str
    name: str = ""
    nodes: tuple[str, ...] = ()  # flowNodeRefs, of this lane and the lanes inside it
    lanes: tuple[Lane, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Scope:
    """What a process or sub-process contains. Node ids are unique in a well-formed file."""

    id: str
    name: str = ""
    kind: str = "process"  # process, subProcess, transaction, adHocSubProcess
    line: int = 0
    nodes: tuple[Node, ...] = ()
    flows: tuple[Flow, ...] = ()
    data: tuple[DataObject, ...] = ()
    associations: tuple[Association, ...] = ()
    lanes: tuple[Lane, ...] = ()
    #: compensation boundary event id -> id of the activity that undoes
    compensation: Mapping[str, str] = field(default_factory=dict)
    triggered_by_event: bool = False
    # ad-hoc
    ordering: str = "Parallel"
    completion_condition: str | None = None
    cancel_remaining: bool = True  # cancelRemainingInstances
    # transaction
    method: str = ""

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """The nodes of this scope alone."""
        return {node.id: node for node in reversed(self.nodes)}

    @cached_property
    def flow_by_id(self) -> dict[str, Flow]:
        return {flow.id: flow for flow in reversed(self.flows)}

    @cached_property
    def boundaries(self) -> dict[str, list[Node]]:
        """Activity id -> the boundary events on it."""
        on: dict[str, list[Node]] = {}
        for node in self.nodes:
            if node.kind == "boundaryEvent" and node.attached_to:
                on.setdefault(node.attached_to, []).append(node)
        return on

    def out_of(self, node: Node) -> list[Flow]:
        """The flows that leave a node, in the order of the file."""
        return [self.flow_by_id[i] for i in node.outgoing]

    def into(self, node: Node) -> list[Flow]:
        return [self.flow_by_id[i] for i in node.incoming]

    def starts(self, kind: str | None = None) -> list[Node]:
        """The start events, all or those of one event kind ("none", "message" …)."""
        return [n for n in self.nodes if n.kind == "startEvent" and (kind is None or n.event_kind == kind)]

    def event_sub_processes(self) -> list[Node]:
        return [n for n in self.nodes if n.scope is not None and n.scope.triggered_by_event]

    def walk(self) -> Iterator[tuple[Scope, Node]]:
        """Every node here and below, with the scope it is in; no recursion."""
        scopes = [self]
        while scopes:
            scope = scopes.pop(0)
            for node in scope.nodes:
                yield scope, node
                if node.scope is not None:
                    scopes.append(node.scope)

    def all_scopes(self) -> Iterator[Scope]:
        """This scope and every one below."""
        yield self
        for _, node in self.walk():
            if node.scope is not None:
                yield node.scope


@dataclass(frozen=True)
class Process(Scope):
    executable: bool | None = None  # isExecutable; None: not said
    assumed: bool = False  # isExecutable is not written, and this is the only process of its file: it runs
    process_type: str = "None"
    version_tag: str | None = None
    properties: tuple[tuple[str, str], ...] = ()  # zeebe:properties of the process


@dataclass(frozen=True, slots=True)
class GlobalTask:
    """A globalTask, globalUserTask, globalScriptTask …: what a call activity may call beside a process."""

    id: str
    kind: str  # BPMN's own element name
    name: str = ""
    line: int = 0
    extension: Extension = NOTHING
    script: str | None = None

    def as_node(self, id: str) -> Node:
        """The same work as a task of a given id."""
        kind = {"globalTask": "task"}.get(self.kind) or self.kind[6].lower() + self.kind[7:]
        return Node(kind=kind, id=id, name=self.name, line=self.line, extension=self.extension, script=self.script)


@dataclass(frozen=True, slots=True)
class Participant:
    """A pool."""

    id: str
    name: str = ""
    process: str | None = None
    minimum: int = 0  # participantMultiplicity
    maximum: int = 1
    line: int = 0


@dataclass(frozen=True, slots=True)
class MessageFlow:
    id: str
    source: str
    target: str
    name: str = ""
    line: int = 0


@dataclass(frozen=True)
class Diagram:
    """One BPMN file."""

    file: str
    id: str = ""
    target_namespace: str = ""
    exporter: str = ""
    platform: str = ""  # modeler:executionPlatform
    expression_language: str = ""
    processes: tuple[Process, ...] = ()
    participants: tuple[Participant, ...] = ()
    message_flows: tuple[MessageFlow, ...] = ()
    messages: tuple[Message, ...] = ()
    signals: tuple[Signal, ...] = ()
    errors: tuple[Error, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    items: tuple[Item, ...] = ()
    operations: tuple[Operation, ...] = ()
    event_definitions: tuple[EventDefinition, ...] = ()  # at the top level, reached by eventDefinitionRef
    global_tasks: tuple[GlobalTask, ...] = ()
    data_stores: tuple[DataObject, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()  # (importType, location)
    choreography: bool = False  # the file holds a choreography or conversation

    @cached_property
    def process_by_id(self) -> dict[str, Process]:
        return {process.id: process for process in reversed(self.processes)}

    @cached_property
    def message_by_id(self) -> dict[str, Message]:
        return {item.id: item for item in self.messages}

    @cached_property
    def signal_by_id(self) -> dict[str, Signal]:
        return {item.id: item for item in self.signals}

    @cached_property
    def error_by_id(self) -> dict[str, Error]:
        return {item.id: item for item in self.errors}

    @cached_property
    def escalation_by_id(self) -> dict[str, Escalation]:
        return {item.id: item for item in self.escalations}

    @cached_property
    def global_task_by_id(self) -> dict[str, GlobalTask]:
        return {item.id: item for item in self.global_tasks}

    def executable(self) -> list[Process]:
        """The processes that may run: those that say so."""
        return [process for process in self.processes if process.executable]
