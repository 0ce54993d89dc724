"""账号和岗位: a security administrator opens accounts, gives and ends posts, closes accounts (三员分立)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import posts
from engine.errors import FieldError, Invalid
from engine.people import administrators
from engine.plain import is_id
from engine.reads import accounts
from engine.workdays import local_date
from web import edge
from web.edge import guard
from web.language import english
from web.pages import logins

pages = Blueprint("accounts", __name__, url_prefix="/desk/accounts")


@pages.get("")
@guard("security")
def listed() -> ResponseReturnValue:
    return _page()


def _page(wrong: Sequence[FieldError] = (), status: int = 200) -> ResponseReturnValue:
    found = accounts.listed(
        edge.work(),
        actor=edge.actor(),
        find=request.args.get("find", "")[:40],
        after=request.args.get("after", "")[:80],
        today=local_date(edge.now()),
    )
    n = 1 if english() else 0
    missing = [administrators.ROLES[role][n] for role in found.missing]
    page = render_template(
        "staff/accounts.html",
        found=found,
        missing=missing,
        wrong=wrong,
        sent=request.form.to_dict(),
        find=request.args.get("find", "")[:40],
    )
    return page, status


@pages.post("")
@guard("security")
def open_account() -> ResponseReturnValue:
    sent = request.form
    try:
        user = posts.open_account(
            edge.work(), sent.get("login", "")[:80], sent.get("name", "")[:80], by=edge.actor(), now=edge.now()
        )
    except Invalid as error:
        return _page(error.fields, error.status)
    flash(_("已开通账号 %(login)s。现在给他岗位，再给他设密码的链接。", login=user.login))
    return redirect(url_for("accounts.listed", find=user.login))


@pages.post("/<int:user_id>/posts")
@guard("security")
def give(user_id: int) -> ResponseReturnValue:
    sent = request.form
    unit = sent.get("unit", "")
    try:
        posts.take(
            edge.work(),
            user_id,
            int(unit) if is_id(unit) else 0,
            sent.get("post", "")[:40],
            from_on=_day("from"),
            until_on=_day("until"),
            by=edge.actor(),
            now=edge.now(),
        )
    except Invalid as error:
        return _page(error.fields, error.status)
    flash(_("已任职。"))
    return redirect(url_for("accounts.listed", find=request.args.get("find", "")[:40]))


@pages.post("/posts/<int:holding_id>/end")
@guard("security")
def end(holding_id: int) -> ResponseReturnValue:
    """Today is the last day."""
    posts.end(edge.work(), holding_id, local_date(edge.now()), by=edge.actor(), now=edge.now())
    flash(_("任职到今天为止。"))
    return redirect(url_for("accounts.listed", find=request.args.get("find", "")[:40]))


@pages.post("/<int:user_id>/disable")
@guard("security")
def disable(user_id: int) -> ResponseReturnValue:
    posts.disable(edge.work(), user_id, hall=edge.hall().settings.hall_name, by=edge.actor(), now=edge.now())
    flash(_("账号已停用，手里的件已转给岗位上的其他人。"))
    return redirect(url_for("accounts.listed", find=request.args.get("find", "")[:40]))


@pages.post("/<int:user_id>/reset")
@guard("security")
def reset(user_id: int) -> ResponseReturnValue:
    return logins.link(user_id, "accounts.listed", _("账号和岗位"))


@pages.post("/<int:user_id>/clear")
@guard("security")
def clear(user_id: int) -> ResponseReturnValue:
    logins.without_factors(user_id)
    return redirect(url_for("accounts.listed", find=request.args.get("find", "")[:40]))


def _day(name: str) -> date | None:
    """A day of the form; Invalid when it is none."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        return edge.day(text)
    except ValueError:
        raise Invalid([FieldError(name, _("日期"), "日期不对，请重新选。", "Expected a day.")]) from None
