"""Opening a paper or a file: who may is decided by the read, and that a paper was read is recorded (RULES Y1)."""

from __future__ import annotations

from datetime import datetime

from engine.people import Actor
from engine.reads import attachments
from engine.records import audit
from engine.store import Work
from engine.store.models import Case


def open_paper(work: Work, document_id: int, *, by: Actor, now: datetime) -> attachments.Opened:
    """A paper, by its own number."""
    return _recorded(work, attachments.paper(work, document_id, actor=by), by, now)


def open_file(work: Work, file_id: int, *, by: Actor, now: datetime) -> attachments.Opened:
    """A file. One that is the PDF of a paper is that paper, whatever address asks for it."""
    return _recorded(work, attachments.attachment(work, file_id, actor=by), by, now)


def _recorded(work: Work, opened: attachments.Opened, by: Actor, now: datetime) -> attachments.Opened:
    if opened.document_id is not None:
        case = work.session.get(Case, opened.case_id) if opened.case_id is not None else None
        facts = {"document": opened.document_id}
        audit.record(work, audit.Kind.DOCUMENT_READ, by=by, now=now, case=case, facts=facts)
    return opened
