"""What an audit administrator does: has the whole record verified, which itself is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from engine.people import Actor, require
from engine.records import audit, inspection
from engine.records.audit import Fault, Verdict
from engine.store import Database


def verify(database: Database, outside: Path | None = None, *, by: Actor, now: datetime) -> Verdict:
    """核验: every event, chain and seal, the anchor and the one `outside`, cases, papers, files, looks behind masks.
    What was found. It takes minutes in a large hall: nobody who writes waits for it."""
    require(by, "audit")
    with database.reading() as work:
        found = inspection.inspect(work, outside, now=now)
    facts = {"events": found.events, "seals": found.seals, "faults": len(found.faults)}
    try:
        with database.unit_of_work() as work:
            audit.record(work, audit.Kind.AUDITED, by=by, now=now, facts=facts)
    except Exception as error:  # of a database that is whole, a fault of ours; of a damaged one, a finding more
        if not found.faults:
            raise
        kind = type(error).__name__
        zh, en = f"这次核验记不进去（{kind}）", f"that it was verified could not be recorded ({kind})"
        found = replace(found, faults=(*found.faults, Fault("hall.audited", zh, en)))
    return found
