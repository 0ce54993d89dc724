"""发送通知, 催办: who is told what, in the words of the matter or of the hall."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.commands import appointments
from engine.commands.changes import Change
from engine.commands.effects import mandates
from engine.commands.effects.facts import OUTCOMES, key_of
from engine.errors import NotFound
from engine.matters.info import Notice
from engine.people import apart, groups, holders, units
from engine.process import Effect
from engine.reads import applicants, taking_part
from engine.records import jobs, notices
from engine.store import keys
from engine.store.models import User
from engine.workdays import local_date, say

if TYPE_CHECKING:
    from engine.commands.applying import Applying


#: What is said when a matter has no words of its own for it.
CORRECTION = Notice(
    zh="您申请的“{matter}”（{number}）需要补正：{items}。请在{until}前登录“我的办件”查看并补正。咨询电话 {phone}。",
    en="Your application {number} ({matter}) needs corrections by {until}: {items}. See My cases, or call {phone}.",
)


RATING = Notice(
    zh="您的办件 {number}（{matter}）已办结，请在“我的办件”里评价本次服务。评价自愿。",
    en="Your case {number} ({matter}) is done. You may rate it in My cases.",
)


ORDER = Notice(
    zh="新工单 {number}（{matter}），{due}前办结并答复。", en="A new order {number} ({matter}): answer it by {due}."
)


REMIND = Notice(zh="请及时办理：{matter}（{number}），{due}前。", en="Please see to {matter} ({number}), due {due}.")


POLICE = Notice(
    zh="办件 {number} 发现可能违法犯罪或人身危险，请立即拨打 110 并核对已报告。",
    en="Case {number} shows a possible crime or danger to life: call 110 now and make sure it was reported.",
)


#: What every notice may use (`say_to` fills it); the rest its sender gives.
SAID = ("number", "matter", "applicant", "office", "due", "stage", "phone", "outcome", "other_times")
#: The notices the hall words or sends itself when a matter has a text of that name, and what they may use beside.
#: `*-due`: the reminder before a limit beside the case's own (start-clock).
OF_THE_HALL = MappingProxyType(
    {
        "correction": ("items", "until"),
        "rating": (),
        "remind": (),
        "suspended": ("procedure", "takes"),
        "resumed": (),
        "extended": ("reason",),
        "*-due": ("until", "from", "limit"),
    }
)
#: effect -> the notice it sends by itself
BY_EFFECT = MappingProxyType(
    {
        "request-correction": "correction",
        "ask-rating": "rating",
        "remind": "remind",
        "pause-clock": "suspended",
        "resume-clock": "resumed",
        "extend-clock": "extended",
    }
)


def send_notice(a: Applying, effect: Effect) -> None:
    name = effect.headers.get("template", "")
    template = a.package.info.notices.get(name)
    if template is None:
        raise NotFound(
            f"流程要发送通知“{name}”，但 matter.yaml 里没有写它的内容。请补上。",
            f"The diagram sends the notice {name!r}, but matter.yaml has no text for it.",
        )
    given = effect.arguments.get("facts")
    if effect.headers.get("to") == "register":
        _to_register(a, effect, name, template, given if isinstance(given, Mapping) else {})
        return
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
    facts_en: Mapping[str, Any] | None = None,
    channels: tuple[str, ...] = ("sms", "screen"),
    after: datetime | None = None,
) -> None:
    """Put a notice to these people into the outbox: on their screen, and by text message when a phone is known.
    `after`: not before this moment (a reminder)."""
    text, text_en = _texts(a, template, facts, facts_en)
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


def _texts(
    a: Applying, template: Notice, facts: Mapping[str, Any] | None = None, facts_en: Mapping[str, Any] | None = None
) -> tuple[str, str]:
    """The notice as it is sent, in both languages."""
    account = a.account()
    due = account.due_on
    # What the hall knows itself stands where the diagram gives nothing in its place.
    given = {name: fact for name, fact in (facts or {}).items() if fact is not None or name not in SAID}
    said = {
        "number": a.case.number,
        "matter": a.package.info.name,
        "applicant": applicants.shown(a.work, a.case),
        "office": a.office.name,
        "due": say(due) if due else "",
        "stage": a.case.stage,
        "phone": a.package.info.contact.phone or a.office.phone,
        "outcome": OUTCOMES.get(a.case.outcome, a.case.outcome),
        **{name: say(day) if (day := _day(fact)) else fact for name, fact in given.items()},
    }
    times, times_en = (
        appointments.other_times(a.work, a.case, a.given_back, now=a.now)
        if "{other_times}" in template.zh + template.en
        else ("", "")
    )
    said["other_times"] = times
    english = a.package.english
    said_en = said | {
        "matter": a.package.info.name_en,
        "office": a.office.name_en or a.office.name,
        "due": due.isoformat() if due else "",
        "other_times": times_en,
        "stage": ", ".join(english.get(s, s) for s in a.case.stage.split("、")),
        **{name: day.isoformat() if (day := _day(fact)) else fact for name, fact in given.items()},
        **(facts_en or {}),
    }
    return notices.fill(template.zh, said), notices.fill(template.en, said_en)


def _day(fact: Any) -> date | None:
    """A fact that is a day and nothing else: each language says it in its own way."""
    if isinstance(fact, datetime):
        return local_date(fact)
    if isinstance(fact, date):
        return fact
    if not isinstance(fact, str) or len(fact) != 10:
        return None
    try:
        return date.fromisoformat(fact)
    except ValueError:
        return None


def _to_register(a: Applying, effect: Effect, kind: str, template: Notice, facts: Mapping[str, Any]) -> None:
    """To those of a register who agreed: a job tells them, some at a time, so that the step waits for none of them."""
    text, text_en = _texts(a, template, facts)
    where, state = effect.arguments.get("where"), effect.arguments.get("state")
    place = str(effect.arguments.get("place") or "")
    tree = units.tree(a.work)
    payload = {
        "register": effect.headers.get("register", ""),
        "consent": effect.headers.get("consent", ""),
        "kind": kind,
        "channels": list(template.channels),
        "states": [str(one) for one in state] if isinstance(state, list) else [str(state)] if state else [],
        "places": [one.id for one in tree.below(units.by_code(a.work, place))] if place else [],
        "before": None,
    }
    said = {"zh": text, "en": text_en, "where": dict(where) if isinstance(where, Mapping) else {}}
    key = f"tell-register:{key_of(a, effect)}"
    jobs.put(a.work, jobs.Kind.TELL_REGISTER, key, payload, now=a.now, case_id=a.case.id, private=said)
    a.changes.append(Change("notice", text, who="register", name_en=text_en))


def _agent(a: Applying) -> list[tuple[int | None, str | None]]:
    """(user, phone) of the agent, when there is one to be told."""
    row = mandates.told(a)
    return [_user(a, row.holder_id)] if row is not None and row.holder_id is not None else []


def _receivers(a: Applying, to: str, given: Any) -> list[tuple[int | None, str | None]]:
    """(user, phone) of those a notice goes to."""
    case = a.case
    applicant = (case.applicant_id, case.applicant_phone)
    if to in ("applicant", "principal"):
        return [applicant]
    if to == "agent":
        return _agent(a) or [applicant]
    if to in ("both", "parties"):
        told = [applicant, *_agent(a)]
        accounts = _accounts(a) if to == "parties" else {}
        for phone in taking_part.phones(case, a.package.info) if to == "parties" else ():
            if phone not in {known for _, known in told}:
                told.append((accounts.get(keys.blind("phone", phone)), phone))
        return told
    if to == "assignee":
        return [_user(a, t.assignee_id) for t in a.live if t.assignee_id is not None]
    if to in ("unit", "supervisor"):
        away, day = apart.read(case.apart), local_date(a.now)  # who keeps away is not told either
        there = holders.of(a.work, case.office_id, on=day) if to == "unit" else []
        told_there = [user for user in there if user not in away]
        # An office where nobody is today is answered for by the nearest that can act.
        return [(user, None) for user in told_there or holders.supervisors(a.work, case.office_id, away, on=day)]
    if to == "heads":
        towns = [place.id for place in units.tree(a.work) if place.kind == "town"]
        return [(user, None) for user in holders.heads(a.work, towns)]
    found: list[tuple[int | None, str | None]] = []
    for one in given if isinstance(given, list) else [given] if given else []:
        text = str(one)
        if text in a.package.info.groups:
            found += [(user, None) for user in _of_group(a, text)]
        elif text.isascii() and text.isdigit() and len(text) < 11:
            found.append(_user(a, int(text)))
        else:
            found.append((None, text))
    return found


def _of_group(a: Applying, name: str) -> list[int]:
    """Who sits in the post of a group of matter.yaml today; who keeps away from the case is not told."""
    group, day = a.package.info.groups[name], local_date(a.now)
    where = {"place": a.place, "intake": a.intake, "office": a.office}
    unit = groups.unit_of(a.work, group, a.variables, **where)
    away = apart.read(a.case.apart)
    return [user for user in holders.near(a.work, unit, group.post, on=day) if user not in away]


def _accounts(a: Applying) -> dict[str, int]:
    """Telephone index -> account of the parties who have one."""
    rows = taking_part.joined(a.work, a.case)
    return {row.phone_index: row.user_id for row in rows if row.phone_index and row.user_id is not None}


def _user(a: Applying, user_id: int | None) -> tuple[int | None, str | None]:
    user = a.work.session.get(User, user_id) if user_id is not None else None
    return (user.id, user.phone) if user is not None else (None, None)


def remind(a: Applying, effect: Effect) -> None:
    name = effect.headers.get("template") or "remind"
    template = a.package.info.notices.get(name) or REMIND
    say_to(a, key_of(a, effect), "remind", template, effect.headers.get("to") or "assignee", channels=("screen",))
