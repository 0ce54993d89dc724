"""县的名单: a county's units, posts, people, halls and what can be booked, as one spreadsheet.

    data = county.template(), county.filled(work)                an empty file; what the hall holds
    plan = county.plan(work, data, by=by, now=now)               what it would change, every fault by its cell
    county.put(work, data, expect=plan.token, by=by, now=now)    exactly that, in this one transaction

The same file twice changes nothing.
"""

from engine.commands.county.doing import filled, plan, put, put_rows, template
from engine.commands.county.looking import Change, Plan
from engine.commands.county.reading import Fault

__all__ = ["Change", "Fault", "Plan", "filled", "plan", "put", "put_rows", "template"]
