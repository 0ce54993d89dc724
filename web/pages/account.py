"""我的账号: how one signs in, and where one is signed in; each of it can be ended at once."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import passwords, signing_in
from engine.errors import FieldError, Invalid, NotNow
from engine.people.tries import TooMany
from engine.reads import own_account
from web import edge
from web.edge import guard

pages = Blueprint("account", __name__, url_prefix="/desk/account")


def _this() -> int | None:
    """The session of this request."""
    opened = edge.session_now()
    return opened.id if opened is not None else None


@pages.get("")
@guard("staff")
def own() -> ResponseReturnValue:
    found = own_account.account(edge.work(), edge.actor(), this=_this(), now=edge.now())
    return render_template("staff/account.html", found=found, how=ways())


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


@pages.get("/password")
@guard("staff")
def password() -> ResponseReturnValue:
    return render_template("staff/password.html", wrong=())


@pages.post("/password")
@guard("staff", alone=True)
def change_password() -> ResponseReturnValue:
    old, new = (request.form.get(name, "")[:400] for name in ("old", "password"))
    this, user_id = _this(), edge.actor().id
    assert user_id is not None
    try:
        if new != request.form.get("again", "")[:400]:
            raise Invalid([FieldError("again", _("再输一次"), "两次输入的不一样。", "The two are not the same.")])
        ended = passwords.change(edge.hall().database, user_id, old, new, this=this, now=edge.now())
    except (Invalid, TooMany, NotNow) as error:
        fields = error.fields if isinstance(error, Invalid) else ()
        wrong = fields or (FieldError("old", _("现在的密码"), error.zh, error.en),)
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
