"""借还: what the desk does, what people do for themselves, and what falls due."""

from engine.commands.loans.desk import Lent, lend, lose, recall, renew, take_back
from engine.commands.loans.due import ask_to_look
from engine.commands.loans.own import cancel, reserve

__all__ = ["Lent", "ask_to_look", "cancel", "lend", "lose", "recall", "renew", "reserve", "take_back"]
