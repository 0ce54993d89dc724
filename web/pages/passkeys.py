"""通行密钥: what the browser asks for, and what it sends back. All else of signing in works without a script."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Blueprint, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import factors, passkeys
from engine.commands.hall.passkeys import Party
from engine.errors import NotNow, Refused
from web import edge, problems, throttle
from web.edge import guard
from web.pages import account, arrivals

pages = Blueprint("passkeys", __name__, url_prefix="/desk")


def _party() -> Party:
    """The hall by the name people reach it by; NotNow when that is only an address, which browsers take for no name."""
    settings = edge.hall().settings
    url = settings.public_url or request.host_url
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return Party(host, f"{parts.scheme}://{parts.netloc}", settings.hall_name)
    raise NotNow(
        "用数字地址打开的大厅不能用通行密钥，请用域名打开，或者用动态码。",
        "A hall that is opened by a numeric address takes no passkeys: use its name, or a code of an app.",
    )


@pages.post("/account/passkeys/options")
@guard("staff", first=True)
def new_options() -> ResponseReturnValue:
    opened = edge.session_now()
    assert opened is not None
    if not factors.fresh(opened, edge.now()):
        return jsonify({"to": url_for("account.prove")})
    token, found = passkeys.new_options(edge.work(), _party(), by=edge.actor(), now=edge.now())
    session["passkey"] = token
    return jsonify({"options": found})


@pages.post("/account/passkeys")
@guard("staff", first=True)
def add() -> ResponseReturnValue:
    opened = edge.session_now()
    assert opened is not None
    if not factors.fresh(opened, edge.now()):
        return redirect(url_for("account.prove"), 303)
    shown, token = passkeys.add(
        edge.work(),
        session.pop("passkey", ""),
        request.form.get("credential", "")[:20_000],
        request.form.get("name", ""),
        _party(),
        this=opened.id,
        by=edge.actor(),
        now=edge.now(),
    )
    return account.stronger(token, shown)


@pages.post("/enter/passkey/options")
@guard("anyone", alone=True)
def options() -> ResponseReturnValue:
    throttle.count("passkey")
    said = session.get("second")
    second = str(said["step"]) if isinstance(said, dict) and request.args.get("second") == "1" else ""
    with edge.hall().database.unit_of_work() as work:
        token, found = passkeys.options(work, _party(), second=second, now=edge.now())
    session["passkey"] = token
    return jsonify({"options": found})


@pages.post("/enter/passkey")
@guard("anyone", alone=True)
def enter() -> ResponseReturnValue:
    token, credential = session.pop("passkey", ""), request.form.get("credential", "")[:20_000]
    try:
        user_id, name = passkeys.enter(edge.hall().database, token, credential, _party(), now=edge.now())
    except Refused as error:
        wrong = problems.as_fields(error, "name", _("通行密钥"))
        page = render_template("staff/enter.html", target=edge.onward(""), name="", wrong=wrong, ready=False)
        return page, error.status
    return arrivals.staff(user_id, name, "passkey")
