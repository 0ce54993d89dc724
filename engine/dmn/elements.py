"""The elements of a DMN file as frozen values, in the standard's words (OMG DMN 1.5, chapters 6 to 10).

Nothing here evaluates. `read` makes these from XML, `run` evaluates them, `lint` looks for mistakes in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

# ---------------------------------------------------------------- what an expression can be


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxed:
    """What every boxed expression has."""

    id: str = ""
    line: int = 0
    type_ref: str = ""  # "" = not declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Boxed):
    """A FEEL text in a box."""

    text: str
    language: str = ""  # URI when it is not FEEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """An input column of a decision table."""

    id: str
    line: int
    label: str
    expression: Literal
    values: str = ""  # unary tests of the allowed values; "" = anything
    constraint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputClause:
    """An output column of a decision table."""

    id: str
    line: int
    name: str  # "" allowed when it is the only one
    label: str
    type_ref: str = ""
    values: str = ""  # allowed values; their order is the priority of P and O tables
    default: Literal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One entry of a rule."""

    id: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a decision table."""

    id: str
    line: int
    inputs: tuple[Cell, ...]  # as many as input columns
    outputs: tuple[Literal, ...]  # as many as output columns
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Boxed):
    """A decision table."""

    hit_policy: str  # U A P F R O C
    aggregation: str = ""  # "" SUM COUNT MIN MAX
    inputs: tuple[Clause, ...] = ()
    outputs: tuple[OutputClause, ...] = ()
    rules: tuple[Rule, ...] = ()
    annotations: tuple[str, ...] = ()
    output_label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a boxed context. Without a name it is the result cell."""

    name: str | None
    type_ref: str
    line: int
    expression: Boxed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Boxed):
    """A boxed context."""

    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A parameter of an invocation and its argument."""

    name: str
    line: int
    expression: Boxed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation(Boxed):
    """A boxed invocation."""

    function: Boxed | None
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(Boxed):
    """A boxed list."""

    items: tuple[Boxed | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation(Boxed):
    """A boxed relation: a list of contexts."""

    columns: tuple[Entry, ...] = ()  # name and type of each column
    rows: tuple[tuple[Boxed | None, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A formal parameter."""

    name: str
    type_ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Boxed):
    """A function definition: boxed, or the encapsulated logic of a business knowledge model."""

    kind: str = "FEEL"  # FEEL, Java, PMML
    parameters: tuple[Parameter, ...] = ()
    body: Boxed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Boxed):
    """A boxed if-then-else."""

    test: Boxed | None
    then: Boxed | None
    otherwise: Boxed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Boxed):
    """A boxed filter."""

    collection: Boxed | None
    match: Boxed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Iterator(Boxed):
    """A boxed for, some or every."""

    kind: str  # "for", "some", "every"
    variable: str
    collection: Boxed | None
    body: Boxed | None
    collection_type: str = ""
    body_type: str = ""


def walk(box: object) -> Iterable[Boxed]:
    """An expression and all expressions in it, but not the entries of decision tables: these are plain texts."""
    waiting: list[object] = [box]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting.extend(one)
            continue
        if isinstance(one, Boxed):
            yield one
        if isinstance(one, Boxed | Entry | Binding) and not isinstance(one, Table | Literal):
            waiting.extend(getattr(one, part.name) for part in fields(one))


# ---------------------------------------------------------------- what a model is made of


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item definition or one of its components."""

    name: str
    id: str = ""
    line: int = 0
    label: str = ""
    type_ref: str = ""
    is_collection: bool = False
    components: tuple[Item, ...] = ()
    allowed: str = ""  # unary tests on each value (on each element of a collection)
    constraint: str = ""  # unary tests on the value as a whole
    function: FunctionItem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionItem:
    """The signature of a function-valued item."""

    output: str = ""
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """An href: a requirement or a reference of a decision service."""

    href: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every element of the requirements graph has."""

    name: str
    id: str
    line: int = 0
    label: str = ""
    variable: str = ""  # name of its variable: how expressions call it
    type_ref: str = ""  # of its variable


@dataclass(frozen=True, slots=True, kw_only=True)
class InputData(Node):
    """Data from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Node):
    """A decision. Without logic its value must be given."""

    question: str = ""
    allowed_answers: str = ""
    information: tuple[Ref, ...] = ()
    knowledge: tuple[Ref, ...] = ()
    logic: Boxed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge(Node):
    """A business knowledge model."""

    knowledge: tuple[Ref, ...] = ()
    function: Function | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Node):
    """A decision service."""

    outputs: tuple[Ref, ...] = ()
    encapsulated: tuple[Ref, ...] = ()
    input_decisions: tuple[Ref, ...] = ()
    input_data: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Another model that this one uses. An empty name puts its elements beside our own (DMN 1.5, 6.3.3)."""

    name: str
    namespace: str
    location: str = ""
    kind: str = ""  # importType: a URI
    id: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """A DMN file."""

    name: str = ""
    id: str = ""
    namespace: str = ""
    version: str = ""  # "1.1" … "1.5"
    language: str = ""  # expressionLanguage: a URI
    imports: tuple[Import, ...] = ()
    items: tuple[Item, ...] = ()
    inputs: tuple[InputData, ...] = ()
    decisions: tuple[Decision, ...] = ()
    knowledge: tuple[Knowledge, ...] = ()
    services: tuple[Service, ...] = ()
    other_ids: frozenset[str] = field(default_factory=frozenset)  # knowledge sources and the like, for hrefs
