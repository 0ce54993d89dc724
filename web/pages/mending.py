"""更正: a supervisor voids a wrong paper, issues it again, or corrects an applicant's name or number; always with
why."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.errors import Invalid, NotFound, NotYours
from engine.reads import case_page
from web import edge
from web.edge import guard

pages = Blueprint("mending", __name__, url_prefix="/desk/cases/<number>")


def _page(number: str) -> case_page.CasePage:
    return case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())


def _theirs(number: str) -> case_page.CasePage:
    """The case, for a head of its office; the command refuses others too, but nobody fills in a form for nothing."""
    page = _page(number)
    if "direct" not in page.can:
        raise NotYours(
            "申请人的信息由承办单位的负责人更正。您可以请承办单位更正。",
            "Its office's head corrects an applicant: ask them to.",
        )
    return page


def _paper(page: case_page.CasePage, document_id: int) -> case_page.Paper:
    """The paper, for a head of the unit that issued it."""
    found = next((one for one in page.papers if one.id == document_id), None)
    if found is None:
        raise NotFound("这个办件没有这份文书。", "This case has no such document.")
    if not found.voids:
        raise NotYours(
            "文书由签发单位的负责人作废、重新签发。您可以请签发单位处理。",
            "The head of the unit that issued a document voids it: ask them to.",
        )
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
    return render_template("staff/correct.html", case=_theirs(number), sent=sent, wrong=())


@pages.post("/correct")
@guard("supervisor")
def correct(number: str) -> ResponseReturnValue:
    """更正申请人: what is left empty stays as it is."""
    page = _theirs(number)
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
