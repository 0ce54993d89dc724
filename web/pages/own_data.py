"""我的信息: what the hall has of whoever is signed in, their consents, a copy to take away, and what they ask about it;
for the hall's people, what they have to answer."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import own_data
from engine.errors import FieldError, Invalid, NotFound, Refused
from engine.matters.keeping import house
from engine.people import tries
from engine.reads import own_data as reads
from engine.workdays import local_date
from web import devices, edge, own_copy, problems
from web.edge import guard
from web.pages import arrivals, desk
from web.pages.resident import pages


@pages.app_context_processor
def _words() -> dict[str, Any]:
    """In whichever template says them: nothing is translated on the pages that do not."""
    return {
        "data_kind": lambda kind: _(own_copy.KINDS[kind]),
        "data_ask": lambda kind: _(own_copy.ASKS[kind]),
        "data_state": lambda state: _(own_copy.STATES[state]),
        "answer_days": house().requests,
        "copies_a_day": tries.LIMITS["own-copy"].most,
    }


def _mine() -> reads.Mine:
    return reads.mine(edge.work(), edge.actor(), today=local_date(edge.now()))


@pages.get("/mine/data")
@guard("resident")
def own_data_page() -> ResponseReturnValue:
    return render_template("resident/own_data.html", mine=_mine(), tab="resident.mine")


# ---------------------------------------------------------------- a copy


@pages.get("/mine/data/copy", endpoint="own_copy")
@guard("resident")
def own_copy_page() -> ResponseReturnValue:
    """What will be in it, and the second look: a code to their own telephone."""
    return render_template("resident/own_copy.html", mine=_mine(), wrong=(), sent=False, shown="", tab="resident.mine")


@pages.post("/mine/data/copy/code")
@guard("resident", alone=True)
def own_copy_code() -> ResponseReturnValue:
    """Send a code: whoever only found an open telephone does not take everything with them."""
    device, shown, wrong = devices.current(), "", tuple[FieldError, ...]()
    with edge.hall().database.unit_of_work() as work:
        phone = own_copy.telephone(work)
        try:
            shown = arrivals.code_to(work, phone, own_copy.says, own_copy.asked_for(devices.current().id))
        except tries.TooMany as error:
            wrong = problems.as_fields(error, "code", "验证码")
    with edge.reading():
        page = render_template(
            "resident/own_copy.html", mine=_mine(), wrong=wrong, sent=True, shown=shown, tab="resident.mine"
        )
    return devices.keep(edge.hall().make_response((page, 429 if wrong else 200)), device)


@pages.post("/mine/data/copy")
@guard("resident", alone=True)
def take_own_copy() -> ResponseReturnValue:
    """The zip, for whoever types the code."""
    try:
        data = own_copy.taken(request.form.get("code", "")[:12], devices.current().id)
    except Refused as error:
        wrong = problems.as_fields(error, "code", "验证码")
        with edge.reading():
            page = render_template(
                "resident/own_copy.html", mine=_mine(), wrong=wrong, sent=True, shown="", tab="resident.mine"
            )
        return page, error.status
    return own_copy.sent(data)


# ---------------------------------------------------------------- consents


@pages.post("/mine/data/electronic")
@guard("resident")
def agree_electronic() -> ResponseReturnValue:
    own_data.agree_electronic(edge.work(), by=edge.actor(), now=edge.now())
    flash(_("已同意电子送达。可以随时在这里撤回。"))
    return redirect(url_for("resident.own_data_page") + "#consents")


@pages.get("/mine/data/consents/<int:consent_id>")
@guard("resident")
def consent(consent_id: int) -> ResponseReturnValue:
    """What taking it back stops, said before."""
    one = next((c for c in _mine().consents if c.id == consent_id), None)
    if one is None:
        raise NotFound("没有这项同意，或不是您的。", f"There is no consent {consent_id} of yours.")
    return render_template("resident/consent.html", one=one, tab="resident.mine")


@pages.post("/mine/data/consents/<int:consent_id>")
@guard("resident")
def withdraw_consent(consent_id: int) -> ResponseReturnValue:
    own_data.withdraw_consent(edge.work(), consent_id, by=edge.actor(), now=edge.now())
    flash(_("已撤回同意。"))
    return redirect(url_for("resident.own_data_page") + "#consents")


# ---------------------------------------------------------------- asked of the office


@pages.get("/mine/data/ask/<any('correct','erase'):kind>")
@guard("resident")
def data_ask(kind: str) -> ResponseReturnValue:
    return _asking(kind)


def _asking(kind: str, wrong: tuple[FieldError, ...] = ()) -> str:
    given = {name: request.values.get(name, "")[:1000] for name in ("number", "words")}
    return render_template(
        "resident/data_ask.html", kind=kind, mine=_mine(), wrong=wrong, given=given, tab="resident.mine"
    )


@pages.post("/mine/data/ask/<any('correct','erase'):kind>")
@guard("resident")
def data_asked(kind: str) -> ResponseReturnValue:
    number, words = request.form.get("number", "")[:60], request.form.get("words", "")[:1000]
    try:
        row = own_data.ask(edge.work(), kind, number, words, by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _asking(kind, tuple(error.fields)), 422
    flash(_("已提出，%(day)s 以前答复您。", day=row.due_on.isoformat()))
    return redirect(url_for("resident.own_data_page") + "#asked")


# ---------------------------------------------------------------- for the hall's people


@desk.pages.get("/data-requests", endpoint="data_requests")
@guard("staff")
def listed() -> ResponseReturnValue:
    """What people ask about their own data, the most urgent first."""
    found = reads.waiting(edge.work(), edge.actor(), today=local_date(edge.now()))
    return render_template("staff/data_requests.html", found=found)


@desk.pages.get("/data-requests/<int:request_id>", endpoint="data_request")
@guard("staff")
def one(request_id: int) -> ResponseReturnValue:
    return _one(request_id)


def _one(request_id: int, wrong: tuple[FieldError, ...] = ()) -> str:
    one, who = reads.one(edge.work(), edge.actor(), request_id, today=local_date(edge.now()))
    said = request.form.get("answer", "")[:1000]
    return render_template("staff/data_request.html", one=one, who=who, wrong=wrong, said=said)


@desk.pages.post("/data-requests/<int:request_id>", endpoint="data_request_answer")
@guard("staff")
def answered(request_id: int) -> ResponseReturnValue:
    words, done = request.form.get("answer", "")[:1000], request.form.get("what") == "done"
    try:
        what = own_data.answer(edge.work(), request_id, done, words, by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _one(request_id, tuple(error.fields)), 422
    if what.erased:
        flash(_("已清除 %(n)s 件办件里的个人信息，已告诉本人。", n=what.erased))
    else:
        flash(_("已答复，并告诉了本人。"))
    return redirect(url_for("desk.data_requests"))
