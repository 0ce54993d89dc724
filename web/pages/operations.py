"""运维: what failed and why, what waits, whether the workers live; another try, and a word on a clock."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import operating
from engine.reads import operations as reads
from web import edge, formats, progress
from web.edge import guard
from web.language import english

pages = Blueprint("operations", __name__, url_prefix="/desk/operations")


def open_incidents() -> int | None:
    """The number beside 运维."""
    work = edge.work_or_none()
    return reads.open_incidents(work) if work is not None else None


@pages.get("")
@guard("operator")
def now() -> ResponseReturnValue:
    found = reads.operations(edge.work(), actor=edge.actor(), now=edge.now())
    return render_template(
        "staff/operations.html",
        found=found,
        lasting=formats.lasting,
        lang=int(english()),
        year=progress.year(edge.hall().settings.home),
    )


@pages.post("/incidents/<int:incident_id>/retry")
@guard("operator")
def retry(incident_id: int) -> ResponseReturnValue:
    again = operating.retry(edge.work(), incident_id, by=edge.actor(), now=edge.now())
    if again is not None:
        flash(_("又没有做成：%(why)s", why=reads.cause(edge.work(), again)[int(english())]))
    else:
        flash(_("已重试。要在后台做的，几秒后会有结果；还不行会再出现在这里。"))
    return redirect(url_for("operations.now"))


@pages.post("/clock")
@guard("operator")
def confirm_clock() -> ResponseReturnValue:
    machine = request.form.get("machine", "")[:80]
    operating.confirm_clock(edge.work(), machine, by=edge.actor(), now=edge.now())
    flash(_("已确认 %(machine)s 的时间，后台从下一次心跳起照它办。", machine=machine))
    return redirect(url_for("operations.now"))
