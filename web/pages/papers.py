"""Papers and files at a link, and the public page that says whether a paper is genuine."""

from __future__ import annotations

import io
from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import crypto
from engine.commands import cases
from engine.errors import NotFound, Refused
from engine.reads import attachments
from engine.records.papers import signing
from web import edge, throttle
from web.edge import guard
from web.language import english
from web.problems import sentence

pages = Blueprint("papers", __name__)


def send_opened(opened: attachments.Opened) -> Response:
    response = send_file(io.BytesIO(opened.data), mimetype=opened.type, max_age=0)
    # Pictures and PDF may be looked at in the browser; all else is only saved, so that no page of theirs runs as ours.
    shown = opened.type in ("application/pdf", "image/jpeg", "image/png", "image/webp", "image/gif")
    manner = "inline" if shown else "attachment"
    response.headers["Content-Disposition"] = f"{manner}; filename*=UTF-8''{quote(opened.name or 'file')}"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; object-src 'self'; frame-ancestors 'none'"
        if opened.type == "application/pdf"
        else "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    return response


@pages.get("/papers/<int:document_id>.pdf")
@guard("signed-in", writes=True)
def pdf(document_id: int) -> ResponseReturnValue:
    """A paper, for those who may have it. That it was read is recorded."""
    return send_opened(cases.open_paper(edge.work(), document_id, by=edge.actor(), now=edge.now()))


@pages.get("/papers/<int:document_id>.xlsx")
@guard("signed-in", writes=True)
def spreadsheet(document_id: int) -> ResponseReturnValue:
    """The same as a spreadsheet, for those who may have the paper."""
    return send_opened(cases.open_sheet(edge.work(), document_id, by=edge.actor(), now=edge.now()))


@pages.get("/files/<int:file_id>")
@guard("signed-in", writes=True)
def file(file_id: int) -> ResponseReturnValue:
    """A file handed in, for its sender and for those who may see its case; a paper, for those who may have it."""
    return send_opened(cases.open_file(edge.work(), file_id, by=edge.actor(), now=edge.now()))


@pages.get("/v")
@guard("anyone")
def ask() -> ResponseReturnValue:
    return render_template("resident/verify.html", found=None, code="", wrong="", same=None, has="")


@pages.post("/v")
@guard("anyone")
def typed() -> ResponseReturnValue:
    return redirect(url_for("papers.verify", code=request.form.get("code", "").strip()[:40] or "-"))


@pages.get("/v/<code>")
@pages.get("/verify/<code>")
@guard("anyone", alone=True)
def verify(code: str) -> ResponseReturnValue:
    """Whether a paper with this code is genuine: its kind, number, day and hash. Nobody's name."""
    throttle.count("verify")
    found, wrong = None, ""
    try:
        with edge.hall().database.reading() as work:
            found = attachments.verify(work, code)
    except NotFound:
        wrong = _("没有查到这个查验码。请对照文书再输一次；还是查不到，这份文书可能不是本大厅开出的，请打大厅电话。")
    except Refused as error:
        wrong = sentence(error)
    page = render_template("resident/verify.html", found=found, code=code[:40], wrong=wrong, same=None, has="")
    return page, 200 if found else 404


@pages.post("/v/file")
@guard("anyone", alone=True, takes="file")
def compare() -> ResponseReturnValue:
    """Whether a PDF somebody was sent is, byte for byte, a paper of ours. The file is read once and not kept."""
    throttle.count("verify")
    sent, code = request.files.get("file"), request.form.get("code", "").strip()[:40]
    found, same, wrong = None, None, ""
    if sent is None or not sent.filename:
        wrong = _("请先选一个 PDF 文件。")
    else:
        digest = crypto.fingerprint(sent.stream)
        with edge.hall().database.reading() as work:
            found = attachments.same_file(work, digest)
            same = found is not None
            if code:
                try:
                    asked = attachments.verify(work, code)
                    found, same = asked, asked.sha256 == digest
                except Refused as error:
                    wrong, found, same = sentence(error), None, None
        if not wrong and found is None:
            wrong = _(
                "这个文件和本大厅开出的任何一份文书都不一样：不是本大厅开出的，或者改动过。请用纸上的查验码再查一次。"
            )
    has = ""
    if same and sent is not None:
        sent.stream.seek(0)
        level = signing.level(sent.stream.read())
        has = signing.LEVELS[level][1 if english() else 0] if level else ""
    page = render_template("resident/verify.html", found=found, code=code, wrong=wrong, same=same, has=has)
    return page, 200 if found else 404
