"""The agent's desk (代办)."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import forms
from engine.commands import cases
from engine.matters import mandates
from engine.reads import agency
from web import edge, names
from web.edge import guard
from web.language import english
from web.pages.application import sent

pages = Blueprint("services", __name__, url_prefix="/desk")

AUTHORITY = {"ok": "有效", "soon": "快到期", "over": "已到期"}


@pages.get("/carried")
@guard("staff")
def carried() -> ResponseReturnValue:
    """我代办的: the residents I carry."""
    work, actor, now = edge.work(), edge.actor(), edge.now()
    return render_template(
        "staff/carried.html",
        carried=agency.carried(work, actor, now=now),
        unsigned=agency.awaiting_signing(work, actor, now=now),
        authority=AUTHORITY,
    )


@pages.get("/cases/<number>/mandate")
@guard("staff")
def mandate(number: str) -> ResponseReturnValue:
    """委托书: laid before the principal at the visit."""
    case, package = agency.to_sign(edge.work(), number, edge.actor())
    names.about(package)
    return render_template(
        "staff/mandate.html",
        number=case.number,
        principal=case.applicant_name,
        title=package.info.name_en if english() else package.info.name,
        schema=names.schema(forms.browser_schema(mandates.part(package))),
    )


@pages.post("/cases/<number>/mandate")
@guard("staff")
def sign_mandate(number: str) -> ResponseReturnValue:
    """They signed, or gave a finger's mark before a witness."""
    case, _package = agency.to_sign(edge.work(), number, edge.actor())
    cases.sign_mandate(edge.work(), case.id, sent()["answers"], by=edge.actor(), now=edge.now())
    flash(_("委托书签好了，从现在起您可以替他办。授权委托书在“文书”里：他没有手机的，打印一份当面给他。"))
    return jsonify(location=url_for("desk.case", number=number)), 201
