"""批量查看: asking a head for many looks at whole data, and answering it. Two persons, for an hour."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.commands.cases.looking_at_many import MOST
from engine.errors import FieldError, Invalid
from engine.reads import reveals
from web import edge, names
from web.edge import guard
from web.pages.desk import pages

STATES = {"asked": "等负责人答复", "granted": "同意了", "refused": "没有同意", "over": "时间过了"}


@pages.get("/many-looks", endpoint="many_looks")
@guard("staff")
def listed() -> ResponseReturnValue:
    return _shown()


def _shown(wrong: tuple[FieldError, ...] = (), answering: int = 0) -> str:
    return render_template(
        "staff/many_looks.html",
        found=reveals.of_many(edge.work(), edge.actor(), now=edge.now()),
        purposes=names.purposes(),
        states={key: _(words) for key, words in STATES.items()},
        sent={name: request.form.get(name, "") for name in ("many", "purpose", "words", "answer")},
        wrong=wrong,
        answering=answering,
        most=MOST,
    )


@pages.post("/many-looks", endpoint="ask_many_looks")
@guard("staff")
def ask() -> ResponseReturnValue:
    many = request.form.get("many", 0, type=edge.whole)
    purpose, words = (request.form.get(name, "")[:500] for name in ("purpose", "words"))
    try:
        cases.ask_for_many(edge.work(), many, purpose, words, by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _shown(tuple(error.fields)), 422
    flash(_("已请负责人答复，同意以后一小时内有效。"))
    return redirect(url_for("desk.many_looks"))


@pages.post("/many-looks/<int:grant_id>", endpoint="answer_many_looks")
@guard("supervisor")
def answer(grant_id: int) -> ResponseReturnValue:
    yes, words = request.form.get("what") == "yes", request.form.get("answer", "")[:500]
    try:
        cases.answer_many(edge.work(), grant_id, yes, words, by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _shown(tuple(error.fields), grant_id), 422
    flash(_("已同意，一小时内有效。") if yes else _("没有同意，已告诉申请人。"))
    return redirect(url_for("desk.many_looks"))
