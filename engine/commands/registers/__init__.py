"""Registers by hand: entries added and changed by those their register names as writers, and looked behind a mask."""

from engine.commands.registers.editing import add, change, set_state
from engine.commands.registers.keeping import ask_to_keep
from engine.commands.registers.looking import reveal

__all__ = ["add", "ask_to_keep", "change", "reveal", "set_state"]
