"""A copy of all that the hall has of whoever asks, by a code to their own telephone: from a page and for a program. And
its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from flask import Response, render_template
from flask_babel import gettext as _

from engine.commands import booking
from engine.commands.hall import own_data
from engine.errors import NotNow
from engine.people import login
from engine.reads import own_data as reads
from engine.reads import standing
from engine.records import kept
from engine.store import Work
from engine.workdays import local_date
from web import edge, formats, names, sentences
from web.language import english

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


def telephone(work: Work) -> str:
    """Where the code goes. NotNow: there is none."""
    phone = reads.telephone(work, edge.actor())
    if not phone:
        raise NotNow(
            "您的账号没有手机号，请带身份证到窗口领取。", "There is no telephone: come to the counter with your card."
        )
    return phone


def asked_for(where: str) -> str:
    """The code is asked for the copy, on this device: one that was sent for coming in opens no copy, and this one lets
    nobody in."""
    return f"own-copy:{where}"


def says(code: str) -> str:
    """The text message with the code."""
    return _(
        "【%(hall)s】验证码 %(code)s，用来下载您的全部个人信息，5 分钟内有效。不是您本人操作的，请打大厅电话。",
        hall=edge.hall().settings.hall_name,
        code=code,
    )


def taken(code: str, where: str) -> bytes:
    """The zip, for whoever types the code that was sent to `where`. That it is taken is recorded first; then it is read
    and packed while nobody waits."""
    hall, actor = edge.hall(), edge.actor()
    with hall.database.reading() as work:
        phone = telephone(work)
    code_id = login.try_code(hall.database, phone, code, now=edge.now(), ask=asked_for(where))
    with hall.database.unit_of_work() as work:
        login.use_codes(work, [code_id], now=edge.now())
        own_data.take_copy(work, by=actor, now=edge.now())
    with edge.reading() as work:
        whole = reads.everything(work, actor, now=edge.now())
        page = render_template("resident/own_copy_file.html", sections=_sections(whole), at=edge.now())
        return own_data.packed(work, whole, page, by=actor)


def sent(data: bytes) -> Response:
    name = f"my-data-{local_date(edge.now()).isoformat()}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, mimetype="application/zip", headers=headers)


# ---------------------------------------------------------------- its words


def _sections(whole: Mapping[str, Any]) -> list[tuple[str, list[list[tuple[str, str]]]]]:
    """The copy as it is read: (heading, rows), each row as (what, value), in the page's language."""
    heads = {
        "person": "账号",
        **KINDS,
        "not_again": "我说过以后不再一起的",
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
        elif name != "working" and value not in (None, "", []):
            yield _(FIELDS[name]), _say(kind, name, value, row)


def _say(kind: str, name: str, value: Any, row: Mapping[str, Any]) -> str:
    """One value in words; what is a code says what it means."""
    match kind, name:
        case "cases", "status":
            return sentences.status(value, row["outcome"])
        case "cases", "kept_until" if value == kept.NEVER:
            return _("永久保存")
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
            return standing.in_words(value, row["working"])[english()]
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
