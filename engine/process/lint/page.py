"""What every family of rules writes on: one file with what is known around it, and the findings so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lxml import etree

from engine.findings import Finding, Severity
from engine.process.language import model as m
from engine.process.language.dialect import words
from engine.process.language.effects import EffectKind


class Thing(Protocol):
    """What a finding can be about."""

    @property
    def id(self) -> str: ...

    @property
    def line(self) -> int: ...


@dataclass(frozen=True)
class Known:
    """What exists around the file. None: not known, so nothing is said about what may be missing."""

    processes: Mapping[str, m.Process] = field(default_factory=dict)
    global_tasks: frozenset[str] = frozenset()
    forms: Mapping[str, frozenset[str] | None] | None = None  # form id -> the keys it sets; None: keys not known
    decisions: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    effects: Mapping[str, EffectKind] | None = None
    variables: frozenset[str] | None = None  # set before the process starts
    diagrams: tuple[m.Diagram, ...] = ()  # all files of this check: they are deployed together


def label(thing: Any) -> tuple[str, str]:
    """A thing in words: 用户任务「审核」(Task_1), user task "review" (Task_1)."""
    kind = getattr(thing, "kind", "")
    if isinstance(thing, m.Flow):
        kind = "sequenceFlow"
    elif isinstance(thing, m.MessageFlow):
        kind = "messageFlow"
    elif isinstance(thing, m.Participant):
        kind = "participant"
    elif isinstance(thing, m.Lane):
        kind = "lane"
    elif isinstance(thing, m.Association):
        kind = "association"
    elif isinstance(thing, (m.Message, m.Signal, m.Error, m.Escalation)):
        kind = type(thing).__name__.lower()
    zh, en = words(kind)
    if (
        isinstance(thing, m.Scope)
        and thing.triggered_by_event
        or (isinstance(thing, m.Node) and thing.scope is not None and thing.scope.triggered_by_event)
    ):
        zh, en = "事件子流程", "event sub-process"
    name = getattr(thing, "name", "")
    return (
        (f"{zh}「{name}」({thing.id})", f'{en} "{name}" ({thing.id})')
        if name
        else (f"{zh}({thing.id})", f"{en} ({thing.id})")
    )


class Page:
    """One file under the eyes of the linter."""

    def __init__(self, file: str, root: Any, diagram: m.Diagram, known: Known) -> None:
        self.file = file
        self.root = root
        self.diagram = diagram
        self.known = known
        self.findings: list[Finding] = []
        self.softened = False  # True inside a process that is drawn but not run
        self.ids = {i for i in (e.get("id") for e in root.iter(etree.Element)) if i}
        self.process_of = {n.id: p for p in diagram.processes for _, n in p.walk()}

    def message(self, id: str | None) -> m.Message | None:
        """A message of this file, or of another deployed with it."""
        return next((found for d in self._all() if (found := d.message_by_id.get(id or ""))), None)

    def signal(self, id: str | None) -> m.Signal | None:
        return next((found for d in self._all() if (found := d.signal_by_id.get(id or ""))), None)

    def thrown_error(self, id: str | None) -> m.Error | None:
        return next((found for d in self._all() if (found := d.error_by_id.get(id or ""))), None)

    def escalation(self, id: str | None) -> m.Escalation | None:
        return next((found for d in self._all() if (found := d.escalation_by_id.get(id or ""))), None)

    def operation_message(self, operation: str | None) -> str | None:
        """The message an operation takes in: what an event or task with only an operationRef means."""
        if operation is None:
            return None
        return next(
            (o.in_message for d in self._all() for o in d.operations if o.id == operation and o.in_message), None
        )

    def _all(self) -> tuple[m.Diagram, ...]:
        return (self.diagram, *(d for d in self.known.diagrams if d is not self.diagram))

    def error(self, rule: str, thing: Thing | None, zh: str, en: str, line: int = 0) -> None:
        """It cannot run right. The sentence follows the thing's label; it says what is wrong and what to do."""
        self.say("warning" if self.softened else "error", rule, thing, zh, en, line)

    def warn(self, rule: str, thing: Thing | None, zh: str, en: str, line: int = 0) -> None:
        """It runs; look again."""
        self.say("warning", rule, thing, zh, en, line)

    def say(self, severity: Severity, rule: str, thing: Thing | None, zh: str, en: str, line: int) -> None:
        if thing is None:
            self.findings.append(Finding(self.file, "", "", line, rule, severity, zh, en[:1].upper() + en[1:]))
            return
        in_zh, in_en = label(thing)
        in_en = f"{in_en} {en}"
        self.findings.append(
            Finding(
                self.file,
                thing.id,
                getattr(thing, "name", ""),
                line or thing.line,
                rule,
                severity,
                in_zh + zh,
                in_en[:1].upper() + in_en[1:],
            )
        )


def unnamed_message(page: Page, node: m.Node, id: str, line: int = 0) -> None:
    """The engine falls back on the id; a person who sends the message would not know it."""
    page.warn(
        "message-without-name",
        node,
        f"的消息“{id}”没有名字，只能按 id 送达。请填写消息名。",
        f'has a message "{id}" without a name; only its id reaches it. Name the message.',
        line,
    )


def operation_only(page: Page, node: m.Node, line: int = 0) -> None:
    """BPMN 2.0 asks an executable process for a messageRef (10.5.5); the operation's message is taken."""
    page.warn(
        "message-by-operation",
        node,
        "没有指定消息，取操作（operationRef）的输入消息。请直接选择消息。",
        "names no message; the input message of its operation is taken. Choose the message itself.",
        line,
    )


def listed(names: Iterable[str], most: int = 6) -> str:
    """Names in one line, not too many."""
    names = list(names)
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")
