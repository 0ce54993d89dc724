"""What each effect of a diagram does, in the transaction of the step that asked for it.

The list of effects is engine/process/language/effects.py. What must happen outside (rendering, sending) is queued here as a job
or notice, in the same commit. Other rooms of commands add their own with `@handles("book-appointment")`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import forms
from engine.commands.cases import candidates, parties
from engine.commands.changes import Change
from engine.deadlines.rating import rating_rules
from engine.errors import NotFound
from engine.matters import corrections
from engine.matters.info import Notice
from engine.people import apart, holders, masks, units
from engine.process import Effect
from engine.records import audit, documents, jobs, messages, notices
from engine.records.papers import filters
from engine.store import Work, keys
from engine.store.models import Case, CaseParty, Document, File, PublicNotice, Rating, RegisterEntry, Task, User
from engine.workdays import ZONE, at_end_of_day, local_date, say

if TYPE_CHECKING:
    from engine.commands.applying import Applying

Handler = Callable[["Applying", Effect], None]

HANDLERS: dict[str, Handler] = {}
#: What is done when a case has ended, however it ended.
AFTERWARDS: list[Callable[[Applying], None]] = []

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


def handles(*kinds: str) -> Callable[[Handler], Handler]:
    """Register a handler. A kind is handled once."""

    def keep(handler: Handler) -> Handler:
        for kind in kinds:
            if kind in HANDLERS:
                raise ValueError(f"Expected one handler of {kind}, but there are two")
            HANDLERS[kind] = handler
        return handler

    return keep


def key_of(a: Applying, effect: Effect) -> str:
    """The idempotency key of an effect: unique in the hall."""
    return f"{a.case.number}:{effect.id}"


# ---------------------------------------------------------------- facts


def facts_of(a: Applying, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What papers and notices may say about a case, as plain JSON, as it is at this moment."""
    case, info, tree = a.case, a.package.info, units.tree(a.work)
    account = a.account()
    office = a.office
    promised, statutory = account.limits.get("promised"), account.limits.get("statutory")
    lead = promised or statutory
    facts: dict[str, Any] = {
        "case": {"number": case.number, "title": info.name, "code": info.code, "channel": case.channel},
        "organ": {
            "name": office.seal_name or office.name,
            "address": office.address or info.contact.where,
            "phone": info.contact.phone or office.phone,
            "complaints": info.complaint.phone,
        },
        "issued_on": local_date(a.now).isoformat(),
        "applicant": _drop(
            {"name": case.applicant_name, "phone": case.applicant_phone, "id_number": case.applicant_id_number}
        ),
        "received_at": case.received_at.astimezone(ZONE).isoformat(),
        "applied_on": local_date(case.received_at).isoformat(),
        "channel": CHANNELS.get(case.channel, case.channel),
        "place": tree.full_name(a.place),
        "materials": _materials(a),
        "grounds": [f"《{b.law}》{b.article}" for b in info.basis],
        "fee": info.fee,
    }
    if case.agent_name:
        facts["agent"] = {"name": case.agent_name}
    if a.by.kind == "staff":
        facts["clerk"] = {"name": a.by.name, "window": units.place(a.work, a.by.unit_id).name if a.by.unit_id else ""}
    if account.accepted_on:
        facts["accepted_on"] = account.accepted_on.isoformat()
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
    if info.remedy:
        facts["remedies"] = {"reconsideration": f"{tree.county.name}人民政府", "court": f"{tree.county.name}人民法院"}
    papers = [{"title": d.title, "number": d.number, "copies": 1} for d in a.documents]
    if papers:
        facts["papers"] = papers
    facts["finished_on"] = local_date(case.finished_at or a.now).isoformat()
    return _merged(facts, extra or {})


CHANNELS = {"online": "网上", "counter": "窗口", "agent": "代办", "phone": "电话", "system": "系统"}


def _materials(a: Applying) -> list[dict[str, Any]]:
    tolerated = set(_texts(a.variables.get("missing")))
    return [
        _drop(
            {
                "name": m.name,
                "originals": m.originals or None,
                "copies": m.copies or None,
                "electronic": bool(m.field and forms.dig(a.variables, m.field)) or None,
                "shared": m.kind == "shared" or None,
                "tolerated": m.name in tolerated or None,
                "note": m.note or None,
            }
        )
        for m in a.package.info.materials
    ]


def _texts(value: Any) -> list[str]:
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


# ---------------------------------------------------------------- papers and notices


@handles("issue-paper")
def _issue_paper(a: Applying, effect: Effect) -> None:
    extra = effect.arguments.get("facts")
    facts = facts_of(a, extra if isinstance(extra, Mapping) else {})
    reason = effect.arguments.get("reason")
    if reason:
        facts.setdefault("reason", "；".join(_texts(reason)))
    _issue(a, effect, effect.headers.get("kind", ""), facts)


def _issue(a: Applying, effect: Effect, kind: str, facts: Mapping[str, Any]) -> None:
    _give(a, kind, key_of(a, effect), facts)


def issue(a: Applying, kind: str, key: str, extra: Mapping[str, Any]) -> Document:
    """A paper that a command issues, not the diagram: the case's facts with these added."""
    return _give(a, kind, key, facts_of(a, extra))


def _give(a: Applying, kind: str, key: str, facts: Mapping[str, Any]) -> Document:
    row = documents.issue(
        a.work, kind, facts, key=key, organ=a.office, by=a.by, now=a.now, case=a.case, package=a.package
    )
    a.documents.append(row)
    a.changes.append(Change("paper", row.title))
    return row


#: What is said when a matter has no words of its own for it.
_CORRECTION = Notice(
    zh="您申请的“{matter}”（{number}）需要补正：{items}。请在{until}前登录“我的办件”查看并补正。咨询电话 {phone}。",
    en="Your application {number} ({matter}) needs corrections by {until}: {items}. See My cases, or call {phone}.",
)
_RATING = Notice(
    zh="您的办件 {number}（{matter}）已办结，请在“我的办件”里评价本次服务。评价自愿。",
    en="Your case {number} ({matter}) is done. You may rate it in My cases.",
)
_ORDER = Notice(
    zh="新工单 {number}（{matter}），{due}前办结并答复。", en="A new order {number} ({matter}): answer it by {due}."
)
_REMIND = Notice(zh="请及时办理：{matter}（{number}），{due}前。", en="Please see to {matter} ({number}), due {due}.")
_POLICE = Notice(
    zh="办件 {number} 发现可能违法犯罪或人身危险，请立即拨打 110 并核对已报告。",
    en="Case {number} shows a possible crime or danger to life: call 110 now and make sure it was reported.",
)


@handles("send-notice")
def _send_notice(a: Applying, effect: Effect) -> None:
    name = effect.headers.get("template", "")
    template = a.package.info.notices.get(name)
    if template is None:
        raise NotFound(
            f"流程要发送通知“{name}”，但 matter.yaml 里没有写它的内容。请补上。",
            f"The diagram sends the notice {name!r}, but matter.yaml has no text for it.",
        )
    given = effect.arguments.get("facts")
    say_to(
        a,
        key_of(a, effect),
        name,
        template,
        effect.headers.get("to") or "applicant",
        given=effect.arguments.get("to"),
        facts=given if isinstance(given, Mapping) else {},
        channels=template.channels,
    )


def say_to(
    a: Applying,
    key: str,
    kind: str,
    template: Notice,
    to: str,
    *,
    given: Any = None,
    facts: Mapping[str, Any] | None = None,
    channels: tuple[str, ...] = ("sms", "screen"),
    after: datetime | None = None,
) -> None:
    """Put a notice to these people into the outbox: on their screen, and by text message when a phone is known.
    `after`: not before this moment (a reminder)."""
    account = a.account()
    due = account.due_on
    said = {
        "number": a.case.number,
        "matter": a.package.info.name,
        "applicant": masks.name(a.case.applicant_name),
        "office": a.office.name,
        "due": say(due) if due else "",
        "stage": a.case.stage,
        "phone": a.package.info.contact.phone or a.office.phone,
        "outcome": OUTCOMES.get(a.case.outcome, a.case.outcome),
        **(facts or {}),
    }
    english = a.package.english
    said_en = said | {
        "matter": a.package.info.name_en,
        "office": a.office.name_en or a.office.name,
        "due": due.isoformat() if due else "",
        "stage": ", ".join(english.get(s, s) for s in a.case.stage.split("、")),
        **(facts or {}),
    }
    text, text_en = notices.fill(template.zh, said), notices.fill(template.en, said_en)
    for n, (user_id, phone) in enumerate(_receivers(a, to, given)):
        for channel in channels:
            if (channel == "sms" and not phone) or (channel == "screen" and user_id is None):
                continue
            notices.put(
                a.work,
                f"{key}:{n}:{channel}",
                text,
                text_en=text_en,
                kind=kind,
                now=a.now,
                channel=channel,
                user_id=user_id,
                address=phone if channel == "sms" else None,
                case_id=a.case.id,
                after=after,
            )
    a.changes.append(Change("notice", text, who=to, name_en=text_en))


def _receivers(a: Applying, to: str, given: Any) -> list[tuple[int | None, str | None]]:
    """(user, phone) of those a notice goes to."""
    case = a.case
    applicant = (case.applicant_id, case.applicant_phone)
    if to in ("applicant", "principal"):
        return [applicant]
    if to == "agent":
        return [_user(a, case.agent_id)] if case.agent_id else [applicant]
    if to in ("both", "parties"):
        told = [applicant, *([_user(a, case.agent_id)] if case.agent_id else [])]
        others = a.variables.get("parties") if to == "parties" else None
        accounts = _accounts(a) if isinstance(others, list) else {}
        for one in others if isinstance(others, list) else []:
            phone = str(one.get("phone") or "") if isinstance(one, Mapping) else ""
            if phone and phone not in {known for _, known in told}:
                told.append((accounts.get(keys.blind("phone", phone)), phone))
        return told
    if to == "assignee":
        return [_user(a, t.assignee_id) for t in a.live if t.assignee_id is not None]
    if to in ("unit", "supervisor"):
        return [
            (user, None)
            for user in holders.of(a.work, case.office_id, role="supervisor" if to == "supervisor" else None)
            if user not in apart.read(case.apart)  # who keeps away is not told either
        ]
    found: list[tuple[int | None, str | None]] = []
    for one in given if isinstance(given, list) else [given] if given else []:
        text = str(one)
        found.append(_user(a, int(text)) if text.isdigit() and len(text) < 11 else (None, text))
    return found


def _accounts(a: Applying) -> dict[str, int]:
    """Telephone index -> account of the parties who have one."""
    rows = a.work.session.execute(
        select(CaseParty.phone_index, CaseParty.user_id).where(CaseParty.case_id == a.case.id)
    ).all()
    return {index: user_id for index, user_id in rows if index and user_id is not None}


def _user(a: Applying, user_id: int | None) -> tuple[int | None, str | None]:
    user = a.work.session.get(User, user_id) if user_id is not None else None
    return (user.id, user.phone) if user is not None else (None, None)


@handles("publish-notice")
def _publish_notice(a: Applying, effect: Effect) -> None:
    days = int(effect.headers.get("days") or 7)
    until = effect.arguments.get("until")
    last = datetime.fromisoformat(str(until)).date() if until else local_date(a.now) + timedelta(days=days)
    facts = effect.arguments.get("facts")
    a.work.session.add(
        PublicNotice(
            key=key_of(a, effect),
            case_id=a.case.id,
            unit_id=a.case.place_id,
            kind=effect.headers.get("kind", ""),
            facts=dict(facts) if isinstance(facts, Mapping) else {},
            from_at=a.now,
            until_at=at_end_of_day(last),
        )
    )
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "element": effect.element})


# ---------------------------------------------------------------- acceptance, decision, end


@handles("accept-case")
def _accept(a: Applying, effect: Effect) -> None:
    account = a.account()
    if not account.deemed:
        a.case.accepted_at = a.now
    elif a.case.accepted_at is None:  # silence accepted it before (RULES T3), and the worker has not come by yet
        a.case.accepted_at = a.case.received_at if account.accepted_on == account.received_on else a.now
    if effect.headers.get("way") == "promise" and "容缺" not in a.case.flags:
        a.case.flags = [*a.case.flags, "容缺"]
    if effect.headers.get("agent") == "actor" and a.case.agent_id is None and a.by.kind == "staff":
        a.case.agent_id, a.case.agent_name = a.by.id, a.by.name
        if "代办" not in a.case.flags:
            a.case.flags = [*a.case.flags, "代办"]
    if a.variables.get("parties"):
        parties.admit(a.work, a.case, by=a.by, now=a.now)
    a.record(audit.Kind.CASE_ACCEPTED, facts={"way": effect.headers.get("way") or "normal"})


@handles("decline-case")
def _decline(a: Applying, effect: Effect) -> None:
    a.case.outcome = "declined"
    a.case.decided_at = a.now
    a.record(audit.Kind.CASE_DECLINED, facts={"ground": str(effect.arguments.get("ground") or "")})


@handles("request-correction")
def _correction(a: Applying, effect: Effect) -> None:
    """一次性告知: the paper with every item, and the same told to the applicant and their agent. Never without the paper."""
    items = corrections.items_of(effect.arguments.get("items"))
    until = corrections.until(effect.arguments.get("due_on"), local_date(a.now))
    facts = {"items": [item.to_json() for item in items], "due_on": until.isoformat()}
    if effect.arguments.get("late"):
        facts["late"] = str(effect.arguments["late"])
    _issue(a, effect, "correction", facts_of(a, facts))
    template = a.package.info.notices.get("correction") or _CORRECTION
    said = "；".join(f"{item.material}（{item.problem}）" for item in items)
    say_to(a, key_of(a, effect), "correction", template, "both", facts={"items": said, "until": say(until)})


@handles("decide")
def _decide(a: Applying, effect: Effect) -> None:
    outcome = effect.headers.get("outcome") or str(effect.arguments.get("outcome") or "approve")
    a.case.outcome, a.case.decided_at = outcome, a.now
    a.record(audit.Kind.CASE_DECIDED, facts={"outcome": outcome})
    a.changes.append(Change("outcome", outcome))


@handles("close-case")
def _close_case(a: Applying, effect: Effect) -> None:
    outcome = effect.headers.get("outcome") or "done"
    if not a.case.outcome or outcome != "done":
        a.case.outcome = outcome
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "outcome": outcome})


# ---------------------------------------------------------------- registers, reminders, other cases


@handles("report-police")
def _report_police(a: Applying, effect: Effect) -> None:
    """Told to the head at once; from now on only the deciding office reads the case. Who could before stays on record."""
    case = a.case
    before = {"place": case.place_id, "unit": case.unit_id}
    a.work.session.add(
        RegisterEntry(
            register="报告公安",
            case_id=case.id,
            unit_id=case.office_id,
            facts={"reason": str(effect.arguments.get("reason") or ""), **before},
            at=a.now,
            by_id=a.by.id,
        )
    )
    say_to(
        a,
        key_of(a, effect),
        "police",
        _POLICE,
        "supervisor",
        channels=("screen",),
    )
    case.restricted, case.place_id, case.unit_id = True, case.office_id, case.office_id
    if "涉警" not in case.flags:
        case.flags = [*case.flags, "涉警"]
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "readers": "office", **before})


@handles("record")
def _record(a: Applying, effect: Effect) -> None:
    facts = effect.arguments.get("facts")
    a.work.session.add(
        RegisterEntry(
            register=effect.headers.get("register", ""),
            case_id=a.case.id,
            unit_id=a.case.office_id,
            facts=dict(facts) if isinstance(facts, Mapping) else {},
            at=a.now,
            by_id=a.by.id,
        )
    )
    a.record(audit.Kind.RECORD, facts={"register": effect.headers.get("register", "")})


@handles("archive-case")
def _archive(a: Applying, effect: Effect) -> None:
    """归档: what is in the file, as it is now: the materials sent in and the papers issued."""
    a.work.session.flush()
    names = a.work.session.scalars(
        select(File.name).where(File.case_id == a.case.id, ~File.field.startswith("paper:")).order_by(File.id)
    )
    papers = a.work.session.execute(
        select(Document.title, Document.number)
        .where(Document.case_id == a.case.id, Document.state != "void")
        .order_by(Document.id)
    )
    listed = {"materials": list(names), "papers": [{"title": title, "number": number} for title, number in papers]}
    a.work.session.add(
        RegisterEntry(
            register="归档目录", case_id=a.case.id, unit_id=a.case.unit_id, facts=listed, at=a.now, by_id=a.by.id
        )
    )
    a.record(audit.Kind.RECORD, facts={"register": "归档目录"})


@handles("dispatch-order")
def _dispatch_order(a: Applying, effect: Effect) -> None:
    """派单: the case is this office's now; who receives there is told. `unit`: a group of matter.yaml, or a unit's code."""
    named = str(effect.arguments.get("unit") or "")
    group = a.package.info.groups.get(named)
    found = candidates.unit_at(a.work, group.at if group else named, place=a.place, intake=a.intake, office=a.office)
    if a.case.accepted_at is None:
        a.case.unit_id = a.case.office_id  # the centre that dispatches it took it in: it goes on seeing it
    a.case.office_id = found.id
    a.case.accepted_at = a.case.accepted_at or a.now
    urgent = effect.arguments.get("urgent") is True
    if urgent and "紧急" not in a.case.flags:
        a.case.flags = [*a.case.flags, "紧急"]
    category = effect.headers.get("category", "")
    a.work.session.add(
        RegisterEntry(
            register="派单台账",
            case_id=a.case.id,
            unit_id=found.id,
            at=a.now,
            by_id=a.by.id,
            facts={"unit": found.name, "category": category, "urgent": urgent},
        )
    )
    a.record(audit.Kind.RECORD, facts={"register": "派单台账", "unit": found.id, "category": category})
    say_to(a, key_of(a, effect), "order", _ORDER, "unit", channels=("screen",))


@handles("keep-away")
def _keep_away(a: Applying, effect: Effect) -> None:
    """回避: whom the complaint is about; with a case's number, everybody who worked on it (RULES W6)."""
    named = [t for t in _texts(effect.arguments.get("people")) if t]
    number = str(effect.arguments.get("case") or "").strip()
    found = people_of(a.work, named) | workers_of(a.work, number)
    new = candidates.keep_away(a.work, a.package, a.case, a.live, found)
    if new:
        a.record(audit.Kind.KEPT_AWAY, facts={"people": sorted(new)})


def people_of(work: Work, named: list[str]) -> set[int]:
    """The staff these words mean: a log-in, or a text with the name in it (医保窗口的王丽).

    All of one name: a resident cannot tell them apart. Names are sealed in the database, so they are compared here.
    """
    from sqlalchemy import select

    if not named:
        return set()
    staff = work.session.execute(select(User.id, User.login, User.name).where(User.kind == "staff")).all()
    return {
        user
        for user, login, name in staff
        if any((login and text.strip().lower() == login) or (len(name) > 1 and name in text) for text in named)
    }


def workers_of(work: Work, number: str) -> set[int]:
    """The staff who did, hold or took in anything of this case, its agent among them."""
    from sqlalchemy import select

    if not number:
        return set()
    case = work.session.scalar(select(Case).where(Case.number == number))
    if case is None:
        return set()
    tasks = work.session.execute(select(Task.ended_by_id, Task.assignee_id).where(Task.case_id == case.id)).all()
    touched = {i for row in tasks for i in row} | {case.agent_id, case.submitted_by_id}
    ids = [i for i in touched if i is not None]
    return set(work.session.scalars(select(User.id).where(User.id.in_(ids), User.kind == "staff")))


@handles("ask-rating")
def _ask_rating(a: Applying, effect: Effect) -> None:
    template = a.package.info.notices.get("rating") or _RATING
    say_to(a, key_of(a, effect), "rating", template, "applicant", channels=("screen",))
    until = rating_rules(local_date(a.now)).until(a.now)
    jobs.put(
        a.work,
        "close-rating",
        f"unrated:{key_of(a, effect)}",
        {"case": a.case.id},
        now=a.now,
        case_id=a.case.id,
        after=until + timedelta(minutes=1),
    )


@handles("set-rating-aside")
def _set_rating_aside(a: Applying, effect: Effect) -> None:
    """An appeal was upheld by the unit above: the rating of the parent case counts no more (RULES E3)."""
    rating = a.work.session.scalar(select(Rating).where(Rating.case_id == a.case.parent_id, Rating.step == ""))
    if rating is not None:  # a case that no rating opened (tried out by hand) has none to set aside
        rating.mistaken = True
    a.record(audit.Kind.RATING_SET_ASIDE, facts={"rating": rating.id if rating is not None else None})


@handles("remind")
def _remind(a: Applying, effect: Effect) -> None:
    name = effect.headers.get("template") or "remind"
    template = a.package.info.notices.get(name) or _REMIND
    say_to(a, key_of(a, effect), "remind", template, effect.headers.get("to") or "assignee", channels=("screen",))


@handles("open-child-case", "run-child-case")
def _child(a: Applying, effect: Effect) -> None:
    given = effect.arguments.get("variables")
    payload = {
        "matter": effect.headers.get("matter", ""),
        "unit": effect.arguments.get("unit"),
        "parent": a.case.id,
        "effect": effect.id if effect.kind == "run-child-case" else None,
        "by": a.by.id,
    }
    jobs.put(
        a.work,
        "open-child",
        f"child:{key_of(a, effect)}",
        payload,
        now=a.now,
        case_id=a.case.id,
        private=dict(given) if isinstance(given, Mapping) else {},
    )
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "matter": payload["matter"]})


def answer_parent(a: Applying) -> None:
    """This case was waited for: tell the parent, in a job of its own, so that two cases are never locked at once."""
    jobs.put(
        a.work,
        "answer-parent",
        f"answer:{a.case.number}",
        {"parent": a.case.parent_id, "effect": a.case.parent_key, "child": a.case.id},
        now=a.now,
        case_id=a.case.id,
    )


@handles("message")
def _message(a: Applying, effect: Effect) -> None:
    messages.throw(a.work, a.case, effect.id, effect.arguments, now=a.now)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "message": str(effect.arguments.get("name") or "")})


@handles("signal")
def _signal(a: Applying, effect: Effect) -> None:
    messages.broadcast(a.work, a.case, effect.id, effect.arguments, now=a.now)
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "signal": str(effect.arguments.get("name") or "")})


@handles("share-data")
def _share(a: Applying, effect: Effect) -> None:
    payload = {"source": effect.headers.get("source", ""), "effect": effect.id, "case": a.case.id, "looked": 0}
    jobs.put(
        a.work,
        "share-data",
        f"share:{key_of(a, effect)}",
        payload,
        now=a.now,
        case_id=a.case.id,
        private=dict(effect.arguments),
    )
    a.record(
        audit.Kind.EFFECT,
        facts={
            "kind": effect.kind,
            "source": payload["source"],
            "purpose": str(effect.arguments.get("purpose") or ""),
        },
    )
