"""The name of a case's applicant for somebody else than them: a person's is masked; a unit, in whose name the hall
began a case by itself (德化县), is no person."""

from __future__ import annotations

from engine.people import masks, units
from engine.store import Work
from engine.store.models import Case


def shown(work: Work, case: Case) -> str:
    """The unit's name whole, else the person's masked."""
    name = case.applicant_name
    ours = case.channel == "system" and any(place.name == name for place in units.tree(work))
    return name if ours else masks.name(name)
