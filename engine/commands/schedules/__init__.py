"""Schedules 定期: turns that are due are opened, runs begin cases, operators pause, resume and run by hand."""

from engine.commands.schedules.operating import pause, resume, run_now
from engine.commands.schedules.runs import begin, begin_run, give_up, of_unit
from engine.commands.schedules.turns import open_due

__all__ = ["begin", "begin_run", "give_up", "of_unit", "open_due", "pause", "resume", "run_now"]
