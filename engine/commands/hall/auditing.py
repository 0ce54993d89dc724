"""What an audit administrator does: has the whole record verified, which itself is recorded."""

from __future__ import annotations

from datetime import datetime

from engine.people import Actor, require
from engine.records import audit, inspection
from engine.store import Work


def verify(work: Work, *, by: Actor, now: datetime) -> audit.Verdict:
    """核验: every event, chain and seal, the anchor, cases, papers, files, looks behind masks. What was found."""
    require(by, "audit")
    found = inspection.inspect(work, None)
    facts = {"events": found.events, "seals": found.seals, "faults": len(found.faults)}
    audit.record(work, audit.Kind.AUDITED, by=by, now=now, facts=facts)
    return found
