"""What every way in ends with: a session in the cookie, and where the person was going."""

from __future__ import annotations

from flask import flash, redirect, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import signing_in
from engine.people.sessions import How
from web import devices, edge


def begin(token: str) -> None:
    """This session's token, and nothing of what a stranger had put into the cookie before."""
    kept = {name: session[name] for name in ("language", "large") if session.get(name)}
    session.clear()
    session.update(kept)
    session["token"] = token


def staff(user_id: int, name: str, how: How, *, wrong_before: int = 0, going: str | None = None) -> ResponseReturnValue:
    """One of the hall's people is in; `name`: by which this device knows them from now on."""
    with edge.hall().database.unit_of_work() as work:
        limits = edge.hall().settings.session_limits
        token = signing_in.enter(work, user_id, how, where=devices.here(), limits=limits, now=edge.now())
    going = going or edge.onward("/desk")
    begin(token)
    if wrong_before:
        flash(
            _(
                "最近一小时里有人在别处用您的用户名试了 %(n)s 次错误的密码。不是您自己的话，请告诉单位管理员。",
                n=wrong_before,
            )
        )
    return devices.keep(redirect(going), devices.current().knowing("login", name))
