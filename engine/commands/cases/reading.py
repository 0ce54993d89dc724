"""Opening a paper or a file, looking behind a mask: who may is decided by the reads, and that it was done is recorded
(RULES Y1)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from engine.commands.cases.finding import find_case
from engine.errors import FieldError, Invalid, NotFound
from engine.people import Actor, require
from engine.people.tries import TooMany
from engine.reads import attachments, reveals
from engine.records import audit
from engine.store import Work
from engine.store.models import Case, Reveal

#: Looks behind a mask by one person in an hour: a counter needs a few, a copier of the register needs many.
MOST, WITHIN = 20, timedelta(hours=1)
#: The shortest purpose that says anything.
LEAST_WORDS = 4


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


def reveal(work: Work, case_id: int, field: str, purpose: str, words: str, *, by: Actor, now: datetime) -> str:
    """What is behind a mask: `name`, `phone` or `id_number` of the applicant.

    `purpose` is one of reveals.PURPOSES, `words` says what for in this case. Both are kept, and shown to the applicant
    and to the head. So many an hour and no more (TooMany).
    """
    case = find_case(work, case_id)
    require(by, "reveal", case)
    said = said_why(purpose, words)
    values = {"name": case.applicant_name, "phone": case.applicant_phone, "id_number": case.applicant_id_number}
    if field not in values or by.id is None:
        raise NotFound("没有这一项。", f"There is no field {field!r}.")
    not_too_often(work, by.id, now=now)
    work.session.add(Reveal(by_id=by.id, case_id=case.id, field=field, purpose=said, at=now))
    audit.record(work, audit.Kind.REVEALED, by=by, now=now, case=case, facts={"field": field, "purpose": purpose})
    work.session.flush()
    return values[field] or ""


def said_why(purpose: str, words: str) -> str:
    """Why somebody looks behind a mask, as it is kept. Invalid: no purpose of the list, or too few words."""
    if purpose not in reveals.PURPOSES:
        raise Invalid([FieldError("purpose", "为什么要看", "请选一个用途。", "Choose a purpose.")])
    words = words.strip()
    if len(words) < LEAST_WORDS:
        zh = f"请用至少{LEAST_WORDS}个字写明这次为什么要看。"
        raise Invalid([FieldError("words", "这次的事由", zh, f"Say why, in at least {LEAST_WORDS} characters.")])
    return f"{reveals.PURPOSES[purpose]}：{words}"[:200]


def not_too_often(work: Work, user_id: int, *, now: datetime) -> None:
    """TooMany: they looked behind as many masks in this hour as anybody may."""
    looked = work.session.scalar(select(func.count()).where(Reveal.by_id == user_id, Reveal.at > now - WITHIN)) or 0
    if looked >= MOST:
        raise TooMany(
            f"您这一小时已看了 {looked} 次完整信息，最多 {MOST} 次。请稍后再看；确要成批核对，请找单位负责人。",
            f"You looked behind {looked} masks in this hour and {MOST} are the most: wait, or ask your head.",
        )
