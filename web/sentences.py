"""What happened and what is waited for, in sentences: 卡在哪, the history, a preview. Values in, words out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from engine.commands.applying import Done
from engine.matters.in_person import SAID
from engine.reads.case_page import Line
from engine.reads.history import InPerson, Note, Step
from engine.reads.labels import EVENTS
from engine.reads.stuck import Sentence
from engine.store.models import Task
from web import formats
from web.language import english
from web.names import named, within

#: How a case may end -> the words. What a diagram invents itself is shown as it is when it is Chinese.
OUTCOMES = {
    "approve": "办成了",
    "approved": "办成了",
    "done": "办结",
    "decline": "不予受理",
    "declined": "不予受理",
    "refuse": "不予办理",
    "refused": "不予办理",
    "reject": "不予办理",
    "rejected": "不予办理",
    "withdrawn": "已撤销",
    "ended": "已终止",
    "terminated": "已终止",
    "agreement": "达成协议",
    "no_agreement": "未达成协议",
    "served": "已办",
    "cancelled": "已取消",
    "no_show": "未到场",
}

STATUS = {
    "running": "办理中",
    "suspended": "暂停",
    "finished": "已办结",
    "withdrawn": "已撤销",
    "terminated": "已终止",
}

ENDS = {"APPROVED": "办完", "REJECTED": "不同意", "RETURNED": "退回", "CANCELLED": "取消", "SUPERSEDED": "作废重办"}

CHANNELS = {"online": "网上", "counter": "窗口", "agent": "代办", "phone": "电话", "system": "系统"}

LEVELS = ((5, "非常满意"), (4, "满意"), (3, "基本满意"), (2, "不满意"), (1, "非常不满意"))


def outcome(value: str) -> str:
    """How it ended."""
    if not value:
        return ""
    known = OUTCOMES.get(value.lower())
    if known:
        return _(known)
    return named(value) if any("\u4e00" <= sign <= "\u9fff" for sign in value) else _("办结")


def status(value: str, ended: str = "") -> str:
    words = _(STATUS.get(value, value))
    return f"{words}{_('：')}{outcome(ended)}" if value == "finished" and ended else words


def where(sentence: Sentence) -> str:
    """卡在哪, in the page's language."""
    return within(sentence.en, sentence.names) if english() else sentence.zh


_CLOCKS = {
    "received": "收件，开始计时",
    "correction_asked": "一次性告知补正，计时停住",
    "correction_answered": "补正交来",
    "accepted": "受理，重新起算",
    "deemed_accepted": "逾期未告知，视为受理",
    "paused": "暂停计时",
    "resumed": "恢复计时",
    "extended": "延期",
    "decided": "决定作出，停止计时",
    "delivered": "送达",
    "stopped": "计时结束",
}


def event(one: Line) -> str:
    """One line of the history."""
    if not english() or one.kind not in EVENTS:
        return one.zh
    return " · ".join(w for w in (_(EVENTS[one.kind]), named(one.about)) if w)


def in_person(one: InPerson) -> str:
    """How a party did their step at the desk, and who saw it."""
    words = SAID[one.how][1 if english() else 0]
    return words + (_("，见证人：%(name)s", name=one.witness) if one.witness else "")


def step(one: Step) -> str:
    """A step for the applicant: when, and by which unit."""
    if one.state == "ended":
        words = _("退回") if one.ended == "RETURNED" else _("办完")
        return f"{formats.moment(one.ended_at)} {named(one.unit)}{' ' if english() else ''}{words}"
    return formats.due(one.due_at) if one.due_at else named(one.unit)


_CAME = {"returned": "退回理由", "transferred": "转办理由", "vacant": "为什么在这里"}


def came(one: Note) -> str:
    """Why a step came to whoever has it now: what kind of reason this is."""
    return _(_CAME[one.kind])


def noted(one: Note) -> str:
    """The words themselves: what somebody wrote as they wrote it, what the hall says in the page's language."""
    return one.text_en if one.text_en and english() else one.text


_WHATS = {
    "opens": "下一步",
    "closes": "结束",
    "paper": "开出文书",
    "voids": "文书作废",
    "notice": "发通知",
    "clock": "时限",
    "outcome": "结果",
    "incident": "会出异常",
}


#: To whom a notice goes, as the diagrams and commands say it.
RECEIVERS = {
    "applicant": "申请人",
    "principal": "委托人",
    "agent": "代办员",
    "both": "申请人和代办员",
    "parties": "各方当事人",
    "assignee": "承办人",
    "unit": "主办单位",
    "supervisor": "主管",
}


def _who(text: str) -> str:
    """Who may take a step: 苏洋村·代办员、申请人."""
    return _("、").join(" · ".join(named(name) for name in part.split("·")) for part in text.split("、"))


def change(one: Any) -> Mapping[str, str]:
    """A line of a preview: {what, text}."""
    name = one.name
    if one.what == "clock":
        name = _(_CLOCKS.get(name, name))
    if one.what == "outcome":
        name = outcome(name)
    if one.what == "notice":
        whom = _(RECEIVERS.get(one.who, "有关的人"))
        name = f"{whom}{_('：')}{(one.name_en if english() else '') or one.name}"
        return {"what": _(_WHATS[one.what]), "text": name}
    name = named(name)
    more = [_who(one.who)] if one.who else []
    if one.what == "opens" and one.at:
        more.append(formats.due(one.at))
    if more:
        name = f"{name} ({', '.join(more)})" if english() else f"{name}（{'，'.join(more)}）"
    return {"what": _(_WHATS.get(one.what, "变化")), "text": name}


def plan(done: Done | Task) -> dict[str, Any]:
    """What the rehearsal did, in words, and the token that binds the confirmation to it."""
    if isinstance(done, Task):  # it is in other hands, and nothing else has changed
        token = f"{done.id}.{done.version}.{done.assignee_id or 0}"
        return {"changes": [], "token": token, "before": None, "after": None}
    return {
        "changes": [change(c) for c in done.changes],
        "token": done.token,
        "before": done.due_before,
        "after": done.due_after,
    }


def underway(told: Mapping[str, Any] | None) -> str:
    """What a start goes on with behind its pages; "" when it is through."""
    if told is None:
        return ""
    if told["what"] == "life":
        return _("事项都检查好了，正在生成演示县的办件和预约，过几分钟再看。")
    if not told["of"]:
        return _("正在检查事项，马上就好。")
    return _(
        "正在逐项检查事项并走一遍它的故事：%(done)s / %(of)s。检查好一项，开放一项。", done=told["done"], of=told["of"]
    )
