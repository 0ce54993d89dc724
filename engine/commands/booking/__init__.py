"""Appointments (预约): every write to bookings, slots, rosters and the waiting list. One verb, one function."""

from engine.commands.appointments import policy_of
from engine.commands.booking.answering import answer
from engine.commands.booking.book import STATES, cancel, change, confirm, hold, stop_waiting, sweep, wait
from engine.commands.booking.bringing import bring, nobody
from engine.commands.booking.claim import book as take_place
from engine.commands.booking.claim import known_person
from engine.commands.booking.closing import Hit, close, move_offer, preview_closing
from engine.commands.booking.closing import call_off as close_offer
from engine.commands.booking.counter import call, check_in, miss, miss_if_over, serve, walk_in
from engine.commands.booking.naming import give_name
from engine.commands.booking.office import (
    ask_review,
    local,
    opening_of,
    publish,
    publish_ahead,
    review,
    roster,
    unroster,
)
from engine.commands.booking.opening import add_places, establish
from engine.commands.booking.opening import open_ as open_offer
from engine.commands.booking.recalling import recall
from engine.commands.booking.roll import Listed, Rolled, told
from engine.commands.booking.roll import book as roll
from engine.commands.booking.settling import sheet
from engine.commands.booking.signing import arrive, depart
from engine.commands.booking.signing import leave as check_out
from engine.commands.booking.standing import add as add_day
from engine.commands.booking.standing import change_day, order
from engine.commands.booking.standing import end as end_order
from engine.commands.booking.standing import skip as skip_day
from engine.commands.booking.teams import leave as leave_team
from engine.reads.knowing import Person

__all__ = [
    "STATES",
    "Hit",
    "Listed",
    "Person",
    "Rolled",
    "bring",
    "nobody",
    "recall",
    "add_day",
    "add_places",
    "answer",
    "change_day",
    "arrive",
    "check_out",
    "depart",
    "end_order",
    "give_name",
    "order",
    "roll",
    "sheet",
    "skip_day",
    "told",
    "ask_review",
    "take_place",
    "call",
    "cancel",
    "change",
    "check_in",
    "close",
    "close_offer",
    "confirm",
    "establish",
    "hold",
    "known_person",
    "leave_team",
    "local",
    "miss",
    "miss_if_over",
    "move_offer",
    "open_offer",
    "opening_of",
    "policy_of",
    "preview_closing",
    "publish",
    "publish_ahead",
    "review",
    "roster",
    "serve",
    "stop_waiting",
    "sweep",
    "unroster",
    "wait",
    "walk_in",
]
