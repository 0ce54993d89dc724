"""延期由谁批准: whose word the regime of a case wants. Whoever handles an order does not give themselves more time."""

from __future__ import annotations

from engine.people.actor import Actor
from engine.store.models import Case

#: The head of the county, as its government (行政许可法 42).
GOVERNMENT = "government"
#: The head of the unit that dispatched the order, not of the one that handles it (W4).
DISPATCHER = "dispatcher"


def gives_word(actor: Actor, approver: str, case: Case) -> bool:
    """Whether theirs is the word; of any other role a head of the office that handles it, or one above, gives it."""
    if approver == GOVERNMENT:
        return actor.supervises(None)
    return actor.supervises(case.unit_id if approver == DISPATCHER else case.office_id)
