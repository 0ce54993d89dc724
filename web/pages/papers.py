"""Papers and files at a link, and the public page that says whether a paper is genuine."""

from __future__ import annotations

import io
from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from engine.errors import NotFound, NotNow, Refused
from engine.people import may
from engine.records import audit, files
from engine.records.papers import codes
from engine.store.models import Case, Document, File, Task
from web import edge, throttle
from web.edge import guard
from web.problems import sentence

pages = Blueprint("papers", __name__)


def _send(data: bytes, kind: str, name: str) -> Response:
    response = send_file(io.BytesIO(data), mimetype=kind, max_age=0)
    # Pictures and PDF may be looked at in the browser; all else is only saved, so that no page of theirs runs as ours.
    shown = kind in ("application/pdf", "image/jpeg", "image/png", "image/webp", "image/gif")
    manner = "inline" if shown else "attachment"
    response.headers["Content-Disposition"] = f"{manner}; filename*=UTF-8''{quote(name)}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    if kind == "application/pdf":
        response.headers["Content-Security-Policy"] = "default-src 'none'; object-src 'self'; frame-ancestors 'none'"
    return response


@pages.get("/papers/<int:document_id>.pdf")
@guard("signed-in", writes=True)
def pdf(document_id: int) -> ResponseReturnValue:
    """A paper, for those who may see it. That it was read is recorded."""
    work, actor = edge.work(), edge.actor()
    document = work.session.get(Document, document_id)
    case = work.session.get(Case, document.case_id) if document is not None and document.case_id else None
    if document is None or not _may_read(document, case):
        raise NotFound("没有这份文书，或它不是给您的。", "There is no such paper, or it is not yours.")
    if document.state == "void":
        raise NotNow(f"这份文书已作废：{document.void_reason}", "This paper is void.")
    if document.file_id is None:
        raise NotNow("文书正在生成，请过一分钟再打开。", "The paper is being made: open it again in a minute.")
    file = work.session.get(File, document.file_id)
    assert file is not None
    audit.record(work, audit.Kind.DOCUMENT_READ, by=actor, now=edge.now(), case=case, facts={"document": document.id})
    return _send(files.read(work, file), "application/pdf", f"{document.title}.pdf")


def _may_read(document: Document, case: Case | None) -> bool:
    actor = edge.actor()
    if may(actor, "see", document, case=case):
        return True
    return case is not None and actor.kind == "staff" and _has_task(case)


def _has_task(case: Case) -> bool:
    tasks = edge.work().session.scalars(select(Task).where(Task.case_id == case.id))
    return any(may(edge.actor(), "see", t, case=case) for t in tasks)


@pages.get("/files/<int:file_id>")
@guard("signed-in")
def file(file_id: int) -> ResponseReturnValue:
    """A file handed in, for its sender and for those who may see its case."""
    work, actor = edge.work(), edge.actor()
    found = work.session.get(File, file_id)
    case = work.session.get(Case, found.case_id) if found is not None and found.case_id else None
    if found is None or (
        found.owner_id != actor.id and (case is None or not (may(actor, "see", case) or _has_task(case)))
    ):
        raise NotFound("没有这个文件，或它不归您看。", "There is no such file, or it is not yours to see.")
    return _send(files.read(work, found), found.type, found.name or "file")


@pages.get("/v")
@guard("anyone")
def ask() -> ResponseReturnValue:
    return render_template("resident/verify.html", found=None, code="", wrong="")


@pages.post("/v")
@guard("anyone")
def typed() -> ResponseReturnValue:
    return redirect(url_for("papers.verify", code=request.form.get("code", "").strip()[:40] or "-"))


@pages.get("/v/<code>")
@guard("anyone", alone=True)
def verify(code: str) -> ResponseReturnValue:
    """Whether a paper with this code is genuine: its kind, number, day and hash. Nobody's name."""
    throttle.count("verify")
    facts, wrong = None, ""
    try:
        wanted = codes.read_check_code(code)
    except Refused as error:
        wanted, wrong = "", sentence(error)
    with edge.hall().database.reading() as work:
        found = work.session.scalar(select(Document).where(Document.check_code == wanted)) if wanted else None
        if found is not None:
            facts = {
                "title": found.title,
                "number": found.number or "",
                "issued_at": found.issued_at,
                "state": found.state,
                "sha256": found.sha256 or "",
                "code": found.check_code,
            }
        elif not wrong:
            wrong = _(
                "没有查到这个查验码。请对照文书再输一次；还是查不到，这份文书可能不是本大厅开出的，请打大厅电话。"
            )
    return render_template("resident/verify.html", found=facts, code=code[:40], wrong=wrong), 200 if facts else 404
