"""Papers and files, for whoever may have them; and the public check of a paper's code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.errors import NotFound, NotNow
from engine.people import Actor, masks, may, units
from engine.reads.case_page import require_seen
from engine.records import files, papers
from engine.store import Work
from engine.store.models import Case, Document, File


@dataclass(frozen=True, slots=True)
class Opened:
    """A file's bytes, ready to be sent."""

    name: str
    type: str
    data: bytes
    sha256: str


def paper(work: Work, document_id: int, *, actor: Actor) -> Opened:
    """The PDF of a document. NotNow while it is being made."""
    row = work.session.get(Document, document_id)
    case = work.session.get(Case, row.case_id) if row is not None and row.case_id else None
    if row is None or case is None or (not row.public and actor.kind != "staff"):
        raise NotFound("没有这份文书，或您不能查看。", "There is no such document you may see.")
    if not may(actor, "see", row, case=case):
        require_seen(work, case, actor)
    return _file(work, row)


def _file(work: Work, row: Document) -> Opened:
    if row.state == "void":
        raise NotNow("这份文书已作废。", "This document is void.")
    if row.state != "ready" or row.file_id is None:
        raise NotNow("文书正在生成，请稍等几秒再打开。", "The document is being made: try again in a few seconds.")
    file = work.session.get(File, row.file_id)
    assert file is not None
    name = f"{row.title}{row.number or ''}.pdf"
    return Opened(name, file.type, files.read(work, file), file.sha256)


def attachment(work: Work, file_id: int, *, actor: Actor) -> Opened:
    """A file somebody handed in: for its owner, and whoever may see the case."""
    row = work.session.get(File, file_id)
    if row is None:
        raise NotFound("没有这个文件。", "There is no such file.")
    if row.owner_id != actor.id or actor.id is None:
        case = work.session.get(Case, row.case_id) if row.case_id else None
        if case is None:
            raise NotFound("没有这个文件。", "There is no such file.")
        require_seen(work, case, actor)
    return Opened(row.name, row.type, files.read(work, row), row.sha256)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a stranger learns from a check code: enough to know a paper is ours, and nothing about anybody."""

    title: str
    number: str | None
    person: str  # masked
    organ: str
    issued_at: datetime
    state: str
    sha256: str | None


def verify(work: Work, typed: str) -> Verified:
    """The paper behind a check code; NotFound when there is none."""
    code = papers.codes.read_check_code(typed)
    row = work.session.scalar(select(Document).where(Document.check_code == code))
    if row is None:
        raise NotFound("没有查到这份文书，请核对查验码。", "There is no document with this code.")
    facts = row.facts or {}
    person = str((facts.get("applicant") or facts.get("principal") or {}).get("name", ""))
    organ = str((facts.get("organ") or {}).get("name", ""))
    return Verified(row.title, row.number, masks.name(person), organ, row.issued_at, row.state, row.sha256)


def organ_of(work: Work, case: Case) -> str:
    """The deciding office's name."""
    return units.place(work, case.office_id).name
