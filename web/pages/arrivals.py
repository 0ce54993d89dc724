"""What the ways in share: a code by text to begin with; at the end a session in the cookie, and where the person was
going."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.accounts import codes
from engine.commands.hall import signing_in, single_sign_on
from engine.people.sessions import How
from engine.store import Work
from web import devices, edge


def code_to(work: Work, phone: str, says: Callable[[str], str], ask: str | None = None) -> str:
    """A code for this phone, good on this device alone, goes out in the words of `says`; what the page shows of it: the
    code where the hall is tried out, else nothing. `ask`: what it is good for, when that is not to come in. Raises
    TooMany."""
    device, hall = devices.current(), edge.hall()
    code = codes.send(
        work,
        phone,
        says,
        ask=device.id if ask is None else ask,
        now=edge.now(),
        known=device.knows("phone", phone),
        address=request.remote_addr or "",
    )
    return code if hall.settings.development else ""


def begin(token: str) -> None:
    """This session's token, and nothing of what a stranger had put into the cookie before."""
    edge.empty_cookie()
    session["token"] = token


def staff(user_id: int, name: str, how: How, *, wrong_before: int = 0, going: str | None = None) -> ResponseReturnValue:
    """One of the hall's people is in; `name`: by which this device knows them from now on."""
    settings, joining = edge.hall().settings, session.get("sso-join")
    with edge.hall().database.unit_of_work() as work:
        token = signing_in.enter(
            work, user_id, how, where=devices.here(), limits=settings.session_limits, now=edge.now()
        )
        joined = None
        if joining and how != "sso":
            joined = single_sign_on.join(work, joining["step"], user_id, hall=settings.hall_name, now=edge.now())
    going = going or edge.onward("/desk")
    begin(token)
    if joined is not None:
        flash(_("以后用统一登录就能进来。") if joined else _("统一登录没有连到这个账号，下次请再点一次统一登录。"))
    if wrong_before:
        flash(
            _(
                "最近一小时里有人在别处用您的用户名试了 %(n)s 次错误的密码。不是您自己的话，请告诉单位管理员。",
                n=wrong_before,
            )
        )
    return devices.keep(redirect(going), devices.current().knowing("login", name))
