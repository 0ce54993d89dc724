"""保密: somebody gives the number of a confidential case and is told what is told of a number that is not there; the
people of its office read that it was tried."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.errors import Refused
from engine.people import SYSTEM
from engine.records import audit, papers
from engine.store import Work
from engine.store.models import Case


def asked_in_vain(work: Work, number: str, *, now: datetime) -> None:
    """Note it on the case, if this is the number of a confidential one. Nothing of who asked is kept: nobody knows."""
    try:
        wanted = str(papers.numbers.read_case_number(number))
    except Refused:
        return
    case = work.session.scalar(select(Case).where(Case.number == wanted, Case.confidential))
    if case is not None:
        audit.record(work, audit.Kind.CASE_ASKED_ABOUT, by=SYSTEM, now=now, case=case, facts={"how": "track"})
