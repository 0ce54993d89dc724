"""What papers and notices may say about a case: plain JSON, as it is at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import forms
from engine.commands import organs
from engine.commands.effects import mandates
from engine.people import units
from engine.process import Effect
from engine.records.papers import filters
from engine.store.models import User
from engine.workdays import ZONE, local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying


OUTCOMES = {
    "done": "办成",
    "approve": "准予",
    "refuse": "不予",
    "partly": "部分准予",
    "refused": "不予",
    "declined": "不予受理",
    "withdrawn": "申请人撤回",
    "ended": "终止",
    "referred": "移送",
    "cancelled": "撤销",
}


#: What `facts_of` gives every paper, as the check of a matter reads it: what it cannot do without may be taken from
#: here. `materials` only of a matter that lists some, `remedies` only of one whose refusals may be fought.
GIVEN = (
    "case.number",
    "case.title",
    "case.code",
    "case.channel",
    "organ.name",
    "organ.address",
    "organ.phone",
    "organ.complaints",
    "signers[].organ",
    "signers[].millimetres",
    "handler.unit",
    "handler.name",
    "paper.note",
    "issued_on",
    "applicant.name",
    "applicant.phone",
    "applicant.id_number",
    "received_at",
    "applied_on",
    "channel",
    "place",
    "materials[].name",
    "materials[].originals",
    "materials[].copies",
    "materials[].electronic",
    "materials[].shared",
    "materials[].tolerated",
    "materials[].shown",
    "grounds[]",
    "fee",
    "agent.name",
    "clerk.name",
    "clerk.window",
    "accepted_on",
    "due_at",
    "deadline.promised_on",
    "deadline.unknown_year",
    "deadline.promised_workdays",
    "deadline.from_on",
    "deadline.basis",
    "deadline.statutory_on",
    "deadline.statutory_workdays",
    "deadline.account[]",
    "result",
    "remedies.reconsideration",
    "remedies.court",
    "papers[].title",
    "papers[].number",
    "papers[].copies",
    "finished_on",
    "paper.number",
    "paper.title",
)


def key_of(a: Applying, effect: Effect) -> str:
    """The idempotency key of an effect: unique in the hall."""
    return f"{a.case.number}:{effect.id}"


def facts_of(a: Applying, extra: Mapping[str, Any] | None = None, *, kind: str = "", organ: str = "") -> dict[str, Any]:
    """What a paper may say about a case, as plain JSON, as it is at this moment.

    kind: of the paper; it says who signs and on what basis. organ: who signs, when the diagram's task says so itself.
    """
    case, info, tree = a.case, a.package.info, units.tree(a.work)
    account = a.account()
    paper = info.papers.get(kind)
    promised, statutory = account.limits.get("promised"), account.limits.get("statutory")
    lead = promised or statutory
    facts: dict[str, Any] = {
        "case": {"number": case.number, "title": info.name, "code": info.code, "channel": case.channel},
        **organs.facts(a, organs.of_paper(a, kind, organ)),
        "issued_on": local_date(a.now).isoformat(),
        "applicant": _drop(
            {"name": case.applicant_name, "phone": case.applicant_phone, "id_number": case.applicant_id_number}
        ),
        "received_at": case.received_at.astimezone(ZONE).isoformat(),
        "applied_on": local_date(case.received_at).isoformat(),
        "channel": CHANNELS.get(case.channel, case.channel),
        "place": tree.full_name(a.place),
        "materials": received(a),
        "grounds": [f"《{b.law}》{b.article}" for b in organs.basis(a, kind, extra or {})],
        "fee": info.fee,
        "handler": _drop({"unit": a.office.seal_name or a.office.name, "name": _handler(a)}),
    }
    agent = mandates.told(a)
    if agent is not None:
        facts["agent"] = _drop({"name": agent.holder_name, "phone": _phone(a, agent.holder_id)})
    if a.by.kind == "staff":
        facts["clerk"] = {"name": a.by.name, "window": units.place(a.work, a.by.unit_id).name if a.by.unit_id else ""}
    if account.accepted_on:
        facts["accepted_on"] = account.accepted_on.isoformat()
    if lead is not None and lead.due_at is not None:
        facts["due_at"] = lead.due_at.astimezone(ZONE).isoformat()
    if lead is not None:
        facts["deadline"] = _drop(
            {
                "promised_on": lead.due_on.isoformat() if lead.due_on else None,
                # The State Council has not published that year yet: the paper says so, and nobody guesses.
                "unknown_year": lead.not_before.year if lead.due_on is None and lead.not_before else None,
                "promised_workdays": lead.limit.n,
                "from_on": local_date(lead.start).isoformat(),
                "basis": lead.source,
                "statutory_on": statutory.due_on.isoformat() if statutory and statutory.due_on else None,
                "statutory_workdays": statutory.limit.n if statutory else None,
                "account": filters.account(lead.days) or None,
            }
        )
    if case.outcome:
        facts["result"] = OUTCOMES.get(case.outcome, case.outcome)
    if paper is not None and paper.note:
        facts["paper"] = {"note": paper.note}
    if info.tells_remedy(kind):
        facts["remedies"] = {"reconsideration": f"{tree.county.name}人民政府", "court": f"{tree.county.name}人民法院"}
    papers = [{"title": d.title, "number": d.number, "copies": 1} for d in a.documents]
    if papers:
        facts["papers"] = papers
    facts["finished_on"] = local_date(case.finished_at or a.now).isoformat()
    return _merged(facts, extra or {})


CHANNELS = {"online": "网上", "counter": "窗口", "agent": "代办", "phone": "电话", "system": "系统"}


def _phone(a: Applying, user_id: int | None) -> str | None:
    user = a.work.session.get(User, user_id) if user_id is not None else None
    return user.phone if user is not None else None


def _handler(a: Applying) -> str | None:
    """Who handles it at the deciding office: named when it is they who act now."""
    return a.by.name if a.by.kind == "staff" and a.by.unit_id == a.case.office_id else None


def received(a: Applying) -> list[dict[str, Any]]:
    """What was received, and how. Paper is counted only where somebody took it: at a counter, or an agent at the door.

    The guide's notes to applicants stay in the guide: a paper says what was, not what may be done.
    """
    on_paper = a.case.channel in ("counter", "agent")
    tolerated = set(texts(a.variables.get("missing")))
    found = []
    for m in a.package.info.materials:
        sent = bool(m.field and forms.dig(a.variables, m.field))
        mandate = a.package.info.mandate
        if not sent and mandate is not None and m.field == mandate.signature:
            continue  # 委托书 is signed on the screen: one that nobody has signed was not received
        paper = on_paper and not sent and m.kind != "optional" and bool(m.originals or m.copies)
        found.append(
            _drop(
                {
                    "name": m.name,
                    "originals": (m.originals or None) if paper else None,
                    "copies": (m.copies or None) if paper else None,
                    "electronic": sent or None,
                    "shared": (m.kind == "shared" and not sent) or None,
                    "tolerated": m.name in tolerated or None,
                    "shown": (m.kind == "required" and not sent and not paper) or None,
                }
            )
        )
    return found


def texts(value: Any) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [str(v.get("name", v)) if isinstance(v, Mapping) else str(v) for v in value]
    return [str(value)] if value else []


def _drop(data: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in data.items() if v is not None}


def _merged(base: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(base)
    for name, value in extra.items():
        if isinstance(value, Mapping) and isinstance(out.get(name), dict):
            out[name] = _merged(out[name], value)
        elif value is not None:
            out[name] = value
    return out
