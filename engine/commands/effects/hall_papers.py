"""Papers that the hall itself gives, whatever the diagram says: 收件凭证 when it takes in, 送达回证 when it hands over,
授权委托书 when it has had one signed.

A matter has the first two by listing `receipt` and `service_receipt` among the papers of its matter.yaml. The receipt
of service is made when the task is completed whose property `serves` names the answers that say how the papers were
handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import forms
from engine.commands.effects import facts, notices, papers
from engine.errors import FieldError, Invalid, NotNow
from engine.forms import written
from engine.matters import mandates
from engine.matters.info import Notice
from engine.people import units
from engine.process import Effect
from engine.reads import consents
from engine.reads.aloud import ALOUD
from engine.records import audit
from engine.records import documents as stored
from engine.records.papers import filters
from engine.store.models import Consent, Document, Task
from engine.workdays import ZONE, local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: How the answers name the ways of the receipt of service (RULES D4).
WAYS = {
    "window": "窗口",
    "point": "窗口",
    "home": "上门",
    "agent": "上门",
    "mail": "邮寄",
    "self": "自助",
    "electronic": "电子",
    "left": "留置",
    "notice": "公告",
}


#: The kind of 授权委托书; one that the hall issues has a key of its own (`mandate_key`).
AUTHORITY = "authority"
#: What the principal is told when they let somebody act for them.
MANDATE = Notice(
    zh="您委托{agent}代办“{matter}”（{number}），到{until}为止。授权委托书在“我的办件”里看和下载。"
    "不是您委托的，请马上打电话 {phone}。",
    en="You let {agent} act for you in {matter} ({number}) until {until}. The signed authority is in My cases. If it "
    "was not you, ring {phone} at once.",
)


def mandate_key(number: str) -> str:
    """Under which a case's mandate is issued: once, however often it is sent."""
    return f"{number}:mandate"


def took_in(a: Applying) -> None:
    """收件凭证: what was handed in, until when there is an answer, and how that day was counted."""
    if "receipt" not in a.package.info.papers:
        return
    account = a.account()
    facts: dict[str, Any] = {}
    window = account.limits.get("accept")
    if window is not None and window.due_on is not None and not account.accepted_on:
        facts["answer"] = {
            "by_on": window.due_on.isoformat(),
            "workdays": window.limit.n,
            "account": filters.account(window.days),
            "deemed": account.marks.deemed_at is not None,
        }
    papers.issue(a, "receipt", f"{a.case.number}:receipt", facts)


def mandate(a: Applying, answers: Mapping[str, Any]) -> None:
    """授权委托书 that the hall itself asked (engine.matters.mandates): a private deed of the two, with no organ's seal.
    The principal hears of it and has it among their papers; who is reached by no text message and no account is read it
    (要念给他听). A matter needs not list it."""
    case, info = a.case, a.package.info
    if not mandates.asked_by_hall(info) or not mandates.given(info, answers):
        return
    signed = mandates.signature(info, answers, a.now)
    until = str(forms.dig(answers, f"{mandates.KEY}.until"))[:10]
    who = {"name": case.applicant_name, "phone": case.applicant_phone, "id_number": case.applicant_id_number}
    principal = {name: value for name, value in who.items() if value}
    unit = units.place(a.work, a.by.unit_id).name if a.by.unit_id else None
    said = {
        "principal": {**principal, "signature": signed},
        "agent": {"name": a.by.name, **({"unit": unit} if unit else {})},
        "matter": info.name,
        "scope": mandates.scope(answers),
        "from_on": local_date(a.now).isoformat(),
        "until_on": until,
        "sub_delegate": False,
        "data_sha256": signed["sha256"],
    }
    papers.issue(a, AUTHORITY, mandate_key(case.number), said)
    if case.applicant_id is None and not (case.applicant_phone and written.takes_texts(case.applicant_phone)):
        case.flags = [*dict.fromkeys((*case.flags, ALOUD))]
        return
    # With its year, which a notice leaves out: a mandate may last into the next one.
    told = {"agent": a.by.name, "until": filters.day(until)}
    told_en = {"until": until}
    notices.say_to(a, mandate_key(case.number), "mandate", MANDATE, "principal", facts=told, facts_en=told_en)


def handed_over(a: Applying, task: Task, answers: Mapping[str, Any]) -> None:
    """送达回证 of the papers decided on, when this task was to hand them over."""
    name = str(dict(task.properties or {}).get("serves", ""))
    said = answers.get(name) if name else None
    if not isinstance(said, Mapping) or "service_receipt" not in a.package.info.papers:
        return
    since = a.case.decided_at or a.case.received_at
    served = a.work.session.scalars(
        select(Document)
        .where(Document.case_id == a.case.id, Document.state != "void", Document.public, Document.issued_at >= since)
        .order_by(Document.id)
    )
    listed = [{"title": one.title, "number": one.number, "copies": 1} for one in served]
    if listed:
        papers.issue(a, "service_receipt", f"{a.case.number}:served:{task.key}", facts_of(a, said, listed, at=name))


def deliver(a: Applying, effect: Effect) -> None:
    """The diagram says itself that a paper is handed over: the newest of its kind, with its receipt of service."""
    kind, way = effect.headers.get("kind", ""), effect.headers.get("way") or "window"
    issued = [one for one in a.documents if one.kind == kind] or list(
        a.work.session.scalars(
            select(Document)
            .where(Document.case_id == a.case.id, Document.kind == kind, Document.state != "void")
            .order_by(Document.id.desc())
            .limit(1)
        )
    )
    if not issued:
        title = stored.kind_of(a.package, kind)[1].title
        raise NotNow(
            f"本办件还没有签发过“{title}”，或已作废，不能送达。请先签发。",
            f"Expected {kind!r} to have been issued in this case, but there is none: issue it first.",
        )
    if way == "electronic":
        way = _electronic(a, agreed=effect.arguments.get("agreed") is True)
    if "service_receipt" in a.package.info.papers:
        served = [{"title": issued[-1].title, "number": issued[-1].number, "copies": 1}]
        said = facts_of(a, {"way": way}, served)
        to = str(effect.arguments.get("to") or "").strip()
        if to and to != a.case.applicant_name:  # somebody else: of them the name alone is known
            said["recipient"] = {"name": to}
        papers.issue(a, "service_receipt", facts.key_of(a, effect), said)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "paper": kind, "way": way})


def _electronic(a: Applying, *, agreed: bool) -> str:
    """How it is served: electronically by a consent that holds, which is kept when it is given here; on paper, at the
    window, by who took it back since. NotNow: it was never given."""
    held = consents.electronic(a.work, a.case.applicant_id)
    if held is not None:
        return "electronic" if held.withdrawn_at is None else "window"
    if not agreed:
        raise NotNow(
            "电子送达须受送达人同意。没有同意的，请改用别的送达方式。",
            "Electronic service needs the person's consent: serve it in another way without it.",
        )
    if a.case.applicant_id is not None:
        a.work.session.add(
            Consent(
                user_id=a.case.applicant_id,
                purpose=consents.ELECTRONIC,
                text=consents.ELECTRONIC_SAID,
                given_at=a.now,
                facts={"number": a.case.number, "by": "self"},
            )
        )
    return "electronic"


def facts_of(a: Applying, said: Mapping[str, Any], documents: list[dict[str, Any]], *, at: str = "") -> dict[str, Any]:
    """What the receipt of service says, from the answers {way, received_by, relation, refused, witness, signature …}
    that stand in the form at this path.

    Left with somebody who refuses, it needs a reason and a witness (民事诉讼法 第八十九条); signed for by another, it
    names them.
    """
    case, way = a.case, WAYS.get(str(said.get("way") or "window"), "窗口")
    by, relation = str(said.get("received_by") or ""), str(said.get("relation") or "")
    facts: dict[str, Any] = {
        "recipient": {
            "name": case.applicant_name,
            "id_number": case.applicant_id_number,
            "phone": case.applicant_phone,
            "address": _address(a),
        },
        "documents": documents,
        "way": way,
        "place": said.get("place"),
        "received_at": a.now.astimezone(ZONE).isoformat(),
        "server": {"name": a.by.name},
        "note": said.get("note"),
    }
    if way == "留置":
        missing = [
            FieldError(
                f"{at}.{key}",
                label,
                f"留置送达须写明{label}（民事诉讼法 第八十九条）。",
                f"Papers left with somebody who refuses them need {en}.",
            )
            for key, label, en in (("refused", "拒收事由", "the reason"), ("witness", "见证人", "a witness"))
            if not said.get(key)
        ]
        if missing:
            raise Invalid(missing)
        facts |= {"refused": said["refused"], "witness": {"name": said["witness"]}}
    elif relation and relation != "本人":
        facts["proxy"] = {"name": by, "relation": relation, "signature": said.get("signature")}
    else:
        facts["signature"] = said.get("signature")
    if way == "电子":
        facts["consent"] = "受送达人同意电子送达；文书到达其“我的办件”之日为送达日期"
    return facts


def _address(a: Applying) -> str:
    applicant = a.variables.get("applicant")
    return str(applicant.get("address") or "") if isinstance(applicant, Mapping) else ""
