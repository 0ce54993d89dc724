"""BPMN as a pure function. The only room that imports SpiffWorkflow.

definition = load({"process.bpmn": data}, decisions={...})
step = start(definition, Start({...}), now=now)
step = advance(definition, step.state, Complete(task_id, {...}), now=now)
"""

from __future__ import annotations

from engine.process.lint import check
from engine.process.load import CannotRun, load
from engine.process.machine.back import returnable
from engine.process.machine.definition import Definition
from engine.process.machine.matching import Matched, Pair, alike_in, behind, match
from engine.process.machine.starts import StartTrigger, start_triggers
from engine.process.play import Result, World, to_start
from engine.process.run import advance, move, start, waiting
from engine.process.step import (
    Amend,
    Answer,
    Cancel,
    ClosedTask,
    Complete,
    Decided,
    Deliver,
    Effect,
    Fire,
    Hindrance,
    Incident,
    Input,
    Jump,
    Moved,
    Note,
    OpenTask,
    Redate,
    Redated,
    Reopen,
    Retry,
    Return,
    Shift,
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
    "Hindrance",
    "Incident",
    "Input",
    "Jump",
    "Matched",
    "Moved",
    "Note",
    "Pair",
    "OpenTask",
    "Amend",
    "Redate",
    "Shift",
    "Redated",
    "Reopen",
    "Result",
    "Retry",
    "Return",
    "Signal",
    "Start",
    "StartTrigger",
    "Step",
    "Subscription",
    "Throw",
    "Timer",
    "Variables",
    "World",
    "advance",
    "alike_in",
    "behind",
    "check",
    "load",
    "match",
    "move",
    "returnable",
    "start",
    "start_triggers",
    "to_start",
    "waiting",
]
