"""换手机号: the number one signs in by, changed with a code to the old one and to the new."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import accounts
from engine.errors import FieldError, Invalid, NotYours, Refused
from engine.forms import written
from engine.store import again
from web import devices, edge, problems
from web.edge import guard
from web.pages.resident import pages


@pages.get("/mine/number")
@guard("resident")
def own_number() -> ResponseReturnValue:
    return _ask()


def _ask(wrong: tuple[FieldError, ...] = (), number: str = "") -> str:
    return render_template("resident/own_number.html", wrong=wrong, number=number, tab="resident.mine")


def _codes(number: str, wrong: tuple[FieldError, ...] = (), shown: tuple[str, str] = ("", "")) -> str:
    return render_template(
        "resident/own_number_codes.html", number=number, wrong=wrong, shown=shown, tab="resident.mine"
    )


@pages.post("/mine/number")
@guard("resident", alone=True)
def ask_codes() -> ResponseReturnValue:
    """A code to each of the two numbers."""
    number, hall, device = request.form.get("phone", "")[:40], edge.hall(), devices.current()

    try:
        codes = accounts.ask_both(
            hall.database,
            number,
            device.id,
            hall=hall.settings.hall_name,
            by=edge.actor(),
            now=edge.now(),
            address=request.remote_addr or "",
        )
    except Refused as error:
        wrong = problems.as_fields(error, "phone", _("新手机号"))
        with edge.reading():
            return _ask(wrong, number[:20]), error.status
    shown = codes if hall.settings.development else ("", "")
    with edge.reading():
        return devices.keep(make_response(_codes(written.telephone(number), shown=shown)), device)


@pages.post("/mine/number/change")
@guard("resident", alone=True)
def change_number() -> ResponseReturnValue:
    number, hall, device = request.form.get("phone", "")[:40], edge.hall(), devices.current()
    opened = edge.session_now()
    assert opened is not None
    try:
        again(
            lambda: accounts.change(
                hall.database,
                number,
                request.form.get("old_code", "")[:12],
                request.form.get("new_code", "")[:12],
                device.id,
                this=opened.id,
                hall=hall.settings.hall_name,
                by=edge.actor(),
                now=edge.now(),
            )
        )
    except (Invalid, NotYours) as error:
        wrong = problems.as_fields(error, "new_code", _("验证码"))
        with edge.reading():
            return _codes(written.telephone(number), wrong), error.status
    flash(_("手机号已经换好，以后用新号码登录。别的手机和电脑上要重新登录。"))
    known = device.knowing("phone", written.telephone(number))
    return devices.keep(redirect(url_for("resident.mine")), known)
