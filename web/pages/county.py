"""县的名单: units, people, posts, halls and what can be booked from one spreadsheet: rehearsed, then exactly that."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import county
from engine.errors import Invalid, NotYours
from engine.records.sheets import MOST_BYTES, BadSheet
from web import edge
from web.edge import guard
from web.pages import spreadsheets
from web.problems import sentence

pages = Blueprint("county", __name__, url_prefix="/desk/county")

#: Who finds sheets of theirs in it: units and halls are the one's, accounts and posts the other's.
ROLES = frozenset({"operator", "security"})


@pages.get("")
@guard("staff")
def lists() -> ResponseReturnValue:
    return _page()


def _page(status: int = 200, **shown: Any) -> ResponseReturnValue:
    if not ROLES & edge.actor().roles:
        raise NotYours("县的名单由系统管理员和安全管理员导入。", "The county's lists are its administrators'.")
    return render_template("staff/county.html", **({"plan": None, "data": "", "refused": ""} | shown)), status


@pages.get("/template.xlsx")
@guard("staff")
def template() -> Response:
    return spreadsheets.answer(county.template(), "county-template.xlsx")


@pages.post("")
@guard("staff", takes="file")
def put() -> ResponseReturnValue:
    """First what the file would do, every fault by its cell; confirmed, exactly that."""
    work, by, now = edge.work(), edge.actor(), edge.now()
    if not ROLES & by.roles:
        return _page()
    sent = request.form.get("data", "")
    try:
        if sent:
            expect, hall = request.form.get("expect", "")[:64], edge.hall().settings.hall_name
            county.put(work, spreadsheets.sent_again(sent), expect=expect, hall=hall, by=by, now=now)
            flash(_("已导入。"))
            return redirect(url_for("county.lists"))
        file = request.files.get("file")
        data = file.stream.read(MOST_BYTES + 1) if file is not None else b""
        plan = county.plan(work, data, by=by, now=now)
    except BadSheet as refused:
        return _page(422, refused=sentence(refused))
    except Invalid as wrong:  # the hall changed since the preview: what is wrong now is shown as before
        plan = county.plan(work, spreadsheets.sent_again(sent), by=by, now=now)
        return _page(422, plan=plan, data=sent, refused="" if plan.faults else sentence(wrong))
    return _page(422 if plan.faults else 200, plan=plan, data=b64encode(data).decode())
