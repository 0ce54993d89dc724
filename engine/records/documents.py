"""Documents (文书): issued in the transaction of the step that wants them, rendered by a job afterwards.

What a paper says is frozen when it is issued: number, check code and facts. Rendering is a pure function of them, so a
crash between the two loses nothing, and rendering twice gives the same paper.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from engine import matters
from engine.errors import NotFound, NotNow
from engine.people import Actor
from engine.people.units import Place
from engine.records import audit, counters, files, jobs, library, papers
from engine.store import Work, fresh
from engine.store.models import Case, Document
from engine.workdays import local_date


def kind_of(package: matters.Package | None, key: str) -> tuple[str, papers.PaperKind]:
    """(template's place, the kind) of a paper: the matter's own file first, then the shared ones."""
    shared = _library()
    if package is not None:
        own = f"forms/{package.name}/{key}.html"
        if own in package.files:
            return own, shared.read(package.files[own].decode(), own)
    return f"shared:{key}", shared.kind(key)


#: The shared papers are looked at for changes at most this often: looking costs sixty file stats.
FRESH_S = 5.0
_read: dict[Path, tuple[float, papers.Library]] = {}


def _library() -> papers.Library:
    forms = papers.folder()
    kept = _read.get(forms)
    if kept is None or time.monotonic() - kept[0] > FRESH_S:
        kept = _read[forms] = (time.monotonic(), papers.library())
    return kept[1]


def issue(
    work: Work,
    kind: str,
    facts: Mapping[str, Any],
    *,
    key: str,
    organ: Place,
    by: Actor,
    now: datetime,
    case: Case | None = None,
    during: Case | None = None,
    package: matters.Package | None = None,
) -> Document:
    """Give a paper its number and freeze its facts. MissingFacts names what it cannot do without.

    `during`: whose step issued a paper that is not that case's own; that it was issued stands in its history.
    `key` says what asked for it: asked for twice, it is issued once (the database refuses the second).
    """
    template, paper = kind_of(package, kind)
    number: str | None = None
    frozen = dict(facts)
    if paper.series:
        year = local_date(now).year
        word = organ.word or organ.name
        n = counters.take(work, f"paper:{word}{paper.series}:{year}")
        number = paper.number(word, year, n)
    frozen["paper"] = {**dict(frozen.get("paper") or {}), "number": number, "title": paper.title}
    paper.check(frozen)
    row = fresh(
        Document,
        case_id=case.id if case is not None else None,
        unit_id=organ.id,
        key=key,
        kind=kind,
        title=paper.title,
        number=number,
        check_code=papers.codes.check_code(secrets.token_bytes(10)),
        template=template,
        version_hash=package.version if package is not None else None,
        state="pending",
        facts=frozen,
        public=paper.audience != "file",
        issued_at=now,
    )
    work.session.add(row)
    jobs.put(work, jobs.Kind.RENDER_PAPER, f"render:{key}", {"key": key}, now=now, case_id=row.case_id)
    audit.record(
        work,
        audit.Kind.DOCUMENT_ISSUED,
        by=by,
        now=now,
        case=case or during,
        facts={"kind": kind, "number": number, "check_code": row.check_code},
        later=True,
    )
    return row


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document to be rendered: all that rendering needs."""

    id: int
    case_id: int | None
    key: str
    kind: papers.PaperKind
    text: str  # of a matter's own paper file, or the key of a shared kind
    facts: Mapping[str, Any]
    check_code: str
    issued_at: datetime
    number: str | None


def waiting(work: Work, key: str) -> Waiting | None:
    """The pending document asked for under this key; None when it is rendered or void already."""
    row = work.session.scalar(select(Document).where(Document.key == key))
    if row is None:
        raise NotFound(f"没有文书 {key}。", f"There is no document {key}.")
    if row.state not in ("pending", "failed"):
        return None
    text, kind = as_issued(work, row)
    return Waiting(row.id, row.case_id, row.key, kind, text, row.facts, row.check_code, row.issued_at, row.number)


def as_issued(work: Work, row: Document) -> tuple[str, papers.PaperKind]:
    """(the text of a matter's own paper file, or the key of a shared kind; the kind) of a paper that was issued."""
    if row.template.startswith("shared:"):
        key = row.template.removeprefix("shared:")
        return key, papers.library().kind(key)
    assert row.version_hash is not None
    text = library.version(work, row.version_hash).files[row.template].decode()
    return text, papers.library().read(text, row.template)


def rendered(work: Work, one: Waiting, pdf: bytes, *, by: Actor, now: datetime) -> None:
    """Keep the file of a paper. Once: a second rendering of the same paper changes nothing."""
    # The case first, as every command does: two papers of one case are kept at the same moment.
    case = work.session.get(Case, one.case_id, with_for_update=True) if one.case_id is not None else None
    row = work.session.get(Document, one.id, with_for_update=True)
    if row is None or row.state not in ("pending", "failed"):
        return
    file = files.store(
        work, pdf, f"{row.title}.pdf", "application/pdf", now=now, case_id=row.case_id, field=f"paper:{row.kind}"
    )
    row.state, row.file_id, row.sha256, row.rendered_at = "ready", file.id, file.sha256, now
    audit.record(
        work,
        audit.Kind.DOCUMENT_RENDERED,
        by=by,
        now=now,
        case=case,
        facts={"document": row.id, "sha256": file.sha256},
    )


def again_key(key: str) -> str:
    """What asks for the paper that takes the place of the one issued under this key."""
    return f"{key}:again"


def void(work: Work, document_id: int, reason: str, *, by: Actor, now: datetime) -> None:
    """Take a paper back. Its number stays used."""
    row = work.session.get(Document, document_id)
    if row is None:
        raise NotFound("没有这份文书。", "There is no such document.")
    case = work.session.get(Case, row.case_id, with_for_update=True) if row.case_id is not None else None
    work.session.refresh(row, with_for_update=True)
    if row.state == "void":
        raise NotNow("这份文书已经作废。", "Expected a valid document, but it is void already.")
    row.state, row.voided_at, row.void_reason = "void", now, reason[:200]
    audit.record(work, audit.Kind.DOCUMENT_VOIDED, by=by, now=now, case=case, facts={"document": row.id})


def of_key(work: Work, key: str) -> Document | None:
    """The paper that was asked for under this key."""
    return work.session.scalar(select(Document).where(Document.key == key))


def of_keys(work: Work, keys: Collection[str]) -> dict[str, Document]:
    """The same of several, by one statement; none for none."""
    rows = work.session.scalars(select(Document).where(Document.key.in_(keys))) if keys else ()
    return {one.key: one for one in rows}


def forget(work: Work, key: str, *, by: Actor, now: datetime) -> None:
    """What a paper says of people goes, when their data are kept no longer: its facts, and the file with it. That it
    was issued, and its hash, stay."""
    row = of_key(work, key)
    if row is None:
        return
    if row.state != "void":
        void(work, row.id, "保存期满，已清除", by=by, now=now)
    file_id, row.file_id, row.facts = (
        row.file_id,
        None,
        {"organ": {"name": (row.facts.get("organ") or {}).get("name", "")}},
    )
    work.session.flush()
    if file_id is not None:
        files.remove(work, file_id)


def give_up(work: Work, key: str) -> None:
    """Its rendering failed for good; an incident says why."""
    work.session.execute(
        update(Document).where(Document.key == key, Document.state == "pending").values(state="failed")
    )
