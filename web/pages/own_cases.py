"""我的办件: a resident's cases, the receipt, the steps that wait for them, withdrawing, rating."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.errors import FieldError, Invalid, NotNow, NotYours
from engine.matters import corrections
from engine.plain import plain
from engine.reads import bonds, case_list, case_page, inbox
from engine.reads.case_page import CasePage
from engine.reads.history import Step
from engine.records import library
from engine.records.notices import ACCOUNT
from web import edge, formats, names, sentences
from web.edge import guard
from web.language import english
from web.pages import handovers, taking_part, tracking
from web.pages.application import sent
from web.pages.resident import pages

#: How long a change of one's account stands on one's own page: as long as a merge can be undone, and longer.
CHANGES_STAND = timedelta(days=30)


def _when(step: Step) -> tuple[bool, datetime]:
    """What was done stands in the order in which it was done, and what is not yet comes last: steps that several
    offices have at once are done in another order than they began."""
    return step.ended_at is None, step.ended_at or step.opened_at


def _shown(page: CasePage) -> dict[str, Any]:
    """A resident's case in plain words."""
    running = page.status in ("running", "suspended")
    live = [t for t in page.tasks if t.state != "ended"]
    due_at = page.account.leading.due_at if running and page.account.leading else None
    return {
        "number": page.number,
        "version": page.version,
        "matter_name": page.title,
        "bundle": page.bundle,
        "where": sentences.where(page.where),
        "who": _("、").join(dict.fromkeys(_whose(t, page) for t in live)) if running else "",
        "next": _("、").join(dict.fromkeys(t.name for t in live)),
        "until": formats.due(due_at) if due_at else "",
        "due_at": due_at,
        "colour": page.colour,
        "correcting": _correcting(page),
        "outcome": sentences.outcome(page.outcome) if not running else "",
        "office": page.office,
        "phone": page.office_phone or edge.hall().settings.hall_phone,
        "todo": [(page.desk.task_id, page.desk.name), *page.desk.beside] if page.desk else [],
        "steps": [
            {"name": t.name, "state": "done" if t.state == "ended" else "now", "words": sentences.step(t)}
            for t in sorted(page.tasks, key=_when)
            if t.ended not in ("CANCELLED", "SUPERSEDED")
        ],
        "papers": [
            {
                "id": p.id,
                "title": p.title,
                "number": p.number or "",
                "issued_at": p.issued_at,
                "state": p.state,
            }
            for p in page.papers
            if p.state != "void"
        ],
        "answers": page.answers,
        "reveals": page.reveals,
        "withdraw": "withdraw" in page.can,
        "agent": page.agent,
        "sent_by": next((_("%(who)s 替 %(name)s", who=r.who, name=r.for_whom) for r in page.record if r.for_whom), ""),
        "rate": "rate" in page.can and page.status == "finished",
        "rated": _(dict(sentences.LEVELS)[page.rated]) if page.rated else "",
    }


def _whose(step: Step, page: CasePage) -> str:
    """Who has a step: a unit; of a step of people themselves you, or who acts for you, or the applicant."""
    if step.unit:
        return step.unit
    if page.desk is not None and page.desk.task_id == step.id:
        return _("您自己")
    return step.holder or _("申请人")


def _correcting(page: CasePage) -> dict[str, Any] | None:
    """What was asked to be mended: each item, where it is answered or brought, and until when in the words of the
    notice."""
    asked, desk = page.correcting, page.desk
    if asked is None:
        return None
    fields: list[tuple[str, str]] = []
    package, note = library.version(edge.work(), page.version_hash), ""
    if desk is not None and desk.form_id:
        form = package.form(desk.form_id)
        fields = [(path, field.label) for path, field in form.walk() if field.label]
        note = next((field.label for _path, field in form.walk() if field.type == "textarea" and field.label), "")
    labels = dict(fields)
    contact = package.info.contact
    return {
        "note": note,  # where what no question is about is written
        "where": contact.where or page.office,
        "items": [
            {**item.to_json(), "field": path, "label": labels.get(path, "")}
            for item in asked.items
            for path in (corrections.answered_in(item, fields),)
        ],
        "until": formats.day(asked.until),
        "day": asked.until,
    }


def _page(number: str) -> CasePage:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    names.about(library.version(edge.work(), page.version_hash))
    return page


@pages.get("/receipt/<number>")
@guard("resident")
def receipt(number: str) -> ResponseReturnValue:
    page = _page(number)
    return render_template(
        "resident/receipt.html",
        case=_shown(page),
        qr=tracking.qr_of(page.number),
        told=[  # at once, when it came in; what is told later stands on the case's own page
            (en if english() else "") or zh
            for at, channel, zh, en in page.notices
            if channel == "screen" and at <= page.received_at + timedelta(minutes=1)
        ],
        tab="resident.mine",
    )


@pages.get("/mine")
@guard("resident")
def mine() -> ResponseReturnValue:
    work, actor = edge.work(), edge.actor()
    found = case_list.mine(edge.work(), edge.actor(), now=edge.now(), limit=100)
    of_others = bonds.names_of(work, actor, [c.id for c in found])
    changed = inbox.notices_for(work, actor, now=edge.now(), limit=3, kind=ACCOUNT, since=edge.now() - CHANGES_STAND)
    return render_template(
        "resident/mine.html",
        changed=[{"text": (one.text_en if english() else "") or one.text, "at": one.at} for one in changed],
        cases=[
            {
                "number": c.number,
                "matter_name": c.title,
                "status": sentences.status(c.status, c.outcome)
                if c.finished_at
                else c.stage or sentences.status(c.status),
                "for_name": of_others.get(c.id, ""),
                "ended": c.finished_at is not None,
            }
            for c in found
        ],
        tab="resident.mine",
    )


@pages.get("/mine/<number>")
@guard("resident")
def case(number: str) -> ResponseReturnValue:
    page = _page(number)
    return render_template(
        "resident/case.html",
        case={**_shown(page), **taking_part.resident_part(page)},
        chains=handovers.chains(page.id),
        says=sentences.status,
        tab="resident.mine",
    )


@pages.get("/mine/task/<int:task_id>")
@guard("resident", writes=True)
def task(task_id: int) -> ResponseReturnValue:
    """A step that waits for the resident: a correction, a confirmation."""
    page = case_page.of_task(edge.work(), task_id, actor=edge.actor(), now=edge.now())
    names.about(library.version(edge.work(), page.version_hash))
    desk = page.desk
    if desk is None or desk.task_id != task_id:
        if any(t.id == task_id and t.state != "ended" for t in page.tasks):
            raise NotYours("这一步等着别人办，您只能看。", "This step is somebody else's: you may only see the case.")
        raise NotNow("这一步已经办过了，谢谢。", "This step is done already. Thank you.")
    cases.mark_seen(edge.work(), task_id, by=edge.actor(), now=edge.now())
    due_at = next((t.due_at for t in page.tasks if t.id == task_id), None)
    return render_template(
        "resident/task.html",
        task={
            "id": desk.task_id,
            "version": desk.version,
            "name": desk.name,
            "number": page.number,
            "matter_name": page.title,
            "until": formats.due(due_at) if due_at else "",
        },
        correcting=_correcting(page),
        schema=names.schema(desk.schema or names.EMPTY_FORM),
        answers=plain(dict(desk.data)),
        shown=desk.shown,
        notes=desk.notes,
        came=sentences.came,
        tab="resident.mine",
    )


@pages.post("/mine/task/<int:task_id>")
@guard("resident")
def complete(task_id: int) -> ResponseReturnValue:
    body = sent()
    done = cases.complete(
        edge.work(), task_id, body["answers"], version=_version(body), by=edge.actor(), now=edge.now()
    )
    flash(_("已经提交，谢谢。"))
    return jsonify(location=url_for("resident.case", number=done.case.number))


@pages.post("/mine/task/<int:task_id>/question")
@guard("resident", writes=False)
def question(task_id: int) -> ResponseReturnValue:
    """What is wrong so far, while the person goes from one question to the next. Nothing is stored."""
    case_page.look_over(edge.work(), task_id, sent()["answers"], actor=edge.actor(), now=edge.now())
    return jsonify({})


def _version(body: dict[str, Any]) -> int | None:
    found = body.get("version")
    return found if isinstance(found, int) else None


@pages.post("/mine/<number>/withdraw")
@guard("resident")
def withdraw(number: str) -> ResponseReturnValue:
    page = _page(number)
    cases.withdraw(
        edge.work(),
        page.id,
        request.form.get("reason", "")[:200],
        by=edge.actor(),
        now=edge.now(),
        version=request.form.get("version", type=edge.whole),
    )
    flash(_("已经撤销。编号和文书都还在。"))
    return redirect(url_for("resident.case", number=number))


@pages.get("/mine/<number>/rate")
@guard("resident")
def rate(number: str) -> ResponseReturnValue:
    page = _page(number)
    if "rate" not in page.can:
        raise NotNow(
            "这件事现在不能评价：办结以后由申请人评一次，过了期限或已经评过就不再评。",
            "It cannot be rated now: the applicant rates it once, after its end and within the time for it.",
        )
    return _rate_page(page)


def _rate_page(
    page: CasePage, wrong: tuple[FieldError, ...] = (), chosen: int = 0, comment: str = "", named: bool = False
) -> str:
    return render_template(
        "resident/rate.html",
        case=_shown(page),
        levels=[(n, _(words)) for n, words in sentences.LEVELS],
        wrong=wrong,
        chosen=chosen,
        comment=comment,
        named=named,
        tab="resident.mine",
    )


@pages.post("/mine/<number>/rate")
@guard("resident")
def rated(number: str) -> ResponseReturnValue:
    page = _page(number)
    level, comment = request.form.get("level", 0, type=edge.whole), request.form.get("comment", "")[:500]
    named = request.form.get("named") == "1"
    try:
        cases.rate(edge.work(), page.id, level, by=edge.actor(), now=edge.now(), comment=comment, named=named)
    except Invalid as error:
        return _rate_page(page, tuple(error.fields), level, comment, named), 422
    flash(_("谢谢您的评价。"))
    return redirect(url_for("resident.case", number=number))
