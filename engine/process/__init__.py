"""BPMN as a pure function. The only room that imports SpiffWorkflow.

definition = load({"process.bpmn": data}, decisions={...})
step = start(definition, Start({...}), now=now)
step = advance(definition, step.state, Complete(task_id, {...}), now=now)
"""

from __future__ import annotations

from .definition import CannotRun, Definition, load
from .run import advance, start
from .step import (
    Answer,
    Cancel,
    ClosedTask,
    Complete,
    Decided,
    Deliver,
    Effect,
    Fire,
    Incident,
    Input,
    OpenTask,
    Reopen,
    Retry,
    Return,
    Signal,
    Start,
    Step,
    Subscription,
    Throw,
    Timer,
    Variables,
)

__all__ = [
    "Answer",
    "Cancel",
    "CannotRun",
    "ClosedTask",
    "Complete",
    "Decided",
    "Definition",
    "Deliver",
    "Effect",
    "Fire",
    "Incident",
    "Input",
    "OpenTask",
    "Reopen",
    "Retry",
    "Return",
    "Signal",
    "Start",
    "Step",
    "Subscription",
    "Throw",
    "Timer",
    "Variables",
    "advance",
    "load",
    "start",
]
