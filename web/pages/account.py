"""我的账号: how one signs in, and where one is signed in; each of it can be ended at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import factors, passwords, signing_in
from engine.errors import FieldError, Invalid, NotNow
from engine.people import factors as people_factors
from engine.people.tries import TooMany
from engine.reads import own_account
from engine.records.papers import codes
from web import edge, problems
from web.edge import guard
from web.pages import arrivals

pages = Blueprint("account", __name__, url_prefix="/desk/account")


def _this() -> int | None:
    """The session of this request."""
    opened = edge.session_now()
    return opened.id if opened is not None else None


@pages.get("")
@guard("staff", first=True)
def own() -> ResponseReturnValue:
    """All of it; for whoever must set up a second factor first, that alone."""
    return render_template("staff/account.html", found=_found(), how=ways())


def _found() -> own_account.Account:
    name = edge.hall().settings.hall_name
    return own_account.account(edge.work(), edge.actor(), this=_this(), hall=name, now=edge.now())


def _proved_lately() -> ResponseReturnValue | None:
    """None when the person showed lately who they are; else the page that asks."""
    opened = edge.session_now()
    assert opened is not None
    return None if factors.fresh(opened, edge.now()) else redirect(url_for("account.prove"), 303)


def _must() -> bool:
    return people_factors.required(edge.actor(), edge.hall().settings.second_factor)


def ways() -> dict[str, str]:
    """How somebody signed in, in words."""
    return {
        "password": _("密码"),
        "code": _("短信验证码"),
        "totp": _("密码和动态码"),
        "recovery": _("密码和恢复码"),
        "passkey": _("通行密钥"),
        "sso": _("统一登录"),
        "": "",
    }


@pages.get("/prove")
@guard("staff", first=True)
def prove() -> ResponseReturnValue:
    """An open screen changes nothing of how somebody signs in: who it is is asked once more."""
    return render_template("staff/prove.html", found=_found(), wrong=())


@pages.post("/prove")
@guard("staff", alone=True, first=True)
def check_proof() -> ResponseReturnValue:
    opened = edge.session_now()
    assert opened is not None and opened.actor.id is not None
    password, code = request.form.get("old", "")[:400], request.form.get("code", "")[:40]
    try:
        factors.prove(edge.hall().database, opened.id, opened.actor.id, password, code, now=edge.now())
    except (Invalid, TooMany) as error:
        wrong = problems.as_fields(error, "old", _("现在的密码"))
        with edge.reading():
            return render_template("staff/prove.html", found=_found(), wrong=wrong), error.status
    flash(_("已核对，十分钟内可以更改登录方式。"))
    return redirect(url_for("account.own"))


@pages.get("/app")
@guard("staff", first=True)
def app_for_codes() -> ResponseReturnValue:
    """The secret that was begun, to scan; and a field for the first code."""
    return _app()


def _app(wrong: Sequence[FieldError] = (), status: int = 200) -> ResponseReturnValue:
    found = _found()
    if not found.begun:
        return redirect(url_for("account.own"))
    qr = codes.qr_data_uri(found.begun, keep=False)
    return render_template("staff/app_for_codes.html", found=found, qr=qr, wrong=wrong), status


@pages.post("/app")
@guard("staff", first=True)
def begin_app() -> ResponseReturnValue:
    if (asked := _proved_lately()) is not None:
        return asked
    factors.begin_totp(edge.work(), by=edge.actor(), now=edge.now())
    return redirect(url_for("account.app_for_codes"))


@pages.post("/app/confirm")
@guard("staff", first=True)
def confirm_app() -> ResponseReturnValue:
    this = _this()
    assert this is not None
    code = request.form.get("code", "")[:20]
    try:
        shown, token = factors.confirm_totp(
            edge.work(), code, this=this, hall=edge.hall().settings.hall_name, by=edge.actor(), now=edge.now()
        )
    except Invalid as error:
        return _app(error.fields, error.status)
    return stronger(token, shown)


def stronger(token: str, shown: Sequence[str]) -> ResponseReturnValue:
    """The session goes on under another token; recovery codes are shown once, when there are new ones."""
    arrivals.begin(token)
    if shown:
        return render_template("staff/recovery_codes.html", codes=shown, first=True)
    flash(_("已设好，下次登录时会用到。"))
    return redirect(url_for("account.own"))


@pages.post("/codes")
@guard("staff")
def new_codes() -> ResponseReturnValue:
    if (asked := _proved_lately()) is not None:
        return asked
    shown = factors.new_codes(edge.work(), hall=edge.hall().settings.hall_name, by=edge.actor(), now=edge.now())
    return render_template("staff/recovery_codes.html", codes=shown, first=False)


@pages.post("/app/remove")
@guard("staff")
def remove_app() -> ResponseReturnValue:
    if (asked := _proved_lately()) is not None:
        return asked
    factors.remove_totp(edge.work(), must=_must(), hall=edge.hall().settings.hall_name, by=edge.actor(), now=edge.now())
    flash(_("动态码已取消。"))
    return redirect(url_for("account.own"))


@pages.post("/passkeys/<int:key_id>/remove")
@guard("staff")
def remove_passkey(key_id: int) -> ResponseReturnValue:
    if (asked := _proved_lately()) is not None:
        return asked
    factors.remove_passkey(
        edge.work(), key_id, must=_must(), hall=edge.hall().settings.hall_name, by=edge.actor(), now=edge.now()
    )
    flash(_("通行密钥已取消。"))
    return redirect(url_for("account.own"))


@pages.get("/password")
@guard("staff")
def password() -> ResponseReturnValue:
    return render_template("staff/password.html", wrong=())


@pages.post("/password")
@guard("staff", alone=True)
def change_password() -> ResponseReturnValue:
    old, new = (request.form.get(name, "")[:400] for name in ("old", "password"))
    this, user_id, hall = _this(), edge.actor().id, edge.hall()
    assert user_id is not None
    try:
        if new != request.form.get("again", "")[:400]:
            raise Invalid([FieldError("again", _("再输一次"), "两次输入的不一样。", "The two are not the same.")])
        ended = passwords.change(
            hall.database, user_id, old, new, this=this, hall=hall.settings.hall_name, now=edge.now()
        )
    except (Invalid, TooMany, NotNow) as error:
        wrong = problems.as_fields(error, "old", _("现在的密码"))
        return render_template("staff/password.html", wrong=wrong), error.status
    if ended:
        flash(_("密码已改，别处的 %(n)s 个登录都已结束。", n=ended))
    else:
        flash(_("密码已改。"))
    return redirect(url_for("account.own"))


@pages.post("/sessions/<int:session_id>/end")
@guard("staff")
def end_session(session_id: int) -> ResponseReturnValue:
    return _end("session", session_id)


@pages.post("/programs/<int:token_id>/end")
@guard("staff")
def end_program(token_id: int) -> ResponseReturnValue:
    return _end("program", token_id)


def _end(kind: Literal["session", "program"], id_: int) -> ResponseReturnValue:
    signing_in.end(edge.work(), kind, id_, by=edge.actor(), now=edge.now())
    flash(_("已结束，那里马上不能再用。"))
    return redirect(url_for("account.own"))


@pages.post("/sessions/end-others")
@guard("staff")
def end_others() -> ResponseReturnValue:
    count = signing_in.end_others(edge.work(), this=_this(), by=edge.actor(), now=edge.now())
    flash(_("已结束别处的 %(n)s 个登录，只有这里还能用。", n=count))
    return redirect(url_for("account.own"))
