"""查进度: by number and phone, or by the QR of the receipt; no log-in. From there: 催办, 评价, 我要反映."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.errors import FieldError, NotNow, Refused
from engine.people import SYSTEM
from engine.reads import tracking as reads
from engine.reads.tracking import Progress
from engine.records.papers import codes
from web import edge, formats, problems, sentences, throttle
from web.edge import guard
from web.names import named

pages = Blueprint("tracking", __name__)


def qr_of(number: str) -> str:
    """The QR of a receipt: an image for a page."""
    return codes.qr_data_uri(url_for("tracking.seen", number=number, word=reads.word_of(number), _external=True))


def _form(wrong: tuple[FieldError, ...] = (), number: str = "", phone: str = "") -> str:
    return render_template(
        "resident/track.html", found=None, number=number, phone=phone, wrong=wrong, tab="resident.home"
    )


def _shown(one: Progress) -> str:
    running = one.status in ("running", "suspended")
    found: dict[str, Any] = {
        "number": one.number,
        "word": one.word,
        "matter_name": one.title,
        "where": sentences.where(one.where),
        "next": _("、").join(named(n) for n in one.next),
        "who": _("、").join(_(w) if w == "申请人" else named(w) for w in one.who),
        "until": formats.due(one.due_at) if one.due_at else "",
        "due_at": one.due_at,
        "colour": one.colour,
        "outcome": sentences.outcome(one.outcome) if one.outcome and not running else "",
        "received_at": one.received_at,
        "phone": one.office_phone or edge.hall().settings.hall_phone,
        "remind": one.can_remind,
        "rate": one.can_rate,
        "rated": one.rated,
    }
    return render_template("resident/track.html", found=found, wrong=(), tab="resident.home")


@pages.get("/track")
@guard("anyone")
def ask() -> ResponseReturnValue:
    return _form(number=request.args.get("number", "")[:40])


@pages.post("/track")
@guard("anyone", alone=True)
def look_up() -> ResponseReturnValue:
    """By number and phone. Nothing is told about which of the two is wrong."""
    throttle.count("track")
    number, phone = request.form.get("number", "").strip()[:40], request.form.get("phone", "").strip()[:20]
    try:
        with edge.hall().database.reading() as work:
            one = reads.by_phone(work, number, phone, now=edge.now())
    except Refused as error:
        with edge.hall().database.unit_of_work() as work:
            cases.asked_in_vain(work, number, now=edge.now())
        return _form(problems.as_fields(error, "number", _("办件编号或手机号")), number, phone), error.status
    return _shown(one)


@pages.get("/track/<number>/<word>")
@guard("anyone", alone=True)
def seen(number: str, word: str) -> ResponseReturnValue:
    """By the receipt's QR."""
    throttle.count("track")
    with edge.hall().database.reading() as work:
        one = reads.by_word(work, number, word, now=edge.now())
    return _shown(one)


@pages.post("/track/<number>/<word>/remind")
@guard("anyone", alone=True)
def remind(number: str, word: str) -> ResponseReturnValue:
    """催办 by whoever holds the receipt: once in four hours a step; it moves no deadline."""
    throttle.count("track")
    try:
        with edge.hall().database.unit_of_work() as work:
            one = reads.by_word(work, number, word, now=edge.now())
            if one.step_id is None or not one.can_remind:
                raise NotNow("现在没有可以催的步骤。有事请打电话。", "There is nothing to hurry now: please call.")
            cases.remind(work, one.step_id, by=SYSTEM, now=edge.now(), text="群众凭回执催办")
    except NotNow as error:  # also from the page that answered a number and a telephone, which has no address
        flash(problems.sentence(error), problems.REFUSED)
    else:
        flash(_("已经催了，办事的人会收到。四小时以后可以再催。"))
    return redirect(url_for("tracking.seen", number=number, word=word))
