"""Schedules 定期: turns that are due are opened, runs begin cases, operators pause, resume and run by hand."""

from engine.commands.schedules.each import go_on, leave_out, one_ended, retry
from engine.commands.schedules.operating import pause, resume, run_now
from engine.commands.schedules.runs import begin, begin_run, give_up, of_unit
from engine.commands.schedules.turns import open_due

__all__ = [
    "begin",
    "begin_run",
    "give_up",
    "go_on",
    "leave_out",
    "of_unit",
    "one_ended",
    "open_due",
    "pause",
    "resume",
    "retry",
    "run_now",
]
