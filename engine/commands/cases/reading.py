"""Opening a paper or a file, looking behind a mask: who may is decided by the reads, and that it was done is recorded
(RULES Y1)."""

from __future__ import annotations

from datetime import datetime

from engine.commands import readings
from engine.commands.cases.finding import find_case
from engine.commands.cases.looking_at_many import look
from engine.errors import NotFound
from engine.people import Actor, require
from engine.reads import attachments, reveals
from engine.reads.case_page import CasePage
from engine.records import audit
from engine.store import Work
from engine.store.models import Case


def open_paper(work: Work, document_id: int, *, by: Actor, now: datetime) -> attachments.Opened:
    """A paper, by its own number."""
    return _recorded(work, attachments.paper(work, document_id, actor=by), by, now)


def open_sheet(work: Work, document_id: int, *, by: Actor, now: datetime) -> attachments.Opened:
    """The spreadsheet of a paper, by the paper's own number."""
    return _recorded(work, attachments.spreadsheet(work, document_id, actor=by), by, now)


def open_file(work: Work, file_id: int, *, by: Actor, now: datetime) -> attachments.Opened:
    """A file. One that is the PDF of a paper is that paper, whatever address asks for it."""
    return _recorded(work, attachments.attachment(work, file_id, actor=by), by, now)


def _recorded(work: Work, opened: attachments.Opened, by: Actor, now: datetime) -> attachments.Opened:
    if opened.document_id is not None:
        case = work.session.get(Case, opened.case_id) if opened.case_id is not None else None
        facts = {"document": opened.document_id}
        audit.record(work, audit.Kind.DOCUMENT_READ, by=by, now=now, case=case, facts=facts)
        if case is not None and case.restricted:
            readings.note(work, case, reveals.PAPER, opened.name, by=by, now=now)
    return opened


def open_case(work: Work, page: CasePage, *, by: Actor, now: datetime) -> None:
    """Somebody of the hall opens the page of a case: of a restricted one it is kept what for, once a day for each
    purpose, and shown to the person it is about (个人信息保护法 51)."""
    case = work.session.get(Case, page.id)
    if case is not None and case.restricted and not page.mine:
        readings.note(work, case, reveals.CASE, page.desk.name if page.desk is not None else "", by=by, now=now)


def reveal(work: Work, case_id: int, field: str, purpose: str, words: str, *, by: Actor, now: datetime) -> str:
    """What is behind a mask: `name`, `phone` or `id_number` of the applicant.

    `purpose` is one of reveals.PURPOSES, `words` says what for in this case. Both are kept, and shown to the applicant
    and to the head. So many an hour and no more (TooMany).
    """
    case = find_case(work, case_id)
    require(by, "reveal", case)
    values = {"name": case.applicant_name, "phone": case.applicant_phone, "id_number": case.applicant_id_number}
    if field not in values:
        raise NotFound("没有这一项。", f"There is no field {field!r}.")
    look(work, field, purpose, words, case=case, by=by, now=now)
    work.session.flush()
    return values[field] or ""
