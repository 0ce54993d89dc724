"""What happened and what is waited for, in sentences: 卡在哪, the history, a preview. Values in, words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from engine.reads.pages import EventLine, StepLine, Waiting
from web import shown

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
    return value if any("\u4e00" <= sign <= "\u9fff" for sign in value) else _("办结")


def status(value: str, ended: str = "") -> str:
    words = _(STATUS.get(value, value))
    return f"{words}{_('：')}{outcome(ended)}" if value == "finished" and ended else words


def where(waiting: Sequence[Waiting], state: str, ended: str) -> str:
    """For the applicant: who has it and what it waits for, without anybody's name."""
    if state == "withdrawn":
        return _("这件事已经撤销，不再办理。")
    if state in ("finished", "terminated"):
        return _("这件事已经办完：%(outcome)s。", outcome=outcome(ended) or _("办结"))
    parts = [_resident(one) for one in waiting] or [_("正在办理。")]
    if state == "suspended":
        parts.insert(0, _("按规定暂停计时。"))
    return "".join(dict.fromkeys(parts))


def _resident(one: Waiting) -> str:
    unit = one.unit or _("大厅")
    match one.kind:
        case "applicant":
            return _("现在要您来做：%(step)s。", step=one.step)
        case "unclaimed":
            return _("%(unit)s已经收到，等工作人员来办（%(step)s）。", unit=unit, step=one.step)
        case "held":
            return _("%(unit)s正在办（%(step)s）。", unit=unit, step=one.step)
        case "incident":
            return _("系统遇到一个问题，大厅已经知道，正在处理。")
        case "timer":
            return _("按规定要等到%(moment)s。", moment=shown.moment(one.due_at))
    return _("正在等另一个部门的回复。")


def who_has_it(waiting: Sequence[Waiting]) -> str:
    """Units, for the applicant."""
    names = [_("您自己") if w.kind == "applicant" else w.unit or _("大厅") for w in waiting]
    return _("、").join(dict.fromkeys(names))


def stuck(waiting: Sequence[Waiting], state: str, ended: str) -> str:
    """卡在哪, for staff: who has it, since when, and what unblocks it."""
    if state in ("finished", "withdrawn", "terminated"):
        return status(state, ended) + _("。")
    if not waiting:
        return _("没有人有任务，也没有在等什么。请找运维查看。")
    parts = [_staff(one) for one in waiting]
    if state == "suspended":
        parts.insert(0, _("已挂起，时限停止计算；恢复后继续。"))
    return " ".join(parts)


def _staff(one: Waiting) -> str:
    since = shown.moment(one.since)
    until = _("%(moment)s 前办完就往下走", moment=shown.moment(one.due_at)) if one.due_at else _("办完就往下走")
    place = f"{one.unit}·{one.post}" if one.unit and one.post and one.post != "applicant" else one.unit
    match one.kind:
        case "held":
            return _(
                "“%(step)s”在%(who)s（%(unit)s）手里，%(since)s 签收；%(until)s。",
                step=one.step, who=one.who, unit=one.unit, since=since, until=until,
            )  # fmt: skip
        case "unclaimed":
            return _("“%(step)s”从 %(since)s 起等 %(place)s 签收。", step=one.step, since=since, place=place)
        case "applicant":
            return _("从 %(since)s 起等申请人：%(step)s。", since=since, step=one.step)
        case "incident":
            return _("“%(step)s”出了异常：%(note)s", step=one.step, note=one.note)
        case "timer":
            return _("等到 %(moment)s 自动往下走。", moment=shown.moment(one.due_at))
    return _("从 %(since)s 起等外部回复（%(step)s）。", since=since, step=one.step)


_EVENTS = {
    "case.submitted": "提交了申请",
    "case.accepted": "受理",
    "case.declined": "不予受理",
    "case.decided": "作出决定",
    "case.finished": "办结",
    "case.withdrawn": "申请人撤销",
    "case.suspended": "挂起",
    "case.resumed": "恢复",
    "case.redated": "日历更新，重算时限",
    "case.colour": "时限变色",
    "case.rated": "评价",
    "task.claimed": "签收“%(step)s”",
    "task.unclaimed": "退签“%(step)s”",
    "task.completed": "办完“%(step)s”",
    "task.returned": "退回“%(step)s”",
    "task.recalled": "撤回“%(step)s”",
    "task.transferred": "转办“%(step)s”",
    "task.delegated": "委派“%(step)s”征求意见",
    "task.opinion": "交回“%(step)s”的意见",
    "task.reminded": "催办“%(step)s”",
    "task.ended": "“%(step)s”结束",
    "timer.fired": "定时到了",
    "message.delivered": "收到消息",
    "effect.asked": "系统办理",
    "effect.answered": "收到回复",
    "document.issued": "开出文书",
    "document.rendered": "文书生成",
    "document.voided": "文书作废",
    "document.read": "查看文书",
    "notice.sent": "发出通知",
    "incident.opened": "发生异常",
    "incident.solved": "异常解决",
    "person.revealed": "查看完整信息",
    "person.consented": "同意使用个人信息",
    "file.stored": "存入文件",
    "record.added": "登记",
}

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


def event(one: EventLine) -> str:
    """One line of the history."""
    if one.kind == "case.clock":
        return _(_CLOCKS.get(str(one.facts.get("clock")), "时限变化"))
    text = _(_EVENTS.get(one.kind, "其他变化"), step=one.step or _("这一步"))
    if one.kind.startswith("document.") and one.facts.get("number"):
        text += f" {one.facts['number']}"
    if one.kind == "case.rated":
        text += _("：") + _(dict(LEVELS).get(int(one.facts.get("level", 0)), ""))
    return text


def step(one: StepLine) -> str:
    """A step for the applicant: when, and by which unit."""
    if one.state == "ended":
        words = {"RETURNED": _("退回")}.get(one.ended, _("办完"))
        return f"{shown.moment(one.ended_at)} {one.unit}{words}"
    if one.due_at:
        return _("%(due)s", due=shown.due(one.due_at))
    return one.unit


_WHATS = {
    "opens": "下一步",
    "closes": "结束",
    "paper": "开出文书",
    "notice": "发通知",
    "clock": "时限",
    "outcome": "结果",
    "incident": "会出异常",
}


def change(one: Any) -> Mapping[str, str]:
    """A line of a preview: {what, text}."""
    name = one.name
    if one.what == "clock":
        name = _(_CLOCKS.get(name, name))
    if one.what == "outcome":
        name = outcome(name)
    more = [one.who] if one.who else []
    if one.what == "opens" and one.at:
        more.append(shown.due(one.at))
    return {"what": _(_WHATS.get(one.what, "变化")), "text": f"{name}（{'，'.join(more)}）" if more else name}
