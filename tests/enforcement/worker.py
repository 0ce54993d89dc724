"""A worker process for the tests: `python -m tests.enforcement.worker URL` sweeps until nothing waits.

What it fires is small (an audit event and a row that nothing keeps from being written twice), so that a thousand of
them are quick; that a timer takes the drawing's path is tested with `cases.fire` in test_many_workers.py.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import select

from engine.commands.worker.sweep import sweep
from engine.people import SYSTEM
from engine.records import audit
from engine.store import Work, db
from engine.store.models import Case, Escalation, Timer
from tests.enforcement.hall import at

FAR = at("2090-01-01 00:00")
LEASE = timedelta(seconds=2)


def fire(work: Work, timer: Timer, *, now: datetime, case: Case | None = None) -> object:
    """Leaves two traces a case; a second firing would leave two more."""
    assert case is not None
    audit.record(work, audit.Kind.TIMER_FIRED, by=SYSTEM, now=now, case=case, facts={"element": timer.element})
    facts = {"by": os.getpid()}
    work.session.add(
        Escalation(
            key=f"{case.id}:{uuid4()}", case_id=case.id, step="test", did="test", due_at=now, fired_at=now, facts=facts
        )
    )
    work.session.delete(timer)
    return case


def main(url: str) -> None:
    database = db.connect(url)
    while True:
        if not sweep(database, now=datetime.now(UTC), fire=fire, most=20, lease=LEASE).busy:
            with database.reading() as work:
                if work.session.scalar(select(Timer.id).where(Timer.wake_at < FAR).limit(1)) is None:
                    return
            time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1])
