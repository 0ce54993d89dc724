"""账号: a person's number changes, by themselves or at a counter; two accounts of one person become one, and are put
apart again; a number has another owner by now."""

from engine.commands.accounts.merging import merge, part
from engine.commands.accounts.numbers import (
    ask_at_counter,
    ask_both,
    change,
    change_at_counter,
    prove_at_counter,
)
from engine.commands.accounts.strangers import doubted, given_on

__all__ = [
    "ask_at_counter",
    "ask_both",
    "change",
    "change_at_counter",
    "doubted",
    "given_on",
    "merge",
    "part",
    "prove_at_counter",
]
