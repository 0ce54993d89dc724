"""What an event of the record says, for an inspector who does not know the program: each fact by its name, and whom or
what it points to by theirs. What has no name here stands as it was written, beside its own word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from engine.commands.county.columns import SHEETS
from engine.process.language.effects import TYPES as EFFECTS
from engine.reads.auditing import Act, Named, refers
from engine.reads.labels import EVENTS
from engine.reads.reveals import FIELDS, PURPOSES
from web import formats, sentences
from web.language import english
from web.names import named

#: The name of each fact.
LABELS = {
    "accepted_on": ("受理日期", "accepted on"),
    "account": ("账号", "account"),
    "after": ("现在", "now"),
    "again": ("又一次", "once more"),
    "matches": ("撮合里的记录", "needs, supplies and words about others"),
    "rejoined": ("改了主意", "thought better of it"),
    "agent": ("代理人", "who stands in"),
    "aloud": ("念给本人听", "read out to them"),
    "along": ("一起调整的", "changed with it"),
    "address": ("地址", "address"),
    "appointment": ("预约号", "booking"),
    "appointments": ("预约号", "bookings"),
    "approver": ("谁批", "who approves"),
    "at": ("时点", "point"),
    "backed_up_at": ("备份的时刻", "backed up at"),
    "ballot": ("表决", "ballot"),
    "before": ("原来", "before"),
    "began": ("开始的办件", "case begun"),
    "block": ("暂停的编号", "block"),
    "board": ("公开栏", "board"),
    "bodies": ("表决的组数", "bodies"),
    "bond": ("关系的编号", "bond"),
    "booking": ("预约的条数", "bookings"),
    "bookings": ("预约号", "bookings"),
    "by": ("谁", "by"),
    "calendar": ("日历", "calendar"),
    "case": ("办件的序号", "case (row)"),
    "cases": ("办件", "cases"),
    "category": ("类别", "category"),
    "chosen": ("选的一样", "what was chosen"),
    "cause": ("原因", "cause"),
    "changed": ("改了几条", "changed"),
    "channel": ("从哪里来", "came in"),
    "check_code": ("查验码", "check code"),
    "clock": ("时限的动作", "clock"),
    "code": ("代码", "code"),
    "codes": ("验证码", "log-in codes"),
    "consent": ("同意的编号", "consent"),
    "count": ("条数", "how many"),
    "days": ("天数", "days"),
    "do": ("做什么", "did"),
    "document": ("文书的编号", "paper"),
    "done": ("办了", "done"),
    "drafts": ("草稿", "drafts"),
    "due": ("到时", "due"),
    "effect": ("系统动作", "effect"),
    "element": ("环节", "step"),
    "ended": ("结果", "ended"),
    "entries": ("条目", "entries"),
    "entry": ("条目的编号", "entry"),
    "epoch": ("第几次恢复", "restores so far"),
    "erased": ("清除的办件", "cases erased"),
    "error": ("错误", "error"),
    "events": ("事件", "events"),
    "factor": ("哪种两步验证", "second factor"),
    "faults": ("不符", "faults"),
    "field": ("看了什么", "what was seen"),
    "fields": ("哪些栏", "fields"),
    "files": ("文件", "files"),
    "first": ("第一天", "first day"),
    "for_each": ("批次的编号", "batch"),
    "from": ("从", "from"),
    "given_back": ("退回的名额", "places given back"),
    "grant": ("申请的编号", "request"),
    "granted": ("同意了", "granted"),
    "ground": ("不予受理的理由", "ground"),
    "groups": ("组数", "groups"),
    "hall": ("大厅的编号", "hall"),
    "handover": ("交接的编号", "hand-over"),
    "hash": ("指纹", "fingerprint"),
    "heard": ("有回应", "answered"),
    "held": ("暂停的通知", "notices held"),
    "holder": ("受托人", "holder"),
    "hold": ("登记的编号", "entry"),
    "how": ("怎么办的", "how"),
    "in_person": ("当面办", "in person"),
    "indexed": ("索引", "indexes"),
    "intake": ("收件的单位", "counter"),
    "into": ("转到", "into"),
    "items": ("条数", "items"),
    "job": ("作业的编号", "job"),
    "key": ("编号", "key"),
    "keys": ("带密钥", "with keys"),
    "kind": ("哪一种", "kind"),
    "last": ("最后一天", "last day"),
    "law": ("依据", "legal basis"),
    "leases": ("收回的作业", "jobs taken back"),
    "leave": ("请假的编号", "leave"),
    "left": ("留下的", "left"),
    "left_out": ("不办的", "left out"),
    "level": ("评价", "rating"),
    "lifted": ("解除了", "lifted"),
    "limit": ("时限", "limit"),
    "link": ("用链接", "by a link"),
    "loan": ("借阅的编号", "loan"),
    "loans": ("借阅", "loans"),
    "machine": ("机器", "machine"),
    "mandates": ("委托", "mandates"),
    "manifest": ("清单的指纹", "fingerprint of the manifest"),
    "many": ("要看几个人", "how many people"),
    "match": ("撮合", "match"),
    "matter": ("事项", "matter"),
    "may": ("可以", "may"),
    "meeting": ("会面的编号", "meeting"),
    "merge": ("合并的编号", "merge"),
    "message": ("消息", "message"),
    "move": ("迁移的编号", "move"),
    "moved": ("移动的", "moved"),
    "moves": ("改了的日期", "days changed"),
    "n": ("第几次", "link no."),
    "name": ("名称", "name"),
    "name_en": ("英文名", "English name"),
    "named": ("署名", "by name"),
    "need": ("需求的编号", "need"),
    "needs": ("要补的", "needed"),
    "new": ("新增", "new"),
    "note": ("说明", "note"),
    "notice": ("通知的文书", "notice"),
    "notices": ("通知", "notices"),
    "now": ("现在的账号", "account now"),
    "number": ("编号", "number"),
    "numbers": ("编号", "numbers"),
    "offer": ("供给", "offer"),
    "offers": ("供给", "offers"),
    "office": ("承办的单位", "office"),
    "open": ("重新开的", "open again"),
    "order": ("工单", "order"),
    "others": ("别处的登录", "log-ins elsewhere"),
    "outcome": ("结果", "outcome"),
    "pair": ("配对的编号", "pair"),
    "paper": ("文书", "paper"),
    "parent": ("上一件的序号", "parent case"),
    "parties": ("当事人", "parties"),
    "party": ("第几位当事人", "party no."),
    "people": ("人员", "people"),
    "period": ("时段", "period"),
    "place": ("地方", "place"),
    "places": ("名额", "places"),
    "post": ("岗位", "post"),
    "procedure": ("程序", "procedure"),
    "program": ("是程序", "a program"),
    "proof": ("凭证", "proof"),
    "proxy": ("代投的人", "proxy"),
    "purpose": ("为什么看", "purpose"),
    "question": ("是征求意见", "an opinion asked"),
    "queue": ("队列", "queue"),
    "rating": ("评价的编号", "rating no."),
    "readers": ("谁可以看", "who may read"),
    "reason": ("理由", "reason"),
    "register": ("台账", "register"),
    "request": ("申请的编号", "request"),
    "resource": ("时段资源", "times"),
    "result": ("结果的指纹", "fingerprint of the result"),
    "revision": ("数据库版本", "revision"),
    "role": ("角色", "role"),
    "roll": ("名册人数", "on the roll"),
    "room": ("房间", "room"),
    "round": ("第几轮", "round"),
    "rows": ("行", "rows"),
    "runs": ("办了几件", "runs"),
    "schedule": ("定期", "schedule"),
    "seal": ("封存", "seal"),
    "seal_name": ("印章名称", "name on the seal"),
    "sealed": ("重新加密的值", "values sealed anew"),
    "seals": ("封存次数", "seals"),
    "seconds": ("差几秒", "seconds off"),
    "secret": ("无记名", "secret"),
    "sent": ("发出去了", "sent"),
    "series": ("跳过一段的编号", "series moved on"),
    "session": ("登录", "log-in"),
    "sessions": ("结束的登录", "log-ins ended"),
    "sha256": ("文件的指纹", "fingerprint of the file"),
    "shut": ("取消的", "called off"),
    "side": ("哪一方", "side"),
    "signal": ("信号", "signal"),
    "slot": ("时段", "time"),
    "slots": ("时段数", "times"),
    "source": ("数据来源", "source"),
    "standing": ("长期预订的编号", "standing order"),
    "starts_at": ("开始", "begins"),
    "state": ("状态", "state"),
    "status": ("状态", "state"),
    "step": ("第几步", "step no."),
    "supply": ("提供的编号", "supply"),
    "taken_down_by": ("记下的人", "taken down by"),
    "takes": ("时长", "takes"),
    "tasks": ("任务", "tasks"),
    "team": ("团队的编号", "team"),
    "term": ("任期", "term"),
    "ticket": ("号的编号", "ticket"),
    "times": ("第几次改", "change no."),
    "title": ("名称", "title"),
    "to": ("到", "to"),
    "told": ("告诉了谁", "told"),
    "tokens": ("程序令牌", "program tokens"),
    "total": ("一共", "in all"),
    "turn": ("哪一次", "turn"),
    "unit": ("单位", "unit"),
    "units": ("单位", "units"),
    "unread": ("读不了的事项", "matters not read"),
    "until": ("到期", "until"),
    "urgent": ("加急", "urgent"),
    "user": ("账号", "account"),
    "version": ("版本", "version"),
    "based_on": ("从哪一版改起", "version it began from"),
    "draft": ("草稿", "draft"),
    "in_force_at": ("生效时间", "in force from"),
    "voter": ("投票的人", "voter"),
    "wall_at": ("机器的时间", "the machine's time"),
    "way": ("方式", "way"),
    "what": ("做了什么", "what"),
    "why": ("为什么", "why"),
    "window": ("窗口的编号", "window"),
    "word": ("文号字", "word of its papers"),
    "words": ("事由的指纹", "fingerprint of the reason"),
}

#: What a short word of a fact means; of (fact, word).
WORDS = {
    ("by", "self"): ("本人", "themselves"),
    ("by", "guardian"): ("监护人", "a guardian"),
    ("ended", "APPROVED"): ("办完", "done"),
    ("ended", "REJECTED"): ("不同意", "refused"),
    ("ended", "RETURNED"): ("退回", "returned"),
    ("factor", "all"): ("全部", "all"),
    ("factor", "passkey"): ("通行密钥", "passkey"),
    ("factor", "totp"): ("动态验证码", "code of an app"),
    ("how", "APPROVED"): ("办完", "done"),
    ("how", "REJECTED"): ("不同意", "refused"),
    ("how", "added"): ("新设", "added"),
    ("how", "case"): ("由办件", "by a case"),
    ("how", "changed"): ("修改", "changed"),
    ("how", "closed"): ("撤销", "closed"),
    ("how", "code"): ("短信验证码", "code by text"),
    ("how", "counter"): ("窗口", "at a counter"),
    ("how", "declined"): ("对方不同意", "declined"),
    ("how", "died"): ("去世", "died"),
    ("how", "expired"): ("到期", "its time was over"),
    ("how", "guardian"): ("监护人", "a guardian"),
    ("how", "holder"): ("办的人", "who acts"),
    ("how", "passkey"): ("通行密钥", "passkey"),
    ("how", "password"): ("密码", "password"),
    ("how", "phone"): ("手机", "by telephone"),
    ("how", "recovery"): ("恢复码", "recovery code"),
    ("how", "renamed"): ("改名", "renamed"),
    ("how", "self"): ("本人", "themselves"),
    ("how", "sso"): ("统一登录", "single sign-on"),
    ("how", "subject"): ("被办的人", "whom it is about"),
    ("how", "totp"): ("动态验证码", "code of an app"),
    ("kind", "correct"): ("更正", "to correct"),
    ("kind", "erase"): ("删除", "to erase"),
    ("kind", "withdrawn"): ("撤回同意以后", "after a consent was taken back"),
    ("way", "deemed"): ("逾期未告知，视为受理", "deemed, by silence"),
    ("way", "normal"): ("按时", "in time"),
    ("what", "added"): ("新增", "added"),
    ("what", "changed"): ("更改", "changed"),
    ("what", "imported"): ("导入", "imported"),
    ("what", "state"): ("改状态", "another state"),
    ("why", "asked"): ("本人要求", "asked for"),
    ("why", "retention"): ("保存期满", "its time was over"),
}
#: Where things are in the record and beside it, as their codes begin.
PLACES = {
    "anchor": ("锚定文件", "anchor, line"),
    "case": ("办件", "case"),
    "database": ("数据库", "database"),
    "document": ("文书", "paper"),
    "erased": ("清除", "erasures"),
    "event": ("记录", "events"),
    "file": ("文件", "file"),
    "handover": ("交接", "hand-over"),
    "outside": ("外面的锚定", "anchor outside, line"),
    "reveal": ("查看", "a look"),
    "seal": ("封存", "seal"),
    "sealed": ("加密的值", "sealed values"),
    "unsealed": ("没有封存的", "without a seal"),
    "user": ("账号", "account"),
}
_PLACE = re.compile(r"([a-z]+)(?::(\d+))?(?:#(\d+))?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
#: Hashes, keys: the beginning says which.
_HEX = re.compile(r"(?:[0-9a-f]{16,}|(?:sm3|ed25519|sm2):[\w+/=-]{16,})")


def said(kind: str) -> str:
    """What an event is called."""
    words = EVENTS.get(kind)
    return _(words) if words else kind


def place(where: str) -> str:
    """A place in the record, or where a verification found something: `case:1#3` is 办件 1，第 3 条."""
    found = _PLACE.fullmatch(where)
    words = PLACES.get(found[1]) if found is not None else None
    if found is None or words is None:
        return where
    whose = words[english()] if found[1] != "user" or found[2] != "0" else _("大厅")
    named_ = f"{whose} {found[2]}" if found[2] and found[2] != "0" else whose
    return _("%(place)s，第 %(n)s 条", place=named_, n=found[3]) if found[3] else named_


def facts(act: Act, names: Named) -> list[tuple[str, str]]:
    """The facts of an event: the name of each, and what it says."""
    shown = {key: value for key, value in act.facts.items() if not (key == "element" and act.step)}
    found = ((_name(key), _value(act, key, value, names)) for key, value in sorted(shown.items()))
    return [(name, text) for name, text in found if text]


def _name(key: str) -> str:
    words = LABELS.get(key)
    return key if words is None else words[english()]


def _value(act: Act, key: str, value: Any, names: Named) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if key == "rows" and isinstance(value, Mapping):  # of a county's file: its lists, how many new, how many changed
        lists = {sheet.name: sheet.en if english() else sheet.zh for sheet in SHEETS}
        text = _("%(list)s 新增 %(new)s、修改 %(changed)s")
        return _("，").join(
            text % {"list": lists.get(str(one), str(one)), "new": new, "changed": changed}
            for one, (new, changed) in value.items()
        )
    if isinstance(value, Mapping):
        parts = ((_name(str(one)), _value(act, str(one), of, names)) for one, of in value.items())
        return _("，").join(f"{name}{_('：')}{text}" for name, text in parts if text)
    if isinstance(value, Sequence) and not isinstance(value, str):
        if refers(act.kind, key) and len(value) == 2 and key in ("office", "place", "intake"):
            return " → ".join(_value(act, key, one, names) or "—" for one in value)
        return _("、").join(text for one in value if (text := _value(act, key, one, names)))
    if value is None or value == "":
        return ""
    if isinstance(value, int):
        return next(_pointed(act, key, value, names), str(value))
    return _text(act, key, str(value), names)


def _pointed(act: Act, key: str, value: int, names: Named) -> Iterator[str]:
    """Who or what an id is, where it is one that people know by name."""
    where = {"person": names.people, "unit": names.units}.get(refers(act.kind, key))
    if where is not None and value in where:
        yield named(where[value])


def _text(act: Act, key: str, value: str, names: Named) -> str:
    words = WORDS.get((key, value))
    if words is not None:
        return words[english()]
    if act.kind == "case.colour":
        return _(formats.COLOUR_WORDS.get(value, value))
    if key == "element":
        return named(names.steps.get((act.case_id, value), value))
    if act.kind.startswith("document.") and (act.case_id, value) in names.papers:
        return named(names.papers[act.case_id, value])
    if (key, value) in names.words:
        return named(names.words[key, value])
    if key == "kind" and value in EFFECTS:
        return EFFECTS[value].en if english() else EFFECTS[value].zh
    if key == "outcome":
        return sentences.outcome(value)
    for of, table in (
        ("clock", sentences._CLOCKS),
        ("channel", sentences.CHANNELS),
        ("purpose", PURPOSES),
        ("field", FIELDS),
        ("fields", FIELDS),
    ):
        if key == of and value in table:
            return _(table[value])
    if key == "matter":
        return named(names.matters.get(value, value))
    if _MOMENT.match(value):
        return formats.moment(datetime.fromisoformat(value), year=True)
    if _DATE.fullmatch(value):
        return formats.day(value, year=True)
    if _HEX.fullmatch(value):
        return f"{value[:12]}…"
    return named(value)
