"""定期: what begins by itself, when, and how it went; pause, resume, run it now. And the for-each of a case."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import schedules as verbs
from engine.reads import case_page
from engine.reads import schedules as reads
from web import edge
from web.edge import guard

pages = Blueprint("schedules", __name__, url_prefix="/desk")


def _reason() -> str:
    return request.form.get("reason", "")[:500]


@pages.get("/schedules")
@guard("staff")
def listed() -> ResponseReturnValue:
    found = reads.listed(edge.work(), actor=edge.actor())
    return render_template("staff/schedules.html", found=found)


@pages.get("/schedules/<int:schedule_id>")
@guard("staff")
def one(schedule_id: int) -> ResponseReturnValue:
    found = reads.page(edge.work(), schedule_id, actor=edge.actor())
    return render_template("staff/schedule.html", found=found, row=found.row, most=reads.MOST)


@pages.post("/schedules/<int:schedule_id>/pause")
@guard("operator")
def pause(schedule_id: int) -> ResponseReturnValue:
    verbs.pause(edge.work(), schedule_id, _reason(), by=edge.actor(), now=edge.now())
    flash(_("已暂停。恢复以前，到期的不会开始，恢复后也不补。"))
    return redirect(url_for("schedules.one", schedule_id=schedule_id))


@pages.post("/schedules/<int:schedule_id>/resume")
@guard("operator")
def resume(schedule_id: int) -> ResponseReturnValue:
    verbs.resume(edge.work(), schedule_id, by=edge.actor(), now=edge.now())
    flash(_("已恢复，从下一次起照常。"))
    return redirect(url_for("schedules.one", schedule_id=schedule_id))


@pages.post("/schedules/<int:schedule_id>/run")
@guard("operator")
def run(schedule_id: int) -> ResponseReturnValue:
    unit = request.form.get("unit", "")[:40]
    made = verbs.run_now(edge.work(), schedule_id, _reason(), unit=unit, by=edge.actor(), now=edge.now())
    flash(_("已经安排了 %(n)s 件，几秒后开始；下一次照常。", n=made))
    return redirect(url_for("schedules.one", schedule_id=schedule_id))


@pages.post("/cases/<number>/each/<int:each_id>/retry")
@guard("staff")
def retry(number: str, each_id: int) -> ResponseReturnValue:
    _seen(number, each_id)
    item = request.form.get("item", type=int)
    made = verbs.retry(edge.work(), each_id, item, by=edge.actor(), now=edge.now())
    flash(_("再办 %(n)s 条，几秒后有结果。", n=made))
    return redirect(url_for("desk.case", number=number))


@pages.post("/cases/<number>/each/<int:each_id>/leave-out")
@guard("staff")
def leave_out(number: str, each_id: int) -> ResponseReturnValue:
    _seen(number, each_id)
    item = request.form.get("item", 0, type=int)
    verbs.leave_out(edge.work(), each_id, item, _reason(), by=edge.actor(), now=edge.now())
    flash(_("这一条不办了，理由已经记下。"))
    return redirect(url_for("desk.case", number=number))


def _seen(number: str, each_id: int) -> None:
    """The case is theirs to see, and the for-each is of this case."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    reads.one_of_case(edge.work(), page.id, each_id)
