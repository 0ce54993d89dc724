"""The seam of the process room: what goes in (an Input) and what comes out (a Step).

    start(definition, input, now)            -> Step
    advance(definition, state, input, now)   -> Step

A Step is a value. Whoever called writes it, all of it, in one transaction, or throws it away (a preview).
Times are aware UTC datetimes. Variables are JSON values; numbers may be Decimal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Variables = Mapping[str, Any]


# ---------------------------------------------------------------- what goes in


@dataclass(frozen=True, slots=True)
class Start:
    """A new instance of a process of the definition."""

    variables: Variables = field(default_factory=dict)
    process_id: str | None = None  # None: the only executable process
    element: str | None = None  # start here (a start event's id); None: the none start event


@dataclass(frozen=True, slots=True)
class Complete:
    """A person finished an open task."""

    task_id: str
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """The outside world finished an awaited effect."""

    effect_id: str
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Throw:
    """A BPMN error at an open task or awaited effect (caught by a boundary or event sub-process, else an incident)."""

    id: str  # of the open task or the awaited effect
    code: str
    message: str = ""
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deliver:
    """A message for a waiting element."""

    name: str
    key: str | None = None  # correlation key; None matches a subscription without one
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal, heard by every waiting catcher of the instance."""

    name: str
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fire:
    """A timer is due. A timer no longer set is ignored (the Step changes nothing)."""

    timer_id: str


@dataclass(frozen=True, slots=True)
class Return:
    """退回: from an open task back to a user task completed earlier on this round's path."""

    task_id: str
    to_element: str
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Jump:
    """自由跳转 (and 直送): from an open task to any node around it. Other live branches end; who may is the caller's to
    ask."""

    task_id: str
    to_element: str
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reopen:
    """撤回: the task just completed opens again; what it opened is superseded. NotNow when a successor was done."""

    task_id: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Try the element of an incident again, after its cause was mended."""

    incident_id: str
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cancel:
    """撤销 / 终止: everything open is cancelled; the instance ends."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Redate:
    """Another calendar of working days (in the environment): timers and due dates that asked it are computed again."""


@dataclass(frozen=True, slots=True)
class Shift:
    """激活: the case stood still since then for so long; timers that were running run out so much later."""

    since: datetime
    by: timedelta


@dataclass(frozen=True, slots=True)
class Amend:
    """更正: variables of the whole case are mended; nothing moves but what a condition over them asks for."""

    variables: Variables = field(default_factory=dict)


Input = (
    Start
    | Complete
    | Answer
    | Throw
    | Deliver
    | Signal
    | Fire
    | Return
    | Jump
    | Reopen
    | Retry
    | Cancel
    | Redate
    | Shift
    | Amend
)


# ---------------------------------------------------------------- what comes out


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A user or manual task that waits for a person."""

    id: str  # unique in the case, stable while the task is open
    element: str  # id in the drawing
    name: str  # the element's name
    kind: str  # "user" or "manual"
    round: int  # 1 for the first entry into this node, 2 for the next …
    form: str | None = None  # zeebe:formDefinition formId
    assignee: str | None = None
    candidate_groups: tuple[str, ...] = ()
    candidate_users: tuple[str, ...] = ()
    due: datetime | None = None  # taskSchedule dueDate, evaluated
    follow_up: datetime | None = None
    priority: int = 50  # 0..100, Camunda's default 50
    headers: Mapping[str, str] = field(default_factory=dict)  # zeebe:taskHeaders
    properties: Mapping[str, str] = field(default_factory=dict)  # zeebe:properties
    variables: Variables = field(default_factory=dict)  # what the form sees (input mappings over the scope)
    instance: int | None = None  # position in a multi-instance, from 1
    scope: str = ""  # id of the sub-process or call activity instance it lives in; "" at the top


@dataclass(frozen=True, slots=True)
class ClosedTask:
    """An open task that no longer waits."""

    id: str
    element: str
    how: str  # "completed", "cancelled" (interrupted, case cancelled), "returned", "jumped", "superseded"
    reason: str = ""  # the element that did it, or the Cancel's reason


@dataclass(frozen=True, slots=True)
class Effect:
    """What a service or send task wants done outside. The caller writes it as a row; a worker does it later."""

    id: str  # unique in the case: the same step always gives the same id
    element: str
    name: str
    kind: str  # zeebe:taskDefinition type, or "message" for a message thrown
    arguments: Variables = field(default_factory=dict)  # input mappings, evaluated
    headers: Mapping[str, str] = field(default_factory=dict)
    awaited: bool = False  # True: the element waits for Answer or Throw with this id


@dataclass(frozen=True, slots=True)
class Timer:
    """A due time the instance waits for."""

    id: str
    element: str
    due: datetime  # aware UTC
    kind: str = "duration"  # "date", "duration" or "cycle"


@dataclass(frozen=True, slots=True)
class Redated:
    """A timer or a task's date that a Redate has moved."""

    id: str  # of the timer or the open task
    element: str
    name: str
    what: str  # "timer", "due" or "follow-up"
    before: datetime | None  # None: the calendar did not know the year yet
    after: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """A message or signal the instance waits for."""

    id: str
    element: str
    kind: str  # "message" or "signal"
    name: str
    key: str | None = None  # correlation key, evaluated


@dataclass(frozen=True, slots=True)
class Incident:
    """Something in the diagram could not go on. The instance is kept; a person mends the cause and retries."""

    id: str
    element: str
    name: str
    code: str  # "uncaught-error", "expression", "decision", "no-flow", "limit" …
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was evaluated, with the rules that hit: stored with the case."""

    element: str
    decision: str
    rules: tuple[Mapping[str, Any], ...]
    result: Any


@dataclass(frozen=True, slots=True)
class Step:
    """Everything one input changed."""

    state: bytes  # the instance without its definition; deterministic: same input, same bytes
    finished: bool
    variables: Variables  # of the top scope, after the step
    open_tasks: tuple[OpenTask, ...] = ()  # all that wait now, in order of opening
    opened: tuple[OpenTask, ...] = ()  # new in this step
    closed: tuple[ClosedTask, ...] = ()
    effects: tuple[Effect, ...] = ()  # new in this step
    timers: tuple[Timer, ...] = ()  # all that are set now
    timers_set: tuple[Timer, ...] = ()
    timers_cleared: tuple[str, ...] = ()  # ids
    subscriptions: tuple[Subscription, ...] = ()  # all that wait now
    awaited: tuple[tuple[str, str], ...] = ()  # (effect id, element) of every effect whose answer is awaited now
    incidents: tuple[Incident, ...] = ()  # all that are open now
    decisions: tuple[Decided, ...] = ()  # evaluated in this step
    redated: tuple[Redated, ...] = ()  # moved by this step's Redate
    trace: tuple[str, ...] = ()  # ids of the elements completed in this step, in order
    flows: tuple[str, ...] = ()  # ids of the sequence flows taken in this step, in order


# ---------------------------------------------------------------- another version of the drawing


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why an instance cannot go on under another version."""

    code: str  # gone, kind, scope, loop, enough, join, effect, call, undo, expression, key, past
    element: str  # where
    name: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Note:
    """What whoever has it moved should know, though it hinders nothing."""

    code: str  # passed, listens, deaf, date, condition, who
    element: str
    name: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Moved:
    """An instance under another version of its drawing. Its step opens and closes nothing; timers of events that are
    new or no more are set and cleared."""

    step: Step | None  # None: something hinders
    hindrances: tuple[Hindrance, ...] = ()
    notes: tuple[Note, ...] = ()
    lacks: frozenset[str] = frozenset()  # names that are new, read ahead, and set by nothing but perhaps a form ahead
    forms: frozenset[str] = frozenset()  # the forms that lie ahead
