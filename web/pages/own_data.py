"""我的信息: what the hall has of whoever is signed in, their consents, a copy to take away, and what they ask about it;
for the hall's people, what they have to answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import booking
from engine.commands.hall import own_data
from engine.errors import FieldError, Invalid, NotFound, NotNow, Refused
from engine.matters.keeping import house
from engine.people import login, tries
from engine.reads import own_data as reads
from engine.reads import standing
from engine.workdays import local_date
from web import devices, edge, formats, names, problems, sentences
from web.edge import guard
from web.language import english
from web.pages import arrivals, desk
from web.pages.resident import pages

#: What each kind of row is called, on the page and in the copy.
KINDS = {
    "cases": "办件",
    "bookings": "预约和报名",
    "standing_orders": "长期预订",
    "registers": "台账里的登记",
    "loans": "借阅",
    "matches": "互相帮",
    "bonds": "家人和委托关系",
    "notices": "收到的通知",
    "ratings": "评价",
}
#: What each value of a row is called in the copy.
FIELDS = {
    "answer": "答复",
    "answered_at": "答复时间",
    "answers": "填写的",
    "applicant": "申请人",
    "at": "时间",
    "by": "方式",
    "case": "办件",
    "comment": "评语",
    "day": "日期",
    "ended_at": "结束时间",
    "facts": "登记的内容",
    "field": "看了什么",
    "finished_at": "办结时间",
    "from": "从",
    "given_at": "同意时间",
    "holder": "谁替办",
    "id": "身份证",
    "id_number": "身份证",
    "kept_until": "保存到",
    "kind": "什么",
    "level": "满意程度",
    "matter": "事项",
    "name": "姓名",
    "number": "编号",
    "of": "替谁办",
    "outcome": "结果",
    "person": "本人",
    "phone": "手机号",
    "place": "住在",
    "purpose": "为什么看",
    "received_at": "收件时间",
    "register": "台账",
    "side": "哪一方",
    "since": "开始时间",
    "state": "状态",
    "status": "状态",
    "tags": "标签",
    "text": "内容",
    "until": "到",
    "weekdays": "星期",
    "what": "什么",
    "who": "谁看的",
    "withdrawn_at": "撤回时间",
    "words": "怎么说的",
}
#: Of bookings they are booking.STATES, of cases sentences.STATUS, of registers their declaration's.
ROW_STATES = {
    ("standing_orders", "active"): "有效",
    ("standing_orders", "ended"): "已结束",
    ("matches", "open"): "在找",
    ("matches", "matched"): "找到了",
    ("matches", "cancelled"): "已取消",
    ("matches", "over"): "已结束",
    ("bonds", "asked"): "等同意",
    ("bonds", "held"): "有效",
    ("bonds", "ended"): "已结束",
}
BY = {"sms": "短信", "screen": "页面上", "wechat": "微信", "mail": "信件"}
ASKS = {"correct": "更正", "erase": "删除", "withdrawn": "撤回同意以后"}
STATES = {"open": "等办事单位答复", "done": "已照办", "refused": "没有照办"}


@pages.app_context_processor
def _words() -> dict[str, Any]:
    """In whichever template says them: nothing is translated on the pages that do not."""
    return {
        "data_kind": lambda kind: _(KINDS[kind]),
        "data_ask": lambda kind: _(ASKS[kind]),
        "data_state": lambda state: _(STATES[state]),
        "answer_days": house().requests,
        "copies_a_day": tries.LIMITS["own-copy"].most,
    }


def _mine() -> reads.Mine:
    return reads.mine(edge.work(), edge.actor(), today=local_date(edge.now()))


def _sections(whole: Mapping[str, Any]) -> list[tuple[str, list[list[tuple[str, str]]]]]:
    """The copy as it is read: (heading, rows), each row as (what, value), in the page's language."""
    heads = {
        "person": "账号",
        **KINDS,
        "consents": "我同意过的",
        "looks": "谁看过我的完整信息",
        "requests": "我提出过的",
    }
    rows: dict[str, list[Mapping[str, Any]]] = {**whole, "person": [whole["person"]]}
    return [(_(head), [list(_lines(kind, row)) for row in rows[kind]]) for kind, head in heads.items()]


def _lines(kind: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            for inner, one in value.items():
                yield _(FIELDS[inner]) if inner in FIELDS else names.named(str(inner)), _text(one)
        elif value not in (None, "", []):
            yield _(FIELDS[name]), _say(kind, name, value, row)


def _say(kind: str, name: str, value: Any, row: Mapping[str, Any]) -> str:
    """One value in words; what is a code says what it means."""
    match kind, name:
        case "cases", "status":
            return sentences.status(value, row["outcome"])
        case "cases", "outcome":
            return sentences.outcome(value)
        case "bookings", "state":
            return _(booking.STATES[value][0])
        case "requests", "state":
            return _(STATES[value])
        case "requests", "kind":
            return _(ASKS[value])
        case "standing_orders" | "matches" | "bonds", "state":
            return _(ROW_STATES[kind, value])
        case "standing_orders", "weekdays":
            return standing.in_words(value, False)[english()]
        case "notices", "by":
            return _(BY[value])
        case "ratings", "level":
            return _(dict(sentences.LEVELS)[value])
        case _, "answers" | "text" | "words" | "answer":
            return str(value)
    return _text(value)


def _text(value: Any) -> str:
    """A plain value: moments in the hall's time, lists one after the other, what a form or a register said itself."""
    if isinstance(value, datetime):
        return formats.moment(value, year=True)
    if isinstance(value, date):
        return formats.day(value, True)
    if isinstance(value, list | tuple):
        return "、".join(_text(one) for one in value)
    if isinstance(value, Mapping):
        return "；".join(f"{name} {_text(one)}" for name, one in value.items())
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return "—" if value in (None, "") else names.named(str(value))


@pages.get("/mine/data")
@guard("resident")
def own_data_page() -> ResponseReturnValue:
    return render_template("resident/own_data.html", mine=_mine(), tab="resident.mine")


# ---------------------------------------------------------------- a copy


@pages.get("/mine/data/copy")
@guard("resident")
def own_copy() -> ResponseReturnValue:
    """What will be in it, and the second look: a code to their own telephone."""
    return render_template("resident/own_copy.html", mine=_mine(), wrong=(), sent=False, shown="", tab="resident.mine")


@pages.post("/mine/data/copy/code")
@guard("resident", alone=True)
def own_copy_code() -> ResponseReturnValue:
    """Send a code: whoever only found an open telephone does not take everything with them."""
    device, shown, wrong = devices.current(), "", tuple[FieldError, ...]()
    with edge.hall().database.unit_of_work() as work:
        phone = reads.telephone(work, edge.actor())
        if not phone:
            raise NotNow(
                "您的账号没有手机号，请带身份证到窗口领取。",
                "There is no telephone: come to the counter with your card.",
            )
        try:
            shown = arrivals.code_to(work, phone, _copy_text, _for_the_copy())
        except tries.TooMany as error:
            wrong = problems.as_fields(error, "code", "验证码")
    with edge.reading():
        page = render_template(
            "resident/own_copy.html", mine=_mine(), wrong=wrong, sent=True, shown=shown, tab="resident.mine"
        )
    return devices.keep(edge.hall().make_response((page, 429 if wrong else 200)), device)


def _for_the_copy() -> str:
    """The code is asked for the copy, on this device: one that was sent for coming in opens no copy, and this one lets
    nobody in."""
    return f"own-copy:{devices.current().id}"


def _copy_text(code: str) -> str:
    return _(
        "【%(hall)s】验证码 %(code)s，用来下载您的全部个人信息，5 分钟内有效。不是您本人操作的，请打大厅电话。",
        hall=edge.hall().settings.hall_name,
        code=code,
    )


@pages.post("/mine/data/copy")
@guard("resident", alone=True)
def take_own_copy() -> ResponseReturnValue:
    """The zip, for whoever types the code."""
    hall, actor = edge.hall(), edge.actor()
    with hall.database.reading() as work:
        phone = reads.telephone(work, actor)
    try:
        typed = request.form.get("code", "")[:12]
        code_id = login.try_code(hall.database, phone, typed, now=edge.now(), ask=_for_the_copy())
        with hall.database.unit_of_work() as work:
            login.use_codes(work, [code_id], now=edge.now())
            own_data.take_copy(work, by=actor, now=edge.now())
        with edge.reading() as work:
            whole = reads.everything(work, actor, now=edge.now())
            page = render_template("resident/own_copy_file.html", sections=_sections(whole), at=edge.now())
            data = own_data.packed(work, whole, page, by=actor)
    except Refused as error:
        wrong = problems.as_fields(error, "code", "验证码")
        with edge.reading():
            page = render_template(
                "resident/own_copy.html", mine=_mine(), wrong=wrong, sent=True, shown="", tab="resident.mine"
            )
        return page, error.status
    name = f"my-data-{local_date(edge.now()).isoformat()}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, mimetype="application/zip", headers=headers)


# ---------------------------------------------------------------- consents


@pages.post("/mine/data/electronic")
@guard("resident")
def agree_electronic() -> ResponseReturnValue:
    own_data.agree_electronic(edge.work(), by=edge.actor(), now=edge.now())
    flash(_("已同意电子送达。可以随时在这里撤回。"))
    return redirect(url_for("resident.own_data_page") + "#consents")


@pages.get("/mine/data/consents/<int:consent_id>")
@guard("resident")
def consent(consent_id: int) -> ResponseReturnValue:
    """What taking it back stops, said before."""
    one = next((c for c in _mine().consents if c.id == consent_id), None)
    if one is None:
        raise NotFound("没有这项同意，或不是您的。", f"There is no consent {consent_id} of yours.")
    return render_template("resident/consent.html", one=one, tab="resident.mine")


@pages.post("/mine/data/consents/<int:consent_id>")
@guard("resident")
def withdraw_consent(consent_id: int) -> ResponseReturnValue:
    own_data.withdraw_consent(edge.work(), consent_id, by=edge.actor(), now=edge.now())
    flash(_("已撤回同意。"))
    return redirect(url_for("resident.own_data_page") + "#consents")


# ---------------------------------------------------------------- asked of the office


@pages.get("/mine/data/ask/<any('correct','erase'):kind>")
@guard("resident")
def data_ask(kind: str) -> ResponseReturnValue:
    return _asking(kind)


def _asking(kind: str, wrong: tuple[FieldError, ...] = ()) -> str:
    given = {name: request.values.get(name, "")[:1000] for name in ("number", "words")}
    return render_template(
        "resident/data_ask.html", kind=kind, mine=_mine(), wrong=wrong, given=given, tab="resident.mine"
    )


@pages.post("/mine/data/ask/<any('correct','erase'):kind>")
@guard("resident")
def data_asked(kind: str) -> ResponseReturnValue:
    number, words = request.form.get("number", "")[:60], request.form.get("words", "")[:1000]
    try:
        row = own_data.ask(edge.work(), kind, number, words, by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _asking(kind, tuple(error.fields)), 422
    flash(_("已提出，%(day)s 以前答复您。", day=row.due_on.isoformat()))
    return redirect(url_for("resident.own_data_page") + "#asked")


# ---------------------------------------------------------------- for the hall's people


@desk.pages.get("/data-requests", endpoint="data_requests")
@guard("staff")
def listed() -> ResponseReturnValue:
    """What people ask about their own data, the most urgent first."""
    found = reads.waiting(edge.work(), edge.actor(), today=local_date(edge.now()))
    return render_template("staff/data_requests.html", found=found)


@desk.pages.get("/data-requests/<int:request_id>", endpoint="data_request")
@guard("staff")
def one(request_id: int) -> ResponseReturnValue:
    return _one(request_id)


def _one(request_id: int, wrong: tuple[FieldError, ...] = ()) -> str:
    one, who = reads.one(edge.work(), edge.actor(), request_id, today=local_date(edge.now()))
    said = request.form.get("answer", "")[:1000]
    return render_template("staff/data_request.html", one=one, who=who, wrong=wrong, said=said)


@desk.pages.post("/data-requests/<int:request_id>", endpoint="data_request_answer")
@guard("staff")
def answered(request_id: int) -> ResponseReturnValue:
    words, done = request.form.get("answer", "")[:1000], request.form.get("what") == "done"
    try:
        what = own_data.answer(edge.work(), request_id, done, words, by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _one(request_id, tuple(error.fields)), 422
    if what.erased:
        flash(_("已清除 %(n)s 件办件里的个人信息，已告诉本人。", n=what.erased))
    else:
        flash(_("已答复，并告诉了本人。"))
    return redirect(url_for("desk.data_requests"))
