"""我的账号: how one signs in, and where one is signed in; each of it can be ended at once."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import signing_in
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
