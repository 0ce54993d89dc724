"""The second step of signing in: a code of the app or a recovery code, typed; or a passkey. Works without a script."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import factors
from engine.errors import FieldError, NotNow, Refused
from engine.reads import own_account
from web import edge, problems
from web.edge import guard
from web.pages import arrivals

pages = Blueprint("second", __name__, url_prefix="/desk/enter/second")


def _begun() -> tuple[str, str] | None:
    """The step and the name of who gave the right password in this browser."""
    said = session.get("second")
    if not isinstance(said, dict):
        return None
    return str(said["step"]), str(said["name"])


def _again() -> ResponseReturnValue:
    session.pop("second", None)
    return redirect(url_for("entry.staff", next=edge.onward("") or None))


@pages.get("")
@guard("anyone", alone=True)
def ask() -> ResponseReturnValue:
    return _page()


def _page(wrong: tuple[FieldError, ...] = (), status: int = 200) -> ResponseReturnValue:
    begun = _begun()
    if begun is None:
        return _again()
    try:
        with edge.hall().database.reading() as work:
            found = own_account.half_in(work, begun[0], now=edge.now())
    except NotNow:
        return _again()
    return render_template("staff/second.html", found=found, target=edge.onward(""), wrong=wrong), status


@pages.post("")
@guard("anyone", alone=True)
def check() -> ResponseReturnValue:
    begun = _begun()
    if begun is None:
        return _again()
    try:
        code = request.form.get("code", "")[:40]
        user_id, how, before = factors.second(edge.hall().database, begun[0], code, now=edge.now())
    except NotNow:
        return _again()
    except Refused as error:
        return _page(problems.as_fields(error, "code", _("动态码")), error.status)
    answer = arrivals.staff(user_id, begun[1], how, wrong_before=before)
    if how == "recovery":
        flash(_("您用了一个恢复码，它不能再用了。手机找不到的，请在“我的账号”里换新的。"))
    return answer
