"""The time-limit ledger: (rules, events, now) -> due, used, colour, and why that day. Pure (RULES T1-T11)."""

from engine.deadlines.before import Before
from engine.deadlines.colours import COLOURS, COLOURS_ZH, Marks, changes, colour, colour_of, shown
from engine.deadlines.escalation import ACTIONS, Firing, Policy
from engine.deadlines.ledger import KINDS, Account, Event, Ledger, Running
from engine.deadlines.regimes import Limit, Regime, Rules, regime, regimes, rules

__all__ = [
    "ACTIONS",
    "COLOURS",
    "COLOURS_ZH",
    "KINDS",
    "Account",
    "Before",
    "Event",
    "Firing",
    "Ledger",
    "Limit",
    "Marks",
    "Policy",
    "Regime",
    "Rules",
    "Running",
    "changes",
    "colour",
    "colour_of",
    "regime",
    "regimes",
    "rules",
    "shown",
]
