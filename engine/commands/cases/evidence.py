"""责任证据包: everything of one case with its proof, for who heads its units; that it was taken is recorded as a look
at all of it."""

from __future__ import annotations

from datetime import datetime

from engine.commands.cases.finding import find_case
from engine.commands.cases.looking_at_many import look
from engine.people import Actor, require
from engine.reads import evidence, reveals
from engine.records import anchors, audit
from engine.store import Database
from engine.store.models import Case


def package(database: Database, case_id: int, purpose: str, words: str, *, by: Actor, now: datetime) -> bytes:
    """The zip. It is recorded and sealed first, so that the package holds that it was taken; then read and packed
    while nobody waits for it."""
    with database.unit_of_work() as work:
        case = find_case(work, case_id)
        require(by, "evidence", case)
        why = look(work, reveals.ALL, purpose, words, case=case, by=by, now=now)
        work.session.flush()
        audit.seal_all(work, now=now)
    with database.reading() as work:
        anchors.keep(work)
        asked = evidence.Asked(by.name, why, now)
        return evidence.package(work, work.session.get_one(Case, case_id), asked)
