"""Refusals and faults, as a page a person can act on or as RFC 9457 problem+json for a program."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, g, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from engine.commands import accounts
from engine.errors import AlreadyDone, FieldError, Invalid, Refused
from engine.people import login
from engine.people.tries import TooMany
from engine.plain import plain
from engine.store import disk
from web import edge, logs
from web.language import english
from web.names import named, within

log = logging.getLogger("yizhan.web")


def wants_json() -> bool:
    """True for programs, and for our own scripts."""
    if request.path.startswith("/api/") or request.is_json:
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def problem(status: int, slug: str, zh: str, en: str, **more: object) -> Response:
    """An RFC 9457 problem document."""
    body = {"type": f"/problems/{slug}", "title": slug, "status": status, "detail": en if english() else zh, **more}
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def sentence(error: Refused) -> str:
    """What it says, in the page's language. One thing wrong is said itself, not counted."""
    if isinstance(error, Invalid) and len(error.fields) == 1 and error.counts:
        return words(error.fields[0])
    return error.en if english() else error.zh


def words(error: FieldError) -> str:
    """What is wrong with one field; the field by its English name on an English page."""
    return within(error.en, (error.label,)) if english() else error.zh


#: A refusal on its way to the page it was asked on; other flashed words are good news.
REFUSED = "refused"


def _where_asked() -> str | None:
    """The page from which a form was sent here, when it can be opened again: where its refusal is read best."""
    if request.method != "POST" or request.headers.get("HX-Request") or not request.referrer:
        return None
    from_ = urlsplit(request.referrer)
    if from_.netloc != request.host:
        return None
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        adapter.match(from_.path, method="GET")
    except HTTPException:
        return None  # a page that answered a form: it cannot be opened by its address
    return f"{from_.path}?{from_.query}" if from_.query else from_.path


def _lines(error: Refused) -> list[str]:
    """What it says, and of several fields what is wrong with each."""
    fields = error.fields if isinstance(error, Invalid) else ()
    each = [f"{named(f.label)}：{words(f)}" if f.label else words(f) for f in fields] if len(fields) > 1 else []
    return [sentence(error), *each]


def refused(error: Refused) -> ResponseReturnValue:
    page_asked = _where_asked() if not wants_json() and error.status not in (403, 404) else None
    if page_asked is not None:
        for line in _lines(error):
            flash(line, REFUSED)
        return redirect(page_asked, 303)
    wait(error)
    if wants_json():
        more: dict[str, object] = {"facts": plain(error.facts)} if error.facts else {}
        if isinstance(error, Invalid):
            more["fields"] = [{"field": f.field, "label": named(f.label), "text": words(f)} for f in error.fields]
        if isinstance(error, AlreadyDone) and request.referrer:
            more["location"] = request.referrer
            more["location_words"] = _("看最新情况")
        return problem(error.status, error.slug, sentence(error), sentence(error), **more)
    return page(
        error.status,
        title={403: _("您不能看这一页"), 404: _("没有找到"), 409: _("情况已经变了"), 422: _("有内容需要改正")}.get(
            error.status, _("暂时办不了")
        ),
        text=sentence(error),
        fields=error.fields if isinstance(error, Invalid) else (),
        again=request.referrer if isinstance(error, (AlreadyDone, Invalid, TooMany)) else None,
    )


def proving(user_id: int, phone: str) -> None:
    """This browser has the telephone of an account, and has still to prove whose it is."""
    session["proving"] = {"user": user_id, "phone": phone, "at": edge.now().isoformat()}


def doubted(error: login.Doubted) -> ResponseReturnValue:
    """Whoever is signed in said to be another than whose account it is: they are out, and prove first who they are."""
    by, token = edge.actor(), "" if request.path.startswith("/api/") else session.get("token")
    database, user_id = edge.hall().database, int(str(error.facts["user"]))
    accounts.doubted(database, user_id, session=token or "", program=edge.bearer(), by=by, now=edge.now())
    if not token:
        en = f"{error.en} Sign in again, and give a proof."
        return problem(error.status, error.slug, f"{error.zh}请重新登录，并给出 proof。", en)
    phone = login.phone_of(database, user_id)
    edge.empty_cookie()
    proving(user_id, phone)
    here = urlsplit(request.referrer or "").path
    to = url_for("entry.proof", next=here if here.startswith("/apply/") else None)
    if not wants_json():
        return redirect(to, 303)
    said = error.en if english() else error.zh
    return problem(error.status, error.slug, said, said, location=to, location_words=_("核对我是谁"))


def wait(error: Refused) -> None:
    """Of a refusal for too many tries that a view words itself: the answer says when the next may come."""
    if isinstance(error, TooMany):
        g.retry_after = error.seconds


def as_fields(error: Refused, field: str, label: str = "") -> tuple[FieldError, ...]:
    """A refusal in the form that was sent: by the fields that it names, else by `field`; the answer says when the next
    try may come."""
    wait(error)
    if isinstance(error, Invalid):
        return tuple(error.fields)
    return (FieldError(field, label, error.zh, error.en),)


def _says_when(response: Response) -> Response:
    if response.status_code == 429 and "Retry-After" not in response.headers:
        response.headers["Retry-After"] = str(g.get("retry_after", 60))
    return response


def sign_in_page(error: edge.SignIn) -> ResponseReturnValue:
    """Send a visitor to sign in, and back afterwards."""
    if wants_json():
        return problem(
            401,
            "signed-out",
            "登录已过期。您填的内容都还在，请重新登录后再点一次。",
            "Your sign-in has ended. What you typed is still here: sign in again, and press once more.",
            **_back_to_sign_in(error),
        )
    target = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for(error.endpoint, next=target or None))


def second_first(error: edge.SecondFirst) -> ResponseReturnValue:
    """Somebody's post needs a second factor that they have not set up yet: they are led there."""
    if wants_json():
        zh = "您的岗位要两步验证，请先在“我的账号”里设置。"
        en = "Your post needs a second factor: set it up in your account first."
        where = {"location": url_for("account.own"), "location_words": _("去设置")}
        return problem(403, "second-factor-first", zh, en, **where)
    return redirect(url_for("account.own"), 303)


def _back_to_sign_in(error: edge.SignIn) -> dict[str, object]:
    """For our own scripts: the page to sign in on, that leads back to where the person is."""
    if request.path.startswith("/api/") or not request.referrer:
        return {}
    here = urlsplit(request.referrer)
    way = here.path + (f"?{here.query}" if here.query else "")
    return {"location": url_for(error.endpoint, next=way), "location_words": _("重新登录")}


def page(
    status: int, *, title: str, text: str, fields: Sequence[FieldError] = (), again: str | None = None
) -> ResponseReturnValue:
    staff = request.path.startswith("/desk")
    template = "staff/problem.html" if staff else "resident/problem.html"
    return render_template(template, status=status, title=title, text=text, fields=fields, again=again), status


_WORDS = {
    400: ("请求不完整", "送来的内容不完整。请回上一页再试一次。"),
    403: ("不能这样做", "这个请求没有通过安全检查。请回上一页刷新后再试。"),
    404: ("没有找到", "没有这一页。可能是地址抄错了，也可能已经撤下。"),
    405: ("不能这样做", "这一页不能这样打开。请从首页进入。"),
    413: ("文件太大", "送来的文件太大，没有收下。请压缩或分成几个文件再传；已经填写的内容都还在。"),
    429: ("太频繁了", "操作太频繁，请过几分钟再试。"),
}


def begin(app: Flask) -> None:
    app.register_error_handler(Refused, refused)
    app.register_error_handler(login.Doubted, doubted)
    app.register_error_handler(edge.SignIn, sign_in_page)
    app.after_request(_says_when)
    app.register_error_handler(edge.SecondFirst, second_first)

    @app.errorhandler(CSRFError)
    def csrf(error: CSRFError) -> ResponseReturnValue:
        zh = _("页面放得太久，安全校验过期了。您填的内容还在本机，请刷新这一页再提交。")
        if wants_json():
            here = {"location": request.referrer, "location_words": _("刷新这一页")} if request.referrer else {}
            return problem(400, "stale-page", zh, "The page is stale: reload it and send again.", **here)
        return page(400, title=_("页面过期了"), text=zh, again=request.referrer)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if status < 400:
            return error
        if isinstance(error, SecurityError):  # asked for by another name: no page of ours can be addressed there
            return Response("大厅不是这个网址。This is not the hall's address.\n", 400, mimetype="text/plain")
        title, text = _WORDS.get(status, ("没有办成", "请回上一页再试一次；还不行，请打大厅电话。"))
        if wants_json():
            return problem(status, f"http-{status}", text, error.description or error.name)
        return page(status, title=_(title), text=_(text))

    def no_room() -> ResponseReturnValue:
        """The disk is full: the transaction was rolled back, and the person is told so; the operator by the log."""
        log.error("the disk is full: nothing was stored at %s %s", request.method, logs.route())
        text = _("大厅的存储空间满了，刚才那一下没有存下，什么都没有改动。您填的内容还在，请打大厅电话，过一会儿再试。")
        if wants_json():
            return problem(507, "no-room", text, disk.EN)
        return page(507, title=_("暂时存不下"), text=text, again=request.referrer)

    @app.errorhandler(OperationalError)
    def busy(error: OperationalError) -> ResponseReturnValue:
        """Another writer was in the way for too long (a lock, a deadlock): nothing was changed, once more will do."""
        if disk.full(error):
            return no_room()
        log.warning("busy at %s %s: %s", request.method, logs.route(), logs.said(error))
        text = _("这会儿办理的人多，刚才那一下没有办成，什么都没有改动。您填的内容还在，请再点一次。")
        if wants_json():
            return problem(503, "busy", text, "The hall is busy; nothing was changed. Please send it again.")
        return page(503, title=_("请再点一次"), text=text, again=request.referrer)

    @app.errorhandler(Exception)
    def fault(error: Exception) -> ResponseReturnValue:
        if disk.full(error):
            return no_room()
        log.exception("fault at %s %s", request.method, logs.route())
        if app.testing and app.config.get("PROPAGATE_FAULTS", True):
            raise error
        text = _("系统出了问题，已经记下。您填的内容还在本机。请稍后再试，或打大厅电话。")
        if wants_json():
            return problem(500, "fault", text, "Something broke; it was recorded. Try again later.")
        return page(500, title=_("系统出了问题"), text=text)
