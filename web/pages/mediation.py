"""说事评理 on the pages: what is shown beside the steps, and what mediators and parties do there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import mediation
from engine.commands.effects import mediators
from engine.errors import FieldError, Invalid
from engine.forms import dig
from engine.people import masks
from engine.reads import case_page
from engine.reads import mediation as reads
from engine.reads.case_page import CasePage
from web import edge, sentences
from web.edge import guard
from web.language import english

pages = Blueprint("mediation", __name__)

#: The forms beside which something is shown, and what.
CHOOSING, PLANNING, SIGNING = "tiaojie-choose", "tiaojie-schedule", ("tiaojie-sign", "tiaojie-seal")
PLACES = ("村部", "当事人家中", "现场")
MINUTES = ((60, "一小时"), (90, "一个半小时"), (120, "两小时"), (180, "三小时"))


def beside(page: CasePage) -> dict[str, Any]:
    """What the clerk's page of a case with parties shows beside the steps; empty for any other case."""
    row = reads.mediated(edge.work(), page.id)
    if row is None:
        return {"parties": [], "mediated": None}
    work, actor, now = edge.work(), edge.actor(), edge.now()
    form = page.desk.form_id if page.desk is not None else ""
    plans = form == PLANNING or "move" in page.can
    return {
        "parties": [str(p["name"]) for p in reads.parties(row)],
        "mediated": {
            "people": reads.indexed(work, page.id),
            "mediators": reads.chosen(row),
            "planning": form == PLANNING,
            "doubts": reads.neutrality(work, page.id, actor=actor),
            "notes": reads.notes(work, page.id, actor=actor),
            "meetings": reads.met(work, page.id),
            "states": {k: _(v) for k, v in reads.STATES.items()},
            "candidates": reads.candidates(work, row, actor=actor) if form == CHOOSING else [],
            "free": reads.free_times(work, row, now=now) if plans else [],
            "places": [*(name for name, _free in reads.free_times(work, row, now=now)), *PLACES] if plans else [],
            "minutes": [(n, _(words)) for n, words in MINUTES],
            "session": dict(dig(row.answers or {}, "session") or {}),
            "agreement": agreement(row.answers or {}) if form in SIGNING else None,
            "is_mediator": any(p.post == "mediator" for p in actor.positions),
            "ties": [(k, _(v)) for k, v in mediators.KINDS.items()],
        },
    }


def agreement(answers: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is being signed, in the order of the paper."""
    found = answers.get("agreement")
    if not isinstance(found, dict):
        return None
    terms = [str(t.get("text") or "") for t in found.get("terms") or () if isinstance(t, dict)]
    return {**{k: found.get(k) or "" for k in ("facts", "issues", "responsibility", "way", "due_on")}, "terms": terms}


def to_sign(page: CasePage) -> dict[str, Any] | None:
    """The agreement, when the step that waits for this reader is to sign it."""
    row = reads.mediated(edge.work(), page.id) if page.desk is not None and page.desk.form_id in SIGNING else None
    return agreement(row.answers or {}) if row is not None else None


def resident_part(page: CasePage) -> dict[str, Any]:
    """A party's case: who the sides are, who leads it, when they meet, and how long they may still go to court."""
    row = reads.mediated(edge.work(), page.id)
    if row is None:
        return {"mediation": None, "sides": [_limit(one) for one in page.sides]}
    me = edge.actor().id
    people = reads.indexed(edge.work(), page.id)
    return {
        "mediation": {
            "people": [(p.side, p.name if p.user_id == me and me else masks.name(p.name)) for p in people],
            "mediators": reads.chosen(row) if page.status == "running" or page.status == "finished" else [],
            "meetings": reads.met(edge.work(), page.id),
            "states": {k: _(v) for k, v in reads.STATES.items()},
            "refuse": "refuse" in page.can,
            "object": "object" in page.can and bool(reads.chosen(row)),
        },
        "sides": [_limit(one) for one in page.sides],
    }


def _limit(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "limit": one.limit.en() if english() else one.limit.zh(),
        "source": one.source,
        "due_on": one.due_on,
        "remaining": one.remaining,
        "used": one.used,
        "state": one.state,
        "start": one.start,
        "days": [{"day": d.date, "counts": d.counts, "kind": d.kind, "name": d.name} for d in one.days],
    }


def _page(number: str) -> CasePage:
    return case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())


# ---------------------------------------------------------------- mediators


@pages.post("/desk/cases/<number>/meeting")
@guard("staff")
def move(number: str) -> ResponseReturnValue:
    """改期: the new time and place are taken before the old are let go."""
    given = {k: request.form.get(k, "")[:80] for k in ("when", "place", "minutes")}
    page = _page(number)
    mediation.move(edge.work(), page.id, given, by=edge.actor(), now=edge.now())
    flash(_("已改期，各方都收到了新的时间地点。"))
    return redirect(url_for("desk.case", number=number))


@pages.post("/desk/cases/<number>/objection")
@guard("staff")
def objected(number: str) -> ResponseReturnValue:
    """A party said to the mediator that they want another."""
    page = _page(number)
    mediation.object_to(
        edge.work(),
        page.id,
        whom=request.form.get("whom", ""),
        reason=request.form.get("reason", ""),
        party=request.form.get("party", ""),
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("已登记异议，请重新选定调解员。"))
    return redirect(url_for("desk.case", number=number))


@pages.post("/desk/cases/<number>/tie")
@guard("staff")
def tie(number: str) -> ResponseReturnValue:
    """申报关系: how I am close to a party."""
    page = _page(number)
    n = request.form.get("party", type=int)
    if n is None:
        raise Invalid([FieldError("party", _("当事人"), "请选当事人。", "Choose a party.")])
    mediators.declare(edge.work(), page.id, n, request.form.get("kind", ""), by=edge.actor(), now=edge.now())
    flash(_("已申报。选调解员时会提醒，以后的办件也一样。"))
    return redirect(url_for("desk.case", number=number) + "#notes")


# ---------------------------------------------------------------- parties


@pages.get("/mine/<number>/say")
@guard("resident")
def say(number: str) -> ResponseReturnValue:
    """Ask for another mediator, or say that one does not want to go on."""
    page = _page(number)
    return _say(page)


def _say(page: CasePage, wrong: tuple[FieldError, ...] = (), reason: str = "") -> str:
    return render_template(
        "resident/mediation_say.html",
        number=page.number,
        matter_name=page.title,
        part=resident_part(page)["mediation"],
        wrong=wrong,
        reason=reason,
        where=sentences.where(page.where),
        tab="resident.mine",
    )


@pages.post("/mine/<number>/objection")
@guard("resident")
def my_objection(number: str) -> ResponseReturnValue:
    page, reason = _page(number), request.form.get("reason", "")[:300]
    try:
        mediation.object_to(
            edge.work(), page.id, whom=request.form.get("whom", ""), reason=reason, by=edge.actor(), now=edge.now()
        )
    except Invalid as error:
        return _say(page, tuple(error.fields), reason), 422
    flash(_("收到了。会重新选定调解员，再和您联系。"))
    return redirect(url_for("resident.case", number=number))


@pages.post("/mine/<number>/refusal")
@guard("resident")
def my_refusal(number: str) -> ResponseReturnValue:
    mediation.refuse(edge.work(), _page(number).id, "", by=edge.actor(), now=edge.now())
    flash(_("已登记。调解会停下来，会书面告诉您还能走哪些途径。"))
    return redirect(url_for("resident.case", number=number))
