"""What a diagram is compiled to: SpiffWorkflow task specs of our own, joined by flows. Built once a file, never
changed.

SpiffWorkflow's own BPMN specs predict every path ahead and keep the whole tree of finished tasks. These do neither: a
token knows its node, its scope and its own data, and is forgotten when it leaves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.process.language.model import Node
from engine.process.language.texts import Text, text
from engine.process.machine.spiff import Net, Spec

if TYPE_CHECKING:
    from engine.process.machine.case import Case, ScopeRun, Token


#: The code of an incident at a token that waits for what cannot come.
IN_VAIN = "waits-in-vain"


class Failure(Exception):
    """Something in the drawing could not go on: becomes a BPMN error when one catches it, else an incident."""

    def __init__(self, code: str, zh: str, en: str, *, error: str | None = None) -> None:
        super().__init__(en)
        self.code = code  # kind of incident
        self.zh = zh
        self.en = en
        self.error = error  # the BPMN error code it can be caught as; None: only by one who catches all
        self.at: NodeSpec | None = None  # the element to name, when it is not the token's own


#: What Python raises for a value that cannot be reckoned with: a year past 9999, a number of ten thousand digits.
DATA_FAULTS = (ArithmeticError, ValueError)


class FlowSpec:
    """A sequence flow."""

    __slots__ = ("condition", "id", "source", "target")

    def __init__(self, id: str, source: NodeSpec, target: NodeSpec, condition: Text | None) -> None:
        self.id = id
        self.source = source
        self.target = target
        self.condition = condition


class ScopeSpec:
    """What one process or sub-process contains, ready to run."""

    def __init__(self, id: str, name: str, kind: str) -> None:
        self.id = id
        self.name = name
        self.kind = kind  # process, subProcess, transaction, adHocSubProcess
        self.nodes: list[NodeSpec] = []
        self.begins: list[NodeSpec] = []  # what gets a token when the scope starts
        self.event_subs: list[NodeSpec] = []
        self.links: dict[str, NodeSpec] = {}  # link name -> catching event
        self.data: tuple[str, ...] = ()  # names of the data objects declared here
        self.element: NodeSpec | None = None  # the sub-process that holds it; None for a process


class ProcessSpec(Net):
    """One process: all its nodes by id, sub-processes included."""

    task_specs: dict[str, NodeSpec]

    def __init__(self, name: str, title: str, file: str) -> None:
        super().__init__(name, file)
        self.title = title
        self.scope = ScopeSpec(name, title, "process")


class NodeSpec(Spec):
    """One node of the drawing. Subclasses say what it does: arrive, run, complete, chosen."""

    process: ProcessSpec
    name: str
    is_activity = False
    at_once = False  # traced as it happens, not as it leaves
    asks_calendar = False  # it has a timer or a date that counts working days
    patient = False  # moves only when nothing else can: a signal is thrown after its catchers had time to listen

    def __init__(self, process: ProcessSpec, scope: ScopeSpec, node: Node, names: Any = None) -> None:
        super().__init__(process, node.id)
        self.process = process
        self.node = node
        self.title = node.name or node.id
        self.scope = scope
        self.ins: list[FlowSpec] = []
        self.outs: list[FlowSpec] = []
        self.inputs_map = tuple((i.target, Text(i.source)) for i in node.extension.inputs)
        self.outputs_map = tuple((o.target, Text(o.source)) for o in node.extension.outputs)

    def finish(self) -> None:
        """Called once all nodes and flows of the process exist."""

    def entered(self, token: Token) -> bool | None:
        with token.workflow.blaming(token):
            return self.run(token)
        return None

    def left(self, token: Token) -> None:
        token.internal_data["leaving"] = 1
        with token.workflow.blaming(token):
            self.complete(token)
            token.internal_data.pop("leaving", None)

    def arrive(self, case: Case, scope: ScopeRun, flow: FlowSpec | None, at: str) -> None:
        """A token comes along a flow. `at` is the last record on its path."""
        case.ready_token(self, scope, at)

    def run(self, token: Token) -> bool | None:
        return True

    def complete(self, token: Token) -> None:
        token.workflow.leave(token)

    def retried(self, token: Token, code: str) -> bool:
        """Its incident of this code is tried again. False: it is to be entered anew."""
        return False

    def hopes(self, token: Token, stands: Callable[[frozenset[str]], bool]) -> bool:
        """Whether a token that waits here may still be met. `stands` tells whether a living one stands at such a
        node."""
        return False

    def in_vain(self, token: Token) -> Failure:
        """What is said of a token that waits here for what cannot come."""
        return Failure(
            IN_VAIN,
            (
                f"「{self.title}」停住了：它等的事不会再发生，也没有人、时间或消息能让它继续。请撤销本件，"
                "或改正图后重新办理。"
            ),
            f'"{self.title}" stands still: what it waits for cannot happen any more, and no person, time or '
            "message can "
            "move it. Cancel the case, or mend the diagram and begin anew.",
        )

    def goes_on(self, token: Token, scope: ScopeRun) -> bool:
        """Asked of what holds a scope when its last token is gone: True when it has begun something more there."""
        return False

    def data_fault(self, fault: Exception) -> Failure:
        return Failure(
            "value",
            f"「{self.title}」用到的数据无法计算（{fault}）。请改正变量后重试。",
            f'The data that "{self.title}" works with cannot be reckoned ({fault}). Mend the variables and retry.',
        )

    def chosen(self, token: Token) -> list[FlowSpec]:
        """The flows a token leaves by (BPMN 2.0, 13.3.1 and 8.4: conditional flows, then the default)."""
        return self._uncontrolled(token)

    def _uncontrolled(self, token: Token) -> list[FlowSpec]:
        if not self._conditional:
            return self.outs
        default = self.node.default
        taken = [f for f in self.outs if f.id != default and (f.condition is None or token.holds(f.condition))]
        if not any(f.condition is not None for f in taken):
            taken += [f for f in self.outs if f.id == default]
        if not taken:
            raise self.no_flow()
        return taken

    @cached_property
    def _conditional(self) -> bool:
        return any(f.condition is not None for f in self.outs) or any(f.id == self.node.default for f in self.outs)

    def no_flow(self) -> Failure:
        return Failure(
            "no-flow",
            f"「{self.title}」没有一条出线的条件成立，也没有默认出线。请补上默认出线，或改正条件所用的变量后重试。",
            f'No outgoing flow of "{self.title}" has a true condition and there is no default flow. '
            "Add a default flow, or mend the variables its conditions read and retry.",
        )

    def text(self, raw: str | None, **how: Any) -> Text | None:
        return text(raw, **how)


def reach_back(node: NodeSpec, flow: FlowSpec) -> frozenset[str]:
    """The nodes from which a path leads to this flow without visiting the node. Boundary events and links count."""
    seen: set[str] = set()
    todo: deque[NodeSpec] = deque([flow.source])
    while todo:
        spec = todo.popleft()
        if spec.name in seen or spec is node:
            continue
        seen.add(spec.name)
        todo += [f.source for f in spec.ins]
        if spec.node.attached_to:
            host = spec.process.task_specs.get(spec.node.attached_to)
            if host is not None:
                todo.append(host)
        for link in getattr(spec, "link_sources", ()):
            todo.append(link)
    return frozenset(seen)
