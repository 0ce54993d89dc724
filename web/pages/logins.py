"""本单位人员的登录: a head helps who cannot get in; and the page behind the link, on which they set their password."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import factors, passwords
from engine.errors import FieldError, Invalid, NotFound
from engine.people import tries
from engine.reads import colleagues
from engine.records.papers import codes
from web import edge, problems, throttle
from web.edge import guard

pages = Blueprint("logins", __name__, url_prefix="/desk")


@pages.get("/logins")
@guard("supervisor")
def listed() -> ResponseReturnValue:
    people = colleagues.people(edge.work(), edge.actor(), below=True)
    return render_template("staff/logins.html", people=people)


@pages.post("/logins/<int:user_id>/reset")
@guard("supervisor")
def offer(user_id: int) -> ResponseReturnValue:
    return link(user_id, "logins.listed", _("人员登录"))


def link(user_id: int, back: str, back_words: str) -> str:
    """The link by which they set a new password, shown this once: only its hash is kept."""
    settings, now = edge.hall().settings, edge.now()
    made = passwords.offer(edge.work(), user_id, hall=settings.hall_name, by=edge.actor(), now=now)
    path = url_for("logins.reset", key=made.key)  # as people reach the hall
    public = settings.public_url
    address = f"{public}{path}" if public else url_for("logins.reset", key=made.key, _external=True)
    return render_template(
        "staff/reset_link.html",
        name=made.name,
        address=address,
        qr=codes.qr_data_uri(address),
        until=now + passwords.LINK_LASTS,
        back_to=url_for(back),
        back_words=back_words,
    )


@pages.post("/logins/<int:user_id>/clear")
@guard("supervisor")
def clear(user_id: int) -> ResponseReturnValue:
    without_factors(user_id)
    return redirect(url_for("logins.listed"))


def without_factors(user_id: int) -> None:
    """手机丢了: their second factors are taken away, and every log-in of theirs ends."""
    factors.clear(edge.work(), user_id, hall=edge.hall().settings.hall_name, by=edge.actor(), now=edge.now())
    flash(_("已取消两步验证，本人现在用密码登录，登录后重新设置。"))


@pages.get("/reset")
@guard("anyone", alone=True)
def reset() -> ResponseReturnValue:
    try:
        throttle.count("reset-link")
    except tries.TooMany as error:
        return _over(error)
    return _reset()


def _reset(wrong: Sequence[FieldError] = (), status: int = 200) -> ResponseReturnValue:
    key = request.values.get("key", "")[:80]
    try:
        with edge.hall().database.reading() as work:
            found = passwords.find(work, key, now=edge.now())
    except NotFound as error:
        return _over(error)
    return render_template("staff/reset.html", key=key, found=found, wrong=wrong), status


def _over(error: NotFound | tries.TooMany) -> ResponseReturnValue:
    problems.wait(error)
    return render_template("staff/reset_over.html", error=error), error.status


@pages.post("/reset")
@guard("anyone", alone=True)
def set_password() -> ResponseReturnValue:
    key, new, hall = request.form.get("key", "")[:80], request.form.get("password", "")[:400], edge.hall()
    try:
        throttle.count("reset-link")
        if new != request.form.get("again", "")[:400]:
            raise Invalid([FieldError("again", _("再输一次"), "两次输入的不一样。", "The two are not the same.")])
        found = passwords.set_by_link(hall.database, key, new, hall=hall.settings.hall_name, now=edge.now())
    except Invalid as error:
        return _reset(error.fields, error.status)
    except (NotFound, tries.TooMany) as error:
        return _over(error)
    return redirect(url_for("entry.staff", name=found.login, set="1"))
