"""One event definition, ready to run: its references resolved, its texts parsed."""

from __future__ import annotations

from typing import Any

from engine.process.language.model import EventDefinition
from engine.process.language.texts import Text, text


class Trigger:
    """One event definition with its references resolved and its texts parsed."""

    __slots__ = ("any", "code", "condition", "definition", "key", "kind", "name", "target", "timer", "wait_for")

    def __init__(self, definition: EventDefinition, names: Any) -> None:
        self.definition = definition
        self.kind = definition.kind
        self.name: Text | None = None
        self.key: Text | None = None
        self.code: str | None = None
        self.any = False  # it names an error or escalation that has no code: when caught, it takes every code
        self.condition: Text | None = None
        self.timer: Text | None = None
        self.target = definition.ref
        self.wait_for = definition.wait_for_completion
        if self.kind == "message":
            message = names.message(definition.ref, definition.operation)
            self.name = text(message.name or message.id) if message else text(definition.ref or "")
            self.key = text(message.correlation_key) if message else None
        elif self.kind == "signal":
            signal = names.signal(definition.ref)
            self.name = text(signal.name or signal.id) if signal else text(definition.ref or "")
        elif self.kind == "error":
            error = names.error(definition.ref)
            self.code = error.code or error.name or error.id if error else definition.ref
            self.any = error is not None and error.code is None
        elif self.kind == "escalation":
            escalation = names.escalation(definition.ref)
            self.code = escalation.code or escalation.name or escalation.id if escalation else definition.ref
            self.any = escalation is not None and escalation.code is None
        elif self.kind == "conditional":
            self.condition = text(definition.text, always_feel=True)
        elif self.kind == "timer":
            self.timer = text(definition.text)

    def meets(self, code: str | None) -> bool:
        """Whether this error or escalation event catches the code. Without a code of its own it catches all."""
        return self.code is None or self.any or self.code == code
