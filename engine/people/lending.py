"""The desk of what is lent, as it is judged (engine.people.access asks): the post that serves there, in any unit of the
hall, for what was lent at one desk may be brought back to another (通借通还)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.people.actor import Actor


@dataclass(frozen=True, slots=True)
class LoanDesk:
    """Loans of one kind: their declaration's key, and the post of their desk."""

    key: str
    post: str


def serves(actor: Actor, post: str) -> bool:
    return actor.kind == "staff" and any(p.post == post and p.reads for p in actor.positions_in_all)
