"""保存期限: what will be erased, for heads and who runs the hall; keeping a case back (保全)."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.commands.hall.erasing import AT
from engine.errors import FieldError, Invalid, NotYours
from engine.matters.keeping import house
from engine.people import administrators
from engine.reads import case_page
from engine.reads import keeping as reads
from web import edge
from web.edge import guard
from web.pages.desk import pages


@pages.get("/retention", endpoint="retention")
@guard("staff")
def preview() -> ResponseReturnValue:
    """How many, of which matters, the oldest; which of them, for their heads."""
    if not {"supervisor", *administrators.ROLES} & edge.actor().roles:
        raise NotYours("这一页给负责人和管理员看。", "This page is for heads and administrators.")
    found = reads.preview(edge.work(), edge.actor(), now=edge.now())
    return render_template("staff/retention.html", found=found, house=house(), days=reads.AHEAD.days, at=f"{AT:%H:%M}")


@pages.get("/cases/<number>/hold")
@guard("supervisor")
def asking_hold(number: str) -> ResponseReturnValue:
    return _shown(number)


def _shown(number: str, wrong: tuple[FieldError, ...] = ()) -> str:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    case_page.must_direct(edge.work(), page.id, actor=edge.actor())
    hold = reads.hold_of(edge.work(), page.id, now=edge.now())
    sent = {name: request.form.get(name, "") for name in ("reason", "until_on")}
    return render_template("staff/hold.html", page=page, hold=hold, wrong=wrong, sent=sent)


@pages.post("/cases/<number>/hold")
@guard("supervisor")
def hold(number: str) -> ResponseReturnValue:
    """保全, until a day."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    try:
        cases.hold(
            edge.work(),
            page.id,
            request.form.get("reason", "")[:500],
            _day(request.form.get("until_on", "")),
            by=edge.actor(),
            now=edge.now(),
        )
    except Invalid as error:
        return _shown(number, tuple(error.fields)), 422
    flash(_("已保全，到期以前不会清除。"))
    return redirect(url_for("desk.case", number=number))


@pages.post("/cases/<number>/let-go")
@guard("supervisor")
def let_go(number: str) -> ResponseReturnValue:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    cases.let_go(edge.work(), page.id, by=edge.actor(), now=edge.now())
    flash(_("已解除保全，按保存期限办。"))
    return redirect(url_for("desk.case", number=number))


def _day(said: str) -> date | None:
    try:
        return edge.day(said.strip())
    except ValueError:
        return None
