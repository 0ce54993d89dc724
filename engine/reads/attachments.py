"""Papers and files, for whoever may have them; and the public check of a paper's code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import crypto
from engine.errors import NotFound, NotNow
from engine.people import Actor, masks, may
from engine.reads.case_page import require_seen, seen
from engine.records import documents, files, papers, sheets
from engine.store import Work
from engine.store.models import Case, Document, File


@dataclass(frozen=True, slots=True)
class Opened:
    """A file's bytes, ready to be sent."""

    name: str
    type: str
    data: bytes
    sha256: str
    document_id: int | None = None  # the paper it is
    case_id: int | None = None  # of the paper


def paper(work: Work, document_id: int, *, actor: Actor) -> Opened:
    """The PDF of a document. NotNow while it is being made."""
    return opened(work, _had(work, document_id, actor))


def spreadsheet(work: Work, document_id: int, *, actor: Actor) -> Opened:
    """The same as a spreadsheet, for a paper that says it is one too: made from the facts that its PDF prints."""
    row = _had(work, document_id, actor)
    pdf = opened(work, row)  # the two are to be had together
    _, kind = documents.as_issued(work, row)
    if not kind.sheet:
        raise NotFound("这份文书没有表格。", "This document is no spreadsheet.")
    data = sheets.write(kind.tables(row.facts))
    return Opened(
        f"{pdf.name.removesuffix('.pdf')}.xlsx", sheets.TYPE, data, crypto.fingerprint(data), row.id, row.case_id
    )


def _had(work: Work, document_id: int, actor: Actor) -> Document:
    row = work.session.get(Document, document_id)
    case = work.session.get(Case, row.case_id) if row is not None and row.case_id else None
    if row is None or case is None or (not row.public and actor.kind != "staff"):
        raise NotFound("没有这份文书，或您不能查看。", "There is no such document you may see.")
    if not may(actor, "see", row, case=case):
        require_seen(work, case, actor)
    return row


def opened(work: Work, row: Document) -> Opened:
    """The file of a paper that the reader may have. NotNow: void, not made yet, or failed."""
    if row.state == "void":
        raise NotNow("这份文书已作废。", "This document is void.")
    if row.state == "failed":
        raise NotNow(
            "这份文书没有生成成功，大厅正在处理，办好后可以在这里打开。",
            "This document could not be made; the hall is working on it, and it opens here when it is done.",
        )
    if row.state != "ready" or row.file_id is None:
        raise NotNow("文书正在生成，请稍等几秒再打开。", "The document is being made: try again in a few seconds.")
    file = work.session.get(File, row.file_id)
    assert file is not None
    name = f"{row.title}{row.number or ''}.pdf"
    return Opened(name, file.type, files.read(work, file), file.sha256, row.id, row.case_id)


def attachment(work: Work, file_id: int, *, actor: Actor) -> Opened:
    """A file by its own number: one somebody handed in for whoever may see the case, and for its owner until it is of a
    case; the PDF of a paper for whoever may have that paper. To have sent it is no reason to read on: a clerk leaves, a
    bond ends. NotFound in the very words for a number that is not there."""
    row = work.session.get(File, file_id)
    if row is None:
        raise NotFound("没有这个文件。", "There is no such file.")
    papers_of = list(work.session.scalars(select(Document.id).where(Document.file_id == file_id).order_by(Document.id)))
    if papers_of:
        return paper(work, papers_of[0], actor=actor)
    if row.field.startswith("paper:"):  # of a paper that was made again: only the newest is the paper
        raise NotFound("没有这个文件。", "There is no such file.")
    case = work.session.get(Case, row.case_id) if row.case_id else None
    theirs = case is None and actor.id is not None and row.owner_id == actor.id
    if not theirs and (case is None or not seen(work, case, actor)):
        raise NotFound("没有这个文件。", "There is no such file.")
    return Opened(row.name, row.type, files.read(work, row), row.sha256)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a stranger learns from a check code: enough to know a paper is ours, and nothing about anybody."""

    title: str
    number: str | None
    person: str  # masked
    organ: str
    issued_at: datetime
    state: str  # pending, failed, ready, void; replaced: a newer one of its kind took its place
    sha256: str | None
    check_code: str
    by_number: str = ""  # of the one that replaced it
    reason: str = ""  # why it is void


def verify(work: Work, typed: str) -> Verified:
    """The paper behind a check code; NotFound when there is none."""
    code = papers.codes.read_check_code(typed)
    row = work.session.scalar(select(Document).where(Document.check_code == code))
    if row is None:
        raise NotFound("没有查到这份文书，请核对查验码。", "There is no document with this code.")
    return _verified(work, row)


def same_file(work: Work, sha256: str) -> Verified | None:
    """The paper that is this very file, byte for byte; None when none of ours is."""
    row = work.session.scalar(select(Document).where(Document.sha256 == sha256).limit(1))
    return _verified(work, row) if row is not None else None


def _verified(work: Work, row: Document) -> Verified:
    facts = row.facts or {}
    organ = str((facts.get("organ") or {}).get("name", ""))
    newer = _newer(work, row)
    again = _issued_again(work, row) if row.state == "void" else None
    return Verified(
        row.title,
        row.number,
        _people(facts),
        organ,
        row.issued_at,
        "replaced" if newer is not None else row.state,
        row.sha256,
        row.check_code,
        next((one.number or one.check_code for one in (newer, again) if one is not None), ""),
        row.void_reason if row.state == "void" else "",
    )


def _issued_again(work: Work, row: Document) -> Document | None:
    """The paper that was issued in the place of a void one."""
    found = work.session.scalar(select(Document).where(Document.key == documents.again_key(row.key)))
    return found if found is not None and found.state != "void" else None


def _newer(work: Work, row: Document) -> Document | None:
    """The valid paper that replaced this one, when its kind is one of which the newest counts."""
    kind = papers.library().kinds.get(row.kind)
    if row.state != "ready" or row.case_id is None or kind is None or not kind.replaces:
        return None
    return work.session.scalar(
        select(Document)
        .where(
            Document.case_id == row.case_id, Document.kind == row.kind, Document.id > row.id, Document.state != "void"
        )
        .order_by(Document.id.desc())
        .limit(1)
    )


def _people(facts: Mapping[str, Any]) -> str:
    """Whom a paper is for, masked: a person, or every party of a dispute."""
    for role in ("applicant", "principal", "recipient", "resident", "volunteer"):
        name = (facts.get(role) or {}).get("name")
        if name:
            return masks.name(str(name))
    return "、".join(masks.name(str(one.get("name", ""))) for one in facts.get("parties") or [])
