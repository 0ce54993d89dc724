"""统一登录: to the county's single sign-on and back."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import crypto
from engine.commands.hall import factors
from engine.commands.hall import single_sign_on as accounts
from engine.errors import Refused
from engine.people import steps
from web import edge, problems, single_sign_on, throttle
from web.edge import guard
from web.pages import arrivals
from web.settings import Provider
from web.single_sign_on import Begun, NotDone

pages = Blueprint("sso", __name__, url_prefix="/desk/enter/sso")


def _provider() -> Provider:
    found = edge.hall().settings.sso
    if found is None:
        abort(404)
    return found


@pages.get("")
@guard("anyone", alone=True)
def begin() -> ResponseReturnValue:
    """Off to it. A link and not a form: the pages' policy lets no form lead elsewhere."""
    provider, public = _provider(), edge.hall().settings.public_url
    back = f"{public}{url_for('sso.back')}" if public else url_for("sso.back", _external=True)
    try:
        throttle.count("sso")
        where, begun = single_sign_on.address(provider, back)
    except Refused as error:
        return _refused(error)
    with edge.hall().database.unit_of_work() as work:
        facts = {**begun.facts(), "next": edge.onward("")}
        session["sso"] = steps.begin(work, "sso", facts=facts, now=edge.now())
    return redirect(where)


@pages.get("/back")
@guard("anyone", alone=True)
def back() -> ResponseReturnValue:
    """And back, in the browser that went."""
    provider, database, now = _provider(), edge.hall().database, edge.now()
    try:
        with database.unit_of_work() as work:
            step = steps.take(work, "sso", session.pop("sso", ""), now=now)
        begun = Begun(*(step.facts[name] for name in ("state", "nonce", "verifier", "back")))
        if not crypto.same(begun.state, request.args.get("state", "")):
            raise NotDone("state")
        code = request.args.get("code", "")[:4000]
        if not code:
            raise NotDone(request.args.get("error", "")[:40] or "code")
        said = single_sign_on.claims(provider, begun, code, now=now)
        name = str(said.get(provider.claim) or "")[:80]
        hall = edge.hall().settings.hall_name
        fixed, subject = provider.fixed, str(said["sub"])
        found = accounts.match(database, provider.issuer, subject, name, fixed=fixed, hall=hall, now=now)
    except Refused as error:
        return _refused(error)
    going = step.facts["next"] or None
    if isinstance(found, accounts.Asked):
        session["sso-join"] = {"step": found.token, "name": found.login}
        return redirect(url_for("entry.staff", next=going))
    user_id, login = found
    second = None if provider.two_factors else factors.begin_second(database, user_id, now=now)
    if second is not None:
        session["second"] = {"step": second, "name": login}
        return redirect(url_for("second.ask", next=going))
    return arrivals.staff(user_id, login, "sso", going=going)


def _refused(error: Refused) -> ResponseReturnValue:
    wrong = problems.as_fields(error, "name", _("统一登录"))
    page = render_template("staff/enter.html", target=edge.onward(""), name="", wrong=wrong, ready=False)
    return page, error.status
