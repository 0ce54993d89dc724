"""更正: a supervisor voids a wrong paper, issues it again, or corrects an applicant's name or number; always with
why."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.errors import Invalid, NotFound, NotYours
from engine.reads import case_page
from web import edge
from web.edge import guard

pages = Blueprint("mending", __name__, url_prefix="/desk/cases/<number>")


def _page(number: str) -> Any:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    if "supervise" not in page.can:  # the commands refuse it too; nobody fills in a form for nothing
        raise NotYours("只有承办单位的负责人可以更正。", "Only a head of the office in charge may correct it.")
    return page


def _paper(page: Any, document_id: int) -> Any:
    found = next((one for one in page.papers if one.id == document_id), None)
    if found is None:
        raise NotFound("这个办件没有这份文书。", "This case has no such document.")
    return found


@pages.get("/papers/<int:document_id>/mend")
@guard("supervisor")
def paper(number: str, document_id: int) -> ResponseReturnValue:
    page = _page(number)
    sent = {"reason": "", "what": "again"}
    return render_template("staff/mend_paper.html", case=page, paper=_paper(page, document_id), sent=sent, wrong=())


@pages.post("/papers/<int:document_id>/mend")
@guard("supervisor")
def mend(number: str, document_id: int) -> ResponseReturnValue:
    """作废, or 作废并重新签发."""
    page = _page(number)
    one = _paper(page, document_id)
    reason, again = request.form.get("reason", "")[:200], request.form.get("what") != "void"
    verb = cases.reissue_paper if again else cases.void_paper
    try:
        verb(edge.work(), one.id, reason, by=edge.actor(), now=edge.now())
    except Invalid as error:
        sent = {"reason": reason, "what": "again" if again else "void"}
        shown = render_template("staff/mend_paper.html", case=page, paper=one, sent=sent, wrong=error.fields)
        return shown, 422
    flash(_("已作废并重新签发。") if again else _("已作废。"))
    return redirect(url_for("desk.case", number=number) + "#papers")


@pages.get("/correct")
@guard("supervisor")
def applicant(number: str) -> ResponseReturnValue:
    sent = dict.fromkeys(("name", "id_number", "phone", "reason"), "")
    return render_template("staff/correct.html", case=_page(number), sent=sent, wrong=())


@pages.post("/correct")
@guard("supervisor")
def correct(number: str) -> ResponseReturnValue:
    """更正申请人: what is left empty stays as it is."""
    page = _page(number)
    sent = {key: request.form.get(key, "").strip()[:80] for key in ("name", "id_number", "phone")}
    reason = request.form.get("reason", "")[:200]
    given = {key: value for key, value in sent.items() if value}
    try:
        cases.correct_applicant(edge.work(), page.id, given, reason, by=edge.actor(), now=edge.now())
    except Invalid as error:
        shown = render_template("staff/correct.html", case=page, sent={**sent, "reason": reason}, wrong=error.fields)
        return shown, 422
    flash(_("已更正；没有手写签名的文书已经重新签发。"))
    return redirect(url_for("desk.case", number=number) + "#papers")
