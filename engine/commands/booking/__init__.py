"""Appointments (预约): every write to bookings, slots, rosters and the waiting list. One verb, one function."""

from engine.commands.appointments import policy_of
from engine.commands.booking.book import STATES, cancel, change, confirm, hold, stop_waiting, sweep, wait
from engine.commands.booking.counter import call, check_in, miss, miss_if_over, serve, walk_in
from engine.commands.booking.office import (
    Hit,
    ask_review,
    close,
    local,
    opening,
    preview_closing,
    publish,
    review,
    roster,
    unroster,
)
from engine.reads.knowing import Person

__all__ = [
    "STATES",
    "Hit",
    "Person",
    "ask_review",
    "call",
    "cancel",
    "change",
    "check_in",
    "close",
    "confirm",
    "hold",
    "local",
    "miss",
    "miss_if_over",
    "opening",
    "policy_of",
    "preview_closing",
    "publish",
    "review",
    "roster",
    "serve",
    "stop_waiting",
    "sweep",
    "unroster",
    "wait",
    "walk_in",
]
