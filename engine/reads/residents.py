"""What a resident's own account knows of them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.people import Actor
from engine.store import Work
from engine.store.models import User


@dataclass(frozen=True, slots=True)
class Own:
    """A person's own data, for their own eyes: laid into forms so that nothing is asked twice."""

    name: str
    phone: str | None
    id_number: str | None


def own(work: Work, actor: Actor) -> Own:
    """The actor's own data."""
    row = work.session.get_one(User, actor.id)
    return Own(row.name, row.phone, row.id_number)
