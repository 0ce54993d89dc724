"""Verbs of bonds (关系): made at a counter, by a code, by a yes on the phone, by a guardian; ended; asked at a door."""

from engine.commands.bonds.codes import ask, show_code, type_code
from engine.commands.bonds.due import ask_at_midnight, bonds_due
from engine.commands.bonds.ending import decline, end, say_yes, signed_in
from engine.commands.bonds.fetching import Answer, check, fetch_code
from engine.commands.bonds.leading import end_lead, share_lead
from engine.commands.bonds.making import at_counter, by_guardian

__all__ = [
    "Answer",
    "ask",
    "ask_at_midnight",
    "at_counter",
    "bonds_due",
    "by_guardian",
    "check",
    "decline",
    "end",
    "end_lead",
    "fetch_code",
    "say_yes",
    "share_lead",
    "show_code",
    "signed_in",
    "type_code",
]
