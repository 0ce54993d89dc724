"""Tickets (取号): who waits in a hall, and every verb at its windows. One verb, one function.

take -> waiting -> called -> serving -> done
          ^  ^        |  \\-> parked -> (comes back) waiting
          |  \\-- passed on --/   \\-> gone (or the first of the next day, when the hall closes)
"""

from engine.commands.queues.closing import all_tomorrow, tomorrow
from engine.commands.queues.due import ask_to_forget
from engine.commands.queues.places import put as put_halls
from engine.commands.queues.taking import arrived, take, take_for, take_here
from engine.commands.queues.windows import leave, sit
from engine.commands.queues.working import (
    back,
    call,
    call_next,
    done,
    give_up,
    gone,
    park,
    pass_on,
    recall,
    serve,
    to_case,
)
from engine.commands.ticket_rows import STATES

__all__ = [
    "STATES",
    "all_tomorrow",
    "arrived",
    "ask_to_forget",
    "back",
    "call",
    "call_next",
    "done",
    "give_up",
    "gone",
    "leave",
    "park",
    "pass_on",
    "put_halls",
    "recall",
    "serve",
    "sit",
    "take",
    "take_for",
    "take_here",
    "to_case",
    "tomorrow",
]
