"""请假代理 and 离职移交: when I am away and who acts for me; for whom I act; ended early. Heads set it for their people
too."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import absences
from engine.commands.hall import handover as handovers
from engine.errors import FieldError, Invalid, NotNow
from engine.reads import absences as reads
from engine.reads import colleagues
from engine.records import library
from engine.workdays import ZONE
from web import edge
from web.edge import guard
from web.language import english
from web.problems import sentence

pages = Blueprint("absences", __name__, url_prefix="/desk/absences")

_SENT = ("user", "agent", "from", "until", "which", "reason")


@pages.get("")
@guard("staff")
def mine() -> ResponseReturnValue:
    """Mine, those I stand in for, and a form for the next."""
    return _page()


@pages.post("")
@guard("staff")
def take() -> ResponseReturnValue:
    by, now = edge.actor(), edge.now()
    try:
        given = _given()
        absences.take_leave(edge.work(), hall=edge.hall().settings.hall_name, by=by, now=now, **given)
    except Invalid as error:
        return _page(wrong=error.fields), 422
    flash(_("已安排代理，对方收到了通知。"))
    return redirect(url_for("absences.mine"))


@pages.post("/<int:leave_id>/end")
@guard("staff")
def end(leave_id: int) -> ResponseReturnValue:
    absences.end_leave(edge.work(), leave_id, hall=edge.hall().settings.hall_name, by=edge.actor(), now=edge.now())
    flash(_("已提前结束，对方收到了通知。"))
    return redirect(url_for("absences.mine"))


@pages.get("/handover")
@guard("supervisor")
def handover() -> ResponseReturnValue:
    """Everything a person has in hand, to another."""
    return _handover()


@pages.post("/handover")
@guard("supervisor")
def hand_over() -> ResponseReturnValue:
    """First what would go and what would stay; confirmed, exactly that."""
    work, by, now = edge.work(), edge.actor(), edge.now()
    person, to = request.form.get("person", type=edge.whole), request.form.get("to", type=edge.whole)
    wrong = []
    if person is None:
        wrong.append(FieldError("person", _("谁的件"), "请选一个人。", "Choose somebody."))
    if to is None:
        wrong.append(FieldError("to", _("交给谁"), "请选一个人。", "Choose somebody."))
    if wrong or person is None or to is None:
        return _handover(wrong=wrong), 422
    try:
        if not request.form.get("confirmed"):
            return _handover(plan=handovers.plan(work, person, to, by=by, now=now))
        try:
            with work.attempt():
                done = handovers.hand_over(
                    work,
                    person,
                    to,
                    request.form.get("reason", "")[:500],
                    expect=request.form.get("expect", ""),
                    by=by,
                    now=now,
                )
        except NotNow as changed:
            return _handover(plan=handovers.plan(work, person, to, by=by, now=now), stale=sentence(changed)), 409
    except Invalid as error:
        found = None if error.fields[0].field == "to" else handovers.plan(work, person, to, by=by, now=now)
        return _handover(wrong=error.fields, plan=found), 422
    flash(_("已移交 %(n)s 项任务，对方逐项收到了通知。", n=len(done.goes)))
    return redirect(url_for("absences.handover"))


def _handover(plan: Any = None, wrong: Any = (), stale: str = "") -> str:
    work, actor = edge.work(), edge.actor()
    return render_template(
        "staff/handover.html",
        theirs=colleagues.people(work, actor, below=True),
        people=colleagues.people(work, actor, cases=True),
        plan=plan,
        wrong=wrong,
        stale=stale,
        lang=int(english()),
        sent={name: request.values.get(name, "") for name in ("person", "to", "reason")},
    )


def _given() -> dict[str, Any]:
    """What was filled in; Invalid by the field for what cannot be read at all."""
    wrong: list[FieldError] = []
    moments = {}
    for name, label in (("from", _("从什么时候")), ("until", _("到什么时候"))):
        try:
            moments[name] = edge.moment(request.form.get(name, "")).replace(tzinfo=ZONE)
        except ValueError:
            wrong.append(FieldError(name, label, "请填日期和时间。", "Give a day and a time."))
    agent = request.form.get("agent", type=edge.whole)
    if agent is None:
        wrong.append(FieldError("agent", _("由谁代理"), "请选一个人。", "Choose somebody."))
    if wrong:
        raise Invalid(wrong)
    some = request.form.get("which") == "some"
    return {
        "user_id": request.form.get("user", edge.actor().id, type=edge.whole),
        "agent_id": agent,
        "from_at": moments["from"],
        "until_at": moments["until"],
        "matters": request.form.getlist("matters") if some else None,
        "reason": request.form.get("reason", "")[:200],
    }


def _page(wrong: Any = ()) -> str:
    work, actor = edge.work(), edge.actor()
    people = colleagues.people(work, actor, cases=True)
    return render_template(
        "staff/absences.html",
        found=reads.absences(work, actor=actor, now=edge.now()),
        people=people,
        theirs=colleagues.people(work, actor, below=True) if "supervisor" in actor.roles else (),
        matters=[(p.name, p.info.name) for p in library.published(work)],
        wrong=wrong,
        sent={name: request.form.get(name, "") for name in _SENT},
        chosen=request.form.getlist("matters"),
    )
