"""挂起, 激活, 延期: the clock of a case, from its 时限 page; and 待批延期, the requests that wait for a supervisor's
word.

Everything that moves a deadline is shown first; confirming carries out exactly what was shown, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.commands.applying import Done
from engine.deadlines import Limit
from engine.errors import FieldError, Invalid
from engine.plain import is_id
from engine.reads import case_page
from engine.reads import limits as reads
from engine.store import Work
from web import confirming, edge
from web.edge import guard
from web.language import english

pages = Blueprint("limits", __name__, url_prefix="/desk")

#: What -> (title, the main button, what was done).
VERBS = {
    "suspend": ("挂起（特别程序）", "确认挂起", "已挂起，时限停住，申请人收到告知书。"),
    "resume": ("激活（恢复计时）", "确认激活", "已恢复计时，申请人收到通知。"),
    "extend": ("延期", "确认延期", "已延期，申请人收到通知。"),
    "approve": ("批准延期", "确认批准", "已批准延期，申请人和承办人收到通知。"),
}
UNITS = {"wd": "个工作日", "cd": "天", "h": "小时"}
_SENT = ("cause", "n", "unit", "prepare", "reason")


def tab(number_of_case: int) -> dict[str, Any]:
    """What the 时限 tab of a case offers this reader."""
    found = reads.options(edge.work(), number_of_case, actor=edge.actor(), now=edge.now())
    return {"clock": found, "clock_by": _limit(found.by)}


def waiting() -> int | None:
    """The number beside 待批延期."""
    work = edge.work_or_none()
    return reads.waiting_count(work, actor=edge.actor()) if work is not None else None


def _limit(limit: Limit | None) -> str:
    return "" if limit is None else limit.en() if english() else limit.zh()


@pages.get("/extensions")
@guard("supervisor")
def extensions() -> ResponseReturnValue:
    """待批延期: who asks for more time, for which case, and why."""
    return render_template("staff/extensions.html", asked=reads.waiting(edge.work(), actor=edge.actor()))


@pages.post("/cases/<number>/clock/ask")
@guard("staff")
def ask(number: str) -> ResponseReturnValue:
    """申请延期."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    try:
        cases.ask_extension(edge.work(), page.id, request.form.get("reason", "")[:500], by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _shown(page, "ask", error.fields), 422
    flash(_("已提出延期申请，批准后您会收到通知。"))
    return redirect(url_for("desk.case", number=number) + "#time")


@pages.get("/cases/<number>/clock/ask")
@guard("staff")
def asking(number: str) -> ResponseReturnValue:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    return _shown(page, "ask")


@pages.get("/cases/<number>/clock/<any('suspend','resume','extend'):verb>")
@guard("staff")
def change(number: str, verb: str) -> ResponseReturnValue:
    """Why, how long."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    return _shown(page, verb)


@pages.post("/cases/<number>/clock/<any('suspend','resume','extend'):verb>")
@guard("staff", alone=True)
def carry_out(number: str, verb: str) -> ResponseReturnValue:
    """First what it would do; confirmed, exactly that."""

    def do(work: Work, sent: Mapping[str, str], expect: str | None) -> Done:
        page = case_page.by_number(work, number, actor=edge.actor(), now=edge.now())
        by, now = edge.actor(), edge.now()
        if verb == "suspend":
            cause, needs = _needs(sent)
            return cases.suspend(
                work, page.id, cause, str(needs), by=by, now=now, prepare=sent["prepare"], expect=expect
            )
        if verb == "resume":
            return cases.resume(work, page.id, by=by, now=now, expect=expect)
        return cases.extend(work, page.id, sent["reason"], by=by, now=now, expect=expect)

    return _previewed(number, verb, do)


@pages.get("/cases/<number>/extensions/<int:request_id>")
@guard("supervisor")
def asked(number: str, request_id: int) -> ResponseReturnValue:
    """One request: why, what approving would do, yes or no."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    one = reads.request(edge.work(), request_id, actor=edge.actor())
    return _shown(page, "approve", asked=one)


@pages.post("/cases/<number>/extensions/<int:request_id>/approve")
@guard("supervisor", alone=True)
def approve(number: str, request_id: int) -> ResponseReturnValue:
    def do(work: Work, sent: Mapping[str, str], expect: str | None) -> Done:
        return cases.approve_extension(work, request_id, by=edge.actor(), now=edge.now(), expect=expect)

    return _previewed(number, "approve", do, request_id)


@pages.post("/cases/<number>/extensions/<int:request_id>/refuse")
@guard("supervisor")
def refuse(number: str, request_id: int) -> ResponseReturnValue:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    answer = request.form.get("answer", "")[:500]
    try:
        cases.refuse_extension(edge.work(), request_id, answer, by=edge.actor(), now=edge.now())
    except Invalid as error:
        one = reads.request(edge.work(), request_id, actor=edge.actor())
        return _shown(page, "approve", error.fields, asked=one), 422
    flash(_("没有批准，已告诉承办人理由。"))
    return redirect(url_for("limits.extensions"))


def _needs(sent: Mapping[str, str]) -> tuple[str, Limit]:
    """The cause and the time needed; Invalid by the field."""
    wrong = []
    if not sent["cause"]:
        wrong.append(FieldError("cause", _("事由"), "请选一个法定事由。", "Choose a lawful cause."))
    if not (is_id(sent["n"]) and 0 < int(sent["n"]) <= 999) or sent["unit"] not in UNITS:
        wrong.append(
            FieldError("n", _("所需时间"), "请填所需时间，1 到 999 的整数。", "Give the time needed, 1 to 999.")
        )
    if wrong:
        raise Invalid(wrong)
    return sent["cause"], Limit(int(sent["n"]), sent["unit"])


def _previewed(
    number: str, what: str, do: Callable[[Work, Mapping[str, str], str | None], Done], request_id: int | None = None
) -> ResponseReturnValue:
    sent = {name: request.form.get(name, "").strip()[:500] for name in _SENT}
    seen = confirming.previewed(lambda work, how: do(work, sent, how.expect))
    if seen.done is not None:
        flash(_(VERBS[what][2]))
        return redirect(url_for("desk.case", number=number) + "#time")
    plan = seen.plan
    with edge.reading() as work:
        page = case_page.by_number(work, number, actor=edge.actor(), now=edge.now())
        if plan is not None and what == "suspend":
            cause, needs = _needs(sent)
            plan["foretold"] = reads.if_suspended(work, page.id, cause, needs, actor=edge.actor(), now=edge.now())
        one = reads.request(work, request_id, actor=edge.actor()) if request_id else None
        return _shown(page, what, seen.wrong, plan, sent, one, seen.stale), seen.status


def _shown(
    page: case_page.CasePage,
    what: str,
    wrong: Any = (),
    plan: Mapping[str, Any] | None = None,
    sent: Mapping[str, str] | None = None,
    asked: reads.Asked | None = None,
    stale: str = "",
) -> str:
    found = reads.options(edge.work(), page.id, actor=edge.actor(), now=edge.now())
    title, confirm, _done = VERBS.get(what, ("申请延期", "", ""))
    return render_template(
        "staff/clock.html",
        page=page,
        what=what,
        title=_(title),
        confirm=_(confirm),
        found=found,
        wrong=wrong,
        plan=plan,
        sent=sent or {name: request.form.get(name, "") for name in _SENT},
        asked=asked,
        stale=stale,
        by=_limit(found.by),
        units=UNITS,
        due_at=page.account.leading.due_at if page.account.leading else None,
    )
