"""Bookable time (预约): opening rules -> slots, and the policy of booking. Pure: no database, no clock.

A resource may be a window (窗口), a duty clerk, a room, a session of a course, a seat. They differ in data only:
when it opens (`Opening`), how many fit (`public`, `staff`), which days (`days`).
"""

from engine.booking.policy import (
    LIVE,
    Block,
    Past,
    Policy,
    Warned,
    block_for,
    check_cancel,
    check_new,
    hold_until,
    load_policy,
    refuse_blocked,
    reminders,
)
from engine.booking.slots import Closure, Opening, Slot, slots

__all__ = [
    "LIVE",
    "Block",
    "Closure",
    "Opening",
    "Past",
    "Policy",
    "Slot",
    "Warned",
    "block_for",
    "check_cancel",
    "check_new",
    "hold_until",
    "load_policy",
    "refuse_blocked",
    "reminders",
    "slots",
]
