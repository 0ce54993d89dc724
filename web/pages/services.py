"""The services' own pages: the agent's desk (代办), and what a mediator does beside the steps (说事评理)."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import mediation
from engine.reads import agency, case_page
from web import edge
from web.edge import guard

pages = Blueprint("services", __name__, url_prefix="/desk")

AUTHORITY = {"ok": "有效", "soon": "快到期", "over": "已到期", "unsigned": "还没签委托书"}


@pages.get("/carried")
@guard("staff")
def carried() -> ResponseReturnValue:
    """我代办的: the residents I carry."""
    found = agency.carried(edge.work(), edge.actor(), now=edge.now())
    return render_template("staff/carried.html", carried=found, authority=AUTHORITY)


@pages.post("/cases/<number>/notes")
@guard("staff")
def note(number: str) -> ResponseReturnValue:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    mediation.note(
        edge.work(),
        page.id,
        request.form.get("party", ""),
        request.form.get("text", ""),
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("笔记记下了，只有您自己看得到。"))
    return redirect(url_for("desk.case", number=number) + "#notes")


@pages.post("/cases/<number>/refused")
@guard("staff")
def refused(number: str) -> ResponseReturnValue:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    mediation.refuse(edge.work(), page.id, request.form.get("party", ""), by=edge.actor(), now=edge.now())
    flash(_("已登记：一方拒绝调解。请写终止通知。"))
    return redirect(url_for("desk.case", number=number))
