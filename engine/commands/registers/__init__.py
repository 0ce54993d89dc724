"""Registers by hand: entries added and changed by those their register names as writers, and looked behind a mask."""

from engine.commands.registers.editing import add, change, set_state
from engine.commands.registers.keeping import ask_to_keep
from engine.commands.registers.looking import reveal
from engine.commands.registers.sheets import import_sheet, plan, take_out, template

__all__ = ["add", "ask_to_keep", "import_sheet", "change", "plan", "reveal", "set_state", "take_out", "template"]
