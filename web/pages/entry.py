"""Coming in and going out: residents by phone and code, staff by name and password; language and letter size."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import accounts, bonds, handover_rows, parties
from engine.commands.hall import factors, signing_in
from engine.errors import FieldError, Invalid, Refused
from engine.forms import written
from engine.people import login, sessions, tries
from web import devices, edge, problems
from web.edge import guard
from web.pages import arrivals

pages = Blueprint("entry", __name__)


def _enter(user_id: int) -> None:
    with edge.hall().database.unit_of_work() as work:
        arrivals.begin(sessions.begin(work, user_id, now=edge.now(), how="code", where=devices.here()))


@pages.get("/enter")
@guard("anyone")
def resident() -> ResponseReturnValue:
    return render_template("resident/enter.html", target=edge.onward(""), phone="", wrong=())


@pages.post("/enter")
@guard("anyone", alone=True)
def ask_code() -> ResponseReturnValue:
    """Send a one-time code to the phone."""
    phone = written.telephone(request.form.get("phone", "")[:40])
    target = edge.onward("")
    if not written.mobile(phone):
        wrong = FieldError("phone", _("手机号"), "手机号应为 11 位数字，以 1 开头。", "A mobile number has 11 digits.")
        return render_template(
            "resident/enter.html", target=target, phone=request.form.get("phone", "")[:20], wrong=(wrong,)
        ), 422
    with edge.hall().database.unit_of_work() as work:
        device = devices.current()
        try:
            shown = arrivals.code_to(work, phone, _code_text)
        except tries.TooMany as error:
            refused = problems.as_fields(error, "phone", _("手机号"))
            sent = (_coming() or {}).get("phone") == phone  # the code that was sent is still good: let it be typed
            page = render_template("resident/enter.html", target=target, phone=phone, wrong=refused, sent=sent)
            return page, 429
    session["coming"] = {"phone": phone, "at": edge.now().isoformat(), "next": target, "shown": shown}
    return devices.keep(make_response(_code_page(phone, target, shown)), device)


#: How long the page for a code can be come back to: as long as the code is good.
COMING_LASTS = timedelta(minutes=5)


def _coming() -> dict[str, str] | None:
    """The code that this browser waits for."""
    said = session.get("coming")
    if not isinstance(said, dict) or datetime.fromisoformat(said["at"]) + COMING_LASTS <= edge.now():
        return None
    return said


def _code_page(phone: str, target: str, shown: str = "", wrong: tuple[FieldError, ...] = ()) -> str:
    # An address of its own: read anew, in larger letters or in English it is the same page, and no other code is sent.
    here = url_for("entry.code", next=target or None)
    return render_template("resident/code.html", target=target, phone=phone, shown=shown, wrong=wrong, stands_at=here)


@pages.get("/enter/code")
@guard("anyone", alone=True)
def code() -> ResponseReturnValue:
    """The page for the code that was sent already."""
    said = _coming()
    if said is None:
        return redirect(url_for("entry.resident", next=edge.onward("") or None))
    return _code_page(said["phone"], said["next"] or edge.onward(""), said["shown"])


def _code_text(code: str) -> str:
    hall = edge.hall().settings.hall_name
    return _("【%(hall)s】验证码 %(code)s，5 分钟内有效。请勿告诉他人。", hall=hall, code=code)


@pages.post("/enter/code")
@guard("anyone", alone=True)
def check_code() -> ResponseReturnValue:
    phone, code = request.form.get("phone", "")[:40], request.form.get("code", "")[:12]
    phone, device = written.telephone(phone), devices.current()
    try:
        entered = login.resident(edge.hall().database, phone, code, now=edge.now(), ask=device.id)
    except Refused as error:
        shown = (_coming() or {}).get("shown", "")
        return _code_page(phone, edge.onward(""), shown, problems.as_fields(error, "code", _("验证码"))), error.status
    user_id = entered.user_id
    was_here, silence = device.knows("account", str(user_id)), edge.hall().settings.silence
    with edge.hall().database.reading() as work:
        if login.unproved(work, user_id, now=edge.now(), silence=silence, known=was_here):
            problems.proving(user_id, phone)
            return redirect(url_for("entry.proof", next=edge.onward("") or None))
    answer = _in(user_id, phone)
    if entered.wrong_before:
        flash(
            _(
                "最近一天里有人在别处用您的手机号试了 %(n)s 次错误的验证码，没有进来。验证码不要告诉任何人。",
                n=entered.wrong_before,
            )
        )
    return answer


def _in(user_id: int, phone: str) -> ResponseReturnValue:
    _join(user_id)
    _enter(user_id)
    known = devices.current().knowing("phone", phone).knowing("account", str(user_id))
    return devices.keep(redirect(edge.onward(url_for("resident.home"))), known)


#: How long after the code the second proof may come.
PROVING_LASTS = timedelta(minutes=10)


def _proving() -> tuple[int, str] | None:
    """Whose account a right code came for, that is not open yet."""
    said = session.get("proving")
    if not isinstance(said, dict) or datetime.fromisoformat(said["at"]) + PROVING_LASTS <= edge.now():
        return None
    return int(said["user"]), str(said["phone"])


@pages.get("/enter/proof")
@guard("anyone", alone=True)
def proof() -> ResponseReturnValue:
    """The number was silent for long: is it still the same person's?"""
    return _proof()


def _proof(wrong: tuple[FieldError, ...] = (), status: int = 200) -> ResponseReturnValue:
    about = _proving()
    if about is None:
        return redirect(url_for("entry.resident", next=edge.onward("") or None))
    with edge.hall().database.reading() as work:
        asked, doubted = login.asked_of(work, about[0])
    days = edge.hall().settings.silence.days
    page = render_template(
        "resident/proof.html",
        target=edge.onward(""),
        asked=asked,
        phone=about[1],
        wrong=wrong,
        days=days,
        doubted=doubted,
    )
    return page, status


@pages.post("/enter/proof")
@guard("anyone", alone=True)
def check_proof() -> ResponseReturnValue:
    """The last four of the identity number, or the name; or: the number is new to me."""
    about = _proving()
    if about is None:
        return redirect(url_for("entry.resident", next=edge.onward("") or None))
    user_id, phone = about
    database, now = edge.hall().database, edge.now()
    if request.form.get("another") == "1":
        return _in(accounts.given_on(database, user_id, phone, now=now), phone)
    try:
        proof = request.form.get("proof", "")[:80]
        login.prove(database, user_id, phone, proof, now=now)
    except Refused as error:
        return _proof(problems.as_fields(error, "proof", _("核对")), error.status)
    return _in(user_id, phone)


def _join(user_id: int) -> None:
    """Whoever proved a telephone is shown the cases in which it is a party's."""
    now = edge.now()
    with edge.hall().database.unit_of_work() as work:
        parties.signed_in(work, user_id, now=now)
        handover_rows.signed_in(work, user_id)
        bonds.signed_in(work, user_id, now=now)


@pages.app_template_global()
def waits_to_be_joined() -> str:
    """The log-in name of whom the single sign-on knows, and who has to show it by the hall's password; "" for none."""
    return str((session.get("sso-join") or {}).get("name", ""))


@pages.post("/desk/enter/not-joined")
@guard("anyone")
def not_joined() -> ResponseReturnValue:
    """不连：whoever signs in here next is not joined to what the single sign-on said."""
    session.pop("sso-join", None)
    return redirect(url_for("entry.staff", next=edge.onward("") or None))


@pages.get("/desk/enter")
@guard("anyone")
def staff() -> ResponseReturnValue:
    ready = request.args.get("set") == "1"  # from the page of a reset link
    name = request.args.get("name", "")[:80] if ready else waits_to_be_joined()
    return render_template("staff/enter.html", target=edge.onward(""), name=name, wrong=(), ready=ready)


@pages.post("/desk/enter")
@guard("anyone", alone=True)
def check_password() -> ResponseReturnValue:
    name, password = request.form.get("name", "")[:80], request.form.get("password", "")[:200]
    try:
        if not name or not password:
            raise Invalid([FieldError("name", _("用户名"), "请填写用户名和密码。", "Enter your name and password.")])
        entered = signing_in.password(
            edge.hall().database,
            name,
            password,
            now=edge.now(),
            address=request.remote_addr or "",
            device=devices.current(),
        )
    except Refused as error:
        wrong = problems.as_fields(error, "password", _("用户名和密码"))
        page = render_template("staff/enter.html", target=edge.onward(""), name=name, wrong=wrong, ready=False)
        return page, error.status
    step = factors.begin_second(
        edge.hall().database, entered.user_id, now=edge.now(), wrong_before=entered.wrong_before
    )
    if step is None:
        return arrivals.staff(entered.user_id, name, "password", wrong_before=entered.wrong_before)
    session["second"] = {"step": step, "name": name}
    return redirect(url_for("second.ask", next=edge.onward("") or None))


@pages.post("/leave")
@guard("anyone")
def leave() -> ResponseReturnValue:
    """End the session here and in the store."""
    was_staff = edge.actor().kind == "staff"
    token = session.get("token")
    if token:
        signing_in.leave(edge.work(), token, by=edge.actor(), now=edge.now())
    edge.empty_cookie()
    flash(_("您已退出。"))
    return redirect(url_for("entry.staff" if was_staff else "resident.home"))


@pages.post("/language")
@guard("anyone", alone=True)
def language() -> ResponseReturnValue:
    session["language"] = "en" if request.form.get("to") == "en" else "zh"
    return redirect(edge.onward("/"))


@pages.post("/letters")
@guard("anyone", alone=True)
def letters() -> ResponseReturnValue:
    """大字版: larger letters everywhere, remembered."""
    session["large"] = 0 if session.get("large") == 1 else 1
    return redirect(edge.onward("/"))
